/// The state rows of a desk, as read back from the database: all that a desk is made from.
public struct DeskState: Equatable, Sendable {
    /// The number of the latest event; 0 for a new desk.
    public var lastEvent: Int64 = 0
    /// Every conversation that is open.
    public var conversations: [Conversation] = []
    /// Every agent ever seen, without connections.
    public var agents: [Agent] = []
    /// What it routes by.
    public var configuration = Configuration()
    /// What changed about queues, ascending by queue; only those that ever closed or have hours.
    public var queueStates: [QueueState] = []
    /// Every job that is not settled.
    public var jobs: [Job] = []
    /// How fast queues are served that announce, or once did.
    public var paces: [QueuePace] = []

    /// The state of a new desk.
    public init() {}
}

/// What one input came to.
public enum Decision: Equatable, Sendable {
    /// Accepted. `result` is what the one who asked is told: the number of the message or job that
    /// came of it, 0 where there is none. An accepted input may have caused no event at all.
    case accepted(result: Int64)
    /// Refused; nothing changed.
    case rejected(Rejection)
}

/// The rows that a batch changed, to be written in the same commit as its events.
public struct Changes: Equatable, Sendable {
    /// Conversations as they are now, of which more changed than their activity.
    public var conversations: [Conversation] = []
    /// The activity of conversations as it is now, where it changed or the conversation was not held.
    public var activities: [Activity] = []
    /// Agents as they are now (connections are not stored).
    public var agents: [Agent] = []
    /// Jobs as they are now, settled ones included.
    public var jobs: [Job] = []
    /// Queues as they are now.
    public var queueStates: [QueueState] = []
    /// What the desk came to route by, one version after the other; usually none.
    public var configurations: [Configuration] = []
    /// How fast queues are served, as known now.
    public var paces: [QueuePace] = []

    /// No change.
    public init() {}
}

/// What ``Desk/handle(_:known:epoch:at:)`` came to.
public struct Handled: Equatable, Sendable {
    /// Accepted or refused.
    public let decision: Decision
    /// The facts that follow, in order and numbered; empty when refused or when nothing changed.
    public let records: [EventRecord]
    /// The words of the messages among them that the desk wrote itself, in order.
    public let written: [Written]

    /// Handled with this result.
    public init(decision: Decision, records: [EventRecord], written: [Written] = []) {
        self.decision = decision
        self.records = records
        self.written = written
    }
}
