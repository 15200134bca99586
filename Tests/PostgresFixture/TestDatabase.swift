public import EventLoop
import LoopFixture
public import Postgres

/// A database of one's own on the shared server.
public struct TestDatabase: Sendable {
    /// The server it lives on.
    public let server: PostgresServer
    /// Its name.
    public let name: String

    /// Makes an empty database.
    public init() async throws {
        server = try PostgresServer.shared()
        name = try await server.makeDatabase()
    }

    /// One that exists.
    public init(server: PostgresServer, name: String) {
        self.server = server
        self.name = name
    }

    /// How to connect to it, by way of another socket directory if one is given; `options` are more
    /// keywords of a connection string.
    public func configuration(
        through directory: String? = nil, options: String = "", maximumOutstanding: Int = 1_024
    ) -> PostgresConfiguration {
        let string = server.connectionString(database: name, directory: directory)
        return PostgresConfiguration(
            connectionString: "\(string) \(options)", applicationName: "test",
            maximumOutstanding: maximumOutstanding)
    }

    /// Runs `body` on the loop with an open connection, and closes it.
    public func connected<Value: Sendable>(
        through directory: String? = nil, options: String = "", maximumOutstanding: Int = 1_024,
        _ body: @escaping @LoopActor (Loop, PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let configuration = configuration(
            through: directory, options: options, maximumOutstanding: maximumOutstanding)
        return try await TestLoop.run { loop in
            let connection = PostgresConnection(loop: loop, configuration: configuration)
            try await connection.connect()
            defer { connection.close() }
            return try await body(loop, connection)
        }
    }
}
