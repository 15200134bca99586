import Crypto
import Desk

/// One event as it lies in the ledger, understood or not.
struct LedgerRow: Equatable {
    let number: Int64
    let at: Instant
    let epoch: Int64
    let conversation: Int64?
    let kind: Int64
    let audience: [Int64]
    let body: [UInt8]

    /// How this event is to be stored.
    init(_ record: EventRecord) {
        let stored = StoredEvent(record.event)
        number = record.number
        at = record.at
        epoch = record.epoch
        conversation = stored.conversation?.number
        kind = stored.kind
        audience = record.audience.map(\.number)
        body = stored.body
    }

    init(
        number: Int64, at: Instant, epoch: Int64, conversation: Int64?, kind: Int64,
        audience: [Int64], body: [UInt8]
    ) {
        self.number = number
        self.at = at
        self.epoch = epoch
        self.conversation = conversation
        self.kind = kind
        self.audience = audience
        self.body = body
    }

    /// What it says; nil if that is nothing this program knows.
    var record: EventRecord? {
        guard let numbers = StoredEvent.numbers(body: body),
            let event = StoredEvent(
                kind: kind, numbers: numbers, conversation: conversation.map(ConversationID.init)
            ).event
        else { return nil }
        return EventRecord(
            number: number, at: at, epoch: epoch, event: event, audience: audience.map(AgentID.init)
        )
    }
}

/// The hash chain over a desk's ledger.
///
/// The hash of an event is SHA-256 over the hash of the event before it (32 zero bytes before the
/// first) and the event's canonical bytes: desk, number, at (milliseconds since 1970), epoch (8
/// bytes each), kind (2 bytes), conversation (8 bytes; 0 for none), the length of the audience (4
/// bytes) and its agents (8 bytes each), the length of the body (4 bytes) and the body. All numbers
/// are signed, most significant byte first. Schemas/sql/README.md says the same for whoever checks
/// the chain with a program of their own.
///
/// The chain shows a row that was changed, removed or put elsewhere, and, together with the desk's
/// row, a ledger that was cut. Whoever may rewrite the whole table can rewrite the chain as well:
/// only a hash that was kept elsewhere tells.
enum Chain {
    /// What stands before the first event.
    static let start = [UInt8](repeating: 0, count: 32)

    static func hash(after previous: [UInt8], desk: Int64, _ row: LedgerRow) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(previous.count + 50 + 8 * row.audience.count + row.body.count)
        bytes.append(contentsOf: previous)
        bytes.appendBigEndian(desk)
        bytes.appendBigEndian(row.number)
        bytes.appendBigEndian(row.at.milliseconds)
        bytes.appendBigEndian(row.epoch)
        bytes.appendBigEndian(Int16(truncatingIfNeeded: row.kind))
        bytes.appendBigEndian(row.conversation ?? 0)
        bytes.appendBigEndian(Int32(truncatingIfNeeded: row.audience.count))
        for agent in row.audience { bytes.appendBigEndian(agent) }
        bytes.appendBigEndian(Int32(truncatingIfNeeded: row.body.count))
        bytes.append(contentsOf: row.body)
        return Array(SHA256.hash(data: bytes))
    }
}
