/// How the desk chose an agent, as far as it is kept for good with the handoff or offer.
public struct Choice: Equatable, Sendable {
    /// The configuration in force.
    public let version: Int64
    /// How many waited in this line, the chosen one included: same queue, same requirements.
    public let waiting: Int
    /// How many agents were on duty who fit the line.
    public let onDuty: Int
    /// How many of them had room, the chosen one included.
    public let ready: Int
    /// How many of its queue's relaxations were in force.
    public let relaxed: Int
    /// By which order it was the chosen one's turn.
    public let order: TurnOrder
    /// Who would have had the next turn.
    public let runnerUp: AgentID?
    /// Whom else it could have been, and was not; `nil` in a choice on record from before this was
    /// kept.
    public let others: Others?

    /// The choice with these values.
    public init(
        version: Int64, waiting: Int, onDuty: Int, ready: Int, relaxed: Int, runnerUp: AgentID?,
        order: TurnOrder = .usual, others: Others? = nil
    ) {
        self.version = version
        self.waiting = waiting
        self.onDuty = onDuty
        self.ready = ready
        self.relaxed = relaxed
        self.order = order
        self.runnerUp = runnerUp
        self.others = others
    }

    /// Who and what came before those who were chosen, and was passed over.
    public struct Others: Equatable, Sendable {
        /// How many more agents were on duty who did not fit the line.
        public let unfit: Int
        /// How many of the line came before this conversation, and were for nobody who had room.
        public let ahead: Int
        /// How many agents with room had their turn before the chosen one, and were passed over.
        public let passedOverCount: Int
        /// The first of them in turn; at most ``Limits/passedOver``.
        public let passedOver: [PassedOver]

        /// These others.
        public init(unfit: Int, ahead: Int, passedOverCount: Int, passedOver: [PassedOver]) {
            self.unfit = unfit
            self.ahead = ahead
            self.passedOverCount = passedOverCount
            self.passedOver = passedOver
        }
    }

    /// Somebody whose turn it was, and what stood in the way.
    public struct PassedOver: Equatable, Sendable {
        /// Who.
        public let agent: AgentID
        /// By what.
        public let hindrance: Hindrance

        /// This agent was passed over by this.
        public init(agent: AgentID, hindrance: Hindrance) {
            self.agent = agent
            self.hindrance = hindrance
        }
    }
}

/// What stands between a conversation and an agent who fits its line, is on duty and has room.
public enum Hindrance: Equatable, Sendable {
    /// They must not serve this customer.
    case barred
    /// It is kept for a while for the agent who had it last.
    case reservedForAnother(AgentID)
    /// They declined it, let it pass or passed it on, and somebody else is on duty who could take it.
    case declined
    /// Their room is kept for another, who waits longer and needs more of it.
    case roomIsReserved

    /// The same among all that may stand in the way.
    public var obstacle: Obstacle {
        switch self {
        case .barred: .barred
        case .reservedForAnother(let agent): .reservedForAnother(agent)
        case .declined: .declined
        case .roomIsReserved: .roomIsReserved
        }
    }
}
