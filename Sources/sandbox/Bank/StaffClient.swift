import Crypto
import Foundation

/// The one client of the pretended bank, known by its key. Its assertions are read here by hand and on
/// the bare curve, not with the token library that makes them, so that one checks the other.
struct StaffClient: Sendable {
    let id: String
    private let key: P256.Signing.PublicKey?

    /// `pem` holds the client's private or public key; without one no signature is checked.
    init(id: String, pem: String?) throws {
        self.id = id
        key = try pem.map { text in
            if let pair = try? P256.Signing.PrivateKey(pemRepresentation: text) {
                return pair.publicKey
            }
            return try P256.Signing.PublicKey(pemRepresentation: text)
        }
    }

    /// The claims of a JWT (RFC 7519) that this client signed with ES256 for this audience and that is
    /// valid now; nil for any other.
    func claims(of token: String?, for audience: String, at now: Int64) -> JSONValue? {
        let parts = (token ?? "").split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let head = Self.document(parts[0]), head["alg"]?.string == "ES256",
            let claims = Self.document(parts[1]), let signature = Self.bytes(parts[2]),
            claims["iss"]?.string == id, claims["aud"]?.string == audience,
            let expires = claims["exp"]?.integer, expires * 1_000 > now,
            expires * 1_000 <= now + 2 * Limits.codeLifetime, claims["jti"]?.string != nil
        else { return nil }
        guard let key else { return claims }
        let signed = Data("\(parts[0]).\(parts[1])".utf8)
        guard let ecdsa = try? P256.Signing.ECDSASignature(rawRepresentation: signature),
            key.isValidSignature(ecdsa, for: signed)
        else { return nil }
        return claims
    }

    private static func document(_ part: Substring) -> JSONValue? {
        bytes(part).flatMap { JSONValue(parsing: Array($0)) }
    }

    private static func bytes(_ part: Substring) -> Data? {
        let plain = part.replacing("-", with: "+").replacing("_", with: "/")
        return Data(base64Encoded: plain + String(repeating: "=", count: (4 - plain.count % 4) % 4))
    }
}
