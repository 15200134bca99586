extension JSONReader {
    /// Where a number stands.
    struct ScannedNumber {
        var range: Range<Int>
        var isInteger: Bool
    }

    /// An integer that fits 64 bits. Fractions and exponents are refused.
    public mutating func integer() throws(JSONError) -> Int64 {
        guard try peek() == .number else { throw failure(.wrongType) }
        let number = try scanNumber()
        guard number.isInteger else { throw failure(.wrongType) }
        guard let value = Self.integer(bytes[number.range]) else { throw failure(.outOfRange) }
        return value
    }

    /// A finite number.
    public mutating func double() throws(JSONError) -> Double {
        guard try peek() == .number else { throw failure(.wrongType) }
        let number = try scanNumber()
        let text = String(decoding: bytes[number.range], as: UTF8.self)
        guard let value = Double(text), value.isFinite else { throw failure(.outOfRange) }
        return value
    }

    /// The value of decimal digits with an optional sign; `nil` when it does not fit or is not that.
    static func integer(_ digits: ArraySlice<UInt8>) -> Int64? {
        let isNegative = digits.first == UInt8(ascii: "-")
        let rest = isNegative ? digits.dropFirst() : digits
        guard !rest.isEmpty else { return nil }
        var value: Int64 = 0
        for byte in rest {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            let (next, carried) = shifted.subtractingReportingOverflow(Int64(byte - 0x30))
            guard !overflow && !carried else { return nil }
            value = next
        }
        // Counted downwards: the smallest value has no positive counterpart.
        if isNegative { return value }
        return value == .min ? nil : -value
    }

    /// Steps over a number by the grammar of RFC 8259 §6.
    mutating func scanNumber() throws(JSONError) -> ScannedNumber {
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        guard position < limit else { throw failure(.incomplete) }
        if bytes[position] == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits()
        }
        var isInteger = true
        if position < limit && bytes[position] == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            try digits()
        }
        if position < limit && bytes[position] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            position += 1
            if position < limit, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(bytes[position]) {
                position += 1
            }
            try digits()
        }
        return ScannedNumber(range: start..<position, isInteger: isInteger)
    }

    private mutating func digits() throws(JSONError) {
        let start = position
        while position < limit, bytes[position] >= 0x30, bytes[position] <= 0x39 { position += 1 }
        guard position > start else { throw failure(position < limit ? .syntax : .incomplete) }
    }
}
