/// Something in a text that may not leave the desk. It says what and where, never the number itself,
/// so that it can be logged, counted and shown.
public struct Finding: Equatable, Sendable {
    /// What was found.
    public enum Kind: String, Sendable, CaseIterable {
        /// The number of a payment card (ISO/IEC 7812).
        case card
        /// An international bank account number (ISO 13616).
        case iban
    }

    /// What it is.
    public let kind: Kind
    /// Where it is, in UTF-16 units from the text's beginning, as JavaScript counts.
    public let place: Range<Int>
}

/// Whether a text may go out through a channel (promise P11).
public enum Verdict: Equatable, Sendable {
    /// Nothing was found that would hold it.
    case allowed
    /// It may not go out, because of these: at least one, by their places.
    case refused([Finding])

    /// Judges a text for a customer. Takes time in proportion to its length, which the caller limits.
    public init(on text: String) {
        let symbols = Symbols(of: text).all
        let accounts = IBANDetector.find(in: symbols)
        // Digits of an account are no card besides.
        var ahead = accounts[...]
        let cards = CardDetector.find(in: symbols).filter { card in
            ahead = ahead.drop { $0.place.upperBound <= card.place.lowerBound }
            return ahead.first?.place.overlaps(card.place) != true
        }
        let findings = (accounts + cards).sorted { $0.place.lowerBound < $1.place.lowerBound }
        self = findings.isEmpty ? .allowed : .refused(findings)
    }

    /// The kinds of what was found, each once, in the order of ``Finding/Kind/allCases``.
    public var kinds: [Finding.Kind] {
        switch self {
        case .allowed: []
        case .refused(let findings):
            Finding.Kind.allCases.filter { kind in findings.contains { $0.kind == kind } }
        }
    }
}
