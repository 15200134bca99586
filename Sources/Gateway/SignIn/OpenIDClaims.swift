import JWTKit

/// The claims of an ID token that sign-in judges (OpenID Connect Core 1.0 §2). Unknown claims are kept
/// only as text or lists of text, because the claim with the roles has a configured name.
struct OpenIDClaims: JWTPayload {
    let issuer: String
    let subject: String
    let audience: [String]
    let authorizedParty: String?
    let expires: Int64
    let issuedAt: Int64
    let notBefore: Int64?
    let nonce: String?
    let name: String?
    let texts: [String: [String]]

    /// The signature alone is judged by the key collection; every claim by ``OpenIDClient``, which can
    /// say which one was wrong.
    func verify(using algorithm: some JWTAlgorithm) async throws {}

    init(from decoder: any Decoder) throws {
        let claims = try decoder.container(keyedBy: AnyClaim.self)
        func required<Value: Decodable>(_ name: String) throws -> Value {
            try claims.decode(Value.self, forKey: AnyClaim(name))
        }
        func optional<Value: Decodable>(_ name: String) throws -> Value? {
            try claims.decodeIfPresent(Value.self, forKey: AnyClaim(name))
        }
        issuer = try required("iss")
        subject = try required("sub")
        audience =
            if let one = try? claims.decode(String.self, forKey: AnyClaim("aud")) { [one] } else {
                try required("aud")
            }
        authorizedParty = try optional("azp")
        expires = Int64(try required("exp") as Double)
        issuedAt = Int64(try required("iat") as Double)
        notBefore = (try optional("nbf") as Double?).map(Int64.init)
        nonce = try optional("nonce")
        name = try optional("name")
        var texts: [String: [String]] = [:]
        for key in claims.allKeys {
            if let list = try? claims.decode([String].self, forKey: key) {
                texts[key.stringValue] = list
            } else if let one = try? claims.decode(String.self, forKey: key) {
                texts[key.stringValue] = [one]
            }
        }
        self.texts = texts
    }

    func encode(to encoder: any Encoder) throws {
        var claims = encoder.container(keyedBy: AnyClaim.self)
        try claims.encode(issuer, forKey: AnyClaim("iss"))
        try claims.encode(subject, forKey: AnyClaim("sub"))
    }
}

private struct AnyClaim: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
}
