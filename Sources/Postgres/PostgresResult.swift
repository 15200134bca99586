import CLibpq

/// The rows and the tag that one command was answered with. Values are read in place, from the
/// memory in which they arrived.
///
/// Rows and columns are counted from 0; an index out of range is a mistake of the caller and stops
/// the process, as with an array. A value of another type, or NULL where none is expected, throws
/// `PostgresError.unexpectedValue`: it says that the schema is not the expected one.
public struct PostgresResult: Sendable {
    let storage: ResultStorage

    /// Rows returned; 0 for a command without RETURNING.
    public var rowCount: Int { storage.rowCount }

    /// Columns of each row.
    public var columnCount: Int { storage.columnCount }

    /// Rows that an INSERT, UPDATE, DELETE or MERGE touched, or a SELECT returned; 0 for others.
    public var affectedRows: Int { Int(storage.affectedRowsText) ?? 0 }

    /// The server's name for what it did, for example `INSERT 0 5`.
    public var commandTag: String { storage.commandTag }

    /// True for NULL.
    public func isNull(_ row: Int, _ column: Int) -> Bool {
        unsafe storage.field(row, column) == nil
    }

    /// A `smallint`, `integer` or `bigint`; nil for NULL.
    public func optionalInt8(_ row: Int, _ column: Int) throws(PostgresError) -> Int64? {
        guard let field = unsafe storage.field(row, column) else { return nil }
        switch (storage.type(column), field.count) {
        case (TypeNumber.int8, 8): return unsafe BinaryReader.int64(field)
        case (TypeNumber.int4, 4): return unsafe Int64(BinaryReader.int32(field))
        case (TypeNumber.int2, 2): return unsafe Int64(BinaryReader.int16(field))
        default: throw .unexpectedValue(column: column)
        }
    }

    /// A `double precision`; nil for NULL.
    public func optionalDouble(_ row: Int, _ column: Int) throws(PostgresError) -> Double? {
        guard let field = unsafe storage.field(row, column) else { return nil }
        guard storage.type(column) == TypeNumber.double, field.count == 8 else {
            throw .unexpectedValue(column: column)
        }
        return unsafe Double(bitPattern: UInt64(bitPattern: BinaryReader.int64(field)))
    }

    /// A `boolean`; nil for NULL.
    public func optionalBool(_ row: Int, _ column: Int) throws(PostgresError) -> Bool? {
        guard let field = unsafe storage.field(row, column) else { return nil }
        guard storage.type(column) == TypeNumber.bool, field.count == 1 else {
            throw .unexpectedValue(column: column)
        }
        return unsafe field[0] != 0
    }

    /// A `text`, `varchar`, `char`, `name`, `json`, `jsonb`, or a value of an enumeration; nil for
    /// NULL.
    public func optionalText(_ row: Int, _ column: Int) throws(PostgresError) -> String? {
        guard let field = unsafe storage.field(row, column) else { return nil }
        guard let text = unsafe BinaryReader.textBytes(field, type: storage.type(column)) else {
            throw .unexpectedValue(column: column)
        }
        return unsafe String(decoding: text, as: UTF8.self)
    }

    /// A `bytea`; nil for NULL.
    public func optionalBytes(_ row: Int, _ column: Int) throws(PostgresError) -> [UInt8]? {
        guard let field = unsafe storage.field(row, column) else { return nil }
        guard storage.type(column) == TypeNumber.bytea else {
            throw .unexpectedValue(column: column)
        }
        return unsafe [UInt8](field)
    }

    /// A `timestamptz` in milliseconds since 1970, rounded down; `Int64.max` and `Int64.min` for
    /// `infinity` and `-infinity`; nil for NULL.
    public func optionalTimestamp(_ row: Int, _ column: Int) throws(PostgresError) -> Int64? {
        guard let field = unsafe storage.field(row, column) else { return nil }
        guard storage.type(column) == TypeNumber.timestamptz, field.count == 8 else {
            throw .unexpectedValue(column: column)
        }
        return unsafe Timestamp.milliseconds(fromMicroseconds: BinaryReader.int64(field))
    }

    /// A `uuid`; nil for NULL.
    public func optionalUUID(_ row: Int, _ column: Int) throws(PostgresError) -> PostgresUUID? {
        guard let field = unsafe storage.field(row, column) else { return nil }
        guard storage.type(column) == TypeNumber.uuid, field.count == 16 else {
            throw .unexpectedValue(column: column)
        }
        return unsafe BinaryReader.uuid(field)
    }

    /// Lends the bytes of a `text`, `json`, `jsonb`, `bytea` or the like without copying them; nil
    /// for NULL.
    public func withBytes<Answer>(
        _ row: Int, _ column: Int, _ body: (RawSpan?) throws(PostgresError) -> Answer
    ) throws(PostgresError) -> Answer {
        guard let field = unsafe storage.field(row, column) else { return try body(nil) }
        let type = storage.type(column)
        if type == TypeNumber.bytea { return try unsafe body(field.bytes) }
        guard let text = unsafe BinaryReader.textBytes(field, type: type) else {
            throw .unexpectedValue(column: column)
        }
        return try unsafe body(text.bytes)
    }
}

extension PostgresResult {
    /// As `optionalInt8`, but NULL is unexpected.
    public func int8(_ row: Int, _ column: Int) throws(PostgresError) -> Int64 {
        try require(optionalInt8(row, column), column)
    }
    /// As `optionalDouble`, but NULL is unexpected.
    public func double(_ row: Int, _ column: Int) throws(PostgresError) -> Double {
        try require(optionalDouble(row, column), column)
    }
    /// As `optionalBool`, but NULL is unexpected.
    public func bool(_ row: Int, _ column: Int) throws(PostgresError) -> Bool {
        try require(optionalBool(row, column), column)
    }
    /// As `optionalText`, but NULL is unexpected.
    public func text(_ row: Int, _ column: Int) throws(PostgresError) -> String {
        try require(optionalText(row, column), column)
    }
    /// As `optionalBytes`, but NULL is unexpected.
    public func bytes(_ row: Int, _ column: Int) throws(PostgresError) -> [UInt8] {
        try require(optionalBytes(row, column), column)
    }
    /// As `optionalTimestamp`, but NULL is unexpected.
    public func timestamp(_ row: Int, _ column: Int) throws(PostgresError) -> Int64 {
        try require(optionalTimestamp(row, column), column)
    }
    /// As `optionalUUID`, but NULL is unexpected.
    public func uuid(_ row: Int, _ column: Int) throws(PostgresError) -> PostgresUUID {
        try require(optionalUUID(row, column), column)
    }

    func require<Value>(_ value: Value?, _ column: Int) throws(PostgresError) -> Value {
        guard let value else { throw .unexpectedValue(column: column) }
        return value
    }
}
