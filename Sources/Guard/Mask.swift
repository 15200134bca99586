/// Numbers as they may be shown by default: enough to tell one from another, too little to use.
public enum Mask {
    /// How many symbols of the end are shown. PCI DSS 4.0.1 §3.4.1 allows the first digits besides;
    /// they are for roles with a documented need.
    private static let shown = 4
    /// Of anything shorter nothing is shown: its last four would be half of it.
    private static let least = 8

    /// A card number: `•••• 4444`. Of what is no number at all, `••••`.
    public static func card(_ number: String) -> String {
        guard let last = last(of: Symbols(of: number).all.filter(\.isDigit)) else { return "••••" }
        return "•••• \(last)"
    }

    /// An IBAN: its country and its end, `GB•• … 5432`. Of what does not begin as one, `••••`.
    public static func iban(_ number: String) -> String {
        let symbols = Symbols(of: number).all
        guard let last = last(of: symbols), symbols.prefix(2).allSatisfy({ !$0.isDigit }) else {
            return "••••"
        }
        return "\(String(symbols.prefix(2).map(\.character)))•• … \(last)"
    }

    /// A sort code with its account number, a national account number, or any other that is neither
    /// a card's nor an IBAN: its end alone, `•••• 5432`. Of what is no number at all, `••••`.
    public static func account(_ number: String) -> String {
        guard let last = last(of: Symbols(of: number).all) else { return "••••" }
        return "•••• \(last)"
    }

    /// A free text of the bank's, with every card number and IBAN in it masked and the rest as it is.
    public static func text(_ text: String) -> String {
        guard case .refused(let findings) = Verdict(on: text) else { return text }
        let units = Array(text.utf16)
        var masked = ""
        var done = 0
        for finding in findings {
            let number = String(decoding: units[finding.place], as: UTF16.self)
            masked += String(decoding: units[done..<finding.place.lowerBound], as: UTF16.self)
            masked += self.number(number, of: finding.kind)
            done = finding.place.upperBound
        }
        return masked + String(decoding: units[done...], as: UTF16.self)
    }

    private static func number(_ number: String, of kind: Finding.Kind) -> String {
        switch kind {
        case .card: card(number)
        case .iban: iban(number)
        }
    }

    private static func last(of symbols: [Symbol]) -> String? {
        guard symbols.count >= least else { return nil }
        return String(symbols.suffix(shown).map(\.character))
    }
}

extension Symbol {
    fileprivate var character: Character {
        Character(Unicode.Scalar(isDigit ? 0x30 + value : 0x41 + value - 10))
    }
}
