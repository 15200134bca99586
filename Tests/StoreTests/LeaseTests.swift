import Desk
import Engine
import EventLoop
import Postgres
import PostgresFixture
import Testing

@testable import Store

extension StoreTests {
    /// Who may write, and how that passes from one node to another.
    @Suite struct LeaseTests {
        @Test func aHeldLeaseIsNotGiven() async throws {
            try await Scene.run { scene in
                _ = try await scene.node(holder: "one")
                let answer = try await scene.store(holder: "two").reload(.take)
                guard case .failure(.held(let askAgainIn)) = answer else {
                    Issue.record("not held")
                    return
                }
                #expect((30_000...60_000).contains(askAgainIn))
            }
        }

        @Test func anExpiredLeaseIsTakenAndTheOldSessionEnds() async throws {
            try await Scene.run { scene in
                let old = try await scene.node(holder: "old") { $0.leaseTime = 50 }
                try await old.commit([wrote(1, message: 1)])
                await scene.loop.sleep(for: .milliseconds(60))
                let new = try await scene.node(holder: "new")
                #expect(new.epoch == 2)
                #expect(new.desk.state.conversations.count == 1)
                let outcome = await old.store.commit(
                    try old.decidedAlone([wrote(2, message: 2)]))
                #expect([.unavailable, .unknown].contains(outcome))
                guard case .failure(.held) = await old.store.reload(.raise(from: old.epoch)) else {
                    Issue.record("the old owner came back")
                    return
                }
            }
        }

        /// The old owner hangs in the middle of its commit and keeps the desk's row locked.
        @Test func takeoverEndsAnOwnerInMidTransaction() async throws {
            try await Scene.run { scene in
                let old = try await scene.node(holder: "old") {
                    $0.leaseTime = 50
                    $0.lockTimeout = 5_000
                }
                let blocking = scene.inBackground(
                    """
                    BEGIN;
                    INSERT INTO keys VALUES (1, '\\x\(hex(key(1).bytes))', NULL, 0, now());
                    SELECT pg_sleep(4);
                    ROLLBACK;
                    """)
                try await scene.untilSomebodySleeps()
                let hanging = startOnLoopWithResult { try await old.commit([wrote(1, message: 1)]) }
                await scene.loop.sleep(for: .milliseconds(300))
                let began = scene.loop.monotonic
                let new = try await scene.node(holder: "new")
                #expect(scene.loop.monotonic - began < 2_500)
                #expect(new.epoch == 2 && new.desk.state == DeskState())
                #expect(try await hanging.value == .unknown)
                #expect(try await new.commit([wrote(2, message: 2)]) == .ok)
                await blocking.value
            }
        }

        @Test func keepIsForTheOwnerAlone() async throws {
            try await Scene.run { scene in
                let node = try await scene.node()
                #expect(try await node.store.reload(.keep(1)).get().epoch == 1)
                try await node.reload(.raise(from: 1))
                #expect(node.epoch == 2)
                guard case .failure(.held) = await node.store.reload(.keep(1)) else {
                    Issue.record("an old epoch was kept")
                    return
                }
            }
        }

        /// It waited for the desk's row when its deadline passed. Applied later it would end the
        /// session of the raise that followed.
        @Test func aRaiseThatWasGivenUpIsNotAppliedLater() async throws {
            try await Scene.run { scene in
                let node = try await scene.node {
                    $0.readDeadline = .seconds(2)
                    $0.lockTimeout = 20_000
                }
                let blocking = scene.inBackground(
                    "BEGIN; SELECT FROM desks FOR UPDATE; SELECT pg_sleep(4); ROLLBACK;")
                try await scene.untilSomebodySleeps()
                #expect(await node.store.reload(.raise(from: 1)) == .failure(.unavailable))
                await blocking.value
                await scene.loop.sleep(for: .milliseconds(200))
                #expect(try await scene.number("SELECT epoch FROM desks") == 1)
                try await node.reload(.raise(from: 1))
                #expect(node.epoch == 2)
                #expect(try await node.commit([wrote(1, message: 1)]) == .ok)
            }
        }

        @Test func whatIsGivenBackIsFree() async throws {
            try await Scene.run { scene in
                let old = try await scene.node(holder: "old")
                await old.store.giveLeaseBack(epoch: old.epoch + 1)
                #expect(try await old.store.owner().isThisProcess)
                await old.store.giveLeaseBack(epoch: old.epoch)
                let owner = try await old.store.owner()
                #expect(
                    owner == DeskOwner(holder: nil, epoch: 1, expiresIn: 0, isThisProcess: false))
                let new = try await scene.node(holder: "new")
                #expect(new.epoch == 2)
                #expect(try await new.store.owner().holder == "new")
                #expect(await old.store.commit(try old.decidedAlone([wrote(1, message: 1)])) != .ok)
            }
        }

        /// After a crash the same node need not wait for its own lease; a second process that was given
        /// the same name by mistake must.
        @Test func aNodeTakesItsOwnLeaseBackWhenItsSessionIsGone() async throws {
            try await Scene.run { scene in
                let first = try await scene.node(holder: "one")
                guard case .failure(.held) = try await scene.store(holder: "one").reload(.take)
                else {
                    Issue.record("two processes of one name own the desk")
                    return
                }
                first.store.close()
                let second = Node(try scene.store(holder: "one"))
                for _ in 0..<100 {
                    if case .success = await second.store.reload(.take) { break }
                    await scene.loop.sleep(for: .milliseconds(10))
                }
                #expect(try await second.store.owner().isThisProcess)
                #expect(try await second.store.owner().epoch == 2)
            }
        }

        @Test func eachCommitExtendsTheLease() async throws {
            try await Scene.run { scene in
                let node = try await scene.node { $0.leaseTime = 90_000 }
                try await scene.sql("UPDATE desks SET expires_at = now() - interval '1 hour'")
                #expect(await node.store.commit(node.renewal) == .ok)
                #expect(try await node.store.owner().expiresIn > 60_000)
            }
        }

        @Test func desksDoNotMeet() async throws {
            try await Scene.run { scene in
                let one = try await scene.node(desk: 1)
                let two = try await scene.node(desk: 2)
                #expect(try await one.commit([wrote(1, message: 1)]) == .ok)
                #expect(try await two.commit([wrote(1, message: 1)]) == .ok)
                try await one.reload(.raise(from: one.epoch))
                #expect(one.desk.state.conversations == two.desk.state.conversations)
                #expect(try await two.commit([wrote(2, message: 2)]) == .ok)
                #expect(try await two.store.verifyChain() == .sound(events: 8))
                let digest = try #require(one.store.digester).digest("thread", [1])
                #expect(digest != two.store.digester?.digest("thread", [1]))
            }
        }

        /// The server's role needs no more than the README grants it, and may not rewrite the ledger.
        @Test func theGrantedRightsAreEnough() async throws {
            try await Scene.run { scene in
                try await scene.grantAsDocumented()
                let node = Node(
                    try scene.store(options: "user=ventanilla", configure: { _ in }))
                try await node.reload(.take)
                var history = RandomHistory(seed: 5)
                for _ in 0..<10 { #expect(try await node.commit(history.batch(node)) == .ok) }
                let person = try await node.store.enter(
                    Identity(issuer: "i", subject: "s", name: "n", roles: []), at: node.now)
                try await node.store.createSession(
                    [1], person: person, roles: [], at: node.now,
                    expiresAt: node.now.adding(milliseconds: 1))
                _ = try await node.store.purge(
                    keysBefore: node.now, keptEventsBefore: node.now, presenceBefore: node.now,
                    at: node.now, limit: 10)
                for statement in [
                    "UPDATE events SET epoch = 9", "DELETE FROM handoffs", "DELETE FROM messages",
                    "TRUNCATE events",
                ] {
                    let connection = PostgresConnection(
                        loop: scene.loop,
                        configuration: scene.database.configuration(options: "user=ventanilla"))
                    try await connection.connect()
                    defer { connection.close() }
                    await #expect(throws: PostgresError.self) {
                        try await connection.script(statement)
                    }
                }
            }
        }
    }
}

/// Two hexadecimal digits for each byte.
func hex(_ bytes: [UInt8]) -> String {
    bytes.map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }.joined()
}

/// A task of the loop whose result is wanted.
func startOnLoopWithResult<Value: Sendable>(
    _ body: @escaping @LoopActor () async throws -> Value
) -> Task<Value, any Error> {
    Task(executorPreference: LoopActor.shared.executor) { try await body() }
}
