/// An accepted fact. Numbered without gaps in the ledger; holds surrogate ids alone, no text and no
/// platform id.
public enum Event: Equatable, Sendable {
    /// A person wrote to this page for the first time.
    case customerMet(CustomerID, thread: Digest)
    /// A conversation began (its owner follows in `ownerChanged`, unless it begins closed because
    /// only another app wrote).
    case conversationOpened(ConversationID, CustomerID, QueueID)
    /// The customer wrote.
    case messageReceived(ConversationID, MessageID, CustomerMessageKind, writtenAt: Instant)
    /// Another app (or a person in the page's inbox) wrote to the customer.
    case messageSentElsewhere(ConversationID, MessageID, writtenAt: Instant)
    /// An agent replied: recorded, and a job ordered to send it.
    case messageWritten(ConversationID, MessageID, AgentID, JobID)
    /// The desk itself told a waiting customer: recorded, and a job ordered to send it.
    case announcementWritten(ConversationID, MessageID, JobID, Announcement)
    /// The customer's device has everything up to this moment.
    case messagesDelivered(ConversationID, upTo: Instant)
    /// The customer has read everything up to this moment.
    case messagesRead(ConversationID, upTo: Instant)
    /// The customer reacted to a message (`nil`: one that we have not recorded), or took it back.
    case messageReacted(ConversationID, MessageID?, isRemoved: Bool)
    /// The customer changed a message; the new text is kept under this event's number.
    case messageEdited(ConversationID, MessageID?)
    /// The customer deleted a message.
    case messageDeleted(ConversationID, MessageID?)
    /// An event of a kind that the desk does not act on was kept.
    case channelEventKept(ConversationID?)
    /// The owner changed: the one record of a handoff.
    case ownerChanged(Handoff)
    /// The owner has read everything so far.
    case conversationRead(ConversationID, AgentID)
    /// An agent first appeared at this desk, with this capacity.
    case agentEntered(AgentID, capacity: Int)
    /// An agent's first socket opened.
    case agentConnected(AgentID)
    /// An agent's last socket closed; their grace ends at the deadline.
    case agentDisconnected(AgentID, deadline: Instant?)
    /// An agent's presence changed; by a supervisor, where one is named.
    /// Who is away may have said why.
    case presenceChanged(AgentID, Presence, reason: AwayReasonID? = nil, by: AgentID?)
    /// An agent's wrap-up ends at this moment, unless they say so earlier.
    case wrapUpChanged(AgentID, until: Instant)
    /// An agent, or a supervisor who is then named, said when their shift ends; `nil`: it is open, or
    /// they came back after it.
    case shiftEndChanged(AgentID, Instant?, by: AgentID?)
    /// The moment came: the agent is given nothing new.
    case shiftEnded(AgentID)
    /// A supervisor changed an agent's capacity.
    case capacityChanged(AgentID, capacity: Int, by: AgentID)
    /// A supervisor changed what an agent is for.
    case profileChanged(AgentID, by: AgentID)
    /// The desk routes by another configuration from this event on; the event's number is its
    /// version.
    case configurationChanged(by: AgentID)
    /// A conversation was offered to an agent.
    case offerMade(ConversationID, Offer, Choice?)
    /// The offer to this agent ended.
    case offerEnded(ConversationID, AgentID, OfferEnd)
    /// The customer waited so long that less is asked for; tells how many steps are in force.
    case needsRelaxed(ConversationID, steps: Int)
    /// A supervisor changed what a conversation asks for, or its compartment.
    case needsChanged(ConversationID, by: AgentID)
    /// A conversation's priority changed; `nil`: that of its queue again. By a supervisor, or where
    /// none is named because its target is near or past.
    case priorityChanged(ConversationID, priority: Int?, by: AgentID?)
    /// A queue opened or closed; until then, as far as it is known. By its hours, or by a supervisor
    /// where one is named: then also when it only stays as it was.
    case queueTurned(QueueID, isOpen: Bool, until: Instant?, by: AgentID?)
    /// It was told when a queue is open, up to a moment; it opens or closes next at another.
    case queueHoursSet(QueueID, next: Instant?, knownUntil: Instant)
    /// The promise to a customer ends soon: at this moment, by the hours that are known.
    case targetWarned(
        ConversationID, Target.Kind, deadline: Instant?, callsSupervisor: Bool)
    /// A promise to a customer was broken.
    case targetBreached(ConversationID, Target.Kind, callsSupervisor: Bool)
    /// A person replied, in time or late.
    case targetMet(ConversationID, Target.Kind, isLate: Bool)
    /// A job's state changed.
    case jobChanged(JobID, ConversationID, MessageID, JobState, attempts: Int)
    /// An epoch began on some node.
    case epochBegan
    /// An input that the database would not take was set aside. Decided by the Engine, not the desk.
    case inputQuarantined
}

/// An event with its place in the ledger.
public struct EventRecord: Equatable, Sendable {
    /// Its number: 1, 2, 3 … without a gap for the life of the desk.
    public let number: Int64
    /// When it was decided.
    public let at: Instant
    /// The epoch of the node that decided it.
    public let epoch: Int64
    /// What it says.
    public let event: Event
    /// The agents whose feed it is on, ascending; supervisors see every event.
    public let audience: [AgentID]

    /// The event at this place.
    public init(number: Int64, at: Instant, epoch: Int64, event: Event, audience: [AgentID]) {
        self.number = number
        self.at = at
        self.epoch = epoch
        self.event = event
        self.audience = audience
    }
}

/// Why an input was refused. Nothing changed.
public struct Rejection: Error, Equatable, Sendable {
    /// What was wrong; each has a stable code in `Schemas/codes.json`.
    public enum Code: String, Sendable, CaseIterable {
        /// No such conversation, agent or job here.
        case notFound
        /// Only the owner may do this.
        case notOwner
        /// The conversation is closed.
        case conversationClosed
        /// The value is out of range.
        case outOfRange
        /// The job is not in a state that allows it.
        case wrongState
        /// Too many sockets of one person.
        case tooManyConnections
        /// The offer does not stand any more, or is another's.
        case offerEnded
        /// The agent is not on duty.
        case notOnDuty
        /// The agent has no room for it, or the queue is full.
        case noRoom
        /// The queue is closed.
        case queueClosed
        /// The agent may not take it: another queue, a missing skill, a conflict of interest.
        case notEligible
        /// The same name twice.
        case duplicated
        /// A step that never comes, or never changes anything.
        case neverEnds
        /// Hours without any.
        case neverOpens
        /// Two periods of one day share some time.
        case overlapping
        /// No bot answers at this desk.
        case noBot
        /// It leads back to where it began.
        case circular
        /// Nobody could serve it.
        case unservable
        /// Too many messages of the conversation are not settled yet.
        case tooManyUnsettled
        /// The same command id was used before with other parameters.
        case keyReused
    }
    /// What was wrong.
    public let code: Code
    /// The field of the command that was wrong.
    public let field: String

    /// Refused for this.
    public init(_ code: Code, field: String) {
        self.code = code
        self.field = field
    }
}
