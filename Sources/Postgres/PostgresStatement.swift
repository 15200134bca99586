/// The text of one SQL command with `$1`, `$2` … in place of values. A connection prepares it on
/// first use and keeps it prepared; make statements once (`static let`), never from values.
public struct PostgresStatement: Sendable, Hashable {
    /// The command.
    public let sql: String
    /// The text's hash, computed once: statements are looked up for each command sent.
    private let digest: Int
    /// The text holds U+0000, at which libpq would take it to end.
    let hasZero: Bool
    /// It begins with SELECT.
    let isSelect: Bool

    /// One command; several in one text are a syntax error of the extended protocol.
    public init(_ sql: String) {
        self.sql = sql
        digest = sql.hashValue
        hasZero = sql.utf8.contains(0)
        isSelect = sql.hasPrefix("SELECT ")
    }

    /// Two statements are equal if their texts are.
    public static func == (one: PostgresStatement, other: PostgresStatement) -> Bool {
        one.digest == other.digest && one.sql == other.sql
    }

    /// Feeds the hash computed at the start.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(digest)
    }
}

extension PostgresStatement: ExpressibleByStringLiteral {
    /// A command written out in the program's text, where no value can get into it.
    public init(stringLiteral sql: String) {
        self.init(sql)
    }
}

/// A statement and the values of its parameters, in order.
public struct PostgresCommand: Sendable {
    /// What to do.
    public let statement: PostgresStatement
    /// With what: the first value is `$1`.
    public let values: [PostgresValue]

    /// A command ready to send.
    public init(_ statement: PostgresStatement, _ values: [PostgresValue] = []) {
        self.statement = statement
        self.values = values
    }
}
