import Desk
public import Engine
public import EventLoop
public import Logging
import Metrics
import Wire

/// What outbound work is configured with.
public struct OutboundConfiguration: Sendable {
    /// The desk.
    public var desk: Int64
    /// The Graph API with its version, no slash at the end.
    public var graphURL: String
    /// The page access token.
    public var pageToken: String
    /// Proves to the Graph API that the token's user has the app secret (Graph API, "Secure requests").
    public var appSecret: String
    /// The desk's pages.
    public var pages: [String]

    /// Outbound work with these parts.
    public init(
        desk: Int64, graphURL: String, pageToken: String, appSecret: String, pages: [String]
    ) {
        self.desk = desk
        self.graphURL = graphURL
        self.pageToken = pageToken
        self.appSecret = appSecret
        self.pages = pages
    }
}

/// Performs what the ``Outbox`` asks: begins jobs, posts them to the Send API, reports what came of it.
/// Nothing leaves before the desk has committed that it is about to (promises P7 and P8).
@LoopActor public final class Outbound {
    /// The Send API usually answers within a second; after this the outcome counts as unknown.
    static let answerWait = Duration.seconds(15)
    /// The same of this one's sends; a test waits less.
    var answerWait = Outbound.answerWait
    var pauses = BackfillPauses()
    static let connectWait = Duration.seconds(5)
    static let answerLimit = 64 * 1_024
    /// An outcome that could not be stored is reported again after this long.
    static let reportPause = Duration.seconds(1)

    let loop: Loop
    let client: HTTPClient
    let port: any OutboundPort
    let configuration: OutboundConfiguration
    let log: Logger
    private var outbox = Outbox()
    private var alarm: LoopTimer?
    /// What is known about reading the channel back.
    var backfill = Backfill()
    /// Counts how often the desk went to another node. What was begun and what is out outlives a
    /// reload on this node: its outcome must be heard, or its conversation would stand still.
    private var tenure = 0
    private let posts = Counter(label: "ventanilla_sends_posted_total")
    private var outcomes: [String: Counter] = [:]
    private var whenSettled: [@LoopActor () -> Void] = []

    /// Outbound work that is idle until the desk's state is read.
    public init(
        loop: Loop, client: HTTPClient, port: any OutboundPort,
        configuration: OutboundConfiguration, log: Logger
    ) {
        self.loop = loop
        self.client = client
        self.port = port
        self.configuration = configuration
        self.log = log
    }

    // MARK: What happens

    /// These events were committed.
    public func released(_ release: Release) {
        noteRefusals(release)
        let records = release.entries.flatMap(\.records)
        guard !records.isEmpty else { return }
        happened(.released(records))
    }

    /// The state was read anew: takes up its jobs, and reads back what the channel has that the desk
    /// may have missed.
    public func resumed(_ reloaded: Reloaded) {
        happened(.resumed(reloaded.state.jobs))
        beginBackfill()
    }

    /// Nothing is decided until ``resumed(_:)``.
    public func interrupted() { endBackfill() }

    /// Another node owns the desk.
    public func stoodBy() {
        tenure += 1
        endBackfill()
        happened(.standBy)
    }

    /// Begins what is queued and due within `sending`, at the pace of every day; returns when that has
    /// ended and is stored, or after `limit` more. Then nothing begins any more: what is not due, and
    /// what did not fit, stays queued for the next owner.
    public func drain(sending: Duration, limit: Duration) async {
        let milliseconds = Int64(sending / .milliseconds(1))
        happened(.draining(until: port.now().adding(milliseconds: milliseconds)))
        if !outbox.isSettled {
            await withCheckedContinuation { continuation in
                var isDone = false
                let finish: @LoopActor () -> Void = {
                    guard !isDone else { return }
                    isDone = true
                    continuation.resume()
                }
                whenSettled.append(finish)
                _ = loop.after(sending + limit) { finish() }
            }
        }
        happened(.drained)
    }

    private func happened(_ happening: OutboxHappening) {
        for step in outbox.handle(happening, at: port.now()) { perform(step) }
        if !whenSettled.isEmpty, outbox.isSettled {
            let bodies = whenSettled
            whenSettled = []
            // At once: what is released before the drain goes on must not begin.
            happened(.drained)
            for body in bodies { body() }
        }
    }

    private func perform(_ step: OutboxStep) {
        switch step {
        case .begin(let job): begin(job)
        case .post(let job, let attempt): post(job, attempt: attempt)
        case .report(let job, let attempt, let outcome):
            report(job, attempt: attempt, outcome, platformMessage: sentAs.removeValue(forKey: job))
        case .wake(let moment): wake(at: moment)
        }
    }

    // MARK: One job

    private func begin(_ job: JobID) {
        let tenure = tenure
        port.enter(.sendingBegan(job), from: .command, key: nil, content: nil) { answer in
            guard tenure == self.tenure else { return }
            switch answer {
            case .accepted(let attempt), .repeated(let attempt):
                self.happened(.began(job, attempt: Int(attempt)))
            case .rejected, .unavailable, .quarantined, .view, .explanation:
                self.happened(.beginRefused(job))
            }
        }
    }

    /// The platform's names of messages whose outcome is about to be reported.
    private var sentAs: [JobID: Digest] = [:]

    private func post(_ job: JobID, attempt: Int) {
        let tenure = tenure
        startOnLoop {
            let (result, platformMessage) = await self.send(job, attempt: attempt)
            guard tenure == self.tenure else { return }
            self.sentAs[job] = platformMessage
            self.count(result.outcome)
            self.happened(.ended(job, attempt: attempt, result.outcome, result.trouble))
        }
    }

    private func send(_ job: JobID, attempt: Int) async -> (SendingResult, Digest?) {
        let now = port.now()
        guard let order = await port.order(for: job) else {
            // Nothing left: it is tried again when the store answers.
            return (.init(outcome: .retry(notBefore: now.adding(milliseconds: 1_000))), nil)
        }
        guard case .success(let address) = AddressDocument.parse(order.address),
            case .success(let message) = MessageDocument.parse(order.body), let text = message.text
        else { return (.init(outcome: .failed(.refused)), nil) }
        posts.increment()
        let request = HTTPClientRequest(
            method: .post, url: url("/\(address.page)/messages"),
            headers: [("content-type", "application/json")],
            body: SendAPI.request(
                recipient: address.person, text: text, desk: configuration.desk, job: job),
            idempotent: false, timeout: answerWait, connectTimeout: Self.connectWait,
            maximumResponseBytes: Self.answerLimit)
        do {
            let response = try await client.send(request)
            let result = SendAPI.result(
                status: response.status, body: response.body,
                retryAfter: response.header("retry-after"))
            return (
                SendingResult(result, attempt: attempt, job: job, now: port.now()),
                result.platformMessage.flatMap {
                    port.digest(domain: DigestDomain.platformMessage, Array($0.utf8))
                }
            )
        } catch {
            log.notice("a send had no answer", metadata: ["job": "\(job.number)"])
            return (
                error.requestMayHaveBeenSent
                    ? .init(outcome: .unknown)
                    : .init(
                        outcome: .retry(
                            notBefore: Backoff.next(after: attempt, job: job, from: port.now()))),
                nil
            )
        }
    }

    private func report(
        _ job: JobID, attempt: Int, _ outcome: SendOutcome, platformMessage: Digest?
    ) {
        let tenure = tenure
        let content = platformMessage.map { Content(platformMessage: $0) }
        port.enter(
            .sendingEnded(job, attempt: attempt, outcome), from: .command, key: nil,
            content: content
        ) { answer in
            guard tenure == self.tenure else { return }
            switch answer {
            case .accepted, .repeated, .rejected, .quarantined:
                self.happened(.reported(job, attempt: attempt, isStored: true))
            case .unavailable, .view, .explanation:
                self.sentAs[job] = platformMessage
                _ = self.loop.after(Self.reportPause) {
                    guard tenure == self.tenure else { return }
                    self.happened(.reported(job, attempt: attempt, isStored: false))
                }
            }
        }
    }

    private func wake(at moment: Instant) {
        alarm?.cancel()
        alarm = loop.after(.milliseconds(max(0, moment.milliseconds - port.now().milliseconds))) {
            [weak self] in
            self?.happened(.clockReached)
        }
    }

    /// The address of a Graph API node, with the token and its proof; the path begins with a slash.
    func url(_ path: String, query: String = "") -> String {
        let proof = MetaSignature.proof(
            token: configuration.pageToken, secret: Array(configuration.appSecret.utf8))
        let separator = query.isEmpty ? "?" : "?\(query)&"
        let token = PercentEncoding.encode(configuration.pageToken)
        return "\(configuration.graphURL)\(path)\(separator)access_token=\(token)"
            + "&appsecret_proof=\(proof)"
    }

    private func count(_ outcome: SendOutcome) {
        let name =
            switch outcome {
            case .sent: "sent"
            case .retry: "retry"
            case .failed: "failed"
            case .unknown: "unknown"
            }
        let counter =
            outcomes[name]
            ?? Counter(label: "ventanilla_sends_ended_total", dimensions: [("outcome", name)])
        outcomes[name] = counter
        counter.increment()
    }
}
