import Desk
import Engine
import EventLoop
import Testing

@testable import Store

extension StoreTests {
    /// What waiting customers are told is stored as any message, and the report of waits adds up.
    @Suite struct WaitsTests {
        private static let minute: Int64 = 60_000

        /// One agent with room for one in a queue that announces and gives up after an hour.
        @LoopActor private static func open(_ scene: Scene) async throws -> Node {
            let node = try await scene.node()
            var configuration = Configuration()
            configuration.queues[0].announcing = Announcing(
                waiting: "{position}", nobody: "nobody", interval: 10 * minute,
                usualPace: minute)
            configuration.queues[0].abandonment = 60 * minute
            try await node.commit(arrives(7, capacity: 1))
            try await node.commit([
                Node.Order(input: .configurationSet(configuration, by: AgentID(9)))
            ])
            return node
        }

        @LoopActor private static func wait(_ minutes: Int64, _ node: Node) {
            node.now = node.now.adding(milliseconds: minutes * minute)
        }

        @Test func anAnnouncementIsAMessageOfTheDesk() async throws {
            try await Scene.run { scene in
                let node = try await Self.open(scene)
                try await node.commit([wrote(1, message: 1).written(at: node.now)])
                #expect(try await node.commit([wrote(2, message: 2).written(at: node.now)]) == .ok)
                let conversation = try await node.conversation(of: 2)
                let told = try await node.store.transcript(of: conversation, limit: 9).messages
                #expect(told.map(\.kind).contains(.announcement))
                let announcement = try #require(told.first { $0.kind == .announcement })
                #expect(announcement.author == nil)
                let job = try #require(announcement.job)
                #expect(job.agent == nil)
                let words = Array("waiting(position: 1, minutes: 1)".utf8)
                #expect(announcement.body == words)
                #expect(try await node.store.sendOrder(for: job.id).body == words)
                let expected = node.desk.state
                #expect(expected.paces.map(\.queue) == [QueueID(1)])
                try await node.reload(.raise(from: node.epoch))
                #expect(node.desk.state == expected)
            }
        }

        @Test func theReportAddsUp() async throws {
            try await Scene.run { scene in
                let node = try await Self.open(scene)
                let start = node.now
                // The first is given at once and answered after two minutes; the second waits for five
                // and is never answered; the third is given up.
                try await node.commit([wrote(1, message: 1).written(at: node.now)])
                try await node.commit([
                    wrote(2, message: 2).written(at: node.now),
                    wrote(3, message: 3).written(at: node.now),
                ])
                let conversations = [
                    try await node.conversation(of: 1), try await node.conversation(of: 2),
                    try await node.conversation(of: 3),
                ]
                Self.wait(2, node)
                try await node.commit([replied(7, conversations[0])])
                Self.wait(3, node)
                try await node.commit([
                    Node.Order(input: .conversationClosed(AgentID(7), conversations[0]))
                ])
                Self.wait(60, node)
                #expect(try await node.commit([Node.Order(input: .clockReached)]) == .ok)
                let lines = try await node.store.waits(from: start, to: node.now)
                #expect(lines.count == 1)
                let line = try #require(lines.first)
                #expect(line.queue == QueueID(1))
                #expect(line.day.milliseconds % 86_400_000 == 0 && line.day <= start)
                #expect(line.began == 3)
                #expect(line.abandoned == 1)
                #expect(line.announcements == 2)
                #expect(line.untilAssigned.count == 2)
                #expect(line.untilAssigned.median == 0)
                #expect((300_000...300_100).contains(line.untilAssigned.percentile95))
                #expect(line.untilAssigned.mean == line.untilAssigned.percentile95 / 2)
                #expect(line.untilAnswered.count == 1)
                #expect((120_000...120_100).contains(line.untilAnswered.mean))
                // Nothing began in the last minute, and no range is without end.
                let later = node.now.adding(milliseconds: -Self.minute)
                #expect(try await node.store.waits(from: later, to: node.now).isEmpty)
                await #expect(throws: StoreError.invalid(field: "to")) {
                    try await node.store.waits(
                        from: start, to: start.adding(milliseconds: StoreLimits.waitsRange + 1))
                }
                await #expect(throws: StoreError.invalid(field: "to")) {
                    try await node.store.waits(from: start, to: start)
                }
            }
        }

        @Test func twoAnnouncementsOnTheirWayAreRefused() async throws {
            try await Scene.run { scene in
                let node = try await Self.open(scene)
                try await node.commit([wrote(1, message: 1).written(at: node.now)])
                try await node.commit([wrote(2, message: 2).written(at: node.now)])
                await #expect(throws: (any Error).self) {
                    try await scene.sql(
                        """
                        INSERT INTO jobs (desk, job, conversation, message, text_digest, state,
                               due_at, attempts)
                        SELECT desk, 9999, conversation, 9999, text_digest, state, due_at, 0
                          FROM jobs WHERE agent IS NULL
                        """)
                }
            }
        }
    }
}
