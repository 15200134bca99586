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
