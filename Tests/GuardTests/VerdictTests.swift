import Guard
import Testing

/// A text, and the kinds that are to be found in it, in order.
struct Line: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let text: String
    let kinds: [Finding.Kind]

    init(_ text: String, _ kinds: [Finding.Kind] = []) {
        testDescription = String(text.prefix(60))
        self.text = text
        self.kinds = kinds
    }
}

@Suite("What may go out")
struct VerdictTests {
    static let published =
        Examples.cards.map { Line($0, [.card]) }
        + Examples.ibans.map { Line($0.example, [.iban]) }

    static let hidden: [Line] = [
        Line("Your card 4111111111111111, valid until 12/29.", [.card]),
        Line("4111 1111 1111 1111 12 29 123", [.card]),
        Line("1. 4111 1111 1111 1111", [.card]),
        Line("card:4111111111111111.", [.card]),
        Line("pan=4111111111111111&cvv=123", [.card]),
        Line("x4111111111111111x", [.card]),
        Line("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", [.card]),
        Line("4111-1111\n1111-1111", [.card]),
        Line("4111 - 1111 - 1111 - 1111", [.card]),
        Line("４１１１　１１１１　１１１１　１１１１", [.card]),
        Line("٤١١١ ١١١١ ١١١١ ١١١١", [.card]),
        Line("𝟒𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏", [.card]),
        Line("4️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣", [.card]),
        Line("④①①①①①①①①①①①①①①①", [.card]),
        Line("4111\u{200B}1111\u{AD}1111\u{2060}1111", [.card]),
        Line("4\u{332}1\u{332}1\u{332}1\u{332} 1111 1111 1111", [.card]),
        Line("4111\u{A0}1111\u{202F}1111\u{2009}1111", [.card]),
        Line("+4111 1111 1111 1111", [.card]),
        Line("first 4111111111111111, then 5555555555554444", [.card, .card]),
        Line("de89 3704 0044 0532 0130 00", [.iban]),
        Line("IBAN:DE89370400440532013000", [.iban]),
        Line("IBANDE89370400440532013000", [.iban]),
        Line("D E 8 9 3 7 0 4 0 0 4 4 0 5 3 2 0 1 3 0 0 0", [.iban]),
        Line("GB29-NWBK-6016-1331-9268-19", [.iban]),
        Line("ＧＢ29 ｎｗｂｋ 6016 1331 9268 19", [.iban]),
        Line("GB29\u{200B}NWBK 6016.1331.9268.19 is yours", [.iban]),
        Line("from NL91ABNA0417164300 by 4111111111111111", [.iban, .card]),
    ]

    static let harmless: [Line] = [
        // Orders, cases, references.
        "Your order 202611220001 is on its way.", "Case 4500123456, ticket #88123.",
        "Reference 7000000012345678", "Invoice 2026-000123-4567", "ISBN 978-3-16-148410-0",
        "Number 4111 1111 1111 1112", "Number 1234567890123456", "0000 0000 0000 0000",
        "EAN 4006381333931", "3F2504E0-4F89-41D3-9A0C-0305E82C3301",
        "de305d54-75b4-431b-adb2-eb6b9e546014",
        // Telephone numbers.
        "Call +49 151 23456789.", "+1 (415) 555-2671", "0044 20 7946 0958", "00351 912 345 678",
        "+34 912 345 678 or +34 915 678 901", "1-800-555-0199", "+4915123456786",
        "+37 1449 6353 9843 1",
        // Dates and times.
        "2026-11-22 19:18:58", "22.11.2026, 09:00-13:00", "20261122T191858Z", "12/29",
        "01.02.2026 03.04.2026 05.06.2026", "2026 2027 2028 2029",
        // Amounts.
        "EUR 1.234.567,89", "$4,500.00 and $5,200.00", "1 000 000 000 000 000", "CHF 12'345.60",
        "4000.00", "balance 0.00",
        // Tracking numbers.
        "1Z999AA10123456784", "RR123456785DE", "JD014600006281230704", "00340434161094042557",
        "9400 1000 0000 0000 0000 00", "9205 5901 7554 7700 0000 0000 02",
        // Words that look like the beginning of an account.
        "At 10 we open, at 18 we close; no 12 is the counter.",
        "ps 20 people from the bank will call you about it", "it 60 or so, is 14 enough?",
        "SE45 is a tram, BE68 a bus, NO 93 a train.", "DE89 3704 0044 0532 0130 01",
        // Check digits that fit, but not the country's structure.
        "GB58 1234 6016 1331 9268 19", "DE05 3704 0044 0532 0130 0A",
        "GB29 NWBK 6016 1331 9268 1", "GB29 1234 6016 1331 9268 19", "ZZ29 NWBK 6016 1331 9268 19",
        "", "Good morning! How can I help you?", "😀👩‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿", "\u{200B}\u{200B}",
    ].map { Line($0) }

    /// What is refused although it is none: chance alone makes these valid numbers.
    static let mistaken: [Line] = [
        Line("Parcel 420 90210 9205 5901 7554 7700 0000 0000 02", [.card])
    ]

    @Test(arguments: published + hidden + harmless + mistaken)
    func isFound(_ line: Line) {
        #expect(found(line.text).map(\.kind) == line.kinds)
    }

    @Test("A finding says where it is, as JavaScript counts, and what it is once")
    func places() throws {
        let text =
            "😀 IBAN gb29 nwbk 6016 1331 9268 19; cards 4111-1111-1111-1111, 378282246310005 😀"
        let units = Array(text.utf16)
        let parts = found(text).map { String(decoding: units[$0.place], as: UTF16.self) }
        #expect(
            parts == ["gb29 nwbk 6016 1331 9268 19", "4111-1111-1111-1111", "378282246310005"])
        #expect(Verdict(on: text).kinds == [.card, .iban])
        #expect(Verdict(on: "fine").kinds == [])
        #expect(Verdict(on: "fine") == .allowed)
    }

    @Test("Separators that are too many are a wall, and so is everything else")
    func walls() {
        for wall in ["     ", ",", "/", ":", "a", "(", "é", "中", "+", "\u{FFFD}"] {
            #expect(found("4111 1111\(wall)1111 1111").isEmpty, "\(wall)")
            #expect(found("GB29 NWBK\(wall)6016 1331 9268 19").isEmpty, "\(wall)")
        }
        #expect(found("4111 1111    1111 1111").count == 1)
    }
}

/// What the verdict on a text names.
func found(_ text: String) -> [Finding] {
    switch Verdict(on: text) {
    case .allowed: []
    case .refused(let findings): findings
    }
}
