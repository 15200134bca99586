import Crypto

/// Random secrets: session, ticket, state, nonce, verifier. 256 bits from the system's generator.
enum Secret {
    /// Bytes of a secret.
    static let length = 32

    static func make() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// The S256 code challenge of a PKCE verifier (RFC 7636 §4.2).
    static func challenge(for verifier: String) -> String {
        Base64URL.encode(SHA256.hash(data: Array(verifier.utf8)))
    }
}
