import Desk
import Testing

/// Queues that open and close.
@Suite("Queues open and close")
struct OpeningTests {
    static let week = Hours(
        timeZone: "Europe/Madrid",
        weekly: [WeeklyPeriod(day: 1, opens: .startOfDay, closes: .endOfDay)])

    /// Ana is available; the first queue has hours, the second none. Nothing was told yet.
    static func scene(_ change: (inout Configuration) -> Void = { _ in }) -> Scene {
        var scene = Scene.open()
        var configuration = ConfigurationTests.valid
        configuration.queues[0].hours = week
        change(&configuration)
        scene.run([.configurationSet(configuration, by: sofia)])
        return scene
    }

    /// The first queue is open between these moments after now.
    static func told(_ scene: Scene, _ periods: (Int64, Int64)...) -> Input {
        let all = periods.map {
            OpenPeriod(
                from: scene.now.adding(milliseconds: $0.0),
                until: scene.now.adding(milliseconds: $0.1))
        }
        return .hoursComputed(
            [
                QueueHours(
                    queue: queue, periods: all, knownUntil: scene.now.adding(milliseconds: 90_000))
            ], version: scene.desk.configuration.version)
    }

    static func owner(of thread: Digest, _ scene: Scene) -> Owner? {
        scene.row(of: thread)?.owner
    }

    static func check(_ scene: Scene) {
        #expect(scene.auditor.violations.isEmpty)
        #expect(scene.desk.state == scene.shelf.state)
    }

    @Test("A queue with hours is closed until they are told, then opens and closes by the clock")
    func byTheClock() {
        var scene = Self.scene()
        scene.run([.wrote(maria)])
        #expect(Self.owner(of: maria, scene) == .queue(queue))
        #expect(!scene.desk.isOpen(queue))
        scene.run([Self.told(scene, (10_000, 20_000), (30_000, 40_000))])
        #expect(Self.owner(of: maria, scene) == .queue(queue))
        let opening = scene.desk.nextDeadline
        #expect(opening == scene.desk.nextChange(of: queue))
        scene.reload()
        scene.run([.agentConnections(ana, [socket(1)])])
        scene.wait(10_000)
        #expect(Self.owner(of: maria, scene) == .agent(ana))
        scene.wait(10_000)
        #expect(!scene.desk.isOpen(queue))
        // Who is with an agent stays there; who comes waits.
        #expect(Self.owner(of: maria, scene) == .agent(ana))
        scene.run([.wrote(jorge)])
        #expect(Self.owner(of: jorge, scene) == .queue(queue))
        scene.wait(10_000)
        #expect(Self.owner(of: jorge, scene) == .agent(ana))
        scene.wait(60_000)
        #expect(!scene.desk.isOpen(queue), "what is not known is closed")
        Self.check(scene)
    }

    @Test("What was computed from another configuration is refused, and what is out of order")
    func refused() {
        var scene = Self.scene()
        let version = scene.desk.configuration.version
        let hours = { (periods: [OpenPeriod], queue: QueueID) in
            QueueHours(queue: queue, periods: periods, knownUntil: moment(9_000_000))
        }
        let one = OpenPeriod(from: moment(5_000), until: moment(6_000))
        let cases: [(Input, Rejection)] = [
            (
                .hoursComputed([], version: version - 1),
                Rejection(.wrongState, field: "version")
            ),
            (
                .hoursComputed([hours([one], QueueID(2))], version: version),
                Rejection(.notFound, field: "hours[0].queue")
            ),
            (
                .hoursComputed([hours([one, one], queue)], version: version),
                Rejection(.outOfRange, field: "hours[0].periods")
            ),
            (
                .queueClosed(QueueID(9), until: nil, by: sofia),
                Rejection(.notFound, field: "queue")
            ),
            (
                .queueClosed(queue, until: scene.now, by: sofia),
                Rejection(.outOfRange, field: "until")
            ),
            (
                .queueOpened(
                    queue, until: scene.now.adding(milliseconds: Limits.longestOrder * 2),
                    by: sofia), Rejection(.outOfRange, field: "until")
            ),
        ]
        for (input, rejection) in cases { #expect(scene.handle(input).rejection == rejection) }
        Self.check(scene)
    }

    @Test("An order wins over the hours until its end")
    func orders() {
        var scene = Self.scene()
        scene.run([Self.told(scene, (0, 50_000))])
        #expect(scene.desk.isOpen(queue))
        let until = scene.now.adding(milliseconds: 10_001)
        let closed = scene.handle(.queueClosed(queue, until: until, by: sofia))
        #expect(closed.events == [.queueTurned(queue, isOpen: false, until: until, by: sofia)])
        scene.run([.wrote(maria)])
        #expect(Self.owner(of: maria, scene) == .queue(queue))
        scene.wait(10_000)
        #expect(Self.owner(of: maria, scene) == .agent(ana))
        scene.run([.queueClosed(queue, by: sofia)])
        scene.wait(20_000)
        #expect(!scene.desk.isOpen(queue))
        scene.run([.queueOpened(queue, by: sofia)])
        #expect(scene.desk.isOpen(queue))
        scene.wait(30_000)
        #expect(!scene.desk.isOpen(queue), "its hours count again")
        // Outside of its hours it is open until they open it.
        scene.run([Self.told(scene, (20_000, 30_000)), .queueOpened(queue, by: sofia)])
        #expect(scene.desk.isOpen(queue))
        scene.wait(40_000)
        #expect(!scene.desk.isOpen(queue))
        Self.check(scene)
    }

    @Test("An offer out of a queue that closes is taken back; a transfer on offer is not")
    func offers() {
        var scene = Self.scene { $0.queues[0].handing = .offer(timeout: 60_000) }
        scene.run([Self.told(scene, (0, 80_000)), .wrote(maria)])
        let id = scene.shelf.conversations.keys.min() ?? conversation(0)
        #expect(scene.desk.conversation(id)?.routing.offer?.agent == ana)
        scene.run([.queueClosed(queue, by: sofia)])
        #expect(scene.desk.conversation(id)?.routing.offer == nil)
        scene.run([
            .queueOpened(queue, by: sofia), .offerAccepted(ana, id), .connected(ben),
            .presenceSet(ben, .available),
            .transferOrdered(ana, id, .agent(ben, isWarm: true)),
            .queueClosed(queue, by: sofia),
        ])
        #expect(scene.desk.conversation(id)?.routing.offer?.agent == ben)
        scene.run([.offerAccepted(ben, id)])
        #expect(Self.owner(of: maria, scene) == .agent(ben))
        Self.check(scene)
    }

    @Test("From a closed queue nobody takes, and a supervisor may give")
    func lists() {
        var scene = Self.scene { $0.queues[0].handing = .pull }
        scene.run([.wrote(maria)])
        let id = scene.shelf.conversations.keys.min() ?? conversation(0)
        #expect(scene.desk.takeable(by: ana).isEmpty)
        #expect(
            scene.handle(.conversationTaken(ana, id)).rejection
                == Rejection(.queueClosed, field: "conversation"))
        #expect(scene.desk.explain(id)?.withheld == [.queueIsClosed, .isPulled])
        #expect(scene.desk.explain(id)?.candidates.map(\.obstacle) == [nil])
        scene.run([.conversationAssigned(id, ana, overridesCapacity: false, by: sofia)])
        #expect(Self.owner(of: maria, scene) == .agent(ana))
        Self.check(scene)
    }

    @Test("What comes to a closed queue waits there, or overflows where it says so")
    func overflow() {
        for overflows in [false, true] {
            var scene = Self.scene {
                $0.queues[0].overflow = Overflow(to: QueueID(2), whenClosed: overflows)
                $0.entry = QueueID(2)
            }
            scene.run([.wrote(maria)])
            let id = scene.shelf.conversations.keys.min() ?? conversation(0)
            scene.run([.transferOrdered(ana, id, .queue(queue))])
            // Ana passed it on, and is the only one there.
            #expect(
                Self.owner(of: maria, scene) == (overflows ? .agent(ana) : .queue(queue)))
            scene.run([.presenceSet(ana, .away), .conversationMoved(id, queue, by: sofia)])
            #expect(Self.owner(of: maria, scene) == .queue(queue), "a supervisor decides")
            Self.check(scene)
        }
    }

    @Test("Hours that go away leave the queue open, and new ones close it until they are told")
    func configured() {
        var scene = Self.scene()
        var configuration = ConfigurationTests.valid
        scene.run([.wrote(maria), .configurationSet(configuration, by: sofia)])
        #expect(Self.owner(of: maria, scene) == .agent(ana))
        configuration.queues[0].hours = Self.week
        scene.run([.configurationSet(configuration, by: sofia)])
        #expect(!scene.desk.isOpen(queue))
        Self.check(scene)
    }
}
