extension JSONReader {
    /// Where a string stands between its quotes.
    struct ScannedString {
        var range: Range<Int>
        var hasEscapes: Bool
    }

    /// A string, storable: U+0000 and lone surrogates are U+FFFD.
    public mutating func string() throws(JSONError) -> String {
        guard try peek() == .string else { throw failure(.wrongType) }
        let scanned = try scanString()
        return text(scanned.range, hasEscapes: scanned.hasEscapes)
    }

    /// A string, or `nil` for a `null`.
    public mutating func stringOrNull() throws(JSONError) -> String? {
        try takeNull() ? nil : try string()
    }

    /// A name of something on the platform, which it writes as a string or as an integer.
    public mutating func stringOrInteger() throws(JSONError) -> String {
        try peek() == .number ? String(try integer()) : try string()
    }

    /// Steps over a string; the reader stands on its first quote.
    mutating func scanString() throws(JSONError) -> ScannedString {
        let start = position + 1
        var hasEscapes = false
        var isPlain = true
        position = start
        while true {
            position = plainEnd(from: position)
            guard position < limit else { throw failure(.incomplete) }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                let range = start..<position
                position += 1
                if !isPlain && String(validating: bytes[range], as: UTF8.self) == nil {
                    throw failure(.syntax)
                }
                return ScannedString(range: range, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                position = try scanEscape(at: position)
            case 0x80...:
                isPlain = false
                position += 1
            default: throw failure(.syntax)
            }
        }
    }

    /// The place of the next byte that is not plain ASCII within a string.
    private func plainEnd(from start: Int) -> Int {
        let bytes = self.bytes.span
        for index in start..<limit {
            let byte = bytes[index]
            let isPlain =
                byte >= 0x20 && byte < 0x80 && byte != UInt8(ascii: "\"")
                && byte != UInt8(ascii: "\\")
            if !isPlain { return index }
        }
        return limit
    }

    /// Checks one escape; the index after it.
    private func scanEscape(at start: Int) throws(JSONError) -> Int {
        guard start + 1 < limit else { throw failure(.incomplete) }
        switch bytes[start + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return start + 2
        case UInt8(ascii: "u"):
            guard start + 6 <= limit else { throw failure(.incomplete) }
            guard hexadecimal(start + 2) != nil else { throw failure(.syntax) }
            return start + 6
        default: throw failure(.syntax)
        }
    }

    /// The bytes of a scanned string with its escapes undone, storable.
    func unescape(_ range: Range<Int>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            let escape = nextEscape(from: index, to: range.upperBound)
            result.append(contentsOf: bytes[index..<escape])
            index = escape
            guard index < range.upperBound else { break }
            switch bytes[index + 1] {
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "f"): result.append(0x0C)
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "u"):
                index = appendUnicode(at: index, end: range.upperBound, to: &result)
                continue
            case let other: result.append(other)
            }
            index += 2
        }
        return result
    }

    private func nextEscape(from start: Int, to end: Int) -> Int {
        let bytes = self.bytes.span
        for index in start..<end where bytes[index] == UInt8(ascii: "\\") { return index }
        return end
    }

    /// Undoes one `\u` escape (or the two of a surrogate pair); the index after it.
    private func appendUnicode(at index: Int, end: Int, to result: inout [UInt8]) -> Int {
        let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]
        guard let unit = hexadecimal(index + 2), unit != 0 else {
            result.append(contentsOf: replacement)
            return index + 6
        }
        if let scalar = Unicode.Scalar(unit) {
            result.append(contentsOf: UTF8.encode(scalar) ?? .init())
            return index + 6
        }
        let isPair =
            (0xD800..<0xDC00).contains(unit) && index + 12 <= end
            && bytes[index + 6] == UInt8(ascii: "\\") && bytes[index + 7] == UInt8(ascii: "u")
        if isPair, let low = hexadecimal(index + 8), (0xDC00..<0xE000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
        {
            result.append(contentsOf: UTF8.encode(scalar) ?? .init())
            return index + 12
        }
        result.append(contentsOf: replacement)
        return index + 6
    }

    /// The value of four hexadecimal digits.
    private func hexadecimal(_ start: Int) -> UInt32? {
        var value: UInt32 = 0
        for byte in bytes[start..<start + 4] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - 0x30)
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(byte - 0x57)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(byte - 0x37)
            default: return nil
            }
        }
        return value
    }

    /// The text of a scanned string: its bytes were found to be UTF-8.
    func text(_ range: Range<Int>, hasEscapes: Bool) -> String {
        hasEscapes
            ? String(decoding: unescape(range), as: UTF8.self)
            : String(decoding: bytes[range], as: UTF8.self)
    }
}
