import Crypto
import Foundation

/// How an identity token can be wrong, for tests of its reader.
enum TokenEffect: String, CaseIterable, Sendable {
    case wrongIssuer = "wrong_issuer"
    case wrongAudience = "wrong_audience"
    case wrongNonce = "wrong_nonce"
    case missingNonce = "missing_nonce"
    case expired
    case missingRoles = "missing_roles"
    /// `alg: none`, with no signature.
    case unsigned
    /// Signed with a key that the key set does not hold, under its own key id.
    case unknownKey = "unknown_key"
    /// The claims were changed after signing.
    case wrongSignature = "wrong_signature"
}

/// What an identity token says (OpenID Connect Core 1.0 §2).
struct TokenClaims: Sendable {
    var issuer: String
    var audience: String
    var nonce: String?
    var person: Person
    var issued: Int64
    var expires: Int64
    var authenticated: Int64

    mutating func spoil(_ effect: TokenEffect?) {
        switch effect {
        case .wrongIssuer: issuer += ".example"
        case .wrongAudience: audience = "another-client"
        case .wrongNonce: nonce = "another-nonce"
        case .missingNonce: nonce = nil
        case .expired:
            expires = issued - 3_600
            issued -= 7_200
        case .missingRoles: person.roles = []
        case .unsigned, .unknownKey, .wrongSignature, nil: break
        }
    }

    var json: JSONValue {
        let registered = JSONValue.members([
            "iss": .string(issuer), "sub": .string(person.subject), "aud": .string(audience),
            "exp": .integer(expires), "iat": .integer(issued),
            "auth_time": .integer(authenticated), "nonce": nonce.map { .string($0) },
        ])
        return person.claims.reduce(registered) { $0.adding($1.name, $1.value) }
    }
}

/// Signs with a key made at start (ES256, RFC 7518 §3.4). Written on the bare curve and not with
/// the token library that the server verifies with, so that one checks the other.
struct TokenSigner: Sendable {
    private let key = P256.Signing.PrivateKey()
    private let keyID = "sandbox-1"

    var publicKey: JSONValue {
        let point = Array(key.publicKey.rawRepresentation)
        return [
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": .string(keyID),
            "x": .string(Base64URL.encode(Array(point[..<32]))),
            "y": .string(Base64URL.encode(Array(point[32...]))),
        ]
    }

    /// Nil when the library cannot sign.
    func token(_ claims: JSONValue, _ effect: TokenEffect?) -> String? {
        switch effect {
        case .unsigned: return part(["alg": "none", "typ": "JWT"]) + "." + part(claims) + "."
        case .unknownKey:
            return signed(claims, by: P256.Signing.PrivateKey(), named: "sandbox-unknown")
        case .wrongSignature:
            guard let token = signed(claims, by: key, named: keyID) else { return nil }
            let parts = token.split(separator: ".")
            let changed = part(claims.adding("acr", "changed after signing"))
            return "\(parts[0]).\(changed).\(parts[2])"
        case .wrongIssuer, .wrongAudience, .wrongNonce, .missingNonce, .expired, .missingRoles,
            nil:
            return signed(claims, by: key, named: keyID)
        }
    }

    private func signed(
        _ claims: JSONValue, by key: P256.Signing.PrivateKey, named keyID: String
    ) -> String? {
        let header: JSONValue = ["alg": "ES256", "typ": "JWT", "kid": .string(keyID)]
        let input = part(header) + "." + part(claims)
        guard let signature = try? key.signature(for: Array(input.utf8)) else { return nil }
        return input + "." + Base64URL.encode(Array(signature.rawRepresentation))
    }

    private func part(_ value: JSONValue) -> String {
        Base64URL.encode(JSONWriter.bytes(value, .plain))
    }
}

/// Base64 with the URL alphabet and without padding (RFC 4648 §5).
enum Base64URL {
    static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString()
            .replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }
}
