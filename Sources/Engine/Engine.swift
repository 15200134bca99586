internal import DequeModule
public import Desk

/// The one writer of a desk as a state machine: batches inputs, has the ``Desk/Desk`` decide them,
/// and lets nothing leave before its commit. Contains no clock, no randomness and no I/O: what happens
/// comes in with its time, what is to be done goes out as steps.
///
/// At most one request to the store (prefetch, commit or reload) is under way at any time, so the
/// desk in memory is the committed one plus at most one batch.
///
/// ```
/// starting ──started──▶ acquiring ──reloaded──▶ idle ──inputs──▶ prefetching ──▶ committing ──ok──▶ idle ¹
///                        ▲     │ failed                             │                │
///              askAt ────┘     ▼                                    │ no answer      │ unknown, unavailable,
///             standby ◀────────┴──────────────── fenced, held ◀─────┤                │ retry, poison
///                                                                   ▼                ▼
///                                             pausing ◀─failed── reloading ──reloaded──▶ idle
/// ```
/// A batch that the database refuses as data is decided again one input at a time; the one that is
/// refused alone is set aside in a commit of its own (`quarantining`), after which the state is read
/// once more. `ended` and `stopped` are final.
///
/// ¹ By way of `gathering`, here and after a reload: what is committed is given out, and the next batch
/// takes in all that has arrived by then. But while there is much for that batch to do, a large release
/// waits until it is on its way to the database, which then works while we give out
/// (``EngineLimits/largeRelease``). The desk is a batch ahead by then: what is shown beside an event
/// comes from ``CommittedState``, never from the desk (promise P7).
public struct Engine: Sendable {
    /// Where the machine stands.
    enum Phase: Equatable, Sendable {
        /// Nothing was done yet.
        case starting
        /// Another node owns the desk, or may: ask for the lease at this moment.
        case standby(askAt: Instant)
        /// Asked for the lease.
        case acquiring
        /// Owner, nothing under way.
        case idle
        /// A batch waits for what the store knows.
        case prefetching
        /// A batch was decided and waits for its commit.
        case committing
        /// The shell takes in what has arrived; nothing else is under way.
        case gathering
        /// An input is being set aside; a second try leaves out what travelled beside it.
        case quarantining(isSecondTry: Bool)
        /// The state was forgotten and is being read anew; what is undecided waits.
        case reloading(LeaseRequest)
        /// The database is away: ask again at this moment; what is undecided waits.
        case pausing(LeaseRequest, until: Instant)
        /// The lease was given back.
        case ended
        /// A person must act.
        case stopped
    }

    let rules: Rules
    /// Puts what the desk announces into words; without one it announces nothing. It must be a pure
    /// function for as long as an epoch lasts.
    public var composer: Composer?
    var phase = Phase.starting
    /// The latest moment told; time never runs backwards in here.
    var now = Instant(milliseconds: 0)
    /// The desk: the committed state, plus the batch under way.
    public internal(set) var desk: Desk?
    /// The epoch in which this node owns the desk, or owned it last; 0 before the first.
    public internal(set) var epoch: Int64 = 0
    /// What was done so far.
    public internal(set) var counters = Counters()

    /// Inputs that wait to be decided, in order of arrival.
    var waiting = Deque<Waiting>()
    /// The batch under way, in the order of decision.
    var batch: [Item] = []
    /// What the batch's inputs will be told once it is committed, one share per item.
    var shares: [ReleasedEntry] = []
    /// The rows that the batch changed.
    var changes = Changes()
    /// Committed, and to be given out as soon as the next batch goes to the store, or at this moment.
    var held: (release: Release, until: Instant)?
    /// From how many answers and events on a release may be held.
    let largeRelease: Int
    /// Whether the commit under way writes anything but the lease.
    var commitHasEntries = false
    /// The input that the database refused alone, until it is set aside.
    var culprit: Waiting?
    /// How many inputs are still to be decided one at a time.
    var isolated = 0
    /// How often in a row the database asked to repeat, or did not store.
    var retries = 0
    /// The connections of each agent as committed. They live in no row, so they are kept here to be
    /// given to the desk again after a reload.
    var connections: [AgentID: Set<ConnectionID>] = [:]
    /// Whether the start of this epoch is committed.
    var isEpochBegun = false
    /// Whether the operator wants this node to end.
    var isDraining = false
    /// When the latest request that renewed the lease was made.
    var leaseRenewedAt = Instant(milliseconds: 0)
    /// When the request under way was made.
    var askedAt = Instant(milliseconds: 0)
    /// When the desk's clock was last decided: it is decided once per moment.
    var clockDecidedAt: Instant?
    /// No input gives up before this moment; `nil` when none is waiting for one.
    var earliestGiveUp: Instant?
    /// The moment that the shell was last asked to wake us at.
    var armedWake: Instant?

    /// A node that does not own its desk yet. A release is large from so many answers and events on.
    public init(rules: Rules, largeRelease: Int = EngineLimits.largeRelease) {
        self.rules = rules
        self.largeRelease = largeRelease
    }

    /// Whether this node is the desk's owner and serves it, as far as it knows: the start of its epoch
    /// is stored. A database that grants the epoch may still be unable to store anything.
    public var isOwner: Bool {
        switch phase {
        case .idle, .prefetching, .committing, .gathering, .quarantining:
            isEpochBegun && !isDraining
        case .starting, .standby, .acquiring, .reloading, .pausing, .ended, .stopped: false
        }
    }

    /// Whether this node will do nothing more: it was drained or stopped.
    public var isFinished: Bool { phase == .ended || phase == .stopped }

    /// How many inputs wait to be decided, the batch under way included.
    public var undecided: Int { waiting.count + batch.count }

    /// Takes in what happened at this moment; gives what is to be done, in order.
    ///
    /// An answer of the store (`prefetched`, `committed`, `reloaded`, `reloadFailed`) must follow the
    /// step that asked for it, once.
    public mutating func handle(_ happening: Happening, at: Instant) -> [Step] {
        now = max(now, at)
        var steps: [Step] = []
        switch happening {
        case .started:
            precondition(phase == .starting, "started twice")
            ask(.take, &steps)
        case .arrived(let arrivals):
            for arrival in arrivals { arrive(arrival, &steps) }
        case .prefetched(let prefetched):
            precondition(phase == .prefetching, "no prefetch under way")
            if let prefetched {
                decide(prefetched, &steps)
            } else {
                counters.prefetchesLost += 1
                giveHeldRelease(&steps)
                raise(&steps)
            }
        case .gathered:
            if phase == .gathering { phase = .idle }
        case .committed(let outcome):
            counters.commits[outcome, default: 0] += 1
            committed(outcome, &steps)
        case .reloaded(let reloaded):
            self.reloaded(reloaded, &steps)
        case .reloadFailed(let failure):
            reloadFailed(failure, &steps)
        case .clockReached:
            armedWake = nil
            clockReached(&steps)
        case .drained:
            drain(&steps)
        }
        advance(&steps)
        arm(&steps)
        return steps
    }

    /// Asks to be woken when something is due by time alone. An earlier wish is left standing: it
    /// costs one idle wake, while moving it would cost one timer per batch.
    private mutating func arm(_ steps: inout [Step]) {
        var wish = undecided > 0 || culprit != nil ? earliestGiveUp : nil
        func earlier(_ moment: Instant) {
            wish = min(wish ?? moment, moment)
        }
        if let held { earlier(held.until) }
        switch phase {
        case .idle:
            if let deadline = desk?.nextDeadline {
                // A deadline that deciding the clock at this very moment did not clear is looked at
                // again in the next one.
                let isDecided = clockDecidedAt == now && deadline <= now
                earlier(isDecided ? now.adding(milliseconds: 1) : deadline)
            }
            earlier(leaseRenewedAt.adding(milliseconds: EngineLimits.leaseRenewal))
        case .standby(let moment), .pausing(_, until: let moment):
            earlier(moment)
        case .starting, .acquiring, .prefetching, .committing, .gathering, .quarantining,
            .reloading:
            break
        case .ended, .stopped: return
        }
        guard let wish else { return }
        if let armedWake, armedWake <= wish { return }
        armedWake = wish
        steps.append(.wake(at: wish))
    }
}
