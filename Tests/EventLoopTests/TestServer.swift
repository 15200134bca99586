import EventLoop

/// A server with a few routes, and what it saw.
@LoopActor final class TestServer: WebSocketHandler {
    private(set) var server: HTTPServer?
    var seen: [String] = []
    var opened: [WebSocketID] = []
    var closed: [WebSocketID] = []
    var messages: [[UInt8]] = []
    var parked: [HTTPResponder] = []
    var upgrades: [WebSocketUpgrade] = []
    var onText: (@LoopActor (WebSocketID, [UInt8]) -> Void)?
    var onOpen: (@LoopActor (WebSocketID) -> Void)?

    static func start(
        _ loop: Loop, _ change: (inout HTTPServer.Configuration) -> Void = { _ in }
    ) throws(LoopError) -> TestServer {
        var configuration = HTTPServer.Configuration()
        configuration.subprotocols = ["desk.v1", "bot.v1"]
        change(&configuration)
        let test = TestServer()
        test.server = try HTTPServer(
            loop: loop, configuration: configuration,
            route: { [unowned test] in test.route($0) }, admit: { [unowned test] in test.admit($0) }
        )
        return test
    }

    /// Sends `frame` to each socket as soon as it is open.
    func sendWhenOpen(_ frame: OutgoingFrame) {
        onOpen = { [weak self] socket in self?.server?.send(frame, to: socket) }
    }

    /// Answers whoever waits at "/later".
    func answerParked() {
        for responder in parked { responder.respond(HTTPResponse(status: 200)) }
        parked = []
    }

    var port: Int { server?.port ?? 0 }
    var counters: HTTPServerCounters { server?.counters ?? HTTPServerCounters() }

    private func route(_ head: HTTPRequestHead) -> HTTPRouteDecision {
        seen.append("\(head.method.rawValue) \(head.path)")
        switch head.path {
        case "/hello":
            return .respond(.text("hello"))
        case "/query":
            return .respond(.text(head.query ?? "none"))
        case "/who":
            return .respond(.text(head.peerAddress))
        case "/echo":
            return .handle(maximumBodyBytes: 100_000) { request, responder in
                responder.respond(HTTPResponse(status: 200, body: request.body))
            }
        case "/later":
            return .handle(maximumBodyBytes: 100) { [unowned self] _, responder in
                parked.append(responder)
            }
        case "/forgotten":
            return .handle(maximumBodyBytes: 100) { _, _ in }
        case "/large":
            return .respond(
                HTTPResponse(status: 200, body: [UInt8](repeating: 0x61, count: 8_000_000)))
        case "/headers":
            return .respond(.text(head.header("x-one") ?? "none"))
        case "/broken":
            return .respond(HTTPResponse(status: 302, headers: [("Location", "/a\r\nX-Evil: 1")]))
        default:
            return .respond(HTTPResponse(status: 404))
        }
    }

    private func admit(_ upgrade: WebSocketUpgrade) -> WebSocketAdmission {
        upgrades.append(upgrade)
        guard upgrade.path == "/socket" else { return .refuse(status: 404) }
        if let origin = upgrade.origin, origin != "https://desk.example" {
            return .refuse(status: 403)
        }
        return .accept(self)
    }

    func opened(_ socket: WebSocketID) {
        opened.append(socket)
        onOpen?(socket)
    }

    func received(_ socket: WebSocketID, text: [UInt8]) {
        messages.append(text)
        onText?(socket, text)
    }

    func closed(_ socket: WebSocketID) { closed.append(socket) }
}
