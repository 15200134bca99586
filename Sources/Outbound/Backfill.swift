import Desk
import Engine
import EventLoop
import Logging
import Metrics
import Wire

/// Limits of reading the channel back, each with its reason.
enum BackfillLimits {
    /// Pages of conversations read per page of the desk: the most recent ones are what an outage of
    /// hours can have touched.
    static let pages = 20
    /// Conversations a request.
    static let conversations = 25
    /// The platform allows two calls a second and page (Messenger Platform, "Rate limits").
    static let pause = Duration.milliseconds(600)
    /// Tries before sends of unknown outcome start to count their deadline all the same.
    static let attempts = 5
    /// Between two tries.
    static let retryPause = Duration.seconds(5)
    static let answerLimit = 4 * 1_024 * 1_024
}

/// After the desk's state was read: the channel's conversations are read through its API, because the
/// platform repeats a webhook a few times at once and then never again. What is known already is
/// recognised by its key.
extension Outbound {
    func beginBackfill() {
        let generation = generation
        startOnLoop {
            for page in self.configuration.pages {
                await self.backfill(page, generation)
            }
            guard generation == self.generation else { return }
            self.finishBackfill(generation)
        }
    }

    /// Entered until it is stored: without it sends of unknown outcome would wait for ever.
    private func finishBackfill(_ generation: Int) {
        port.enter(.backfillFinished, from: .command, key: nil, content: nil) { answer in
            guard case .unavailable = answer, generation == self.generation else { return }
            _ = self.loop.after(BackfillLimits.retryPause) {
                guard generation == self.generation else { return }
                self.finishBackfill(generation)
            }
        }
    }

    private func backfill(_ page: String, _ generation: Int) async {
        var after: String?
        var failures = 0
        for _ in 0..<BackfillLimits.pages {
            guard generation == self.generation else { return }
            let found: ConversationsPage
            switch await read(page, after: after) {
            case .some(let read): found = read
            case .none:
                failures += 1
                guard failures < BackfillLimits.attempts else {
                    log.warning("the channel could not be read back")
                    Counter(label: "ventanilla_backfills_failed_total").increment()
                    return
                }
                await loop.sleep(for: BackfillLimits.retryPause)
                continue
            }
            await enter(found.elements, generation)
            guard let next = found.after else { return }
            after = next
            await loop.sleep(for: BackfillLimits.pause)
        }
    }

    private func read(_ page: String, after: String?) async -> ConversationsPage? {
        let path = ConversationsAPI.path(
            page: page, after: after, limit: BackfillLimits.conversations)
        let parts = path.split(separator: "?", maxSplits: 1)
        let request = HTTPClientRequest(
            method: .get,
            url: url(String(parts[0]), query: parts.count == 2 ? String(parts[1]) : ""),
            headers: [], body: nil, idempotent: true, timeout: Self.answerWait,
            connectTimeout: Self.connectWait, maximumResponseBytes: BackfillLimits.answerLimit)
        guard let response = try? await client.send(request), response.status == 200,
            case .success(let found) = ConversationsAPI.parse(response.body, page: page)
        else { return nil }
        return found
    }

    /// Enters one page's elements and waits until all are decided.
    private func enter(_ elements: [MetaElement], _ generation: Int) async {
        guard !elements.isEmpty, port.digest(domain: DigestDomain.key, []) != nil else { return }
        await withCheckedContinuation { continuation in
            var waiting = elements.count
            for element in elements {
                let arrival = element.arrival(
                    desk: configuration.desk, receivedAt: port.now()
                ) { [port] domain, bytes in
                    port.digest(domain: domain, bytes) ?? Digest(high: 0, low: 0)
                }
                port.enter(
                    arrival.input, from: .webhook, key: arrival.key,
                    content: Content(
                        body: arrival.body, platformMessage: arrival.platformMessage,
                        address: arrival.address, kind: arrival.kind)
                ) { _ in
                    waiting -= 1
                    if waiting == 0 { continuation.resume() }
                }
            }
        }
    }
}
