/// How to reach the database, and how long to try.
///
/// The connection string is libpq's (PostgreSQL manual, "Connection Strings"): keywords or a URI,
/// with several hosts if need be, which are tried in order. Added unless the string says otherwise:
/// `gssencmode=disable` (it would block the loop), `keepalives`, `tcp_user_timeout` (without it a
/// partition hangs the socket for minutes) and `application_name`. Always set: `client_encoding=UTF8`.
///
/// Unix socket paths, numeric addresses and `hostaddr` never block; host names are resolved on a
/// thread of their own. `passfile`, `service` and certificate files are read by libpq when it
/// connects, and should lie on a local disk.
public struct PostgresConfiguration: Sendable, CustomStringConvertible, CustomDebugStringConvertible
{
    /// The connection string, which may hold a password: never logged.
    let connectionString: String
    /// How the session is named in the server's views.
    public let applicationName: String
    /// How long one address may take to answer, from the first packet to the end of authentication.
    /// With several hosts each has this long.
    public let connectTimeout: Duration
    /// How long sent data may stay unacknowledged by the peer's kernel before the connection counts
    /// as dead. Only TCP.
    public let unacknowledgedTimeout: Duration
    /// Commands and transactions that may be outstanding on one connection.
    public let maximumOutstanding: Int

    /// Nothing is checked here; `connect()` tells when the string is unusable.
    public init(
        connectionString: String, applicationName: String,
        connectTimeout: Duration = .seconds(5), unacknowledgedTimeout: Duration = .seconds(10),
        maximumOutstanding: Int = 1_024
    ) {
        self.connectionString = connectionString
        self.applicationName = applicationName
        self.connectTimeout = connectTimeout
        self.unacknowledgedTimeout = unacknowledgedTimeout
        self.maximumOutstanding = maximumOutstanding
    }

    /// Hosts, ports, database and user: what may be logged.
    public var description: String {
        ConnectionString(connectionString)?.maskedDescription ?? "unusable connection string"
    }

    /// The same as `description`, so that no debugger or `dump` line shows a password.
    public var debugDescription: String { description }
}

extension PostgresConfiguration: CustomReflectable {
    /// Shows `description` alone.
    public var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}
