import Desk
import Engine

/// A node: the real Engine, Outbox and Feeds in a shell that does what the real one does, one piece
/// of work at a time. Between any two pieces it may be paused or die.
final class Node {
    /// One piece of work.
    private indirect enum Work {
        case happen(Happening)
        case step(Step)
        case entry(ReleasedEntry)
        case outbox(OutboxHappening)
        case outboxStep(OutboxStep)
        case call(() -> Void)
    }

    let name: Int
    unowned let world: World
    /// Counts starts: what belongs to an earlier life finds nobody.
    private(set) var life = 0
    private(set) var isUp = false
    private var pausedUntil: Int64 = 0
    private var isWorking = false
    private var work: [Work] = []

    private(set) var engine = Node.newEngine()
    private var outbox = Outbox()
    var feeds = Feeds(length: World.feedLength)
    var committed = CommittedState()
    /// How many commits there were with the latest that it knows to be applied; `nil`: it knows of none.
    var knownCommits: Int?
    var tickets: [Ticket: Purpose] = [:]
    var sockets: [ConnectionID: Socket] = [:]
    var webhooks: [Int: WebhookAtNode] = [:]
    var backfill = Backfill()
    private var engineWake: Int64?
    private var outboxWake: Int64?

    init(name: Int, world: World) {
        self.name = name
        self.world = world
    }

    var answersAsOwner: Bool { isUp && !isPaused && engine.isOwner }
    private var isPaused: Bool { pausedUntil > world.now }

    /// Batches are small here, so every release is large.
    private static func newEngine() -> Engine { Engine(rules: World.rules, largeRelease: 1) }

    // MARK: Life

    func start() {
        life += 1
        isUp = true
        engine = Self.newEngine()
        engine.composer = Wordings.composer(world.plant)
        outbox = Outbox()
        feeds = Feeds(length: World.feedLength)
        committed = CommittedState()
        knownCommits = nil
        tickets = [:]
        sockets = [:]
        webhooks = [:]
        backfill = Backfill()
        work = []
        engineWake = nil
        outboxWake = nil
        pausedUntil = 0
        world.trace("node \(name) starts")
        happen(.started)
    }

    private func crash() {
        world.trace("node \(name) dies")
        world.tally.add("crashes")
        end()
    }

    private func end() {
        let life = life
        isUp = false
        self.life += 1
        work = []
        for socket in sockets.keys.sorted() { sockets[socket]?.breakOff() }
        sockets = [:]
        world.after(world.generator.between(5, 3_000)) { [self] in
            if self.life == life + 1 { start() }
        }
    }

    private func pause() {
        let length = world.generator.below(2) == 0 ? 200 : Int64(15_000)
        pausedUntil = world.now + world.generator.between(5, length)
        world.trace("node \(name) is paused until \(pausedUntil)")
        world.tally.add("pauses")
        wakeUp(at: pausedUntil)
    }

    private func wakeUp(at time: Int64) {
        let life = life
        world.at(time) { [self] in if self.life == life { goOn() } }
    }

    func calmDown() {
        if isPaused {
            pausedUntil = world.now
            wakeUp(at: world.now)
        }
    }

    /// The operator ends this node in good order.
    func drain() {
        guard isUp else { return }
        world.trace("node \(name) is drained")
        // As long as a drain may send, and then cut off wherever it stands.
        let time = world.generator.between(0, 1_000)
        enqueue(.outbox(.draining(until: Instant(milliseconds: world.now + time))))
        let life = life
        world.after(time) { [self] in
            guard self.life == life else { return }
            enqueue(.outbox(.drained))
            happen(.drained)
        }
    }

    // MARK: Work

    func happen(_ happening: Happening) { enqueue(.happen(happening)) }

    func outboxHappen(_ happening: OutboxHappening) { enqueue(.outbox(happening)) }

    func call(_ action: @escaping () -> Void) { enqueue(.call(action)) }

    /// What happens while a piece of work is done is handed in after it, never within it.
    private func enqueue(_ piece: Work) {
        guard isUp else { return }
        work.append(piece)
        goOn()
    }

    private func goOn() {
        guard !isWorking else { return }
        isWorking = true
        defer { isWorking = false }
        while isUp, !isPaused, !work.isEmpty {
            if world.chance(world.weather.crash) { return crash() }
            if world.chance(world.weather.pause) { return pause() }
            perform(work.removeFirst())
        }
    }

    private func perform(_ piece: Work) {
        let at = Instant(milliseconds: world.now)
        switch piece {
        case .happen(let happening):
            if case .clockReached = happening { engineWake = nil }
            let steps = engine.handle(happening, at: at)
            work.insert(contentsOf: steps.map(Work.step), at: 0)
        case .step(let step):
            perform(step)
        case .entry(let entry):
            release(entry)
        case .outbox(let happening):
            if case .clockReached = happening { outboxWake = nil }
            let steps = outbox.handle(happening, at: at)
            work.insert(contentsOf: steps.map(Work.outboxStep), at: 0)
        case .outboxStep(let step):
            perform(step)
        case .call(let action):
            action()
        }
    }

    private func perform(_ step: Step) {
        switch step {
        case .prefetch(let request):
            world.prefetch(request, for: self)
        case .commit(let commit):
            if world.plant == .pushBeforeCommit { push(commit.entries.flatMap(\.records)) }
            if world.plant == .showBeforeCommit { showUncommitted() }
            world.commit(commit, from: self)
        case .release(let release):
            committed.released(release)
            // A refusal brings no rows, and may pass a release that is held.
            if release.changes != Changes() {
                world.auditor.shows(committed, after: knownCommits)
            }
            work.insert(contentsOf: release.entries.map(Work.entry), at: 0)
        case .gather:
            work.append(.happen(.gathered))
        case .reload(let request):
            world.reload(request, for: self)
        case .resume(let reloaded):
            resume(reloaded)
        case .standBy:
            world.trace("node \(name) stands by")
            world.tally.add("fenced")
            standBy()
        case .giveLeaseBack(let epoch):
            world.database.giveBack(name, epoch: epoch)
            end()
        case .stop:
            world.auditor.violated(.nodesGoOn, "node \(name) stopped for a person")
        case .wake(let moment):
            wakeEngine(at: moment.milliseconds)
        }
    }

    private func perform(_ step: OutboxStep) {
        switch step {
        case .begin(let job):
            if world.plant == .postBeforeCommit { post(job, attempt: 1) }
            arrive(.input(.sendingBegan(job)), .command, purpose: .begin(job))
        case .post(let job, let attempt):
            post(job, attempt: attempt)
            if world.plant == .postTwice { post(job, attempt: attempt) }
        case .report(let job, let attempt, let outcome):
            report(job, attempt, outcome)
        case .wake(let moment):
            wakeOutbox(at: moment.milliseconds)
        }
    }

    private func wakeEngine(at time: Int64) {
        engineWake = time
        let life = life
        world.at(time) { [self] in
            if self.life == life, engineWake == time { happen(.clockReached) }
        }
    }

    private func wakeOutbox(at time: Int64) {
        outboxWake = time
        let life = life
        world.at(time) { [self] in
            if self.life == life, outboxWake == time { outboxHappen(.clockReached) }
        }
    }

    /// Hands an input to the Engine, remembering whom to answer.
    func arrive(
        _ request: Request, _ source: Source, key: Digest? = nil, parameters: Digest? = nil,
        content: Content? = nil, purpose: Purpose
    ) {
        let ticket = world.newTicket()
        tickets[ticket] = purpose
        happen(
            .arrived([
                Arrival(
                    ticket: ticket, source: source, key: key, parameters: parameters,
                    request: request, content: content)
            ]))
    }
}
