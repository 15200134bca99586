import CEventLoop
import CLibuv
import CLibwebsockets
import Glibc

/// The process's event loop: one thread, on which libuv waits for sockets, timers and signals and
/// on which every job of `LoopActor` runs.
@safe @LoopActor public final class Loop {
    /// What the loop is built with.
    public struct Configuration: Sendable {
        /// Where libwebsockets looks for its event library plugins; fixed when Debian built it.
        public var pluginDirectory = LWS_INSTALL_LIBDIR

        /// The defaults.
        public init() {}
    }

    let configuration: Configuration
    let uvLoop: UnsafeMutablePointer<uv_loop_t>
    private let wake: UnsafeMutablePointer<uv_async_t>
    private let beforeWait: UnsafeMutablePointer<uv_prepare_t>
    private let afterWait: UnsafeMutablePointer<uv_check_t>
    private var signals: [Int32: SignalHandle] = [:]
    private var signalBodies: [Int32: @LoopActor () -> Void] = [:]
    private var endOfTurn: [@LoopActor () -> Void] = []
    private var endOfTurnSpare: [@LoopActor () -> Void] = []
    private var isStopping = false
    private(set) var isClosed = false
    private var wallClockOfTurn: Int64 = 0

    /// What must be closed before the loop can be; each keeps its owner alive.
    var timers: [ObjectIdentifier: LoopTimer] = [:]
    var watches: [ObjectIdentifier: DescriptorWatch] = [:]
    /// Servers and clients, called once when the loop ends, before its handles are closed.
    var atEnd: [ObjectIdentifier: @LoopActor () -> Void] = [:]
    /// Upgraded sockets by descriptor, whose bytes are looked at before libwebsockets reads them.
    var upgraded: [Int32: WebSocketConnection] = [:]
    /// libwebsockets' context, turned by this loop.
    private(set) var context: LibwebsocketsContext?

    /// Turns the loop on the calling thread until `stop()`, with `main` as its first task.
    ///
    /// Throws a `LoopError` with a sentence for the operator when libwebsockets' libuv plugin is
    /// missing, or when a loop runs already in this process. Tasks that are still waiting when the
    /// loop stops are not resumed.
    public nonisolated static func run(
        _ configuration: Configuration = .init(),
        main: @escaping @LoopActor (Loop) async -> Void
    ) throws(LoopError) {
        let plugin = configuration.pluginDirectory + "/libwebsockets-evlib_uv.so"
        guard let library = unsafe dlopen(plugin, RTLD_NOW) else {
            throw .libuvPluginMissing(path: plugin)
        }
        unsafe dlclose(library)

        let wake = UnsafeMutablePointer<uv_async_t>.allocate(capacity: 1)
        unsafe wake.initialize(to: uv_async_t())
        guard unsafe LoopActor.shared.executor.adopt(wake: .init(handle: wake)) else {
            unsafe wake.deallocate()
            throw .alreadyRunning
        }
        defer { LoopActor.shared.executor.abandon() }
        raiseDescriptorLimit()
        // A peer that hangs up must not end the process by a signal.
        signal(SIGPIPE, SIG_IGN)
        nonisolated(unsafe) let handle = unsafe wake
        let result: Result<Void, LoopError> = LoopActor.assume {
            let loop = unsafe Loop(configuration: configuration, wake: handle)
            guard let context = LibwebsocketsContext(loop: loop) else {
                loop.close()
                return .failure(.unavailable(part: "libwebsockets"))
            }
            loop.context = context
            unsafe eventLoopAdmitReceived(
                admitReceived, Unmanaged.passUnretained(loop).toOpaque())
            startOnLoop { await main(loop) }
            loop.turnUntilStopped()
            loop.close()
            return .success(())
        }
        try result.get()
    }

    private init(configuration: Configuration, wake: UnsafeMutablePointer<uv_async_t>) {
        self.configuration = configuration
        unsafe self.wake = unsafe wake
        unsafe uvLoop = .allocate(capacity: 1)
        unsafe uvLoop.initialize(to: uv_loop_t())
        unsafe uv_loop_init(uvLoop)
        unsafe uv_async_init(uvLoop, wake) { _ in }
        unsafe beforeWait = .allocate(capacity: 1)
        unsafe beforeWait.initialize(to: uv_prepare_t())
        unsafe uv_prepare_init(uvLoop, beforeWait)
        unsafe afterWait = .allocate(capacity: 1)
        unsafe afterWait.initialize(to: uv_check_t())
        unsafe uv_check_init(uvLoop, afterWait)
        let me = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe beforeWait.pointee.data = unsafe me
        unsafe afterWait.pointee.data = unsafe me
        // libuv runs timers and then waits for sockets: a job made by a timer's callback would lie
        // there until the next socket event. So jobs run between the two.
        unsafe uv_prepare_start(beforeWait) { handle in
            guard let me = unsafe handle?.pointee.data else { return }
            let loop = unsafe Unmanaged<Loop>.fromOpaque(me).takeUnretainedValue()
            LoopActor.assume { loop.finishTurn() }
        }
        unsafe uv_check_start(afterWait) { handle in
            guard let me = unsafe handle?.pointee.data else { return }
            let loop = unsafe Unmanaged<Loop>.fromOpaque(me).takeUnretainedValue()
            LoopActor.assume { loop.wallClockOfTurn = 0 }
        }
    }

    private func turnUntilStopped() {
        while !isStopping { unsafe uv_run(uvLoop, UV_RUN_ONCE) }
    }

    /// Runs jobs and end-of-turn work; called when libuv is about to wait.
    private func finishTurn() {
        let executor = LoopActor.shared.executor
        executor.drain()
        if !endOfTurn.isEmpty {
            swap(&endOfTurn, &endOfTurnSpare)
            for body in endOfTurnSpare { body() }
            endOfTurnSpare.removeAll(keepingCapacity: true)
            executor.drain()
        }
        wallClockOfTurn = 0
        // A raised stop flag makes this turn's wait end at once.
        if executor.hasLocalJobs || !endOfTurn.isEmpty || isStopping { unsafe uv_stop(uvLoop) }
    }

    /// Ends `run` after this turn.
    public func stop() { isStopping = true }

    private func close() {
        let ends = atEnd.values
        atEnd = [:]
        for end in ends { end() }
        for timer in timers.values { timer.cancel() }
        for watch in watches.values { watch.stop() }
        context?.destroy(turning: { unsafe uv_run(self.uvLoop, UV_RUN_NOWAIT) })
        context = nil
        eventLoopAdmitReceived(nil, nil)
        isClosed = true
        LoopActor.shared.executor.abandonWake()
        for signal in signals.values { unsafe closeAndFree(signal.handle) }
        signals = [:]
        unsafe closeAndFree(wake)
        unsafe closeAndFree(beforeWait)
        unsafe closeAndFree(afterWait)
        while unsafe uv_run(uvLoop, UV_RUN_NOWAIT) != 0 {}
        if unsafe uv_loop_close(uvLoop) == 0 { unsafe uvLoop.deallocate() }
    }

    // MARK: Time

    /// Milliseconds since 1970 (UTC), read at most once per turn of the loop. It may jump, as the
    /// machine's clock may.
    public var wallClock: Int64 {
        if wallClockOfTurn == 0 {
            var now = timespec()
            unsafe clock_gettime(CLOCK_REALTIME, &now)
            wallClockOfTurn = Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000
        }
        return wallClockOfTurn
    }

    /// Milliseconds of a clock that never goes back and has no meaning outside this process.
    public var monotonic: Int64 {
        if isClosed { return 0 }
        return unsafe Int64(uv_now(uvLoop))
    }

    /// Calls `body` once, not earlier than `delay` from now.
    @discardableResult
    public func after(_ delay: Duration, _ body: @escaping @LoopActor () -> Void) -> LoopTimer {
        LoopTimer(loop: self, delay: delay.millisecondsRoundedUp, interval: 0, body: body)
    }

    /// Calls `body` every `interval` (at least a millisecond) until the timer is cancelled. Calls
    /// that a long turn delayed are not made up for.
    @discardableResult
    public func every(_ interval: Duration, _ body: @escaping @LoopActor () -> Void) -> LoopTimer {
        let milliseconds = max(1, interval.millisecondsRoundedUp)
        return LoopTimer(loop: self, delay: milliseconds, interval: milliseconds, body: body)
    }

    /// Suspends the calling task for `duration`; returns early if the task is cancelled.
    public func sleep(for duration: Duration) async {
        let sleeper = Sleeper()
        await withTaskCancellationHandler {
            unsafe await withUnsafeContinuation { continuation in
                unsafe sleeper.continuation = unsafe continuation
                if Task.isCancelled {
                    sleeper.wake()
                } else {
                    sleeper.timer = after(duration) { sleeper.wake() }
                }
            }
        } onCancel: {
            startOnLoop { sleeper.wake() }
        }
    }

    /// Calls `body` on the loop each time the process receives signal `number` (SIGTERM, SIGINT),
    /// in place of what was set for it before.
    public func onSignal(_ number: Int32, _ body: @escaping @LoopActor () -> Void) {
        guard !isClosed else { return }
        signalBodies[number] = body
        guard signals[number] == nil else { return }
        let handle = UnsafeMutablePointer<uv_signal_t>.allocate(capacity: 1)
        unsafe handle.initialize(to: uv_signal_t())
        unsafe uv_signal_init(uvLoop, handle)
        unsafe handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        unsafe uv_signal_start(
            handle,
            { handle, number in
                guard let me = unsafe handle?.pointee.data else { return }
                let loop = unsafe Unmanaged<Loop>.fromOpaque(me).takeUnretainedValue()
                LoopActor.assume { loop.signalBodies[number]?() }
            }, number)
        signals[number] = unsafe SignalHandle(handle: handle)
    }

    /// Calls `body` when the callbacks and jobs of this turn are done, before the loop waits again:
    /// the place to act on a batch that the turn collected.
    public func afterThisTurn(_ body: @escaping @LoopActor () -> Void) {
        endOfTurn.append(body)
    }
}

/// Called by `recv` on the loop's thread with what a descriptor received: how much of it may pass.
private func admitReceived(
    _ context: UnsafeMutableRawPointer?, _ descriptor: Int32, _ bytes: UnsafeRawPointer?,
    _ count: Int
) -> Int {
    guard let context = unsafe context else { return count }
    let loop = unsafe Unmanaged<Loop>.fromOpaque(context).takeUnretainedValue()
    nonisolated(unsafe) let received = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
    return LoopActor.assume {
        guard let socket = loop.upgraded[descriptor] else { return count }
        return unsafe socket.admit(received)
    }
}

/// Every console is a descriptor; the usual soft limit of 1,024 is for programs that use `select`.
private func raiseDescriptorLimit() {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}

/// libuv's handle of one watched signal.
@safe private struct SignalHandle {
    let handle: UnsafeMutablePointer<uv_signal_t>
}

/// One sleeping task: woken by its timer or by its cancellation, whichever comes first.
@safe @LoopActor private final class Sleeper {
    var continuation: UnsafeContinuation<Void, Never>?
    var timer: LoopTimer?

    func wake() {
        timer?.cancel()
        timer = nil
        guard let waiting = unsafe continuation else { return }
        unsafe continuation = nil
        unsafe waiting.resume()
    }
}

/// Closes a libuv handle and frees its memory when libuv lets it go.
func closeAndFree<Handle>(_ handle: UnsafeMutablePointer<Handle>) {
    unsafe uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) {
        unsafe UnsafeMutableRawPointer($0)?.deallocate()
    }
}
