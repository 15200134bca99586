import Guard
import Testing

@Suite("Masks")
struct MaskTests {
    @Test(arguments: [
        ("4111 1111 1111 4444", "•••• 4444"), ("378282246310005", "•••• 0005"),
        ("４１１１-1111-1111-١٢٣٤", "•••• 1234"), ("************4444", "••••"),
        ("12345678", "•••• 5678"),
        ("1234567", "••••"), ("", "••••"), ("no number", "••••"),
    ])
    func card(number: String, shown: String) { #expect(Mask.card(number) == shown) }

    @Test(arguments: [
        ("GB82 WEST 1234 5698 7654 32", "GB•• … 5432"), ("de89370400440532013000", "DE•• … 3000"),
        ("MT84MALT011000012345MTLCAST001S", "MT•• … 001S"), ("GB82 12", "••••"), ("", "••••"),
        ("8982 WEST 1234", "••••"),
    ])
    func iban(number: String, shown: String) { #expect(Mask.iban(number) == shown) }

    @Test(arguments: [
        ("20000012345678", "•••• 5678"), ("20-00-00 12345678", "•••• 5678"),
        ("GB82 WEST 1234 5698 7654 32", "•••• 5432"), ("1234567", "••••"), ("", "••••"),
    ])
    func account(number: String, shown: String) { #expect(Mask.account(number) == shown) }

    @Test(arguments: [
        ("Cash from Aubrey", "Cash from Aubrey"), ("", ""),
        ("to 4111 1111 1111 1111, thanks", "to •••• 1111, thanks"),
        ("😀 GB82 WEST 1234 5698 7654 32!", "😀 GB•• … 5432!"),
        ("4111111111111111 GB82WEST12345698765432", "•••• 1111 GB•• … 5432"),
    ])
    func text(written: String, shown: String) { #expect(Mask.text(written) == shown) }

    @Test("No text keeps a number that it held")
    func texts() {
        var random = Random(seed: 11)
        for _ in 0..<200 {
            let number = random.written(Bool.random(using: &random) ? random.card() : random.iban())
            let shown = Mask.text("before, \(number), after")
            #expect(Verdict(on: shown) == .allowed)
            #expect(shown.hasPrefix("before, ") && shown.hasSuffix(", after"))
        }
    }

    @Test("Of any number at most four symbols and the country are shown")
    func shows() {
        var random = Random(seed: 7)
        for _ in 0..<200 {
            let card = random.card()
            #expect(Mask.card(random.written(card)) == "•••• \(card.suffix(4))")
            let iban = random.iban()
            #expect(Mask.iban(random.written(iban)) == "\(iban.prefix(2))•• … \(iban.suffix(4))")
        }
    }
}
