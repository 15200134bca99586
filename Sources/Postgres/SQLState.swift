/// The five characters by which PostgreSQL names a condition (PostgreSQL manual, appendix A).
public struct SQLState: Hashable, Sendable, CustomStringConvertible {
    /// Five characters, digits or capital letters.
    public let rawValue: String

    /// Takes the code as the server gave it.
    public init(_ rawValue: String) {
        self.rawValue = rawValue
    }

    /// The code itself.
    public var description: String { rawValue }

    /// The first two characters, which group conditions of one kind.
    public var conditionClass: Substring { rawValue.prefix(2) }

    /// Data exceptions (class 22) and broken constraints (class 23): the values sent are at fault,
    /// and sending them again gives the same answer.
    public var isDataOrConstraint: Bool { conditionClass == "22" || conditionClass == "23" }

    /// Serialization failure and deadlock: the same transaction may well succeed when repeated.
    public var isSerialization: Bool { self == .serializationFailure || self == .deadlockDetected }

    /// The server lacks memory, disk space or connections (class 53).
    public var isResource: Bool { conditionClass == "53" }

    /// Somebody or something intervened (class 57): a cancelled command, a server that shuts down.
    public var isOperatorIntervention: Bool { conditionClass == "57" }

    /// The connection failed or was refused (class 08).
    public var isConnection: Bool { conditionClass == "08" }
}

extension SQLState {
    /// 01000 warning.
    public static let warning = SQLState("01000")
    /// 22021 character_not_in_repertoire: a text holds U+0000, or is not UTF-8.
    public static let characterNotInRepertoire = SQLState("22021")
    /// 23505 unique_violation.
    public static let uniqueViolation = SQLState("23505")
    /// 26000 invalid_sql_statement_name: the server does not know a prepared statement.
    public static let invalidStatementName = SQLState("26000")
    /// 40000 transaction_rollback.
    public static let transactionRollback = SQLState("40000")
    /// 40001 serialization_failure.
    public static let serializationFailure = SQLState("40001")
    /// 40P01 deadlock_detected.
    public static let deadlockDetected = SQLState("40P01")
    /// 53100 disk_full.
    public static let diskFull = SQLState("53100")
    /// 55P03 lock_not_available: `lock_timeout` passed, or NOWAIT.
    public static let lockNotAvailable = SQLState("55P03")
    /// 57014 query_canceled: by a cancel request, or `statement_timeout` passed.
    public static let queryCanceled = SQLState("57014")
    /// 57P01 admin_shutdown: the server stops, or the backend was terminated.
    public static let adminShutdown = SQLState("57P01")
    /// 57P02 crash_shutdown: another process of the server crashed, and all sessions end.
    static let crashShutdown = SQLState("57P02")
    /// 0A000 feature_not_supported; also "cached plan must not change result type".
    static let featureNotSupported = SQLState("0A000")
    /// 25001 active_sql_transaction.
    static let activeTransaction = SQLState("25001")
}
