internal import DequeModule
public import Desk
public import Engine
public import EventLoop
public import Logging
import Metrics
public import Store

/// Performs what one desk's ``Engine`` asks: store calls in, releases out, timers armed.
///
/// It decides nothing. Every happening goes through ``happened(_:)`` and every step through
/// ``perform(_:)``, so these two functions list all that a desk does to the world.
@LoopActor public final class DeskRunner {
    private let loop: Loop
    private let store: Store
    private let log: Logger
    private var engine: Engine
    private let composer: (@Sendable (Digester) -> Composer)?
    private var listeners: [any DeskListener] = []
    private var answers: [Ticket: @LoopActor (Answer) -> Void] = [:]
    private var lastTicket: UInt64 = 0
    private var alarm: LoopTimer?
    private var lastInstant = Instant(milliseconds: 0)
    private var whenEnded: [@LoopActor () -> Void] = []
    /// What arrived in this turn of the loop. It is handed in at the turn's end: the first alone would
    /// make a batch of one, and all that the sockets had ready beside it would wait for its commit.
    private var arrivals: [Arrival] = []
    private var happenings: Deque<Happening> = []
    /// To be given out at the end of this turn.
    private var delayed: Release?
    private var isPerforming = false
    private let figures = DeskFigures()
    private var hours: HoursKeeper?
    private let hoursInterval: Duration

    /// Whether the desk ended for good on this node: drained, or stopped by a poisonous internal
    /// input that a person must look at.
    public private(set) var hasEnded = false

    /// A runner for one desk; nothing happens before ``start()``. What the desk announces is worded by
    /// `composer`, under the desk's key of digests; without one it announces nothing. How long the
    /// opening hours last that the desk knows is looked at every hour, or at another interval.
    public init(
        loop: Loop, store: Store, engine: Engine, log: Logger,
        lookingAtHoursEvery hoursInterval: Duration = .seconds(3_600),
        composer: (@Sendable (Digester) -> Composer)? = nil
    ) {
        self.loop = loop
        self.store = store
        self.engine = engine
        self.composer = composer
        self.log = log
        self.hoursInterval = hoursInterval
    }

    /// Whether this node owns the desk and its state is read.
    public var isOwner: Bool { engine.isOwner }

    /// What the desk's inputs came to since the start.
    public var counters: Counters { engine.counters }

    /// The epoch this node owns the desk in; 0 while it does not.
    public var epoch: Int64 { engine.isOwner ? engine.epoch : 0 }

    /// An agent as the desk holds them: a live figure, as all that follow. It may be ahead of what is
    /// committed, and is nothing to be shown beside an event (see ``Engine/CommittedState``).
    public func agent(_ id: AgentID) -> Agent? { engine.desk?.agent(id) }

    /// What changes about a queue; see ``agent(_:)``.
    public func queueState(_ queue: QueueID) -> QueueState? { engine.desk?.queueState(queue) }

    /// Which queues open and close, and every promise that runs; see ``agent(_:)``.
    public var service: (queues: [(state: QueueState, next: Instant?)], promises: [RunningPromise])
    {
        (engine.desk?.changingQueues ?? [], engine.desk?.promises ?? [])
    }

    /// What nobody who works here could serve; see ``agent(_:)``.
    public var unserved: [Unserved] { engine.desk?.unserved ?? [] }

    /// How many conversations wait for nobody; see ``agent(_:)``.
    public var unservedCount: Int { engine.desk?.unservedCount ?? 0 }

    /// What the desk routes by; see ``agent(_:)``.
    public var configuration: Configuration? { engine.desk?.configuration }

    /// How long who comes now would wait, in milliseconds, in each queue that announces waits; in the
    /// order of the configuration. A live figure: it may be ahead of what is committed.
    public var expectedWaits: [(queue: QueueID, wait: Int64)] {
        guard let desk = engine.desk else { return [] }
        let now = now()
        return desk.configuration.queues.compactMap { queue in
            desk.expectedWait(in: queue.id, at: now).map { (queue.id, $0) }
        }
    }

    /// Adds one who is told of releases, before ``start()``.
    public func add(_ listener: any DeskListener) { listeners.append(listener) }

    /// Begins to seek the desk's lease.
    public func start() {
        let keeper = HoursKeeper(
            runner: self, loop: loop, log: log, lookingEvery: hoursInterval)
        hours = keeper
        add(keeper)
        happened(.started)
    }

    /// Now, never before an instant that was already given to the desk.
    public func now() -> Instant {
        lastInstant = max(lastInstant, Instant(milliseconds: loop.wallClock))
        return lastInstant
    }

    /// Hands an input (or a look at the desk) in. `answer` is called exactly once, on the loop: after
    /// the commit, or with `unavailable`.
    public func submit(
        _ request: Request, from source: Source, key: Digest? = nil, parameters: Digest? = nil,
        content: Content? = nil, answer: (@LoopActor (Answer) -> Void)? = nil
    ) {
        guard !hasEnded else {
            answer?(.unavailable)
            return
        }
        lastTicket += 1
        let ticket = Ticket(lastTicket)
        if let answer { answers[ticket] = answer }
        if arrivals.isEmpty {
            loop.afterThisTurn { [weak self] in
                self?.handInArrivals()
                self?.goOn()
            }
        }
        arrivals.append(
            Arrival(
                ticket: ticket, source: source, key: key, parameters: parameters,
                request: request, content: content))
    }

    /// Finishes what is under way, gives the lease back and ends. Returns when that is done.
    public func drain() async {
        guard !hasEnded else { return }
        await withCheckedContinuation { continuation in
            whenEnded.append { continuation.resume() }
            happened(.drained)
        }
    }

    // MARK: Happenings and steps

    private func happened(_ happening: Happening) {
        handInArrivals()
        happenings.append(happening)
        goOn()
    }

    /// What arrived goes before whatever happens after it.
    private func handInArrivals() {
        guard !arrivals.isEmpty else { return }
        happenings.append(.arrived(arrivals))
        arrivals.removeAll(keepingCapacity: true)
    }

    /// An answer or a listener may hand in the next input from within a release: it waits until the
    /// steps in hand are done, so that steps are performed in the order in which they were decided.
    private func goOn() {
        guard !isPerforming else { return }
        isPerforming = true
        defer { isPerforming = false }
        while let next = happenings.popFirst() {
            perform(engine.handle(next, at: now()))
        }
    }

    private func perform(_ steps: [Step]) {
        giveDelayed()
        var isCommitting = false
        for step in steps {
            switch step {
            case .prefetch(let request): prefetch(request)
            case .commit(let commit):
                write(commit)
                isCommitting = true
            case .release(let release):
                if isCommitting { delay(release) } else { give(release) }
            case .gather: gather()
            case .reload(let request): reload(request)
            case .resume(let reloaded): resume(reloaded)
            case .standBy: standBy()
            case .giveLeaseBack(let epoch): giveLeaseBack(epoch)
            case .stop: stop()
            case .wake(let moment): wake(at: moment)
            }
        }
    }

    private func prefetch(_ request: PrefetchRequest) {
        startOnLoop { self.happened(.prefetched(await self.store.prefetch(request))) }
    }

    private func write(_ commit: Commit) {
        let began = loop.monotonic
        startOnLoop {
            let outcome = await self.store.commit(commit)
            self.figures.record(
                outcome, inputs: commit.entries.count, milliseconds: self.loop.monotonic - began)
            if outcome != .ok {
                self.log.warning(
                    "a commit did not end well",
                    metadata: ["outcome": "\(outcome)", "epoch": "\(commit.epoch)"])
            }
            self.happened(.committed(outcome))
        }
    }

    /// The database is to work while we give out: writing is a job, and by the end of the turn it has
    /// sent. Whatever is performed next comes after this release all the same.
    private func delay(_ release: Release) {
        delayed = release
        loop.afterThisTurn { self.giveDelayed() }
    }

    private func giveDelayed() {
        guard let release = delayed else { return }
        delayed = nil
        give(release)
    }

    /// Listeners first: whoever is answered with a view then finds every event after it in the feeds.
    private func give(_ release: Release) {
        for listener in listeners { listener.released(release) }
        for entry in release.entries {
            guard let ticket = entry.ticket, let answer = answers.removeValue(forKey: ticket)
            else { continue }
            answer(entry.answer)
        }
    }

    private func reload(_ request: LeaseRequest) {
        if case .raise = request {
            for listener in listeners { listener.interrupted() }
        }
        startOnLoop {
            switch await self.store.reload(request) {
            case .success(let reloaded):
                self.engine.composer = self.store.digester.flatMap { self.composer?($0) }
                self.happened(.reloaded(reloaded))
            case .failure(let failure): self.happened(.reloadFailed(failure))
            }
        }
    }

    private func resume(_ reloaded: Reloaded) {
        log.notice("the desk's state was read", metadata: ["epoch": "\(reloaded.epoch)"])
        for listener in listeners { listener.resumed(reloaded) }
    }

    /// All that the sockets have ready, whoever was answered in this turn and asked again at once
    /// included, has arrived by the end of the next turn.
    private func gather() {
        loop.afterThisTurn { self.loop.afterThisTurn { self.happened(.gathered) } }
    }

    private func standBy() {
        log.notice("another node owns the desk; standing by")
        for listener in listeners { listener.stoodBy() }
    }

    private func giveLeaseBack(_ epoch: Int64) {
        startOnLoop {
            await self.store.giveLeaseBack(epoch: epoch)
            self.end()
        }
    }

    private func stop() {
        log.critical("the database refused an input of the desk's own; the desk is stopped")
        figures.stopped()
        for listener in listeners { listener.stoodBy() }
        end()
    }

    private func end() {
        hasEnded = true
        alarm?.cancel()
        hours?.stop()
        let unanswered = answers.sorted { $0.key < $1.key }
        answers.removeAll()
        for (_, answer) in unanswered { answer(.unavailable) }
        for body in whenEnded { body() }
        whenEnded.removeAll()
    }

    private func wake(at moment: Instant) {
        alarm?.cancel()
        let wait = max(0, moment.milliseconds - loop.wallClock)
        alarm = loop.after(.milliseconds(wait)) { [weak self] in
            guard let self, !self.hasEnded else { return }
            self.happened(.clockReached)
        }
    }
}
