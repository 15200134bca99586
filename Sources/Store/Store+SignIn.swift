import Crypto
public import Desk
import Postgres

/// Who somebody is, as the OpenID provider says.
public struct Identity: Equatable, Sendable {
    /// The provider (`iss`).
    public let issuer: String
    /// Its name for the person (`sub`); identity is both together (OpenID Connect Core 1.0, §5.7).
    public let subject: String
    /// What to call them.
    public let name: String
    /// What they may do here.
    public let roles: [String]

    /// An identity with these parts.
    public init(issuer: String, subject: String, name: String, roles: [String]) {
        self.issuer = issuer
        self.subject = subject
        self.name = name
        self.roles = roles
    }
}

/// Stands for a session's secret: its SHA-256.
public struct SessionDigest: Hashable, Sendable {
    let bytes: [UInt8]
    init(bytes: [UInt8]) { self.bytes = bytes }

    /// The digest of the secret that the browser holds.
    public init(of secret: [UInt8]) { bytes = Array(SHA256.hash(data: secret)) }
}

/// A session that is valid now.
public struct Session: Equatable, Sendable {
    /// Names it among the sockets that it opened.
    public let digest: SessionDigest
    /// Whose it is.
    public let person: AgentID
    /// What to call them.
    public let name: String
    /// Their roles as they were at sign-in.
    public let roles: [String]
    /// When it ends.
    public let expiresAt: Instant
}

/// Sign-in, sessions and tickets. Secrets are given as they are and kept as their SHA-256; the time
/// that decides is the caller's, in one statement with what it decides about.
extension Store {
    /// The person's number, minted at their first sign-in; remembers name and roles of now.
    public func enter(_ identity: Identity, at: Instant) async throws(StoreError) -> AgentID {
        // Two first sign-ins at once may draw the same number: the second try finds the row.
        for _ in 0..<3 {
            do throws(StoreError) {
                let result = try await read(
                    SignInStatements.enter,
                    [
                        .int8(desk), .text(identity.issuer), .text(identity.subject),
                        .text(identity.name), .textArray(identity.roles),
                        .timestamp(at.milliseconds),
                    ])
                guard result.rowCount == 1 else { throw .notFound }
                return try value { () throws(PostgresError) in try result.id(0, 0) }
            } catch {
                guard error == .refused(constraint: "persons_pkey") else { throw error }
            }
        }
        throw .unavailable
    }

    /// What these persons are called; who never signed in is left out.
    public func names(of persons: [AgentID]) async throws(StoreError) -> [AgentID: String] {
        guard persons.count <= StoreLimits.listedRows else { throw .invalid(field: "persons") }
        guard !persons.isEmpty else { return [:] }
        let result = try await read(
            SignInStatements.names, [.int8(desk), .int8Array(persons.map(\.number))])
        return try value { () throws(PostgresError) in
            var names: [AgentID: String] = [:]
            for row in 0..<result.rowCount {
                names[try result.id(row, 0)] = try result.text(row, 1)
            }
            return names
        }
    }

    /// Remembers a sign-in under way: `secrets` (nonce, PKCE verifier) are sealed.
    public func beginSignIn(
        state: [UInt8], secrets: [UInt8], expiresAt: Instant
    ) async throws(StoreError) {
        guard let deskKey else { throw .unavailable }
        let sealed = try deskKey.seal(secrets, at: place(.signInSecrets, 0))
        _ = try await read(
            SignInStatements.begin,
            [
                .int8(desk), hashed(state), .bytea(sealed), .timestamp(expiresAt.milliseconds),
            ])
    }

    /// The secrets of the sign-in that began with this state; nil if there is none, it has expired
    /// or was taken before.
    public func takeSignIn(state: [UInt8], at: Instant) async throws(StoreError) -> [UInt8]? {
        guard let deskKey else { throw .unavailable }
        let result = try await read(
            SignInStatements.take, [.int8(desk), hashed(state), .timestamp(at.milliseconds)])
        guard result.rowCount == 1 else { return nil }
        let sealed = try value { () throws(PostgresError) in try result.bytes(0, 0) }
        return try deskKey.open(sealed, at: place(.signInSecrets, 0))
    }

    /// Begins a session.
    public func createSession(
        _ session: [UInt8], person: AgentID, roles: [String], at: Instant, expiresAt: Instant
    ) async throws(StoreError) {
        _ = try await read(
            SignInStatements.createSession,
            [
                .int8(desk), hashed(session), .int8(person.number), .textArray(roles),
                .timestamp(at.milliseconds), .timestamp(expiresAt.milliseconds),
            ])
    }

    /// The session of this secret; nil if it is unknown, has ended or was revoked.
    public func session(_ session: [UInt8], at: Instant) async throws(StoreError) -> Session? {
        try await oneSession(
            SignInStatements.session, [.int8(desk), hashed(session), .timestamp(at.milliseconds)])
    }

    /// Ends a session at sign-out; tells whose sockets to close. Nil: there is no such session.
    public func revokeSession(
        _ session: [UInt8], at: Instant
    ) async throws(StoreError) -> SessionDigest? {
        let result = try await read(
            SignInStatements.revoke, [.int8(desk), hashed(session), .timestamp(at.milliseconds)])
        return result.rowCount == 1 ? SessionDigest(of: session) : nil
    }

    /// Those of these sessions that are no longer valid: signed out on another node, or ended.
    public func ended(
        among sessions: [SessionDigest], at: Instant
    ) async throws(StoreError) -> Set<SessionDigest> {
        guard sessions.count <= StoreLimits.listedRows else { throw .invalid(field: "sessions") }
        guard !sessions.isEmpty else { return [] }
        let result = try await read(
            SignInStatements.valid,
            [.int8(desk), .byteaArray(sessions.map(\.bytes)), .timestamp(at.milliseconds)])
        let valid = try value { () throws(PostgresError) in
            try result.all { row throws(PostgresError) in
                SessionDigest(bytes: try result.bytes(row, 0))
            }
        }
        return Set(sessions).subtracting(valid)
    }

    /// Makes a ticket for one socket of this session; false if the session is not valid.
    public func createTicket(
        _ ticket: [UInt8], session: [UInt8], at: Instant, expiresAt: Instant
    ) async throws(StoreError) -> Bool {
        let result = try await read(
            SignInStatements.createTicket,
            [
                .int8(desk), hashed(ticket), hashed(session), .timestamp(at.milliseconds),
                .timestamp(expiresAt.milliseconds),
            ])
        return result.affectedRows == 1
    }

    /// Uses a ticket up, in one statement: of any number of callers at once exactly one is given the
    /// session. Nil: unknown, used, expired, or its session has ended.
    public func burnTicket(_ ticket: [UInt8], at: Instant) async throws(StoreError) -> Session? {
        try await oneSession(
            SignInStatements.burn, [.int8(desk), hashed(ticket), .timestamp(at.milliseconds)])
    }

    private func oneSession(
        _ statement: PostgresStatement, _ values: [PostgresValue]
    ) async throws(StoreError) -> Session? {
        let result = try await read(statement, values)
        guard result.rowCount == 1 else { return nil }
        return try value { () throws(PostgresError) in
            Session(
                digest: SessionDigest(bytes: try result.bytes(0, 0)),
                person: try result.id(0, 1), name: try result.text(0, 2),
                roles: try result.textArray(0, 3), expiresAt: try result.instant(0, 4))
        }
    }

    private func hashed(_ secret: [UInt8]) -> PostgresValue {
        .bytea(Array(SHA256.hash(data: secret)))
    }
}

/// The statements of sign-in.
enum SignInStatements {
    static let enter = PostgresStatement(
        """
        INSERT INTO persons (desk, person, issuer, subject, name, roles, seen_at)
        SELECT $1, 1 + coalesce((SELECT max(person) FROM persons WHERE desk = $1), 0),
               $2, $3, $4, $5, $6
        ON CONFLICT (desk, issuer, subject) DO UPDATE
           SET name = excluded.name, roles = excluded.roles, seen_at = excluded.seen_at
        RETURNING person
        """)
    static let names = PostgresStatement(
        "SELECT person, name FROM persons WHERE desk = $1 AND person = ANY ($2)")
    static let begin = PostgresStatement(
        "INSERT INTO sign_ins (desk, state, sealed_secrets, expires_at) VALUES ($1, $2, $3, $4)")
    static let take = PostgresStatement(
        """
        WITH taken AS (
            DELETE FROM sign_ins WHERE desk = $1 AND state = $2
            RETURNING sealed_secrets, expires_at)
        SELECT sealed_secrets FROM taken WHERE expires_at > $3
        """)
    static let createSession = PostgresStatement(
        """
        INSERT INTO sessions (desk, session, person, roles, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """)
    private static let sessionColumns = """
        sessions.session, sessions.person, persons.name, sessions.roles, sessions.expires_at
        """
    static let session = PostgresStatement(
        """
        SELECT \(sessionColumns) FROM sessions \(LookedUp.personOfSession)
         WHERE sessions.desk = $1 AND sessions.session = $2 AND sessions.expires_at > $3
           AND sessions.revoked_at IS NULL
        """)
    static let revoke = PostgresStatement(
        """
        UPDATE sessions SET revoked_at = coalesce(revoked_at, $3)
         WHERE desk = $1 AND session = $2 RETURNING session
        """)
    static let valid = PostgresStatement(
        """
        SELECT session FROM sessions
         WHERE desk = $1 AND session = ANY ($2) AND expires_at > $3 AND revoked_at IS NULL
        """)
    static let createTicket = PostgresStatement(
        """
        INSERT INTO tickets (desk, ticket, session, expires_at)
        SELECT $1, $2, sessions.session, $5 FROM sessions
         WHERE sessions.desk = $1 AND sessions.session = $3 AND sessions.expires_at > $4
           AND sessions.revoked_at IS NULL
        """)
    static let burn = PostgresStatement(
        """
        WITH burned AS (
            DELETE FROM tickets WHERE desk = $1 AND ticket = $2 RETURNING desk, session, expires_at)
        SELECT \(sessionColumns)
          FROM burned \(LookedUp.sessionOfTicket) \(LookedUp.personOfSession)
         WHERE burned.expires_at > $3 AND sessions.expires_at > $3
           AND sessions.revoked_at IS NULL
        """)
}
