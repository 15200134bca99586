import CLibpq
import Dispatch
import EventLoop
import Glibc
import Synchronization

/// The two calls which can only block, each on a thread of its own: `getaddrinfo` and libpq's
/// cancel request. At most `PostgresLimits.blockingCalls` run at once; what is beyond is refused,
/// so that a dead name server cannot fill the process with threads.
enum BlockingCalls {
    private static let running = Atomic<Int>(0)
    private static let queue = DispatchQueue(
        label: "ventanilla.postgres.blocking", attributes: .concurrent)

    /// Starts `work` on another thread; false if too many are busy.
    static func start(_ work: @escaping @Sendable () -> Void) -> Bool {
        let before = running.add(1, ordering: .relaxed).oldValue
        guard before < PostgresLimits.blockingCalls else {
            running.subtract(1, ordering: .relaxed)
            return false
        }
        queue.async {
            work()
            running.subtract(1, ordering: .relaxed)
        }
        return true
    }

    /// The numeric addresses of a host name, in the order the system prefers; empty if there are
    /// none or `timeout` passed first.
    @LoopActor static func addresses(
        of name: String, loop: Loop, timeout: Duration
    ) async -> [String] {
        await withCheckedContinuation { continuation in
            let answer = FirstAnswer(continuation)
            let timer = loop.after(timeout) { answer.give([]) }
            let isStarted = start {
                let found = resolve(name)
                startOnLoop {
                    timer.cancel()
                    answer.give(found)
                }
            }
            if !isStarted {
                timer.cancel()
                answer.give([])
            }
        }
    }

    /// Blocks.
    private static func resolve(_ name: String) -> [String] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_ADDRCONFIG
        var first: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(name, nil, &hints, &first) == 0 else { return [] }
        defer { unsafe freeaddrinfo(first) }
        var found: [String] = []
        var next = unsafe first
        while let info = unsafe next, found.count < PostgresLimits.addressesPerHost {
            if let text = unsafe numericText(info.pointee), !found.contains(text) {
                found.append(text)
            }
            unsafe next = info.pointee.ai_next
        }
        return found
    }

    private static func numericText(_ info: addrinfo) -> String? {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let result = unsafe getnameinfo(
            info.ai_addr, info.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        guard result == 0 else { return nil }
        return String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Resumes a continuation with the answer that comes first; later ones are dropped.
@LoopActor private final class FirstAnswer<Value: Sendable> {
    private var continuation: CheckedContinuation<Value, Never>?

    init(_ continuation: CheckedContinuation<Value, Never>) {
        self.continuation = continuation
    }

    func give(_ value: Value) {
        continuation?.resume(returning: value)
        continuation = nil
    }
}

/// A request to the server to cancel what one session is doing.
///
/// Sendable because libpq's cancel object is a copy of the address and the key, and `PQcancel` is
/// safe on any thread and even in a signal handler (PostgreSQL manual, "Canceling Queries in
/// Progress").
@safe final class Cancellation: @unchecked Sendable {
    private let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe PQfreeCancel(pointer)
    }

    /// Sends the request from another thread, because libpq connects, sends and waits. Best effort:
    /// the server does not tell whether there was something to cancel.
    func send() {
        _ = BlockingCalls.start { [self] in
            var message = [CChar](repeating: 0, count: 256)
            _ = unsafe PQcancel(pointer, &message, Int32(message.count))
        }
    }
}
