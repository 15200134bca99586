import Crypto
import Desk
import EventLoop
import Store
import Wire

/// Who may administer a desk: a supervisor by their session's cookie, or the operator by a token, where
/// one is configured.
@LoopActor struct AdministrationDoor {
    /// Requests that change something carry this header: other sites' forms cannot (OWASP CSRF).
    static let ownHeader = "x-ventanilla"
    private static let scheme = "Bearer "

    let store: Store
    let cookies: SessionCookie
    /// Digest of the operator's token; `nil`: there is no such way in.
    let operatorToken: SHA256.Digest?

    /// Who asks, if they may.
    func person(_ head: HTTPRequestHead, isChange: Bool, at now: Instant) async -> Result<
        AgentID, Problem
    > {
        if let authorization = head.header("authorization") {
            return isOperator(authorization)
                ? .success(.operator) : .failure(Problem(.notSignedIn, field: "authorization"))
        }
        if isChange, head.header(Self.ownHeader) == nil {
            return .failure(.forbidden(field: Self.ownHeader))
        }
        guard let secret = cookies.secret(in: head.header("cookie")) else {
            return .failure(.signedOut)
        }
        do {
            guard let session = try await store.session(secret, at: now) else {
                return .failure(.signedOut)
            }
            return session.roles.contains(Role.supervisor.rawValue)
                ? .success(session.person) : .failure(.forbidden(field: "roles"))
        } catch {
            return .failure(.unavailable)
        }
    }

    /// Digests are compared, all of them, so that the time tells nothing of the token.
    private func isOperator(_ authorization: String) -> Bool {
        guard let operatorToken, authorization.hasPrefix(Self.scheme) else { return false }
        let given = SHA256.hash(data: Array(authorization.dropFirst(Self.scheme.count).utf8))
        return zip(given, operatorToken).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
