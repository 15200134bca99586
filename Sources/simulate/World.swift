import Desk
import Engine

/// One run: nodes with the real components, a pretend database, a pretend Messenger and pretend
/// consoles, all moved by one schedule and one source of chance.
final class World {
    /// How long faults happen, in milliseconds of the run's own time.
    static let safetyTime: Int64 = 60_000
    /// How long everything has, without faults, to come to rest. Longer than the longest wait that
    /// the real components know (a page that was refused is probed once a minute).
    static let livenessTime: Int64 = 100_000

    /// How many events are kept for resuming: few, so that resuming fails now and then.
    static let feedLength = 120

    static let rules = Rules(
        defaultCapacity: 2, disconnectGrace: 3_000, confirmationWait: 3_000, settlingTime: 500,
        maximumAttempts: 4)

    var generator: Generator
    var weather: Weather
    let plant: Plant?
    let isVerbose: Bool
    /// Begins more than a day after 1970: what was written a day earlier was written at some time.
    private(set) var now: Int64 = 100_000_000
    private var schedule = Schedule()
    private(set) var isCalm = false
    /// Whether customers have stopped writing, so that everything can come to rest.
    private(set) var isEnding = false
    /// Whether nobody begins anything more: what is under way must end before the last audit.
    private(set) var isAtRest = false
    private(set) var lastTicket: UInt64 = 0
    private var lastConnection: Int64 = 0

    /// What happened that the ledger does not tell.
    var tally = Tally()
    let auditor: Auditor
    let database = Database()
    private(set) var nodes: [Node] = []
    private(set) var consoles: [Console] = []
    private(set) var messenger: Messenger?

    init(seed: UInt64, plant: Plant?, isVerbose: Bool, sought: Set<Line> = []) {
        generator = Generator(seed: seed)
        weather = Weather(from: &generator)
        self.plant = plant
        self.isVerbose = isVerbose
        auditor = Auditor(database: database, sought: sought)
        nodes = (1...3).map { Node(name: $0, world: self) }
        let agents: [(Int64, Bool)] = [
            (1, false), (1, false), (2, false), (3, false), (4, false), (9, true),
        ]
        consoles = agents.enumerated().map {
            Console(index: $0, person: AgentID($1.0), isSupervisor: $1.1, world: self)
        }
        messenger = Messenger(world: self)
    }

    /// Runs both phases and the last audit.
    func run() -> [Violation] {
        let start = now
        for node in nodes { node.start() }
        for console in consoles { console.start() }
        messenger?.start()
        databaseComesAndGoes()
        advance(to: start + Self.safetyTime)
        calmDown()
        advance(to: start + Self.safetyTime + Self.livenessTime)
        auditor.finish(self)
        return auditor.violations
    }

    private func advance(to end: Int64) {
        while auditor.isPatient, let (time, action) = schedule.next(until: end) {
            now = time
            auditor.now = time
            action()
        }
        now = max(now, end)
    }

    private func calmDown() {
        trace("the weather clears")
        isCalm = true
        weather = .calm
        database.awayUntil = now
        for node in nodes { node.calmDown() }
        for console in consoles { console.calmDown() }
        after(Self.livenessTime / 5) { [self] in isEnding = true }
        after(Self.livenessTime * 4 / 5) { [self] in isAtRest = true }
    }

    // MARK: What everybody uses

    func after(_ delay: Int64, _ action: @escaping () -> Void) {
        schedule.add(at: now + max(delay, 0), action)
    }

    func at(_ time: Int64, _ action: @escaping () -> Void) {
        schedule.add(at: max(time, now), action)
    }

    func chance(_ perMillion: Int) -> Bool { generator.chance(perMillion) }

    /// A way over the network, in milliseconds; now and then a slow one.
    func latency() -> Int64 {
        !isCalm && generator.below(50) == 0
            ? generator.between(20, 1_500) : generator.between(0, 12)
    }

    func newTicket() -> Ticket {
        lastTicket += 1
        return Ticket(lastTicket)
    }

    func newConnection() -> ConnectionID {
        lastConnection += 1
        return ConnectionID(lastConnection)
    }

    /// The node that a load balancer finds: one that says that it is the owner; at times, from an old
    /// answer, another.
    func findOwner() -> Node? {
        if chance(weather.wrongNode) { return generator.pick(nodes) }
        return nodes.first { $0.answersAsOwner }
    }

    func trace(_ text: @autoclosure () -> String) {
        if isVerbose { print("\(now) \(text())") }
    }

    /// Now and then the database goes away, or the operator ends a node.
    private func databaseComesAndGoes() {
        after(generator.between(200, 1_000)) { [self] in
            if chance(weather.databaseAway) {
                database.awayUntil = now + generator.between(50, 9_000)
                trace("the database is away until \(database.awayUntil)")
            }
            if chance(weather.drain) { generator.pick(nodes)?.drain() }
            databaseComesAndGoes()
        }
    }
}
