import Crypto

/// The two signatures of a webhook request (Webhooks page, "Validating Payloads"): HMAC of the
/// bytes of the body under the app secret.
enum WebhookSignature {
    static func sha256(_ body: [UInt8], secret: String) -> String {
        let key = SymmetricKey(data: Array(secret.utf8))
        return "sha256=" + hex(HMAC<SHA256>.authenticationCode(for: body, using: key))
    }

    /// The legacy header, which some receivers still read.
    static func sha1(_ body: [UInt8], secret: String) -> String {
        let key = SymmetricKey(data: Array(secret.utf8))
        return "sha1=" + hex(HMAC<Insecure.SHA1>.authenticationCode(for: body, using: key))
    }

    /// `appsecret_proof`: the same construction over the access token.
    static func isProof(_ proof: String, ofToken token: String, secret: String) -> Bool {
        let key = SymmetricKey(data: Array(secret.utf8))
        return proof == hex(HMAC<SHA256>.authenticationCode(for: Array(token.utf8), using: key))
    }

    private static func hex(_ code: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let bytes = code.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
