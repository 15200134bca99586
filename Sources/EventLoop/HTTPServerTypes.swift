/// What a route says to a request's head, before any of its body is read.
public enum HTTPRouteDecision {
    /// Read a body of at most so many bytes (a longer one is answered 413), then call.
    case handle(
        maximumBodyBytes: Int,
        @LoopActor (_ request: HTTPRequest, _ responder: HTTPResponder) -> Void)
    /// Answer at once; a body that was announced is not read and the connection is closed.
    case respond(HTTPResponse)
}

extension HTTPServer {
    /// Everything that a server bounds. Times are whole seconds where libwebsockets keeps them.
    public struct Limits: Sendable {
        /// Request line and headers together. 16 KiB: single sign-on cookies and tokens exceed 4.
        public var headBytes = 16 * 1_024
        /// From a request's first byte to the end of its head.
        public var headTime: Duration = .seconds(10)
        /// From the end of the head to the end of the body.
        public var bodyTime: Duration = .seconds(30)
        /// What has come of all requests' bodies that are not answered yet; above it whose bytes come
        /// next is answered 503. A body (3 MB at most) is kept before its signature can be checked, so
        /// that strangers could otherwise fill the memory with one on each connection: 60 GB.
        public var bodyBytes = 64 * 1_024 * 1_024
        /// A kept connection between two requests.
        public var keepAliveTime: Duration = .seconds(75)
        /// A response of which the peer takes no byte.
        public var writeTime: Duration = .seconds(20)
        /// After a closing response, to let the peer read it before the connection is reset.
        public var lingerTime: Duration = .seconds(2)
        /// Connections of all kinds at once; above it new ones are closed at once.
        public var connections = 20_000
        /// Connections of one address at once; of a trusted proxy, sockets of one forwarded address
        /// (see ``HTTPServer/takePlace(of:)``). Browsers of one office share an address.
        public var connectionsPerAddress = 1_000
        /// One WebSocket message, over all its fragments (close code 1009 above it).
        public var messageBytes = 64 * 1_024
        /// Fragments of one WebSocket message (close code 1009 above it).
        public var messageFragments = 64
        /// What waits for one slow socket (close code 1013 above it).
        public var queuedBytes = 1_024 * 1_024
        /// Silence after which a socket is pinged.
        public var pingSeconds = 25
        /// Silence after which a socket is cut.
        public var hangUpSeconds = 60
        /// For a socket that we close, to take what is queued and our close frame.
        public var closeSeconds = 5
        /// When shutting down: for the answer to a close frame that the peer's machine has taken.
        /// The peer has been told all it needs to, so waiting is a courtesy; browsers answer without
        /// asking the page, within a round trip.
        public var closeAnswerSeconds = 1

        /// The defaults.
        public init() {}
    }

    /// What a server is built with.
    ///
    /// It speaks plain HTTP/1.1: TLS ends at the reverse proxy in front, which must set
    /// `Upgrade: websocket` itself and not pass on what came.
    public struct Configuration: Sendable {
        /// A numeric IPv4 or IPv6 address.
        public var address = "127.0.0.1"
        /// 0 = a free one; `HTTPServer.port` tells which.
        public var port = 0
        /// The subprotocols that a socket may ask for; one of them is required.
        public var subprotocols: [String] = []
        /// Numeric addresses whose `X-Forwarded-For` is believed, and whose connections are not
        /// counted as one client's.
        public var trustedProxies: [String] = []
        /// Everything bounded.
        public var limits = Limits()

        /// The defaults.
        public init() {}
    }
}

/// What a server counts; each only grows, but for the three that say "open".
public struct HTTPServerCounters: Sendable {
    /// Connections now, sockets included.
    public internal(set) var openConnections = 0
    /// WebSockets now.
    public internal(set) var openSockets = 0
    /// Bytes of bodies in memory now, of requests that are not answered yet.
    public internal(set) var openBodyBytes = 0
    /// Bodies refused because those of all requests had taken all the room.
    public internal(set) var refusedBodies = 0
    /// Connections accepted.
    public internal(set) var acceptedConnections = 0
    /// Connections closed at once because all or one address's places were taken.
    public internal(set) var refusedConnections = 0
    /// Requests given to a handler or answered by a route.
    public internal(set) var requests = 0
    /// Requests and upgrades that were answered an error (400 and above), by its status, whether
    /// for their form or by a route, a handler or `admit`.
    public internal(set) var refusedRequests: [Int: Int] = [:]
    /// Connections cut because head, body or reading of a response took too long.
    public internal(set) var slowConnectionsCut = 0
    /// Requests whose peer had gone when they were answered.
    public internal(set) var peersGone = 0
    /// Requests that no handler answered.
    public internal(set) var unansweredRequests = 0
    /// WebSockets opened.
    public internal(set) var openedSockets = 0
    /// Upgrades refused, by the server or by `admit`.
    public internal(set) var refusedUpgrades = 0
    /// Messages received and sent.
    public internal(set) var messagesReceived = 0
    /// Messages handed to a socket or its queue.
    public internal(set) var messagesSent = 0
    /// Payload bytes received on sockets.
    public internal(set) var bytesReceived = 0
    /// Payload bytes handed to sockets.
    public internal(set) var bytesSent = 0
    /// Sockets closed because their queue was full (1013).
    public internal(set) var slowSocketsCut = 0
    /// Sockets closed for a message over a limit (1009) or of the binary kind (1003), or for a frame
    /// without a mask (1002).
    public internal(set) var offendingSocketsCut = 0

    /// All zero.
    public init() {}
}

/// A request to open a socket.
public struct WebSocketUpgrade: Sendable {
    let head: HTTPRequestHead

    /// The path as sent, not decoded, without the query.
    public var path: String { head.path }
    /// What follows "?", as sent.
    public var query: String? { head.query }
    /// Every value offered in Sec-WebSocket-Protocol, in order. The first is not necessarily one
    /// that the server speaks; at least one is.
    public let subprotocols: [String]
    /// The Origin header.
    public var origin: String? { head.header("origin") }
    /// The Cookie header.
    public var cookie: String? { head.header("cookie") }
    /// The peer's address.
    public var peerAddress: String { head.peerAddress }

    /// Any other header.
    public func header(_ lowercaseName: String) -> String? { head.header(lowercaseName) }
}

/// Whether a socket may open.
public enum WebSocketAdmission {
    /// It opens, and this hears of it.
    case accept(any WebSocketHandler)
    /// It is answered this status.
    case refuse(status: Int)
}

/// Hears of sockets. None of it may wait: the loop serves everybody else meanwhile.
@LoopActor public protocol WebSocketHandler: AnyObject {
    /// The socket may be written to.
    func opened(_ socket: WebSocketID)
    /// A whole text message (UTF-8, checked) came.
    func received(_ socket: WebSocketID, text: [UInt8])
    /// The socket is gone, whoever closed it: exactly once for each that opened.
    func closed(_ socket: WebSocketID)
}

/// Names a socket; a name is never given twice in a process.
public struct WebSocketID: Hashable, Sendable, CustomStringConvertible {
    let number: UInt64

    /// The number, for logs.
    public var description: String { String(number) }
}
