import Desk
import Testing

@Suite("Who is given what")
struct AssignmentTests {
    /// The agents to whom the conversations of these threads went, in this order.
    private func owners(_ scene: Scene) -> [Owner] {
        scene.desk.state.conversations.map(\.owner)
    }

    private func customer(_ number: UInt64) -> Digest { Digest(high: 0, low: 200 + number) }

    @Test("The least loaded, then who is idle longest, then the lower id")
    func turns() {
        var scene = Scene()
        scene.run([
            .connected(ben), .connected(ana), .presenceSet(ben, .available),
            .presenceSet(ana, .available),
        ])
        scene.run((1...5).map { .wrote(customer($0)) })
        // Ben was idle longer, so he is first; from then on the load decides, then the idle time.
        #expect(owners(scene) == [ben, ana, ben, ana, ben].map(Owner.agent))
        let fifth = scene.desk.state.conversations[4].id
        scene.run([.conversationClosed(ben, fifth), .wrote(customer(6))])
        #expect(owners(scene).last == .agent(ana), "both hold two, and Ana was given hers earlier")
        #expect(scene.auditor.violations.isEmpty)
    }

    @Test("Agents who became available at the same moment go by id")
    func sameMoment() {
        var state = DeskState()
        state.agents = [ben, ana].map {
            Agent(
                id: $0, presence: .available, capacity: 1, disconnectDeadline: nil,
                idleSince: moment(5))
        }
        var desk = Desk(state: state, rules: Rules())
        for agent in [ben, ana] {
            _ = desk.handle(.connected(agent), known: Known(), epoch: 1, at: moment(10))
        }
        let events = desk.handle(.wrote(maria), known: Known(), epoch: 1, at: moment(11)).events
        #expect(events.last == .handed(4, 2, .queue(queue), .agent(ana), .assigned))
    }

    @Test("Who waits longest is first, and a returned conversation keeps its place")
    func order() {
        var scene = Scene.talking()
        scene.run([.capacitySet(ana, capacity: 1, by: sofia), .wrote(jorge, 2)])
        scene.run([.wrote(customer(1), 3)])
        scene.run([.disconnected(ana)])
        scene.wait(60_000)
        #expect(scene.desk.waitingCount == 3)
        scene.run([.connected(ben), .presenceSet(ben, .available)])
        let rows = scene.desk.state.conversations
        #expect(rows.map(\.owner) == [ben, ben, ben].map(Owner.agent))
        let given = scene.shelf.conversations.values.sorted { $0.waitingSince < $1.waitingSince }
        #expect(given.map(\.id) == rows.map(\.id))
        #expect(
            rows[0].waitingSince == moment(1_003), "since the customer wrote, not since it returned"
        )
        #expect(scene.auditor.violations.isEmpty)
    }

    @Test("A reopened conversation waits anew")
    func reopened() {
        var scene = Scene.talking()
        scene.run([
            .conversationClosed(ana, conversation(6)), .presenceSet(ana, .away), .wrote(jorge, 2),
            .wrote(maria, 3),
        ])
        let waiting = scene.desk.state.conversations.sorted { $0.waitingSince < $1.waitingSince }
        #expect(waiting.map(\.thread) == [jorge, maria])
        #expect(waiting[1].waitingSince == scene.now)
    }

    @Test("Capacity raised, a close, becoming available: each gives work at once")
    func workConservation() {
        var scene = Scene.talking()
        scene.run([
            .capacitySet(ana, capacity: 1, by: sofia), .wrote(jorge, 2), .wrote(customer(1)),
        ])
        #expect(scene.desk.waitingCount == 2)
        scene.run([.capacitySet(ana, capacity: 2, by: sofia)])
        #expect(scene.desk.waitingCount == 1)
        scene.run([.conversationClosed(ana, conversation(6))])
        #expect(scene.desk.waitingCount == 0)
        scene.run([.presenceSet(ana, .offline)])
        #expect(scene.desk.waitingCount == 2)
        scene.run([.presenceSet(ana, .available)])
        #expect(scene.desk.waitingCount == 0)
        #expect(scene.auditor.violations.isEmpty)
    }

    @Test("Capacity lowered below the load takes nothing away and gives nothing more")
    func lowered() {
        var scene = Scene.talking()
        scene.run([.wrote(jorge, 2), .capacitySet(ana, capacity: 1, by: sofia)])
        #expect(scene.desk.view(for: ana, isSupervisor: false).conversations.count == 2)
        scene.run([.wrote(customer(1)), .conversationClosed(ana, conversation(6))])
        #expect(scene.desk.waitingCount == 1, "one of one")
        scene.run([.conversationClosed(ana, scene.desk.state.conversations[0].id)])
        #expect(scene.desk.waitingCount == 0)
        #expect(scene.auditor.violations.isEmpty)
    }

    @Test("100,000 wait: they are given out in order, and a batch tells only what it changed")
    func many() {
        var state = DeskState()
        state.conversations = (1...100_000).map { number in
            // The order of waiting is not the order of ids.
            let since = Int64(number * 7_919 % 100_003)
            return Conversation(
                id: conversation(Int64(number)), customer: CustomerID(Int64(number)),
                thread: Digest(high: 9, low: UInt64(number)), queue: queue, owner: .queue(queue),
                handoffs: 1, waitingSince: moment(since), openedAt: moment(0),
                lastMessageAt: moment(0), customerWroteAt: moment(0), unread: 1)
        }
        state.lastEvent = 500_000
        var desk = Desk(state: state, rules: Rules(defaultCapacity: 100))
        #expect(desk.waitingCount == 100_000)
        var given: [ConversationID] = []
        for number in 1...50 {
            let agent = AgentID(Int64(number))
            _ = desk.handle(.connected(agent), known: Known(), epoch: 1, at: moment(200_000))
            let handled = desk.handle(
                .presenceSet(agent, .available), known: Known(), epoch: 1, at: moment(200_001))
            #expect(handled.records.count == 101)
            for case .ownerChanged(let handoff) in handled.events {
                given.append(handoff.conversation)
            }
            let changes = desk.takeChanges()
            #expect(changes.conversations.count == 100)
            #expect(changes.agents.map(\.id) == [agent])
        }
        let order = state.conversations.sorted {
            ($0.waitingSince, $0.id) < ($1.waitingSince, $1.id)
        }
        #expect(given == order.prefix(5_000).map(\.id))
        #expect(desk.waitingCount == 95_000)
    }

    @Test("A view: one's own for an agent, everything open for a supervisor, by id")
    func views() {
        var scene = Scene.replied()
        scene.run([
            .connected(ben), .presenceSet(ben, .available), .wrote(jorge, 2),
            .presenceSet(ben, .away),
        ])
        scene.run([.presenceSet(ana, .away), .wrote(customer(1))])
        let own = scene.desk.view(for: ana, isSupervisor: false)
        #expect(own.conversations.map(\.thread) == [maria])
        #expect(own.agents.map(\.id) == [ana])
        #expect(own.jobs.map(\.id) == [job(10)])
        let all = scene.desk.view(for: sofia, isSupervisor: true)
        #expect(all.conversations.map(\.thread) == [maria, jorge, customer(1)])
        #expect(all.agents.map(\.id) == [ana, ben])
        #expect(all.jobs.map(\.id) == [job(10)])
        let stranger = scene.desk.view(for: sofia, isSupervisor: false)
        #expect(stranger.conversations.isEmpty && stranger.agents.isEmpty && stranger.jobs.isEmpty)
    }
}
