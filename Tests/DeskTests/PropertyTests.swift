import Desk
import Testing

@Suite("Random histories")
struct PropertyTests {
    /// Fixed seeds, and one that is new in every run; a failure names its seed, to be added here.
    static let seeds =
        Array(1...40) + [69, 199, 221, 390] + [UInt64.random(in: 1_000...UInt64.max)]
    static let length = 400
    static let rules = Rules(
        defaultCapacity: 2, disconnectGrace: 20_000, confirmationWait: 10_000, maximumAttempts: 3)

    @Test(
        "The promises hold, rows add up to the state, and where batches end makes no difference",
        arguments: seeds)
    func history(seed: UInt64) {
        var history = RandomHistory(seed: seed)
        var single = Scene(rules: Self.rules)
        var batched = Batched(rules: Self.rules)
        var reached: Set<String> = []
        for step in 1...Self.length {
            single.now = single.now.adding(milliseconds: history.pause())
            let input = history.next(in: single)
            let handled = single.handle(input)
            batched.add(input, handled, at: single.now, isLast: history.chance(of: 5))
            reached.formUnion(handled.events.map(name))
            guard single.auditor.violations.isEmpty, batched.violations.isEmpty,
                single.desk.state == single.shelf.state
            else {
                Issue.record(
                    """
                    seed \(seed), step \(step): \(single.auditor.violations) \
                    \(batched.violations) after \(input)
                    """)
                return
            }
        }
        #expect(reached.count >= 15, "seed \(seed) reached only \(reached.sorted())")
    }

    @Test("A desk made from the state of another goes on as that one does", arguments: seeds)
    func reload(seed: UInt64) {
        var history = RandomHistory(seed: seed)
        var scene = Scene(rules: Self.rules, auditing: false)
        var twin = scene.desk
        for step in 1...Self.length {
            scene.now = scene.now.adding(milliseconds: history.pause())
            if step % 25 == 0 { twin = remade(scene.desk) }
            let input = history.next(in: scene)
            let known = scene.shelf.known(for: [input], lackedBy: twin)
            let handled = scene.handle(input)
            let same =
                twin.handle(
                    input, known: known, epoch: 7, at: scene.now, composer: wording) == handled
                && twin.state == scene.desk.state && twin.nextDeadline == scene.desk.nextDeadline
            _ = twin.takeChanges()
            guard same else {
                Issue.record("seed \(seed), step \(step): \(input) made a difference")
                return
            }
            if step % 50 == 0 { checkToldAgain(scene, seed) }
        }
    }

    /// The desk made from its rows, with the connections that a node still knows.
    private func remade(_ desk: Desk) -> Desk {
        var state = desk.state
        for index in state.agents.indices {
            state.agents[index].connections = desk.agent(state.agents[index].id)?.connections ?? []
        }
        return Desk(state: state, rules: desk.rules)
    }

    /// Made from rows alone it is the same again once the connections were told, but that who is
    /// there and had said offline counts as having come back.
    private func checkToldAgain(_ scene: Scene, _ seed: UInt64) {
        let former = scene.desk.view(for: sofia, isSupervisor: true)
        var desk = Desk(state: scene.desk.state, rules: scene.rules)
        for agent in former.agents {
            _ = desk.handle(
                .agentConnections(agent.id, agent.connections), known: Known(), epoch: 7,
                at: scene.now)
        }
        let expected = former.agents.map { agent in
            var agent = agent
            if agent.isConnected && agent.presence == .offline {
                agent.presence = .away
                agent.presenceSince = scene.now
                agent.attendance.awayReason = .arrived
                if agent.attendance.shiftEnd.map({ $0 <= scene.now }) ?? false {
                    agent.attendance.shiftEnd = nil
                }
            }
            return agent
        }
        let told = desk.view(for: sofia, isSupervisor: true)
        #expect(told.agents == expected, "seed \(seed)")
        // Telling again is an input, and with any input customers are told what is due.
        let untold = { (conversation: Conversation) in
            var conversation = conversation
            conversation.routing.announced = nil
            return conversation
        }
        #expect(
            told.conversations.map(untold) == former.conversations.map(untold), "seed \(seed)")
        #expect(told.jobs == former.jobs, "seed \(seed)")
        #expect(desk.waitingCount == scene.desk.waitingCount, "seed \(seed)")
    }

    private func name(_ event: Event) -> String { String("\(event)".prefix { $0 != "(" }) }
}

/// The same inputs, decided in batches: what is known is as old as the batch.
struct Batched {
    private var desk: Desk
    private var shelf = Shelf()
    private var batch: [(input: Input, expected: Handled, at: Instant)] = []
    private(set) var violations: [String] = []

    init(rules: Rules) { desk = Desk(state: DeskState(), rules: rules) }

    mutating func add(_ input: Input, _ expected: Handled, at: Instant, isLast: Bool) {
        batch.append((input, expected, at))
        guard isLast else { return }
        let known = shelf.known(for: batch.map(\.input), lackedBy: desk)
        for line in batch {
            let handled = desk.handle(
                line.input, known: known, epoch: 7, at: line.at, composer: wording)
            if handled != line.expected {
                violations.append(
                    "\(line.input) came to \(handled), in a batch of its own to \(line.expected)")
            }
            shelf.write(handled.records, of: line.input)
        }
        shelf.write(desk.takeChanges())
        if desk.state != shelf.state { violations.append("rows do not add up to the state") }
        batch = []
    }
}
