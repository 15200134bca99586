import Crypto

/// The pretended identity provider: OpenID Connect Core 1.0 with the authorization code flow and
/// PKCE (RFC 7636, S256 only). A value; time and random names come from outside.
struct OpenIDProvider: Sendable {
    struct Client: Sendable {
        var id: String
        var secret: String
        /// Compared exactly. Empty: any address on this machine, for tests on free ports.
        var redirectAddresses: [String]

        func mayReturn(to address: String) -> Bool {
            guard redirectAddresses.isEmpty else { return redirectAddresses.contains(address) }
            return Client.isOnThisMachine(address)
        }

        /// After a sign-out the browser may go to any page of a client that may sign in.
        func mayEndSession(at address: String) -> Bool {
            let origin = Client.origin(address)
            guard redirectAddresses.isEmpty else {
                return redirectAddresses.contains { Client.origin($0) == origin }
            }
            return Client.isOnThisMachine(address)
        }

        private static func isOnThisMachine(_ address: String) -> Bool {
            let origin = origin(address)
            return [
                "http://127.0.0.1", "http://localhost", "https://127.0.0.1", "https://localhost",
            ]
            .contains { origin == $0 || origin.hasPrefix($0 + ":") }
                && !origin.contains("@")
        }

        /// Scheme, host and port: everything before the path.
        private static func origin(_ address: String) -> Substring {
            address.prefix { $0 != "?" && $0 != "#" }
                .split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
                .prefix(3).joined(separator: "/")[...]
        }
    }

    /// A sign-in between the authorization endpoint and the token endpoint.
    private struct Grant: Sendable {
        var person: Person
        var redirectAddress: String
        var challenge: String
        var nonce: String?
        var scope: String
        var authenticated: Int64
        var expires: Int64
        /// Set when the code was exchanged: a second use revokes the token (RFC 6749 §4.1.2).
        var accessToken: String?
    }

    private struct Access: Sendable {
        var person: Person
        var expires: Int64
    }

    let issuer: String
    let client: Client
    private var grants: [String: Grant] = [:]
    private var accesses: [String: Access] = [:]
    private(set) var signedIn: Int64 = 0
    private let signer: TokenSigner
    var misbehaviour = FaultPlan<TokenEffect>()

    init(issuer: String, client: Client) {
        self.issuer = issuer
        self.client = client
        self.signer = TokenSigner()
    }

    /// An error of RFC 6749 or OpenID Connect Core, by its registered name.
    struct Refusal: Error, Sendable {
        var status = 400
        var code: String
        var description: String

        var json: JSONValue {
            ["error": .string(code), "error_description": .string(description)]
        }
    }

    // MARK: documents

    var discovery: JSONValue {
        [
            "issuer": .string(issuer),
            "authorization_endpoint": .string(issuer + "/authorize"),
            "token_endpoint": .string(issuer + "/token"),
            "userinfo_endpoint": .string(issuer + "/userinfo"),
            "jwks_uri": .string(issuer + "/jwks"),
            "end_session_endpoint": .string(issuer + "/end-session"),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "scopes_supported": ["openid", "profile", "email"],
            "token_endpoint_auth_methods_supported": [
                "client_secret_basic", "client_secret_post",
            ],
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": [
                "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "name",
                "preferred_username", "email", "roles",
            ],
            "authorization_response_iss_parameter_supported": true,
        ]
    }

    var keys: JSONValue { ["keys": [signer.publicKey]] }

    // MARK: authorization endpoint

    /// What the browser asked for, checked as far as a person is not needed.
    struct AuthorizationRequest: Sendable {
        var redirectAddress: String
        var state: String?
        /// Nil when the request is good.
        var refusal: Refusal?
    }

    /// Throws when the request does not even show where it may be answered; the browser must not
    /// be sent anywhere then (RFC 6749 §4.1.2.1).
    func check(_ request: FormText) throws(Refusal) -> AuthorizationRequest {
        guard request["client_id"] == client.id else {
            throw Refusal(code: "invalid_request", description: "client_id is not known here")
        }
        guard let address = request["redirect_uri"], client.mayReturn(to: address) else {
            throw Refusal(
                code: "invalid_request", description: "redirect_uri is not registered")
        }
        return AuthorizationRequest(
            redirectAddress: address, state: request["state"], refusal: Self.fault(of: request))
    }

    private static func fault(of request: FormText) -> Refusal? {
        guard request["response_type"] == "code" else {
            return Refusal(
                code: "unsupported_response_type", description: "response_type must be code")
        }
        guard (request["scope"] ?? "").split(separator: " ").contains("openid") else {
            return Refusal(code: "invalid_scope", description: "scope must contain openid")
        }
        guard request["code_challenge_method"] == "S256" else {
            return Refusal(
                code: "invalid_request", description: "code_challenge_method must be S256")
        }
        // 32 bytes in unpadded base64url.
        guard request["code_challenge"]?.utf8.count == 43 else {
            return Refusal(code: "invalid_request", description: "code_challenge is required")
        }
        return nil
    }

    /// Ends the authorization: the person chose who they are.
    mutating func grant(
        _ request: FormText, _ checked: AuthorizationRequest, to person: Person, code: String,
        at now: Int64
    ) {
        forgetExpired(at: now)
        grants[code] = Grant(
            person: person, redirectAddress: checked.redirectAddress,
            challenge: request["code_challenge"] ?? "", nonce: request["nonce"],
            scope: request["scope"] ?? "openid", authenticated: now,
            expires: now + Limits.codeLifetime)
    }

    // MARK: token endpoint

    mutating func exchange(
        _ form: FormText, clientID: String?, clientSecret: String?, accessToken: String,
        at now: Int64
    ) throws(Refusal) -> JSONValue {
        guard clientID == client.id, clientSecret == client.secret else {
            throw Refusal(
                status: 401, code: "invalid_client", description: "client authentication failed")
        }
        guard form["grant_type"] == "authorization_code" else {
            throw Refusal(
                code: "unsupported_grant_type", description: "only authorization_code is supported")
        }
        guard let code = form["code"], var grant = grants[code] else {
            throw Refusal(code: "invalid_grant", description: "code is not known")
        }
        if let used = grant.accessToken {
            accesses[used] = nil
            throw Refusal(code: "invalid_grant", description: "code was used before")
        }
        // One try: a code that failed its check is spent as well.
        grant.accessToken = accessToken
        grants[code] = grant
        guard now < grant.expires else {
            throw Refusal(code: "invalid_grant", description: "code has expired")
        }
        guard form["redirect_uri"] == grant.redirectAddress else {
            throw Refusal(
                code: "invalid_grant",
                description: "redirect_uri differs from the authorization request's")
        }
        let verifier = Array((form["code_verifier"] ?? "").utf8)
        guard Base64URL.encode(Array(SHA256.hash(data: verifier))) == grant.challenge else {
            throw Refusal(
                code: "invalid_grant", description: "code_verifier does not fit code_challenge")
        }
        signedIn += 1
        accesses[accessToken] = Access(person: grant.person, expires: now + Limits.tokenLifetime)
        return [
            "access_token": .string(accessToken), "token_type": "Bearer",
            "expires_in": .integer(Limits.tokenLifetime / 1_000), "scope": .string(grant.scope),
            "id_token": .string(try identityToken(grant, at: now)),
        ]
    }

    private mutating func identityToken(_ grant: Grant, at now: Int64) throws(Refusal) -> String {
        var claims = TokenClaims(
            issuer: issuer, audience: client.id, nonce: grant.nonce, person: grant.person,
            issued: now / 1_000, expires: (now + Limits.tokenLifetime) / 1_000,
            authenticated: grant.authenticated / 1_000)
        let effect = misbehaviour.take()?.effect
        claims.spoil(effect)
        guard let token = signer.token(claims.json, effect) else {
            throw Refusal(status: 500, code: "server_error", description: "signing failed")
        }
        return token
    }

    // MARK: userinfo

    func userInfo(accessToken: String?, at now: Int64) -> JSONValue? {
        guard let accessToken, let access = accesses[accessToken], now < access.expires else {
            return nil
        }
        return .object(
            [.init(name: "sub", value: .string(access.person.subject))] + access.person.claims)
    }

    mutating func reset() {
        grants = [:]
        accesses = [:]
        misbehaviour.clear()
    }

    private mutating func forgetExpired(at now: Int64) {
        guard grants.count >= Limits.signIns || accesses.count >= Limits.signIns else { return }
        grants = grants.filter { now < $0.value.expires }
        accesses = accesses.filter { now < $0.value.expires }
        // Still full of live ones: the sandbox starts over rather than grow.
        if grants.count >= Limits.signIns { grants = [:] }
        if accesses.count >= Limits.signIns { accesses = [:] }
    }
}

extension Person {
    var claims: [JSONValue.Member] {
        [
            .init(name: "name", value: .string(name)),
            .init(name: "preferred_username", value: .string(subject)),
            .init(name: "email", value: .string(email)),
            .init(name: "roles", value: .array(roles.map { .string($0) })),
        ]
    }
}
