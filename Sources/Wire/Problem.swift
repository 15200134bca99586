public import Desk

/// An error of an HTTP route: `application/problem+json` (RFC 9457).
public struct Problem: Error, Equatable, Sendable {
    /// The media type of the body.
    public static let mediaType = "application/problem+json"

    /// The HTTP status.
    public let status: Int
    /// The stable code of `Schemas/codes.json`.
    public let code: String
    /// What was wrong, for a person; never holds a value that was sent.
    public let detail: String
    /// The field that was wrong, if it was one.
    public let field: String?

    /// The problem with this status.
    public init(status: Int, code: String, detail: String, field: String? = nil) {
        self.status = status
        self.code = code
        self.detail = detail
        self.field = field
    }

    /// The problem of a known code, with its usual words.
    public init(_ code: ProblemCode, field: String? = nil) {
        self.init(status: code.status, code: code.rawValue, detail: code.detail, field: field)
    }

    /// What the desk refused, under the code and words that a console is told (`consoleErrors` in
    /// `Schemas/codes.json`), with the path of the field in the body.
    public init(_ rejection: Rejection, field: String) {
        let code = ConsoleErrorCode(rejection.code)
        self.init(status: 422, code: code.name, detail: code.message, field: field)
    }

    /// A text that is meant for customers holds what may not be sent to them (promise P11).
    public init(guarded field: String) {
        let code = ConsoleErrorCode.guarded
        self.init(status: 422, code: code.name, detail: code.message, field: field)
    }

    /// The body.
    public func encode() -> [UInt8] {
        var writer = JSONWriter(capacity: 192)
        writer.beginObject()
        writer.member("type", "about:blank")
        writer.member("title", ProblemCode.title(status))
        writer.member("status", status)
        writer.member("detail", detail)
        if let field { writer.member("field", field) }
        writer.member("code", code)
        writer.endObject()
        return writer.bytes
    }
}

/// The problems that the HTTP routes answer with; each is in `Schemas/codes.json`.
public enum ProblemCode: String, Sendable, CaseIterable {
    /// The body or a parameter is not what was expected.
    case invalidRequest
    /// A webhook without a signature.
    case signatureMissing
    /// A webhook whose signature is not that of a secret of ours.
    case signatureWrong
    /// The handshake's token is not ours.
    case handshakeRefused
    /// Nobody is signed in.
    case notSignedIn
    /// Signed in, but not allowed; or from another origin.
    case forbidden
    /// The sign-in did not succeed.
    case signInFailed
    /// No such path.
    case notFound
    /// The path has no such method.
    case methodNotAllowed
    /// The body is larger than allowed.
    case tooLarge
    /// Too many requests from there.
    case tooManyRequests
    /// The desk cannot answer now: ask again.
    case unavailable
    /// Another node owns the desk.
    case notOwner
    /// The database would not take it: set aside, on record.
    case quarantined
    /// It is based on a version that is not in force any more.
    case changedMeanwhile

    /// The HTTP status.
    public var status: Int {
        switch self {
        case .invalidRequest, .signInFailed: 400
        case .signatureMissing, .notSignedIn: 401
        case .signatureWrong, .handshakeRefused, .forbidden: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .tooLarge: 413
        case .changedMeanwhile: 409
        case .quarantined: 422
        case .tooManyRequests: 429
        case .unavailable, .notOwner: 503
        }
    }

    /// Whether the same request may succeed later.
    public var isTemporary: Bool {
        switch self {
        case .invalidRequest, .signatureMissing, .signatureWrong, .handshakeRefused,
            .notSignedIn, .forbidden, .signInFailed, .notFound, .methodNotAllowed, .tooLarge,
            .quarantined, .changedMeanwhile:
            false
        case .tooManyRequests, .unavailable, .notOwner: true
        }
    }

    /// What a person reads.
    public var detail: String {
        switch self {
        case .invalidRequest: "The request is not what this path expects."
        case .signatureMissing: "The signature is missing."
        case .signatureWrong: "The signature does not match."
        case .handshakeRefused: "The verification token does not match."
        case .notSignedIn: "Please sign in."
        case .forbidden: "This is not allowed."
        case .signInFailed: "The sign-in did not succeed. Please try again."
        case .notFound: "There is nothing here."
        case .methodNotAllowed: "This path does not take this method."
        case .tooLarge: "The body is too large."
        case .tooManyRequests: "Too many requests. Please wait."
        case .unavailable: "The desk cannot answer now. Please try again."
        case .notOwner: "Another node owns this desk."
        case .quarantined: "The request was set aside for an operator."
        case .changedMeanwhile: "It was changed meanwhile. Read it again, then change that."
        }
    }

    /// The usual words of a status (RFC 9110 §15).
    static func title(_ status: Int) -> String {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 503: "Service Unavailable"
        default: "Error"
        }
    }
}

extension WireError {
    /// The problem that the sender is told.
    public var problem: Problem {
        Problem(
            status: ProblemCode.invalidRequest.status, code: ProblemCode.invalidRequest.rawValue,
            detail: detail, field: field.isEmpty ? nil : field)
    }

    private var detail: String {
        switch code {
        case .json(let code): code.detail
        case .otherObject: "Only webhooks of pages are taken here."
        case .tooManyUpdates: "There are too many updates in one webhook."
        }
    }
}

extension JSONError.Code {
    /// What a person reads.
    var detail: String {
        switch self {
        case .syntax: "This is not JSON."
        case .incomplete: "The JSON ends too early."
        case .trailingBytes: "Something follows the JSON."
        case .tooDeep: "The JSON is nested too deep."
        case .duplicateName: "A name occurs twice."
        case .tooManyMembers: "There are too many members."
        case .wrongType: "The value has the wrong type."
        case .outOfRange: "The number is out of range."
        case .missing: "The field is missing."
        }
    }
}
