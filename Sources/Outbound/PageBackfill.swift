import Desk
import Engine
import EventLoop
import Logging
import Wire

/// One run over one page: reads every conversation that was written in since the moment up to which
/// everything is on record, and enters what is missing.
///
/// Order within a conversation is that of its list (``ReadBackOrder``). Of several conversations the
/// one whose missing message is oldest is entered first: queues are in order of arrival, and who wrote
/// at the beginning of an outage has waited longest.
@LoopActor final class PageBackfill {
    private let page: String
    private let port: any OutboundPort
    private let loop: Loop
    private let log: Logger
    private let desk: Int64
    private let reader: ChannelReader
    private let pauses: BackfillPauses
    private let figures: BackfillFigures
    private let isWanted: () -> Bool

    /// Nothing that was written before this moment is wanted; a whole second.
    private var since = Instant(milliseconds: 0)
    /// Conversations that were read in this run.
    private var seen: Set<String> = []
    /// What is missing, by conversation, oldest first.
    private var held: [[MetaElement]] = []
    private var heldCount = 0
    /// Messages that were found missing, and those that are stored since.
    private var missing = 0
    private var entered = 0
    private var unreadable = 0
    /// Something could not be read, or a limit was reached.
    private var isPartial = false

    init(
        page: String, port: any OutboundPort, loop: Loop, log: Logger, desk: Int64,
        reader: ChannelReader, pauses: BackfillPauses, figures: BackfillFigures,
        isWanted: @escaping () -> Bool
    ) {
        self.page = page
        self.port = port
        self.loop = loop
        self.log = log
        self.desk = desk
        self.reader = reader
        self.pauses = pauses
        self.figures = figures
        self.isWanted = isWanted
    }

    /// Reads and enters; returns when everything entered is stored.
    func run() async -> BackfillEnding {
        let ending = await readAndEnter()
        figures.ended(ending)
        log.notice(
            "the channel was read back",
            metadata: [
                "outcome": "\(ending.rawValue)", "calls": "\(reader.calls)",
                "conversations": "\(seen.count)", "missing": "\(missing)",
                "entered": "\(entered)", "unreadable": "\(unreadable)",
            ])
        return ending
    }

    private func readAndEnter() async -> BackfillEnding {
        guard let digest = port.digest(domain: DigestDomain.page, Array(page.utf8)),
            let mark = await port.readBackMark(of: digest)
        else { return .failed }
        since = start(mark)
        var from = since
        for pass in 0..<BackfillLimits.passes {
            let began = port.now()
            let missingBefore = missing
            let (pages, cause) = await readList(since: from)
            switch cause {
            case .failed:
                // What was found so far need not wait for the next run.
                _ = await enterHeld()
                return .failed
            case .superseded: return .superseded
            case .spent: reached(.calls)
            case nil: break
            }
            // A list of one answer has nowhere to move to; a repeated pass that found nothing more
            // shows that what moved was found.
            if pages <= 1 || cause != nil || (pass > 0 && missing == missingBefore) {
                return await finish()
            }
            from = began.adding(milliseconds: -BackfillLimits.passMargin)
        }
        reached(.passes)
        return await finish()
    }

    private func start(_ mark: ReadBackMark) -> Instant {
        let now = port.now()
        let earliest = now.adding(milliseconds: -BackfillLimits.longestReach)
        let wanted =
            switch mark {
            case .never: now.adding(milliseconds: -BackfillLimits.firstReach)
            case .until(let moment): moment.adding(milliseconds: -BackfillLimits.margin)
            }
        if wanted < earliest { reached(.reach) }
        let start = max(wanted, earliest).milliseconds
        return Instant(milliseconds: start - start % 1_000)
    }

    private func finish() async -> BackfillEnding {
        if let ending = await enterHeld() { return ending }
        return isPartial ? .partial : .complete
    }

    // MARK: Reading

    /// One pass over the list; how many answers it took, and what ended it before its time.
    private func readList(since: Instant) async -> (pages: Int, ChannelReader.Cause?) {
        var end = PageEnd.after("")
        var pages = 0
        while case .after(let cursor) = end {
            guard pages < BackfillLimits.conversationPages else {
                reached(.conversationPages)
                break
            }
            pages += 1
            let found: ConversationsPage
            switch await conversations(after: cursor.isEmpty ? nil : cursor) {
            case .page(let page): found = page
            case .unreadable: return (pages, nil)
            case .ended(let cause): return (pages, cause)
            }
            if found.unreadable > 0 { couldNotRead(.entry, found.unreadable) }
            for conversation in found.conversations {
                if let updatedAt = conversation.updatedAt, updatedAt < since {
                    return (pages, nil)
                }
                guard seen.insert(conversation.id).inserted else { continue }
                if let cause = await take(conversation) { return (pages, cause) }
            }
            if found.end == .lost { couldNotRead(.cursor) }
            end = found.end
        }
        return (pages, nil)
    }

    /// One answer with conversations and the newest messages of each. When it cannot be read it is
    /// asked for without the messages, which are then read conversation by conversation: so that an
    /// answer costs no more than what in it is broken.
    private func conversations(after: String?) async -> ChannelReader.Outcome<ConversationsPage> {
        let whole = await listed(after: after, messages: BackfillLimits.messages)
        guard case .unreadable = whole else { return whole }
        couldNotRead(.page, isLoss: false)
        var list = await listed(after: after, messages: 0)
        if case .unreadable = list { couldNotRead(.page) }
        guard case .page(var page) = list else { return list }
        for index in page.conversations.indices {
            page.conversations[index].messages.end = .after("")
        }
        list = .page(page)
        return list
    }

    private func listed(
        after: String?, messages: Int
    ) async -> ChannelReader.Outcome<ConversationsPage> {
        await reader.read(
            ConversationsAPI.conversationsPath(page: page),
            ConversationsAPI.conversationsQuery(
                after: after, limit: BackfillLimits.conversations, messages: messages)
        ) { [page] in ConversationsAPI.conversations($0, page: page) }
    }

    /// Reads a conversation as far back as is wanted, and holds what is missing of it.
    private func take(_ conversation: ConversationRead) async -> ChannelReader.Cause? {
        var elements: [MetaElement] = []
        var found = conversation.messages
        for pages in 0... {
            elements += found.elements
            if found.unreadable > 0 { couldNotRead(.entry, found.unreadable) }
            if found.end == .lost { couldNotRead(.cursor) }
            guard case .after(let cursor) = found.end, !reaches(elements.last) else { break }
            guard pages < BackfillLimits.messagePages else {
                reached(.messagePages)
                break
            }
            let outcome = await reader.read(
                ConversationsAPI.messagesPath(conversation: conversation.id),
                ConversationsAPI.messagesQuery(
                    after: cursor.isEmpty ? nil : cursor, limit: ConversationsAPI.entriesPerPage)
            ) { [page] in ConversationsAPI.messages($0, page: page) }
            switch outcome {
            case .page(let page): found = page
            case .unreadable:
                couldNotRead(.page)
                return await hold(elements)
            case .ended(let cause): return await hold(elements) ?? cause
            }
        }
        return await hold(elements)
    }

    /// Whether the oldest that was read is older than what is wanted.
    private func reaches(_ oldest: MetaElement?) -> Bool {
        oldest?.timestamp.map { $0 < since } ?? false
    }

    // MARK: Entering

    /// Keeps what is missing of one conversation until it is its turn.
    private func hold(_ newestFirst: [MetaElement]) async -> ChannelReader.Cause? {
        // Its webhook had no id where the list has none: then it is not on record by an id either.
        var names: [String: Digest] = [:]
        for id in newestFirst.compactMap(\.messageID) {
            names[id] = port.digest(domain: DigestDomain.platformMessage, Array(id.utf8))
        }
        guard let moments = await port.writtenTimes(of: names.values.sorted()) else {
            return .failed
        }
        let found = ReadBackOrder.missing(in: newestFirst, since: since) { element in
            element.messageID.flatMap { names[$0] }.flatMap { moments[$0] }
        }
        guard !found.isEmpty else { return nil }
        held.append(found)
        heldCount += found.count
        missing += found.count
        guard heldCount >= BackfillLimits.held, let ending = await enterHeld() else { return nil }
        return ending == .superseded ? .superseded : .failed
    }

    /// Enters what is held; nil when all of it is stored.
    private func enterHeld() async -> BackfillEnding? {
        let elements = held.enumerated().sorted { left, right in
            // Equal ones stay as they were found.
            (left.element.first?.timestamp ?? since, left.offset)
                < (right.element.first?.timestamp ?? since, right.offset)
        }.flatMap(\.element)
        held = []
        heldCount = 0
        for start in stride(from: 0, to: elements.count, by: BackfillLimits.entered) {
            let chunk = elements[start..<min(start + BackfillLimits.entered, elements.count)]
            if let ending = await store(chunk) { return ending }
        }
        return nil
    }

    /// Enters these until all are stored. Those of one conversation must not overtake each other: from
    /// the first that was not stored on, all are entered again, and what was stored is recognised.
    private func store(_ elements: ArraySlice<MetaElement>) async -> BackfillEnding? {
        var rest = elements
        for _ in 0..<BackfillLimits.attempts {
            guard isWanted() else { return .superseded }
            let stored = await enter(rest)
            entered += stored
            figures.entered(stored)
            rest = rest.dropFirst(stored)
            if rest.isEmpty { return nil }
            await loop.sleep(for: .milliseconds(pauses.store))
        }
        return isWanted() ? .failed : .superseded
    }

    /// Enters these and waits until all are decided; how many from the first on are stored.
    private func enter(_ elements: ArraySlice<MetaElement>) async -> Int {
        await withCheckedContinuation { continuation in
            var isStored = [Bool](repeating: false, count: elements.count)
            var waiting = elements.count
            for (index, element) in elements.enumerated() {
                let arrival = element.arrival(desk: desk, receivedAt: port.now()) { [port] in
                    // The key is there: the mark could not have been asked for without it.
                    port.digest(domain: $0, $1) ?? Digest(high: 0, low: 0)
                }
                port.enter(
                    arrival.input, from: .webhook, key: arrival.key,
                    content: Content(
                        body: arrival.body, platformMessage: arrival.platformMessage,
                        address: arrival.address, kind: arrival.kind)
                ) { answer in
                    isStored[index] = answer.isDecided
                    waiting -= 1
                    guard waiting == 0 else { return }
                    continuation.resume(
                        returning: isStored.firstIndex(of: false) ?? isStored.count)
                }
            }
        }
    }

    // MARK: What is told

    private func reached(_ limit: BackfillFigures.Limit) {
        isPartial = true
        figures.reached(limit)
        log.warning(
            "a limit of reading the channel back was reached",
            metadata: ["limit": "\(limit.rawValue)"])
    }

    private func couldNotRead(
        _ part: BackfillFigures.Part, _ count: Int = 1, isLoss: Bool = true
    ) {
        if isLoss { isPartial = true }
        unreadable += count
        figures.couldNotRead(part, count)
        log.warning(
            "a part of the channel could not be read back",
            metadata: ["part": "\(part.rawValue)", "count": "\(count)"])
    }
}

extension Answer {
    /// Whether it is on record, or never will be: entering it again would change nothing.
    fileprivate var isDecided: Bool {
        switch self {
        case .accepted, .repeated, .rejected, .quarantined: true
        case .unavailable, .view, .explanation: false
        }
    }
}
