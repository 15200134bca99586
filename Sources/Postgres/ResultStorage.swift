import CLibpq

/// A result of libpq's, freed with its last owner.
///
/// Sendable because a finished result is only read: libpq changes it no more, and its accessors
/// keep no state of their own.
@safe final class ResultStorage: @unchecked Sendable {
    private let pointer: OpaquePointer
    let rowCount: Int
    let columnCount: Int

    /// Takes over a result.
    init(owning pointer: OpaquePointer) {
        unsafe self.pointer = unsafe pointer
        rowCount = unsafe Int(PQntuples(pointer))
        columnCount = unsafe Int(PQnfields(pointer))
    }

    deinit {
        unsafe PQclear(pointer)
    }

    var status: ExecStatusType { unsafe PQresultStatus(pointer) }

    var commandTag: String { unsafe Self.string(PQcmdStatus(pointer)) }

    var affectedRowsText: String { unsafe Self.string(PQcmdTuples(pointer)) }

    /// The number of a column's type.
    func type(_ column: Int) -> UInt32 {
        unsafe PQftype(pointer, Int32(column))
    }

    /// The bytes of one value, valid as long as this object; nil for NULL.
    func field(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer? {
        precondition(row >= 0 && row < rowCount, "no such row")
        precondition(column >= 0 && column < columnCount, "no such column")
        let (row, column) = (Int32(row), Int32(column))
        guard unsafe PQgetisnull(pointer, row, column) == 0 else { return nil }
        return unsafe UnsafeRawBufferPointer(
            start: PQgetvalue(pointer, row, column),
            count: Int(PQgetlength(pointer, row, column)))
    }

    /// One of the fields of an error or notice, named by the letter of the protocol (PostgreSQL
    /// manual, "Error and Notice Message Fields").
    func diagnostic(_ letter: UInt8) -> String? {
        unsafe Self.diagnostic(letter, of: pointer)
    }

    /// The same for a result that somebody else owns.
    static func diagnostic(_ letter: UInt8, of pointer: OpaquePointer?) -> String? {
        guard let text = unsafe PQresultErrorField(pointer, Int32(letter)) else { return nil }
        return unsafe String(cString: text)
    }

    private static func string(_ text: UnsafeMutablePointer<CChar>?) -> String {
        guard let text = unsafe text else { return "" }
        return unsafe String(cString: text)
    }
}

extension ResultStorage {
    /// What the server said, without what it quoted. Nil if libpq made the result up itself, which
    /// it does when the connection is lost.
    var serverError: PostgresServerError? {
        guard let code = diagnostic(UInt8(ascii: "C")) else { return nil }
        return PostgresServerError(
            sqlState: SQLState(code),
            constraint: diagnostic(UInt8(ascii: "n")),
            schema: diagnostic(UInt8(ascii: "s")),
            table: diagnostic(UInt8(ascii: "t")),
            column: diagnostic(UInt8(ascii: "c")),
            position: diagnostic(UInt8(ascii: "P")).flatMap { Int($0) })
    }

    /// True if the server ended the session with this error. The severity is read from the field
    /// that is never translated.
    var endsSession: Bool {
        let severity = diagnostic(UInt8(ascii: "V"))
        return severity == "FATAL" || severity == "PANIC"
    }

    /// True if PostgreSQL's `RevalidateCachedQuery` said that a prepared statement no longer fits
    /// the tables it names.
    var saysStatementIsStale: Bool {
        diagnostic(UInt8(ascii: "R")) == "RevalidateCachedQuery"
    }
}
