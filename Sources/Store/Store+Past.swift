public import Desk
import Postgres

/// Reads of the past, on connections of their own: what is being decided never shows here before it
/// is committed.
extension Store {
    /// The newest messages of a conversation before `before` (all, if nil), oldest first, at most
    /// `limit` (1…``StoreLimits/transcriptPage``). Their order is that of writing, by the platform's
    /// clock; the channel may have delivered them in another.
    ///
    /// A message whose key was erased is there without its body. How much of the conversation the
    /// customer has and has read is as of the same moment as the messages.
    public func transcript(
        of conversation: ConversationID, before: MessageID? = nil, limit: Int
    ) async throws(StoreError) -> Transcript {
        guard (1...StoreLimits.transcriptPage).contains(limit) else {
            throw .invalid(field: "limit")
        }
        let result = try await read(
            PastStatements.transcript,
            [
                .int8(desk), .int8(conversation.number), .int8(before?.number ?? .max),
                .int8(Int64(limit)),
            ])
        guard result.rowCount > 0 else { return Transcript() }
        var messages: [TranscriptMessage] = []
        messages.reserveCapacity(result.rowCount)
        for row in 0..<result.rowCount { messages.append(try transcriptMessage(result, row)) }
        messages.reverse()
        try await addChanges(to: &messages, of: conversation)
        return try value { () throws(PostgresError) in
            Transcript(
                messages: messages, deliveredUpTo: try result.deliveryMark(19),
                readUpTo: try result.deliveryMark(20))
        }
    }

    private func transcriptMessage(
        _ result: PostgresResult, _ row: Int
    ) throws(StoreError) -> TranscriptMessage {
        let (id, kindName) = try value { () throws(PostgresError) in
            (try result.id(row, 0) as MessageID, try result.text(row, 1))
        }
        guard let kind = TranscriptMessage.Kind(rawValue: kindName) else {
            throw .unexpectedSchema
        }
        let body = try openBody(
            result, row, body: 6, customer: 7, key: 8, .messageBody, id.number)
        return try value { () throws(PostgresError) in
            TranscriptMessage(
                id: id, kind: kind,
                author: try result.optionalInt8(row, 2).map { AgentID($0) },
                writtenAt: try result.instant(row, 3), recordedAt: try result.instant(row, 4),
                body: body, platform: result.isNull(row, 5) ? nil : try result.digest(row, 5),
                job: result.isNull(row, 10) ? nil : try result.job(row, from: 10))
        }
    }

    private func addChanges(
        to messages: inout [TranscriptMessage], of conversation: ConversationID
    ) async throws(StoreError) {
        let result = try await read(
            PastStatements.changes, [.int8(desk), .int8Array(messages.map(\.id.number))])
        let places = Dictionary(
            messages.enumerated().map { ($0.element.id, $0.offset) }, uniquingKeysWith: { $1 })
        for row in 0..<result.rowCount {
            let (message, event, kind, at) = try value { () throws(PostgresError) in
                (
                    try result.id(row, 0) as MessageID, try result.int8(row, 1),
                    try result.text(row, 2), try result.instant(row, 3)
                )
            }
            guard let place = places[message] else { continue }
            let body = try openBody(
                result, row, body: 4, customer: 5, key: 6, .messageChangeBody, event)
            let change = TranscriptMessage.Change(
                event: event, at: at, isRemoved: kind == "unreacted", body: body)
            switch kind {
            case "edited": messages[place].edits.append(change)
            case "reacted", "unreacted": messages[place].reactions.append(change)
            case "deleted": messages[place].isDeleted = true
            default: throw .unexpectedSchema
            }
        }
    }

    /// The bodies kept under these numbers: of messages, of edits and of reactions. What has none,
    /// or was erased, is left out. At most ``StoreLimits/listedRows``.
    public func bodies(
        of messages: [MessageID]
    ) async throws(StoreError) -> [MessageID: [UInt8]] {
        guard messages.count <= StoreLimits.listedRows else { throw .invalid(field: "messages") }
        guard !messages.isEmpty else { return [:] }
        let result = try await read(
            PastStatements.bodies, [.int8(desk), .int8Array(messages.map(\.number))])
        var bodies: [MessageID: [UInt8]] = [:]
        for row in 0..<result.rowCount {
            let (id, isChange) = try value { () throws(PostgresError) in
                (try result.id(row, 0) as MessageID, try result.bool(row, 1))
            }
            bodies[id] = try openBody(
                result, row, body: 2, customer: 3, key: 4,
                isChange ? .messageChangeBody : .messageBody, id.number)
        }
        return bodies
    }

    /// What it takes to send this job's message. `notFound`: there is no such job, or the customer's
    /// address or the text was erased.
    public func sendOrder(for job: JobID) async throws(StoreError) -> SendOrder {
        let result = try await read(PastStatements.sendOrder, [.int8(desk), .int8(job.number)])
        guard result.rowCount == 1 else { throw .notFound }
        let (message, conversation, customer) = try value { () throws(PostgresError) in
            (
                try result.id(0, 0) as MessageID, try result.id(0, 1) as ConversationID,
                try result.id(0, 3) as CustomerID
            )
        }
        let body = try openBody(
            result, 0, body: 2, customer: 3, key: 4, .messageBody, message.number)
        let address = try openBody(
            result, 0, body: 6, customer: 3, key: 4, .customerAddress, customer.number)
        guard let body, let address else { throw .notFound }
        return SendOrder(
            job: job, message: message, conversation: conversation, customer: customer,
            address: address, body: body)
    }

    /// Where these customers are reached. Who has no address, or was erased, is left out.
    public func addresses(
        of customers: [CustomerID]
    ) async throws(StoreError) -> [CustomerID: [UInt8]] {
        guard customers.count <= StoreLimits.listedRows else { throw .invalid(field: "customers") }
        guard !customers.isEmpty else { return [:] }
        let result = try await read(
            PastStatements.addresses, [.int8(desk), .int8Array(customers.map(\.number))])
        var addresses: [CustomerID: [UInt8]] = [:]
        for row in 0..<result.rowCount {
            let customer = try value { () throws(PostgresError) in
                try result.id(row, 0) as CustomerID
            }
            addresses[customer] = try openBody(
                result, row, body: 3, customer: 0, key: 1, .customerAddress, customer.number)
        }
        return addresses
    }

    /// Events after this number, ascending, at most `limit`.
    public func events(
        after number: Int64, limit: Int
    ) async throws(StoreError) -> [EventRecord] {
        guard (1...StoreLimits.listedRows).contains(limit) else { throw .invalid(field: "limit") }
        let result = try await read(
            PastStatements.events, [.int8(desk), .int8(number), .int8(Int64(limit))])
        return try value { () throws(PostgresError) in
            try result.all { row throws(PostgresError) in try result.eventRecord(row) }
        }
    }

    /// Opens one sealed column of a row; nil if it is NULL or the customer's key was erased. `key` is
    /// the first of the two columns of the wrapped key.
    func openBody(
        _ result: PostgresResult, _ row: Int, body: Int, customer: Int, key: Int,
        _ column: SealedColumn, _ id: Int64
    ) throws(StoreError) -> [UInt8]? {
        let (sealed, customer) = try value { () throws(PostgresError) in
            (try result.optionalBytes(row, body), try result.id(row, customer) as CustomerID)
        }
        guard let sealed, let key = try customerKey(result, row, customer, column: key) else {
            return nil
        }
        return try key.open(sealed, at: place(column, id))
    }
}

extension PostgresResult {
    /// The moment in the body of a delivered or read event: each row has the same.
    fileprivate func deliveryMark(_ column: Int) throws(PostgresError) -> Instant? {
        guard let body = try optionalBytes(0, column) else { return nil }
        guard let numbers = StoredEvent.numbers(body: body), numbers.count == 2 else {
            throw .unexpectedValue(column: column)
        }
        return Instant(milliseconds: numbers[1])
    }
}

/// The statements of reads of the past.
enum PastStatements {
    static let transcript = PostgresStatement(
        """
        SELECT messages.message, messages.kind, messages.author, messages.written_at,
               messages.recorded_at, messages.platform, messages.sealed_body, messages.customer,
               customers.wrapping_key, customers.sealed_key, jobs.job, jobs.conversation,
               jobs.message, jobs.agent, jobs.text_digest, jobs.state, jobs.due_at, jobs.failure,
               jobs.attempts, \(latestMark(kind: 6)), \(latestMark(kind: 7))
          FROM messages \(LookedUp.customer(of: "messages"))
          LEFT JOIN jobs ON jobs.desk = messages.desk AND jobs.message = messages.message
         WHERE messages.desk = $1 AND messages.conversation = $2
           AND (messages.written_at, messages.message) < (coalesce(
               (SELECT written_at FROM messages WHERE desk = $1 AND message = $3), 'infinity'), $3)
         ORDER BY messages.written_at DESC, messages.message DESC LIMIT $4
        """)
    /// The body of the conversation's delivered (6) or read (7) event that tells the latest moment:
    /// one look at `events_delivery_marks`.
    private static func latestMark(kind: Int) -> String {
        """
        (SELECT body FROM events WHERE desk = $1 AND conversation = $2 AND kind = \(kind)
          ORDER BY body DESC LIMIT 1)
        """
    }
    static let changes = PostgresStatement(
        """
        SELECT changes.message, changes.change, changes.kind, changes.at, changes.sealed_body,
               changes.customer, customers.wrapping_key, customers.sealed_key
          FROM message_changes AS changes \(LookedUp.customer(of: "changes"))
         WHERE changes.desk = $1 AND changes.message = ANY ($2) ORDER BY changes.change
        """)
    static let bodies = PostgresStatement(
        """
        SELECT messages.message, false, messages.sealed_body, messages.customer,
               customers.wrapping_key, customers.sealed_key
          FROM messages \(LookedUp.customer(of: "messages"))
         WHERE messages.desk = $1 AND messages.message = ANY ($2)
        UNION ALL
        SELECT changes.change, true, changes.sealed_body, changes.customer,
               customers.wrapping_key, customers.sealed_key
          FROM message_changes AS changes \(LookedUp.customer(of: "changes"))
         WHERE changes.desk = $1 AND changes.change = ANY ($2)
        """)
    static let sendOrder = PostgresStatement(
        """
        SELECT jobs.message, jobs.conversation, messages.sealed_body, messages.customer,
               customers.wrapping_key, customers.sealed_key, customers.sealed_address
          FROM jobs JOIN messages ON messages.desk = jobs.desk AND messages.message = jobs.message
          \(LookedUp.customer(of: "messages"))
         WHERE jobs.desk = $1 AND jobs.job = $2
        """)
    static let addresses = PostgresStatement(
        """
        SELECT customer, wrapping_key, sealed_key, sealed_address FROM customers
         WHERE desk = $1 AND customer = ANY ($2)
        """)
    static let events = PostgresStatement(
        """
        SELECT \(PostgresResult.eventColumns) FROM events
         WHERE desk = $1 AND number > $2 ORDER BY number LIMIT $3
        """)
}
