/// A value of a parameter. All are sent in PostgreSQL's binary formats, with their type, so that the
/// server converts (`bigint` to an `integer` column) or refuses, and never misreads.
///
/// A text with U+0000 is refused by the server with 22021; see `SQLState.isDataOrConstraint`.
public enum PostgresValue: Sendable, Hashable {
    /// NULL of whatever type the statement expects there.
    case null
    /// `boolean`.
    case bool(Bool)
    /// `integer`.
    case int4(Int32)
    /// `bigint`.
    case int8(Int64)
    /// `double precision`.
    case double(Double)
    /// `text`.
    case text(String)
    /// `bytea`.
    case bytea([UInt8])
    /// `timestamptz` in milliseconds since 1970-01-01 00:00 UTC. `Int64.max` and `Int64.min` stand
    /// for `infinity` and `-infinity`; what PostgreSQL cannot hold (after the year 294276) is
    /// refused by it with 22008.
    case timestamp(Int64)
    /// `uuid`.
    case uuid(PostgresUUID)
    /// `json`; assigns to `jsonb` columns as well.
    case json(String)
    /// `jsonb`.
    case jsonb(String)

    /// `boolean[]`.
    case boolArray([Bool])
    /// `boolean[]` with NULLs.
    case boolOptionalArray([Bool?])
    /// `integer[]`.
    case int4Array([Int32])
    /// `integer[]` with NULLs.
    case int4OptionalArray([Int32?])
    /// `bigint[]`.
    case int8Array([Int64])
    /// `bigint[]` with NULLs.
    case int8OptionalArray([Int64?])
    /// `text[]`.
    case textArray([String])
    /// `text[]` with NULLs.
    case textOptionalArray([String?])
    /// `bytea[]`.
    case byteaArray([[UInt8]])
    /// `bytea[]` with NULLs.
    case byteaOptionalArray([[UInt8]?])
    /// `timestamptz[]`, each as in `timestamp`.
    case timestampArray([Int64])
    /// `timestamptz[]` with NULLs.
    case timestampOptionalArray([Int64?])
    /// `uuid[]`.
    case uuidArray([PostgresUUID])
    /// `uuid[]` with NULLs.
    case uuidOptionalArray([PostgresUUID?])
}

extension PostgresValue {
    /// `bigint`, or NULL for nil.
    public static func optionalInt8(_ value: Int64?) -> PostgresValue {
        value.map { .int8($0) } ?? .null
    }
    /// `text`, or NULL for nil.
    public static func optionalText(_ value: String?) -> PostgresValue {
        value.map { .text($0) } ?? .null
    }
    /// `bytea`, or NULL for nil.
    public static func optionalBytea(_ value: [UInt8]?) -> PostgresValue {
        value.map { .bytea($0) } ?? .null
    }
    /// `timestamptz`, or NULL for nil.
    public static func optionalTimestamp(_ value: Int64?) -> PostgresValue {
        value.map { .timestamp($0) } ?? .null
    }
}

/// The numbers by which the server knows the types we use (PostgreSQL sources, `pg_type.dat`).
enum TypeNumber {
    static let unspecified: UInt32 = 0
    static let bool: UInt32 = 16
    static let bytea: UInt32 = 17
    static let name: UInt32 = 19
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let json: UInt32 = 114
    static let double: UInt32 = 701
    static let blankPadded: UInt32 = 1042
    static let varchar: UInt32 = 1043
    static let timestamptz: UInt32 = 1184
    static let uuid: UInt32 = 2950
    static let jsonb: UInt32 = 3802
    static let boolArray: UInt32 = 1000
    static let byteaArray: UInt32 = 1001
    static let int2Array: UInt32 = 1005
    static let int4Array: UInt32 = 1007
    static let textArray: UInt32 = 1009
    static let int8Array: UInt32 = 1016
    static let timestamptzArray: UInt32 = 1185
    static let uuidArray: UInt32 = 2951
    /// Types made by users begin here (PostgreSQL sources, `FirstNormalObjectId`): enumerations.
    static let firstOfUsers: UInt32 = 16_384
}

extension PostgresValue {
    /// The type this value is sent as; unspecified for NULL, which fits any.
    var typeNumber: UInt32 {
        switch self {
        case .null: TypeNumber.unspecified
        case .bool: TypeNumber.bool
        case .int4: TypeNumber.int4
        case .int8: TypeNumber.int8
        case .double: TypeNumber.double
        case .text: TypeNumber.text
        case .bytea: TypeNumber.bytea
        case .timestamp: TypeNumber.timestamptz
        case .uuid: TypeNumber.uuid
        case .json: TypeNumber.json
        case .jsonb: TypeNumber.jsonb
        case .boolArray, .boolOptionalArray: TypeNumber.boolArray
        case .int4Array, .int4OptionalArray: TypeNumber.int4Array
        case .int8Array, .int8OptionalArray: TypeNumber.int8Array
        case .textArray, .textOptionalArray: TypeNumber.textArray
        case .byteaArray, .byteaOptionalArray: TypeNumber.byteaArray
        case .timestampArray, .timestampOptionalArray: TypeNumber.timestamptzArray
        case .uuidArray, .uuidOptionalArray: TypeNumber.uuidArray
        }
    }
}
