import ArgumentParser
import EventLoop
import Postgres
import Synchronization

/// What is measured: a running server, its database, and their processes.
struct Target: ParsableArguments {
    @Option(help: "The server's numeric IPv4 address.")
    var address = "127.0.0.1"
    @Option(help: "The server's port.")
    var port: Int
    @Option(help: "The origin of its pages, as configured.")
    var origin: String
    @Option(help: "The desk that it serves.")
    var desk = 1
    @Option(help: "libpq connection string of the server's database.")
    var database: String
    @Option(help: "Process id of the server.")
    var serverProcess: Int32
    @Option(help: "Process id of PostgreSQL's first process.")
    var databaseProcess: Int32

    /// Turns a loop for one measurement with a connection to the database.
    func measure(
        _ body: @escaping @LoopActor (Loop, PostgresConnection) async throws -> Bool
    ) throws {
        let outcome = Outcome()
        try Loop.run { loop in
            let connection = PostgresConnection(
                loop: loop,
                configuration: PostgresConfiguration(
                    connectionString: database, applicationName: "bench"))
            do {
                try await connection.connect()
                try await waitUntilReady(loop)
                outcome.isValid = try await body(loop, connection)
            } catch {
                print("bench: \(error)")
            }
            connection.close()
            loop.stop()
        }
        guard outcome.isValid else { throw ExitCode.failure }
    }
}

/// Whether a measurement holds, for the thread that turned the loop.
private final class Outcome: Sendable {
    private let stored = Atomic(false)

    var isValid: Bool {
        get { stored.load(ordering: .sequentiallyConsistent) }
        set { stored.store(newValue, ordering: .sequentiallyConsistent) }
    }
}

/// Why a measurement could not be made.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
