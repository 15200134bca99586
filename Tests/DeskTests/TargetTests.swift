import Desk
import Testing

/// What queues promise, in their opening time.
@Suite("Targets")
struct TargetTests {
    static let promise = ServiceTarget(
        firstResponse: 20_000, reply: 10_000, warning: 4_000,
        onBreach: Escalation(callsSupervisor: true))

    /// Ana is available in a desk that promises this.
    static func scene(
        _ target: ServiceTarget = promise, _ change: (inout Configuration) -> Void = { _ in }
    ) -> Scene {
        var scene = Scene.open()
        var configuration = ConfigurationTests.valid
        configuration.queues[0].targets = [target]
        change(&configuration)
        scene.run([.configurationSet(configuration, by: sofia)])
        return scene
    }

    private func id(_ scene: Scene) -> ConversationID {
        scene.shelf.conversations.keys.min() ?? conversation(0)
    }

    private func stage(_ scene: Scene) -> Target.Stage? {
        scene.desk.conversation(id(scene))?.routing.target?.stage
    }

    @Test("It is warned of, broken at the moment, and made good late")
    func firstResponse() {
        var scene = Self.scene()
        scene.run([.wrote(maria)])
        let started = scene.now
        let id = id(scene)
        #expect(scene.desk.nextDeadline == started.adding(milliseconds: 16_000))
        scene.reload()
        scene.run([.agentConnections(ana, [socket(1)])])
        let warned = scene.wait(started.milliseconds + 16_000 - scene.now.milliseconds)
        #expect(
            warned == [
                .targetWarned(
                    id, .firstResponse, deadline: started.adding(milliseconds: 20_000),
                    callsSupervisor: false)
            ])
        scene.wait(3_999)
        #expect(stage(scene) == .warned)
        #expect(scene.wait(1) == [.targetBreached(id, .firstResponse, callsSupervisor: true)])
        let reply = scene.handle(.replied(ana, id.number))
        #expect(reply.events.last == .targetMet(id, .firstResponse, isLate: true))
        #expect(scene.desk.queueState(queue)?.targets?.late == 1)
        // The next message starts a promise of its own.
        scene.run([.wrote(maria), .wrote(maria)])
        #expect(scene.desk.conversation(id)?.routing.target?.kind == .reply)
        let answer = scene.handle(.replied(ana, id.number))
        #expect(answer.events.last == .targetMet(id, .reply, isLate: false))
        #expect(scene.desk.queueState(queue)?.targets?.met == 1)
        #expect(scene.desk.nextDeadline == nil)
        OpeningTests.check(scene)
    }

    @Test("A late reply is late, whether the clock was told or not")
    func late() {
        var scene = Self.scene()
        scene.run([.wrote(maria)])
        let id = id(scene)
        scene.now = scene.now.adding(milliseconds: 25_000)
        let events = scene.handle(.replied(ana, id.number)).events.suffix(2)
        #expect(
            Array(events) == [
                .targetBreached(id, .firstResponse, callsSupervisor: false),
                .targetMet(id, .firstResponse, isLate: true),
            ])
    }

    @Test("Its clock stands while the queue is closed, and moves with the hours")
    func openingTime() {
        var scene = Self.scene { $0.queues[0].hours = OpeningTests.week }
        scene.run([OpeningTests.told(scene, (0, 10_000), (60_000, 80_000)), .wrote(maria)])
        let start = scene.now
        scene.wait(9_999)
        #expect(!scene.desk.isOpen(queue))
        scene.wait(40_000)
        #expect(stage(scene) == .running)
        // Half of it was used before the closing (all but the millisecond of the writing itself).
        let row = scene.desk.conversation(id(scene))
        #expect(row.flatMap { scene.desk.deadline(of: $0) } == start.adding(milliseconds: 70_000))
        scene.run([OpeningTests.told(scene, (1_000, 40_000))])
        let moved = scene.desk.conversation(id(scene)).flatMap { scene.desk.deadline(of: $0) }
        #expect(moved == scene.now.adding(milliseconds: 11_001))
        scene.wait(11_001)
        #expect(stage(scene) == .warned || stage(scene) == .breached)
        OpeningTests.check(scene)
    }

    @Test("A return, a transfer and an escalation renew no clock (P13)")
    func clockRunsOn() {
        var scene = Self.scene(
            ServiceTarget(
                firstResponse: 20_000, warning: 4_000,
                onWarning: Escalation(priority: 7, queue: QueueID(2)),
                onBreach: Escalation(callsSupervisor: true)))
        scene.run([.wrote(maria)])
        let started = scene.now
        let id = id(scene)
        scene.run([.presenceSet(ana, .offline)])
        let since = scene.desk.conversation(id)?.waitingSince
        let events = scene.wait(16_000 - 1)
        #expect(events.count == 3)
        let row = scene.desk.conversation(id)
        #expect(row?.owner == .queue(QueueID(2)))
        #expect(row?.routing.priority == 7)
        #expect(row?.waitingSince == since)
        #expect(row.flatMap { scene.desk.deadline(of: $0) } == started.adding(milliseconds: 20_000))
        scene.wait(4_000)
        #expect(stage(scene) == .breached)
        OpeningTests.check(scene)
    }

    @Test("Closing ends it; nothing is promised without a target")
    func ends() {
        var scene = Self.scene()
        scene.run([.wrote(maria)])
        let id = id(scene)
        scene.run([.conversationClosed(ana, id)])
        #expect(scene.desk.nextDeadline == nil)
        scene.run([.wrote(maria)])
        #expect(stage(scene) == .running)
        scene.run([.conversationClosed(ana, id)])
        #expect(scene.desk.conversation(id)?.routing.target == nil)
        OpeningTests.check(scene)
    }

    @Test("The target for the highest priority that fits counts")
    func priorities() {
        var scene = Self.scene {
            $0.queues[0].targets = [
                Self.promise, ServiceTarget(fromPriority: 3, firstResponse: 5_000),
            ]
            $0.queues[0].priority = 4
        }
        scene.run([.wrote(maria)])
        let row = scene.desk.conversation(id(scene))
        #expect(
            row.flatMap { scene.desk.deadline(of: $0) } == scene.now.adding(milliseconds: 5_000))
    }
}
