import Desk
import DeskRunner
import EventLoop
import Logging
import Metrics
import Store
import Wire

/// Sign-in, sign-out, who am I, and the ticket for a socket. Tokens of the identity provider stay here:
/// the browser holds a session's secret in a cookie that scripts cannot read.
@LoopActor final class SignInRoutes {
    /// How long a sign-in may take, in milliseconds.
    private static let signInLife: Int64 = 600_000
    /// How long a ticket is good for, in seconds: the socket opens right after.
    private static let ticketSeconds = 30
    /// Requests that change something carry this header: other sites' forms cannot (OWASP CSRF).
    private static let ownHeader = "x-ventanilla"

    private let store: Store
    private let runner: DeskRunner
    private let client: OpenIDClient
    private let people: People
    private let cookies: SessionCookie
    private let origins: Set<String>
    private let redirect: String
    private let prefix: String
    private let desk: Int64
    private let sessionLife: Int64
    private let log: Logger
    private let failures = Counter(label: "ventanilla_sign_ins_failed_total")
    private let successes = Counter(label: "ventanilla_sign_ins_total")
    /// Told when a session ended, so that its sockets close at once.
    var sessionEnded: @LoopActor (SessionDigest) -> Void = { _ in }

    init(
        store: Store, runner: DeskRunner, client: OpenIDClient, people: People,
        cookies: SessionCookie, publicURL: PublicURL, origins: Set<String>, desk: Int64,
        sessionLife: Int64, log: Logger
    ) {
        self.store = store
        self.runner = runner
        self.client = client
        self.people = people
        self.cookies = cookies
        self.origins = origins
        self.desk = desk
        self.sessionLife = sessionLife
        self.log = log
        prefix = "/desks/\(desk)"
        redirect = "\(publicURL.origin)/desks/\(desk)/sign-in/callback"
    }

    /// What to do with a request for one of these paths; `nil` when it is none of them.
    func route(_ head: HTTPRequestHead) -> HTTPRouteDecision? {
        switch (head.method, head.path) {
        case (.get, "\(prefix)/sign-in"): handling { await self.begin() }
        case (.get, "\(prefix)/sign-in/callback"): handling { await self.finish(head) }
        case (.post, "\(prefix)/sign-out"): handling { await self.signOut(head) }
        case (.get, "\(prefix)/session"): handling { await self.whoAmI(head) }
        case (.post, "\(prefix)/ws-ticket"): handling { await self.ticket(head) }
        default: nil
        }
    }

    private func handling(_ body: @escaping @LoopActor () async -> HTTPResponse)
        -> HTTPRouteDecision
    {
        .handle(maximumBodyBytes: 1_024) { _, responder in
            startOnLoop { responder.respond(await body()) }
        }
    }

    // MARK: Signing in

    private func begin() async -> HTTPResponse {
        let state = Secret.make()
        let nonce = Base64URL.encode(Secret.make())
        let verifier = Base64URL.encode(Secret.make())
        do {
            let target = try await client.authorizationURL(
                redirect: redirect, state: Base64URL.encode(state), nonce: nonce,
                challenge: Secret.challenge(for: verifier))
            try await store.beginSignIn(
                state: state, secrets: Array("\(nonce) \(verifier)".utf8),
                expiresAt: runner.now().adding(milliseconds: Self.signInLife))
            return HTTPResponse(
                status: 302, headers: [("location", target), ("cache-control", "no-store")],
                body: [])
        } catch let failure as SignInFailure {
            return refused(failure)
        } catch {
            return .problem(.unavailable)
        }
    }

    private func finish(_ head: HTTPRequestHead) async -> HTTPResponse {
        guard let query = FormEncoding.decode(head.query ?? ""),
            let state = query["state"].flatMap(Base64URL.decode), state.count == Secret.length
        else { return refused(.unknownSignIn) }
        do {
            guard let stored = try await store.takeSignIn(state: state, at: runner.now()) else {
                return refused(.unknownSignIn)
            }
            guard let code = query["code"], !code.isEmpty else { return refused(.codeRefused) }
            let secrets = String(decoding: stored, as: UTF8.self).split(separator: " ")
            guard secrets.count == 2 else { return refused(.unknownSignIn) }
            let person = try await client.person(
                code: code, redirect: redirect, verifier: String(secrets[1]),
                nonce: String(secrets[0]))
            return try await enter(person)
        } catch let failure as SignInFailure {
            return refused(failure)
        } catch {
            return .problem(.unavailable)
        }
    }

    private func enter(_ identity: OpenIDPerson) async throws -> HTTPResponse {
        let roles = identity.roles.map(\.rawValue).sorted()
        let now = runner.now()
        let person = try await store.enter(
            Identity(
                issuer: identity.issuer, subject: identity.subject, name: identity.name,
                roles: roles),
            at: now)
        let secret = Secret.make()
        try await store.createSession(
            secret, person: person, roles: roles, at: now,
            expiresAt: now.adding(milliseconds: sessionLife))
        successes.increment()
        log.info("a person signed in", metadata: ["person": "\(person.number)"])
        return HTTPResponse(
            status: 302,
            headers: [
                ("location", "/"), ("cache-control", "no-store"),
                ("set-cookie", cookies.setting(secret, seconds: sessionLife / 1_000)),
            ], body: [])
    }

    /// A person sees why, in words; the log and the metric see which check failed.
    private func refused(_ failure: SignInFailure) -> HTTPResponse {
        failures.increment()
        log.notice("a sign-in was refused", metadata: ["check": "\(failure)"])
        return .problem(failure.problem)
    }

    // MARK: With a session

    private func signOut(_ head: HTTPRequestHead) async -> HTTPResponse {
        guard head.header(Self.ownHeader) != nil else {
            return .problem(.forbidden(field: Self.ownHeader))
        }
        guard let secret = cookies.secret(in: head.header("cookie")) else {
            return .problem(.signedOut)
        }
        do {
            if let ended = try await store.revokeSession(secret, at: runner.now()) {
                sessionEnded(ended)
            }
        } catch { return .problem(.unavailable) }
        return HTTPResponse(
            status: 204,
            headers: [("set-cookie", cookies.clearing), ("cache-control", "no-store")], body: [])
    }

    private func whoAmI(_ head: HTTPRequestHead) async -> HTTPResponse {
        do {
            guard let session = try await session(head) else { return .problem(.signedOut) }
            people.learn(session)
            return .document(SessionDocument.person(people.card(session), desk: desk))
        } catch { return .problem(.unavailable) }
    }

    private func ticket(_ head: HTTPRequestHead) async -> HTTPResponse {
        guard head.header(Self.ownHeader) != nil else {
            return .problem(.forbidden(field: Self.ownHeader))
        }
        guard let origin = head.header("origin"), origins.contains(origin) else {
            return .problem(.forbidden(field: "origin"))
        }
        guard let secret = cookies.secret(in: head.header("cookie")) else {
            return .problem(.signedOut)
        }
        do {
            let ticket = Secret.make()
            let expires = runner.now().adding(milliseconds: Int64(Self.ticketSeconds) * 1_000)
            guard try await session(head) != nil,
                try await store.createTicket(
                    ticket, session: secret, at: runner.now(), expiresAt: expires)
            else { return .problem(.signedOut) }
            return .document(
                SessionDocument.ticket(
                    Base64URL.encode(ticket), expiresInSeconds: Self.ticketSeconds))
        } catch { return .problem(.unavailable) }
    }

    private func session(_ head: HTTPRequestHead) async throws -> Session? {
        guard let secret = cookies.secret(in: head.header("cookie")) else { return nil }
        return try await store.session(secret, at: runner.now())
    }
}
