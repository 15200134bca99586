import Desk
import Engine
import EventLoop
import Testing

@testable import Store

extension StoreTests {
    /// The ledger shows what was done to it.
    @Suite struct ChainTests {
        /// The same chain, computed by the database's own functions from the README's table.
        private static let independent = """
            WITH RECURSIVE chain (number, hash) AS (
                SELECT 0::bigint, decode(repeat('00', 32), 'hex')
                UNION ALL
                SELECT events.number, sha256(chain.hash || int8send(events.desk)
                       || int8send(events.number)
                       || int8send((extract(epoch FROM events.at) * 1000)::bigint)
                       || int8send(events.epoch) || int2send(events.kind)
                       || int8send(coalesce(events.conversation, 0))
                       || int4send(cardinality(events.audience))
                       || coalesce((SELECT string_agg(int8send(agent), '' ORDER BY place)
                              FROM unnest(events.audience) WITH ORDINALITY AS a (agent, place)),
                              '')
                       || int4send(octet_length(events.body)) || events.body)
                  FROM chain JOIN events ON events.number = chain.number + 1)
            SELECT count(*) FROM chain JOIN events USING (number, hash)
            """

        @Test func anIndependentProgramFindsTheSameChain() async throws {
            try await Scene.run { scene in
                let node = try await scene.nodeWithHistory()
                #expect(try await scene.number(Self.independent) == node.desk.lastEvent)
                #expect(
                    try await node.store.verifyChain() == .sound(events: node.desk.lastEvent))
            }
        }

        @Test(arguments: [
            ("UPDATE events SET body = set_byte(body, 8, 9) WHERE number = 20", 20, "changed"),
            ("UPDATE events SET audience = audience || 5::bigint WHERE number = 20", 20, "changed"),
            ("UPDATE events SET at = at + interval '1 ms' WHERE number = 20", 20, "changed"),
            ("UPDATE events SET epoch = epoch + 1 WHERE number = 20", 20, "changed"),
            ("UPDATE events SET kind = kind % 20 + 1 WHERE number = 20", 20, "changed"),
            ("UPDATE events SET conversation = 77 WHERE number = 20", 20, "changed"),
            (
                "UPDATE events SET hash = set_byte(hash, 0, get_byte(hash, 0) # 1) WHERE number = 20",
                20, "changed"
            ),
            ("DELETE FROM events WHERE number = 20", 20, "missing"),
            ("DELETE FROM events WHERE number = 1", 1, "missing"),
            ("DELETE FROM events WHERE number = (SELECT max(number) FROM events)", 0, "missing"),
            ("DELETE FROM events", 1, "missing"),
            (
                """
                UPDATE events SET number = -1 WHERE number = 20;
                UPDATE events SET number = 20 WHERE number = 21;
                UPDATE events SET number = 21 WHERE number = -1
                """, 20, "changed"
            ),
            (
                "UPDATE desks SET last_hash = set_byte(last_hash, 0, get_byte(last_hash, 0) # 1)",
                0, "endDiffers"
            ),
            ("UPDATE desks SET last_event = last_event - 1", -1, "endDiffers"),
        ])
        func tamperingIsFound(statement: String, at number: Int64, fault: String) async throws {
            try await Scene.run { scene in
                let node = try await scene.nodeWithHistory()
                try await scene.sql(
                    """
                    SET session_replication_role = replica;
                    ALTER DOMAIN positive DROP CONSTRAINT positive_check;
                    \(statement)
                    """)
                // 0: the last; -1: the one before.
                let place = number > 0 ? number : node.desk.lastEvent + number
                let fault = try #require(ChainFault(rawValue: fault))
                #expect(try await node.store.verifyChain() == .broken(at: place, fault))
            }
        }
    }
}

extension Scene {
    fileprivate func nodeWithHistory() async throws -> Node {
        let node = try await node()
        var history = RandomHistory(seed: 11)
        while node.desk.lastEvent < 60 {
            #expect(try await node.commit(history.batch(node)) == .ok)
        }
        return node
    }
}
