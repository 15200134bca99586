import EventLoop
import JWTKit
import Wire

/// Tokens by which an agent reads one customer's accounts: exchanged (RFC 8693) for two assertions of
/// ours, one that names the customer and one that names the agent, as a client that signs
/// (`private_key_jwt`, OpenID Connect Core 1.0 §9). Held in memory alone, one for each grant.
///
/// The one place of this room that sends anything but a read, to one address, with a form.
@LoopActor final class StaffTokens {
    private struct Token {
        let text: String
        /// By the monotonic clock.
        let endsAt: Int64
    }
    private struct Assertion: JWTPayload {
        let iss: String
        let sub: String
        let aud: String
        let jti: String
        let iat: Int64
        let exp: Int64
        var idp: String?
        var conversation: String?
        var purpose: String?

        /// Made here and never read back.
        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }

    /// All that a token may allow.
    private static let scope = "accounts"

    private let loop: Loop
    private let client: HTTPClient
    private let configuration: BankConfiguration
    private var signer: JWTKeyCollection?
    private var tokens: [BankGrant: Token] = [:]
    private let flights = Flights<BankGrant, Result<String, BankReadError>>()
    /// Grants that ended while their token was on its way: it is used by nobody.
    private var ended: Set<BankGrant> = []

    init(loop: Loop, client: HTTPClient, configuration: BankConfiguration) {
        self.loop = loop
        self.client = client
        self.configuration = configuration
    }

    /// A token for this ask, a new one where there is none that lives long enough.
    func token(
        for ask: AccountAsk, through exchange: @escaping Exchange
    ) async throws(BankReadError) -> String {
        if let token = tokens[ask.grant], token.endsAt > loop.monotonic { return token.text }
        let result = await flights.join(ask.grant) { await self.mint(ask, exchange) }
        return try result.get()
    }

    /// Sends the one request of an exchange, guarded like every call.
    typealias Exchange = @LoopActor (HTTPClientRequest) async -> Result<[UInt8], BankReadError>

    /// Forgets the tokens of such grants.
    func forget(_ isEnded: (BankGrant) -> Bool) {
        tokens = tokens.filter { !isEnded($0.key) }
        for grant in flights.keys where isEnded(grant) { ended.insert(grant) }
    }

    private func mint(
        _ ask: AccountAsk, _ exchange: Exchange
    ) async -> Result<String, BankReadError> {
        guard let form = try? await form(for: ask) else { return .failure(.tokenUnavailable) }
        let askedAt = loop.monotonic
        let answer = await exchange(
            HTTPClientRequest(
                method: .post, url: configuration.tokenURL,
                headers: [
                    ("content-type", "application/x-www-form-urlencoded"),
                    ("accept", "application/json"),
                ],
                body: Array(form.utf8), idempotent: false,
                timeout: .milliseconds(ReadLimits.call), connectTimeout: ReadLimits.connect,
                maximumResponseBytes: ReadLimits.tokenAnswerBytes))
        let isEnded = ended.remove(ask.grant) != nil
        return answer.flatMap { body in
            switch TokenAnswer.parse(body, scope: Self.scope) {
            case .failure(let error): return .failure(error)
            case .success(let token):
                let endsAt = askedAt + token.seconds * 1_000 - ReadLimits.tokenMargin
                guard !isEnded else { return .failure(.tokenUnavailable) }
                keep(Token(text: token.text, endsAt: endsAt), for: ask.grant)
                return .success(token.text)
            }
        }
    }

    private func keep(_ token: Token, for grant: BankGrant) {
        let now = loop.monotonic
        if tokens.count >= ReadLimits.tokens { tokens = tokens.filter { $0.value.endsAt > now } }
        guard tokens.count < ReadLimits.tokens else { return }
        tokens[grant] = token
    }

    // MARK: The request

    private func form(for ask: AccountAsk) async throws -> String {
        let signer = try await keys()
        let jwt = "urn:ietf:params:oauth:token-type:jwt"
        let pairs = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("scope", Self.scope),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("subject_token", try await sign(assertion(of: ask.reference), signer)),
            ("subject_token_type", jwt),
            ("actor_token", try await sign(actor(of: ask), signer)),
            ("actor_token_type", jwt),
            ("client_id", configuration.clientID),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            ),
            (
                "client_assertion",
                try await sign(assertion(of: configuration.clientID), signer)
            ),
        ]
        return pairs.map { "\($0.0)=\(FormText.escape($0.1))" }.joined(separator: "&")
    }

    private func assertion(of subject: String) -> Assertion {
        let now = loop.wallClock / 1_000
        return Assertion(
            iss: configuration.clientID, sub: subject, aud: configuration.tokenURL,
            jti: BankNames.uuid(), iat: now, exp: now + ReadLimits.assertionSeconds)
    }

    private func actor(of ask: AccountAsk) -> Assertion {
        var actor = assertion(of: ask.subject)
        actor.idp = ask.issuer
        actor.conversation = String(ask.grant.conversation)
        actor.purpose = ask.purpose
        return actor
    }

    private func sign(_ assertion: Assertion, _ signer: JWTKeyCollection) async throws -> String {
        try await signer.sign(
            assertion, kid: configuration.keyID.map { JWKIdentifier(string: $0) })
    }

    private func keys() async throws -> JWTKeyCollection {
        if let signer { return signer }
        let made = JWTKeyCollection()
        await made.add(
            ecdsa: configuration.key, kid: configuration.keyID.map { JWKIdentifier(string: $0) })
        signer = made
        return made
    }
}

/// What a token endpoint answers (RFC 6749 §5.1, RFC 8693 §2.2.1).
struct TokenAnswer {
    let text: String
    let seconds: Int64

    /// The token, if it is what was asked for: a bearer token for exactly this scope that lives no
    /// longer than ``ReadLimits/tokenSeconds``. Scope and life may be left out by the standard where
    /// they are as requested; here both must be said, so that nothing wider is held unknowingly.
    static func parse(_ body: [UInt8], scope: String) -> Result<TokenAnswer, BankReadError> {
        var reader = JSONReader(body)
        var fields: [String: String] = [:]
        var seconds: Int64?
        do {
            try reader.beginObject()
            while let name = try reader.nextName() {
                switch name {
                case "access_token", "token_type", "scope":
                    fields[name] = try reader.string()
                case "expires_in": seconds = try reader.integer()
                default: try reader.skip()
                }
            }
            try reader.end()
        } catch {
            return .failure(.tokenUnavailable)
        }
        guard let text = fields["access_token"], isBearer(text),
            fields["token_type"]?.lowercased() == "bearer"
        else { return .failure(.tokenUnavailable) }
        guard fields["scope"] == scope, let seconds,
            (1...ReadLimits.tokenSeconds).contains(seconds)
        else { return .failure(.tokenTooWide) }
        return .success(TokenAnswer(text: text, seconds: seconds))
    }

    /// `b64token` (RFC 6750 §2.1): nothing in it can end a header's line.
    private static func isBearer(_ text: String) -> Bool {
        (1...8_192).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."),
                    UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"),
                    UInt8(ascii: "="):
                    true
                default: false
                }
            }
    }
}

/// Values of `application/x-www-form-urlencoded` (WHATWG URL §5).
enum FormText {
    static func escape(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: bytes.append(byte)
            default: bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
