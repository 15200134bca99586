public import Desk

/// Names one arrival within one node's life: the shell mints it and finds by it whom to answer.
public struct Ticket: Hashable, Comparable, Sendable {
    /// The number.
    public let number: UInt64
    /// Names the arrival with this number.
    public init(_ number: UInt64) { self.number = number }
    /// Orders by number.
    public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

/// Whose input it is: decides how long it may wait and what happens when the database refuses it.
public enum Source: Sendable, CaseIterable {
    /// A webhook element: waits at most ``EngineLimits/webhookWait``, then is told `unavailable`.
    case webhook
    /// A person's command or the outbox's report.
    case command
    /// A socket opened or closed: waits as long as it takes. What was committed of it is entered anew
    /// by the Engine after a reload; what was not is decided again.
    case connection
    /// The clock or the start of an epoch: one that the database will not take stops the desk.
    case `internal`
}

/// What travels beside an input into the same commit: opaque to the rules.
public struct Content: Equatable, Sendable {
    /// What to keep sealed under the customer's key (a message's text and attachments, a raw event),
    /// as the document that Wire made.
    public var body: [UInt8]?
    /// Stands for the platform's id of the message.
    public var platformMessage: Digest?
    /// Where the customer is reached (page and platform id), to be sealed when the customer is new.
    public var address: [UInt8]?
    /// The channel's own name of the kind of event, for counting; never of a person.
    public var kind: String?

    /// Content with these parts.
    public init(
        body: [UInt8]? = nil, platformMessage: Digest? = nil, address: [UInt8]? = nil,
        kind: String? = nil
    ) {
        self.body = body
        self.platformMessage = platformMessage
        self.address = address
        self.kind = kind
    }
}

/// What is asked of the Engine: an input for the desk, or a look at it.
public enum Request: Equatable, Sendable {
    /// Decide, commit, answer.
    case input(Input)
    /// The state that this person may see, as of this place in the order of inputs.
    case view(AgentID, isSupervisor: Bool)
    /// Why this conversation waits, or with whom it is, as of this place in the order of inputs. Like
    /// a view it is answered at release, so that nobody is told of what was never committed: the
    /// answer is ``Answer/explanation(_:)``. Only a supervisor may be told; who asks is the shell's
    /// to check.
    case explanation(ConversationID)
}

/// One input on its way.
public struct Arrival: Equatable, Sendable {
    /// Whom to answer.
    public let ticket: Ticket
    /// Whose it is.
    public let source: Source
    /// Recognises a repetition; `nil` where a repetition does no harm.
    public let key: Digest?
    /// Stands for the parameters of a command: the same key with others is refused.
    public let parameters: Digest?
    /// What is asked.
    public let request: Request
    /// What travels beside.
    public let content: Content?

    /// An input on its way.
    public init(
        ticket: Ticket, source: Source, key: Digest?, parameters: Digest? = nil, request: Request,
        content: Content? = nil
    ) {
        self.ticket = ticket
        self.source = source
        self.key = key
        self.parameters = parameters
        self.request = request
        self.content = content
    }
}

/// What a person may see of the desk at one moment.
public struct View: Equatable, Sendable {
    /// The number of the latest event contained.
    public let number: Int64
    /// The epoch.
    public let epoch: Int64
    /// Their own conversations and those offered to them; every open one for a supervisor. Ascending
    /// by id.
    public let conversations: [Conversation]
    /// Themselves; everybody for a supervisor. Ascending by id.
    public let agents: [Agent]
    /// Unsettled jobs of those conversations. Ascending by id.
    public let jobs: [Job]
    /// What the desk routes by.
    public let configuration: Configuration
    /// How many units of work each of those agents has, offers included; in the same order.
    public let loads: [Int]
    /// Who waits, in order, in queues that this person takes from; at most ``Limits/takeable``.
    public let takeable: [Conversation]

    /// The view with these parts.
    public init(
        number: Int64, epoch: Int64, conversations: [Conversation], agents: [Agent], jobs: [Job],
        configuration: Configuration = Configuration(), loads: [Int] = [],
        takeable: [Conversation] = []
    ) {
        self.number = number
        self.epoch = epoch
        self.conversations = conversations
        self.agents = agents
        self.jobs = jobs
        self.configuration = configuration
        self.loads = loads
        self.takeable = takeable
    }
}

/// What the one who asked is told. Given out only after the commit (promise P7).
public enum Answer: Equatable, Sendable {
    /// Accepted and stored; `result` names the message or job that came of it, or is 0.
    case accepted(result: Int64)
    /// It had been accepted before, with this result.
    case repeated(result: Int64)
    /// Refused; nothing changed.
    case rejected(Rejection)
    /// Not decided, and whether an earlier try was stored is not known: ask again with the same key.
    case unavailable
    /// The database would not take it: set aside, on record.
    case quarantined
    /// What was asked to be seen.
    case view(View)
    /// Why a conversation waits; `nil` when none of this number is open.
    case explanation(Explanation?)
}
