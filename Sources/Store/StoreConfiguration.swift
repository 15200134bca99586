import Engine
public import Postgres

/// What a desk's store is set up with.
public struct StoreConfiguration: Sendable {
    /// How to reach the database.
    public var postgres: PostgresConfiguration
    /// The desk; positive.
    public var desk: Int64
    /// This node's name in the lease, for people; different on each node. A restarted node takes its
    /// own lease back at once, when no session of its earlier run is left.
    public var holder: String
    /// What the keys in the database are wrapped with.
    public var wrappingKeys: WrappingKeys
    /// How long a lease lasts by the database's clock, in milliseconds.
    public var leaseTime = EngineLimits.leaseTime
    /// How long a commit may take before its outcome counts as unknown: a webhook waits 4 s in all.
    public var commitDeadline = Duration.seconds(3)
    /// How long a prefetch, a reload or a read of the past may take.
    public var readDeadline = Duration.seconds(3)
    /// How long a statement of the writer waits for a lock, in milliseconds: below the deadlines, so
    /// that a lock that another session holds is a clear refusal and not an unknown outcome.
    public var lockTimeout = 2_000
    /// Connections for reads of the past and for sign-in.
    public var readConnections = 3
    /// The latest events that a reload reads back, at most.
    public var recentEvents = EngineLimits.feedLength

    /// The usual values around what has none.
    public init(
        postgres: PostgresConfiguration, desk: Int64, holder: String, wrappingKeys: WrappingKeys
    ) {
        self.postgres = postgres
        self.desk = desk
        self.holder = holder
        self.wrappingKeys = wrappingKeys
    }
}

/// Limits of this room, each with its reason.
public enum StoreLimits {
    /// Conversations whose customer's key is held unwrapped: at about 200 bytes each some 15 MB, and
    /// more than a desk has open at once.
    static let cachedKeys = 65_536
    /// Rows that one call may read of a transcript: more is another page.
    public static let transcriptPage = 200
    /// Rows that one call may read by a list of ids.
    public static let listedRows = 10_000
    /// Events that verifying the chain reads at a time.
    static let verifiedPage = 5_000
    /// Bytes of the channel's name of a kind of event; longer ones are cut.
    static let kindBytes = 64
    /// Bytes of a holder's name: it is for people.
    static let holderBytes = 100
    /// Bytes of a migration file; ours have a few thousand.
    static let migrationBytes = 1_048_576
}
