/// What a queue's customers are told of their wait, and how often. The templates are plain text for the
/// channel; what stands in braces in them stands for what the desk decides.
public struct Announcing: Equatable, Sendable, Codable {
    /// Told to who waits: `{position}` is 1 for the next to be served, `{minutes}` the expected wait.
    public var waiting: String
    /// Told instead while nobody is there who could serve them; may hold `{position}`.
    public var nobody: String
    /// Told instead while the queue is closed, once for each closing; `nil`: nothing is told then.
    public var closed: ClosedTexts?
    /// By how much the position must have changed for it to be told again.
    public var positionStep: Int
    /// By how many minutes the expected wait must have changed for it to be told again.
    public var minutesStep: Int
    /// How long after one announcement the next may follow, in milliseconds. So often is also looked
    /// whether there is anything to tell.
    public var interval: Int64
    /// How long it usually takes from one customer of this queue being served to the next, in
    /// milliseconds: believed until enough was seen.
    public var usualPace: Int64

    /// Announcing in this way.
    public init(
        waiting: String, nobody: String, closed: ClosedTexts? = nil, positionStep: Int = 3,
        minutesStep: Int = 5, interval: Int64 = 180_000, usualPace: Int64 = 60_000
    ) {
        self.waiting = waiting
        self.nobody = nobody
        self.closed = closed
        self.positionStep = positionStep
        self.minutesStep = minutesStep
        self.interval = interval
        self.usualPace = usualPace
    }

    /// What may stand in a template, besides text.
    public enum Placeholder: String, Sendable, CaseIterable {
        /// The customer's place in the queue.
        case position
        /// The expected wait.
        case minutes
        /// When the queue opens: a date and a time of its place.
        case opens
    }
}

/// What the customers of a closed queue are told.
public struct ClosedTexts: Equatable, Sendable, Codable {
    /// When it is known when the queue opens: `{opens}` is that moment.
    public var opening: String
    /// When nobody knows: a supervisor closed it until somebody opens it, or its hours are over for as
    /// long as they are known.
    public var unknown: String

    /// These texts.
    public init(opening: String, unknown: String) {
        self.opening = opening
        self.unknown = unknown
    }
}
