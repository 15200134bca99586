import Desk

/// Times as the platform writes them.
enum MetaTimestamp {
    /// Below this a number counts seconds: as milliseconds it would be before March 1973.
    private static let secondsBelow: Int64 = 100_000_000_000
    /// From here on a number is no time: as milliseconds it would be after the year 5138.
    private static let tooLarge: Int64 = 100_000_000_000_000

    /// A moment from a number or a string of digits, in milliseconds or seconds; `nil` for anything
    /// else (zero, absent, `null`, another type): a message is not lost for its time.
    static func read(_ reader: inout JSONReader) throws(JSONError) -> Instant? {
        switch try reader.peek() {
        case .number:
            let number = try reader.scanNumber()
            let digits = reader.bytes[number.range].prefix { (0x30...0x39).contains($0) }
            return moment(JSONReader.integer(digits))
        case .string: return moment(JSONReader.integer([UInt8](try reader.string().utf8)[...]))
        case .object, .array, .bool, .null:
            try reader.skip()
            return nil
        }
    }

    private static func moment(_ number: Int64?) -> Instant? {
        guard let number, number > 0, number < tooLarge else { return nil }
        return Instant(milliseconds: number < secondsBelow ? number * 1_000 : number)
    }
}
