import Desk
import Store
import Wire

/// Turns a transcript's rows as they are stored into what the console shows.
struct TranscriptRows {
    let digester: Digester?

    /// The rows in their order. A row that answers another of them names it.
    func shown(_ rows: [StoredMessage]) -> [Wire.TranscriptMessage] {
        var numbers: [Digest: MessageID] = [:]
        for row in rows {
            if let platform = row.platform { numbers[platform] = row.id }
        }
        return rows.map { shown($0, numbers) }
    }

    private func shown(
        _ row: StoredMessage, _ numbers: [Digest: MessageID]
    ) -> Wire.TranscriptMessage {
        Wire.TranscriptMessage(
            id: row.id, kind: kind(row.kind), writtenAt: row.writtenAt, recordedAt: row.recordedAt,
            author: row.author, document: row.body, edit: row.edits.last?.body,
            replyTo: answered(by: row).flatMap { numbers[$0] }, isDeleted: row.isDeleted,
            reactions: reactions(row),
            sending: row.job.map { .init(job: $0.id, state: $0.state) })
    }

    private func answered(by row: StoredMessage) -> Digest? {
        guard let body = row.body, let digester,
            case .success(let document) = MessageDocument.parse(body),
            let message = document.replyTo
        else { return nil }
        return digester.digest(DigestDomain.platformMessage, Array(message.utf8))
    }

    /// The platform lets a person have one reaction to a message: the latest counts.
    private func reactions(_ row: StoredMessage) -> [String] {
        guard let last = row.reactions.last, !last.isRemoved, let body = last.body,
            case .success(let document) = MessageDocument.parse(body),
            let reaction = document.reaction
        else { return [] }
        return [reaction]
    }

    private func kind(_ kind: StoredMessage.Kind) -> TranscriptKind {
        switch kind {
        case .text: .text
        case .attachment: .attachment
        case .postback: .postback
        case .reply: .reply
        case .elsewhere: .elsewhere
        case .note: .note
        case .announcement: .announcement
        }
    }
}
