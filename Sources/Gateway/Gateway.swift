import BankReader
import Crypto
import Desk
public import DeskRunner
public import EventLoop
public import Logging
import Metrics
public import Store
import Wire

/// What a gateway is configured with.
public struct GatewayConfiguration: Sendable {
    /// The desk.
    public var desk: Int64
    /// Where and with which limits to listen.
    public var server: HTTPServer.Configuration
    /// What browsers call this server.
    public var publicURL: PublicURL
    /// Further origins that may open sockets.
    public var origins: Set<String>
    /// The identity provider.
    public var signIn: SignInConfiguration
    /// How long a session lasts, in milliseconds.
    public var sessionLife: Int64
    /// Meta's webhooks.
    public var webhook: WebhookConfiguration
    /// The console's files.
    public var pages: StaticPages
    /// The token by which the operator administers the desk; `nil`: only supervisors do.
    public var operatorToken: [UInt8]?
    /// The bank whose accounts agents see; `nil`: none.
    public var bank: BankConnection?

    /// A gateway with these parts.
    public init(
        desk: Int64, server: HTTPServer.Configuration, publicURL: PublicURL, origins: Set<String>,
        signIn: SignInConfiguration, sessionLife: Int64, webhook: WebhookConfiguration,
        pages: StaticPages, operatorToken: [UInt8]? = nil, bank: BankConnection? = nil
    ) {
        self.desk = desk
        self.server = server
        self.publicURL = publicURL
        self.origins = origins
        self.signIn = signIn
        self.sessionLife = sessionLife
        self.webhook = webhook
        self.pages = pages
        self.operatorToken = operatorToken
        self.bank = bank
    }
}

/// The door of a desk: every request and every socket comes in here and nowhere else.
@LoopActor public final class Gateway {
    private let configuration: GatewayConfiguration
    private let loop: Loop
    private let store: Store
    private let runner: DeskRunner
    private let hub: ConsoleHub
    private let signIn: SignInRoutes
    private let administration: AdministrationRoutes
    private let webhook: WebhookReceiver
    private let bank: BankReader?
    private let metrics: PrometheusRegistry
    private let prefix: String
    private var server: HTTPServer?
    private var isDraining = false
    private var doorFigures = DoorFigures()
    private var inputFigures = InputFigures()

    /// The port that it listens on, once it does.
    public var port: Int? { server?.port }

    /// A gateway that does not listen yet. `client` reaches the identity provider.
    public init(
        loop: Loop, store: Store, runner: DeskRunner, client: HTTPClient,
        metrics: PrometheusRegistry, configuration: GatewayConfiguration, log: Logger
    ) {
        self.loop = loop
        self.store = store
        self.runner = runner
        self.metrics = metrics
        self.configuration = configuration
        prefix = "/desks/\(configuration.desk)"
        let people = People(store: store)
        let cookies = SessionCookie(publicURL: configuration.publicURL)
        let origins = configuration.origins.union([configuration.publicURL.origin])
        let bank = configuration.bank.map { bank in
            BankReader(loop: loop, configuration: bank.configuration, log: log) {
                BankMetrics.record($0)
            }
        }
        self.bank = bank
        let hub = ConsoleHub(
            loop: loop, runner: runner, store: store, desk: configuration.desk, origins: origins,
            people: people, cookies: cookies, bank: bank, log: log)
        self.hub = hub
        signIn = SignInRoutes(
            store: store, runner: runner,
            client: OpenIDClient(loop: loop, client: client, configuration: configuration.signIn),
            people: people, cookies: cookies, publicURL: configuration.publicURL, origins: origins,
            desk: configuration.desk, sessionLife: configuration.sessionLife, log: log)
        signIn.sessionEnded = { [weak hub] session in hub?.endSession(session) }
        administration = AdministrationRoutes(
            runner: runner, store: store,
            door: AdministrationDoor(
                store: store, cookies: cookies,
                operatorToken: configuration.operatorToken.map { SHA256.hash(data: $0) }),
            desk: configuration.desk, log: log)
        webhook = WebhookReceiver(
            runner: runner, store: store, configuration: configuration.webhook,
            desk: configuration.desk, log: log)
        runner.add(hub)
    }

    /// Reads what the first call to the bank would hold the loop for. Call before listening.
    public func warm() async { await bank?.warm() }

    /// Begins to listen.
    public func listen() throws(LoopError) {
        let server = try HTTPServer(
            loop: loop, configuration: configuration.server,
            route: { [weak self] head in
                guard let self else { return .respond(.problem(.unavailable)) }
                return self.route(head)
            },
            admit: { [weak self] upgrade in
                guard let self else { return .refuse(status: 503) }
                return self.admit(upgrade)
            })
        self.server = server
        hub.serve(on: server)
    }

    /// Says it is not ready, tells the consoles to come back later and takes nothing new.
    public func drain(reconnectAfter milliseconds: Int64) {
        isDraining = true
        hub.drain(reconnectAfter: milliseconds)
    }

    /// Closes what is left. Call after the desk is drained, so that its last answers went out.
    public func shutDown() async {
        await server?.shutDown()
        bank?.close()
    }

    // MARK: Routes

    /// Exact paths alone, on the bytes as they came.
    private func route(_ head: HTTPRequestHead) -> HTTPRouteDecision {
        if let page = configuration.pages[head.path] {
            return head.method == .get || head.method == .head
                ? .respond(page)
                : .respond(
                    .problem(
                        Problem(.methodNotAllowed, field: "method"),
                        headers: [("allow", "GET, HEAD")]))
        }
        if let decision = signIn.route(head) ?? administration.route(head) { return decision }
        switch (head.path, head.method) {
        case ("\(prefix)/webhooks/meta", .post): return takeWebhook()
        case ("\(prefix)/webhooks/meta", .get): return .respond(webhook.handshake(head))
        case ("/livez", .get): return .respond(.plain(200, "alive\n"))
        case ("/readyz", .get): return .respond(readiness)
        case ("/metrics", .get): return .respond(figures)
        case ("\(prefix)/owner", .get):
            return .respond(
                runner.isOwner && !isDraining
                    ? .plain(200, "owner\n") : .plain(503, "not the owner\n"))
        default: return .respond(.problem(Problem(.notFound)))
        }
    }

    private func takeWebhook() -> HTTPRouteDecision {
        guard !isDraining else {
            return .respond(.problem(.unavailable, headers: [("retry-after", "1")]))
        }
        return .handle(maximumBodyBytes: WebhookReceiver.maximumBodyBytes) { request, responder in
            self.webhook.receive(request, responder)
        }
    }

    private func admit(_ upgrade: WebSocketUpgrade) -> WebSocketAdmission {
        upgrade.path == "\(prefix)/console" ? hub.admit(upgrade) : .refuse(status: 404)
    }

    /// Ready is who can serve: the owner with its state read, or a node that stands by for it.
    private var readiness: HTTPResponse {
        if isDraining { return .plain(503, "draining\n") }
        if runner.hasEnded { return .plain(503, "the desk is stopped\n") }
        return runner.isOwner ? .plain(200, "ready\n") : .plain(503, "not the owner\n")
    }

    private var figures: HTTPResponse {
        recordServerFigures()
        return HTTPResponse(
            status: 200, headers: [("content-type", "text/plain; version=0.0.4; charset=utf-8")],
            body: Array(metrics.exposition().utf8))
    }

    private func recordServerFigures() {
        Meter(label: "ventanilla_desk_owned").set(Double(runner.isOwner ? 1 : 0))
        Meter(label: "ventanilla_desk_epoch").set(Double(runner.epoch))
        if let bank { BankMetrics.record(bank.standing) }
        if let counters = server?.counters { doorFigures.record(counters) }
        inputFigures.record(runner.counters)
    }
}

extension HTTPResponse {
    fileprivate static func plain(_ status: Int, _ text: String) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: [
                ("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store"),
            ],
            body: Array(text.utf8))
    }
}
