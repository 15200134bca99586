import Desk
import Engine
import EventLoop
import LoopFixture
import Postgres
import PostgresFixture
import Testing

@testable import Store

extension StoreTests {
    /// Every way in which a commit can end, provoked on a real server.
    @Suite struct OutcomeTests {
        @Test func twoWritersOneIsFenced() async throws {
            try await Scene.run { scene in
                let old = try await scene.node(holder: "old") { $0.leaseTime = 1 }
                try await old.commit([wrote(1, message: 1)])
                // Its session is out of reach, as when another role runs it: only the epoch protects.
                try await scene.sql("UPDATE desks SET backend_pid = NULL, backend_start = NULL")
                await scene.loop.sleep(for: .milliseconds(5))
                let new = try await scene.node(holder: "new")
                #expect(new.epoch == old.epoch + 1)
                #expect(try await old.commit([wrote(2, message: 2)]) == .fenced)
                #expect(await old.store.commit(old.renewal) == .fenced)
                #expect(try await new.commit([wrote(3, message: 3)]) == .ok)
                #expect(new.desk.state.conversations.map(\.thread) == [thread(1), thread(3)])
                #expect(try await scene.number("SELECT count(*) FROM customers") == 2)
            }
        }

        @Test func aBrokenConstraintIsPoisonAndIsSetAside() async throws {
            try await Scene.run { scene in
                let node = try await scene.node()
                try await node.commit([wrote(1, message: 1)])
                var repeated = wrote(2, message: 2)
                repeated.key = key(1)
                #expect(try await node.commit([repeated]) == .poison)
                try await node.reload(.keep(node.epoch))
                let number = node.desk.lastEvent + 1
                let quarantine = Commit(
                    epoch: node.epoch, at: node.now, lastEvent: node.desk.lastEvent,
                    entries: [
                        CommitEntry(
                            key: key(2), parameters: nil, result: 0,
                            content: Content(body: Array("raw".utf8), kind: "a\u{0}é" + odd),
                            records: [
                                EventRecord(
                                    number: number, at: node.now, epoch: node.epoch,
                                    event: .inputQuarantined, audience: [])
                            ])
                    ], changes: Changes())
                #expect(await node.store.commit(quarantine) == .ok)
                let row = try await scene.query(
                    "SELECT event, key, kind, sqlstate, broken_constraint, sealed_body FROM quarantine"
                )
                #expect(try row.int8(0, 0) == number)
                #expect(try row.bytes(0, 1) == key(2).bytes)
                #expect(try row.text(0, 2) == "a???" + odd.prefix(60))
                #expect(try row.text(0, 3) == "23505")
                #expect(try row.text(0, 4) == "keys_pkey")
                let place = SealedPlace(column: .quarantineBody, desk: 1, row: number)
                #expect(
                    try node.store.deskKey?.open(row.bytes(0, 5), at: place) == Array("raw".utf8))
            }
        }

        private let odd = String(repeating: "x", count: 100)

        /// Lost before the server had it, and lost after: nobody can tell, and the reload can.
        @Test(arguments: [(FaultyProxy.Fault.atRequest, false), (.atAnswer("COMMIT"), true)])
        func aLostConnectionIsUnknown(fault: FaultyProxy.Fault, isApplied: Bool) async throws {
            let proxy = try FaultyProxy(server: PostgresServer.shared().directory)
            try await Scene.run { scene in
                let node = try await scene.node(through: proxy.directory)
                try await node.commit([wrote(1, message: 1)])
                proxy.set(fault)
                let commit = try node.decidedAlone([wrote(2, message: 2)])
                #expect(await node.store.commit(commit) == .unknown)
                #expect(await node.store.commit(commit) == .unavailable)
                proxy.set(.none)
                let before = node.epoch
                try await node.reload(.raise(from: before))
                #expect(node.epoch == before + 1)
                #expect(node.desk.state.conversations.count == (isApplied ? 2 : 1))
                // Under the same key: known, or not and then accepted.
                let again = try #require(
                    await node.store.prefetch(PrefetchRequest(keys: [key(2)], needs: Needs())))
                #expect(again.keys.count == (isApplied ? 1 : 0))
                #expect(try await node.commit([wrote(3, message: 3)]) == .ok)
            }
        }

        /// The raise was applied and its answer lost: asking again is granted, with a higher epoch.
        @Test func aRaiseOfUnknownOutcomeIsAskedAgain() async throws {
            let proxy = try FaultyProxy(server: PostgresServer.shared().directory)
            try await Scene.run { scene in
                let node = try await scene.node(through: proxy.directory)
                proxy.set(.atAnswer("COMMIT"))
                #expect(
                    await node.store.reload(.raise(from: node.epoch)) == .failure(.unavailable))
                #expect(try await scene.number("SELECT epoch FROM desks") == node.epoch + 1)
                proxy.set(.none)
                let raised = try await node.store.reload(.raise(from: node.epoch)).get()
                #expect(raised.epoch == node.epoch + 2)
            }
        }

        @Test func aSilentServerIsUnknownAfterTheDeadline() async throws {
            let proxy = try FaultyProxy(server: PostgresServer.shared().directory)
            try await Scene.run { scene in
                let node = try await scene.node(through: proxy.directory) {
                    $0.commitDeadline = .milliseconds(200)
                }
                proxy.set(.silence)
                let commit = try node.decidedAlone([wrote(1, message: 1)])
                #expect(await node.store.commit(commit) == .unknown)
                let after = await node.store.prefetch(
                    PrefetchRequest(keys: [key(1)], needs: Needs()))
                #expect(after == nil)
            }
        }

        @Test func aKilledBackendIsUnavailableOrUnknown() async throws {
            try await Scene.run { scene in
                let node = try await scene.node()
                _ = try await scene.query("SELECT pg_terminate_backend(backend_pid) FROM desks")
                let outcome = await node.store.commit(
                    try node.decidedAlone([wrote(1, message: 1)]))
                #expect([.unavailable, .unknown].contains(outcome))
                try await node.reload(.raise(from: node.epoch))
                #expect(node.desk.state == DeskState())
                #expect(try await node.commit([wrote(1, message: 1)]) == .ok)
            }
        }

        @Test func aSerializationFailureIsRetried() async throws {
            try await Scene.run { scene in
                try await scene.sql(
                    "ALTER DATABASE \(scene.database.name) SET default_transaction_isolation "
                        + "= 'repeatable read'")
                let node = try await scene.node()
                let blocking = scene.inBackground(
                    "BEGIN; UPDATE desks SET expires_at = expires_at; SELECT pg_sleep(0.4); COMMIT")
                try await scene.untilSomebodySleeps()
                #expect(try await node.commit([wrote(1, message: 1)]) == .retry)
                await blocking.value
                try await node.reload(.keep(node.epoch))
                #expect(try await node.commit([wrote(1, message: 1)]) == .ok)
            }
        }

        @Test func aDeadlockIsRetried() async throws {
            try await Scene.run { scene in
                let node = try await scene.node()
                try await node.commit([wrote(1, message: 1)])
                let blocking = scene.inBackground(
                    "BEGIN; SELECT FROM activities FOR UPDATE; SELECT pg_sleep(0.4); "
                        + "UPDATE desks SET expires_at = expires_at; COMMIT")
                try await scene.untilSomebodySleeps()
                #expect(try await node.commit([wrote(1, message: 2)]) == .retry)
                await blocking.value
            }
        }

        /// A full disk, by a trigger that says so: a real one needs a file system of its own.
        @Test(arguments: ["53100", "53200", "57014", "58030", "XX000"])
        func troubleOfTheServerIsUnavailable(state: String) async throws {
            try await Scene.run { scene in
                let node = try await scene.node()
                try await scene.sql(
                    """
                    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '\(state)'; END $$;
                    CREATE TRIGGER fail BEFORE INSERT ON messages EXECUTE FUNCTION fail();
                    """)
                #expect(try await node.commit([wrote(1, message: 1)]) == .unavailable)
                try await scene.sql("DROP TRIGGER fail ON messages")
                try await node.reload(.raise(from: node.epoch))
                #expect(node.desk.state == DeskState())
                #expect(try await node.commit([wrote(1, message: 1)]) == .ok)
            }
        }

        @Test func aLockNotHadInTimeIsUnavailable() async throws {
            try await Scene.run { scene in
                let node = try await scene.node { $0.lockTimeout = 100 }
                let blocking = scene.inBackground(
                    "BEGIN; SELECT FROM desks FOR UPDATE; SELECT pg_sleep(0.5); COMMIT")
                try await scene.untilSomebodySleeps()
                #expect(try await node.commit([wrote(1, message: 1)]) == .unavailable)
                await blocking.value
                #expect(try await scene.number("SELECT last_event FROM desks") == 0)
            }
        }

        /// Committed on the primary, but not on the standby that the operator demands: lost if the
        /// primary is lost now.
        @Test func successWithoutTheStandbyIsUnknown() async throws {
            let server = try PostgresServer(settings: [:])
            defer { server.stop() }
            try await Scene.run(on: server) { scene in
                let node = try await scene.node {
                    $0.readDeadline = .seconds(3)
                }
                try await scene.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
                _ = try await scene.query("SELECT pg_reload_conf()")
                await scene.loop.sleep(for: .milliseconds(200))
                let writer = try await scene.number("SELECT backend_pid::bigint FROM desks")
                let cancelling = scene.inBackground(
                    "SELECT pg_sleep(0.3); SELECT pg_cancel_backend(\(writer))")
                let commit = try node.decidedAlone([wrote(1, message: 1)])
                #expect(await node.store.commit(commit) == .unknown)
                await cancelling.value
                // The raise waits for the standby as well: no reload before it ends OK.
                #expect(
                    await node.store.reload(.raise(from: node.epoch)) == .failure(.unavailable))
                try await scene.sql("ALTER SYSTEM RESET synchronous_standby_names")
                _ = try await scene.query("SELECT pg_reload_conf()")
                await scene.loop.sleep(for: .milliseconds(200))
                let before = node.epoch
                try await node.reload(.raise(from: before))
                #expect(node.epoch > before)
                #expect(node.desk.state.conversations.count == 1)
            }
        }

        @Test(arguments: [
            ("VF001", CommitOutcome.fenced), ("22001", .poison), ("22P05", .poison),
            ("23505", .poison), ("54000", .poison), ("40001", .retry), ("40P01", .retry),
            ("0A000", .retry), ("53100", .unavailable), ("53300", .unavailable),
            ("57P01", .unavailable), ("57P03", .unavailable), ("08006", .unavailable),
            ("25006", .unavailable), ("55P03", .unavailable), ("42P01", .unavailable),
            ("42501", .unavailable), ("XX001", .unavailable),
        ])
        func everySQLStateHasAnOutcome(state: String, outcome: CommitOutcome) {
            #expect(CommitOutcome(refused: SQLState(state)) == outcome)
            let failed = PostgresTransactionOutcome.failed(
                PostgresServerError(sqlState: SQLState(state)), command: 1)
            #expect(CommitOutcome(failed) == outcome)
        }

        @Test func whatWasNotSentWasNotApplied() {
            #expect(CommitOutcome(.notSent(.unavailable(.notConnected))) == .unavailable)
            #expect(CommitOutcome(.notSent(.closed)) == .unavailable)
            #expect(CommitOutcome(.notSent(.refused(.tooLarge))) == .poison)
            #expect(CommitOutcome(.unknown(.replicationUncertain)) == .unknown)
        }
    }
}

extension Node {
    /// A commit of nothing: it renews the lease.
    var renewal: Commit {
        Commit(
            epoch: epoch, at: now, lastEvent: desk.lastEvent, entries: [], changes: Changes())
    }
}

extension Scene {
    /// Waits until another session of this database has come to its `pg_sleep`.
    func untilSomebodySleeps() async throws {
        for _ in 0..<1_000 {
            let sleeping = try await number(
                "SELECT count(*) FROM pg_stat_activity "
                    + "WHERE datname = current_database() AND wait_event = 'PgSleep'")
            if sleeping > 0 { return }
            await loop.sleep(for: .milliseconds(10))
        }
        Issue.record("nobody sleeps")
    }

    /// Runs a script beside what the test does.
    func inBackground(_ script: String) -> Task<Void, Never> {
        startOnLoop {
            do { try await self.sql(script) } catch { Issue.record(error) }
        }
    }
}
