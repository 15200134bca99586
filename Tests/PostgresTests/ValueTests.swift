import EventLoop
import Postgres
import PostgresFixture
import Testing

/// A value, what the server reads in it (as text), and how it is read back.
private struct RoundTrip: Sendable, CustomTestStringConvertible {
    let name: String
    let value: PostgresValue
    let text: String?
    let read: @Sendable (PostgresResult) throws -> PostgresValue

    init(
        _ name: String, _ value: PostgresValue, _ text: String?,
        _ read: @escaping @Sendable (PostgresResult) throws -> PostgresValue
    ) {
        self.name = name
        self.value = value
        self.text = text
        self.read = read
    }

    var testDescription: String { name }
}

private let longText = String(repeating: "Grüße, 你好, שלום 🏦\n", count: 2_000)
private let uuid = PostgresUUID("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")
private let noUUID = PostgresUUID(high: 0, low: 0)

private let scalars: [RoundTrip] = [
    RoundTrip("true", .bool(true), "true") { .bool(try $0.bool(0, 0)) },
    RoundTrip("false", .bool(false), "false") { .bool(try $0.bool(0, 0)) },
    RoundTrip("int4", .int4(.min), "-2147483648") { .int4(Int32(try $0.int8(0, 0))) },
    RoundTrip("int8 min", .int8(.min), "-9223372036854775808") { .int8(try $0.int8(0, 0)) },
    RoundTrip("int8 max", .int8(.max), "9223372036854775807") { .int8(try $0.int8(0, 0)) },
    RoundTrip("int8 -1", .int8(-1), "-1") { .int8(try $0.int8(0, 0)) },
    RoundTrip("double", .double(-0.1), "-0.1") { .double(try $0.double(0, 0)) },
    RoundTrip("double inf", .double(.infinity), "Infinity") { .double(try $0.double(0, 0)) },
    RoundTrip("empty text", .text(""), "") { .text(try $0.text(0, 0)) },
    RoundTrip("text", .text(longText), longText) { .text(try $0.text(0, 0)) },
    RoundTrip("quotes", .text(#"'";\--{},NULL"#), #"'";\--{},NULL"#) { .text(try $0.text(0, 0)) },
    RoundTrip("empty bytea", .bytea([]), "\\x") { .bytea(try $0.bytes(0, 0)) },
    RoundTrip("bytea", .bytea([0, 255, 92]), "\\x00ff5c") { .bytea(try $0.bytes(0, 0)) },
    RoundTrip("1970", .timestamp(0), "1970-01-01 00:00:00+00") {
        .timestamp(try $0.timestamp(0, 0))
    },
    RoundTrip("before 1970", .timestamp(-1), "1969-12-31 23:59:59.999+00") {
        .timestamp(try $0.timestamp(0, 0))
    },
    RoundTrip("now", .timestamp(1_732_291_200_123), "2024-11-22 16:00:00.123+00") {
        .timestamp(try $0.timestamp(0, 0))
    },
    RoundTrip("infinity", .timestamp(.max), "infinity") { .timestamp(try $0.timestamp(0, 0)) },
    RoundTrip("-infinity", .timestamp(.min), "-infinity") { .timestamp(try $0.timestamp(0, 0)) },
    RoundTrip("uuid", .uuid(uuid ?? noUUID), "f81d4fae-7dec-11d0-a765-00a0c91e6bf6") {
        .uuid(try $0.uuid(0, 0))
    },
    RoundTrip("json", .json(#"{"a": [1, "ü"]}"#), #"{"a": [1, "ü"]}"#) { .json(try $0.text(0, 0)) },
    RoundTrip("jsonb", .jsonb(#"{"a": 1}"#), #"{"a": 1}"#) { .jsonb(try $0.text(0, 0)) },
]

private let arrays: [RoundTrip] = [
    RoundTrip("bools", .boolArray([true, false]), "{t,f}") { .boolArray(try $0.boolArray(0, 0)) },
    RoundTrip("bools?", .boolOptionalArray([nil, true]), "{NULL,t}") {
        .boolOptionalArray(try $0.boolOptionalArray(0, 0))
    },
    RoundTrip("int4s", .int4Array([.min, 0, .max]), "{-2147483648,0,2147483647}") {
        .int4Array(try $0.int4Array(0, 0))
    },
    RoundTrip("int4s?", .int4OptionalArray([1, nil]), "{1,NULL}") {
        .int4OptionalArray(try $0.int4OptionalArray(0, 0))
    },
    RoundTrip("no int8s", .int8Array([]), "{}") { .int8Array(try $0.int8Array(0, 0)) },
    RoundTrip("int8s", .int8Array([.min, .max]), "{-9223372036854775808,9223372036854775807}") {
        .int8Array(try $0.int8Array(0, 0))
    },
    RoundTrip("many int8s", .int8Array(Array(0..<100_000)), nil) {
        .int8Array(try $0.int8Array(0, 0))
    },
    RoundTrip("int8s?", .int8OptionalArray([nil, nil]), "{NULL,NULL}") {
        .int8OptionalArray(try $0.int8OptionalArray(0, 0))
    },
    RoundTrip("no texts", .textArray([]), "{}") { .textArray(try $0.textArray(0, 0)) },
    RoundTrip("texts", .textArray(["", "é, \"x\"", "NULL"]), #"{"","é, \"x\"","NULL"}"#) {
        .textArray(try $0.textArray(0, 0))
    },
    RoundTrip("texts?", .textOptionalArray(["", nil, "ß"]), #"{"",NULL,ß}"#) {
        .textOptionalArray(try $0.textOptionalArray(0, 0))
    },
    RoundTrip("byteas", .byteaArray([[], [0, 1]]), #"{"\\x","\\x0001"}"#) {
        .byteaArray(try $0.byteaArray(0, 0))
    },
    RoundTrip("byteas?", .byteaOptionalArray([[7], nil]), #"{"\\x07",NULL}"#) {
        .byteaOptionalArray(try $0.byteaOptionalArray(0, 0))
    },
    RoundTrip("timestamps", .timestampArray([0]), #"{"1970-01-01 00:00:00+00"}"#) {
        .timestampArray(try $0.timestampArray(0, 0))
    },
    RoundTrip("timestamps?", .timestampOptionalArray([nil, .max]), "{NULL,infinity}") {
        .timestampOptionalArray(try $0.timestampOptionalArray(0, 0))
    },
    RoundTrip("uuids", .uuidArray([noUUID]), "{00000000-0000-0000-0000-000000000000}") {
        .uuidArray(try $0.uuidArray(0, 0))
    },
    RoundTrip("uuids?", .uuidOptionalArray([nil, noUUID]), nil) {
        .uuidOptionalArray(try $0.uuidOptionalArray(0, 0))
    },
]

@Suite struct ValueTests {
    /// What was sent comes back, and the server understood it in between: it says the same in text.
    @Test func everyValueComesBack() async throws {
        let database = try await TestDatabase()
        for trip in scalars + arrays {
            let result = try await database.connected { _, connection in
                try await connection.query("SELECT $1, $1::text", [trip.value])
            }
            #expect(try trip.read(result) == trip.value, "\(trip.name)")
            if let text = trip.text {
                #expect(try result.text(0, 1) == text, "\(trip.name)")
            }
        }
    }

    @Test func aMegabyteOfBytesComesBack() async throws {
        let bytes = (0..<1_048_576).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let result = try await TestDatabase().connected { _, connection in
            try await connection.query("SELECT $1, length($1)::bigint", [.bytea(bytes)])
        }
        #expect(try result.bytes(0, 0) == bytes)
        #expect(try result.int8(0, 1) == 1_048_576)
        let sum = try result.withBytes(0, 0) { span in
            var sum = 0
            for index in 0..<(span?.byteCount ?? 0) {
                sum += Int(span?.unsafeLoadByte(index) ?? 0)
            }
            return sum
        }
        #expect(sum == bytes.reduce(0) { $0 + Int($1) })
    }

    @Test func nullsAreNull() async throws {
        let result = try await TestDatabase().connected { _, connection in
            try await connection.query(
                """
                SELECT $1::bigint, $2::text, $3::bytea, $4::bool, $5::timestamptz, $6::uuid,
                    NULL::double precision, $1 IS NULL
                """, Array(repeating: .null, count: 6))
        }
        #expect((0..<7).allSatisfy { result.isNull(0, $0) })
        #expect(try result.optionalInt8(0, 0) == nil)
        #expect(try result.optionalText(0, 1) == nil)
        #expect(try result.optionalBytes(0, 2) == nil)
        #expect(try result.optionalBool(0, 3) == nil)
        #expect(try result.optionalTimestamp(0, 4) == nil)
        #expect(try result.optionalUUID(0, 5) == nil)
        #expect(try result.optionalDouble(0, 6) == nil)
        #expect(try result.bool(0, 7))
        #expect(throws: PostgresError.unexpectedValue(column: 0)) { try result.int8(0, 0) }
        #expect(throws: PostgresError.unexpectedValue(column: 1)) { try result.text(0, 1) }
    }

    @Test func aColumnOfAnotherTypeIsTold() async throws {
        let result = try await TestDatabase().connected { _, connection in
            try await connection.query(
                "SELECT 1::bigint, 'x'::text, '{{1},{2}}'::bigint[], ARRAY[1, NULL]::bigint[], 1.5")
        }
        #expect(throws: PostgresError.unexpectedValue(column: 0)) { try result.text(0, 0) }
        #expect(throws: PostgresError.unexpectedValue(column: 0)) { try result.bool(0, 0) }
        #expect(throws: PostgresError.unexpectedValue(column: 1)) { try result.int8(0, 1) }
        #expect(throws: PostgresError.unexpectedValue(column: 1)) { try result.bytes(0, 1) }
        #expect(throws: PostgresError.unexpectedValue(column: 2)) { try result.int8Array(0, 2) }
        #expect(throws: PostgresError.unexpectedValue(column: 3)) { try result.int8Array(0, 3) }
        #expect(throws: PostgresError.unexpectedValue(column: 3)) { try result.textArray(0, 3) }
        #expect(throws: PostgresError.unexpectedValue(column: 4)) { try result.int8(0, 4) }
    }

    @Test func smallerIntegersAndEnumerationsAreRead() async throws {
        let result = try await TestDatabase().connected { _, connection in
            try await connection.script("CREATE TYPE side AS ENUM ('bot', 'agent')")
            return try await connection.query(
                "SELECT (-2)::smallint, 3, 'agent'::side, 'ab'::char(3), 'n'::name")
        }
        #expect(try result.int8(0, 0) == -2)
        #expect(try result.int8(0, 1) == 3)
        #expect(try result.text(0, 2) == "agent")
        #expect(try result.text(0, 3) == "ab ")
        #expect(try result.text(0, 4) == "n")
    }

    /// What PostgreSQL cannot hold is refused by it as bad data, and harms nothing else.
    @Test(
        arguments: [
            (.timestamp(.max - 1), "22008"), (.timestamp(.min + 1), "22008"),
            (.timestamp(9_300_000_000_000_000), "22008"),
            (.text("a\u{0}b"), "22021"), (.json("{"), "22P02"), (.jsonb("[1,"), "22P02"),
        ] as [(PostgresValue, String)])
    func badValuesAreRefusedByTheServer(value: PostgresValue, code: String) async throws {
        let (error, next) = try await TestDatabase().connected { _, connection in
            let error = await connection.failure(of: "SELECT $1", [value])
            return (error, try await connection.query("SELECT 1::bigint"))
        }
        guard case .server(let server) = error else {
            Issue.record("not refused by the server: \(String(describing: error))")
            return
        }
        #expect(server.sqlState == SQLState(code))
        #expect(server.sqlState.isDataOrConstraint)
        #expect(try next.int8(0, 0) == 1)
    }

    @Test func tagsAndCountsAreTold() async throws {
        try await TestDatabase().connected { _, connection in
            try await connection.script("CREATE TABLE t (a bigint)")
            let insert = try await connection.query(
                "INSERT INTO t SELECT * FROM unnest($1)", [.int8Array([1, 2, 3])])
            #expect(insert.commandTag == "INSERT 0 3")
            #expect(insert.affectedRows == 3)
            #expect(insert.rowCount == 0)
            let update = try await connection.query(
                "UPDATE t SET a = a + 1 WHERE a > $1", [.int4(1)])
            #expect(update.affectedRows == 2)
            let select = try await connection.query("SELECT a, a FROM t ORDER BY a")
            #expect(select.rowCount == 3)
            #expect(select.columnCount == 2)
            #expect(try select.int8(2, 1) == 4)
        }
    }
}
