import Desk
import Testing

/// Where conversations go of a queue that is closed and whose overflow takes them then.
@Suite("What a closed queue passes on")
struct ClosedOverflowTests {
    private static let second = QueueID(2)
    private static let third = QueueID(3)

    /// Which queues are closed, and what overflows there are besides that of the first into the second
    /// when it is closed.
    struct Line: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var closed: [QueueID] = [queue]
        var first: Overflow? = Overflow(to: QueueID(2), whenClosed: true)
        var second: Overflow?
        /// How many wait in the second queue already.
        var waiting = 0
        /// Where who comes by themselves goes.
        let comes: QueueID
        /// Where somebody is transferred to who is passed on to the first queue.
        let passed: QueueID
    }

    static let lines: [Line] = [
        Line(testDescription: "it is open", closed: [], comes: queue, passed: queue),
        Line(testDescription: "it is closed", comes: second, passed: second),
        Line(
            testDescription: "it is closed and overflows by wait alone",
            first: Overflow(to: second, afterWait: 90_000), comes: queue, passed: queue),
        Line(
            testDescription: "the other is closed, too", closed: [queue, second], comes: second,
            passed: second),
        Line(
            testDescription: "the other is closed, too, and passes on", closed: [queue, second],
            second: Overflow(to: third, whenClosed: true), comes: third, passed: third),
        Line(
            testDescription: "the other is full and passes on: by hand its length does not count",
            second: Overflow(to: third, atLength: 1), waiting: 1, comes: third, passed: second),
        Line(
            testDescription: "the other has room", second: Overflow(to: third, atLength: 2),
            waiting: 1, comes: second, passed: second),
        Line(
            testDescription: "all are closed", closed: [queue, second, third],
            second: Overflow(to: third, whenClosed: true), comes: third, passed: third),
    ]

    /// Ana is away and has Jorge; so many wait in the second queue.
    private func scene(_ line: Line) throws -> Scene {
        var scene = Scene.open()
        var wanted = Configuration(queues: [
            Queue(id: queue, name: "one", overflow: line.first),
            Queue(id: Self.second, name: "two", overflow: line.second),
            Queue(id: Self.third, name: "three"),
        ])
        wanted.entry = queue
        scene.run([.configurationSet(wanted, by: sofia), .wrote(jorge), .presenceSet(ana, .away)])
        for number in 0..<UInt64(line.waiting) {
            let other = Digest(high: 7, low: number)
            scene.run([.wrote(other)])
            let id = try row(of: other, scene).id
            scene.run([.conversationMoved(id, Self.second, by: sofia)])
        }
        return scene
    }

    private func row(of thread: Digest, _ scene: Scene) throws -> Conversation {
        try #require(scene.row(of: thread))
    }

    private func check(_ scene: Scene) {
        #expect(scene.auditor.violations.isEmpty, "\(scene.auditor.violations)")
        #expect(scene.desk.state == scene.shelf.state)
    }

    @Test("Who comes, and who is passed on, goes where it is open", arguments: lines)
    func enters(line: Line) throws {
        var scene = try scene(line)
        scene.run(line.closed.map { .queueClosed($0, by: sofia) })
        scene.run([.wrote(maria)])
        #expect(try row(of: maria, scene).owner == .queue(line.comes))
        let held = try row(of: jorge, scene)
        scene.run([.transferOrdered(ana, held.id, .queue(queue))])
        #expect(try row(of: jorge, scene).owner == .queue(line.passed))
        check(scene)
    }

    @Test(
        "At the closing who waits goes where who comes goes, with the same clock", arguments: lines)
    func closes(line: Line) throws {
        var scene = try scene(line)
        scene.run([.wrote(maria)])
        let former = try row(of: maria, scene)
        #expect(former.owner == .queue(queue))
        // The first queue last: what it passes on finds the others as they are.
        let closings = line.closed.reversed().map { Input.queueClosed($0, by: sofia) }
        let events = closings.flatMap { scene.handle($0).events }
        let now = try row(of: maria, scene)
        #expect(now.owner == .queue(line.comes))
        #expect(
            now.waitingSince == former.waitingSince
                && now.routing.staysInQueue == (line.comes != queue))
        let reasons = events.compactMap { event -> HandoffReason? in
            guard case .ownerChanged(let handoff) = event else { return nil }
            return handoff.reason
        }
        #expect(reasons == (line.comes == queue ? [] : [.overflowed]))
        #expect(try row(of: jorge, scene).owner == .agent(ana), "what an agent has stays")
        check(scene)
    }

    @Test("What a supervisor put there stays, and what is offered is taken back and goes")
    func stays() throws {
        var scene = Scene.open()
        scene.run([
            .configurationSet(
                Configuration(queues: [
                    Queue(
                        id: queue, name: "one", handing: .offer(timeout: 60_000),
                        overflow: Overflow(to: Self.second, whenClosed: true)),
                    Queue(id: Self.second, name: "two", handing: .pull),
                ]), by: sofia),
            .wrote(maria), .presenceSet(ana, .away), .wrote(jorge),
        ])
        let id = try row(of: jorge, scene).id
        scene.run([.conversationMoved(id, queue, by: sofia), .presenceSet(ana, .available)])
        #expect(try row(of: maria, scene).routing.offer?.agent == ana)
        let events = scene.handle(.queueClosed(queue, by: sofia)).events
        let hers = try row(of: maria, scene)
        #expect(events.contains(.offerEnded(hers.id, ana, .withdrawn)))
        #expect(hers.owner == .queue(Self.second) && hers.routing.declined == [])
        #expect(try row(of: jorge, scene).owner == .queue(queue))
        check(scene)
    }

    @Test("Closed by its hours it passes on at the moment, and keeps what comes once it is open")
    func byTheClock() throws {
        var scene = OpeningTests.scene {
            $0.queues[0].overflow = Overflow(to: Self.second, whenClosed: true)
        }
        scene.run([OpeningTests.told(scene, (0, 10_000), (20_000, 30_000))])
        scene.run([.presenceSet(ana, .away), .wrote(maria)])
        #expect(try row(of: maria, scene).owner == .queue(queue))
        scene.wait(10_000)
        #expect(try row(of: maria, scene).owner == .queue(Self.second))
        scene.wait(10_000)
        scene.run([.wrote(jorge)])
        #expect(try row(of: jorge, scene).owner == .queue(queue))
        #expect(try row(of: maria, scene).owner == .queue(Self.second), "it stays where it went")
        check(scene)
    }
}
