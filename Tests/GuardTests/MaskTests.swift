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
