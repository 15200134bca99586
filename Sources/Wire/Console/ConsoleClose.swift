/// Why a console's socket is closed; each is in `Schemas/codes.json`. The first are RFC 6455's and
/// its registry's, the others ours (4000–4999 are for private use, its §7.4.2).
public enum ConsoleClose: UInt16, Sendable, CaseIterable {
    /// The console said goodbye.
    case finished = 1000
    /// A frame is larger than allowed.
    case frameTooLarge = 1009
    /// The console reads too slowly: what waited for it was dropped.
    case slowConsumer = 1013
    /// The first frame is not a `hello`.
    case badFirstFrame = 4400
    /// The ticket is not valid, or the session ended.
    case signedOut = 4401
    /// Signed in, but not allowed here.
    case forbidden = 4403
    /// No first frame came in time.
    case helloMissing = 4408
    /// Another node owns the desk.
    case notOwner = 4409
    /// Too many requests.
    case tooManyRequests = 4429
    /// The node ends.
    case draining = 4503

    /// What a client does next.
    public enum Next: String, Sendable, CaseIterable {
        /// Nothing: it ended as wanted.
        case stay
        /// Connect again and resume.
        case reconnect
        /// Connect again and resume, after a random pause of up to two seconds: everybody is asked to
        /// at once.
        case reconnectWithJitter
        /// Connect again and resume, not before half a minute from now.
        case reconnectLater
        /// Sign in, then connect.
        case signIn
        /// Show an error: the same would happen again.
        case giveUp
    }

    /// What a client does next.
    public var next: Next {
        switch self {
        case .finished: .stay
        case .frameTooLarge, .badFirstFrame, .forbidden: .giveUp
        case .slowConsumer, .helloMissing: .reconnect
        case .signedOut: .signIn
        case .notOwner, .draining: .reconnectWithJitter
        case .tooManyRequests: .reconnectLater
        }
    }

    /// The reason that goes into the close frame: a word.
    public var reason: String {
        switch self {
        case .finished: "finished"
        case .frameTooLarge: "frameTooLarge"
        case .slowConsumer: "slowConsumer"
        case .badFirstFrame: "badFirstFrame"
        case .signedOut: "signedOut"
        case .forbidden: "forbidden"
        case .helloMissing: "helloMissing"
        case .notOwner: "notOwner"
        case .tooManyRequests: "tooManyRequests"
        case .draining: "draining"
        }
    }
}
