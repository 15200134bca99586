/// Reads what the server sent, never past its end.
@safe struct BinaryReader {
    @safe private var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) {
        rest = unsafe bytes
    }

    /// Bytes not read yet.
    var remaining: Int { rest.count }

    /// The next 4 bytes as a number; nil at the end.
    mutating func int32() -> Int32? {
        guard let next = unsafe bytes(4) else { return nil }
        return unsafe Self.int32(next)
    }

    /// The next `count` bytes; nil if there are not so many.
    mutating func bytes(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, count <= rest.count else { return nil }
        let next = unsafe UnsafeRawBufferPointer(rebasing: rest[..<count])
        rest = unsafe UnsafeRawBufferPointer(rebasing: rest[count...])
        return unsafe next
    }

    /// A number of 2 bytes; the caller has checked the size.
    static func int16(_ bytes: UnsafeRawBufferPointer) -> Int16 {
        unsafe Int16(bigEndian: bytes.loadUnaligned(as: Int16.self))
    }

    /// A number of 4 bytes; the caller has checked the size.
    static func int32(_ bytes: UnsafeRawBufferPointer) -> Int32 {
        unsafe Int32(bigEndian: bytes.loadUnaligned(as: Int32.self))
    }

    /// A number of 8 bytes; the caller has checked the size.
    static func int64(_ bytes: UnsafeRawBufferPointer) -> Int64 {
        unsafe Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    }

    /// A UUID of 16 bytes; the caller has checked the size.
    static func uuid(_ bytes: UnsafeRawBufferPointer) -> PostgresUUID {
        unsafe PostgresUUID(
            high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }

    /// The characters of a value whose binary form is its text; nil for other types.
    static func textBytes(
        _ field: UnsafeRawBufferPointer, type: UInt32
    ) -> UnsafeRawBufferPointer? {
        switch type {
        case TypeNumber.text, TypeNumber.varchar, TypeNumber.json, TypeNumber.blankPadded,
            TypeNumber.name, TypeNumber.firstOfUsers...:
            return unsafe field
        case TypeNumber.jsonb:
            guard unsafe field.first == 1 else { return nil }
            return unsafe UnsafeRawBufferPointer(rebasing: field[1...])
        default:
            return nil
        }
    }
}
