import EventLoop
import LoopFixture
import Postgres
import PostgresFixture
import Testing

private let insert: PostgresStatement = "INSERT INTO entry SELECT * FROM unnest($1)"
private let count: PostgresStatement = "SELECT count(*) FROM entry"

/// A fresh database with an empty table of entries.
private func entries() async throws -> TestDatabase {
    let database = try await TestDatabase()
    try await database.connected { _, connection async throws in
        try await connection.script(
            """
            CREATE TABLE entry (id bigint PRIMARY KEY);
            CREATE TABLE parent (id bigint PRIMARY KEY);
            CREATE TABLE child (id bigint REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
            """)
    }
    return database
}

/// How many entries a second connection sees.
private func entryCount(_ database: TestDatabase) async throws -> Int64 {
    try await database.connected { _, connection async throws in
        try await connection.number(count)
    }
}

@Suite struct TransactionTests {
    @Test func aCommittedTransactionGivesEachResult() async throws {
        let database = try await entries()
        try await database.connected { _, connection async throws in
            for round in 0..<3 as Range<Int64> {
                let outcome = await connection.transaction(
                    [
                        PostgresCommand(insert, [.int8Array([round * 2, round * 2 + 1])]),
                        PostgresCommand("SELECT max(id) FROM entry"),
                    ], deadline: .seconds(10))
                guard case .committed(let results) = outcome else {
                    Issue.record("\(outcome.summary)")
                    return
                }
                #expect(results.count == 2)
                #expect(results[0].affectedRows == 2)
                #expect(try results[1].int8(0, 0) == round * 2 + 1)
            }
            let empty = await connection.transaction([], deadline: .seconds(10))
            #expect(empty.summary == "committed 0")
        }
        #expect(try await entryCount(database) == 6)
    }

    @Test(arguments: [0, 1, 2])
    func aFailedCommandIsNamedAndNothingIsApplied(bad: Int) async throws {
        let database = try await entries()
        try await database.connected { _, connection async throws in
            var commands = (1...3).map { PostgresCommand(insert, [.int8Array([$0])]) }
            commands[bad] = PostgresCommand("SELECT 1 / $1", [.int8(0)])
            // Behind it, before its failure is known: must not fall into its open block.
            async let outcome = connection.transaction(commands, deadline: .seconds(10))
            async let behind = connection.query(insert, [.int8Array([9])])
            #expect(await outcome.summary == "failed 22012 at \(bad)")
            #expect(try await behind.affectedRows == 1)
            #expect(try await connection.number("SELECT min(id) FROM entry") == 9)
        }
        #expect(try await entryCount(database) == 1)
    }

    @Test func aFailedCommitIsToldAsSuch() async throws {
        let database = try await entries()
        try await database.connected { _, connection async throws in
            let outcome = await connection.transaction(
                [
                    PostgresCommand(insert, [.int8Array([1])]),
                    PostgresCommand("INSERT INTO child VALUES (1)"),
                ], deadline: .seconds(10))
            #expect(outcome.summary == "failed 23503 as a whole")
            #expect(try await connection.number(count) == 0)
        }
    }

    @Test func severalTransactionsQueueUpInOrder() async throws {
        let database = try await entries()
        try await database.connected { _, connection async throws in
            var summaries: [String] = []
            await withCheckedContinuation { continuation in
                for number in 0..<20 as Range<Int64> {
                    // Every third repeats the key of the one before it.
                    let key = number % 3 == 2 ? number - 1 : number
                    connection.transaction(
                        [PostgresCommand(insert, [.int8Array([key])])], deadline: .seconds(10)
                    ) { outcome in
                        summaries.append(outcome.summary)
                        if number == 19 { continuation.resume() }
                    }
                }
            }
            #expect(
                summaries
                    == (0..<20).map { $0 % 3 == 2 ? "failed 23505 at 0" : "committed 1" })
        }
        #expect(try await entryCount(database) == 14)
    }

    @Test func withoutAConnectionNothingIsSent() async throws {
        let database = try await entries()
        try await database.connected { _, connection async throws in
            connection.close()
            let outcome = await connection.transaction(
                [PostgresCommand(insert, [.int8Array([1])])], deadline: .seconds(10))
            #expect(
                outcome.summary
                    == "not sent: unavailable(Postgres.PostgresUnavailable.notConnected)")
        }
    }

    /// The first was sent when `close()` came; the second waited behind it.
    @Test func closingTellsSentFromNotSent() async throws {
        let database = try await entries()
        try await database.connected { _, connection async throws in
            var summaries: [String] = []
            var ends: [PostgresError] = []
            connection.onClose = { ends.append($0) }
            for key in 1...2 as ClosedRange<Int64> {
                connection.transaction(
                    [PostgresCommand(insert, [.int8Array([key])])], deadline: .seconds(10)
                ) { outcome in
                    summaries.append(outcome.summary)
                    #expect(!connection.isConnected)
                }
            }
            connection.close()
            #expect(summaries == ["unknown: closed", "not sent: closed"])
            #expect(ends == [.closed])
            connection.close()
            #expect(ends.count == 1)
        }
    }
}

/// Faults between BEGIN and the answer to COMMIT.
@Suite struct LostTransactionTests {
    /// The backend is terminated while a command before COMMIT waits: it tells so itself.
    @Test func aTerminatedBackendIsUnknown() async throws {
        let database = try await entries()
        let configuration = database.configuration()
        try await database.connected { loop, connection async throws in
            let other = PostgresConnection(loop: loop, configuration: configuration)
            try await other.connect()
            defer { other.close() }
            let process = Int64(connection.backendProcess)
            async let outcome = connection.transaction(
                [
                    PostgresCommand(insert, [.int8Array([1])]),
                    PostgresCommand("SELECT pg_sleep(60)"),
                ], deadline: .seconds(30))
            let waits: PostgresStatement =
                "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'"
            #expect(
                try await eventually(loop) { try await other.number(waits, [.int8(process)]) == 1 })
            _ = try await other.query("SELECT pg_terminate_backend($1::integer)", [.int8(process)])
            #expect(await outcome.summary == "unknown: terminated(57P01)")
            #expect(!connection.isConnected)
            try await connection.connect()
            #expect(try await connection.number(count) == 0)
        }
    }

    /// The backend is terminated between two transactions: the loss is seen at once, and the next
    /// transaction is known not to have been sent.
    @Test func aLossBetweenTransactionsIsSeenBeforeTheNext() async throws {
        let database = try await entries()
        let configuration = database.configuration()
        try await database.connected { loop, connection async throws in
            let other = PostgresConnection(loop: loop, configuration: configuration)
            try await other.connect()
            defer { other.close() }
            var ends: [PostgresError] = []
            connection.onClose = { ends.append($0) }
            _ = try await other.query(
                "SELECT pg_terminate_backend($1::integer)",
                [.int8(Int64(connection.backendProcess))])
            #expect(await eventually(loop) { !connection.isConnected })
            #expect(ends == [.lost(requestMayHaveBeenProcessed: false)])
            let outcome = await connection.transaction([], deadline: .seconds(10))
            #expect(
                outcome.summary
                    == "not sent: unavailable(Postgres.PostgresUnavailable.notConnected)")
        }
    }

    /// The same fault seen by the client, with two different truths: that is why it is unknown.
    @Test(
        arguments: [
            (.atAnswer("COMMIT\u{0}"), 1), (.atRequest, 0),
        ] as [(FaultyProxy.Fault, Int64)])
    func anAnswerThatIsLostIsUnknown(fault: FaultyProxy.Fault, applied: Int64) async throws {
        let database = try await entries()
        let proxy = try FaultyProxy(server: database.server.directory)
        defer { proxy.stop() }
        try await database.connected(through: proxy.directory) { _, connection async throws in
            let warm = await connection.transaction(
                [PostgresCommand(insert, [.int8Array([])])], deadline: .seconds(10))
            #expect(warm.summary == "committed 1")
            proxy.set(fault)
            async let behind = connection.failure(of: count)
            let outcome = await connection.transaction(
                [PostgresCommand(insert, [.int8Array([1])])], deadline: .seconds(10))
            #expect(outcome.summary == "unknown: connectionLost")
            // Sent and lost as well, or still unsent, depending on which task came first.
            let lost: [PostgresError?] = [
                .lost(requestMayHaveBeenProcessed: true), .unavailable(.notConnected),
            ]
            #expect(await lost.contains(behind))
            proxy.set(.none)
            try await connection.connect()
            #expect(try await connection.number(count) == applied)
        }
    }

    /// The answer arrives together with the end of the connection: it counts.
    @Test func anAnswerBeforeTheEndCounts() async throws {
        let database = try await entries()
        try await database.connected { loop, connection async throws in
            var failure: PostgresError?
            connection.onClose = { failure = $0 }
            async let outcome = connection.transaction(
                [PostgresCommand(insert, [.int8Array([1])])], deadline: .seconds(10))
            async let end = connection.failure(
                of: "SELECT pg_terminate_backend(pg_backend_pid())")
            #expect(await outcome.summary == "committed 1")
            #expect(await end == .lost(requestMayHaveBeenProcessed: true))
            #expect(failure == .lost(requestMayHaveBeenProcessed: true))
        }
        #expect(try await entryCount(database) == 1)
    }
}
