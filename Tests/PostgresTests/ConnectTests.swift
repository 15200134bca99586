import CSlowResolver
import EventLoop
import Glibc
import LoopFixture
import Postgres
import PostgresFixture
import Testing

/// Why connecting failed; nil if it did not.
@LoopActor private func reason(
    _ loop: Loop, _ string: String, timeout: Duration = .seconds(5)
) async -> PostgresError? {
    let connection = PostgresConnection(
        loop: loop,
        configuration: PostgresConfiguration(
            connectionString: string, applicationName: "test", connectTimeout: timeout))
    do throws(PostgresError) {
        try await connection.connect()
        connection.close()
        return nil
    } catch {
        return error
    }
}

/// A TCP port on which connections are accepted by the kernel and never answered.
private func silentPort() -> (descriptor: Int32, port: UInt16) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            _ = unsafe bind(listener, pointer, length)
            _ = listen(listener, 8)
            _ = unsafe getsockname(listener, pointer, &length)
        }
    }
    return (listener, UInt16(bigEndian: address.sin_port))
}

@Suite struct ConnectTests {
    @Test func theReasonOfARefusalIsTold() async throws {
        let server = try PostgresServer.shared()
        let good = server.connectionString()
        let cases: [(String, PostgresError)] = [
            ("host=/nowhere dbname=postgres user=app", .unavailable(.unreachable)),
            ("host=127.0.0.1 port=1 dbname=postgres user=app", .unavailable(.unreachable)),
            ("\(good) dbname=no_such_database", .unavailable(.refused(SQLState("3D000")))),
            ("\(good) user=nobody_known", .unavailable(.refused(SQLState("28000")))),
            ("host=no-such-host.invalid dbname=postgres", .unavailable(.unresolved)),
            ("this is no connection string", .unavailable(.invalidConfiguration)),
            ("host=a,b,c port=1,2 user=app", .unavailable(.invalidConfiguration)),
            ("\(good) sslmode=wrong", .unavailable(.invalidConfiguration)),
            ("\(good) target_session_attrs=standby", .unavailable(.unreachable)),
        ]
        try await TestLoop.run { loop in
            for (string, expected) in cases {
                #expect(await reason(loop, string) == expected, "\(string)")
            }
        }
    }

    /// libpq looks names up where it is called. While a name takes a second, the loop turns; whoever
    /// waits for no more than a part of that has their answer then.
    @Test(arguments: [
        (5_000, PostgresError.unavailable(.unreachable), 900...4_000),
        (300, .unavailable(.unresolved), 250...900),
    ])
    func aSlowResolverDoesNotHoldTheLoop(
        timeout: Int64, expected: PostgresError, took: ClosedRange<Int64>
    ) async throws {
        let before = slowLookups()
        try await TestLoop.run { loop in
            let started = loop.monotonic
            var last = started
            var longest: Int64 = 0
            let ticker = loop.every(.milliseconds(5)) {
                longest = max(longest, loop.monotonic - last)
                last = loop.monotonic
            }
            defer { ticker.cancel() }
            let error = await reason(
                loop, "host=slow-database port=1 dbname=postgres user=app",
                timeout: .milliseconds(timeout))
            #expect(error == expected)
            #expect(took.contains(loop.monotonic - started))
            // A machine that is busy stops a process for some time, too.
            #expect(longest < 200)
        }
        #expect(slowLookups() == before + 1)
    }

    /// Dead, silent and unknown hosts stand before the one that answers.
    @Test func theFirstHostThatAnswersIsTaken() async throws {
        let server = try PostgresServer.shared()
        let silent = silentPort()
        defer { close(silent.descriptor) }
        let string = """
            host=127.0.0.1,no-such-host.invalid,/nowhere,127.0.0.1,\(server.directory) \
            port=1,5432,5432,\(silent.port),5432 dbname=postgres user=app \
            target_session_attrs=read-write
            """
        try await TestLoop.run { loop in
            let started = loop.monotonic
            #expect(await reason(loop, string, timeout: .milliseconds(300)) == nil)
            #expect((250...4_000).contains(loop.monotonic - started))
        }
    }

    @Test func aHostThatDoesNotAnswerTimesOutWithoutStoppingTheLoop() async throws {
        let silent = silentPort()
        defer { close(silent.descriptor) }
        let string = "host=localhost port=\(silent.port) dbname=postgres user=app"
        try await TestLoop.run { loop in
            var ticks = 0
            let ticker = loop.every(.milliseconds(10)) { ticks += 1 }
            let answer = await reason(loop, string, timeout: .seconds(2))
            #expect(answer == .unavailable(.timedOut))
            ticker.cancel()
            #expect(ticks >= 10)
        }
    }

    @Test func closingStopsAnAttempt() async throws {
        let silent = silentPort()
        defer { close(silent.descriptor) }
        let configuration = PostgresConfiguration(
            connectionString: "host=127.0.0.1 port=\(silent.port) dbname=postgres user=app",
            applicationName: "test", connectTimeout: .seconds(60))
        try await TestLoop.run { loop in
            let connection = PostgresConnection(loop: loop, configuration: configuration)
            loop.after(.milliseconds(50)) { connection.close() }
            let started = loop.monotonic
            do throws(PostgresError) {
                try await connection.connect()
                Issue.record("did not fail")
            } catch {
                #expect(error == .closed)
            }
            #expect(loop.monotonic - started < 5_000)
        }
    }

    @Test func aServerThatStopsIsReconnectedTo() async throws {
        let server = try PostgresServer(settings: [:])
        defer { server.stop() }
        let database = TestDatabase(server: server, name: "postgres")
        try await database.connected { loop, connection async throws in
            async let slow = connection.transaction(
                [PostgresCommand("SELECT pg_sleep(30)")], deadline: .seconds(60))
            await loop.sleep(for: .milliseconds(100))
            try await server.restart()
            #expect(await slow.summary == "unknown: terminated(57P01)")
            try await connection.connect()
            #expect(try await connection.number("SELECT 1::bigint") == 1)
        }
    }

    /// A connection that is dropped without `close()` frees its descriptor; the next one gets the
    /// same number and must hear its answers.
    @Test func aDroppedConnectionDoesNotDeafenTheNext() async throws {
        let configuration = try await TestDatabase().configuration()
        try await TestLoop.run { loop in
            for _ in 0..<4 {
                let connection = PostgresConnection(loop: loop, configuration: configuration)
                try await connection.connect()
                let one = try await connection.query("SELECT 1::bigint", deadline: .seconds(3))
                #expect(try one.int8(0, 0) == 1)
            }
        }
    }

    @Test func whoWaitsForADroppedConnectionIsTold() async throws {
        let configuration = try await TestDatabase().configuration()
        try await TestLoop.run { loop in
            var told: [PostgresError] = []
            do {
                let connection = PostgresConnection(loop: loop, configuration: configuration)
                try await connection.connect()
                connection.query("SELECT pg_sleep(30)", deadline: .seconds(60)) { result in
                    if case .failure(let error) = result { told.append(error) }
                }
                connection.transaction(
                    [PostgresCommand("SELECT 1")], deadline: .seconds(60)
                ) { outcome in
                    if case .unknown(.closed) = outcome { told.append(.closed) }
                }
            }
            #expect(await eventually(loop, seconds: 3) { told.count == 2 })
            #expect(told == [.lost(requestMayHaveBeenProcessed: true), .closed])
        }
    }

    /// No part of the configuration that can be printed shows the password.
    @Test func thePasswordIsNeverShown() {
        for string in [
            "host=a,b port=1,2 user=u password=geheim dbname=d",
            "postgresql://u:geheim@a:1,b:2/d?target_session_attrs=read-write",
            "password=geheim nonsense",
        ] {
            let configuration = PostgresConfiguration(
                connectionString: string, applicationName: "test")
            var dumped = ""
            dump(configuration, to: &dumped)
            for text in ["\(configuration)", String(reflecting: configuration), dumped] {
                #expect(!text.contains("geheim"))
            }
        }
        let configuration = PostgresConfiguration(
            connectionString: "postgresql://u:geheim@a:1,b:2/d", applicationName: "test")
        #expect("\(configuration)" == "host=a,b port=1,2 dbname=d user=u")
    }
}
