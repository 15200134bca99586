import EventLoop
import Postgres
import PostgresFixture
import Testing

@Suite struct QueryTests {
    /// Three queries in one flight, the middle one fails: the others answer.
    @Test func anErrorTouchesItsOwnQueryAlone() async throws {
        try await TestDatabase().connected { _, connection async throws in
            async let first = connection.number("SELECT 1::bigint")
            async let second = connection.failure(of: "SELECT 1 / $1", [.int8(0)])
            async let third = connection.number("SELECT 3::bigint")
            #expect(try await first == 1)
            #expect(await second?.code == "22012")
            #expect(try await third == 3)
        }
    }

    @Test func manyQueriesAreOutstandingAtOnceAndAnswerInOrder() async throws {
        try await TestDatabase().connected { _, connection async throws in
            var answers: [Int64] = []
            await withCheckedContinuation { continuation in
                for number in 0..<500 as Range<Int64> {
                    connection.query("SELECT $1", [.int8(number)]) { result in
                        if case .success(let result) = result, let value = try? result.int8(0, 0) {
                            answers.append(value)
                        }
                        if number == 499 { continuation.resume() }
                    }
                }
                #expect(connection.outstanding > 400)
            }
            #expect(answers == Array(0..<500))
            #expect(connection.outstanding == 0)
        }
    }

    /// A megabyte in each direction, several times: neither side may wait for the other for ever.
    @Test func largeQueriesInBothDirectionsDoNotLockUp() async throws {
        try await TestDatabase().connected { _, connection async throws in
            let bytes = [UInt8](repeating: 7, count: 3_000_000)
            async let one = connection.query("SELECT $1", [.bytea(bytes)]).bytes(0, 0)
            async let two = connection.query("SELECT $1, $1", [.bytea(bytes)]).bytes(0, 1)
            async let three = connection.query("SELECT $1", [.bytea(bytes)]).bytes(0, 0)
            let all = try await [one, two, three]
            #expect(all.allSatisfy { $0 == bytes })
        }
    }

    /// Names and codes come through; the message, which quotes values, does not.
    @Test func errorsNameTheConstraintAndNoValue() async throws {
        try await TestDatabase().connected { _, connection async throws in
            try await connection.script(
                "CREATE TABLE person (id bigint CONSTRAINT person_once PRIMARY KEY, name text)")
            let insert: PostgresStatement = "INSERT INTO person VALUES ($1, $2)"
            _ = try await connection.query(insert, [.int8(4711), .text("Asterix")])
            let error = await connection.failure(of: insert, [.int8(4711), .text("Obelix")])
            #expect(
                error
                    == .server(
                        PostgresServerError(
                            sqlState: .uniqueViolation, constraint: "person_once",
                            schema: "public", table: "person")))
            var dumped = ""
            dump(error, to: &dumped)
            #expect(!dumped.contains("4711") && !dumped.contains("Obelix"))
            let syntax = await connection.failure(of: "SELECT nonsense FROM person")
            guard case .server(let server) = syntax else {
                Issue.record("not the server's error")
                return
            }
            #expect(server.sqlState == SQLState("42703"))
            #expect(server.position == 8)
        }
    }

    /// The error comes with the sync, after the command itself was answered.
    @Test func aDeferredConstraintFailsTheQuery() async throws {
        try await TestDatabase().connected { _, connection async throws in
            try await connection.script(
                """
                CREATE TABLE a (id bigint PRIMARY KEY);
                CREATE TABLE b (id bigint REFERENCES a DEFERRABLE INITIALLY DEFERRED);
                """)
            let error = await connection.failure(of: "INSERT INTO b VALUES ($1)", [.int8(1)])
            #expect(error?.code == "23503")
            #expect(try await connection.number("SELECT count(*) FROM b") == 0)
        }
    }

    @Test func noticesAreCounted() async throws {
        try await TestDatabase().connected { _, connection async throws in
            let before = connection.noticeCount
            try await connection.script("DO $$ BEGIN RAISE WARNING 'w'; RAISE NOTICE 'n'; END $$")
            #expect(connection.noticeCount == before + 2)
        }
    }

    @Test func theSessionTellsWhoItIs() async throws {
        try await TestDatabase().connected { _, connection async throws in
            let result = try await connection.query(
                """
                SELECT pg_backend_pid(), current_setting('server_version_num')::bigint,
                    current_setting('application_name'), current_setting('client_encoding')
                """)
            #expect(try result.int8(0, 0) == Int64(connection.backendProcess))
            #expect(try result.int8(0, 1) == Int64(connection.serverVersion))
            #expect(try result.text(0, 2) == "test")
            #expect(try result.text(0, 3) == "UTF8")
            connection.close()
            #expect(connection.backendProcess == 0)
        }
    }

    @Test func tooManyOutstandingQueriesAreRefused() async throws {
        try await TestDatabase().connected(maximumOutstanding: 8) { _, connection async throws in
            var refused = 0
            await withCheckedContinuation { continuation in
                var left = 20
                for _ in 0..<20 {
                    connection.query("SELECT 1") { result in
                        if case .failure(.unavailable(.tooManyOutstanding)) = result {
                            refused += 1
                        }
                        left -= 1
                        if left == 0 { continuation.resume() }
                    }
                }
            }
            // The first takes two places: it is prepared first.
            #expect(refused == 13)
            #expect(try await connection.number("SELECT 5::bigint") == 5)
        }
    }

    @Test func whatCannotBeSentIsRefusedAndHarmsNothing() async throws {
        try await TestDatabase().connected { _, connection async throws in
            let many = [PostgresValue](repeating: .int4(1), count: 65_536)
            #expect(await connection.failure(of: "SELECT 1", many) == .refused(.tooManyValues))
            let zero = PostgresStatement("SELECT 1 \u{0} FROM nowhere")
            #expect(await connection.failure(of: zero) == .refused(.invalidText))
            let half = [UInt8](repeating: 1, count: PostgresLimits.commandBytes / 2 + 1)
            let values: [PostgresValue] = [.bytea(half), .bytea(half)]
            #expect(await connection.failure(of: "SELECT $1, $2", values) == .refused(.tooLarge))
            let outcome = await connection.transaction(
                [
                    PostgresCommand("CREATE TABLE traceless ()"),
                    PostgresCommand("SELECT $1, $2", values),
                ], deadline: .seconds(10))
            #expect(outcome.summary == "not sent: refused(Postgres.PostgresRefusal.tooLarge)")
            #expect(
                try await connection.number(
                    "SELECT count(*) FROM pg_class WHERE relname = 'traceless'") == 0)
        }
    }
}

@Suite struct PreparedStatementTests {
    @Test func aStatementIsPreparedOnce() async throws {
        try await TestDatabase().connected { _, connection async throws in
            let statement: PostgresStatement = "SELECT $1 + 1"
            for number in 1...5 as ClosedRange<Int64> {
                #expect(try await connection.number(statement, [.int8(number)]) == number + 1)
            }
            let count: PostgresStatement =
                "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1 + 1'"
            #expect(try await connection.number(count) == 1)
        }
    }

    /// NULL fits the version that is prepared; a value of another type gets a version of its own,
    /// and is never misread as the first type.
    @Test func otherTypesGetAVersionOfTheirOwn() async throws {
        try await TestDatabase().connected { _, connection async throws in
            let statement: PostgresStatement = "SELECT $1::text"
            func text(_ value: PostgresValue) async throws -> String? {
                try await connection.query(statement, [value]).optionalText(0, 0)
            }
            #expect(try await text(.null) == nil)
            #expect(try await text(.int8(256)) == "256")
            #expect(try await text(.text("256")) == "256")
            #expect(try await text(.null) == nil)
            #expect(try await text(.bool(true)) == "true")
            #expect(try await text(.int8(-1)) == "-1")
            let count: PostgresStatement =
                "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1::text'"
            #expect(try await connection.number(count) == 4)
        }
    }

    /// Both uses are in flight before the failure of the preparation is known; both must tell it,
    /// and not that some name is unknown. Afterwards the statement works once its table exists.
    @Test func aPreparationThatFailsIsToldToEveryUser() async throws {
        try await TestDatabase().connected { _, connection async throws in
            let statement: PostgresStatement = "SELECT count(*) FROM later"
            async let first = connection.failure(of: statement)
            async let second = connection.failure(of: statement)
            async let third = connection.transaction(
                [PostgresCommand("SELECT 1"), PostgresCommand(statement)], deadline: .seconds(10))
            async let fourth = connection.number("SELECT 4::bigint")
            #expect(await first?.code == "42P01")
            #expect(await second?.code == "42P01")
            #expect(await third.summary == "failed 42P01 at 1")
            #expect(try await fourth == 4)
            try await connection.script("CREATE TABLE later ()")
            #expect(try await connection.number(statement) == 0)
        }
    }

    /// Statements that the server has dropped are prepared anew.
    @Test func forgottenAndStaleStatementsRecover() async throws {
        try await TestDatabase().connected { _, connection async throws in
            try await connection.script("CREATE TABLE t (a bigint); INSERT INTO t VALUES (1)")
            let statement: PostgresStatement = "SELECT * FROM t"
            #expect(try await connection.number(statement) == 1)
            try await connection.script("DEALLOCATE ALL")
            #expect(await connection.failure(of: statement)?.code == "26000")
            #expect(try await connection.number(statement) == 1)
            try await connection.script("ALTER TABLE t ADD COLUMN b text")
            #expect(await connection.failure(of: statement)?.code == "0A000")
            #expect(try await connection.query(statement).columnCount == 2)
        }
    }

    /// Beyond the limit statements still work, unprepared.
    @Test func theNumberOfPreparedStatementsIsLimited() async throws {
        try await TestDatabase().connected { _, connection async throws in
            for number in 0..<(PostgresLimits.preparedStatements + 20) {
                let statement = PostgresStatement("SELECT $1 + \(number)")
                #expect(
                    try await connection.number(statement, [.int8(1)]) == Int64(number) + 1)
            }
            let count: PostgresStatement = "SELECT count(*) FROM pg_prepared_statements"
            #expect(try await connection.number(count) == Int64(PostgresLimits.preparedStatements))
        }
    }

    @Test func aReconnectPreparesAgain() async throws {
        try await TestDatabase().connected { _, connection async throws in
            let statement: PostgresStatement = "SELECT $1"
            #expect(try await connection.number(statement, [.int8(1)]) == 1)
            let process = connection.backendProcess
            connection.close()
            #expect(
                await connection.failure(of: statement, [.int8(1)]) == .unavailable(.notConnected))
            try await connection.connect()
            #expect(connection.backendProcess != process)
            #expect(try await connection.number(statement, [.int8(2)]) == 2)
        }
    }
}

@Suite struct ScriptTests {
    @Test func aScriptIsOneTransactionUnlessItSaysOtherwise() async throws {
        try await TestDatabase().connected { _, connection async throws in
            do throws(PostgresError) {
                try await connection.script("CREATE TABLE a (); SELECT 1 / 0; CREATE TABLE b ()")
                Issue.record("did not fail")
            } catch {
                #expect(error.code == "22012")
            }
            #expect(
                try await connection.number(
                    "SELECT count(*) FROM pg_class WHERE relname IN ('a', 'b')") == 0)
        }
    }

    /// A script waits for what was sent before it and holds back what comes after.
    @Test func aScriptKeepsItsPlaceInTheOrder() async throws {
        try await TestDatabase().connected { _, connection async throws in
            let exists: PostgresStatement =
                "SELECT count(*) FROM pg_class WHERE relname = 'made_by_script'"
            async let before = connection.number(exists)
            async let script: Void = connection.script("CREATE TABLE made_by_script ()")
            async let after = connection.number(exists)
            #expect(try await before == 0)
            try await script
            #expect(try await after == 1)
        }
    }

    @Test(arguments: [
        ("BEGIN; CREATE TABLE open_end ()", "25001"),
        ("BEGIN; CREATE TABLE open_end (); SELECT 1 / 0", "22012"),
    ])
    func aTransactionLeftOpenIsRolledBack(script: String, code: String) async throws {
        try await TestDatabase().connected { _, connection async throws in
            do throws(PostgresError) {
                try await connection.script(script)
                Issue.record("did not fail")
            } catch {
                #expect(error.code == code)
            }
            #expect(
                try await connection.number(
                    "SELECT count(*) FROM pg_class WHERE relname = 'open_end'") == 0)
            let outcome = await connection.transaction(
                [PostgresCommand("SELECT 1")], deadline: .seconds(10))
            #expect(outcome.summary == "committed 1")
        }
    }

    @Test func copyEndsTheSessionInsteadOfBlockingIt() async throws {
        try await TestDatabase().connected { _, connection async throws in
            do throws(PostgresError) {
                try await connection.script("CREATE TABLE c (a text); COPY c FROM STDIN")
                Issue.record("did not fail")
            } catch {
                #expect(error == .lost(requestMayHaveBeenProcessed: true))
            }
            #expect(!connection.isConnected)
        }
    }
}
