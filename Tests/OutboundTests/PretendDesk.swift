import Desk
import Engine
import EventLoop
import Foundation
import Logging
import LoopFixture
import Synchronization

@testable import Outbound
@testable import Wire

/// What stands for secrets and for people here: none of it may ever be seen in a log.
enum Secrets {
    static let token = "EAAG-token/+=secret"
    static let appSecret = "app-secret-of-the-test"
    static let page = "100000000000001"
    static let person = "5550000000000000"
    static let text = "Balance of my account"
    static let all = [token, "EAAG-token", appSecret, page, person, text, "appsecret_proof"]
}

/// The desk of a test: the real rules, with a commit that takes one turn of the loop and a memory in
/// place of the store.
@LoopActor final class PretendDesk: OutboundPort {
    let loop: Loop
    private var desk = Desk(state: DeskState(), rules: Rules(defaultCapacity: 100))
    private var known: Set<Digest> = []
    private var written: [Digest: Instant] = [:]
    private var orders: [JobID: MessageToSend] = [:]
    private var addresses: [ConversationID: [UInt8]] = [:]
    private var marks: [Digest: Instant] = [:]
    private var tickets: UInt64 = 0
    weak var outbound: Outbound?

    /// Inputs that are still to be told `unavailable`.
    var refusals = 0
    /// Whether the store answers what it is asked.
    var storeAnswers = true
    private(set) var refused = 0
    private(set) var isBackfillFinished = false
    /// Customers' and other apps' messages in the order in which they were recorded.
    private(set) var recorded: [(person: String, text: String, at: Instant)] = []
    private(set) var changes: [(job: JobID, state: JobState, attempts: Int)] = []

    static let agent = AgentID(1)

    init(_ loop: Loop) { self.loop = loop }

    func now() -> Instant { Instant(milliseconds: loop.wallClock) }

    func enter(
        _ input: Input, from source: Source, key: Digest?, content: Content?,
        answer: (@LoopActor (Answer) -> Void)?
    ) {
        loop.afterThisTurn { [self] in
            let (given, records) = decide(input, key, content)
            release(given, records, content)
            answer?(given)
        }
    }

    private func decide(
        _ input: Input, _ key: Digest?, _ content: Content?
    ) -> (Answer, [EventRecord]) {
        if refusals > 0 {
            refusals -= 1
            refused += 1
            return (.unavailable, [])
        }
        if let key, !known.insert(key).inserted { return (.repeated(result: 0), []) }
        if case .backfillFinished = input { isBackfillFinished = true }
        let handled = desk.handle(input, known: Known(), epoch: 1, at: now())
        switch handled.decision {
        case .rejected(let rejection): return (.rejected(rejection), [])
        case .accepted(let result):
            for record in handled.records { note(record.event, content) }
            return (.accepted(result: result), handled.records)
        }
    }

    private func note(_ event: Event, _ content: Content?) {
        switch event {
        case .messageReceived(let conversation, _, _, let at),
            .messageSentElsewhere(let conversation, _, let at):
            addresses[conversation] = content?.address
            if let platform = content?.platformMessage { written[platform] = at }
            guard let address = content?.address, let body = content?.body,
                case .success(let address) = AddressDocument.parse(address),
                case .success(let message) = MessageDocument.parse(body)
            else { return }
            recorded.append((address.person, message.text ?? "", at))
        case .messageWritten(let conversation, _, _, let job):
            guard let address = addresses[conversation], let body = content?.body else { return }
            orders[job] = MessageToSend(address: address, body: body)
        case .jobChanged(let job, _, _, let state, let attempts):
            changes.append((job, state, attempts))
        default: break
        }
    }

    private func release(_ answer: Answer, _ records: [EventRecord], _ content: Content?) {
        tickets += 1
        outbound?.released(
            Release(
                epoch: 1,
                entries: [
                    ReleasedEntry(
                        ticket: Ticket(tickets), answer: answer, records: records,
                        content: content)
                ]))
    }

    func order(for job: JobID) async -> MessageToSend? { storeAnswers ? orders[job] : nil }

    func digest(domain: String, _ bytes: [UInt8]) -> Digest? {
        func hash(_ seed: UInt64) -> UInt64 {
            (Array(domain.utf8) + [0] + bytes).reduce(seed) {
                ($0 ^ UInt64($1)) &* 0x100_0000_01b3
            }
        }
        return Digest(high: hash(0xcbf2_9ce4_8422_2325), low: hash(0x1234_5678_9abc_def1))
    }

    private var pageDigest: Digest? { digest(domain: DigestDomain.page, Array(Secrets.page.utf8)) }
    /// Up to when the page is on record.
    var mark: Instant? {
        get { pageDigest.flatMap { marks[$0] } }
        set { if let pageDigest { marks[pageDigest] = newValue } }
    }

    func readBackMark(of page: Digest) async -> ReadBackMark? {
        storeAnswers ? marks[page].map { .until($0) } ?? .never : nil
    }

    func keepReadBackMark(of page: Digest, until moment: Instant) async {
        if storeAnswers { marks[page] = max(marks[page] ?? moment, moment) }
    }

    func writtenTimes(of messages: [Digest]) async -> [Digest: Instant]? {
        storeAnswers ? written.filter { messages.contains($0.key) } : nil
    }

    // MARK: What people do

    /// A customer's webhook.
    func customerWrites(
        _ person: String = Secrets.person, _ text: String = Secrets.text, mid: String, at: Instant
    ) {
        var element = MetaElement(
            page: Secrets.page, person: person, kind: .message(.text), raw: [])
        element.messageID = mid
        element.timestamp = at
        element.document = MessageDocument(text: text)
        let arrival = element.arrival(desk: 1, receivedAt: at) { [self] in
            digest(domain: $0, $1) ?? Digest(high: 0, low: 0)
        }
        enter(
            arrival.input, from: .webhook, key: arrival.key,
            content: Content(
                body: arrival.body, platformMessage: arrival.platformMessage,
                address: arrival.address, kind: arrival.kind),
            answer: nil)
    }

    /// The agent comes, and one customer writes: their conversation.
    func begin(_ person: String = Secrets.person) async -> ConversationID? {
        enter(
            .agentConnected(Self.agent, ConnectionID(1)), from: .command, key: nil, content: nil,
            answer: nil)
        enter(
            .presenceSet(Self.agent, .available), from: .command, key: nil, content: nil,
            answer: nil)
        customerWrites(person, mid: "m_of_\(person)", at: now())
        _ = await until { [self] in recorded.contains { $0.person == person } }
        return desk.view(for: Self.agent, isSupervisor: false).conversations.last?.id
    }

    func reply(_ conversation: ConversationID, _ text: String = Secrets.text) {
        enter(
            .agentReplied(
                Self.agent, conversation, textDigest: Digest(high: 1, low: UInt64(text.count))),
            from: .command, key: nil,
            content: Content(body: MessageDocument(text: text).encode()), answer: nil)
    }

    /// Waits until the condition holds; false when that takes too long.
    func until(_ condition: () -> Bool) async -> Bool {
        let end = loop.monotonic + 20_000
        while !condition() {
            guard loop.monotonic < end else { return false }
            await loop.sleep(for: .milliseconds(2))
        }
        return true
    }
}

/// Everything that was logged, at every level.
final class LogSink: Sendable {
    private let lines = Mutex<[String]>([])
    var text: String { lines.withLock { $0.joined(separator: "\n") } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }

    func logger() -> Logger {
        var log = Logger(label: "test") { _ in Handler(sink: self) }
        log.logLevel = .trace
        return log
    }

    private struct Handler: LogHandler {
        let sink: LogSink
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let parts = (event.metadata ?? [:]).sorted { $0.key < $1.key }
                .map { "\($0.key)=\($0.value)" }
            sink.add(([event.message.description] + parts).joined(separator: " "))
        }
    }
}

/// The room between its two neighbours.
@LoopActor final class Scene {
    let loop: Loop
    let graph: PretendGraph
    let desk: PretendDesk
    let logs = LogSink()
    let client: HTTPClient
    let outbound: Outbound

    private init(_ loop: Loop, graphURL: String?) throws {
        self.loop = loop
        graph = try PretendGraph(loop)
        desk = PretendDesk(loop)
        client = HTTPClient(loop: loop)
        outbound = Outbound(
            loop: loop, client: client, port: desk,
            configuration: OutboundConfiguration(
                desk: 1, graphURL: graphURL ?? graph.url, pageToken: Secrets.token,
                appSecret: Secrets.appSecret, pages: [Secrets.page]),
            log: logs.logger())
        outbound.pauses = BackfillPauses(
            call: 0, first: 5, longest: 50, store: 20, again: 50, afterRefusal: 50, mark: 20)
        desk.outbound = outbound
    }

    nonisolated static func run<Value: Sendable>(
        graphURL: String? = nil, _ body: @escaping @LoopActor (Scene) async throws -> Value
    ) async throws -> Value {
        try await TestLoop.run { loop in
            let scene = try Scene(loop, graphURL: graphURL)
            do {
                let value = try await body(scene)
                await scene.close()
                return value
            } catch {
                await scene.close()
                throw error
            }
        }
    }

    private func close() async {
        outbound.stoodBy()
        client.close()
        await graph.close()
    }

    /// The desk's state was read.
    func resume() {
        outbound.resumed(Reloaded(epoch: 1, state: DeskState(), recent: []))
    }
}
