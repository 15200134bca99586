public import Desk

/// What happens to an ``Outbox``.
public enum OutboxHappening: Equatable, Sendable {
    /// These events were committed: jobs among them were ordered or changed.
    case released([EventRecord])
    /// The state was read anew: these are the unsettled jobs.
    case resumed([Job])
    /// Another node owns the desk: forget everything; posts that are out end unheard.
    case standBy
    /// The beginning of this attempt is committed: it may leave. The released event says the same;
    /// whichever comes first lets it leave, once.
    case began(JobID, attempt: Int)
    /// It was refused or could not be decided: nothing leaves.
    case beginRefused(JobID)
    /// A post ended.
    case ended(JobID, attempt: Int, SendOutcome, PageTrouble?)
    /// The report of an outcome was stored, or (`false`) could not be decided and must be made again.
    case reported(JobID, attempt: Int, isStored: Bool)
    /// The node ends: what is queued and due before this moment may still begin.
    case draining(until: Instant)
    /// Nothing new is to begin; what is out is finished.
    case drained
    /// Time passed (see ``OutboxStep/wake(at:)``).
    case clockReached
}

/// Trouble that concerns every send of the page, not one message.
public enum PageTrouble: Equatable, Sendable {
    /// The platform limits the page's rate: nothing is to be begun before this moment.
    case rateLimited(until: Instant)
    /// The page's token or permission is not valid. Until a send succeeds again only one is tried
    /// every ``OutboxLimits/probePause``.
    case notPermitted
}

/// What an ``Outbox`` wants done, in order.
public enum OutboxStep: Equatable, Sendable {
    /// Enter `Input.sendingBegan`; answer with `began` or `beginRefused`.
    case begin(JobID)
    /// Send it; answer with `ended`.
    case post(JobID, attempt: Int)
    /// Enter `Input.sendingEnded`; answer with `reported`.
    case report(JobID, attempt: Int, SendOutcome)
    /// Report `clockReached` at this moment (replaces the earlier wish).
    case wake(at: Instant)
}

/// Limits of the outbox, each with its reason.
public enum OutboxLimits {
    /// Sends begun per second. The platform allows 300 calls a second and page (Messenger Platform,
    /// "Rate limits"); a sixth is left for reading threads back.
    public static let sendsPerSecond: Int64 = 250
    /// Sends that may begin at one moment after a quiet time.
    public static let burst: Int64 = 25
    /// Sends under way at one moment: at 250 a second each may take a quarter of a second.
    public static let inFlight = 64
    /// How long to wait between two tries while the page is not permitted to send, in milliseconds.
    public static let probePause: Int64 = 60_000
}
