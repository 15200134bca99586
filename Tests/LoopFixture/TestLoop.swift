public import EventLoop
import Glibc
import Synchronization

/// One loop for the whole test process, on a thread of its own: there can be only one.
public enum TestLoop {
    private final class Started: Sendable {
        let loop = Mutex<Loop?>(nil)
    }

    private static let shared: Loop = {
        let started = Started()
        let ready = Gate()
        startThread {
            do {
                try Loop.run { loop in
                    started.loop.withLock { $0 = loop }
                    ready.open()
                }
            } catch {
                preconditionFailure("\(error)")
            }
        }
        ready.wait()
        guard let loop = started.loop.withLock({ $0 }) else { preconditionFailure("no loop") }
        return loop
    }()

    /// Runs `body` as a task of the loop and hands its result back.
    public static func run<Value: Sendable>(
        _ body: @escaping @LoopActor (Loop) async throws -> Value
    ) async throws -> Value {
        let loop = shared
        return try await withCheckedThrowingContinuation { continuation in
            startOnLoop {
                do {
                    continuation.resume(returning: try await body(loop))
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }
}

/// A door that opens once.
public final class Gate: Sendable {
    private let isOpen = Mutex(false)

    /// A closed gate.
    public init() {}

    /// Opens it for good.
    public func open() { isOpen.withLock { $0 = true } }

    /// Blocks the calling thread until the gate is open.
    public func wait() {
        while !isOpen.withLock({ $0 }) { usleep(500) }
    }
}

/// Starts a plain thread: for hostile peers and blocking calls, which have no place in Swift's pool.
public func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box {
        let body: @Sendable () -> Void;
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    let box = unsafe Unmanaged.passRetained(Box(body))
    var thread = pthread_t()
    unsafe pthread_create(
        &thread, nil,
        { argument in
            guard let argument = unsafe argument else { return nil }
            unsafe Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, box.toOpaque())
    pthread_detach(thread)
}
