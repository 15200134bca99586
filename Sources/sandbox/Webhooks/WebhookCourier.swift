import EventLoop
import Logging

/// Brings webhook requests to the callback: verifies it first, signs, retries a few times at once
/// and then gives up, and records every attempt.
@LoopActor
final class WebhookCourier {
    struct Statistics: Sendable {
        var attempts: Int64 = 0
        var delivered: Int64 = 0
        var failedAttempts: Int64 = 0
        var givenUp: Int64 = 0
        var eventsDelivered: Int64 = 0
        var eventsGivenUp: Int64 = 0
    }

    /// One attempt's end.
    struct Result: Sendable {
        var status: Int?
        var error: String?
        var body: [UInt8] = []

        var isGood: Bool { status == 200 }
    }

    enum Signing {
        case right
        case wrong
        case missing
    }

    private let loop: Loop
    private let client: HTTPClient
    private let log: RequestLog
    private let secret: String
    private let verifyToken: String
    private let logger = Logger(label: "sandbox.webhooks")

    private(set) var queue = WebhookQueue()
    private(set) var statistics = Statistics()
    private(set) var isVerified = false
    var faults = FaultPlan<WebhookEffect>()
    /// Told of every batch's end, with true when it was delivered.
    var onOutcome: @LoopActor (WebhookBatch, Bool) -> Void = { _, _ in }

    private var underWay = 0
    private var isPumpArmed = false
    /// Goes up with each reset and each new callback; what was begun before ends quietly.
    private var generation = 0

    var settings: Settings {
        didSet {
            if settings.callback != oldValue.callback || settings.handshake != oldValue.handshake {
                start()
            }
            armPump()
        }
    }

    init(
        loop: Loop, client: HTTPClient, log: RequestLog, settings: Settings, secret: String,
        verifyToken: String
    ) {
        self.loop = loop
        self.client = client
        self.log = log
        self.settings = settings
        self.secret = secret
        self.verifyToken = verifyToken
    }

    var isFull: Bool { queue.isFull }

    func push(_ event: WebhookEvent) {
        queue.push(event, settings)
        armPump()
    }

    func release(_ kinds: Set<WebhookEvent.Kind>, reversed: Bool) -> Int {
        let count = queue.release(kinds, reversed: reversed)
        armPump()
        return count
    }

    func reset() {
        generation += 1
        queue = WebhookQueue()
        statistics = Statistics()
        faults.clear()
        underWay = 0
    }

    // MARK: verification

    /// Begins the verification handshake, which is tried until the callback passes it: the server
    /// may start after the sandbox. Events wait meanwhile.
    func start() {
        isVerified = settings.callback != nil && !settings.handshake
        guard let callback = settings.callback, settings.handshake else { return armPump() }
        startOnLoop { [weak self] in
            while let self, !self.isVerified, self.settings.callback == callback {
                if await self.verify(callback) { return self.armPump() }
                await self.loop.sleep(for: .milliseconds(500))
            }
        }
    }

    private func verify(_ callback: String) async -> Bool {
        let challenge = String(UInt32.random(in: .min ... .max))
        let query = FormText.encode([
            ("hub.mode", "subscribe"), ("hub.challenge", challenge),
            ("hub.verify_token", verifyToken),
        ])
        let address = callback + (callback.contains("?") ? "&" : "?") + query
        let result = await request(.get, address, headers: [], body: nil)
        guard settings.callback == callback else { return false }
        let isGood = result.isGood && result.body == Array(challenge.utf8)
        isVerified = isGood
        log.append(
            .members([
                "kind": "handshake", "time": .integer(loop.wallClock),
                "status": result.status.map { .integer(Int64($0)) } ?? .null,
                "error": result.error.map { .string($0) }, "verified": .boolean(isGood),
            ]))
        if isGood { logger.info("the callback is verified") }
        return isGood
    }

    // MARK: delivery

    private func armPump() {
        guard !isPumpArmed else { return }
        isPumpArmed = true
        let pump: @LoopActor () -> Void = { [weak self] in
            self?.isPumpArmed = false
            self?.pump()
        }
        if settings.batchWait > 0 {
            _ = loop.after(.milliseconds(settings.batchWait), pump)
        } else {
            loop.afterThisTurn(pump)
        }
    }

    private func pump() {
        guard isVerified, let callback = settings.callback else { return }
        while underWay < settings.parallelDeliveries, let batch = queue.nextBatch(settings) {
            underWay += 1
            let born = generation
            startOnLoop { [weak self] in
                guard let self else { return }
                let wasDelivered = await self.deliver(batch, to: callback)
                guard self.generation == born else { return }
                self.underWay -= 1
                self.queue.finish(batch)
                self.onOutcome(batch, wasDelivered)
                self.armPump()
            }
        }
    }

    /// The first attempt and the retries of one request.
    private func deliver(_ batch: WebhookBatch, to callback: String) async -> Bool {
        let born = generation
        let last = settings.retries + 1
        for attempt in 1...last {
            if attempt > 1, settings.retryDelay > 0 {
                await loop.sleep(for: .milliseconds(settings.retryDelay))
            }
            let (result, fault) = await self.attempt(batch, to: callback)
            guard generation == born else { return false }
            let isGood = result.isGood && fault != .lost && fault != .answerLost
            record(
                batch, attempt, result, fault: fault,
                outcome: isGood ? "delivered" : attempt == last ? "given_up" : "failed")
            guard !isGood else {
                count(delivered: batch)
                await repeatIfDue(batch, to: callback)
                return true
            }
            statistics.failedAttempts += 1
        }
        statistics.givenUp += 1
        statistics.eventsGivenUp += Int64(batch.events.count)
        return false
    }

    private func count(delivered batch: WebhookBatch) {
        statistics.delivered += 1
        statistics.eventsDelivered += Int64(batch.events.count)
    }

    /// Meta sometimes sends what was answered well once more; only `entry.time` differs.
    private func repeatIfDue(_ batch: WebhookBatch, to callback: String) async {
        let interval = Int64(settings.duplicateEvery)
        guard interval > 0, statistics.delivered % interval == 0 else { return }
        let (result, fault) = await attempt(batch, to: callback)
        record(
            batch, 1, result, fault: fault, outcome: result.isGood ? "delivered" : "failed",
            isRepeated: true)
    }

    private func attempt(_ batch: WebhookBatch, to callback: String) async
        -> (Result, WebhookEffect?)
    {
        statistics.attempts += 1
        let fault = faults.take()?.effect
        let body = batch.body(at: loop.wallClock, eventsPerEntry: settings.eventsPerEntry)
        switch fault {
        case .lost: return (Result(error: "lost on request"), fault)
        case .wrongSignature:
            return (await post(body, to: callback, signing: .wrong), fault)
        case .truncated:
            let headers = signatures(of: body, .right)
            return (
                await request(.post, callback, headers: headers, body: Array(body.dropLast())),
                fault
            )
        case .answerLost, nil:
            return (await post(body, to: callback, signing: .right), fault)
        }
    }

    /// One request without retries; also what the control API injects.
    func post(_ body: [UInt8], to callback: String, signing: Signing) async -> Result {
        await request(.post, callback, headers: signatures(of: body, signing), body: body)
    }

    private func signatures(of body: [UInt8], _ signing: Signing) -> [(String, String)] {
        let key: String
        switch signing {
        case .right: key = secret
        case .wrong: key = secret + "-wrong"
        case .missing: return []
        }
        return [
            ("X-Hub-Signature-256", WebhookSignature.sha256(body, secret: key)),
            ("X-Hub-Signature", WebhookSignature.sha1(body, secret: key)),
        ]
    }

    private func request(
        _ method: HTTPMethod, _ address: String, headers: [(String, String)], body: [UInt8]?
    ) async -> Result {
        let common = [("User-Agent", "facebookexternalua"), ("Accept", "*/*")]
        let type = body == nil ? [] : [("Content-Type", "application/json")]
        do throws(HTTPClientError) {
            // Delivered at least once is what Meta promises, so a connection may be used again.
            let response = try await client.send(
                HTTPClientRequest(
                    method: method, url: address, headers: common + type + headers, body: body,
                    idempotent: true, timeout: .milliseconds(settings.answerTimeout),
                    connectTimeout: .milliseconds(settings.answerTimeout),
                    maximumResponseBytes: Limits.callbackAnswerBytes))
            return Result(status: response.status, body: response.body)
        } catch {
            return Result(error: String(describing: error))
        }
    }

    private func record(
        _ batch: WebhookBatch, _ attempt: Int, _ result: Result, fault: WebhookEffect?,
        outcome: String, isRepeated: Bool = false
    ) {
        let messages = batch.events.filter { $0.kind == .message || $0.kind == .echo }
        log.append(
            .members([
                "kind": "webhook", "time": .integer(loop.wallClock),
                "delivery": .integer(batch.number), "attempt": .integer(Int64(attempt)),
                "status": result.status.map { .integer(Int64($0)) } ?? .null,
                "error": result.error.map { .string($0) },
                "fault": fault.map { .string($0.rawValue) },
                "repeated": isRepeated ? true : nil, "outcome": .string(outcome),
                "events": .integer(Int64(batch.events.count)),
                "mids": .array(messages.map { .string($0.messageID) }),
            ]))
    }
}
