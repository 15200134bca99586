/// What a desk is configured with. Fixed while an epoch lasts.
public struct Rules: Equatable, Sendable {
    /// How many conversations an agent may hold who was never given another capacity.
    public var defaultCapacity: Int
    /// How long an agent who lost the last connection keeps their conversations, in milliseconds.
    public var disconnectGrace: Int64
    /// How long the desk waits for an echo before a send of unknown outcome is shown as unconfirmed,
    /// in milliseconds.
    public var confirmationWait: Int64
    /// For this long after an epoch began no grace runs out, so that everybody can reconnect first;
    /// in milliseconds.
    public var settlingTime: Int64
    /// How often sending one message is tried at most.
    public var maximumAttempts: Int
    /// The queue in which a conversation waits.
    public var queue: QueueID

    /// Rules with the usual values.
    public init(
        defaultCapacity: Int = 3, disconnectGrace: Int64 = 60_000, confirmationWait: Int64 = 60_000,
        settlingTime: Int64 = 5_000, maximumAttempts: Int = 8, queue: QueueID = QueueID(1)
    ) {
        self.defaultCapacity = defaultCapacity
        self.disconnectGrace = disconnectGrace
        self.confirmationWait = confirmationWait
        self.settlingTime = settlingTime
        self.maximumAttempts = maximumAttempts
        self.queue = queue
    }
}

/// Limits of the desk's rules, each with its reason.
public enum Limits {
    /// No person follows more than this many conversations at once.
    public static let maximumCapacity = 100
    /// A person has a few tabs and devices; more is a client gone wild.
    public static let connectionsPerAgent = 16
    /// Messages of one conversation that are not settled yet. They leave one after the other; nobody
    /// means to say this much before the customer has read any of it.
    public static let unsettledJobsPerConversation = 100
}
