/// Leaves a bank alone that fails: after half of the calls of a window failed it refuses at once, lets
/// one probe through after a while, and trusts the bank again when that succeeds. A value: time comes
/// with each call (monotonic milliseconds).
struct Breaker {
    /// Allows one call, whose end is to be told.
    struct Permit: Equatable {
        fileprivate let opening: Int
        fileprivate let isProbe: Bool
    }

    /// How it stands, for a metric.
    enum State: Int {
        case closed = 0
        case probing = 1
        case open = 2
    }

    private var calls: [(at: Int64, isBad: Bool)] = []
    private var openUntil: Int64?
    private var isProbing = false
    /// How often it opened: the end of a call from before says nothing about now.
    private var openings = 0
    private var pause = ReadLimits.firstOpening

    /// How it stands.
    var state: State { openUntil == nil ? .closed : isProbing ? .probing : .open }

    /// Whether a call may be made now; one that may is followed by ``ended``.
    mutating func admit(at now: Int64) -> Permit? {
        guard let openUntil else { return Permit(opening: openings, isProbe: false) }
        guard now >= openUntil, !isProbing else { return nil }
        isProbing = true
        return Permit(opening: openings, isProbe: true)
    }

    /// How the call ended, and after how many milliseconds.
    mutating func ended(_ permit: Permit, well: Bool, after took: Int64, at now: Int64) {
        guard permit.opening == openings else { return }
        let isBad = !well || took > ReadLimits.slow
        if permit.isProbe {
            isProbing = false
            if isBad { open(at: now) } else { close() }
            return
        }
        calls.removeAll { $0.at <= now - ReadLimits.window }
        if calls.count == ReadLimits.rememberedCalls { calls.removeFirst() }
        calls.append((now, isBad))
        let bad = calls.count { $0.isBad }
        if calls.count >= ReadLimits.judgedCalls, bad * 2 >= calls.count { open(at: now) }
    }

    /// A call that was let through and was not made after all says nothing about the bank.
    mutating func withdrawn(_ permit: Permit) {
        if permit.opening == openings, permit.isProbe { isProbing = false }
    }

    private mutating func open(at now: Int64) {
        openings += 1
        calls = []
        openUntil = now + pause
        pause = min(pause * 2, ReadLimits.longestOpening)
    }

    private mutating func close() {
        openings += 1
        calls = []
        openUntil = nil
        pause = ReadLimits.firstOpening
    }
}
