import CLibuv
import Glibc
import Synchronization

/// Runs Swift's jobs on the thread that turns the loop.
///
/// It is the serial executor of `LoopActor` and at the same time a task executor: with the first
/// alone, every resumed continuation, awaited task value and nonisolated async function would run
/// on Swift's thread pool and hop back (10 to 45 µs instead of 1).
public final class LoopExecutor: SerialExecutor, TaskExecutor, @unchecked Sendable {
    /// Jobs run in one go before sockets and timers get their turn again, so that jobs which keep
    /// making jobs cannot starve them.
    static let maximumJobsPerTurn = 10_000

    /// libuv's one kind of handle that other threads may touch (libuv documentation, `uv_async_t`).
    @safe struct Wake: @unchecked Sendable {
        let handle: UnsafeMutablePointer<uv_async_t>
    }

    private struct Inbox {
        var jobs: [UnownedJob] = []
        var isWoken = false
        /// Set while a loop turns: waking a closed handle would be a use after free.
        var wake: Wake?
    }

    /// Jobs of other threads.
    private let inbox = Mutex(Inbox())
    /// The thread that turns the loop, 0 when none does.
    private let thread = Atomic<UInt>(0)
    /// Jobs made on the loop's thread; touched by it alone.
    private var local: [UnownedJob] = []
    private var running: [UnownedJob] = []

    init() {}

    /// True on the thread that turns the loop.
    @inline(__always) public var isOnLoop: Bool {
        UInt(pthread_self()) == thread.load(ordering: .relaxed)
    }

    /// Takes a job from any thread.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isOnLoop {
            local.append(job)
            return
        }
        inbox.withLock { inbox in
            inbox.jobs.append(job)
            guard !inbox.isWoken, let wake = inbox.wake else { return }
            inbox.isWoken = true
            // Inside the lock: the loop takes the handle away under the same lock before it closes it.
            unsafe uv_async_send(wake.handle)
        }
    }

    /// The same executor as a reference that Swift's runtime keeps.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    /// Stops the process when called off the loop's thread.
    public func checkIsolated() {
        precondition(isOnLoop, "this code belongs to the loop's thread")
    }

    /// Whether the calling thread is the loop's.
    public func isIsolatingCurrentContext() -> Bool? { isOnLoop }

    // MARK: For the loop alone

    /// Claims the calling thread as the loop's; false if another loop turns already.
    func adopt(wake: Wake) -> Bool {
        let me = UInt(pthread_self())
        let claimed = thread.compareExchange(
            expected: 0, desired: me, ordering: .sequentiallyConsistent)
        guard claimed.exchanged else { return false }
        inbox.withLock { inbox in
            inbox.wake = wake
            inbox.isWoken = false
        }
        return true
    }

    /// From now on nobody wakes the loop: its handle is about to be closed.
    func abandonWake() {
        inbox.withLock { inbox in inbox.wake = nil }
    }

    /// Lets the thread go. Jobs that are left wait for the next loop.
    func abandon() {
        abandonWake()
        inbox.withLock { inbox in inbox.jobs.append(contentsOf: local) }
        local.removeAll()
        thread.store(0, ordering: .sequentiallyConsistent)
    }

    var hasLocalJobs: Bool { !local.isEmpty }

    /// Runs what is due, including what those jobs make, up to `maximumJobsPerTurn`.
    func drain() {
        inbox.withLock { inbox in
            inbox.isWoken = false
            if !inbox.jobs.isEmpty { swap(&inbox.jobs, &running) }
        }
        let executor = unsafe asUnownedSerialExecutor()
        var count = 0
        while true {
            count += running.count
            for job in running { unsafe job.runSynchronously(on: executor) }
            running.removeAll(keepingCapacity: true)
            if local.isEmpty || count > Self.maximumJobsPerTurn { return }
            swap(&local, &running)
        }
    }
}
