import Desk
import Engine
import EventLoop
import Testing

@testable import Store

extension StoreTests {
    /// What a commit reads does not grow with what the desk holds, although its plans were made while
    /// every table was empty.
    @Suite struct LookupTests {
        /// So many of everything are there.
        private static let many: Int64 = 400

        @Test func aCommitReadsWhatItIsAbout() async throws {
            try await Scene.run { scene in
                let node = try await scene.node()
                try await node.commit(arrives(1, capacity: 1))
                try await node.commit([wrote(1, message: 1)])
                try await node.commit([replied(1, try await node.conversation(of: 1))])
                // Customers' keys are asked for once they are forgotten.
                try await node.reload(.keep(node.epoch))
                try await node.commit(try Self.end(of: 1, node))

                for agent in 2...Self.many { try await node.commit(arrives(agent, capacity: 1)) }
                try await node.commit(
                    (2...Self.many).map { wrote(UInt64($0), message: UInt64($0)) })
                try await node.commit(
                    node.desk.state.conversations.compactMap { conversation in
                        guard case .agent(let agent) = conversation.owner else { return nil }
                        return replied(agent.number, conversation.id)
                    })
                let table = "SELECT count(*) FROM "
                for open in [
                    "assignments WHERE ended_at IS NULL",
                    "presence_periods WHERE ended_at IS NULL",
                    "messages WHERE platform IS NULL", "jobs WHERE state = 'queued'",
                ] { #expect(try await scene.number(table + open) >= Self.many - 2, "\(open)") }

                try await node.reload(.keep(node.epoch))
                let before = try await Self.rowsRead(scene, node)
                try await node.commit(try Self.end(of: 300, node))
                let read = try await Self.rowsRead(scene, node) - before
                print("± a commit about one of \(Self.many) read \(read) rows")
                #expect(read < Self.many / 2)
            }
        }

        /// An agent's reply is sent and has a name, the conversation is closed, and the agent leaves;
        /// one customer edits what they wrote and another comes: something of every kind is looked up,
        /// and changed if it was there before.
        @LoopActor private static func end(of agent: Int64, _ node: Node) throws -> [Node.Order] {
            let agent = AgentID(agent)
            let conversation = try #require(
                node.desk.state.conversations.first { $0.owner == .agent(agent) })
            let job = try #require(
                node.desk.unsettledJobs.first { $0.conversation == conversation.id })
            return [
                Node.Order(input: .sendingBegan(job.id)),
                Node.Order(
                    input: .sendingEnded(job.id, attempt: 1, .sent),
                    content: Content(platformMessage: platform(UInt64(10_000 + agent.number)))),
                Node.Order(input: .conversationClosed(agent, conversation.id)),
                Node.Order(input: .presenceSet(agent, .away)),
                Node.Order(
                    input: .channelReported(
                        ChannelReport(
                            thread: conversation.thread,
                            platformMessage: platform(UInt64(agent.number)), kind: .edited,
                            at: node.now, origin: origin(1))),
                    content: Content(body: Array("edited".utf8), kind: "edit")),
                wrote(UInt64(1_000 + agent.number), message: UInt64(1_000 + agent.number)),
            ]
        }

        /// All rows that sessions have read so far. A session tells its figures once a second at most,
        /// at the end of a transaction.
        @LoopActor private static func rowsRead(_ scene: Scene, _ node: Node) async throws -> Int64
        {
            await scene.loop.sleep(for: .milliseconds(1_100))
            #expect(await node.store.commit(node.renewal) == .ok)
            return try await scene.number(
                """
                SELECT sum(coalesce(idx_tup_fetch, 0) + seq_tup_read)::bigint
                  FROM pg_stat_user_tables WHERE relname <> 'schema_migrations'
                """)
        }
    }
}
