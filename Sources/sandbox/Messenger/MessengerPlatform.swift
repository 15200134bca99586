/// The pretended Messenger: pages, customers, their threads, and the rules by which a message is
/// accepted. A value: time and the run's random name come from outside, and what must go out to
/// the callback is returned, so that every rule can be read without the network.
struct MessengerPlatform: Sendable {
    let pages: [Page]
    /// Makes message ids unique over restarts, since a receiver remembers them.
    let runName: String

    private(set) var threads: [ThreadKey: Thread] = [:]
    private(set) var statistics = Statistics()
    private var lastNumber: Int64 = 0
    private var storedMessages = 0
    private var byAge = Fifo<ThreadKey>()

    struct Statistics: Sendable {
        var sendsAccepted: Int64 = 0
        var sendsRefused: Int64 = 0
        var actionsAccepted: Int64 = 0
        var customersWrote: Int64 = 0
        var messagesForgotten: Int64 = 0
    }

    /// What an accepted call leads to.
    struct SendReceipt: Sendable {
        var key: ThreadKey
        /// Nil for a sender action.
        var message: StoredMessage?
    }

    /// Why a customer could not be made to act; the text names the field.
    struct CustomerRefusal: Error, Sendable {
        var message: String
    }

    init(pages: [Page], runName: String) {
        self.pages = pages
        self.runName = runName
        for page in pages {
            for customer in Customer.demo {
                threads[ThreadKey(page: page.id, customer: customer.id)] = Thread(
                    customer: customer)
            }
        }
    }

    /// The page that a token speaks for; `name` is the page's id, or `me`.
    func page(_ name: String, token: String) -> Page? {
        pages.first { $0.token == token && (name == "me" || $0.id == name) }
    }

    func isKnown(token: String) -> Bool {
        pages.contains { $0.token == token }
    }

    func page(id: String) -> Page? {
        pages.first { $0.id == id }
    }

    // MARK: the page speaks

    /// Decides whether a call is accepted, and changes nothing.
    func verdict(on request: SendRequest, page: Page, at now: Int64) -> Result<Void, GraphError> {
        let key = ThreadKey(page: page.id, customer: request.recipient)
        guard let customer = threads[key]?.customer else { return .failure(.unknownUser) }
        if customer.isUnavailable { return .failure(.unavailable) }
        let window =
            switch request.window {
            case .standard: Limits.standardWindow
            case .humanAgent: Limits.humanAgentWindow
            }
        guard let acted = customer.lastActed, now - acted < window else {
            return .failure(.outsideWindow)
        }
        return .success(())
    }

    /// Stores what the page said. Call only after a good verdict.
    mutating func accept(_ request: SendRequest, page: Page, at now: Int64) -> SendReceipt {
        let key = ThreadKey(page: page.id, customer: request.recipient)
        switch request.content {
        case .action(let action):
            statistics.actionsAccepted += 1
            switch action {
            case .typingOn: threads[key]?.isTyping = true
            case .typingOff: threads[key]?.isTyping = false
            case .markSeen, .react, .unreact: break
            }
            return SendReceipt(key: key, message: nil)
        case .message(let outgoing):
            statistics.sendsAccepted += 1
            let message = StoredMessage(
                id: nextMessageID(), number: lastNumber, time: now, author: .page,
                text: outgoing.text, attachments: outgoing.attachment.map { [$0] } ?? [],
                quickReplies: outgoing.quickReplies, metadata: outgoing.metadata,
                replyTo: outgoing.replyTo)
            store(message, in: key)
            threads[key]?.isTyping = false
            return SendReceipt(key: key, message: message)
        }
    }

    mutating func countRefusal() {
        statistics.sendsRefused += 1
    }

    // MARK: the customer acts

    /// Creates or changes a customer.
    mutating func describe(
        _ key: ThreadKey, change: (inout Customer) -> Void
    ) throws(CustomerRefusal) {
        if threads[key] == nil { threads[key] = try newThread(key) }
        if var customer = threads[key]?.customer {
            change(&customer)
            threads[key]?.customer = customer
        }
    }

    /// Stores what a customer wrote; this opens the messaging window.
    mutating func customerWrote(
        _ draft: CustomerDraft, _ key: ThreadKey, at now: Int64
    ) throws(CustomerRefusal) -> StoredMessage {
        if threads[key] == nil { threads[key] = try newThread(key) }
        threads[key]?.customer.lastActed = now
        statistics.customersWrote += 1
        let id = nextMessageID()
        let message = StoredMessage(
            id: draft.messageID ?? id, number: lastNumber, time: now, author: .customer,
            text: draft.text, attachments: draft.attachments, replyTo: draft.replyTo)
        store(message, in: key)
        return message
    }

    /// The customer's device has everything up to this message.
    mutating func delivered(_ message: StoredMessage, _ key: ThreadKey) {
        let known = threads[key]?.deliveredUntil ?? 0
        threads[key]?.deliveredUntil = max(known, message.time)
    }

    /// The customer saw everything up to this message. False when that was known already.
    mutating func read(_ message: StoredMessage, _ key: ThreadKey) -> Bool {
        guard let thread = threads[key], thread.readUntil < message.time else { return false }
        threads[key]?.readUntil = message.time
        threads[key]?.deliveredUntil = max(thread.deliveredUntil, message.time)
        return true
    }

    /// What became of the webhook that told of a customer's message.
    mutating func note(_ delivery: StoredMessage.Delivery, of messageID: String, _ key: ThreadKey) {
        guard let index = threads[key]?.messages.lastIndex(where: { $0.id == messageID }) else {
            return
        }
        threads[key]?.messages[index].delivery = delivery
    }

    private func newThread(_ key: ThreadKey) throws(CustomerRefusal) -> Thread {
        guard page(id: key.page) != nil else {
            throw CustomerRefusal(message: "page: there is no page of that id")
        }
        guard !key.customer.isEmpty, key.customer.utf8.count <= 32,
            key.customer.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { throw CustomerRefusal(message: "customer: an id is 1 to 32 digits") }
        guard threads.count < Limits.customers else {
            throw CustomerRefusal(message: "customer: there are already \(Limits.customers)")
        }
        return Thread(customer: Customer(id: key.customer))
    }

    // MARK: memory

    /// Puts back a message of an earlier run.
    mutating func restore(_ message: StoredMessage, _ key: ThreadKey) {
        guard let thread = try? threads[key] ?? newThread(key) else { return }
        threads[key] = thread
        if message.author == .customer { threads[key]?.customer.lastActed = message.time }
        lastNumber += 1
        var numbered = message
        numbered.number = lastNumber
        store(numbered, in: key)
    }

    private mutating func nextMessageID() -> String {
        lastNumber += 1
        return "m_\(runName)\(String(lastNumber, radix: 36))"
    }

    private mutating func store(_ message: StoredMessage, in key: ThreadKey) {
        threads[key]?.messages.append(message)
        threads[key]?.updated = message.time
        byAge.append(key)
        storedMessages += 1
        while storedMessages > Limits.storedMessages, let oldest = byAge.popFirst() {
            storedMessages -= 1
            statistics.messagesForgotten += 1
            threads[oldest]?.messages.removeFirst()
        }
    }
}

/// What a customer is about to write.
struct CustomerDraft: Sendable {
    var text: String?
    var attachments: [JSONValue] = []
    var quickReplyPayload: String?
    var replyTo: String?
    /// Given only by tests that need a certain id.
    var messageID: String?
}
