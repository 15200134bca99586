import Foundation
import Testing

@testable import Wire

@Suite struct JSONReaderTests {
    /// Reads a whole text strictly; the error, if it has one.
    private static func error(_ text: [UInt8]) -> JSONError? {
        var reader = JSONReader(text)
        do throws(JSONError) {
            try reader.skip()
            try reader.end()
            return nil
        } catch {
            return error
        }
    }

    static let broken: [(String, JSONError.Code, String)] = [
        ("", .incomplete, ""),
        ("{", .incomplete, ""),
        ("[1,", .incomplete, "[1]"),
        (#"{"a":"x"#, .incomplete, "a"),
        (#"{"a":tru"#, .incomplete, "a"),
        (#"{"a":1,"b":[true,{"c":-}]}"#, .syntax, "b[1].c"),
        ("{a:1}", .syntax, ""),
        ("[1 2]", .syntax, "[0]"),
        ("[,1]", .syntax, "[0]"),
        ("[1,]", .syntax, "[1]"),
        (#"{"a":1,}"#, .syntax, "a"),
        ("[01]", .syntax, "[0]"),
        ("[1.]", .syntax, "[0]"),
        ("[1e]", .syntax, "[0]"),
        ("[+1]", .syntax, "[0]"),
        ("[nulL]", .syntax, "[0]"),
        ("[\"a\nb\"]", .syntax, "[0]"),
        (#"["\x"]"#, .syntax, "[0]"),
        (#"["\u12g4"]"#, .syntax, "[0]"),
        ("[1]]", .trailingBytes, ""),
        ("1 2", .trailingBytes, ""),
        (#"{"a":1,"b":2,"a":3}"#, .duplicateName, "a"),
        (#"{"x":{"a":1,"\u0061":3}}"#, .duplicateName, "x.?"),
        (#"{"the customer said":{"x":tru}}"#, .syntax, "?.x"),
        (String(repeating: "[", count: 33), .tooDeep, String(repeating: "[0]", count: 32)),
    ]

    @Test(arguments: broken)
    func refuses(_ text: String, _ code: JSONError.Code, _ field: String) {
        #expect(Self.error(bytes(text)) == JSONError(code, field: field))
    }

    @Test("Bytes that are not UTF-8 are refused wherever they stand")
    func notUTF8() {
        let bad: [[UInt8]] = [
            [0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80],
        ]
        for sequence in bad {
            let value = bytes("[\"a") + sequence + bytes("\"]")
            #expect(Self.error(value)?.code == .syntax)
            let name = bytes("{\"a") + sequence + bytes("\":1}")
            #expect(Self.error(name)?.code == .syntax)
        }
    }

    @Test("An object of too many members is refused before comparing its names costs much")
    func manyMembers() {
        func object(_ count: Int) -> [UInt8] {
            bytes("{" + (0..<count).map { "\"\($0)\":0" }.joined(separator: ",") + "}")
        }
        #expect(Self.error(object(WireLimits.membersPerObject)) == nil)
        #expect(Self.error(object(WireLimits.membersPerObject + 1))?.code == .tooManyMembers)
    }

    static let strings: [(String, String)] = [
        (#""plain""#, "plain"),
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (#""\u00e4\u20ac\ud83d\ude00""#, "ä€😀"),
        ("\"ä€😀\"", "ä€😀"),
        (#""a\u0000b""#, "a\u{FFFD}b"),
        (#""\ud800""#, "\u{FFFD}"),
        (#""\udc00x""#, "\u{FFFD}x"),
        (#""\ud800\ud83d\ude00""#, "\u{FFFD}😀"),
        (#""\ud800\u0041""#, "\u{FFFD}A"),
        (#""\ud83d\\ude00""#, "\u{FFFD}\\ude00"),
        (#""\u005C\u0022""#, "\\\""),
    ]

    @Test(arguments: strings) func readsString(_ text: String, _ expected: String) throws {
        var reader = JSONReader(bytes(text))
        #expect(try reader.string() == expected)
        try reader.end()
    }

    static let integers: [(String, Int64?)] = [
        ("0", 0), ("-0", 0), ("9223372036854775807", .max), ("-9223372036854775808", .min),
        ("9223372036854775808", nil), ("-9223372036854775809", nil), ("1.0", nil), ("1e3", nil),
        ("99999999999999999999999", nil),
    ]

    @Test(arguments: integers) func readsInteger(_ text: String, _ expected: Int64?) {
        var reader = JSONReader(bytes(text))
        #expect((try? reader.integer()) == expected)
    }

    @Test func readsNumbers() throws {
        for (text, expected) in [("-34.5", -34.5), ("1e-3", 0.001), ("7", 7), ("1E+2", 100)] {
            var reader = JSONReader(bytes(text))
            #expect(try reader.double() == expected)
        }
        var reader = JSONReader(bytes("1e999"))
        #expect(throws: JSONError(.outOfRange, field: "")) { try reader.double() }
    }

    @Test func wrongTypesNameTheField() {
        var reader = JSONReader(bytes(#"{"a":{"b":"secret"}}"#))
        #expect(throws: JSONError(.wrongType, field: "a.b")) {
            try reader.beginObject()
            _ = try reader.nextName()
            try reader.beginObject()
            _ = try reader.nextName()
            _ = try reader.integer()
        }
    }

    @Test("What we take, another reader takes; what it refuses, we refuse")
    func agreesWithAnother() {
        var generator = SeededGenerator(seed: SeededGenerator.seed(for: "agreesWithAnother"))
        // The space keeps digits away from the exponent: a number beyond what a double holds is well
        // formed to us, who only skip it here, and no number to the other.
        let pieces = [
            "{", "}", "[", "]", ",", ":", "\"a\"", "\"b\"", "1", "-2.5e1 ", "true", "null", " ",
            "\"\\u00e4\"", "\"\\ud800\\udc00\"",
        ]
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...9, using: &generator)
            let text = (0..<count).map { _ in
                pieces[Int.random(in: 0..<pieces.count, using: &generator)]
            }.joined()
            guard Self.error(bytes(text)) == nil else { continue }
            #expect((try? foreignParse(bytes(text))) != nil, "\(text)")
        }
    }
}

@Suite struct JSONWriterTests {
    @Test("What is written is read back the same, by us and by others")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: SeededGenerator.seed(for: "roundTrip"))
        for _ in 0..<500 {
            let scalars = (0..<Int.random(in: 0...40, using: &generator)).compactMap { _ in
                let limit: UInt32 = Bool.random(using: &generator) ? 0x80 : 0x11_0000
                return Unicode.Scalar(UInt32.random(in: 1..<limit, using: &generator))
            }
            var text = ""
            text.unicodeScalars.append(contentsOf: scalars)
            let number = Int64.random(in: .min ... .max, using: &generator)
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("text", text)
            writer.member("number", number)
            writer.beginArray("list")
            writer.element(text)
            writer.element(number)
            writer.null()
            writer.endArray()
            writer.member("half", 0.5)
            writer.member("yes", true)
            writer.endObject()

            var reader = JSONReader(writer.bytes)
            try reader.beginObject()
            #expect(try reader.nextName() == "text")
            let read = try reader.string()
            #expect(Array(read.unicodeScalars) == Array(text.unicodeScalars))
            #expect(try reader.nextName() == "number")
            #expect(try reader.integer() == number)
            let object = try foreignObject(writer.bytes)
            #expect((object["text"] as? String).map { Array($0.utf16) } == Array(text.utf16))
            #expect((object["list"] as? [Any])?.count == 3)
            #expect(object["half"] as? Double == 0.5)
            #expect(object["yes"] as? Bool == true)
        }
    }

    @Test func extremes() {
        for number in [Int64.min, -1, 0, 9, 10, .max] {
            var writer = JSONWriter()
            writer.element(number)
            #expect(String(decoding: writer.bytes, as: UTF8.self) == "\(number)")
        }
    }
}
