/// Something that happened and that the desk must decide about. Texts travel beside it, never in it.
public enum Input: Equatable, Sendable {
    // MARK: From the channel

    /// The customer wrote (or tapped a button: a postback).
    case customerWrote(CustomerWrote)
    /// The channel told of anything else about a thread.
    case channelReported(ChannelReport)
    /// An event of the channel without a thread, or of a kind unknown to us: kept and counted.
    case channelEventKept
    /// The channel's threads were read back after the epoch began (or reading was given up): sends
    /// of unknown outcome count their deadline from now.
    case backfillFinished

    // MARK: From people

    /// An agent's socket opened.
    case agentConnected(AgentID, ConnectionID)
    /// An agent's socket closed.
    case agentDisconnected(AgentID, ConnectionID)
    /// All open sockets of a person, told again after a reload.
    case agentConnections(AgentID, Set<ConnectionID>)
    /// The agent said whether they are there, and may say why they are not.
    case presenceSet(AgentID, Presence, reason: AwayReasonID? = nil)
    /// The agent needs longer to write up what they let go of.
    case wrapUpExtended(AgentID)
    /// The agent, or a supervisor who is then named, said when their shift ends; `nil`: it is open.
    case shiftEndSet(AgentID, Instant?, by: AgentID?)
    /// A supervisor set an agent's capacity.
    case capacitySet(AgentID, capacity: Int, by: AgentID)
    /// The owner replied to the customer. The text travels beside.
    case agentReplied(AgentID, ConversationID, textDigest: Digest)
    /// A person ordered an unconfirmed or failed message to be sent again.
    case resendOrdered(AgentID, JobID)
    /// The owner has read the conversation.
    case conversationRead(AgentID, ConversationID)
    /// The owner closed the conversation.
    case conversationClosed(AgentID, ConversationID)

    /// The agent accepted the conversation that is offered to them.
    case offerAccepted(AgentID, ConversationID)
    /// The agent declined the conversation that is offered to them.
    case offerDeclined(AgentID, ConversationID, DeclineReason)
    /// The agent took a waiting conversation from the list of its queue.
    case conversationTaken(AgentID, ConversationID)
    /// The owner passed the conversation on.
    case transferOrdered(AgentID, ConversationID, TransferTarget)

    // MARK: From supervisors

    /// A supervisor or the operator changed what the desk routes by, and with it what some agents are
    /// for. Its version is set by the desk and is the result; refused when another one than `basedOn`
    /// is in force.
    case configurationSet(
        Configuration, profiles: [AgentProfile] = [], basedOn: Int64? = nil, by: AgentID)
    /// A supervisor changed what an agent is for.
    case profileSet(AgentID, Profile, by: AgentID)
    /// A supervisor set an agent's presence, and may say why they are to be away.
    case presenceOrdered(AgentID, Presence, reason: AwayReasonID? = nil, by: AgentID)
    /// A supervisor moved a conversation to a queue, or took it back into its own; into a full one only
    /// when that is said.
    case conversationMoved(ConversationID, QueueID, overridesLimit: Bool = false, by: AgentID)
    /// A supervisor gave a conversation to an agent who is on duty; beyond their capacity only when
    /// that is said.
    case conversationAssigned(ConversationID, AgentID, overridesCapacity: Bool, by: AgentID)
    /// A supervisor changed a conversation's priority; `nil`: that of its queue.
    case prioritySet(ConversationID, Int?, by: AgentID)
    /// A supervisor changed what a conversation asks for itself, and its compartment.
    case needsSet(ConversationID, [SkillLevel], CompartmentID?, by: AgentID)

    /// A supervisor closed a queue, until then or until somebody opens it.
    case queueClosed(QueueID, until: Instant? = nil, by: AgentID)
    /// A supervisor opened a queue: its hours count again; where they say closed it is kept open until
    /// then, or until they open it.
    case queueOpened(QueueID, until: Instant? = nil, by: AgentID)

    // MARK: From the outbox

    /// The outbox is about to send: nothing leaves before this is committed. Its result is the number
    /// of the attempt.
    case sendingBegan(JobID)
    /// What came of it. `attempt` is the value of ``Job/attempts`` that was sent.
    case sendingEnded(JobID, attempt: Int, SendOutcome)

    // MARK: From inside

    /// The shell computed from a calendar when queues are open, by the configuration of this version;
    /// refused when another is in force.
    case hoursComputed([QueueHours], version: Int64)

    /// A node became the desk's owner, or reloaded after an unknown commit: sockets are gone or must
    /// be entered anew, and what was being sent has an unknown outcome.
    case epochBegan
    /// Time passed: do what is due.
    case clockReached
}

/// What kind of thing the customer sent.
public enum CustomerMessageKind: String, Sendable, CaseIterable {
    /// Text, possibly with attachments.
    case text
    /// Attachments alone: images, files, a place, a sticker.
    case attachment
    /// A tapped button.
    case postback
}

/// The customer wrote.
public struct CustomerWrote: Equatable, Sendable {
    /// Stands for the page and the customer there.
    public var thread: Digest
    /// Stands for the platform's message id; `nil` when the platform gave none.
    public var platformMessage: Digest?
    /// What it was.
    public var kind: CustomerMessageKind
    /// When, by the platform's clock; the desk's own when the platform gave none that is usable.
    public var writtenAt: Instant
    /// By what it came; the same for all of a thread.
    public var origin: Origin

    /// The customer wrote this.
    public init(
        thread: Digest, platformMessage: Digest?, kind: CustomerMessageKind, writtenAt: Instant,
        origin: Origin = Origin()
    ) {
        self.thread = thread
        self.origin = origin
        self.platformMessage = platformMessage
        self.kind = kind
        self.writtenAt = writtenAt
    }
}

/// The channel told something about a thread that needs no answer.
public struct ChannelReport: Equatable, Sendable {
    /// What it tells.
    public enum Kind: Equatable, Sendable {
        /// A message left the page. With a job: ours, recognised by our metadata. With only a text
        /// digest: read back from the channel, ours if it is the text of an unknown job.
        case messageLeft(job: JobID?, textDigest: Digest?)
        /// The customer's device has everything up to this moment.
        case delivered(upTo: Instant)
        /// The customer has read everything up to this moment.
        case read(upTo: Instant)
        /// The customer reacted to a message, or took it back.
        case reacted(isRemoved: Bool)
        /// The customer changed a message; the new text travels beside.
        case edited
        /// The customer deleted a message.
        case deleted
        /// Any other event of the thread (referral, opt-in, hand over …); kept, shown as a note.
        case other
    }

    /// Stands for the page and the customer there.
    public var thread: Digest
    /// Stands for the platform's id of the message it is about (or that left).
    public var platformMessage: Digest?
    /// What it tells.
    public var kind: Kind
    /// When, by the platform's clock.
    public var at: Instant
    /// By what it came; the same for all of a thread.
    public var origin: Origin

    /// The channel told this.
    public init(
        thread: Digest, platformMessage: Digest?, kind: Kind, at: Instant,
        origin: Origin = Origin()
    ) {
        self.thread = thread
        self.origin = origin
        self.platformMessage = platformMessage
        self.kind = kind
        self.at = at
    }
}

/// What the store knew before a batch was decided; what the batch itself decides overrides it.
public struct Known: Equatable, Sendable {
    /// The latest conversation of each thread asked for, open or closed.
    public var threads: [Digest: Conversation] = [:]
    /// Closed conversations asked for by their number (open ones the desk holds itself).
    public var conversations: [ConversationID: Conversation] = [:]
    /// Recorded messages by the platform's id.
    public var messages: [Digest: MessageID] = [:]
    /// Settled jobs asked for by number (unsettled ones the desk holds itself).
    public var jobs: [JobID: Job] = [:]

    /// Nothing known.
    public init() {}
}

/// What a batch of inputs needs to know from the store.
public struct Needs: Equatable, Sendable {
    /// Threads whose latest conversation is needed.
    public var threads: Set<Digest> = []
    /// Conversations needed by number.
    public var conversations: Set<ConversationID> = []
    /// Messages needed by the platform's id.
    public var messages: Set<Digest> = []
    /// Jobs needed by number.
    public var jobs: Set<JobID> = []
    /// Conversations that the desk holds and the inputs may add to: nothing of them is needed, but
    /// the store may make ready what it seals their texts with.
    public var held: Set<ConversationID> = []

    /// Needs nothing.
    public init() {}

    /// Whether the store need not be asked.
    public var isEmpty: Bool {
        threads.isEmpty && conversations.isEmpty && messages.isEmpty && jobs.isEmpty
    }
}
