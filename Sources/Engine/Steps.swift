public import Desk

/// What happens to an Engine.
public enum Happening: Equatable, Sendable {
    /// The node starts: begin to seek the lease.
    case started
    /// Inputs arrived, in this order: as far as there is room, one batch takes all of them.
    case arrived([Arrival])
    /// The prefetch ended; `nil` when the database did not answer.
    case prefetched(Prefetched?)
    /// The commit ended.
    case committed(CommitOutcome)
    /// A `gather` was performed: the next batch may be formed.
    case gathered
    /// The lease was taken, raised or kept, and the state read.
    case reloaded(Reloaded)
    /// It was not.
    case reloadFailed(ReloadFailure)
    /// Time passed (see ``Step/wake(at:)``).
    case clockReached
    /// The operator wants this node to end: nothing new is taken, what is under way is finished, then
    /// the lease is given back.
    case drained
}

/// What the Engine wants done. The shell performs the steps in order and reports back; what happens
/// while it does so is handed in after the last of them.
public enum Step: Equatable, Sendable {
    /// Read what a batch may touch; answer with `prefetched`.
    case prefetch(PrefetchRequest)
    /// Write a batch; answer with `committed`.
    case commit(Commit)
    /// Committed: give out answers, pushes and jobs. The desk may be ahead of it; what is shown beside an
    /// event is that of ``CommittedState``.
    case release(Release)
    /// Hand in what has arrived by now, then report `gathered`: a batch of the few that came first would
    /// keep all the others waiting for its commit.
    case gather
    /// Take or check the lease and read the state; answer with `reloaded` or `reloadFailed`. All
    /// caches of the store are forgotten first.
    case reload(LeaseRequest)
    /// The state was read anew: give resumed sockets what they have not seen of `recent`, take up the
    /// jobs. The Engine enters the connections that it knows again by itself.
    case resume(Reloaded)
    /// Another node owns the desk: close the sockets so that they reconnect elsewhere.
    case standBy
    /// Give the lease back, then end.
    case giveLeaseBack(epoch: Int64)
    /// The desk cannot go on without a person: an internal input is poisonous.
    case stop
    /// Report `clockReached` at this moment (replaces the earlier wish).
    case wake(at: Instant)
}

/// One arrival's share of a release.
public struct ReleasedEntry: Equatable, Sendable {
    /// Whom to answer; `nil` for the Engine's own inputs.
    public let ticket: Ticket?
    /// What to tell.
    public let answer: Answer
    /// The events that came of it, to be pushed.
    public let records: [EventRecord]
    /// What travelled beside, so that a push need not read it back.
    public let content: Content?
    /// The words of the messages among the events that the desk wrote itself.
    public let written: [Written]

    /// A share with these parts.
    public init(
        ticket: Ticket?, answer: Answer, records: [EventRecord], content: Content?,
        written: [Written] = []
    ) {
        self.ticket = ticket
        self.answer = answer
        self.records = records
        self.content = content
        self.written = written
    }
}

/// What may leave now, in order.
public struct Release: Equatable, Sendable {
    /// The epoch it was committed in; of answers that need no commit (`unavailable`), the latest epoch
    /// that this node knew, 0 before the first.
    public let epoch: Int64
    /// The shares, in the order of decision.
    public let entries: [ReleasedEntry]
    /// The rows that were committed with them.
    public let changes: Changes

    /// A release of these.
    public init(epoch: Int64, entries: [ReleasedEntry], changes: Changes = Changes()) {
        self.epoch = epoch
        self.entries = entries
        self.changes = changes
    }
}

/// Limits of the Engine, each with its reason.
public enum EngineLimits {
    /// Inputs in one commit: beyond about 500 a batch gains little and costs latency (measured:
    /// 100 rows 1.6 ms, 1,000 rows 11 ms).
    public static let batchSize = 512
    /// Events after which a commit takes no further input: one input may bring about many, an agent who
    /// comes free a dozen. So a commit stays far below its deadline, what it decided is not kept from
    /// everybody for long (measured: 500 assignments 35 to 45 ms), and most of it is in the database's
    /// socket at once, so that the database has work while we give out the commit before.
    public static let batchEvents = 512
    /// Answers and events from which on a release waits for the next batch to go to the database first,
    /// if there is one: giving out fewer takes less time than preparing that batch (measured: 20 µs
    /// each, and 0.5 ms).
    public static let largeRelease = 32
    /// A release waits no longer than this for the next batch, in milliseconds: that takes a look at the
    /// database and the decisions, some 10; a database that hangs keeps back nothing that it has stored.
    public static let releaseHold: Int64 = 100
    /// Inputs waiting to be decided; beyond it new ones are told `unavailable` at once. Each socket of
    /// a node (20,000 at most) may have something to say at one moment: a shift begins, a desk was
    /// read anew. How long it waits is bounded by time.
    public static let waitingInputs = 32_768
    /// How long a webhook element waits for the database, in milliseconds: Meta wants an answer
    /// within 5 s, and a second is left for the way.
    public static let webhookWait: Int64 = 4_000
    /// How long a command waits for the database before its sender is told, in milliseconds.
    public static let commandWait: Int64 = 10_000
    /// Events kept in memory for resuming sockets.
    public static let feedLength = 16_384
    /// How long a lease lasts by the database's clock, in milliseconds.
    public static let leaseTime: Int64 = 10_000
    /// An idle owner renews its lease this often, in milliseconds: three tries before it lapses.
    public static let leaseRenewal: Int64 = 3_000
    /// A batch that the database asked to repeat (serialization failure, deadlock) is repeated this
    /// often at once, then after ``retryPause`` each time.
    public static let immediateRetries = 3
    /// How long to wait before asking again for a lease or an absent database, in milliseconds.
    public static let retryPause: Int64 = 250
    /// The pause before a new epoch doubles this often while nothing can be stored, to 2 s: half of
    /// what a webhook waits, and the log and the WAL do not fill with attempts.
    public static let pauseDoublings = 3
}
