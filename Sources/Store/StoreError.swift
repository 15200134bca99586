import Postgres

/// Why the store could not do what was asked. Names and codes alone, never a value.
public enum StoreError: Error, Equatable, Sendable {
    /// The database is away, busy or shutting down, or did not answer in time. For a write: it may
    /// have been applied all the same; each write of this room may be repeated.
    case unavailable
    /// The database refused a value; `constraint` names the rule that it broke, if there is one.
    case refused(constraint: String?)
    /// There is no such row.
    case notFound
    /// A sealed value cannot be opened: its key was erased, it was changed, or no wrapping key that
    /// is configured fits.
    case unreadable
    /// A row is not of the form that this program expects.
    case unexpectedSchema
    /// An argument or a setting is impossible; `field` names it.
    case invalid(field: String)
    /// A file cannot be used.
    case file(path: String, reason: FileProblem)
    /// The migrations and the database do not fit together.
    case migration(MigrationProblem)

    /// What is wrong with a file.
    public enum FileProblem: String, Equatable, Sendable {
        /// It does not exist or may not be read.
        case unreadable
        /// A wrapping key is exactly 32 bytes, or their base64.
        case notThirtyTwoBytes
        /// Others than its owner and group may access it, or the group may write it.
        case openToOthers
        /// Its name is not of the form `0001_words.sql`.
        case misnamed
        /// It is not UTF-8, or holds U+0000.
        case notText
    }

    /// What is wrong between the migrations and the database.
    public enum MigrationProblem: Equatable, Sendable {
        /// The files are not numbered 1, 2, 3 …; this number is missing or there twice.
        case gap(version: Int)
        /// The database was migrated with another text of this file.
        case changed(version: Int)
        /// The database is newer than this program: it was migrated to this version.
        case databaseIsNewer(version: Int)
        /// The database is older than this program and must be migrated first.
        case databaseIsOlder(version: Int)
        /// This file failed with this SQLSTATE; nothing of it was applied.
        case failed(version: Int, sqlState: String)
    }
}

extension StoreError: CustomStringConvertible {
    /// One sentence for the operator.
    public var description: String {
        switch self {
        case .unavailable: "the database is not available"
        case .refused(let constraint):
            "the database refused a value" + (constraint.map { " (\($0))" } ?? "")
        case .notFound: "there is no such row"
        case .unreadable: "a sealed value cannot be opened with the configured wrapping keys"
        case .unexpectedSchema: "the database holds something else than this program expects"
        case .invalid(let field): "impossible value of \(field)"
        case .file(let path, let reason): "\(path): \(reason.sentence)"
        case .migration(let problem): problem.sentence
        }
    }
}

extension StoreError.FileProblem {
    var sentence: String {
        switch self {
        case .unreadable: "cannot be read"
        case .notThirtyTwoBytes: "a wrapping key is exactly 32 bytes, or their base64"
        case .openToOthers: "must be readable by its owner or group alone (chmod 400)"
        case .misnamed: "a migration is named like 0001_words.sql"
        case .notText: "is not a text in UTF-8"
        }
    }
}

extension StoreError.MigrationProblem {
    var sentence: String {
        switch self {
        case .gap(let version): "migration \(version) is missing or there twice"
        case .changed(let version):
            "migration \(version) was changed after this database was migrated with it"
        case .databaseIsNewer(let version):
            "the database was migrated to version \(version), which this program does not know"
        case .databaseIsOlder(let version):
            "the database is at version \(version) and must be migrated first"
        case .failed(let version, let sqlState):
            "migration \(version) failed with SQLSTATE \(sqlState); nothing of it was applied"
        }
    }
}

extension StoreError {
    /// What the database room said, in our terms.
    init(_ error: PostgresError) {
        switch error {
        case .unavailable, .lost, .closed:
            self = .unavailable
        case .server(let error):
            if error.sqlState.isDataOrConstraint {
                self = .refused(constraint: error.constraint)
            } else if error.sqlState.conditionClass == "42" {
                // Undefined table, column, function; insufficient privilege.
                self = .unexpectedSchema
            } else {
                self = .unavailable
            }
        case .refused:
            self = .refused(constraint: nil)
        case .unexpectedValue:
            self = .unexpectedSchema
        }
    }
}
