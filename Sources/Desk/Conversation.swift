/// Who a conversation belongs to. At every commit it is exactly one of these (promise P2).
public enum Owner: Hashable, Sendable {
    /// Nobody: the conversation is closed.
    case nobody
    /// The chatbot answers.
    case bot
    /// It waits in a queue.
    case queue(QueueID)
    /// An agent holds it.
    case agent(AgentID)
}

/// One customer's conversation with the desk, open or closed. It is reopened, not replaced, when the
/// customer writes again.
public struct Conversation: Equatable, Sendable {
    /// Its name: the number of the event that opened it.
    public let id: ConversationID
    /// The customer it is with.
    public let customer: CustomerID
    /// Stands for the page and the customer's id there.
    public let thread: Digest
    /// By what the customer's messages come.
    public var origin: Origin
    /// The queue that it waits in when nobody holds it.
    public var queue: QueueID
    /// Who it belongs to now.
    public var owner: Owner
    /// How many handoffs it has had; the number of the latest.
    public var handoffs: Int
    /// Since when the customer waits for a person: set when the conversation enters a queue from
    /// nobody or the bot, kept through every later return (promise P13).
    public var waitingSince: Instant
    /// When it was opened.
    public var openedAt: Instant
    /// When its latest message was recorded.
    public var lastMessageAt: Instant
    /// When the customer's latest message was written, by the platform's clock; the platform's
    /// 24-hour window counts from here. ``neverWrote`` when only others have.
    public var customerWroteAt: Instant
    /// How many of the customer's messages the owner has not marked as read.
    public var unread: Int
    /// What decides who may take it, beyond its queue.
    public var routing: Routing

    /// A conversation with these values.
    public init(
        id: ConversationID, customer: CustomerID, thread: Digest, queue: QueueID, owner: Owner,
        handoffs: Int, waitingSince: Instant, openedAt: Instant, lastMessageAt: Instant,
        customerWroteAt: Instant, unread: Int, routing: Routing = Routing(),
        origin: Origin = Origin()
    ) {
        self.id = id
        self.customer = customer
        self.thread = thread
        self.origin = origin
        self.queue = queue
        self.owner = owner
        self.handoffs = handoffs
        self.waitingSince = waitingSince
        self.openedAt = openedAt
        self.lastMessageAt = lastMessageAt
        self.customerWroteAt = customerWroteAt
        self.unread = unread
        self.routing = routing
    }

    /// ``customerWroteAt`` of a conversation in which the customer has not written yet.
    public static let neverWrote = Instant(milliseconds: 0)

    /// Whether somebody is or will be answering.
    public var isOpen: Bool { owner != .nobody }

    /// What messages change about it.
    public var activity: Activity {
        get {
            Activity(
                conversation: id, lastMessageAt: lastMessageAt, customerWroteAt: customerWroteAt,
                unread: unread)
        }
        set {
            lastMessageAt = newValue.lastMessageAt
            customerWroteAt = newValue.customerWroteAt
            unread = newValue.unread
        }
    }

    /// Whether the other differs from this one in nothing but its activity.
    func isSame(butForActivityAs other: Conversation) -> Bool {
        var same = self
        same.activity = other.activity
        return same == other
    }
}

/// What messages change about a conversation. It is a row of its own, so that a message, of which
/// there are far more than changes of owner, rewrites little.
public struct Activity: Equatable, Sendable {
    /// Which conversation.
    public let conversation: ConversationID
    /// See ``Conversation/lastMessageAt``.
    public var lastMessageAt: Instant
    /// See ``Conversation/customerWroteAt``.
    public var customerWroteAt: Instant
    /// See ``Conversation/unread``.
    public var unread: Int

    /// The activity with these values.
    public init(
        conversation: ConversationID, lastMessageAt: Instant, customerWroteAt: Instant, unread: Int
    ) {
        self.conversation = conversation
        self.lastMessageAt = lastMessageAt
        self.customerWroteAt = customerWroteAt
        self.unread = unread
    }
}

/// Why a conversation changed its owner.
public enum HandoffReason: String, Sendable, CaseIterable {
    /// The customer wrote and no conversation was open.
    case customerWrote
    /// The desk gave it to the agent whose turn it was.
    case assigned
    /// The agent's grace after losing the last connection ran out.
    case disconnected
    /// The agent signed out or went offline.
    case wentOffline
    /// The agent closed it.
    case closed
    /// The agent accepted the offer.
    case offerAccepted
    /// The agent took it from the list of a queue.
    case taken
    /// The owner passed it on.
    case transferred
    /// It waited too long, or too many waited, in its queue.
    case overflowed
    /// A supervisor moved it to a queue, or took it back.
    case moved
    /// A supervisor moved it to a queue that was full.
    case movedOverLimit
    /// A supervisor gave it to an agent.
    case assignedBySupervisor
    /// A supervisor gave it to an agent beyond their capacity.
    case assignedOverCapacity
    /// The customer was never answered and fell silent for so long that they count as gone.
    case abandoned
    /// Its target was near or past, and its queue sends it on then.
    case escalated
    /// It was the bot's, and no bot is there.
    case botAbsent
}

/// One change of owner, on record for good (promise P6): `from` is the `to` of the one before.
public struct Handoff: Equatable, Sendable {
    /// Which conversation.
    public let conversation: ConversationID
    /// 1, 2, 3 … within the conversation.
    public let number: Int
    /// The owner until now.
    public let from: Owner
    /// The owner from now on.
    public let to: Owner
    /// Why.
    public let reason: HandoffReason
    /// The person who ordered it; `nil` when it was the desk, the customer or the new owner.
    public let by: AgentID?
    /// How the desk chose the agent; `nil` when it did not choose.
    public let choice: Choice?

    /// The handoff with these values.
    public init(
        conversation: ConversationID, number: Int, from: Owner, to: Owner, reason: HandoffReason,
        by: AgentID? = nil, choice: Choice? = nil
    ) {
        self.conversation = conversation
        self.number = number
        self.from = from
        self.to = to
        self.reason = reason
        self.by = by
        self.choice = choice
    }
}
