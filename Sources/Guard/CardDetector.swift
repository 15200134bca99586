/// Finds the numbers of payment cards.
///
/// A number is a row of digits which begins and ends where a group of digits does: `4111 1111 …` is
/// found, also beside other groups, but not somewhere within a longer row of digits, where one in ten
/// places would pass the check digit by chance.
enum CardDetector {
    /// International telephone numbers have 15 digits at most (ITU-T E.164 §6.2.1).
    private static let telephoneDigits = 15

    /// The cards' numbers among these symbols, in order; they do not overlap. Looks at no more than 19
    /// symbols from each.
    static func find(in symbols: [Symbol]) -> [Finding] {
        var findings: [Finding] = []
        var start = 0
        while start < symbols.count {
            guard beginsGroup(at: start, in: symbols), let end = numberEnd(from: start, in: symbols)
            else {
                start += 1
                continue
            }
            let place = symbols[start].place.lowerBound..<symbols[end - 1].place.upperBound
            findings.append(Finding(kind: .card, place: place))
            start = end
        }
        return findings
    }

    private static func beginsGroup(at index: Int, in symbols: [Symbol]) -> Bool {
        guard symbols[index].isDigit else { return false }
        return index == 0 || symbols[index].gap != .nothing || !symbols[index - 1].isDigit
    }

    private static func endsGroup(before index: Int, in symbols: [Symbol]) -> Bool {
        index == symbols.count || symbols[index].gap != .nothing || !symbols[index].isDigit
    }

    /// Where the longest card number ends that begins here.
    private static func numberEnd(from start: Int, in symbols: [Symbol]) -> Int? {
        let digits = row(from: start, in: symbols)
        guard digits.count >= IssuerRange.anyLength.lowerBound else { return nil }
        let prefix = digits.prefix(IssuerRange.prefixLength).reduce(0) { $0 * 10 + Int($1.value) }
        let lengths = IssuerRange.lengths(ofPrefix: prefix)
        guard lengths != 0 else { return nil }
        for length in IssuerRange.anyLength.reversed() where length <= digits.count {
            guard lengths & 1 << UInt32(length) != 0,
                endsGroup(before: start + length, in: symbols),
                !(symbols[start].followsPlus && length <= telephoneDigits),
                hasCheckDigit(digits.prefix(length))
            else { continue }
            return start + length
        }
        return nil
    }

    /// The digits that follow each other from here, with separators at most between them.
    private static func row(from start: Int, in symbols: [Symbol]) -> ArraySlice<Symbol> {
        var end = start + 1
        let last = min(symbols.count, start + IssuerRange.anyLength.upperBound)
        while end < last, symbols[end].isDigit, symbols[end].gap != .wall { end += 1 }
        return symbols[start..<end]
    }

    /// The check digit by the Luhn formula (ISO/IEC 7812-1 annex B): every second digit from the last
    /// but one is doubled, the digits of all that are added, and the sum ends in 0.
    static func hasCheckDigit(_ digits: ArraySlice<Symbol>) -> Bool {
        var sum = 0
        var isDoubled = false
        for digit in digits.reversed() {
            let value = Int(digit.value) << (isDoubled ? 1 : 0)
            sum += value > 9 ? value - 9 : value
            isDoubled.toggle()
        }
        return sum % 10 == 0
    }
}
