import Desk
import DeskRunner
import EventLoop
import Testing

/// Whether the desk is told anew in time: by itself, at an interval.
@Suite(.serialized) struct HoursKeeperTests {
    private static let day: Int64 = 86_400_000

    /// What the first queue is known of.
    @LoopActor private static func known(_ node: Node) -> QueueHours? {
        node.runner.queueState(QueueID(1))?.hours
    }

    /// A desk whose first queue is always open by its hours, which were told as usual.
    @LoopActor private static func start(
        in scene: Scene, lookingEvery interval: Duration
    ) async throws -> Node {
        let node = try scene.start("one", lookingAtHoursEvery: interval)
        try #require(await scene.until { node.runner.isOwner })
        var configuration = Configuration()
        configuration.queues[0].hours = Hours(
            timeZone: "Etc/UTC",
            weekly: (1...7).map { WeeklyPeriod(day: $0, opens: .startOfDay, closes: .endOfDay) })
        node.enter(.configurationSet(configuration, by: AgentID(9)))
        try #require(await scene.until { known(node)?.periods.isEmpty == false })
        return node
    }

    /// Tells that the queue is known to be open up to so many days from now.
    @LoopActor private static func tell(_ node: Node, days: Double) -> Instant {
        let now = node.runner.now()
        let end = now.adding(milliseconds: Int64(days * Double(day)))
        let hours = QueueHours(
            queue: QueueID(1), periods: [OpenPeriod(from: now, until: end)], knownUntil: end)
        let version = node.runner.configuration?.version ?? 0
        node.enter(.hoursComputed([hours], version: version))
        return end
    }

    @Test("Before what is known ends the desk is told anew, and not while it lasts")
    func refreshes() async throws {
        try await Scene.run { scene in
            let node = try await Self.start(in: scene, lookingEvery: .milliseconds(20))
            // A day less than is computed ahead is enough.
            let enough = Self.tell(node, days: Double(OpeningHours.daysAhead) - 0.5)
            try #require(await scene.until { Self.known(node)?.knownUntil == enough })
            await scene.loop.sleep(for: .milliseconds(200))
            #expect(Self.known(node)?.knownUntil == enough, "ten looks, and it lasts")
            let scarce = Self.tell(node, days: Double(OpeningHours.daysAhead) - 1.5)
            #expect(await scene.until { (Self.known(node)?.knownUntil ?? scarce) > enough })
            #expect(node.runner.queueState(QueueID(1))?.isOpen == true)
        }
    }

    @Test("Between two looks nobody is told anything")
    func waits() async throws {
        try await Scene.run { scene in
            let node = try await Self.start(in: scene, lookingEvery: .seconds(3_600))
            let scarce = Self.tell(node, days: 1)
            try #require(await scene.until { Self.known(node)?.knownUntil == scarce })
            await scene.loop.sleep(for: .milliseconds(200))
            #expect(Self.known(node)?.knownUntil == scarce)
        }
    }
}
