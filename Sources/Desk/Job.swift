/// An order to the outside: send one message to the customer.
public struct Job: Equatable, Sendable {
    /// Its name: the number of the event that ordered it.
    public let id: JobID
    /// The conversation it belongs to. At most one job of a conversation is in flight, in order.
    public let conversation: ConversationID
    /// The message it sends.
    public let message: MessageID
    /// The agent who wrote it; `nil`: the desk itself.
    public let agent: AgentID?
    /// Stands for the text: recognises it among messages of the page that were read back.
    public let textDigest: Digest
    /// How far it has come.
    public var state: JobState
    /// How often sending has begun.
    public var attempts: Int

    /// A job with these values.
    public init(
        id: JobID, conversation: ConversationID, message: MessageID, agent: AgentID?,
        textDigest: Digest, state: JobState, attempts: Int
    ) {
        self.id = id
        self.conversation = conversation
        self.message = message
        self.agent = agent
        self.textDigest = textDigest
        self.state = state
        self.attempts = attempts
    }
}

/// How far a job has come.
///
/// `queued → sending → sent | failed | queued (retry) | unknown`, and `unknown → sent | unconfirmed`;
/// an echo may still turn `unconfirmed` into `sent`. A job that may have left is never sent again by
/// the machine (promise P8).
public enum JobState: Equatable, Sendable {
    /// May be sent, not before this moment.
    case queued(notBefore: Instant)
    /// Committed that it is about to leave: whether it did is known only from its outcome.
    case sending
    /// It may have left. With a deadline: when no echo has come by then it becomes `unconfirmed`.
    /// Without one: the node began anew, and the deadline starts when the channel was read back.
    case unknown(deadline: Instant?)
    /// The platform took it.
    case sent
    /// The platform refused it for good.
    case failed(SendFailure)
    /// It may have left and nothing ever proved it. Shown to the agent; only a person resends it.
    case unconfirmed

    /// Whether nothing more will happen by itself, so that the next job of the conversation may go.
    public var isSettled: Bool {
        switch self {
        case .queued, .sending, .unknown: false
        case .sent, .failed, .unconfirmed: true
        }
    }
}

/// Why a send failed for good, in words that a person can act on.
public enum SendFailure: String, Sendable, CaseIterable {
    /// Outside the platform's window for free text (24 hours after the customer wrote).
    case outsideWindow
    /// The customer cannot be reached: blocked, left, or no such user.
    case customerUnavailable
    /// Another app controls the thread.
    case anotherAppInControl
    /// The platform refused the content or a parameter.
    case refused
    /// The page's token or permission is not valid; an operator must act.
    case pageNotPermitted
    /// Retried as often as the rules allow.
    case attemptsExhausted
}

/// What came of one attempt to send.
public enum SendOutcome: Equatable, Sendable {
    /// The platform took it. Its name for the message travels beside.
    case sent
    /// Surely not taken; worth another try, not before this moment.
    case retry(notBefore: Instant)
    /// Surely not taken and never will be.
    case failed(SendFailure)
    /// It may have been taken.
    case unknown
}
