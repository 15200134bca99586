import Desk
import Testing

/// Whoever writes to a closed queue must not be promised a place and some minutes.
@Suite("What customers of a closed queue are told")
struct ClosedQueueTests {
    /// After these inputs, of which the last comes so much later, the customers are told this.
    struct Line: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var given: [@Sendable (Scene) -> Input] = []
        let when: @Sendable (Scene) -> Input
        /// How long after the input the clock is told for the last time, in milliseconds.
        var later: Int64 = 30_000
        /// What is told.
        let then: [Announcement]
    }

    private static let interval: Int64 = 10_000
    private static let closed: @Sendable (Scene) -> Input = { _ in
        .queueClosed(queue, by: sofia)
    }
    private static let opening = moment(70_000)
    private static let closedForAMinute: @Sendable (Scene) -> Input = { _ in
        .queueClosed(queue, until: opening, by: sofia)
    }
    private static let opened: @Sendable (Scene) -> Input = { _ in .queueOpened(queue, by: sofia) }
    private static let mariaWrites: @Sendable (Scene) -> Input = { _ in .wrote(maria) }
    private static let jorgeWrites: @Sendable (Scene) -> Input = { _ in .wrote(jorge) }
    private static let clock: @Sendable (Scene) -> Input = { _ in .clockReached }
    private static let told: @Sendable (Scene) -> Input = { scene in
        let period = OpenPeriod(from: opening, until: moment(90_000))
        let hours = QueueHours(queue: queue, periods: [period], knownUntil: moment(90_000))
        return .hoursComputed([hours], version: scene.desk.configuration.version)
    }

    /// Ana is there and has room for one; nobody was told anything.
    static let lines: [Line] = [
        Line(
            testDescription: "who enters a queue that a supervisor closed, and Ana is there",
            given: [closed], when: mariaWrites, then: [.closed(opens: nil)]),
        Line(
            testDescription: "who enters a queue that is closed for a while",
            given: [closedForAMinute], when: mariaWrites,
            then: [.closed(opens: opening)]),
        Line(
            testDescription: "who enters a queue outside of its hours",
            given: [told], when: mariaWrites, then: [.closed(opens: opening)]),
        Line(
            testDescription: "who waits when it closes, once the interval is over",
            given: [mariaWrites, jorgeWrites], when: closed,
            then: [.waiting(position: 1, minutes: 2), .closed(opens: nil)]),
        Line(
            testDescription: "who waits when it closes, not before the interval is over",
            given: [mariaWrites, jorgeWrites], when: closed, later: interval - 1_000,
            then: [.waiting(position: 1, minutes: 2)]),
        Line(
            testDescription: "when it opens, place and wait anew",
            given: [mariaWrites, closed, jorgeWrites], when: opened,
            then: [.closed(opens: nil), .waiting(position: 1, minutes: 2)]),
        Line(
            testDescription: "when it opens by the clock: one is given, the other is told",
            given: [closedForAMinute, mariaWrites, jorgeWrites], when: clock, later: 75_000,
            then: [
                .closed(opens: opening), .closed(opens: opening),
                .waiting(position: 1, minutes: 2),
            ]),
        Line(
            testDescription: "once for each closing, and again when it opens at another time",
            given: [closed, mariaWrites, clock], when: closedForAMinute,
            then: [.closed(opens: nil), .closed(opens: opening)]),
    ]

    @Test("Nobody is told a place and a wait while their queue is closed", arguments: lines)
    func table(line: Line) {
        var scene = Scene()
        var configuration = Configuration()
        configuration.queues[0].announcing = Announcing(
            waiting: "{position}, {minutes}", nobody: "{position}",
            closed: ClosedTexts(opening: "{opens}", unknown: "later"), positionStep: 1,
            minutesStep: 1, interval: Self.interval, usualPace: 120_000)
        if line.testDescription.contains("hours") {
            configuration.queues[0].hours = OpeningTests.week
        }
        scene.run([
            .connected(ana), .capacitySet(ana, capacity: 1, by: sofia),
            .configurationSet(configuration, by: sofia), .presenceSet(ana, .available),
        ])
        var said: [Announcement] = []
        for input in line.given { Self.take(input(scene), &scene, &said) }
        Self.take(line.when(scene), &scene, &said)
        let end = scene.now.adding(milliseconds: line.later)
        while let next = scene.desk.nextDeadline, next <= end {
            scene.now = max(next, scene.now)
            Self.take(.clockReached, &scene, &said)
        }
        #expect(said == line.then)
        OpeningTests.check(scene)
    }

    /// The input happens, and what it announces leaves at once.
    private static func take(
        _ input: Input, _ scene: inout Scene, _ said: inout [Announcement]
    ) {
        for case .announcementWritten(_, _, let job, let announcement)
            in scene.handle(input).events
        {
            said.append(announcement)
            scene.run([.sendingBegan(job), .sendingEnded(job, attempt: 1, .sent)])
        }
    }

    @Test("Without words for it a closed queue tells nothing; nor before it knows its hours")
    func silent() {
        for hasWords in [false, true] {
            var scene = OpeningTests.scene { configuration in
                configuration.queues[0].announcing = Announcing(
                    waiting: "{position}, {minutes}", nobody: "{position}",
                    closed: hasWords ? ClosedTexts(opening: "{opens}", unknown: "later") : nil)
            }
            scene.run([.wrote(maria)])
            #expect(scene.desk.unsettledJobs.isEmpty, "its hours come in a moment")
            scene.run([OpeningTests.told(scene, (60_000, 90_000))])
            #expect(scene.desk.unsettledJobs.isEmpty == !hasWords)
            OpeningTests.check(scene)
        }
    }

    @Test("Outside the platform's window a closing is not told either")
    func window() {
        var scene = OpeningTests.scene { configuration in
            configuration.queues[0].hours = nil
            configuration.queues[0].announcing = Announcing(
                waiting: "{position}, {minutes}", nobody: "{position}",
                closed: ClosedTexts(opening: "{opens}", unknown: "later"))
        }
        scene.run([.presenceSet(ana, .away), .wrote(maria)])
        let job = scene.desk.unsettledJobs[0]
        scene.run([.sendingBegan(job.id), .sendingEnded(job.id, attempt: 1, .sent)])
        scene.wait(Limits.messagingWindow)
        scene.run([.queueClosed(queue, by: sofia)])
        #expect(scene.desk.unsettledJobs.isEmpty)
        OpeningTests.check(scene)
    }
}
