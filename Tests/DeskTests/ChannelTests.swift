import Desk
import Foundation
import Testing

/// What comes by one channel may weigh otherwise, and what comes by one page may begin elsewhere.
@Suite("Channels and pages")
struct ChannelTests {
    private static let second = QueueID(2)
    private static let case1 = WorkKindID(1)

    private func configuration() -> Configuration {
        var all = ConfigurationTests.valid
        all.kinds[0].channels = [
            ChannelWeight(channel: .instagram, weight: 1),
            ChannelWeight(channel: .whatsApp, weight: 4),
        ]
        all.grades[0].weights = [
            .init(kind: Self.case1, weight: 2, channel: .instagram),
            .init(kind: Self.case1, weight: 3),
        ]
        all.queues[0].kind = Self.case1
        return all
    }

    /// Ana, of a grade or of none, is available with room for so much.
    private func scene(
        capacity: Int, grade: GradeID? = nil, _ configuration: Configuration
    ) -> Scene {
        var scene = Scene(rules: Rules(defaultCapacity: capacity))
        scene.run([.connected(ana), .configurationSet(configuration, by: sofia)])
        scene.run([.profileSet(ana, Profile(grade: grade), by: sofia)])
        scene.run([.presenceSet(ana, .available)])
        return scene
    }

    private func wrote(_ low: UInt64, _ origin: Origin) -> Input {
        .customerWrote(
            CustomerWrote(
                thread: Digest(high: 7, low: low), platformMessage: nil, kind: .text,
                writtenAt: moment(500), origin: origin))
    }

    private func row(_ low: UInt64, _ scene: Scene) -> Conversation? {
        scene.row(of: Digest(high: 7, low: low))
    }

    private func check(_ scene: Scene) {
        #expect(scene.auditor.violations.isEmpty)
        #expect(scene.desk.state == scene.shelf.state)
    }

    static let weights: [(Channel, GradeID?, Int)] = [
        (.messenger, nil, 2), (.instagram, nil, 1), (.whatsApp, nil, 4),
        (.messenger, GradeID(1), 3), (.instagram, GradeID(1), 2), (.whatsApp, GradeID(1), 3),
    ]

    @Test("The same work weighs by its channel and by the agent's grade", arguments: weights)
    func weighs(channel: Channel, grade: GradeID?, weight: Int) {
        var scene = scene(capacity: 9, grade: grade, configuration())
        scene.run([wrote(1, Origin(channel: channel, page: "1"))])
        #expect(row(1, scene)?.owner == .agent(ana))
        #expect(scene.desk.load(of: ana) == weight)
        check(scene)
    }

    @Test("Who has no room for one channel is given what comes by another")
    func room() {
        var scene = scene(capacity: 3, configuration())
        scene.run([wrote(1, Origin(channel: .messenger, page: "1"))])
        scene.run([wrote(2, Origin(channel: .whatsApp, page: "1"))])
        scene.run([wrote(3, Origin(channel: .messenger, page: "1"))])
        scene.run([wrote(4, Origin(channel: .instagram, page: "1"))])
        #expect(
            [1, 2, 3, 4].map { row($0, scene)?.owner } == [
                .agent(ana), .queue(queue), .queue(queue), .agent(ana),
            ])
        let explained = row(2, scene).flatMap { scene.desk.explain($0.id) }
        #expect(explained?.candidates.first?.obstacle == .noRoom(load: 3, capacity: 3, weight: 4))
        check(scene)
    }

    @Test("Room that is kept for heavy work is kept by what its channel weighs")
    func reserved() {
        var all = configuration()
        all.heavyWork = .reservesRoom
        var scene = scene(capacity: 4, all)
        scene.run([wrote(1, Origin(channel: .instagram, page: "1"))])
        scene.run([wrote(2, Origin(channel: .whatsApp, page: "1"))])
        scene.run([wrote(3, Origin(channel: .instagram, page: "1"))])
        #expect(row(3, scene)?.owner == .queue(queue), "the room is kept for the second")
        check(scene)
    }

    // MARK: Where conversations begin

    static let rules = [
        EntryRule(channel: .whatsApp, queue: QueueID(3)),
        EntryRule(page: "5", queue: QueueID(2)),
        EntryRule(page: "5", channel: .instagram, queue: QueueID(4)),
    ]
    static let entries: [(Origin, QueueID)] = [
        (Origin(channel: .messenger, page: "1"), QueueID(1)),
        (Origin(channel: .messenger, page: "5"), QueueID(2)),
        (Origin(channel: .whatsApp, page: "5"), QueueID(2)),
        (Origin(channel: .whatsApp, page: "1"), QueueID(3)),
        (Origin(channel: .instagram, page: "5"), QueueID(4)),
        (Origin(channel: .instagram, page: "1"), QueueID(1)),
    ]

    private func office(_ change: (inout Configuration) -> Void = { _ in }) -> Scene {
        var all = Configuration()
        all.queues = (1...4).map { Queue(id: QueueID($0), name: "queue \($0)") }
        all.entries = Self.rules
        change(&all)
        var scene = Scene()
        scene.run([.configurationSet(all, by: sofia)])
        return scene
    }

    @Test(
        "A conversation begins where the rule of its page says, or of its channel",
        arguments: entries)
    func begins(origin: Origin, queue: QueueID) {
        var scene = office()
        scene.run([wrote(1, origin)])
        #expect(row(1, scene)?.owner == .queue(queue))
        #expect(row(1, scene)?.origin == origin)
        #expect(row(1, scene).flatMap { scene.desk.explain($0.id) }?.entry == queue)
        check(scene)
    }

    @Test("One that begins again begins where its page says then, and overflows from there")
    func beginsAgain() {
        let page = Origin(channel: .messenger, page: "5")
        var scene = office { $0.queues[1].overflow = Overflow(to: QueueID(4), atLength: 1) }
        scene.run([.connected(ana), .presenceSet(ana, .available), wrote(1, page)])
        scene.run([
            .presenceSet(ana, .away),
            .conversationClosed(ana, row(1, scene)?.id ?? conversation(0)),
        ])
        scene.run([wrote(1, page), wrote(2, page)])
        #expect(row(1, scene)?.owner == .queue(QueueID(2)))
        #expect(row(2, scene)?.owner == .queue(QueueID(4)), "one is enough in the second")
        check(scene)
    }

    @Test("A page that was not kept is learnt when the customer writes again")
    func learnt() {
        var scene = office()
        scene.run([wrote(1, Origin())])
        #expect(row(1, scene)?.origin.page.isEmpty == true)
        scene.run([wrote(1, Origin(channel: .messenger, page: "5"))])
        #expect(row(1, scene)?.origin.page == "5")
        #expect(row(1, scene)?.owner == .queue(queue), "it has begun already")
        check(scene)
    }

    // MARK: Configurations of before

    @Test("What was stored without channels and pages is still read")
    func formerDocument() throws {
        let stored = """
            {"version":7,"skills":[],"kinds":[{"id":1,"name":"case","weight":2}],
            "grades":[{"id":1,"name":"trainee","weights":[{"kind":1,"weight":3}]}],
            "queues":[{"id":1,"name":"Service","priority":0,"needs":[],"relaxations":[],"kind":1,
            "handing":{"push":{}},"stickiness":0}],"entry":1,"ageing":0,"heavyWork":"isPassed",
            "missedOffers":2,"transferTimeout":60000}
            """
        let read = try JSONDecoder().decode(Configuration.self, from: Data(stored.utf8))
        #expect(read.entries == nil && read.kinds[0].channels == nil && read.queues[0].limit == nil)
        #expect(read.grades[0].weights == [.init(kind: Self.case1, weight: 3)])
    }
}
