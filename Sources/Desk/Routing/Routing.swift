/// What decides who may take a conversation, beyond its queue. Most have nothing of it.
public struct Routing: Equatable, Sendable, Codable {
    /// What it asks for itself, besides what its queue asks for; ascending by skill.
    public var needs: [SkillLevel]
    /// The compartment of its customer; `nil`: open to everybody.
    public var compartment: CompartmentID?
    /// Its own priority, set by a person; `nil`: that of its queue.
    public var priority: Int?
    /// How many of its queue's relaxations are in force.
    public var relaxed: Int
    /// Who declined it, let its offer pass or passed it on, ascending. It is given to them again only
    /// when nobody else can take it.
    public var declined: [AgentID]
    /// The offer that stands.
    public var offer: Offer?
    /// For whom it is kept for a while.
    public var reservation: Reservation?
    /// Whether it has overflowed, or a supervisor put it where it is: then it does not overflow by
    /// itself until it is answered.
    public var staysInQueue: Bool
    /// Who had it last, where its queue keeps customers for their agents.
    public var lastAgent: AgentID?
    /// What its customer was told of their wait, where its queue announces.
    public var announced: Announced?
    /// What its queue's clock of opening time showed when its customer, whom nobody has answered since
    /// the waiting clock began, was last heard of; `nil`: somebody has, or its queue gave nobody up who
    /// falls silent. In milliseconds, see ``QueueState/openTime``.
    public var silentSince: Int64?
    /// What is promised to the customer and not done yet.
    public var target: Target?

    /// Nothing of it.
    public init() {
        needs = []
        compartment = nil
        priority = nil
        relaxed = 0
        declined = []
        offer = nil
        reservation = nil
        staysInQueue = false
        lastAgent = nil
        announced = nil
        silentSince = nil
        target = nil
    }
}

/// A conversation is offered to one agent. It takes their room as if they had it (promise P3), and
/// nobody else can take it meanwhile.
public struct Offer: Equatable, Sendable, Codable {
    /// To whom.
    public let agent: AgentID
    /// Until when they may accept.
    public let deadline: Instant
    /// Whether its owner wants to pass it on; otherwise the desk offers it out of its queue.
    public let isTransfer: Bool

    /// The offer with these values.
    public init(agent: AgentID, deadline: Instant, isTransfer: Bool) {
        self.agent = agent
        self.deadline = deadline
        self.isTransfer = isTransfer
    }
}

/// A conversation is kept for the agent who had it last, as long as they are on duty.
public struct Reservation: Equatable, Sendable, Codable {
    /// For whom.
    public let agent: AgentID
    /// Until when.
    public let until: Instant

    /// The reservation with these values.
    public init(agent: AgentID, until: Instant) {
        self.agent = agent
        self.until = until
    }
}

/// How an offer ended.
public enum OfferEnd: Equatable, Sendable {
    /// The agent accepted: the conversation is theirs.
    case accepted
    /// The agent declined.
    case declined(DeclineReason)
    /// The deadline passed.
    case timedOut
    /// It was taken back: the agent or the sender left, or a person decided otherwise.
    case withdrawn
}

/// Why an agent declines.
public enum DeclineReason: String, Sendable, CaseIterable {
    /// Too busy just now.
    case busy
    /// Does not know the matter.
    case notMyField
    /// Knows the customer.
    case conflictOfInterest
    /// Anything else.
    case other
}

/// Where an owner passes a conversation on to.
public enum TransferTarget: Equatable, Sendable {
    /// To an agent: at once, or warm, when they accept; until then it stays with the sender.
    case agent(AgentID, isWarm: Bool)
    /// To a queue. The customer keeps their waiting clock (promise P13).
    case queue(QueueID)
    /// Back to the chatbot; refused as long as none is there.
    case bot
}
