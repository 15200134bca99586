/// What goes with an agent's presence: kept in their row. Most have nothing of it.
public struct Attendance: Equatable, Sendable, Codable {
    /// Why they are away; `nil`: they are not, or gave no reason.
    public var awayReason: AwayReasonID?
    /// Their wrap-up, while it lasts.
    public var wrapUp: WrapUp?
    /// When their shift ends, or ended; forgotten when they come back after it.
    public var shiftEnd: Instant?
    /// Whether that moment has come while they were there: they are given nothing new, keep what they
    /// hold, and go offline when they hold nothing. Kept, because whoever may be given work follows
    /// from the rows alone, without a clock.
    public var hasShiftEnded: Bool

    /// Nothing of it.
    public init() {
        awayReason = nil
        wrapUp = nil
        shiftEnd = nil
        hasShiftEnded = false
    }
}

/// The time that an agent has to write up what they let go of.
public struct WrapUp: Equatable, Sendable, Codable {
    /// When it ends by itself.
    public var until: Instant
    /// How much longer it lasts each time they ask, in milliseconds.
    public var step: Int64
    /// Beyond this it is never extended.
    public var latest: Instant

    /// A wrap-up with these values.
    public init(until: Instant, step: Int64, latest: Instant) {
        self.until = until
        self.step = step
        self.latest = latest
    }
}

/// How long agents have to write up the conversations of a queue.
public struct WrapUpTime: Equatable, Sendable, Codable {
    /// How long it lasts by itself, and how much each extension adds, in milliseconds.
    public var time: Int64
    /// How long it lasts at most with every extension, in milliseconds.
    public var maximum: Int64

    /// These times.
    public init(time: Int64, maximum: Int64) {
        self.time = time
        self.maximum = maximum
    }
}

/// Why an agent is away, as supervisors name it.
public struct AwayReason: Equatable, Sendable, Codable {
    /// Its number.
    public var id: AwayReasonID
    /// What people call it.
    public var name: String

    /// A reason with these values.
    public init(id: AwayReasonID, name: String) {
        self.id = id
        self.name = name
    }
}
