/// One element of `messaging`, on its way to the callback.
struct WebhookEvent: Sendable {
    /// What the control API can hold back or drop.
    enum Kind: String, Sendable, CaseIterable {
        case message
        case echo
        case delivery
        case read
    }

    var kind: Kind
    var key: ThreadKey
    /// The message it is about, named in the log.
    var messageID: String
    var body: JSONValue

    static func customerWrote(
        _ message: StoredMessage, _ key: ThreadKey, quickReplyPayload: String?
    ) -> WebhookEvent {
        let body = JSONValue.members([
            "mid": .string(message.id),
            "text": message.text.map { .string($0) },
            "quick_reply": quickReplyPayload.map { ["payload": .string($0)] },
            "reply_to": message.replyTo.map { ["mid": .string($0)] },
            "attachments": message.attachments.isEmpty ? nil : .array(message.attachments),
        ])
        return WebhookEvent(
            kind: .message, key: key, messageID: message.id,
            body: envelope(from: key.customer, to: key.page, at: message.time, "message", body))
    }

    /// The page hears its own message: sender and recipient are the other way round.
    static func echo(_ message: StoredMessage, _ key: ThreadKey, appID: Int64) -> WebhookEvent {
        let body = JSONValue.members([
            "mid": .string(message.id),
            "is_echo": true,
            "app_id": .integer(appID),
            "metadata": message.metadata.map { .string($0) },
            "text": message.text.map { .string($0) },
            "reply_to": message.replyTo.map { ["mid": .string($0)] },
            "attachments": message.attachments.isEmpty ? nil : .array(message.attachments),
        ])
        return WebhookEvent(
            kind: .echo, key: key, messageID: message.id,
            body: envelope(from: key.page, to: key.customer, at: message.time, "message", body))
    }

    static func delivery(_ message: StoredMessage, _ key: ThreadKey, at now: Int64)
        -> WebhookEvent
    {
        let body: JSONValue = [
            "mids": [.string(message.id)], "watermark": .integer(message.time),
        ]
        return WebhookEvent(
            kind: .delivery, key: key, messageID: message.id,
            body: envelope(from: key.customer, to: key.page, at: now, "delivery", body))
    }

    static func read(_ message: StoredMessage, _ key: ThreadKey, at now: Int64) -> WebhookEvent {
        WebhookEvent(
            kind: .read, key: key, messageID: message.id,
            body: envelope(
                from: key.customer, to: key.page, at: now, "read",
                ["watermark": .integer(message.time)]))
    }

    private static func envelope(
        from sender: String, to recipient: String, at time: Int64, _ name: String,
        _ body: JSONValue
    ) -> JSONValue {
        .object([
            .init(name: "sender", value: ["id": .string(sender)]),
            .init(name: "recipient", value: ["id": .string(recipient)]),
            .init(name: "timestamp", value: .integer(time)),
            .init(name: name, value: body),
        ])
    }
}
