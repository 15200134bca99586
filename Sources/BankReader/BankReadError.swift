/// Why something could not be read from the bank. Each is counted under its name; none holds a value
/// of the bank's.
public enum BankReadError: String, Error, Sendable, CaseIterable {
    /// The bank failed too often just now and is left alone for a while.
    case breakerOpen
    /// Too many calls wait already.
    case overloaded
    /// No connection: nothing of the request has left.
    case unreachable
    /// The connection ended without an answer.
    case disconnected
    /// No answer in time.
    case timedOut
    /// The bank answered 401: the token counts no more.
    case unauthorized
    /// The bank answered 403: it does not let this person see this customer.
    case forbidden
    /// The bank answered 429.
    case limited
    /// The bank, or what stands before it, answered 502, 503 or 504.
    case unavailable
    /// The bank answered with another error of its own (5xx).
    case failed
    /// The bank answered anything else but 200, redirects included.
    case refused
    /// The answer is not a document of the dialect, or is the answer to another call.
    case unreadable
    /// The answer is larger than ``ReadLimits/answerBytes``.
    case tooLarge
    /// The bank named a next page that is not a page of the same list under its own address.
    case foreignLink
    /// The answer holds rows of another account than was asked for.
    case anotherAccount
    /// An account's name cannot be part of an address.
    case badName
    /// The token endpoint did not give a token.
    case tokenUnavailable
    /// The token endpoint gave a token that allows more, or lives longer, than was asked for.
    case tokenTooWide

    /// Whether the same call may go well a moment later.
    var isWorthRepeating: Bool { self == .unreachable || self == .unavailable }

    /// Whether a bank that works may have answered so.
    var isOfAWorkingBank: Bool {
        switch self {
        case .unauthorized, .forbidden, .refused, .badName: true
        case .breakerOpen, .overloaded, .unreachable, .disconnected, .timedOut, .limited,
            .unavailable, .failed, .unreadable, .tooLarge, .foreignLink, .anotherAccount,
            .tokenUnavailable, .tokenTooWide:
            false
        }
    }

    /// Whether the bank said that this person may not see this: nothing kept is shown then.
    var endsTheGrant: Bool { self == .unauthorized || self == .forbidden }
}
