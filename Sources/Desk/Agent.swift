/// What an agent says about being there for work.
public enum Presence: String, Sendable, CaseIterable {
    /// Takes new conversations.
    case available
    /// There, keeps what they hold, takes nothing new.
    case away
    /// Gone: holds nothing (promise P5).
    case offline
}

/// An agent as the desk's rules see them. Several tabs and devices of one person are one agent.
public struct Agent: Equatable, Sendable {
    /// Their name.
    public let id: AgentID
    /// What they said last, or `offline` after their grace ran out.
    public var presence: Presence
    /// How many conversations they may hold; 0…``Limits/maximumCapacity``. May be lowered below
    /// what they hold: then they are given nothing until they are under it again.
    public var capacity: Int
    /// When the grace for a lost connection ends; `nil` while connected or offline. Stored, so that
    /// it runs out also when this node is gone.
    public var disconnectDeadline: Instant?
    /// When they were last given a conversation or became available: who has been idle longest is
    /// given the next among equally loaded.
    public var idleSince: Instant
    /// Their open sockets. Never stored: at the start of an epoch nobody is connected.
    public var connections: Set<ConnectionID>

    /// An agent with these values.
    public init(
        id: AgentID, presence: Presence, capacity: Int, disconnectDeadline: Instant?,
        idleSince: Instant, connections: Set<ConnectionID> = []
    ) {
        self.id = id
        self.presence = presence
        self.capacity = capacity
        self.disconnectDeadline = disconnectDeadline
        self.idleSince = idleSince
        self.connections = connections
    }

    /// Whether at least one of their sockets is open.
    public var isConnected: Bool { !connections.isEmpty }
}
