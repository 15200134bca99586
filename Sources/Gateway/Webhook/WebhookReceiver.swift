import Crypto
import Desk
import DeskRunner
import Engine
import EventLoop
import Logging
import Metrics
import Store
import Wire

/// What Meta's webhooks of a desk are checked with.
public struct WebhookConfiguration: Sendable {
    /// Ids of this desk's pages; entries of others are set aside.
    public var pages: Set<String>
    /// App secrets that may have signed; several while one is rotated.
    public var appSecrets: [String]
    /// The token of the handshake.
    public var verifyToken: String

    /// Webhooks of these pages.
    public init(pages: Set<String>, appSecrets: [String], verifyToken: String) {
        self.pages = pages
        self.appSecrets = appSecrets
        self.verifyToken = verifyToken
    }
}

/// Takes Meta's webhooks in: handshake, signature, elements to inputs, and 200 only when every element
/// is committed (Messenger Platform, "Webhooks": answer within 5 s, else it is sent again a few times).
@LoopActor final class WebhookReceiver {
    /// Meta sends at most 1,000 updates a request and 3 MB (WhatsApp Cloud API, "Webhooks").
    static let maximumBodyBytes = 3 * 1_024 * 1_024

    private static let signatureHeader = "x-hub-signature-256"

    private let runner: DeskRunner
    private let store: Store
    private let pages: Set<String>
    private let secrets: [MetaAppSecret]
    private let verifyToken: [UInt8]
    private let desk: Int64
    private let log: Logger
    private let requests = Counter(label: "ventanilla_webhook_requests_total")
    private var elements: [String: Counter] = [:]
    private var refused: [String: Counter] = [:]

    init(
        runner: DeskRunner, store: Store, configuration: WebhookConfiguration, desk: Int64,
        log: Logger
    ) {
        self.runner = runner
        self.store = store
        self.desk = desk
        self.log = log
        pages = configuration.pages
        secrets = configuration.appSecrets.map { MetaAppSecret(Array($0.utf8)) }
        verifyToken = Array(configuration.verifyToken.utf8)
    }

    /// The GET by which Meta makes sure whose address this is.
    func handshake(_ head: HTTPRequestHead) -> HTTPResponse {
        guard let query = FormEncoding.decode(head.query ?? "") else {
            return .problem(Problem(.handshakeRefused, field: "query"))
        }
        guard query["hub.mode"] == "subscribe" else {
            return .problem(Problem(.handshakeRefused, field: "hub.mode"))
        }
        // Digests are compared, so that the time taken tells nothing of the token.
        guard let token = query["hub.verify_token"],
            SHA256.hash(data: Array(token.utf8)) == SHA256.hash(data: verifyToken)
        else { return .problem(Problem(.handshakeRefused, field: "hub.verify_token")) }
        guard let challenge = query["hub.challenge"], !challenge.isEmpty,
            challenge.utf8.count <= 256, challenge.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { return .problem(Problem(.handshakeRefused, field: "hub.challenge")) }
        return HTTPResponse(
            status: 200,
            headers: [("content-type", "text/plain"), ("x-content-type-options", "nosniff")],
            body: Array(challenge.utf8))
    }

    /// The POST with the events.
    func receive(_ request: HTTPRequest, _ responder: HTTPResponder) {
        requests.increment()
        switch MetaSignature.verify(
            header: request.head.header(Self.signatureHeader), body: request.body, secrets: secrets)
        {
        case .valid: break
        case .missing:
            return refuse(
                Problem(.signatureMissing, field: Self.signatureHeader), "unsigned", responder)
        case .malformed, .wrong:
            return refuse(
                Problem(.signatureWrong, field: Self.signatureHeader), "signature", responder)
        }
        guard let digester = store.digester else {
            return refuse(.unavailable, "unavailable", responder)
        }
        switch MetaWebhook.parse(request.body, pages: pages) {
        case .failure(let error):
            refuse(error.problem, "body", responder)
        case .success(let found):
            submit(found, digester, responder)
        }
    }

    private func submit(
        _ found: [MetaElement], _ digester: Digester, _ responder: HTTPResponder
    ) {
        guard !found.isEmpty else { return responder.respond(Self.received) }
        for element in found { count(element.kind) }
        let delivery = Delivery(count: found.count, responder: responder)
        let now = runner.now()
        for element in found {
            let arrival = element.arrival(desk: desk, receivedAt: now) { domain, bytes in
                digester.digest(domain, bytes)
            }
            runner.submit(
                .input(arrival.input), from: .webhook, key: arrival.key,
                content: Content(
                    body: arrival.body, platformMessage: arrival.platformMessage,
                    address: arrival.address, kind: arrival.kind)
            ) { answer in delivery.answered(answer) }
        }
    }

    /// Kinds that the desk has no word for are one: the platform's names are not ours to label with.
    private func count(_ kind: MetaElementKind) {
        let label =
            switch kind {
            case .message(let kind): kind.rawValue
            case .left: "echo"
            case .delivered: "delivery"
            case .read: "read"
            case .reacted: "reaction"
            case .edited: "edit"
            case .deleted: "deletion"
            case .other: "other"
            case .unreadable: "unreadable"
            case .foreignPage: "foreignPage"
            }
        let counter =
            elements[label]
            ?? Counter(label: "ventanilla_webhook_elements_total", dimensions: [("kind", label)])
        elements[label] = counter
        counter.increment()
    }

    private func refuse(_ problem: Problem, _ reason: String, _ responder: HTTPResponder) {
        let counter =
            refused[reason]
            ?? Counter(
                label: "ventanilla_webhook_refused_total", dimensions: [("reason", reason)])
        refused[reason] = counter
        counter.increment()
        responder.respond(.problem(problem, headers: problem.status == 503 ? Self.retry : []))
    }

    fileprivate static let retry = [("retry-after", "1")]
    fileprivate static let received = HTTPResponse(
        status: 200, headers: [("content-type", "text/plain")], body: Array("EVENT_RECEIVED".utf8))

    /// One POST, answered when its last element is: 200 only if all are stored.
    @LoopActor private final class Delivery {
        private var waiting: Int
        private var isStored = true
        private let responder: HTTPResponder

        init(count: Int, responder: HTTPResponder) {
            waiting = count
            self.responder = responder
        }

        func answered(_ answer: Answer) {
            switch answer {
            case .accepted, .repeated, .quarantined: break
            // The desk refuses no element of the channel; should it, the element was not stored.
            case .rejected, .unavailable, .view, .explanation: isStored = false
            }
            waiting -= 1
            guard waiting == 0 else { return }
            responder.respond(
                isStored
                    ? WebhookReceiver.received
                    : .problem(.unavailable, headers: WebhookReceiver.retry))
        }
    }
}
