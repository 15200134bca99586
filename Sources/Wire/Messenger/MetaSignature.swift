import Crypto

/// What the signature of a webhook came to.
public enum SignatureVerdict: Sendable, CaseIterable {
    /// Made with one of our secrets over exactly these bytes.
    case valid
    /// There is none.
    case missing
    /// Not `sha256=` and 64 lower-case hexadecimal digits.
    case malformed
    /// Made with another secret or over other bytes.
    case wrong
}

/// An app's secret, made ready to check many signatures.
public struct MetaAppSecret: Sendable {
    /// Keyed once: each signature goes on from a copy, which saves the key's own work.
    private let keyed: HMAC<SHA256>

    /// The secret as the app's dashboard shows it.
    public init(_ bytes: [UInt8]) { keyed = HMAC(key: SymmetricKey(data: bytes)) }

    /// Whether this secret makes this code over these bytes. `==` of authentication codes compares
    /// in constant time (swift-crypto, `MessageAuthenticationCode`, by `safeCompare`).
    func makes(_ code: [UInt8], over body: [UInt8]) -> Bool {
        var own = keyed
        own.update(data: body)
        return own.finalize() == code
    }
}

/// Signatures by the app's secret (Meta "Webhooks: validate payloads"): HMAC-SHA256 over the bytes as
/// they came. Nothing in it stands for time: repetitions are recognised by the elements' keys.
public enum MetaSignature {
    private static let prefix = "sha256="

    /// Judges the value of `X-Hub-Signature-256` in constant time. Several secrets are valid at once
    /// while one is being replaced; all are tried whatever the outcome. The older
    /// `X-Hub-Signature` (SHA-1) is not accepted.
    public static func verify(
        header: String?, body: [UInt8], secrets: [MetaAppSecret]
    ) -> SignatureVerdict {
        guard let header else { return .missing }
        guard let code = code(of: header) else { return .malformed }
        var isValid = false
        for secret in secrets {
            let matches = secret.makes(code, over: body)
            isValid = matches || isValid
        }
        return isValid ? .valid : .wrong
    }

    /// The header's value for these bytes.
    public static func header(body: [UInt8], secret: [UInt8]) -> String {
        prefix + hexadecimal(body, secret: secret)
    }

    /// The `appsecret_proof` that goes with every call of the Graph API ("Secure Graph API calls"):
    /// the token, signed with the app's secret.
    public static func proof(token: String, secret: [UInt8]) -> String {
        hexadecimal([UInt8](token.utf8), secret: secret)
    }

    private static func hexadecimal(_ bytes: [UInt8], secret: [UInt8]) -> String {
        let digits = [UInt8]("0123456789abcdef".utf8)
        let code = HMAC<SHA256>.authenticationCode(
            for: bytes, using: SymmetricKey(data: secret))
        var text: [UInt8] = []
        for byte in code {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The 32 bytes that the header spells.
    private static func code(of header: String) -> [UInt8]? {
        let digits = [UInt8](header.utf8)
        guard header.hasPrefix(prefix), digits.count == prefix.utf8.count + 64 else { return nil }
        var code: [UInt8] = []
        for index in stride(from: prefix.utf8.count, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else {
                return nil
            }
            code.append(high << 4 | low)
        }
        return code
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - 0x30
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - 0x57
        default: nil
        }
    }
}
