import Foundation
import Testing

@testable import Wire

@Suite struct SignatureTests {
    private static let body = bytes(#"{"object":"page","entry":[]}"#)
    private static let secret = bytes("a secret")
    private static let good = MetaSignature.header(body: body, secret: secret)

    static let cases: [(String?, SignatureVerdict)] = [
        (good, .valid),
        (nil, .missing),
        ("", .malformed),
        ("sha256=", .malformed),
        (String(good.dropLast()), .malformed),
        (good + "0", .malformed),
        (good.uppercased(), .malformed),
        ("sha1=" + good.dropFirst(7), .malformed),
        ("sha256=" + String(repeating: "g", count: 64), .malformed),
        (" " + good, .malformed),
        ("sha256=" + String(repeating: "0", count: 64), .wrong),
    ]

    @Test(arguments: cases) func verdict(_ header: String?, _ expected: SignatureVerdict) {
        #expect(
            MetaSignature.verify(
                header: header, body: Self.body, secrets: [MetaAppSecret(Self.secret)])
                == expected)
    }

    @Test("While a secret is replaced, both are valid")
    func rotation() {
        let other = bytes("the next")
        for secrets in [[other, Self.secret], [Self.secret, other]] {
            #expect(
                MetaSignature.verify(
                    header: Self.good, body: Self.body, secrets: secrets.map(MetaAppSecret.init))
                    == .valid)
        }
        #expect(
            MetaSignature.verify(
                header: Self.good, body: Self.body, secrets: [MetaAppSecret(other)]) == .wrong)
        #expect(MetaSignature.verify(header: Self.good, body: Self.body, secrets: []) == .wrong)
    }

    @Test("Every flipped bit of the body is noticed")
    func flipped() {
        for index in Self.body.indices {
            var body = Self.body
            body[index] ^= 1
            #expect(
                MetaSignature.verify(
                    header: Self.good, body: body, secrets: [MetaAppSecret(Self.secret)])
                    == .wrong)
        }
    }

    /// RFC 4231 §4.3: a vector of the HMAC itself.
    @Test func standardVector() {
        #expect(
            MetaSignature.header(
                body: bytes("what do ya want for nothing?"), secret: bytes("Jefe"))
                == "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    private static let vectors = packageRoot.deletingLastPathComponent()
        .appending(path: "shared/fixtures/messenger/signature")

    @Test(
        .enabled(
            if: FileManager.default.fileExists(atPath: vectors.path),
            "../shared/fixtures/messenger is not here"))
    func publishedVectors() throws {
        let list = try JSONSerialization.jsonObject(
            with: try Data(contentsOf: Self.vectors.appending(path: "vectors.json")))
        var checked = 0
        for vector in list as? [[String: String]] ?? [] {
            if let proof = vector["appsecret_proof"] {
                let made = MetaSignature.proof(
                    token: vector["access_token"] ?? "", secret: bytes(vector["app_secret"] ?? ""))
                #expect(made == proof)
                checked += 1
            }
            guard let file = vector["body_file"], let secret = vector["secret"] else { continue }
            let body = [UInt8](try Data(contentsOf: Self.vectors.appending(path: file)))
            let header = vector["X-Hub-Signature-256"]
            #expect(
                MetaSignature.verify(
                    header: header, body: body, secrets: [MetaAppSecret(bytes(secret))])
                    == .valid)
            if file == "escaped_body.raw" {
                let wrong = [UInt8](
                    try Data(
                        contentsOf: Self.vectors.appending(
                            path: "escaped_body_reserialised_WRONG.raw")))
                #expect(
                    MetaSignature.verify(
                        header: header, body: wrong, secrets: [MetaAppSecret(bytes(secret))])
                        == .wrong)
            }
            checked += 1
        }
        #expect(checked == 3)
    }
}
