import Desk
import Testing

/// A queue that is full takes nothing more from people, and turns no customer away.
@Suite("Limits of queues")
struct LimitTests {
    private static let second = QueueID(2)

    /// Ana has Maria's conversation, Jorge waits in the second queue, which is full.
    private func scene(_ change: (inout Configuration) -> Void = { _ in }) -> Scene {
        var scene = Scene(rules: Rules(defaultCapacity: 1))
        scene.run([.connected(ana), .presenceSet(ana, .available)])
        var wanted = Configuration()
        wanted.queues.append(Queue(id: Self.second, name: "second", handing: .pull, limit: 1))
        change(&wanted)
        scene.run([.configurationSet(wanted, by: sofia), .wrote(maria), .wrote(jorge)])
        scene.run([.conversationMoved(id(of: jorge, scene), Self.second, by: sofia)])
        #expect(scene.desk.waitingCount(in: Self.second) == 1)
        return scene
    }

    private func row(of thread: Digest, _ scene: Scene) -> Conversation? {
        scene.row(of: thread)
    }

    private func id(of thread: Digest, _ scene: Scene) -> ConversationID {
        row(of: thread, scene)?.id ?? conversation(0)
    }

    private func check(_ scene: Scene) {
        #expect(scene.auditor.violations.isEmpty)
        #expect(scene.desk.state == scene.shelf.state)
    }

    @Test("An agent passes nothing on into a full queue")
    func transfer() {
        var scene = scene()
        let order = Input.transferOrdered(ana, id(of: maria, scene), .queue(Self.second))
        #expect(scene.handle(order).rejection == Rejection(.noRoom, field: "to"))
        #expect(row(of: maria, scene)?.owner == .agent(ana))
        scene.run([.conversationMoved(id(of: jorge, scene), queue, by: sofia)])
        #expect(scene.handle(order).rejection == nil, "nobody waits there any more")
        #expect(row(of: maria, scene)?.owner == .queue(Self.second))
        check(scene)
    }

    @Test("What a closed queue hands on counts where it comes")
    func transferBesideClosed() {
        var scene = scene {
            $0.queues.append(
                Queue(
                    id: QueueID(3), name: "third",
                    overflow: Overflow(to: Self.second, whenClosed: true)))
        }
        scene.run([.queueClosed(QueueID(3), by: sofia)])
        let handled = scene.handle(
            .transferOrdered(ana, id(of: maria, scene), .queue(QueueID(3))))
        #expect(handled.rejection == Rejection(.noRoom, field: "to"))
        check(scene)
    }

    @Test("Only a move that says so goes beyond the limit, and says it on record")
    func move() {
        var scene = scene()
        let id = id(of: maria, scene)
        let refused = scene.handle(.conversationMoved(id, Self.second, by: sofia))
        #expect(refused.rejection == Rejection(.noRoom, field: "queue"))
        #expect(row(of: maria, scene)?.owner == .agent(ana))
        let events = scene.handle(
            .conversationMoved(id, Self.second, overridesLimit: true, by: sofia)
        ).events
        let reasons = events.compactMap { event -> HandoffReason? in
            guard case .ownerChanged(let handoff) = event else { return nil }
            return handoff.by == sofia ? handoff.reason : nil
        }
        #expect(reasons == [.movedOverLimit])
        #expect(row(of: maria, scene)?.owner == .queue(Self.second))
        check(scene)
    }

    @Test("A move to where it waits already takes no room")
    func moveToItself() {
        var scene = scene()
        scene.run([.conversationMoved(id(of: jorge, scene), Self.second, by: sofia)])
        check(scene)
    }

    @Test("Customers and what comes back are let in, however many wait")
    func byItself() {
        var scene = scene {
            $0.queues[0].limit = 1
            $0.queues[0].overflow = Overflow(to: Self.second, afterWait: 5_000)
        }
        let third = Digest(high: 0, low: 103)
        scene.run([.wrote(third), .wrote(Digest(high: 0, low: 104))])
        scene.run([.presenceSet(ana, .offline)])
        #expect(scene.desk.waitingCount(in: queue) == 3, "two customers, and what Ana had")
        scene.wait(5_000)
        #expect(scene.desk.waitingCount(in: Self.second) == 4, "they overflowed, full or not")
        check(scene)
    }

    @Test("A limit that the desk cannot keep is refused", arguments: [0, -1, 1_000_001])
    func outOfRange(limit: Int) {
        var scene = scene()
        var wanted = scene.desk.configuration
        wanted.queues[1].limit = limit
        let refused = scene.handle(.configurationSet(wanted, by: sofia))
        #expect(refused.rejection == Rejection(.outOfRange, field: "queues[1].limit"))
    }
}
