import Desk
import Testing

/// Silence, the pace of a queue and the expected wait pass only while a queue is open.
@Suite("Nights do not count")
struct SilenceTests {
    /// Nobody is there; the first queue has hours and gives up after a minute's silence, the second after
    /// 45 seconds, the third never.
    private static func scene(_ change: (inout Configuration) -> Void = { _ in }) -> Scene {
        var scene = OpeningTests.scene { configuration in
            configuration.queues[0].abandonment = 60_000
            configuration.queues[1].abandonment = 45_000
            configuration.queues.append(Queue(id: QueueID(9), name: "Patient"))
            change(&configuration)
        }
        scene.run([.presenceSet(ana, .away)])
        return scene
    }

    private static func isGivenUp(_ thread: Digest, _ scene: Scene) -> Bool {
        OpeningTests.owner(of: thread, scene) == .nobody
    }

    /// Lets time pass up to the millisecond before the customer is to be given up, and over it.
    private func expectGivenUp(
        _ thread: Digest, after wait: Int64, _ scene: inout Scene,
        at place: SourceLocation = #_sourceLocation
    ) {
        let end = scene.now.adding(milliseconds: wait)
        scene.wait(wait - 1)
        let isEarly = Self.isGivenUp(thread, scene)
        #expect(!isEarly, "too early", sourceLocation: place)
        scene.reload()
        #expect(scene.desk.nextDeadline ?? end <= end, sourceLocation: place)
        scene.wait(end.milliseconds - scene.now.milliseconds)
        let isGone = Self.isGivenUp(thread, scene)
        #expect(isGone, "too late", sourceLocation: place)
        OpeningTests.check(scene)
    }

    @Test("A minute's silence: 20 seconds before the queue closes and 40 after it opens")
    func night() {
        var scene = Self.scene()
        let begun = scene.now
        scene.run([OpeningTests.told(scene, (1, 20_000), (600_000, 900_000))])
        scene.wait(1)
        scene.run([.wrote(maria)])
        let open = begun.milliseconds + 20_000 - scene.now.milliseconds
        scene.wait(500_000)
        #expect(!Self.isGivenUp(maria, scene))
        let opening = begun.milliseconds + 600_000 - scene.now.milliseconds
        expectGivenUp(maria, after: opening + 60_000 - open, &scene)
    }

    @Test("Who writes at night has the whole minute from the opening on")
    func writingAtNight() {
        var scene = Self.scene()
        let begun = scene.now
        scene.run([OpeningTests.told(scene, (1, 20_000), (600_000, 900_000))])
        scene.wait(1)
        scene.run([.wrote(maria)])
        scene.wait(100_000)
        scene.run([.wrote(maria, at: scene.now.milliseconds)])
        expectGivenUp(
            maria, after: begun.milliseconds + 660_000 - scene.now.milliseconds, &scene)
    }

    @Test("While a supervisor has the queue closed, silence stands still")
    func closedByHand() {
        var scene = Self.scene { $0.queues[0].hours = nil }
        scene.run([.wrote(maria)])
        let begun = scene.now
        scene.wait(10_000)
        scene.run([.queueClosed(queue, until: nil, by: sofia)])
        let passed = scene.now.milliseconds - begun.milliseconds
        scene.wait(300_000)
        scene.run([.queueOpened(queue, until: nil, by: sofia)])
        expectGivenUp(maria, after: 60_000 - passed, &scene)
    }

    @Test(
        "What passed goes along to another queue, and begins there if the former had no end of it")
    func moving() {
        var scene = Self.scene { $0.queues[0].hours = nil }
        scene.run([.wrote(maria)])
        let begun = scene.now
        let id = conversation(scene.shelf.conversations.values.first?.id.number ?? 0)
        scene.wait(20_000)
        var other = scene
        scene.run([.conversationMoved(id, QueueID(2), by: sofia)])
        let passed = scene.now.milliseconds - begun.milliseconds
        expectGivenUp(maria, after: 45_000 - passed, &scene)
        other.run([.conversationMoved(id, QueueID(9), by: sofia)])
        other.wait(120_000)
        #expect(!Self.isGivenUp(maria, other), "the third queue gives nobody up")
        OpeningTests.check(other)
    }

    @Test("In a queue that begins to give customers up, silence begins then")
    func newlyConfigured() {
        var scene = Self.scene {
            $0.queues[0].hours = nil
            $0.queues[0].abandonment = nil
        }
        scene.run([.wrote(maria)])
        scene.wait(120_000)
        var wanted = scene.desk.configuration
        wanted.queues[0].abandonment = 60_000
        scene.run([.configurationSet(wanted, by: sofia)])
        expectGivenUp(maria, after: 60_000, &scene)
    }

    @Test("A night is no sample of the pace, and the wait that is told counts it")
    func pace() {
        var scene = Self.scene { configuration in
            configuration.queues[0].abandonment = nil
            configuration.queues[0].announcing = AnnouncingTests.templates
        }
        let begun = scene.now
        scene.run([OpeningTests.told(scene, (1, 20_000), (600_000, 9_000_000))])
        scene.wait(10_000)
        scene.run([.wrote(maria)])
        let passed = begun.milliseconds + 20_000 - scene.now.milliseconds
        // One place at the usual two minutes, of which what is left today is the beginning.
        let told = scene.desk.expectedWait(in: queue, at: scene.now)
        let night: Int64 = 580_000
        #expect(told == night + 2 * 120_000)
        scene.wait(590_000)
        #expect(scene.desk.isOpen(queue))
        let reopened = begun.milliseconds + 600_000
        scene.run([.presenceSet(ana, .available)])
        let sample = passed + scene.now.milliseconds - reopened
        #expect(scene.desk.pace(of: queue)?.interval == (120_000 * 15 + sample + 8) / 16)
        OpeningTests.check(scene)
    }
}
