import Desk
import Engine

/// Makes the rows of one commit from what was decided: sealed, chained, nothing sent yet.
struct CommitBuilder {
    let desk: Int64
    let deskKey: ContentKey
    let wrappingKeys: WrappingKeys
    /// Whom each conversation is with; those that the commit itself opens are added.
    private(set) var customerKeys: [ConversationID: CustomerKey]
    /// Those that the commit itself opens.
    private(set) var openedConversations: [ConversationID] = []
    /// Customers whom the commit itself meets.
    private var metCustomers: [CustomerID: ContentKey] = [:]
    private(set) var rows = CommitRows()
    private(set) var lastHash: [UInt8]
    private var namedPlatforms: Set<Digest> = []
    /// Who brought configurations into force, by their version.
    private var supervisors: [Int64: AgentID] = [:]

    init(
        desk: Int64, deskKey: ContentKey, wrappingKeys: WrappingKeys,
        customerKeys: [ConversationID: CustomerKey], lastHash: [UInt8]
    ) {
        self.desk = desk
        self.deskKey = deskKey
        self.wrappingKeys = wrappingKeys
        self.customerKeys = customerKeys
        self.lastHash = lastHash
    }

    /// The conversations whose customer's key this commit needs and does not mint itself.
    static func conversationsToSeal(_ commit: Commit) -> Set<ConversationID> {
        var needed: Set<ConversationID> = []
        var opened: Set<ConversationID> = []
        for entry in commit.entries {
            for record in entry.records {
                switch record.event {
                case .conversationOpened(let conversation, _, _):
                    opened.insert(conversation)
                case .messageReceived(let conversation, _, _, _),
                    .messageSentElsewhere(let conversation, _, _),
                    .messageWritten(let conversation, _, _, _),
                    .announcementWritten(let conversation, _, _, _),
                    .messageReacted(let conversation, _, _), .messageEdited(let conversation, _),
                    .messageDeleted(let conversation, _):
                    needed.insert(conversation)
                case .channelEventKept(let conversation):
                    if let conversation { needed.insert(conversation) }
                case .customerMet, .messagesDelivered, .messagesRead, .ownerChanged,
                    .conversationRead, .agentEntered, .agentConnected, .agentDisconnected,
                    .presenceChanged, .wrapUpChanged, .shiftEndChanged, .shiftEnded,
                    .capacityChanged, .profileChanged, .configurationChanged,
                    .offerMade, .offerEnded, .needsRelaxed, .needsChanged, .priorityChanged,
                    .jobChanged, .epochBegan, .queueTurned, .queueHoursSet, .targetWarned,
                    .targetBreached, .targetMet, .inputQuarantined:
                    break
                }
            }
        }
        return needed.subtracting(opened)
    }

    mutating func add(_ entry: CommitEntry) throws(StoreError) {
        rows.keys.append(entry)
        // The body and the platform's name of the message go with the first record that can have
        // them: one input is about one message.
        var content = entry.content
        for record in entry.records {
            let row = LedgerRow(record)
            lastHash = Chain.hash(after: lastHash, desk: desk, row)
            rows.events.append(row, hash: lastHash)
            if case .announcementWritten(let conversation, let message, _, _) = record.event {
                try announced(conversation, message, record.at, entry.written)
            } else if try add(record, content, key: entry.key) {
                content = nil
            }
        }
    }

    /// Adds a configuration, after the entry whose event brought it into force.
    mutating func add(_ configuration: Configuration, at: Instant) throws(StoreError) {
        rows.configurations.version.append(configuration.version)
        rows.configurations.document.append(try Documents.text(of: configuration))
        rows.configurations.setBy.append(supervisors[configuration.version]?.number)
        rows.configurations.at.append(at.milliseconds)
    }

    /// Adds what goes beside the event; true if it took the content.
    private mutating func add(
        _ record: EventRecord, _ content: Content?, key: Digest?
    ) throws(StoreError) -> Bool {
        switch record.event {
        case .customerMet(let customer, let thread):
            try met(customer, thread, record.at, address: content?.address)
            return false
        case .conversationOpened(let conversation, let customer, _):
            if let key = metCustomers[customer] {
                customerKeys[conversation] = CustomerKey(customer: customer, key: key)
                openedConversations.append(conversation)
            }
            return false
        case .ownerChanged(let handoff):
            changed(handoff, record)
            return false
        case .messageReceived(let conversation, let message, let kind, let writtenAt):
            try said(
                conversation, message, kind.rawValue, nil, writtenAt, record.at, content)
        case .messageSentElsewhere(let conversation, let message, let writtenAt):
            try said(conversation, message, "elsewhere", nil, writtenAt, record.at, content)
        case .messageWritten(let conversation, let message, let agent, _):
            try said(conversation, message, "reply", agent, record.at, record.at, content)
        case .messageReacted(let conversation, let message, let isRemoved):
            try happened(
                isRemoved ? "unreacted" : "reacted", conversation, message, record, content)
        case .messageEdited(let conversation, let message):
            try happened("edited", conversation, message, record, content)
        case .messageDeleted(let conversation, let message):
            try happened("deleted", conversation, message, record, content)
        case .channelEventKept(let conversation):
            try kept(conversation, record, content)
        case .jobChanged(_, _, let message, _, _):
            name(message, content?.platformMessage)
        case .inputQuarantined:
            let body = try sealed(content?.body, .quarantineBody, record.number)
            rows.quarantined.append(
                record, key: key, kind: Self.storable(content?.kind), sealedBody: body)
        case .configurationChanged(let by):
            supervisors[record.number] = by
            return false
        case .presenceChanged(let agent, let presence, let reason, _):
            rows.presences.append(agent, presence, reason, record)
            return false
        case .messagesDelivered, .messagesRead, .conversationRead, .agentEntered, .agentConnected,
            .agentDisconnected, .wrapUpChanged, .shiftEndChanged, .shiftEnded, .capacityChanged,
            .profileChanged, .offerMade,
            .offerEnded, .needsRelaxed, .needsChanged, .priorityChanged, .queueTurned,
            .queueHoursSet, .targetWarned, .targetBreached, .targetMet, .announcementWritten,
            .epochBegan:
            return false
        }
        return true
    }

    private mutating func met(
        _ customer: CustomerID, _ thread: Digest, _ at: Instant, address: [UInt8]?
    ) throws(StoreError) {
        let key = ContentKey.mint()
        metCustomers[customer] = key
        let wrapped = try key.wrapped(wrappingKeys, at: place(.customerKey, customer.number))
        rows.customers.customer.append(customer.number)
        rows.customers.thread.append(thread.bytes)
        rows.customers.metAt.append(at.milliseconds)
        rows.customers.sealedKey.append(wrapped.sealed)
        rows.customers.sealedAddress.append(
            try seal(address, key, .customerAddress, customer.number))
    }

    private mutating func changed(_ handoff: Handoff, _ record: EventRecord) {
        rows.handoffs.append(handoff, event: record.number, at: record.at)
        if case .agent(let agent) = handoff.from {
            if !rows.begun.end(handoff.conversation, at: record.at) {
                rows.ended.conversation.append(handoff.conversation.number)
                rows.ended.agent.append(agent.number)
                rows.ended.endedAt.append(record.at.milliseconds)
            }
        }
        if case .agent(let agent) = handoff.to {
            rows.begun.append(handoff, agent, at: record.at)
        }
    }

    private mutating func said(
        _ conversation: ConversationID, _ message: MessageID, _ kind: String, _ author: AgentID?,
        _ writtenAt: Instant, _ recordedAt: Instant, _ content: Content?
    ) throws(StoreError) {
        let owner = try customerKey(of: conversation)
        rows.messages.message.append(message.number)
        rows.messages.conversation.append(conversation.number)
        rows.messages.customer.append(owner.customer.number)
        rows.messages.kind.append(kind)
        rows.messages.author.append(author?.number)
        rows.messages.writtenAt.append(writtenAt.milliseconds)
        rows.messages.recordedAt.append(recordedAt.milliseconds)
        rows.messages.platform.append(content?.platformMessage?.bytes)
        rows.messages.sealedBody.append(
            try seal(content?.body, owner.key, .messageBody, message.number))
    }

    /// What the desk wrote itself has words of its own: what travels beside the input is another's.
    private mutating func announced(
        _ conversation: ConversationID, _ message: MessageID, _ at: Instant, _ written: [Written]
    ) throws(StoreError) {
        let words = written.first { $0.message == message }
        try said(
            conversation, message, "announcement", nil, at, at, Content(body: words?.body))
    }

    private mutating func happened(
        _ kind: String, _ conversation: ConversationID, _ message: MessageID?,
        _ record: EventRecord, _ content: Content?
    ) throws(StoreError) {
        let owner = try customerKey(of: conversation)
        rows.messageChanges.change.append(record.number)
        rows.messageChanges.conversation.append(conversation.number)
        rows.messageChanges.customer.append(owner.customer.number)
        rows.messageChanges.message.append(message?.number)
        rows.messageChanges.kind.append(kind)
        rows.messageChanges.at.append(record.at.milliseconds)
        rows.messageChanges.sealedBody.append(
            try seal(content?.body, owner.key, .messageChangeBody, record.number))
    }

    /// An event of a thread is a note in its transcript; one without a thread lies apart.
    private mutating func kept(
        _ conversation: ConversationID?, _ record: EventRecord, _ content: Content?
    ) throws(StoreError) {
        guard let conversation else {
            let body = try sealed(content?.body, .keptEventBody, record.number)
            rows.kept.append(record, key: nil, kind: Self.storable(content?.kind), sealedBody: body)
            return
        }
        // A note never takes the name of the message that it is about: that name finds the message.
        let body = Content(body: content?.body)
        try said(
            conversation, MessageID(record.number), "note", nil, record.at, record.at, body)
    }

    private mutating func name(_ message: MessageID, _ platform: Digest?) {
        guard let platform, namedPlatforms.insert(platform).inserted,
            !rows.names.message.contains(message.number)
        else { return }
        rows.names.message.append(message.number)
        rows.names.platform.append(platform.bytes)
    }

    // MARK: Sealing

    private func customerKey(of conversation: ConversationID) throws(StoreError) -> CustomerKey {
        guard let found = customerKeys[conversation] else { throw .unreadable }
        return found
    }

    private func place(_ column: SealedColumn, _ row: Int64) -> SealedPlace {
        SealedPlace(column: column, desk: desk, row: row)
    }

    private func seal(
        _ bytes: [UInt8]?, _ key: ContentKey, _ column: SealedColumn, _ row: Int64
    ) throws(StoreError) -> [UInt8]? {
        guard let bytes else { return nil }
        return try key.seal(bytes, at: place(column, row))
    }

    private func sealed(
        _ bytes: [UInt8]?, _ column: SealedColumn, _ row: Int64
    ) throws(StoreError) -> [UInt8]? {
        try seal(bytes, deskKey, column, row)
    }

    /// The channel's name of a kind, made fit for a text column: it comes from outside.
    static func storable(_ kind: String?) -> String? {
        guard let kind else { return nil }
        let bytes = kind.utf8.prefix(StoreLimits.kindBytes).map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "-"):
                byte
            default: UInt8(ascii: "?")
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
