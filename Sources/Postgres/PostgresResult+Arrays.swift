/// One-dimensional arrays. An array as a whole must not be NULL; NULL elements are allowed where the
/// accessor says so.
extension PostgresResult {
    /// A `boolean[]` with NULLs.
    public func boolOptionalArray(_ row: Int, _ column: Int) throws(PostgresError) -> [Bool?] {
        try unsafe array(row, column, of: TypeNumber.bool, in: TypeNumber.boolArray) {
            $0.count == 1 ? unsafe $0[0] != 0 : nil
        }
    }
    /// A `boolean[]` without NULLs.
    public func boolArray(_ row: Int, _ column: Int) throws(PostgresError) -> [Bool] {
        try complete(boolOptionalArray(row, column), column)
    }

    /// An `integer[]` with NULLs.
    public func int4OptionalArray(_ row: Int, _ column: Int) throws(PostgresError) -> [Int32?] {
        try unsafe array(row, column, of: TypeNumber.int4, in: TypeNumber.int4Array) {
            $0.count == 4 ? unsafe BinaryReader.int32($0) : nil
        }
    }
    /// An `integer[]` without NULLs.
    public func int4Array(_ row: Int, _ column: Int) throws(PostgresError) -> [Int32] {
        try complete(int4OptionalArray(row, column), column)
    }

    /// A `bigint[]` with NULLs.
    public func int8OptionalArray(_ row: Int, _ column: Int) throws(PostgresError) -> [Int64?] {
        try unsafe array(row, column, of: TypeNumber.int8, in: TypeNumber.int8Array) {
            $0.count == 8 ? unsafe BinaryReader.int64($0) : nil
        }
    }
    /// A `bigint[]` without NULLs.
    public func int8Array(_ row: Int, _ column: Int) throws(PostgresError) -> [Int64] {
        try complete(int8OptionalArray(row, column), column)
    }

    /// A `text[]` with NULLs.
    public func textOptionalArray(_ row: Int, _ column: Int) throws(PostgresError) -> [String?] {
        try unsafe array(row, column, of: TypeNumber.text, in: TypeNumber.textArray) {
            unsafe String(decoding: $0, as: UTF8.self)
        }
    }
    /// A `text[]` without NULLs.
    public func textArray(_ row: Int, _ column: Int) throws(PostgresError) -> [String] {
        try complete(textOptionalArray(row, column), column)
    }

    /// A `bytea[]` with NULLs.
    public func byteaOptionalArray(_ row: Int, _ column: Int) throws(PostgresError) -> [[UInt8]?] {
        try unsafe array(row, column, of: TypeNumber.bytea, in: TypeNumber.byteaArray) {
            unsafe [UInt8]($0)
        }
    }
    /// A `bytea[]` without NULLs.
    public func byteaArray(_ row: Int, _ column: Int) throws(PostgresError) -> [[UInt8]] {
        try complete(byteaOptionalArray(row, column), column)
    }

    /// A `timestamptz[]` with NULLs, each as `timestamp` gives it.
    public func timestampOptionalArray(
        _ row: Int, _ column: Int
    ) throws(PostgresError) -> [Int64?] {
        try unsafe array(row, column, of: TypeNumber.timestamptz, in: TypeNumber.timestamptzArray) {
            guard $0.count == 8 else { return nil }
            return unsafe Timestamp.milliseconds(fromMicroseconds: BinaryReader.int64($0))
        }
    }
    /// A `timestamptz[]` without NULLs, each as `timestamp` gives it.
    public func timestampArray(_ row: Int, _ column: Int) throws(PostgresError) -> [Int64] {
        try complete(timestampOptionalArray(row, column), column)
    }

    /// A `uuid[]` with NULLs.
    public func uuidOptionalArray(
        _ row: Int, _ column: Int
    ) throws(PostgresError) -> [PostgresUUID?] {
        try unsafe array(row, column, of: TypeNumber.uuid, in: TypeNumber.uuidArray) {
            $0.count == 16 ? unsafe BinaryReader.uuid($0) : nil
        }
    }
    /// A `uuid[]` without NULLs.
    public func uuidArray(_ row: Int, _ column: Int) throws(PostgresError) -> [PostgresUUID] {
        try complete(uuidOptionalArray(row, column), column)
    }

    private func complete<Value>(
        _ elements: [Value?], _ column: Int
    ) throws(PostgresError) -> [Value] {
        var all: [Value] = []
        all.reserveCapacity(elements.count)
        for element in elements { all.append(try require(element, column)) }
        return all
    }

    /// Reads what `array_send` in PostgreSQL's `arrayfuncs.c` writes. The answer of `decode` is nil
    /// for bytes that are not of the element's type.
    private func array<Value>(
        _ row: Int, _ column: Int, of element: UInt32, in arrayType: UInt32,
        _ decode: (UnsafeRawBufferPointer) -> Value?
    ) throws(PostgresError) -> [Value?] {
        let unexpected = PostgresError.unexpectedValue(column: column)
        guard storage.type(column) == arrayType,
            let field = unsafe storage.field(row, column)
        else { throw unexpected }
        var reader = unsafe BinaryReader(field)
        guard let dimensions = reader.int32(), reader.int32() != nil,
            let type = reader.int32(), UInt32(bitPattern: type) == element
        else { throw unexpected }
        if dimensions == 0 { return [] }
        guard dimensions == 1, let count = reader.int32(), reader.int32() != nil,
            count >= 0, Int(count) <= reader.remaining / 4
        else { throw unexpected }
        var values: [Value?] = []
        values.reserveCapacity(Int(count))
        for _ in 0..<count {
            guard let length = reader.int32() else { throw unexpected }
            if length == -1 {
                values.append(nil)
                continue
            }
            guard let bytes = unsafe reader.bytes(Int(length)), let value = unsafe decode(bytes)
            else { throw unexpected }
            values.append(value)
        }
        return values
    }
}
