import Desk
import Engine

/// One element of a webhook, as the gateway would hand it in.
struct Element {
    let key: Digest
    let input: Input
    let content: Content
}

/// A webhook on its way: tried a few times at once, then never again.
final class Webhook {
    let id: Int
    let elements: [Element]
    var tries = 0
    var isAcknowledged = false

    init(id: Int, elements: [Element]) {
        self.id = id
        self.elements = elements
    }
}

/// The pretend Messenger: people who write, a Send API that takes a message as often as it is asked
/// to, echoes, losses, and threads to read back.
final class Messenger {
    static let tries = 3
    static let customers: UInt64 = 8
    /// After a day the platform's window is closed, in milliseconds.
    private static let day: Int64 = 86_400_000
    /// How far back a thread is read, in milliseconds.
    static let memory: Int64 = 30_000

    /// By what each customer writes, for good.
    static func origin(of thread: Digest) -> Origin {
        let channels = Channel.allCases
        return Origin(
            channel: channels[Int(thread.low % UInt64(channels.count))],
            page: "page \(thread.low % 2)")
    }

    unowned let world: World
    private var webhookCount = 0
    private var count: UInt64 = 0
    /// All that was said, for reading back: when, and what.
    private var said: [(time: Int64, element: Element)] = []
    private var taken: [Post: Digest] = [:]
    private var lastElements: [Element] = []

    private struct Post: Hashable {
        let job: JobID
        let attempt: Int
    }

    init(world: World) { self.world = world }

    func start() { write() }

    private func newDigest(_ domain: UInt64) -> Digest {
        count += 1
        return Digest(high: domain, low: count)
    }

    // MARK: People and events

    private func write() {
        let pause: Int64 = world.isCalm ? 2_000 : 350
        world.after(world.generator.between(10, pause)) { [self] in
            var elements: [Element] = []
            for _ in 0..<(world.generator.below(4) == 0 ? 4 : 1) { elements.append(newElement()) }
            if world.chance(world.weather.duplicate), let old = world.generator.pick(lastElements) {
                elements.insert(old, at: world.generator.below(elements.count + 1))
            }
            lastElements = (lastElements + elements).suffix(20)
            send(elements)
            if world.chance(world.weather.duplicate) { send(elements) }
            if !world.isEnding { write() }
        }
    }

    private func newElement() -> Element {
        let thread = Digest(high: 4, low: UInt64(world.generator.below(Int(Self.customers))))
        // Now and then something comes that was written more than a day ago.
        let age = world.generator.below(60) == 0 ? Self.day + 1_000 : 0
        let at = Instant(milliseconds: world.now - age - world.generator.between(0, 500))
        let message = newDigest(1)
        var content = Content(body: [1, 2, 3], platformMessage: message, address: [4])
        if world.chance(world.weather.poison) {
            content.kind = world.generator.below(4) == 0 ? Database.venom : Database.poison
        }
        let about = lastElements.last?.content.platformMessage
        let kind: ChannelReport.Kind
        switch world.generator.below(10) {
        case 0: kind = .delivered(upTo: at)
        case 1: kind = .reacted(isRemoved: false)
        case 2: kind = world.generator.below(2) == 0 ? .edited : .deleted
        case 3: kind = .messageLeft(job: nil, textDigest: newDigest(5))
        default:
            let wrote = CustomerWrote(
                thread: thread, platformMessage: message, kind: .text, writtenAt: at,
                origin: Self.origin(of: thread))
            let element = Element(key: message, input: .customerWrote(wrote), content: content)
            said.append((world.now, element))
            return element
        }
        let isOwnMessage = if case .messageLeft = kind { true } else { false }
        if !isOwnMessage { content.platformMessage = about }
        let report = ChannelReport(
            thread: thread, platformMessage: isOwnMessage ? message : about, kind: kind, at: at,
            origin: Self.origin(of: thread))
        return Element(key: message, input: .channelReported(report), content: content)
    }

    // MARK: Webhooks

    private func send(_ elements: [Element]) {
        webhookCount += 1
        let webhook = Webhook(id: webhookCount, elements: elements)
        world.after(world.latency()) { [self] in deliver(webhook) }
    }

    private func deliver(_ webhook: Webhook) {
        webhook.tries += 1
        let isHeard = !world.chance(world.weather.webhookLost)
        if isHeard, let node = world.findOwner() {
            let life = node.life
            world.after(world.latency()) {
                if node.life == life { node.call { node.receive(webhook) } }
            }
        }
        let tries = webhook.tries
        world.after(isHeard ? 5_000 : 50) { [self] in retry(webhook, after: tries) }
    }

    private func retry(_ webhook: Webhook, after tries: Int) {
        guard !webhook.isAcknowledged, webhook.tries == tries, tries < Self.tries else { return }
        world.after(world.generator.between(10, 100)) { [self] in
            if !webhook.isAcknowledged, webhook.tries == tries { deliver(webhook) }
        }
    }

    /// The node's answer is on its way back; it may be lost.
    func answered(_ webhook: Webhook, isStored: Bool) {
        if world.chance(world.weather.webhookLost) { return }
        let tries = webhook.tries
        world.after(world.latency()) { [self] in
            if isStored { acknowledged(webhook) } else { retry(webhook, after: tries) }
        }
    }

    func acknowledged(_ webhook: Webhook) {
        webhook.isAcknowledged = true
        for element in webhook.elements { world.auditor.acknowledged(element) }
    }

    // MARK: The Send API

    /// Takes a post; the answer may be lost, and the taking cannot be undone.
    func post(
        _ job: JobID, attempt: Int, from node: Node,
        _ answer: @escaping (SendOutcome, PageTrouble?) -> Void
    ) {
        let trouble = world.chance(world.weather.sendRefused)
        world.after(world.latency()) { [self] in
            world.auditor.posted(job, attempt: attempt)
            world.trace("job \(job.number) attempt \(attempt) posted by node \(node.name)")
            if trouble { return refuse(answer) }
            take(job, attempt)
            if world.chance(world.weather.sendUnknown) {
                world.after(world.generator.between(100, 6_000)) { answer(.unknown, nil) }
            } else {
                world.after(world.latency()) { answer(.sent, nil) }
            }
        }
    }

    private func refuse(_ answer: @escaping (SendOutcome, PageTrouble?) -> Void) {
        let later = Instant(milliseconds: world.now + world.generator.between(10, 1_500))
        let kind = world.generator.below(40)
        let delay = world.latency()
        world.after(delay) {
            switch kind {
            case 0: answer(.failed(.pageNotPermitted), .notPermitted)
            case 1..<6: answer(.retry(notBefore: later), .rateLimited(until: later))
            case 6..<12: answer(.failed(.refused), nil)
            case 12..<16: answer(.unknown, nil)
            default: answer(.retry(notBefore: later), nil)
            }
        }
    }

    private func take(_ job: JobID, _ attempt: Int) {
        let message = newDigest(1)
        taken[Post(job: job, attempt: attempt)] = message
        world.auditor.took(job, attempt: attempt)
        guard let row = world.database.jobs[job],
            let thread = world.database.conversations[row.conversation]?.thread
        else { return }
        let at = Instant(milliseconds: world.now)
        func element(naming named: JobID?) -> Element {
            let report = ChannelReport(
                thread: thread, platformMessage: message,
                kind: .messageLeft(job: named, textDigest: row.textDigest), at: at,
                origin: Self.origin(of: thread))
            return Element(
                key: message, input: .channelReported(report),
                content: Content(body: [5], platformMessage: message))
        }
        said.append((world.now, element(naming: nil)))
        if !world.chance(world.weather.echoLost) { send([element(naming: job)]) }
    }

    func platformMessage(_ job: JobID, _ attempt: Int) -> Digest? {
        taken[Post(job: job, attempt: attempt)]
    }

    // MARK: Reading back

    /// What was said lately, as the page's threads show it: without our marks.
    func readBack() -> [Element] {
        said.removeAll { $0.time < world.now - Self.memory }
        return said.map(\.element)
    }
}
