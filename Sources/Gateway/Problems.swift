import EventLoop
import Wire

extension HTTPResponse {
    /// An error as `application/problem+json` (RFC 9457).
    static func problem(_ problem: Problem, headers: [(String, String)] = []) -> HTTPResponse {
        HTTPResponse(
            status: problem.status,
            headers: [("content-type", Problem.mediaType), ("cache-control", "no-store")] + headers,
            body: problem.encode())
    }

    /// A JSON document that no cache keeps.
    static func document(_ bytes: [UInt8]) -> HTTPResponse {
        HTTPResponse(
            status: 200,
            headers: [
                ("content-type", "application/json"), ("cache-control", "no-store"),
                ("x-content-type-options", "nosniff"),
            ], body: bytes)
    }
}

extension Problem {
    static let unavailable = Problem(.unavailable)
    static let signedOut = Problem(.notSignedIn)

    static func forbidden(field: String) -> Problem { Problem(.forbidden, field: field) }
}

extension SignInFailure {
    /// What the person is told, with what to do.
    var problem: Problem {
        switch self {
        case .providerUnavailable:
            told(503, "The bank's identity provider did not answer. Try again shortly.")
        case .codeRefused:
            told(403, "The identity provider did not confirm this sign-in. Start again.", "code")
        case .tokenRejected(let part):
            told(403, "The identity provider's answer failed a check. Tell your operator.", part)
        case .noRole:
            told(403, "You are known, but not as an agent or supervisor of this desk.", "roles")
        case .unknownSignIn:
            told(400, "This sign-in took too long or was used before. Start again.", "state")
        }
    }

    private func told(_ status: Int, _ detail: String, _ field: String? = nil) -> Problem {
        Problem(
            status: status, code: ProblemCode.signInFailed.rawValue, detail: detail, field: field)
    }
}
