/// A request to somebody else's server.
public struct HTTPClientRequest: Sendable {
    /// What is asked for.
    public var method: HTTPMethod
    /// An absolute http or https address.
    public var url: String
    /// Headers; Host and Content-Length are written by the client.
    public var headers: [(String, String)]
    /// The body, if there is one.
    public var body: [UInt8]?
    /// Whether the request may reach the server twice. If not, it gets a connection of its own: on a
    /// kept one libcurl sends a request again when the connection dies under it, without a word
    /// (measured with 7.88: the peer saw two POSTs).
    public var idempotent: Bool
    /// For everything, from the call to the last byte of the response.
    public var timeout: Duration
    /// For the name look-up, the connection and the TLS handshake.
    public var connectTimeout: Duration
    /// Bytes of the response's body above which it is given up.
    public var maximumResponseBytes: Int

    /// A request of these parts.
    public init(
        method: HTTPMethod, url: String, headers: [(String, String)] = [], body: [UInt8]? = nil,
        idempotent: Bool, timeout: Duration = .seconds(10), connectTimeout: Duration = .seconds(3),
        maximumResponseBytes: Int = 1_024 * 1_024
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.idempotent = idempotent
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.maximumResponseBytes = maximumResponseBytes
    }
}

/// What somebody else's server answered. Redirects are answers, they are not followed.
public struct HTTPClientResponse: Sendable {
    /// The status code.
    public internal(set) var status = 0
    /// Headers in the order they came, names in small letters.
    public internal(set) var headers: [(name: String, value: String)] = []
    /// The body.
    public internal(set) var body: [UInt8] = []

    init() {}

    /// The last header of that name.
    public func header(_ lowercaseName: String) -> String? {
        headers.last { $0.name == lowercaseName }?.value
    }
}

/// Why there is no answer.
public enum HTTPClientError: Error, Equatable {
    /// The request cannot be sent as it is; `field` names what is wrong with it.
    case invalidRequest(field: String)
    /// Too many requests wait already.
    case overloaded
    /// The name has no address, or too many look-ups are under way.
    case unresolved
    /// No connection to any of the name's addresses.
    case refused
    /// The peer's certificate is not trusted, or TLS failed otherwise.
    case untrusted
    /// One of the two times ran out.
    case timedOut(requestMayHaveBeenSent: Bool)
    /// The connection ended, or what came was not HTTP.
    case disconnected(requestMayHaveBeenSent: Bool)
    /// The task was cancelled.
    case cancelled(requestMayHaveBeenSent: Bool)
    /// The client was closed.
    case closed(requestMayHaveBeenSent: Bool)
    /// The response is larger than the request allows.
    case responseTooLarge

    /// False only if not one byte of the request has left: only then may a request that must not
    /// happen twice be sent again.
    public var requestMayHaveBeenSent: Bool {
        switch self {
        case .invalidRequest, .overloaded, .unresolved, .refused, .untrusted: false
        case .timedOut(let sent), .disconnected(let sent), .cancelled(let sent), .closed(let sent):
            sent
        case .responseTooLarge: true
        }
    }
}

extension HTTPClient {
    /// What a client is built with.
    public struct Configuration: Sendable {
        /// Certificates that are trusted, in one PEM file; Debian's by default.
        public var certificateAuthorities = "/etc/ssl/certs/ca-certificates.crt"
        /// Our own certificate and key (PEM files), where the peer wants to know us.
        public var clientCertificate: (certificate: String, key: String)?
        /// Connections to one host at once; more requests wait for one of them.
        public var connectionsPerHost = 16
        /// Connections at once.
        public var connections = 64
        /// Connections that are kept without a request.
        public var idleConnections = 16
        /// Seconds for which such a one is used again.
        public var idleSeconds = 60
        /// Seconds for which an address is remembered.
        public var addressSeconds = 60
        /// Name look-ups at once. Each is a thread of libcurl's, which it does not bound.
        public var lookups = 32
        /// For how long a look-up that nobody waits for any more still counts: its thread lives on.
        public var abandonedLookup: Duration = .seconds(30)
        /// Requests under way or waiting, above which new ones are refused.
        public var requests = 2_000

        /// The defaults.
        public init() {}
    }
}
