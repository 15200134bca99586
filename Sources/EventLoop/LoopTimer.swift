import CLibuv

/// A timer of the loop. It runs until it fires (or, if it repeats, until it is cancelled), whether
/// or not anybody keeps it.
@safe @LoopActor public final class LoopTimer {
    private var handle: UnsafeMutablePointer<uv_timer_t>?
    /// Nil once stopped: it may hold whoever holds the timer.
    private var body: (@LoopActor () -> Void)?
    private let repeats: Bool
    private weak var loop: Loop?

    init(loop: Loop, delay: UInt64, interval: UInt64, body: @escaping @LoopActor () -> Void) {
        self.body = body
        self.loop = loop
        repeats = interval > 0
        guard !loop.isClosed else { return }
        let handle = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
        unsafe handle.initialize(to: uv_timer_t())
        unsafe uv_timer_init(loop.uvLoop, handle)
        unsafe self.handle = unsafe handle
        // The loop's table keeps the timer as long as the handle is open.
        unsafe handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        // The delay counts from now, not from the start of a turn that may have been long.
        unsafe uv_update_time(loop.uvLoop)
        unsafe uv_timer_start(handle, timerFired, delay, interval)
        loop.timers[ObjectIdentifier(self)] = self
    }

    /// True until the timer fired for the last time or was cancelled.
    public var isActive: Bool { unsafe handle != nil }

    /// Stops the timer; its body is not called again. Harmless when it already stopped.
    public func cancel() {
        guard let handle = unsafe handle else { return }
        unsafe self.handle = nil
        body = nil
        loop?.timers[ObjectIdentifier(self)] = nil
        unsafe uv_timer_stop(handle)
        unsafe uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) {
            unsafe UnsafeMutableRawPointer($0)?.deallocate()
        }
    }

    fileprivate func fire() {
        let body = body
        if !repeats { cancel() }
        body?()
    }
}

private func timerFired(_ handle: UnsafeMutablePointer<uv_timer_t>?) {
    guard let owner = unsafe handle?.pointee.data else { return }
    let timer = unsafe Unmanaged<LoopTimer>.fromOpaque(owner).takeUnretainedValue()
    LoopActor.assume { timer.fire() }
}

extension Duration {
    /// Whole milliseconds, rounded up; never negative.
    var millisecondsRoundedUp: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let perMillisecond: Int64 = 1_000_000_000_000_000
        let fraction = (attoseconds + perMillisecond - 1) / perMillisecond
        return UInt64(clamping: seconds).multipliedReportingOverflow(by: 1_000).partialValue
            &+ UInt64(fraction)
    }
}
