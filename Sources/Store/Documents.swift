import Desk
import FoundationEssentials
import Postgres

/// Values that lie in a column as JSON: what people configure, which is read whole and rarely, and
/// what few conversations have. Keys are sorted, so that equal values are equal text.
enum Documents {
    static func text(of value: some Encodable) throws(StoreError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value),
            let text = String(validating: data, as: UTF8.self)
        else { throw .invalid(field: "document") }
        return text
    }
}

extension Routing {
    /// What a conversation's row keeps as a document; the offer has columns of its own. Nil for
    /// nothing, as it is for most.
    func document() throws(StoreError) -> String? {
        var rest = self
        rest.offer = nil
        guard rest != Routing() else { return nil }
        return try Documents.text(of: rest)
    }
}

extension Profile {
    /// What an agent's row keeps; nil for nothing.
    func document() throws(StoreError) -> String? {
        guard self != Profile() else { return nil }
        return try Documents.text(of: self)
    }
}

extension QueueHours {
    /// What a queue's row keeps of its hours, beside the queue.
    struct Document: Codable {
        let knownUntil: Instant
        let periods: [OpenPeriod]

        func hours(of queue: QueueID) -> QueueHours {
            QueueHours(queue: queue, periods: periods, knownUntil: knownUntil)
        }
    }

    func document() throws(StoreError) -> String {
        try Documents.text(of: Document(knownUntil: knownUntil, periods: periods))
    }
}

extension Attendance {
    /// What an agent's row keeps; nil for nothing.
    func document() throws(StoreError) -> String? {
        guard self != Attendance() else { return nil }
        return try Documents.text(of: self)
    }
}

extension PostgresResult {
    /// A JSON column that was selected as text; nil for NULL.
    func document<Value: Decodable>(
        _ row: Int, _ column: Int
    ) throws(PostgresError) -> Value? {
        guard let text = try optionalText(row, column) else { return nil }
        guard let value = try? JSONDecoder().decode(Value.self, from: Data(text.utf8)) else {
            throw .unexpectedValue(column: column)
        }
        return value
    }

    /// What decides who may take the conversation whose offer begins at `first`, with the rest of it
    /// behind.
    func routing(_ row: Int, from first: Int) throws(PostgresError) -> Routing {
        var routing: Routing = try document(row, first + 3) ?? Routing()
        guard let agent = try optionalInt8(row, first) else { return routing }
        routing.offer = Offer(
            agent: AgentID(agent), deadline: try instant(row, first + 1),
            isTransfer: try bool(row, first + 2))
        return routing
    }

    /// A configuration that was in force; nil if there is none.
    func configuration(_ row: Int) throws(PostgresError) -> Configuration? {
        rowCount > row ? try document(row, 0) : nil
    }
}
