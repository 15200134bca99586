/// Card numbers that some network issues: how they begin and how long they are.
///
/// ISO/IEC 7812-1 names the shape (the issuer's identification first, the check digit last, 19 digits
/// at most). The assignments are those that the networks publish (Visa, Mastercard, American Express,
/// Discover, JCB, UnionPay, Mir, RuPay, Verve, Elo, Uzcard and Humo: their guides for merchants).
/// Every range more finds more numbers that are none, so a network is here if its cards are in use.
struct IssuerRange {
    /// The first six digits of the range's first and last number.
    let prefixes: ClosedRange<Int>
    /// A bit for each length.
    let lengths: UInt32

    /// How many digits name an issuer here.
    static let prefixLength = 6
    /// The lengths of any card number: older Maestro cards have 12 digits.
    static let anyLength = 12...19

    private init(_ first: Int, _ last: Int, _ lengths: [Int]) {
        prefixes = Self.padded(first, with: 0)...Self.padded(last, with: 9)
        self.lengths = lengths.reduce(0) { $0 | 1 << UInt32($1) }
    }

    /// A prefix as six digits: `34` begins at 340000 and ends at 349999.
    private static func padded(_ prefix: Int, with digit: Int) -> Int {
        var padded = prefix
        while padded < 100_000 { padded = padded * 10 + digit }
        return padded
    }

    /// The lengths that a number may have which begins with these six digits, as bits.
    static func lengths(ofPrefix prefix: Int) -> UInt32 {
        all.reduce(0) { $1.prefixes.contains(prefix) ? $0 | $1.lengths : $0 }
    }

    private static let all: [IssuerRange] = {
        let sixteenAndMore = Array(16...19)
        return [
            // Visa.
            IssuerRange(4, 4, [13, 16, 19]),
            // Mastercard.
            IssuerRange(51, 55, [16]), IssuerRange(2221, 2720, [16]),
            // American Express.
            IssuerRange(34, 34, [15]), IssuerRange(37, 37, [15]),
            // Diners Club, Discover.
            IssuerRange(300, 305, Array(14...19)), IssuerRange(309, 309, Array(14...19)),
            IssuerRange(36, 36, Array(14...19)), IssuerRange(38, 39, Array(14...19)),
            IssuerRange(6011, 6011, sixteenAndMore), IssuerRange(644, 649, sixteenAndMore),
            IssuerRange(65, 65, sixteenAndMore),
            // JCB.
            IssuerRange(3528, 3589, sixteenAndMore),
            // UnionPay.
            IssuerRange(62, 62, sixteenAndMore), IssuerRange(8100, 8171, sixteenAndMore),
            // Maestro and Dankort.
            IssuerRange(5018, 5020, Array(anyLength)), IssuerRange(5038, 5038, Array(anyLength)),
            IssuerRange(5893, 5893, Array(anyLength)), IssuerRange(6304, 6304, Array(anyLength)),
            IssuerRange(6759, 6759, Array(anyLength)), IssuerRange(6761, 6763, Array(anyLength)),
            // Mir.
            IssuerRange(2200, 2204, sixteenAndMore),
            // RuPay (also Hipercard's 6062).
            IssuerRange(508, 508, [16]), IssuerRange(60, 60, [16]), IssuerRange(81, 82, [16]),
            // Elo.
            IssuerRange(506_699, 506_778, [16]), IssuerRange(509, 509, [16]),
            IssuerRange(627_780, 627_780, [16]), IssuerRange(636_297, 636_297, [16]),
            IssuerRange(636_368, 636_368, [16]),
            // Verve.
            IssuerRange(506_099, 506_198, [16, 18, 19]),
            IssuerRange(507_865, 507_964, [16, 18, 19]),
            // Troy, Uzcard, Humo.
            IssuerRange(9792, 9792, [16]), IssuerRange(8600, 8600, [16]),
            IssuerRange(9860, 9860, [16]),
        ]
    }()
}
