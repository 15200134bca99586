import EventLoop

/// The running sandbox: holds the pretended platform and provider, and hands each request to the
/// part whose address it has.
@LoopActor
final class Sandbox {
    struct Options: Sendable {
        var pages: [Page]
        var appID: Int64
        var appSecret: String
        var verifyToken: String
        var client: OpenIDProvider.Client
        /// What addresses in answers begin with.
        var base: String
        var issuer: String
        /// Who may exchange tokens at the pretended bank.
        var staff: StaffClient
    }

    let loop: Loop
    let options: Options
    let log: RequestLog
    let courier: WebhookCourier
    let bulk: BulkWriter
    var platform: MessengerPlatform
    var provider: OpenIDProvider
    var bankData: PretendBank
    var bankFaults = FaultPlan<BankEffect>()
    var sendFaults = FaultPlan<SendEffect>()
    var sendRates: [String: CallRate] = [:]
    var conversationRates: [String: CallRate] = [:]
    /// Requests that are never answered, kept until their caller leaves.
    var unanswered: [HTTPResponder] = []
    /// Goes up with each reset, so that a timer of before knows that it is late.
    private(set) var generation = 0

    var settings: Settings {
        get { courier.settings }
        set { courier.settings = newValue }
    }

    /// `platform` may hold what an earlier run left.
    init(
        loop: Loop, options: Options, settings: Settings, log: RequestLog, client: HTTPClient,
        platform: MessengerPlatform
    ) {
        self.loop = loop
        self.options = options
        self.log = log
        self.platform = platform
        let now = loop.wallClock
        self.bankData = PretendBank { Sandbox.moment(daysBefore: $0, now) }
        self.provider = OpenIDProvider(issuer: options.issuer, client: options.client)
        self.courier = WebhookCourier(
            loop: loop, client: client, log: log, settings: settings,
            secret: options.appSecret, verifyToken: options.verifyToken)
        self.bulk = BulkWriter(loop: loop)
        courier.onOutcome = { [weak self] batch, wasDelivered in
            for event in batch.events where event.kind == .message {
                self?.platform.note(
                    wasDelivered ? .delivered : .failed, of: event.messageID, event.key)
            }
        }
    }

    /// 128 random bits in letters that fit into an address.
    static func randomName() -> String {
        var random = SystemRandomNumberGenerator()
        return Base64URL.encode(
            (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) })
    }

    /// The routing table of the server.
    func route(_ head: HTTPRequestHead) -> HTTPRouteDecision {
        // A page of another origin must not steer the sandbox through somebody's browser.
        if let origin = head.header("origin"), let host = head.header("host"),
            origin != "http://\(host)", origin != "https://\(host)"
        {
            return .respond(Answers.refusal(.init(status: 403, message: "another origin")))
        }
        let limit =
            head.path == "/control/webhooks" ? Limits.injectedBytes : Limits.requestBytes
        return .handle(maximumBodyBytes: limit) { [weak self] request, responder in
            self?.handle(request, responder)
        }
    }

    private func handle(_ request: HTTPRequest, _ responder: HTTPResponder) {
        let segments = request.head.path.split(separator: "/").map { FormText.decode($0) }
        switch segments.first {
        case nil: responder.respond(page(named: "index.html"))
        case "pages": responder.respond(page(named: segments.dropFirst().joined(separator: "/")))
        case "control": control(request, Array(segments.dropFirst()), responder)
        case "bank": bank(request, Array(segments.dropFirst()), responder)
        case "openid": responder.respond(openID(request, Array(segments.dropFirst())))
        case .some: graph(request, segments, responder)
        }
    }

    /// Forgets everything but the log and where the callback is.
    func reset() {
        generation += 1
        var fresh = Settings()
        fresh.callback = settings.callback
        fresh.handshake = settings.handshake
        platform = MessengerPlatform(pages: options.pages, runName: Sandbox.randomName())
        provider.reset()
        let now = loop.wallClock
        bankData = PretendBank { Sandbox.moment(daysBefore: $0, now) }
        bankFaults.clear()
        sendFaults.clear()
        sendRates = [:]
        conversationRates = [:]
        bulk.stop()
        courier.reset()
        settings = fresh
    }

    // MARK: what both the Send API and the control API lead to

    func customerWrites(_ draft: CustomerDraft, _ key: ThreadKey) throws(ControlError)
        -> StoredMessage
    {
        guard !courier.isFull else {
            throw ControlError(status: 503, message: "too many webhook events are waiting")
        }
        do {
            let message = try platform.customerWrote(draft, key, at: loop.wallClock)
            log.append(
                .members([
                    "kind": "customer_wrote", "time": .integer(message.time),
                    "page": .string(key.page), "customer": .string(key.customer),
                    "mid": .string(message.id), "text": message.text.map { .string($0) },
                ]))
            courier.push(
                .customerWrote(message, key, quickReplyPayload: draft.quickReplyPayload))
            return message
        } catch {
            throw ControlError(status: 400, message: error.message)
        }
    }

    /// The echo at once, then what the customer's device reports.
    func tell(of message: StoredMessage, _ key: ThreadKey) {
        courier.push(.echo(message, key, appID: options.appID))
        let born = generation
        if settings.deliveredAfter >= 0 {
            _ = loop.after(.milliseconds(settings.deliveredAfter)) { [weak self] in
                guard let self, self.generation == born else { return }
                self.platform.delivered(message, key)
                self.courier.push(.delivery(message, key, at: self.loop.wallClock))
            }
        }
        if settings.readAfter >= 0 {
            _ = loop.after(.milliseconds(settings.readAfter)) { [weak self] in
                guard let self, self.generation == born, self.platform.read(message, key) else {
                    return
                }
                self.courier.push(.read(message, key, at: self.loop.wallClock))
            }
        }
    }
}
