/// Makes numbers and ways to write them, without the code that is judged by them.
extension Random {
    /// The beginnings of cards in use, with the lengths of their numbers.
    static let issuers: [(prefix: String, lengths: [Int])] = [
        ("4", [13, 16, 19]), ("51", [16]), ("55", [16]), ("2221", [16]), ("2720", [16]),
        ("34", [15]), ("37", [15]), ("300", [14, 16, 19]), ("36", [14]), ("38", [16]),
        ("6011", [16, 19]), ("644", [16]), ("65", [16]), ("3528", [16]), ("3589", [16]),
        ("62", [16, 17, 18, 19]), ("6759", [12, 13, 16, 19]), ("5018", [12, 16]), ("2200", [16]),
        ("6521", [16]), ("8171", [16]), ("508", [16]), ("506099", [16, 19]), ("9792", [16]),
        ("8600", [16]), ("9860", [16]),
    ]

    mutating func digits(_ count: Int) -> String {
        String((0..<count).map { _ in pick(Array("0123456789")) })
    }

    /// A card number with a check digit that fits.
    mutating func card() -> String {
        let issuer = pick(Self.issuers)
        let length = pick(issuer.lengths)
        let body = issuer.prefix + digits(length - 1 - issuer.prefix.count)
        return body + String((10 - luhn(body + "0") % 10) % 10)
    }

    /// An IBAN with check digits that fit, made by building, not by search.
    mutating func iban() -> String {
        let (country, example) = pick(Examples.ibans)
        let account = String(
            example.dropFirst(4).map { each in
                each.isNumber
                    ? pick(Array("0123456789")) : pick(Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
            })
        let check = 98 - modulo97(account + country + "00")
        return country + (check < 10 ? "0" : "") + String(check) + account
    }

    /// The number as somebody might write it, or hide it.
    mutating func written(_ number: String) -> String {
        let style = below(6)
        var text = ""
        for (index, symbol) in number.enumerated() {
            if index > 0 {
                switch style {
                case 0: break
                case 1: text += index % 4 == 0 ? " " : ""
                case 2: text += index % 4 == 0 ? pick(Separators.visible) : ""
                case 3: text += below(3) == 0 ? pick(Separators.visible) : ""
                case 4: text += pick(Separators.invisible)
                default:
                    for _ in 0..<below(4) {
                        text += pick(Separators.visible + Separators.invisible)
                    }
                }
            }
            text += style < 2 ? String(symbol) : disguised(symbol)
        }
        return text
    }

    /// A digit of any script, a letter in either case and width.
    private mutating func disguised(_ symbol: Character) -> String {
        if let digit = symbol.wholeNumberValue {
            let zeros: [UInt32] = [0x30, 0x30, 0x30, 0xFF10, 0x660, 0x6F0, 0x966, 0xE50, 0x1D7CE]
            return String(Character(Unicode.Scalar(pick(zeros) + UInt32(digit)) ?? "?"))
        }
        let letter = symbol.unicodeScalars.first.map { $0.value - 0x41 } ?? 0
        let firsts: [UInt32] = [0x41, 0x41, 0x61, 0xFF21, 0xFF41]
        return String(Character(Unicode.Scalar(pick(firsts) + letter) ?? "?"))
    }
}

enum Separators {
    static let visible = [
        " ", "-", ".", "\u{A0}", "\u{202F}", "\u{2009}", "\u{3000}", "\t", "\n", "–", "‑", "−", "·",
        "_",
    ]
    static let invisible = [
        "\u{200B}", "\u{200C}", "\u{200D}", "\u{2060}", "\u{FEFF}", "\u{AD}", "\u{202E}",
        "\u{2066}",
        "\u{FE0F}", "\u{FE0F}\u{20E3}", "\u{332}", "\u{E0041}", "\u{3164}",
    ]
}

/// The sum of the Luhn formula, as its description says it.
func luhn(_ number: String) -> Int {
    let digits = number.compactMap(\.wholeNumberValue)
    return digits.enumerated().reduce(0) { sum, each in
        let isDoubled = (digits.count - each.offset) % 2 == 0
        let value = each.element * (isDoubled ? 2 : 1)
        return sum + value / 10 + value % 10
    }
}

/// A number whose letters stand for 10 to 35, modulo 97.
func modulo97(_ text: String) -> Int {
    text.reduce(0) { remainder, symbol in
        let value = symbol.hexDigitValue.map { $0 < 10 ? $0 : nil } ?? nil
        guard let value else {
            let letter = Int(symbol.asciiValue ?? 0) - 55
            return (remainder * 100 + letter) % 97
        }
        return (remainder * 10 + value) % 97
    }
}
