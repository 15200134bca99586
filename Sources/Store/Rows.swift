import Desk
import Postgres

/// Reading rows back. A row that is not of the form which this program writes is
/// `unexpectedValue`: the schema is another one, or somebody else wrote it.
extension PostgresResult {
    /// Of `conversations` joined with `activities`.
    static let conversationColumns = """
        conversations.conversation, conversations.customer, conversations.thread,
        conversations.queue, conversations.owner, conversations.owner_id, conversations.handoffs,
        conversations.waiting_since, conversations.opened_at, activities.last_message_at,
        activities.customer_wrote_at, activities.unread, conversations.offered_to,
        conversations.offer_deadline, conversations.offer_is_transfer, conversations.routing::text,
        conversations.channel, conversations.page
        """
    static let agentColumns = """
        agent, presence, capacity, disconnect_deadline, idle_since, profile::text, missed_offers,
        presence_since, attendance::text
        """
    static let queueStateColumns = """
        queue, is_open, open_time, counted_at, hours::text, ordered_open, ordered_until, ordered_by,
        targets_since, targets_met, targets_late
        """
    static let jobColumns = """
        job, conversation, message, agent, text_digest, state, due_at, failure, attempts
        """
    static let eventColumns = "number, at, epoch, conversation, kind, audience, body"

    func id<Kind>(_ row: Int, _ column: Int) throws(PostgresError) -> Identifier<Kind> {
        Identifier(try int8(row, column))
    }

    func instant(_ row: Int, _ column: Int) throws(PostgresError) -> Instant {
        Instant(milliseconds: try timestamp(row, column))
    }

    func optionalInstant(_ row: Int, _ column: Int) throws(PostgresError) -> Instant? {
        try optionalTimestamp(row, column).map { Instant(milliseconds: $0) }
    }

    func digest(_ row: Int, _ column: Int) throws(PostgresError) -> Digest {
        let bytes = try bytes(row, column)
        guard bytes.count == 16 else { throw .unexpectedValue(column: column) }
        return Digest(bytes: bytes)
    }

    func conversation(_ row: Int) throws(PostgresError) -> Conversation {
        guard let owner = Owner(name: try text(row, 4), number: try int8(row, 5)) else {
            throw .unexpectedValue(column: 4)
        }
        return Conversation(
            id: try id(row, 0), customer: try id(row, 1), thread: try digest(row, 2),
            queue: try id(row, 3), owner: owner, handoffs: Int(try int8(row, 6)),
            waitingSince: try instant(row, 7), openedAt: try instant(row, 8),
            lastMessageAt: try instant(row, 9), customerWroteAt: try instant(row, 10),
            unread: Int(try int8(row, 11)), routing: try routing(row, from: 12),
            origin: try origin(row, from: 16))
    }

    /// By what a conversation comes: the channel in this column and the page in the next.
    func origin(_ row: Int, from column: Int) throws(PostgresError) -> Origin {
        guard let channel = Channel(rawValue: try text(row, column)) else {
            throw .unexpectedValue(column: column)
        }
        return Origin(channel: channel, page: try text(row, column + 1))
    }

    func agent(_ row: Int) throws(PostgresError) -> Agent {
        guard let presence = Presence(rawValue: try text(row, 1)) else {
            throw .unexpectedValue(column: 1)
        }
        return Agent(
            id: try id(row, 0), presence: presence, capacity: Int(try int8(row, 2)),
            disconnectDeadline: try optionalInstant(row, 3), idleSince: try instant(row, 4),
            profile: try document(row, 5) ?? Profile(), missedOffers: Int(try int8(row, 6)),
            presenceSince: try instant(row, 7), attendance: try document(row, 8) ?? Attendance())
    }

    func queueState(_ row: Int) throws(PostgresError) -> QueueState {
        let queue: QueueID = try id(row, 0)
        let hours: QueueHours.Document? = try document(row, 4)
        return QueueState(
            queue: queue, isOpen: try bool(row, 1), openTime: try int8(row, 2),
            countedAt: try instant(row, 3), hours: hours?.hours(of: queue),
            order: try queueOrder(row), targets: try targetCounts(row))
    }

    private func targetCounts(_ row: Int) throws(PostgresError) -> TargetCounts? {
        guard let since = try optionalInstant(row, 8) else { return nil }
        return TargetCounts(
            since: since, met: Int(try int8(row, 9)), late: Int(try int8(row, 10)))
    }

    private func queueOrder(_ row: Int) throws(PostgresError) -> QueueOrder? {
        guard let by = try optionalInt8(row, 7) else { return nil }
        return QueueOrder(
            isOpen: try bool(row, 5), until: try optionalInstant(row, 6), by: AgentID(by))
    }

    /// A job whose columns begin at `first`.
    func job(_ row: Int, from first: Int = 0) throws(PostgresError) -> Job {
        guard
            let state = JobState(
                name: try text(row, first + 5), dueAt: try optionalInstant(row, first + 6),
                failure: try optionalText(row, first + 7))
        else { throw .unexpectedValue(column: first + 5) }
        return Job(
            id: try id(row, first), conversation: try id(row, first + 1),
            message: try id(row, first + 2),
            agent: try optionalInt8(row, first + 3).map { AgentID($0) },
            textDigest: try digest(row, first + 4), state: state,
            attempts: Int(try int8(row, first + 8)))
    }

    func ledgerRow(_ row: Int) throws(PostgresError) -> LedgerRow {
        LedgerRow(
            number: try int8(row, 0), at: try instant(row, 1), epoch: try int8(row, 2),
            conversation: try optionalInt8(row, 3), kind: try int8(row, 4),
            audience: try int8Array(row, 5), body: try bytes(row, 6))
    }

    func eventRecord(_ row: Int) throws(PostgresError) -> EventRecord {
        guard let record = try ledgerRow(row).record else { throw .unexpectedValue(column: 6) }
        return record
    }

    /// Every row, read by `read`.
    func all<Value>(
        _ read: (Int) throws(PostgresError) -> Value
    ) throws(PostgresError) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(rowCount)
        for row in 0..<rowCount { values.append(try read(row)) }
        return values
    }
}
