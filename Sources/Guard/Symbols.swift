/// One digit or letter of a text, however it was written.
struct Symbol: Equatable {
    /// What stands between a symbol and the one before it, leaving out what nobody sees.
    enum Gap: Equatable {
        /// Nothing: they are one group.
        case nothing
        /// What people write within a number: spaces, dashes, dots.
        case separator
        /// Anything else: they belong to different numbers.
        case wall
    }

    /// 0 to 9 for a digit, 10 to 35 for a letter from A to Z.
    let value: UInt8
    /// What stands before it.
    let gap: Gap
    /// Whether a plus sign stands before it, as before an international telephone number.
    let followsPlus: Bool
    /// Where it is, in UTF-16 units.
    let place: Range<Int>

    var isDigit: Bool { value < 10 }
}

/// A text as the detectors see it: its digits and letters, with all that hides them taken away.
///
/// Everything is decided in one pass over the scalars, so that whoever reads the symbols need never
/// look back over what lies between them: a text of a million invisible marks costs its length.
struct Symbols {
    private(set) var all: [Symbol] = []
    private var gap = Symbol.Gap.wall
    private var separators = 0
    private var followsPlus = false
    private var position = 0

    /// Visible separators between two symbols of one number: `4111 - 1111` has three.
    static let separatorsInNumber = 4

    init(of text: String) {
        all.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars { take(scalar) }
    }

    private mutating func take(_ scalar: Unicode.Scalar) {
        let place = position..<position + UTF16.width(scalar)
        position = place.upperBound
        switch Role(of: scalar) {
        case .symbol(let value):
            all.append(Symbol(value: value, gap: gap, followsPlus: followsPlus, place: place))
            gap = .nothing
            separators = 0
            followsPlus = false
        case .invisible:
            break
        case .separator:
            separators += 1
            if gap == .nothing { gap = .separator }
            if separators > Self.separatorsInNumber { gap = .wall }
        case .plus:
            gap = .wall
            followsPlus = true
        case .other:
            gap = .wall
            followsPlus = false
        }
    }

    /// What a scalar is to a detector.
    private enum Role {
        case symbol(UInt8)
        /// Takes no room on a screen, or changes only how its neighbour looks.
        case invisible
        case separator
        case plus
        case other

        init(of scalar: Unicode.Scalar) {
            switch scalar.value {
            case 0x30...0x39: self = .symbol(UInt8(scalar.value - 0x30))
            case 0x41...0x5A: self = .symbol(UInt8(scalar.value - 0x41) + 10)
            case 0x61...0x7A: self = .symbol(UInt8(scalar.value - 0x61) + 10)
            case 0x2B, 0xFF0B: self = .plus
            // Full stop, hyphen, low line, and the controls, which are seen as a space at most.
            case 0x00...0x20, 0x2D, 0x2E, 0x5F, 0x7F: self = .separator
            case 0x00...0x7E: self = .other
            default: self = Self.beyondASCII(scalar)
            }
        }

        private static func beyondASCII(_ scalar: Unicode.Scalar) -> Role {
            let properties = scalar.properties
            switch properties.numericType {
            case .decimal, .digit:
                // 0 to 9 by the standard (Unicode Character Database, UAX #44, Numeric_Type).
                if let value = properties.numericValue { return .symbol(UInt8(value)) }
            case .numeric, nil: break
            @unknown default: break
            }
            switch scalar.value {
            // Full-width letters.
            case 0xFF21...0xFF3A: return .symbol(UInt8(scalar.value - 0xFF21) + 10)
            case 0xFF41...0xFF5A: return .symbol(UInt8(scalar.value - 0xFF41) + 10)
            // Middle dot, bullet, one dot leader, hyphenation point, minus sign, bullet operator, dot
            // operator, empty braille cell, ideographic full stops, katakana middle dots, full-width
            // full stop and low line.
            case 0xB7, 0x2022, 0x2024, 0x2027, 0x2212, 0x2219, 0x22C5, 0x2800, 0x3002, 0x30FB,
                0xFF0E, 0xFF3F, 0xFF61, 0xFF65:
                return .separator
            default: break
            }
            if properties.isDefaultIgnorableCodePoint { return .invisible }
            if properties.isWhitespace { return .separator }
            switch properties.generalCategory {
            case .dashPunctuation, .control: return .separator
            case .format, .nonspacingMark, .enclosingMark: return .invisible
            default: return .other
            }
        }
    }
}
