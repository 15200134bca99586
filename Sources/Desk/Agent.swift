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
    /// How many units of work they may hold, offers included; 0…``Limits/maximumCapacity``. A
    /// conversation takes one, unless its kind of work weighs more. May be lowered below what they
    /// hold: then they are given nothing until they are under it again.
    public var capacity: Int
    /// When the grace for a lost connection ends; `nil` while connected or offline. Stored, so that
    /// it runs out also when this node is gone.
    public var disconnectDeadline: Instant?
    /// When they were last given a conversation or became available: who has been idle longest is
    /// given the next among equally loaded.
    public var idleSince: Instant
    /// What they are for.
    public var profile: Profile
    /// How many offers in a row they let pass.
    public var missedOffers: Int
    /// Their open sockets. Never stored: at the start of an epoch nobody is connected.
    public var connections: Set<ConnectionID>

    /// An agent with these values.
    public init(
        id: AgentID, presence: Presence, capacity: Int, disconnectDeadline: Instant?,
        idleSince: Instant, profile: Profile = Profile(), missedOffers: Int = 0,
        connections: Set<ConnectionID> = []
    ) {
        self.id = id
        self.presence = presence
        self.capacity = capacity
        self.disconnectDeadline = disconnectDeadline
        self.idleSince = idleSince
        self.profile = profile
        self.missedOffers = missedOffers
        self.connections = connections
    }

    /// Whether they may be given work: they say so, and somebody is there.
    public var isOnDuty: Bool { presence == .available && isConnected }

    /// Whether they count as there for work that is kept for them or that others declined: after a
    /// reload, before all connections were told, somebody unheard of is probably there.
    var isExpectedOnDuty: Bool { isOnDuty || (presence == .available && isUnheard) }

    /// Whether at least one of their sockets is open.
    public var isConnected: Bool { !connections.isEmpty }
}
