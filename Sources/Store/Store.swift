import Desk
public import EventLoop
public import Logging
import Postgres

/// One desk's rows in PostgreSQL: what the Engine asks for (`Store+Engine.swift`), reads of the past,
/// sign-in, and housekeeping.
///
/// One connection writes what the Engine decides; the others serve everything else and never touch
/// the desk's state. Every key of a cache here was read under the epoch that is owned now: a reload
/// forgets all of them.
@LoopActor public final class Store {
    let loop: Loop
    let configuration: StoreConfiguration
    let log: Logger
    /// The desk.
    public let desk: Int64
    /// This run of the process, in the lease: random, so that no other run is taken for it.
    let incarnation: [UInt8]

    let writer: PostgresConnection
    let readers: PostgresPool
    private var readersStarted = false

    /// Seals rows that belong to no customer; nil until `open()`.
    private(set) var deskKey: ContentKey?
    /// Makes the desk's digests; nil until ``open()`` has ended well once, then there for good.
    public private(set) var digester: Digester?

    var keyRing = KeyRing(limit: StoreLimits.cachedKeys)
    /// The hash of the latest event that this process knows to be committed.
    var lastHash = Chain.start
    /// Why the database last refused a commit as poison.
    var lastRefusal: Refusal?

    /// Connects to nothing yet.
    public init(loop: Loop, configuration: StoreConfiguration, log: Logger) {
        self.loop = loop
        self.configuration = configuration
        self.log = log
        desk = configuration.desk
        incarnation = randomBytes(16)
        writer = PostgresConnection(loop: loop, configuration: configuration.postgres)
        readers = PostgresPool(
            loop: loop, configuration: configuration.postgres, size: configuration.readConnections)
    }

    /// Connects the readers, and makes the desk's row and keys if there are none yet. May be called
    /// again, also while it runs, and is called by `reload`. Once it has ended well it does nothing.
    ///
    /// `unreadable`: no configured wrapping key opens the desk's keys. `unexpectedSchema`: the
    /// database is not migrated, or this role may not use its tables.
    public func open() async throws(StoreError) {
        guard deskKey == nil else { return }
        try checkConfiguration()
        if !readersStarted {
            readersStarted = true
            await readers.start()
        }
        _ = try await read(DeskStatements.addDesk, [.int8(desk)])
        for purpose in DeskKeyPurpose.allCases { try await mintDeskKey(purpose) }
        let content = try await deskKey(.content)
        let digest = try await deskKey(.digest)
        deskKey = content
        digester = digest.digester
    }

    private func checkConfiguration() throws(StoreError) {
        guard desk > 0 else { throw .invalid(field: "desk") }
        let holder = configuration.holder
        guard !holder.isEmpty, holder.utf8.count <= StoreLimits.holderBytes,
            !holder.utf8.contains(0)
        else { throw .invalid(field: "holder") }
    }

    /// Offers a key; the one that is there already stays. Two nodes that start at once thus agree.
    private func mintDeskKey(_ purpose: DeskKeyPurpose) async throws(StoreError) {
        let wrapped = try ContentKey.mint().wrapped(
            configuration.wrappingKeys, at: place(.deskKey, purpose.row))
        _ = try await read(
            DeskStatements.addKey,
            [
                .int8(desk), .text(purpose.rawValue), .bytea(wrapped.name), .bytea(wrapped.sealed),
            ])
    }

    private func deskKey(_ purpose: DeskKeyPurpose) async throws(StoreError) -> ContentKey {
        let result = try await read(
            DeskStatements.key, [.int8(desk), .text(purpose.rawValue)])
        guard result.rowCount == 1 else { throw .notFound }
        let name = try value { () throws(PostgresError) in try result.bytes(0, 0) }
        let sealed = try value { () throws(PostgresError) in try result.bytes(0, 1) }
        return try ContentKey.unwrap(
            name: name, sealed: sealed, configuration.wrappingKeys,
            at: place(.deskKey, purpose.row))
    }

    /// Ends all connections at once. What is under way ends as `unavailable` or `unknown`.
    public func close() {
        writer.close()
        readers.close()
    }

    // MARK: For all parts of the store

    func place(_ column: SealedColumn, _ row: Int64) -> SealedPlace {
        SealedPlace(column: column, desk: desk, row: row)
    }

    /// One statement on a reader.
    func read(
        _ statement: PostgresStatement, _ values: [PostgresValue]
    ) async throws(StoreError) -> PostgresResult {
        do throws(PostgresError) {
            return try await readers.query(
                statement, values, deadline: configuration.readDeadline)
        } catch {
            throw StoreError(error)
        }
    }

    /// Values of a result, with the other room's errors in our terms.
    func value<Value>(
        _ read: () throws(PostgresError) -> Value
    ) throws(StoreError) -> Value {
        do throws(PostgresError) { return try read() } catch { throw StoreError(error) }
    }
}

/// What the keys of a desk are for.
enum DeskKeyPurpose: String, CaseIterable {
    case content
    case digest

    /// Stands for the row where a sealed value's place is named by a number.
    var row: Int64 {
        switch self {
        case .content: 1
        case .digest: 2
        }
    }
}

/// The statements by which a desk begins.
enum DeskStatements {
    /// Looks first: ON CONFLICT alone would wait for the owner's commit that has the row locked, and
    /// a node that is to take over from an owner that hangs must not.
    static let addDesk = PostgresStatement(
        """
        INSERT INTO desks (desk) SELECT $1
         WHERE NOT EXISTS (SELECT FROM desks WHERE desk = $1)
        ON CONFLICT DO NOTHING
        """)
    static let addKey = PostgresStatement(
        """
        INSERT INTO desk_keys (desk, purpose, wrapping_key, sealed_key) SELECT $1, $2, $3, $4
         WHERE NOT EXISTS (SELECT FROM desk_keys WHERE desk = $1 AND purpose = $2)
        ON CONFLICT DO NOTHING
        """)
    static let key = PostgresStatement(
        "SELECT wrapping_key, sealed_key FROM desk_keys WHERE desk = $1 AND purpose = $2")
}
