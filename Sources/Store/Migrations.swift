import Crypto
public import EventLoop
import FoundationEssentials
public import Postgres

/// The schema's history: files `0001_words.sql`, `0002_words.sql` … of one folder, applied in order,
/// each in a transaction of its own, never changed afterwards and never undone.
public struct Migrations: Sendable {
    /// One file.
    struct File: Equatable, Sendable {
        let version: Int
        let name: String
        let sql: String

        /// SHA-256 of the text.
        var checksum: [UInt8] { Array(SHA256.hash(data: Array(sql.utf8))) }
    }

    let files: [File]

    /// Reads the files of a folder; other names than `*.sql` are ignored. Throws `file` when one
    /// cannot be used and `migration(.gap)` when a number is missing or there twice.
    public init(directory: String) throws(StoreError) {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else {
            throw .file(path: directory, reason: .unreadable)
        }
        var files: [File] = []
        for name in names.sorted() where name.hasSuffix(".sql") {
            files.append(try Self.file(named: name, in: directory))
        }
        try self.init(files: files)
    }

    init(files: [File]) throws(StoreError) {
        guard !files.isEmpty else { throw .migration(.gap(version: 1)) }
        for (index, file) in files.enumerated() where file.version != index + 1 {
            throw .migration(.gap(version: index + 1))
        }
        self.files = files
    }

    private static func file(named name: String, in directory: String) throws(StoreError) -> File {
        let path = directory + "/" + name
        let words = name.dropLast(4)
        guard words.utf8.count > 5, let version = Int(words.prefix(4)), version > 0,
            words.dropFirst(4).first == "_",
            words.utf8.allSatisfy({ byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x5F
            })
        else { throw .file(path: path, reason: .misnamed) }
        guard let contents = FileManager.default.contents(atPath: path) else {
            throw .file(path: path, reason: .unreadable)
        }
        guard contents.count <= StoreLimits.migrationBytes, !contents.contains(0),
            let sql = String(validating: contents, as: UTF8.self)
        else { throw .file(path: path, reason: .notText) }
        return File(version: version, name: String(words), sql: sql)
    }

    /// Brings a database to the version of this program; tells how many files were applied. Several
    /// nodes may do so at once. Throws `migration` when the database is newer, when a file was
    /// changed after it had been applied, or when one fails.
    @LoopActor public func apply(
        to configuration: PostgresConfiguration, loop: Loop
    ) async throws(StoreError) -> Int {
        try await Self.connected(configuration, loop) { connection throws(StoreError) in
            try await Self.translated { () throws(PostgresError) in
                try await connection.script(Self.createTable)
            }
            var applied = 0
            var version = try await checkedVersion(connection)
            while version < files.count {
                if try await apply(files[version], connection) { applied += 1 }
                version = try await checkedVersion(connection)
            }
            return applied
        }
    }

    /// Makes sure that the database is at exactly the version of this program, by exactly these
    /// files.
    @LoopActor public func check(
        _ configuration: PostgresConfiguration, loop: Loop
    ) async throws(StoreError) {
        try await Self.connected(configuration, loop) { connection throws(StoreError) in
            let exists = try await Self.translated { () throws(PostgresError) in
                try await connection.query(Self.tableExists).bool(0, 0)
            }
            let version = exists ? try await checkedVersion(connection) : 0
            guard version == files.count else {
                throw .migration(.databaseIsOlder(version: version))
            }
        }
    }

    /// The database's version, whose history must be the beginning of ours.
    @LoopActor private func checkedVersion(
        _ connection: PostgresConnection
    ) async throws(StoreError) -> Int {
        let applied = try await Self.translated { () throws(PostgresError) in
            let result = try await connection.query(Self.history)
            return try result.all { row throws(PostgresError) in
                (version: Int(try result.int8(row, 0)), checksum: try result.bytes(row, 1))
            }
        }
        for (index, migration) in applied.enumerated() {
            guard migration.version == index + 1 else {
                throw .migration(.gap(version: index + 1))
            }
            guard index < files.count else {
                throw .migration(.databaseIsNewer(version: applied.count))
            }
            guard migration.checksum == files[index].checksum else {
                throw .migration(.changed(version: index + 1))
            }
        }
        return applied.count
    }

    /// Applies one file; false if another node did so meanwhile.
    @LoopActor private func apply(
        _ file: File, _ connection: PostgresConnection
    ) async throws(StoreError) -> Bool {
        do throws(PostgresError) {
            try await connection.script(Self.script(for: file))
            return true
        } catch {
            guard case .server(let error) = error else { throw StoreError(error) }
            if error.sqlState == Self.overtaken { return false }
            throw .migration(
                .failed(version: file.version, sqlState: error.sqlState.rawValue))
        }
    }

    // MARK: SQL

    /// What a script raises when another node applied the file first.
    private static let overtaken = SQLState("VF010")

    /// One node at a time. The lock ends with the transaction: one of the session would outlive it
    /// behind a pooler and be lost at a failover.
    /// The number only has to differ from those of other programs in the same database.
    private static let lock = "SELECT pg_advisory_xact_lock(7304914850627017289);"

    private static let createTable = """
        \(lock)
        CREATE TABLE IF NOT EXISTS schema_migrations (
            version integer PRIMARY KEY,
            name text NOT NULL,
            checksum bytea NOT NULL CHECK (octet_length(checksum) = 32),
            applied_at timestamptz NOT NULL DEFAULT now());
        """

    /// The file and its record, in one transaction; values are checked words and hexadecimal digits.
    private static func script(for file: File) -> String {
        let digits = Array("0123456789abcdef")
        let checksum = String(
            file.checksum.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
        return """
            BEGIN;
            \(lock)
            DO $check$ BEGIN
                IF (SELECT count(*) FROM schema_migrations) <> \(file.version - 1) THEN
                    RAISE EXCEPTION 'applied meanwhile' USING ERRCODE = 'VF010';
                END IF;
            END $check$;
            \(file.sql)
            ;
            INSERT INTO schema_migrations (version, name, checksum)
            VALUES (\(file.version), '\(file.name)', '\\x\(checksum)');
            COMMIT;
            """
    }

    private static let tableExists = PostgresStatement(
        "SELECT to_regclass('schema_migrations') IS NOT NULL")
    private static let history = PostgresStatement(
        "SELECT version, checksum FROM schema_migrations ORDER BY version")

    // MARK: Connection

    @LoopActor private static func connected<Answer>(
        _ configuration: PostgresConfiguration, _ loop: Loop,
        _ body: @LoopActor (PostgresConnection) async throws(StoreError) -> Answer
    ) async throws(StoreError) -> Answer {
        let connection = PostgresConnection(loop: loop, configuration: configuration)
        try await translated { () throws(PostgresError) in try await connection.connect() }
        defer { connection.close() }
        return try await body(connection)
    }

    @LoopActor private static func translated<Answer>(
        _ body: @LoopActor () async throws(PostgresError) -> Answer
    ) async throws(StoreError) -> Answer {
        do throws(PostgresError) { return try await body() } catch { throw StoreError(error) }
    }
}
