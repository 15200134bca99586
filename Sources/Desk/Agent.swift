/// Whether an agent is there for work. All but ``wrapUp`` is said by them or a supervisor.
public enum Presence: String, Sendable, CaseIterable {
    /// Takes new conversations.
    case available
    /// Not at work for a while: keeps what they hold, takes nothing new from anybody.
    case away
    /// Gone: holds nothing (promise P5).
    case offline
    /// At work on what they hold: the desk gives and offers them nothing. What a person hands them, or
    /// they take from a list themselves, they may have.
    case busy
    /// Writes up the conversation that they let go of: takes nothing new from anybody until it ends.
    case wrapUp
}

/// An agent as the desk's rules see them. Several tabs and devices of one person are one agent.
public struct Agent: Equatable, Sendable {
    /// Their name.
    public let id: AgentID
    /// What they said last, or what the desk made of it: `offline` after their grace ran out.
    public var presence: Presence
    /// Since when that is so, its reason included.
    public var presenceSince: Instant
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
    /// Why they are away, their wrap-up, the end of their shift.
    public var attendance: Attendance
    /// What they are for.
    public var profile: Profile
    /// How many offers in a row they let pass.
    public var missedOffers: Int
    /// Their open sockets. Never stored: at the start of an epoch nobody is connected.
    public var connections: Set<ConnectionID>

    /// An agent with these values; their presence holds since they were idle, if nothing else is said.
    public init(
        id: AgentID, presence: Presence, capacity: Int, disconnectDeadline: Instant?,
        idleSince: Instant, profile: Profile = Profile(), missedOffers: Int = 0,
        presenceSince: Instant? = nil, attendance: Attendance = Attendance(),
        connections: Set<ConnectionID> = []
    ) {
        self.id = id
        self.presence = presence
        self.presenceSince = presenceSince ?? idleSince
        self.attendance = attendance
        self.capacity = capacity
        self.disconnectDeadline = disconnectDeadline
        self.idleSince = idleSince
        self.profile = profile
        self.missedOffers = missedOffers
        self.connections = connections
    }

    /// Whether the desk may give them work: they say so, their shift is not over, and somebody is
    /// there.
    public var isOnDuty: Bool { wantsWork && isConnected }

    /// Whether a person may hand them work and they may take some themselves: who is busy, too.
    public var takesByHand: Bool {
        switch presence {
        case .available, .busy: isConnected && !attendance.hasShiftEnded
        case .away, .offline, .wrapUp: false
        }
    }

    /// Whether they count as there for work that is kept for them or that others declined: after a
    /// reload, before all connections were told, somebody unheard of is probably there.
    var isExpectedOnDuty: Bool { wantsWork && (isConnected || isUnheard) }

    /// Whether who waits may count on them: who writes up will take work again by themselves.
    var isThere: Bool {
        switch presence {
        case .available, .wrapUp: !attendance.hasShiftEnded
        case .away, .busy, .offline: false
        }
    }

    private var wantsWork: Bool { presence == .available && !attendance.hasShiftEnded }

    /// Whether at least one of their sockets is open.
    public var isConnected: Bool { !connections.isEmpty }
}
