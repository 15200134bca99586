import EventLoop
import LoopFixture
import Postgres
import PostgresFixture
import Testing

@Suite struct DeadlineTests {
    /// Somebody holds the lock; our deadline passes. The connection is closed, and the server does
    /// not carry the transaction out later, because it was asked to cancel.
    @Test func aLockThatIsNotGivenMakesItUnknown() async throws {
        let database = try await TestDatabase()
        let configuration = database.configuration()
        try await database.connected { loop, connection async throws in
            try await connection.script(
                "CREATE TABLE lease (epoch bigint); INSERT INTO lease VALUES (1)")
            let holder = PostgresConnection(loop: loop, configuration: configuration)
            try await holder.connect()
            defer { holder.close() }
            let hold = startOnLoop {
                _ = await holder.transaction(
                    [
                        PostgresCommand("SELECT epoch FROM lease FOR UPDATE"),
                        PostgresCommand("SELECT pg_sleep(3)"),
                    ], deadline: .seconds(20))
            }
            let locked: PostgresStatement =
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
            #expect(try await eventually(loop) { try await connection.number(locked) >= 1 })
            let started = loop.monotonic
            async let behind = connection.transaction([], deadline: .seconds(5))
            let outcome = await connection.transaction(
                [PostgresCommand("UPDATE lease SET epoch = epoch + 1")],
                deadline: .milliseconds(200))
            #expect(outcome.summary == "unknown: deadlinePassed")
            #expect((150...2_500).contains(loop.monotonic - started))
            #expect(
                await [
                    "committed 0",
                    "not sent: unavailable(Postgres.PostgresUnavailable.notConnected)",
                ]
                .contains(behind.summary))
            #expect(!connection.isConnected)
            await hold.value
            try await connection.connect()
            let stillThere: PostgresStatement =
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND query LIKE 'UPDATE lease%'
                    AND state = 'active'
                """
            #expect(try await eventually(loop) { try await connection.number(stillThere) == 0 })
            #expect(try await connection.number("SELECT epoch FROM lease") == 1)
        }
    }

    /// A query's deadline passes after it was sent: lost, and what waits behind a transaction is
    /// told that it was not sent.
    @Test func aSlowQueryIsLost() async throws {
        try await TestDatabase().connected { loop, connection async throws in
            var ends: [PostgresError] = []
            connection.onClose = { ends.append($0) }
            do throws(PostgresError) {
                _ = try await connection.query("SELECT pg_sleep(30)", deadline: .milliseconds(100))
                Issue.record("did not fail")
            } catch {
                #expect(error == .lost(requestMayHaveBeenProcessed: true))
            }
            #expect(ends == [.lost(requestMayHaveBeenProcessed: true)])
        }
    }

    /// A deadline that passes while the command waits unsent costs nobody else anything.
    @Test func aDeadlineBeforeSendingKeepsTheConnection() async throws {
        try await TestDatabase().connected { loop, connection async throws in
            async let slow = connection.transaction(
                [PostgresCommand("SELECT pg_sleep(0.5)")], deadline: .seconds(10))
            async let late = connection.transaction([], deadline: .milliseconds(100))
            #expect(
                await late.summary
                    == "not sent: unavailable(Postgres.PostgresUnavailable.deadlinePassed)")
            #expect(await slow.summary == "committed 1")
            #expect(connection.isConnected)
        }
    }

    /// A server that answers nothing any more, over a connection that looks alive.
    @Test func silenceIsLost() async throws {
        let database = try await TestDatabase()
        let proxy = try FaultyProxy(server: database.server.directory)
        defer { proxy.stop() }
        try await database.connected(through: proxy.directory) { _, connection async throws in
            proxy.set(.silence)
            let outcome = await connection.transaction([], deadline: .milliseconds(200))
            #expect(outcome.summary == "unknown: deadlinePassed")
        }
    }

    @Test func aCancelRequestFailsTheRunningCommandAlone() async throws {
        try await TestDatabase().connected { loop, connection async throws in
            async let slow = connection.failure(of: "SELECT pg_sleep(30)")
            await loop.sleep(for: .milliseconds(100))
            connection.requestCancel()
            #expect(await slow?.code == "57014")
            #expect(try await connection.number("SELECT 1::bigint") == 1)
        }
    }
}

/// COMMIT on a server whose synchronous standby does not exist.
@Suite(.serialized) struct SynchronousReplicationTests {
    private static func server() throws -> TestDatabase {
        let server = try PostgresServer(settings: ["synchronous_standby_names": "nobody"])
        return TestDatabase(server: server, name: "postgres")
    }

    @Test func aCommitThatDidNotWaitForItsStandbyIsUnknown() async throws {
        let database = try Self.server()
        defer { database.server.stop() }
        let local = database.configuration(options: "options='-c synchronous_commit=local'")
        try await database.connected { loop, connection async throws in
            let other = PostgresConnection(loop: loop, configuration: local)
            try await other.connect()
            defer { other.close() }
            try await other.script("CREATE TABLE entry (id bigint)")
            let waits: PostgresStatement =
                "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'SyncRep'"
            let signal: PostgresStatement = "SELECT pg_cancel_backend($1::integer)"
            let insert: PostgresStatement = "INSERT INTO entry VALUES ($1)"

            let process = Int64(connection.backendProcess)
            func cancelTheWait() async throws {
                #expect(
                    try await eventually(loop) {
                        try await other.number(waits, [.int8(process)]) == 1
                    })
                _ = try await other.query(signal, [.int8(process)])
            }

            async let outcome = connection.transaction(
                [PostgresCommand(insert, [.int8(1)])], deadline: .seconds(20))
            try await cancelTheWait()
            #expect(await outcome.summary == "unknown: replicationUncertain")
            #expect(connection.isConnected)

            // A transaction that wrote nothing does not wait, and is not tainted by the one before.
            let read = await connection.transaction(
                [PostgresCommand("SELECT 1")], deadline: .seconds(20))
            #expect(read.summary == "committed 1")

            async let single = connection.failure(of: insert, [.int8(2)])
            try await cancelTheWait()
            #expect(await single == .lost(requestMayHaveBeenProcessed: true))

            // Our own deadline bounds the wait; `statement_timeout` would not.
            let late = await connection.transaction(
                [
                    PostgresCommand("SET LOCAL statement_timeout = 50"),
                    PostgresCommand(insert, [.int8(3)]),
                ], deadline: .milliseconds(400))
            #expect(late.summary == "unknown: deadlinePassed")
            #expect(
                try await eventually(loop) {
                    try await other.number("SELECT count(*) FROM entry") == 3
                })
        }
    }

    @Test func aBackendTerminatedWhileItWaitsIsUnknown() async throws {
        let database = try Self.server()
        defer { database.server.stop() }
        let local = database.configuration(options: "options='-c synchronous_commit=local'")
        try await database.connected { loop, connection async throws in
            let other = PostgresConnection(loop: loop, configuration: local)
            try await other.connect()
            defer { other.close() }
            try await other.script("CREATE TABLE entry (id bigint)")
            let process = Int64(connection.backendProcess)
            async let outcome = connection.transaction(
                [PostgresCommand("INSERT INTO entry VALUES (1)")], deadline: .seconds(20))
            let waits: PostgresStatement =
                "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'SyncRep'"
            #expect(
                try await eventually(loop) { try await other.number(waits, [.int8(process)]) == 1 })
            _ = try await other.query("SELECT pg_terminate_backend($1::integer)", [.int8(process)])
            #expect(await outcome.summary == "unknown: connectionLost")
            #expect(
                try await eventually(loop) {
                    try await other.number("SELECT count(*) FROM entry") == 1
                })
        }
    }
}
