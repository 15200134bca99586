import Glibc
import Guard
import Testing

@Suite("Random numbers")
struct PropertyTests {
    /// Fixed seeds, and one that is new in every run; a failure names its seed, to be added here.
    static let seeds = Array(1...8) + [UInt64.random(in: 1_000...UInt64.max)]
    static let rounds = 200
    static let before = ["", " ", "Card: ", "(", "a", "№ ", "123, ", "\u{200B}", "😀", "7    "]
    static let after = ["", " ", ".", ")", " thanks", ", 123", "\n", "😀", "     7"]

    @Test("A valid number is found however it is written", arguments: seeds)
    func valid(seed: UInt64) {
        var random = Random(seed: seed)
        for _ in 0..<Self.rounds {
            for kind in Finding.Kind.allCases {
                let number = kind == .card ? random.card() : random.iban()
                let text =
                    random.pick(Self.before) + random.written(number) + random.pick(Self.after)
                guard found(text).contains(where: { $0.kind == kind }) else {
                    Issue.record("seed \(seed): \(kind) in \(text.debugDescription)")
                    return
                }
            }
        }
    }

    @Test("A number with one digit changed, or two exchanged, passes", arguments: seeds)
    func invalid(seed: UInt64) {
        var random = Random(seed: seed)
        for _ in 0..<Self.rounds {
            for kind in Finding.Kind.allCases {
                let number = random.broken(kind == .card ? random.card() : random.iban())
                // A part of it may be a number by itself where groups are written: it is one group.
                guard !found(number).contains(where: { $0.kind == kind }) else {
                    Issue.record("seed \(seed): \(kind) in \(number)")
                    return
                }
            }
        }
    }

    @Test("What is found is a number, whatever the text; and nothing breaks", arguments: seeds)
    func anything(seed: UInt64) {
        var random = Random(seed: seed)
        for _ in 0..<Self.rounds {
            let text = random.anyText()
            let units = Array(text.utf16)
            var end = 0
            for finding in found(text) {
                guard finding.place.lowerBound >= end, finding.place.upperBound <= units.count,
                    holds(String(decoding: units[finding.place], as: UTF16.self), finding.kind)
                else {
                    Issue.record("seed \(seed): \(finding) in \(text.debugDescription)")
                    return
                }
                end = finding.place.upperBound
            }
        }
    }

    private func holds(_ part: String, _ kind: Finding.Kind) -> Bool {
        switch kind {
        case .card:
            let digits = part.numberSymbols
            return (12...19).contains(digits.count) && luhn(digits) % 10 == 0
        case .iban:
            let symbols = part.numberSymbols
            return (15...33).contains(symbols.count)
                && modulo97(String(symbols.dropFirst(4) + symbols.prefix(4))) == 1
        }
    }

    @Test("Of random numbers few are taken for cards: this many in ten thousand")
    func falseAlarms() {
        var random = Random(seed: 20_261_122)
        var alarms: [Int: Int] = [:]
        for length in 10...20 {
            for _ in 0..<10_000 where !found(random.digits(length)).isEmpty {
                alarms[length, default: 0] += 1
            }
        }
        print("false alarms of 10,000 by length: \(alarms.sorted { $0.key < $1.key })")
        #expect(alarms[10] == nil && alarms[11] == nil && alarms[20] == nil)
        #expect(alarms.values.allSatisfy { $0 < 350 })
    }

    /// Texts made to keep a detector busy.
    static let busy: [@Sendable (Int) -> String] = [
        { String(repeating: "4", count: $0) },
        { String(repeating: "4 ", count: $0 / 2) },
        { String(repeating: "6759 ", count: $0 / 5) },
        { String(repeating: "GB82 WEST 1234 5698 7654 3", count: $0 / 26) },
        { String(repeating: "KW81", count: $0 / 4) },
        { "4" + String(repeating: "\u{200B}", count: $0) + "1" },
        { String(repeating: "4\u{200B}", count: $0 / 2) },
        { "4" + String(repeating: " ", count: $0) + "1" },
        { "4" + String(repeating: "\u{332}", count: $0) },
        { String(repeating: "4111111111111111 ", count: $0 / 17) },
        { String(repeating: "NL91ABNA0417164300 4111111111111111 ", count: $0 / 36) },
    ]

    @Test("Sixteen times the text takes sixteen times the time", arguments: busy.indices)
    func linear(index: Int) {
        // A square would be 256 times; between them is room for a busy machine.
        let short = Self.time(Self.busy[index](4_000))
        let long = Self.time(Self.busy[index](64_000))
        #expect(long < short * 80, "\(short) ns and \(long) ns")
    }

    /// Of the processor, not of the clock on the wall: nobody else's work counts. In nanoseconds.
    private static func time(_ text: String) -> Int {
        func now() -> Int {
            var time = timespec()
            unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return time.tv_sec * 1_000_000_000 + time.tv_nsec
        }
        return (0..<3).map { _ in
            let begun = now()
            _ = Verdict(on: text)
            return now() - begun
        }.min() ?? 0
    }
}

extension Random {
    /// A number that is none any more. Both formulas notice any single digit, and two neighbours that
    /// are exchanged unless they are 0 and 9 of a card.
    fileprivate mutating func broken(_ number: String) -> String {
        var symbols = Array(number)
        let places = symbols.indices.filter { symbols[$0].isNumber && $0 >= 6 }
        let place = pick(places)
        let value = symbols[place].wholeNumberValue ?? 0
        symbols[place] = Character(String((value + 1 + below(9)) % 10))
        return String(symbols)
    }

    /// Scalars of all kinds, most of them those that the detectors treat in some way.
    fileprivate mutating func anyText() -> String {
        var text = ""
        for _ in 0..<below(120) {
            switch below(12) {
            case 0...3: text += digits(1 + below(6))
            case 4: text += pick(Separators.visible)
            case 5: text += pick(Separators.invisible)
            case 6: text += pick(Examples.ibans).example
            case 7: text += pick(Examples.cards)
            case 8: text += pick(["DE", "gb", "KW", "+", ",", "a"])
            default:
                if let scalar = Unicode.Scalar(UInt32.random(in: 0...0x10FFFF, using: &self)) {
                    text.unicodeScalars.append(scalar)
                }
            }
        }
        return text
    }
}

extension String {
    /// Its digits of any script and its letters from A to Z, in upper case.
    fileprivate var numberSymbols: String {
        String(
            unicodeScalars.compactMap { scalar in
                switch scalar.properties.numericType {
                case .decimal, .digit:
                    scalar.properties.numericValue.map { Character(String(Int($0))) }
                default:
                    scalar.isASCII && scalar.properties.isAlphabetic
                        ? Character(scalar.properties.uppercaseMapping) : nil
                }
            })
    }
}
