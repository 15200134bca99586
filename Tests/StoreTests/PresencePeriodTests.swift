import Desk
import Engine
import EventLoop
import Postgres
import Testing

@testable import Store

extension StoreTests {
    /// The time of each presence is a row, written with the event that began it.
    @Suite struct PresencePeriodTests {
        private static let periods = """
            SELECT presence, reason, (extract(epoch FROM began_at) * 1000)::bigint,
                   (extract(epoch FROM ended_at) * 1000)::bigint
              FROM presence_periods WHERE desk = 1 AND agent = 7 ORDER BY event
            """

        private func rows(_ scene: Scene) async throws -> [String] {
            let rows = try await scene.query(Self.periods)
            var lines: [String] = []
            for row in 0..<rows.rowCount {
                let reason = try rows.optionalInt8(row, 1).map { " \($0)" } ?? ""
                let end = try rows.optionalInt8(row, 3).map { String($0 - base) } ?? ""
                let began = try rows.int8(row, 2) - base
                lines.append("\(try rows.text(row, 0))\(reason) \(began)-\(end)")
            }
            return lines
        }

        private let base: Int64 = 1_800_000_000_000

        @Test func eachPresenceIsOnePeriod() async throws {
            try await Scene.run { scene in
                let node = try await scene.node()
                let agent = AgentID(7)
                try await node.commit([
                    Node.Order(input: .agentConnected(agent, ConnectionID(1)))
                ])
                // A commit is 10 ms later. Several in one: each begins and ends at once.
                node.now = node.now.adding(milliseconds: 1_000)
                try await node.commit([
                    Node.Order(input: .presenceSet(agent, .available)),
                    Node.Order(input: .presenceSet(agent, .busy)),
                ])
                node.now = node.now.adding(milliseconds: 2_000)
                try await node.commit([
                    Node.Order(input: .presenceOrdered(agent, .away, by: AgentID(9)))
                ])
                try await node.reload(.raise(from: node.epoch))
                node.now = node.now.adding(milliseconds: 3_000)
                try await node.commit([Node.Order(input: .presenceSet(agent, .offline))])
                #expect(
                    try await rows(scene) == [
                        "away -3 10-1020", "available 1020-1020", "busy 1020-3030",
                        "away -2 3030-6040",
                    ])
                #expect(node.desk.agent(agent)?.presence == .offline)
            }
        }

        /// Worked time is the sum of the periods, cut to the range; held is what lay within duty.
        @Test func worksAddUp() async throws {
            try await Scene.run { scene in
                let node = try await scene.node()
                let agent = AgentID(7)
                try await node.commit(arrives(7))
                // Each commit is 10 ms later.
                let start = node.now
                node.now = start.adding(milliseconds: 9_990)
                try await node.commit([wrote(1, message: 1), wrote(2, message: 2)])
                node.now = start.adding(milliseconds: 29_990)
                let first = try await node.conversation(of: 1)
                try await node.commit([Node.Order(input: .conversationClosed(agent, first))])
                node.now = start.adding(milliseconds: 39_990)
                try await node.commit([Node.Order(input: .presenceSet(agent, .away))])
                node.now = start.adding(milliseconds: 69_990)
                try await node.commit([Node.Order(input: .presenceSet(agent, .busy))])
                node.now = start.adding(milliseconds: 74_990)
                try await node.commit([Node.Order(input: .presenceSet(agent, .offline))])

                let whole = try await node.store.workedTime(
                    from: start.adding(milliseconds: -5_000), to: start.adding(milliseconds: 90_000)
                )
                // The second conversation was held from 10 to 75 s, of which 30 s were no duty.
                #expect(whole.map(\.held) == [35_000])
                #expect(whole.map(\.onDuty) == [45_000])
                let shares = try #require(whole.first?.shares)
                    .filter { $0.time > 0 }.map { "\($0.presence) \($0.time)" }
                #expect(shares == ["available 40000", "away 30000", "busy 5000"])

                let part = try await node.store.workedTime(
                    from: start.adding(milliseconds: 5_000), to: start.adding(milliseconds: 20_000),
                    of: agent)
                #expect(part.map(\.onDuty) == [15_000])
                #expect(part.map(\.held) == [10_000])
                #expect(
                    try await node.store.workedTime(
                        from: start, to: start.adding(milliseconds: 90_000), of: AgentID(8)) == [])
                await #expect(throws: StoreError.invalid(field: "to")) {
                    try await node.store.workedTime(from: start, to: start)
                }
            }
        }

        /// What ended long ago goes, the oldest first and a little at a time; what goes on, and what
        /// another desk keeps, stays.
        @Test func oldPeriodsGoInBoundedSteps() async throws {
            try await Scene.run { scene in
                let node = try await scene.node()
                let agent = AgentID(7)
                try await node.commit([
                    Node.Order(input: .agentConnected(agent, ConnectionID(1)))
                ])
                for presence in [Presence.available, .busy, .available] {
                    node.now = node.now.adding(milliseconds: 990)
                    try await node.commit([Node.Order(input: .presenceSet(agent, presence))])
                }
                #expect(
                    try await rows(scene) == [
                        "away -3 10-1010", "available 1010-2010", "busy 2010-3010",
                        "available 3010-",
                    ])
                func purge(before end: Int64, of store: Store) async throws -> Int {
                    let long = Instant(milliseconds: 0)
                    return try await store.purge(
                        keysBefore: long, keptEventsBefore: long,
                        presenceBefore: Instant(milliseconds: base + end), at: long, limit: 1)
                }
                let other = try await scene.node(desk: 2)
                #expect(try await purge(before: 9_999, of: other.store) == 0)
                #expect(try await purge(before: 1_010, of: node.store) == 0, "it ended just then")
                #expect(try await purge(before: 2_011, of: node.store) == 1)
                #expect(
                    try await rows(scene) == [
                        "available 1010-2010", "busy 2010-3010", "available 3010-",
                    ])
                #expect(try await purge(before: 2_011, of: node.store) == 1)
                #expect(try await purge(before: 2_011, of: node.store) == 0)
                #expect(try await purge(before: 9_999, of: node.store) == 1)
                #expect(try await purge(before: 9_999, of: node.store) == 0)
                #expect(try await rows(scene) == ["available 3010-"])
            }
        }

        /// A node whose clock is behind that of the one before must not be stopped by that.
        @Test func aClockThatIsBehindEndsNothingBeforeItBegan() async throws {
            try await Scene.run { scene in
                let node = try await scene.node()
                let agent = AgentID(7)
                try await node.commit([
                    Node.Order(input: .agentConnected(agent, ConnectionID(1)))
                ])
                node.now = node.now.adding(milliseconds: -500)
                #expect(
                    try await node.commit([Node.Order(input: .presenceSet(agent, .busy))]) == .ok)
                #expect(try await rows(scene) == ["away -3 10-10", "busy -480-"])
            }
        }
    }
}
