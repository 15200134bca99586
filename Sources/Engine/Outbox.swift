internal import DequeModule
public import Desk
internal import HeapModule

/// Decides when which job leaves, as a state machine beside the ``Engine``.
///
/// One send goes `begin → began → post → ended → report → reported`: the beginning is committed before
/// the post leaves, and its outcome is reported until it is stored (promise P8: what was begun is
/// never begun again by this machine unless the desk queues it again). Of each conversation at most
/// one send is under way, and only its first unsettled job.
public struct Outbox: Sendable {
    /// How far a send under way has come.
    private enum Stage: Equatable, Sendable {
        /// Its beginning was entered; nothing has left.
        case beginning
        /// It was posted.
        case posted(attempt: Int)
        /// Its outcome was entered and is not known to be stored.
        case reporting(attempt: Int, SendOutcome)
        /// Its outcome could not be stored: enter it again at this moment.
        case waiting(attempt: Int, SendOutcome, until: Instant)
    }
    /// Whether more may begin.
    private enum Course: Equatable, Sendable {
        case serving
        /// What is due before this moment.
        case draining(until: Instant)
        /// Nothing.
        case drained
    }
    private struct Send: Equatable, Sendable {
        let conversation: ConversationID
        var stage: Stage
    }
    private struct Order: Equatable, Sendable {
        var job: JobID
        var notBefore: Instant?
    }

    /// The unsettled jobs of each conversation, ascending; with a moment when it is queued.
    private var orders: [ConversationID: [Order]] = [:]
    /// Conversations whose first job may go, by the moment from which it may; entries that no longer
    /// hold are dropped when they come up.
    private var ready = Heap<Ready>()
    /// Sends under way.
    private var sends: [JobID: Send] = [:]
    /// Conversations with a send under way.
    private var busy: Set<ConversationID> = []
    /// Reports to be made again, in the order in which they failed.
    private var reportsAgain = Deque<JobID>()
    /// The moment from which the rate allows the next send, were there no burst.
    private var rateReached = Instant(milliseconds: 0)
    private var pausedUntil = Instant(milliseconds: 0)
    private var isProbing = false
    private var course = Course.serving
    private var now = Instant(milliseconds: 0)
    private var armedWake: Instant?

    /// An outbox with nothing to send.
    public init() {}

    /// How many sends are under way: begun, posted or not yet stored.
    public var inFlight: Int { sends.count }

    /// Whether nothing is under way and, while it is drained, nothing will begin any more: what is not
    /// due in time stays queued for the next owner.
    public var isSettled: Bool { sends.isEmpty && !(nextBeginning.map(mayBegin) ?? false) }

    /// Whether the page was refused and only probes are sent.
    public var isPageStopped: Bool { isProbing }

    /// Takes in what happened at this moment; gives what is to be done, in order.
    public mutating func handle(_ happening: OutboxHappening, at: Instant) -> [OutboxStep] {
        now = max(now, at)
        var steps: [OutboxStep] = []
        switch happening {
        case .released(let records):
            for record in records { note(record.event, record.at, &steps) }
        case .resumed(let jobs):
            resume(jobs, &steps)
        case .standBy:
            forget()
        case .began(let job, let attempt):
            post(job, attempt, &steps)
        case .beginRefused(let job):
            beginRefused(job)
        case .ended(let job, let attempt, let outcome, let trouble):
            ended(job, attempt, outcome, trouble, &steps)
        case .reported(let job, let attempt, let isStored):
            reported(job, attempt, isStored)
        case .draining(let until):
            if course == .serving { course = .draining(until: until) }
        case .drained:
            course = .drained
        case .clockReached:
            armedWake = nil
        }
        reportAgain(&steps)
        begin(&steps)
        arm(&steps)
        return steps
    }

    // MARK: What is to be sent

    private mutating func note(_ event: Event, _ at: Instant, _ steps: inout [OutboxStep]) {
        switch event {
        case .messageWritten(let conversation, _, _, let job):
            set(job, of: conversation, to: .queued(notBefore: at))
        case .announcementWritten(let conversation, _, let job, _):
            set(job, of: conversation, to: .queued(notBefore: at))
        case .jobChanged(let job, let conversation, _, .sending, let attempts):
            set(job, of: conversation, to: .sending)
            goOn(job, of: conversation, attempts, &steps)
        case .jobChanged(let job, let conversation, _, let state, attempts: _):
            set(job, of: conversation, to: state)
        case .customerMet, .conversationOpened, .messageReceived, .messageSentElsewhere,
            .messagesDelivered, .messagesRead, .messageReacted, .messageEdited, .messageDeleted,
            .channelEventKept, .ownerChanged, .conversationRead, .agentEntered, .agentConnected,
            .agentDisconnected, .presenceChanged, .wrapUpChanged, .shiftEndChanged, .shiftEnded,
            .capacityChanged, .profileChanged,
            .configurationChanged, .offerMade, .offerEnded, .needsRelaxed, .needsChanged,
            .priorityChanged, .epochBegan, .queueTurned, .queueHoursSet, .targetWarned,
            .targetBreached, .targetMet, .inputQuarantined:
            break
        }
    }

    private mutating func set(_ job: JobID, of conversation: ConversationID, to state: JobState) {
        var list = orders[conversation] ?? []
        let place = list.firstIndex { $0.job >= job } ?? list.endIndex
        if place < list.endIndex, list[place].job == job { list.remove(at: place) }
        switch state {
        case .queued(let notBefore): list.insert(Order(job: job, notBefore: notBefore), at: place)
        case .sending, .unknown: list.insert(Order(job: job, notBefore: nil), at: place)
        case .sent, .failed, .unconfirmed: break
        }
        orders[conversation] = list.isEmpty ? nil : list
        makeReady(conversation)
    }

    private mutating func makeReady(_ conversation: ConversationID) {
        guard let next = next(of: conversation) else { return }
        ready.insert(next)
    }

    /// The first job of a conversation, if it may go: nothing of the conversation may be under way,
    /// here or, left over from an earlier epoch, anywhere (a later job may be, when an earlier one
    /// was ordered to be sent again).
    private func next(of conversation: ConversationID) -> Ready? {
        guard !busy.contains(conversation), let line = orders[conversation], let first = line.first,
            let notBefore = first.notBefore, line.allSatisfy({ $0.notBefore != nil })
        else { return nil }
        return Ready(notBefore: notBefore, job: first.job, conversation: conversation)
    }

    /// It may be tried again, but not in a tight loop while the database is away.
    private mutating func beginRefused(_ job: JobID) {
        guard let send = sends[job], send.stage == .beginning else { return }
        let again = now.adding(milliseconds: EngineLimits.retryPause)
        if let place = orders[send.conversation]?.firstIndex(where: { $0.job == job }),
            let notBefore = orders[send.conversation]?[place].notBefore
        {
            orders[send.conversation]?[place].notBefore = max(notBefore, again)
        }
        end(job)
    }

    /// Takes up the jobs after a reload. What this outbox itself has out stays out: its outcome is
    /// still to come, or still to be stored. A beginning that was entered is still answered.
    private mutating func resume(_ jobs: [Job], _ steps: inout [OutboxStep]) {
        orders = [:]
        ready = Heap()
        for job in jobs.sorted(by: { $0.id < $1.id }) {
            set(job.id, of: job.conversation, to: job.state)
        }
    }

    /// What is out is forgotten too: the next owner counts it as unknown. An answer that still comes
    /// in finds nothing here and leads to nothing.
    private mutating func forget() {
        orders = [:]
        ready = Heap()
        sends = [:]
        busy = []
        reportsAgain = []
    }

    // MARK: Sending

    private mutating func begin(_ steps: inout [OutboxStep]) {
        while mayBegin(at: now), hasRoom, pausedUntil <= now, isRateFree, let next = popReady() {
            sends[next.job] = Send(conversation: next.conversation, stage: .beginning)
            busy.insert(next.conversation)
            rateReached = max(rateReached, now).adding(milliseconds: Self.interval)
            steps.append(.begin(next.job))
        }
    }

    private func mayBegin(at moment: Instant) -> Bool {
        switch course {
        case .serving: true
        case .draining(let until): moment < until
        case .drained: false
        }
    }

    private var hasRoom: Bool { sends.count < (isProbing ? 1 : OutboxLimits.inFlight) }

    /// When the next may begin by its own moment, the page's and the rate; nil if none is queued.
    /// Entries at the head that no longer hold must have been dropped.
    private var nextBeginning: Instant? {
        guard let next = ready.min else { return nil }
        let rateFree = rateReached.adding(milliseconds: -Self.interval * (OutboxLimits.burst - 1))
        return max(max(next.notBefore, now), max(pausedUntil, rateFree))
    }

    private static let interval = 1_000 / OutboxLimits.sendsPerSecond

    /// A leaky bucket: each send moves the mark by one interval, and the mark may be ahead of time by
    /// the burst.
    private var isRateFree: Bool {
        rateReached <= now.adding(milliseconds: Self.interval * (OutboxLimits.burst - 1))
    }

    private mutating func popReady() -> Ready? {
        dropStale()
        guard let first = ready.min, first.notBefore <= now else { return nil }
        return ready.popMin()
    }

    /// Drops entries at the head that no longer hold.
    private mutating func dropStale() {
        while let first = ready.min, next(of: first.conversation) != first { ready.removeMin() }
    }

    /// A beginning is committed. It is ours, because only the owner's outbox begins; its sender may
    /// have been told `unavailable` before, while the commit was under way, and would never hear of
    /// it again: so the event itself lets the message leave, unless the answer did already.
    private mutating func goOn(
        _ job: JobID, of conversation: ConversationID, _ attempt: Int, _ steps: inout [OutboxStep]
    ) {
        if sends[job] == nil {
            sends[job] = Send(conversation: conversation, stage: .beginning)
            busy.insert(conversation)
        }
        post(job, attempt, &steps)
    }

    private mutating func post(_ job: JobID, _ attempt: Int, _ steps: inout [OutboxStep]) {
        guard sends[job]?.stage == .beginning else { return }
        sends[job]?.stage = .posted(attempt: attempt)
        steps.append(.post(job, attempt: attempt))
    }

    private mutating func ended(
        _ job: JobID, _ attempt: Int, _ outcome: SendOutcome, _ trouble: PageTrouble?,
        _ steps: inout [OutboxStep]
    ) {
        switch trouble {
        case .rateLimited(let until):
            pausedUntil = max(pausedUntil, until)
        case .notPermitted:
            isProbing = true
            pausedUntil = max(pausedUntil, now.adding(milliseconds: OutboxLimits.probePause))
        case nil:
            if outcome == .sent { isProbing = false }
        }
        guard sends[job]?.stage == .posted(attempt: attempt) else { return }
        sends[job]?.stage = .reporting(attempt: attempt, outcome)
        steps.append(.report(job, attempt: attempt, outcome))
    }

    private mutating func reported(_ job: JobID, _ attempt: Int, _ isStored: Bool) {
        guard case .reporting(attempt, let outcome)? = sends[job]?.stage else { return }
        if isStored {
            end(job)
        } else {
            sends[job]?.stage = .waiting(
                attempt: attempt, outcome,
                until: now.adding(milliseconds: EngineLimits.retryPause))
            reportsAgain.append(job)
        }
    }

    private mutating func reportAgain(_ steps: inout [OutboxStep]) {
        while let job = reportsAgain.first {
            guard case .waiting(let attempt, let outcome, let until)? = sends[job]?.stage else {
                reportsAgain.removeFirst()
                continue
            }
            guard until <= now else { return }
            reportsAgain.removeFirst()
            sends[job]?.stage = .reporting(attempt: attempt, outcome)
            steps.append(.report(job, attempt: attempt, outcome))
        }
    }

    private mutating func end(_ job: JobID) {
        guard let send = sends.removeValue(forKey: job) else { return }
        busy.remove(send.conversation)
        makeReady(send.conversation)
    }

    private mutating func arm(_ steps: inout [OutboxStep]) {
        var wish: Instant?
        if let job = reportsAgain.first, case .waiting(_, _, let until)? = sends[job]?.stage {
            wish = until
        }
        dropStale()
        if hasRoom, let moment = nextBeginning, mayBegin(at: moment) {
            wish = min(wish ?? moment, moment)
        }
        guard let wish else { return }
        if let armedWake, armedWake <= wish { return }
        armedWake = wish
        steps.append(.wake(at: wish))
    }
}

/// A conversation whose first job may go from this moment.
private struct Ready: Comparable {
    let notBefore: Instant
    let job: JobID
    let conversation: ConversationID

    static func < (left: Self, right: Self) -> Bool {
        (left.notBefore, left.job) < (right.notBefore, right.job)
    }
}
