/// What the server said about a command that failed: names and codes alone. The message, the detail
/// and the hint stay behind, because they quote values (PostgreSQL manual, "Error and Notice Message
/// Fields").
public struct PostgresServerError: Error, Hashable, Sendable {
    /// The condition.
    public let sqlState: SQLState
    /// The constraint that was broken, if the server named one.
    public let constraint: String?
    /// The schema of `table`, if the server named one.
    public let schema: String?
    /// The table the error is about, if the server named one.
    public let table: String?
    /// The column the error is about, if the server named one.
    public let column: String?
    /// Where in the statement's text the error is, counted in characters from 1.
    public let position: Int?

    /// An error made of its parts, for example in a test of the code that judges it.
    public init(
        sqlState: SQLState, constraint: String? = nil, schema: String? = nil, table: String? = nil,
        column: String? = nil, position: Int? = nil
    ) {
        self.sqlState = sqlState
        self.constraint = constraint
        self.schema = schema
        self.table = table
        self.column = column
        self.position = position
    }
}

/// Why a command never reached a server.
public enum PostgresUnavailable: Error, Hashable, Sendable {
    /// `connect()` was not called, has not finished, or the connection has ended since.
    case notConnected
    /// The connection string cannot be understood, or its hosts and ports do not match up.
    case invalidConfiguration
    /// No host's name could be resolved.
    case unresolved
    /// No host accepted the connection, or none has the properties asked for by
    /// `target_session_attrs`.
    case unreachable
    /// No host answered within the time allowed.
    case timedOut
    /// The server answered and refused: wrong password, unknown database, too many connections,
    /// starting up, shutting down.
    case refused(SQLState)
    /// So many commands are outstanding that the limit is reached; nothing was queued.
    case tooManyOutstanding
    /// The deadline passed while the command waited behind others and had not been sent.
    case deadlinePassed
}

/// Why a command was not even tried: sending it again gives the same answer.
public enum PostgresRefusal: Hashable, Sendable {
    /// The values of one command, or of one transaction, need more bytes than
    /// `PostgresLimits.commandBytes`.
    case tooLarge
    /// A command has more values than the protocol can number (65,535).
    case tooManyValues
    /// The text of a statement or script holds U+0000.
    case invalidText
}

/// Why there is no result.
public enum PostgresError: Error, Hashable, Sendable {
    /// Nothing of it reached a server, and nothing was applied.
    case unavailable(PostgresUnavailable)
    /// The connection died, or our deadline passed, while the command was under way. When
    /// `requestMayHaveBeenProcessed` is true, nobody knows whether it was applied.
    case lost(requestMayHaveBeenProcessed: Bool)
    /// The server refused the command: it was not applied.
    case server(PostgresServerError)
    /// The command cannot be sent at all: our own fault, and nothing was applied.
    case refused(PostgresRefusal)
    /// A column does not hold what the caller expects there (another type, or NULL); nothing is
    /// wrong with the connection.
    case unexpectedValue(column: Int)
    /// `close()` was called before the command was sent.
    case closed
}
