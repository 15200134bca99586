import EventLoop
import FoundationEssentials
import JWTKit

/// Who signed in, as the bank's identity provider says.
struct OpenIDPerson: Equatable, Sendable {
    /// The provider; with `subject` the identity. Never the e-mail address: it may be given to
    /// somebody else (OpenID Connect Core 1.0 §5.7).
    let issuer: String
    /// The person at this provider.
    let subject: String
    /// How to show them.
    let name: String
    /// What they may be, from the configured claim.
    let roles: Set<Role>
}

/// Why a sign-in did not succeed. Says which check failed, never a token's content.
enum SignInFailure: Error, Equatable {
    /// The provider could not be reached or answered nonsense.
    case providerUnavailable
    /// The provider refused the code.
    case codeRefused
    /// The ID token was not acceptable; the named claim or part was wrong.
    case tokenRejected(part: String)
    /// The person has none of the roles of this desk.
    case noRole
    /// The sign-in is unknown, was used before or took too long.
    case unknownSignIn
}

/// What the sign-in is configured with.
public struct SignInConfiguration: Sendable {
    /// The provider's issuer URL, exactly as its tokens name it.
    public var issuer: String
    /// Our client id there.
    public var clientID: String
    /// Our client secret there.
    public var clientSecret: String
    /// The claim of the ID token that lists the roles.
    public var rolesClaim: String

    /// Sign-in with this provider.
    public init(issuer: String, clientID: String, clientSecret: String, rolesClaim: String) {
        self.issuer = issuer
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.rolesClaim = rolesClaim
    }
}

/// The relying party of OpenID Connect: discovery, keys, the code's exchange, and every check of the ID
/// token (OpenID Connect Core 1.0 §3.1.3.7; RFC 7636 for PKCE; RFC 8725 for the algorithms).
@LoopActor final class OpenIDClient {
    private struct Provider: Decodable {
        let issuer: String
        let authorization_endpoint: String
        let token_endpoint: String
        let jwks_uri: String
    }
    private struct Tokens: Decodable { let id_token: String }
    private struct TokenHeader: Decodable {
        let alg: String
        let kid: String?
    }

    /// Signatures that are accepted; `none` and shared secrets never are.
    private static let algorithms: Set = ["RS256", "ES256", "PS256"]
    /// Clocks of the provider and ours may differ by this much, in seconds.
    private static let clockSkew: Int64 = 60
    /// Discovery and keys are asked for again after this long, in milliseconds.
    private static let providerLife: Int64 = 3_600_000
    /// An unknown key asks for the keys again at most this often, in milliseconds.
    private static let keyRefreshPause: Int64 = 10_000
    private static let answerLimit = 256 * 1_024
    private static let answerWait = Duration.seconds(10)

    private let client: HTTPClient
    private let configuration: SignInConfiguration
    private let loop: Loop
    private var provider: (value: Provider, readAt: Int64)?
    private var keys: (value: JWTKeyCollection, identifiers: Set<String>, readAt: Int64)?

    init(loop: Loop, client: HTTPClient, configuration: SignInConfiguration) {
        self.loop = loop
        self.client = client
        self.configuration = configuration
    }

    /// Where the browser is sent to sign in.
    func authorizationURL(
        redirect: String, state: String, nonce: String, challenge: String
    ) async throws(SignInFailure) -> String {
        let endpoint = try await discover().authorization_endpoint
        let query = FormEncoding.encode([
            ("response_type", "code"), ("client_id", configuration.clientID),
            ("redirect_uri", redirect), ("scope", "openid profile"), ("state", state),
            ("nonce", nonce), ("code_challenge", challenge), ("code_challenge_method", "S256"),
        ])
        return endpoint + (endpoint.contains("?") ? "&" : "?") + query
    }

    /// Exchanges the code and judges the ID token.
    func person(
        code: String, redirect: String, verifier: String, nonce: String
    ) async throws(SignInFailure) -> OpenIDPerson {
        let endpoint = try await discover().token_endpoint
        let body = FormEncoding.encode([
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect),
            ("client_id", configuration.clientID), ("client_secret", configuration.clientSecret),
            ("code_verifier", verifier),
        ])
        let response = try await ask(
            HTTPClientRequest(
                method: .post, url: endpoint,
                headers: [("content-type", "application/x-www-form-urlencoded")],
                body: Array(body.utf8), idempotent: false, timeout: Self.answerWait,
                connectTimeout: Self.answerWait, maximumResponseBytes: Self.answerLimit))
        guard response.status == 200 else { throw .codeRefused }
        let tokens: Tokens = try decode(response.body)
        return try judge(try await verified(tokens.id_token), nonce: nonce)
    }

    // MARK: The token

    private func verified(_ token: String) async throws(SignInFailure) -> OpenIDClaims {
        guard let head = token.split(separator: ".", omittingEmptySubsequences: false).first,
            let bytes = Base64URL.decode(head),
            let header = try? JSONDecoder().decode(TokenHeader.self, from: Data(bytes))
        else { throw .tokenRejected(part: "header") }
        guard Self.algorithms.contains(header.alg) else { throw .tokenRejected(part: "alg") }
        let keys = try await signingKeys(knowing: header.kid)
        do {
            return try await keys.verify(token, as: OpenIDClaims.self)
        } catch {
            throw .tokenRejected(part: "signature")
        }
    }

    private func judge(_ claims: OpenIDClaims, nonce: String) throws(SignInFailure) -> OpenIDPerson
    {
        let now = loop.wallClock / 1_000
        guard claims.issuer == configuration.issuer else { throw .tokenRejected(part: "iss") }
        guard claims.audience.contains(configuration.clientID) else {
            throw .tokenRejected(part: "aud")
        }
        guard claims.audience.count == 1 || claims.authorizedParty == configuration.clientID,
            claims.authorizedParty.map({ $0 == configuration.clientID }) ?? true
        else { throw .tokenRejected(part: "azp") }
        guard claims.expires > now - Self.clockSkew else { throw .tokenRejected(part: "exp") }
        guard claims.issuedAt < now + Self.clockSkew else { throw .tokenRejected(part: "iat") }
        guard (claims.notBefore ?? 0) < now + Self.clockSkew else {
            throw .tokenRejected(part: "nbf")
        }
        guard claims.nonce == nonce else { throw .tokenRejected(part: "nonce") }
        guard !claims.subject.isEmpty, claims.subject.utf8.count <= 255 else {
            throw .tokenRejected(part: "sub")
        }
        let roles = Set((claims.texts[configuration.rolesClaim] ?? []).compactMap(Role.init))
        guard !roles.isEmpty else { throw .noRole }
        return OpenIDPerson(
            issuer: claims.issuer, subject: claims.subject,
            name: String((claims.name ?? claims.subject).prefix(80)), roles: roles)
    }

    // MARK: The provider

    private func discover() async throws(SignInFailure) -> Provider {
        if let provider, loop.monotonic - provider.readAt < Self.providerLife {
            return provider.value
        }
        let found: Provider = try decode(
            try await read(configuration.issuer + "/.well-known/openid-configuration"))
        // OpenID Connect Discovery 1.0 §4.3: a document about another issuer is not this one's.
        guard found.issuer == configuration.issuer else { throw .tokenRejected(part: "iss") }
        provider = (found, loop.monotonic)
        return found
    }

    private func signingKeys(knowing identifier: String?) async throws(SignInFailure)
        -> JWTKeyCollection
    {
        if let keys {
            let age = loop.monotonic - keys.readAt
            let knows = identifier.map(keys.identifiers.contains) ?? true
            if age < Self.keyRefreshPause || (knows && age < Self.providerLife) {
                guard knows else { throw .tokenRejected(part: "kid") }
                return keys.value
            }
        }
        let set: JWKS = try decode(try await read(try await discover().jwks_uri))
        let collection = JWTKeyCollection()
        do { try await collection.add(jwks: set) } catch { throw .providerUnavailable }
        let identifiers = Set(set.keys.compactMap { $0.keyIdentifier?.string })
        keys = (collection, identifiers, loop.monotonic)
        if let identifier, !identifiers.contains(identifier) { throw .tokenRejected(part: "kid") }
        return collection
    }

    private func read(_ url: String) async throws(SignInFailure) -> [UInt8] {
        let response = try await ask(
            HTTPClientRequest(
                method: .get, url: url, headers: [("accept", "application/json")], body: nil,
                idempotent: true, timeout: Self.answerWait, connectTimeout: Self.answerWait,
                maximumResponseBytes: Self.answerLimit))
        guard response.status == 200 else { throw .providerUnavailable }
        return response.body
    }

    private func ask(_ request: HTTPClientRequest) async throws(SignInFailure) -> HTTPClientResponse
    {
        do { return try await client.send(request) } catch { throw .providerUnavailable }
    }

    private func decode<Value: Decodable>(_ bytes: [UInt8]) throws(SignInFailure) -> Value {
        do { return try JSONDecoder().decode(Value.self, from: Data(bytes)) } catch {
            throw .providerUnavailable
        }
    }
}
