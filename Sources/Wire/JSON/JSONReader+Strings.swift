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
        if scanned.hasEscapes { return try text(unescape(scanned.range)[...]) }
        return try text(bytes[scanned.range])
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
        position += 1
        let start = position
        var index = start
        var hasEscapes = false
        var isPlain = true
        while index < limit {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                position = index + 1
                let range = start..<index
                if !isPlain && String(validating: bytes[range], as: UTF8.self) == nil {
                    throw failure(.syntax)
                }
                return ScannedString(range: range, hasEscapes: hasEscapes)
            }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                position = index
                index = try scanEscape(at: index)
                continue
            }
            guard byte >= 0x20 else {
                position = index
                throw failure(.syntax)
            }
            if byte >= 0x80 { isPlain = false }
            index += 1
        }
        position = limit
        throw failure(.incomplete)
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
            let byte = bytes[index]
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                index += 1
                continue
            }
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

    func text(_ bytes: ArraySlice<UInt8>) throws(JSONError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw failure(.syntax) }
        return text
    }
}
