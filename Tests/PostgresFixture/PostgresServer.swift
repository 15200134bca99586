import Foundation
import LoopFixture
import Postgres
import Synchronization

/// A private PostgreSQL server for tests: its own data directory, a Unix socket only, `fsync` off.
/// It stops and its directory disappears when `stop()` is called or the test process ends, however
/// it ends: a shell waits for the end of a pipe that this process holds.
public final class PostgresServer: Sendable {
    /// Why there is no server.
    public struct Failure: Error, CustomStringConvertible {
        /// What to look at.
        public let description: String
    }

    /// Where the socket and the logs are.
    public let directory: String
    private let standardInput = Pipe()
    private let standardOutput = Pipe()
    private let process: Process
    private let databases = Mutex(0)

    private static let one = Mutex<PostgresServer?>(nil)

    /// The server that all tests of the process may use, each with a database of its own.
    public static func shared() throws -> PostgresServer {
        try one.withLock { one in
            if let one { return one }
            let server = try PostgresServer(settings: [:])
            one = server
            return server
        }
    }

    /// A server of one's own, for tests that change it. Blocks for the one or two seconds it takes.
    public init(settings: [String: String]) throws {
        directory =
            FileManager.default.temporaryDirectory
            .appending(path: "ventanilla-postgres-\(UUID().uuidString.prefix(8))").path
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments =
            ["-c", Self.script, "sh", try Self.programs(), directory]
            + settings.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
        process.standardInput = standardInput
        process.standardOutput = standardOutput
        // No other child may hold the pipe open beyond this process's life.
        _ = fcntl(standardInput.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        try process.run()
        try waitUntilReady()
    }

    /// Stops the server in an orderly way and starts it again, as an upgrade does.
    public func restart() async throws {
        try await withCheckedThrowingContinuation { continuation in
            startThread { [self] in
                continuation.resume(
                    with: Result {
                        try standardInput.fileHandleForWriting.write(contentsOf: Data("\n".utf8))
                        try waitUntilReady()
                    })
            }
        }
    }

    private func waitUntilReady() throws {
        let answer = standardOutput.fileHandleForReading.availableData
        guard String(decoding: answer, as: UTF8.self) == "ready\n" else {
            throw Failure(description: "PostgreSQL did not start; see \(directory)/*.log")
        }
    }

    /// Stops the server and removes its directory.
    public func stop() {
        try? standardInput.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// How to connect to one of its databases as its superuser.
    public func connectionString(database: String = "postgres", directory: String? = nil) -> String
    {
        "host=\(directory ?? self.directory) port=5432 dbname=\(database) user=app"
    }

    /// Makes an empty database and gives its name.
    public func makeDatabase() async throws -> String {
        let number = databases.withLock { number in
            number += 1
            return number
        }
        let name = "test_\(number)"
        let configuration = PostgresConfiguration(
            connectionString: connectionString(), applicationName: "fixture")
        try await TestLoop.run { loop in
            let connection = PostgresConnection(loop: loop, configuration: configuration)
            try await connection.connect()
            defer { connection.close() }
            try await connection.script("CREATE DATABASE \(name)")
        }
        return name
    }

    /// The newest directory with a `postgres` and an `initdb` in it.
    private static func programs() throws -> String {
        let root = "/usr/lib/postgresql"
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [])
            .compactMap { Int($0) }.sorted(by: >)
        let candidates =
            versions.map { "\(root)/\($0)/bin" } + ["/usr/local/pgsql/bin", "/usr/bin"]
        let found = candidates.first { folder in
            ["postgres", "initdb"].allSatisfy {
                FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)")
            }
        }
        guard let found else { throw Failure(description: "no PostgreSQL server is installed") }
        return found
    }

    /// PostgreSQL refuses to run as root; then the user `postgres` runs it.
    private static let script = """
        set -u
        trap '' INT TERM
        bin=$1 dir=$2
        shift 2
        mkdir -m 755 "$dir" || exit 1
        as=
        if [ "$(id -u)" = 0 ]; then
            chown postgres: "$dir"
            as="setpriv --reuid=postgres --regid=postgres --init-groups --inh-caps=-all"
        fi
        cd /
        $as "$bin/initdb" -D "$dir/data" -U app --auth=trust --no-sync --no-instructions \\
            -E UTF8 --locale=C.UTF-8 >"$dir/initdb.log" 2>&1 </dev/null || exit 1
        $as "$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c port=5432 \\
            -c fsync=off -c max_connections=200 -c shared_buffers=32MB -c timezone=UTC \\
            "$@" >"$dir/server.log" 2>&1 </dev/null &
        server=$!
        until [ -S "$dir/.s.PGSQL.5432" ] && "$bin/pg_isready" -q -h "$dir"; do
            kill -0 $server 2>/dev/null || exit 1
            sleep 0.05
        done
        echo ready
        while read -r line; do
            $as "$bin/pg_ctl" -D "$dir/data" -l "$dir/restarted.log" -m fast -w restart \
                >/dev/null 2>&1 </dev/null && echo ready
        done
        $as "$bin/pg_ctl" -D "$dir/data" -m fast -w stop >/dev/null 2>&1 </dev/null
        rm -rf "$dir"
        """
}
