/// Finds IBANs: country, two check digits, an account number of the country's format, in any grouping.
enum IBANDetector {
    /// The country and the check digits.
    private static let headLength = 4

    /// The IBANs among these symbols, in order; they do not overlap. Looks at no more than 34 symbols
    /// from each.
    static func find(in symbols: [Symbol]) -> [Finding] {
        var findings: [Finding] = []
        var start = 0
        while start < symbols.count {
            guard let end = numberEnd(from: start, in: symbols) else {
                start += 1
                continue
            }
            let place = symbols[start].place.lowerBound..<symbols[end - 1].place.upperBound
            findings.append(Finding(kind: .iban, place: place))
            start = end
        }
        return findings
    }

    private static func numberEnd(from start: Int, in symbols: [Symbol]) -> Int? {
        guard symbols.count - start > headLength, !symbols[start].isDigit,
            !symbols[start + 1].isDigit, symbols[start + 2].isDigit, symbols[start + 3].isDigit,
            let format = IBANFormat.of(symbols[start].value, symbols[start + 1].value)
        else { return nil }
        let end = start + headLength + format.kinds.count
        guard end <= symbols.count else { return nil }
        let number = symbols[start..<end]
        guard number.dropFirst().allSatisfy({ $0.gap != .wall }),
            zip(number.dropFirst(headLength), format.kinds).allSatisfy({ $1.allows($0) }),
            remainder(of: number) == 1
        else { return nil }
        return end
    }

    /// The number modulo 97, its head moved to the end and each letter as two digits, which is 1 for a
    /// valid one (ISO 13616-1 by ISO/IEC 7064, MOD 97-10).
    static func remainder(of number: ArraySlice<Symbol>) -> Int {
        var remainder = 0
        for part in [number.dropFirst(headLength), number.prefix(headLength)] {
            for symbol in part {
                remainder = (remainder * (symbol.isDigit ? 10 : 100) + Int(symbol.value)) % 97
            }
        }
        return remainder
    }
}

extension IBANFormat.Kind {
    fileprivate func allows(_ symbol: Symbol) -> Bool {
        switch self {
        case .digit: symbol.isDigit
        case .letter: !symbol.isDigit
        case .either: true
        }
    }
}
