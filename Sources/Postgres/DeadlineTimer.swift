import EventLoop

/// One timer for many deadlines. Most deadlines are met, so the timer is set once for the earliest
/// and looks again when it fires, instead of being set and cancelled for each command.
@LoopActor final class DeadlineTimer {
    private let loop: Loop
    private let onDue: @LoopActor () -> Void
    private var timer: LoopTimer?
    private var instant = Int64.max

    init(loop: Loop, onDue: @escaping @LoopActor () -> Void) {
        self.loop = loop
        self.onDue = onDue
    }

    /// Sees to it that `onDue` is called at `instant` (the loop's monotonic clock) or earlier.
    func arm(at instant: Int64) {
        guard instant < self.instant else { return }
        timer?.cancel()
        self.instant = instant
        timer = loop.after(.milliseconds(max(1, instant - loop.monotonic))) { [weak self] in
            self?.fire()
        }
    }

    func stop() {
        timer?.cancel()
        timer = nil
        instant = .max
    }

    private func fire() {
        timer = nil
        instant = .max
        onDue()
    }
}

extension Loop {
    /// The instant when `duration` from now has passed, on the monotonic clock.
    func instant(after duration: Duration) -> Int64 {
        let (instant, isLate) = monotonic.addingReportingOverflow(duration.wholeMilliseconds)
        return isLate ? .max : instant
    }
}

extension Duration {
    /// Whole milliseconds, rounded down; 0 for a negative duration.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (milliseconds, isLarge) = seconds.multipliedReportingOverflow(by: 1_000)
        guard !isLarge else { return .max }
        let (sum, isLarger) = milliseconds.addingReportingOverflow(
            attoseconds / 1_000_000_000_000_000)
        return isLarger ? .max : sum
    }
}
