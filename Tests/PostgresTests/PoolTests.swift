import EventLoop
import Glibc
import LoopFixture
import Postgres
import PostgresFixture
import Testing

@Suite struct PoolTests {
    private func pool(
        _ database: TestDatabase, through directory: String? = nil, size: Int, waiting: Int = 100,
        _ body: @escaping @LoopActor (Loop, PostgresPool) async throws -> Void
    ) async throws {
        let configuration = database.configuration(through: directory)
        try await TestLoop.run { loop in
            let pool = PostgresPool(
                loop: loop, configuration: configuration, size: size, maximumWaiting: waiting)
            await pool.start()
            defer { pool.close() }
            try await body(loop, pool)
        }
    }

    @Test func queriesRunSideBySideAndTheRestWaits() async throws {
        try await pool(TestDatabase(), size: 3) { loop, pool async throws in
            #expect(pool.connected == 3)
            let started = loop.monotonic
            let slow: PostgresStatement = "SELECT pg_backend_pid(), pg_sleep(0.2)"
            async let one = pool.query(slow).int8(0, 0)
            async let two = pool.query(slow).int8(0, 0)
            async let three = pool.query(slow).int8(0, 0)
            async let four = pool.query(slow).int8(0, 0)
            let processes = try await [one, two, three, four]
            #expect(Set(processes).count == 3)
            #expect((380...3_000).contains(loop.monotonic - started))
            #expect(pool.counters.queries == 4)
            #expect(pool.counters.waited == 1)
        }
    }

    @Test func waitingIsLimitedInNumberAndTime() async throws {
        try await pool(TestDatabase(), size: 1, waiting: 2) { loop, pool async throws in
            let slow: PostgresStatement = "SELECT pg_sleep(0.5)"
            async let first = pool.failure(of: slow, .seconds(10))
            async let second = pool.failure(of: slow, .milliseconds(100))
            async let third = pool.failure(of: slow, .seconds(10))
            async let fourth = pool.failure(of: slow, .seconds(10))
            #expect(await first == nil)
            #expect(await second == .unavailable(.deadlinePassed))
            #expect(await third == nil)
            #expect(await fourth == .unavailable(.tooManyOutstanding))
            #expect(pool.counters.refused == 1)
            #expect(pool.counters.expired == 1)
            #expect(pool.connected == 1)
        }
    }

    /// One of two connections is lost while others wait: the other one serves them.
    @Test func whoWaitsOutlivesTheLossOfAConnection() async throws {
        try await pool(TestDatabase(), size: 2) { loop, pool async throws in
            async let lost = pool.failure(
                of: "VALUES (pg_sleep(0.1), pg_terminate_backend(pg_backend_pid()))", .seconds(10))
            async let busy = pool.failure(of: "SELECT pg_sleep(0.4)", .seconds(10))
            async let one = pool.failure(of: "SELECT 1", .seconds(10))
            async let two = pool.failure(of: "SELECT 2", .seconds(10))
            #expect(await lost == .lost(requestMayHaveBeenProcessed: true))
            #expect(await busy == nil)
            #expect(await one == nil)
            #expect(await two == nil)
            #expect(pool.counters.losses == 1)
        }
    }

    /// The server ended the session and the loop has not come to it: the query does not go there, so
    /// a write is safe as well.
    @Test func anEndThatHasArrivedIsSeenBeforeAnythingIsSent() async throws {
        try await pool(TestDatabase(), size: 1) { loop, pool async throws in
            _ = try await pool.query("CREATE TABLE notes (number bigint)")
            let process = try await pool.query("SELECT pg_backend_pid()::bigint").int8(0, 0)
            kill(Int32(process), SIGTERM)
            // The loop stands still meanwhile.
            usleep(200_000)
            #expect(pool.connected == 1)
            let written = try await pool.query("INSERT INTO notes VALUES (1)")
            #expect(written.affectedRows == 1)
            #expect(pool.counters.losses == 1)
            #expect(pool.counters.repeated == 0)
            #expect(try await pool.query("SELECT count(*) FROM notes").int8(0, 0) == 1)
        }
    }

    /// A connection dies under its query: what changes nothing is sent once more, what writes is not.
    @Test func aReadIsRepeatedAndAWriteIsNot() async throws {
        try await pool(TestDatabase(), size: 2) { loop, pool async throws in
            _ = try await pool.query("CREATE TABLE notes (number bigint)")
            _ = try await pool.query("CREATE SEQUENCE tries")
            let read: PostgresStatement = """
                SELECT CASE WHEN nextval('tries') = 1 THEN pg_terminate_backend(pg_backend_pid())
                       END, currval('tries')
                """
            #expect(try await pool.query(read).int8(0, 1) == 2)
            #expect(pool.counters.repeated == 1)
            let write: PostgresStatement = """
                INSERT INTO notes SELECT nextval('tries')
                 WHERE pg_terminate_backend(pg_backend_pid())
                """
            let ended = await pool.failure(of: write, .seconds(10))
            #expect(ended == .lost(requestMayHaveBeenProcessed: true))
            #expect(pool.counters.repeated == 1)
            #expect(try await pool.query("SELECT last_value FROM tries").int8(0, 0) == 3)
            // Not again and again.
            let deadly: PostgresStatement = "SELECT pg_terminate_backend(pg_backend_pid())"
            let last = await pool.failure(of: deadly, .seconds(10))
            #expect(last == .lost(requestMayHaveBeenProcessed: true))
            #expect(pool.counters.repeated == 2)
        }
    }

    /// After an outage that made the pauses long, the first query does not wait for their end.
    @Test func whoComesAfterAnOutageIsServed() async throws {
        let database = try await TestDatabase()
        let proxy = try FaultyProxy(server: database.server.directory)
        defer { proxy.stop() }
        try await pool(database, through: proxy.directory, size: 3) { loop, pool async throws in
            proxy.set(.atRequest)
            for _ in 0..<12 {
                #expect(await pool.failure(of: "SELECT 1", .seconds(10)) != nil)
            }
            proxy.set(.none)
            let asked = loop.monotonic
            #expect(await pool.failure(of: "SELECT 1", .seconds(10)) == nil)
            #expect(loop.monotonic - asked < 1_000)
        }
    }

    /// All connections are lost: queries fail after one fresh attempt, and the pool comes back by
    /// itself.
    @Test func aPoolThatIsDownSaysSoAndComesBack() async throws {
        let database = try await TestDatabase()
        let proxy = try FaultyProxy(server: database.server.directory)
        defer { proxy.stop() }
        try await pool(database, through: proxy.directory, size: 2) { loop, pool async throws in
            proxy.set(.atRequest)
            for _ in 0..<2 {
                do throws(PostgresError) {
                    _ = try await pool.query("VALUES (1)")
                    Issue.record("did not fail")
                } catch {
                    #expect(error == .lost(requestMayHaveBeenProcessed: true))
                }
            }
            #expect(pool.connected == 0)
            let started = loop.monotonic
            do throws(PostgresError) {
                _ = try await pool.query("SELECT 1")
                Issue.record("did not fail")
            } catch {
                #expect(error == .unavailable(.notConnected))
            }
            #expect(loop.monotonic - started < 1_000)
            #expect(await eventually(loop) { pool.counters.failedConnects >= 2 })
            proxy.set(.none)
            #expect(await eventually(loop) { pool.connected == 2 })
            #expect(try await pool.query("SELECT 1::bigint").int8(0, 0) == 1)
            #expect(pool.counters.losses == 2)
            pool.close()
            #expect(pool.connected == 0)
            do throws(PostgresError) {
                _ = try await pool.query("SELECT 1")
                Issue.record("did not fail")
            } catch {
                #expect(error == .closed)
            }
        }
    }
}
