import Desk

/// An element while it is read: whose it is becomes known with its entry, after it.
struct ReadElement {
    var sender: String?
    var recipient: String?
    var timestamp: Instant?
    var kind: MetaElementKind?
    /// How many members told what it is about: more than one would lose the others.
    var kinds = 0
    var otherName: String?
    var messageID: String?
    var document: MessageDocument?
    var raw = 0..<0

    /// Reads one element of `messaging` or `standby` ("Webhooks: webhook events").
    init(from reader: inout JSONReader) throws(JSONError) {
        try reader.beginObject()
        let start = reader.position - 1
        while let name = try reader.nextName() {
            switch name {
            case "sender": sender = try Self.party(&reader)
            case "recipient": recipient = try Self.party(&reader)
            case "timestamp": timestamp = try MetaTimestamp.read(&reader)
            case "prior_message", "hop_context": try reader.skip()
            case _ where try reader.takeNull(): continue
            case "message": try readMessage(&reader)
            case "postback": try readPostback(&reader)
            case "delivery": try readReceipt(&reader) { .delivered(upTo: $0) }
            case "read": try readReceipt(&reader) { .read(upTo: $0) }
            case "reaction": try readReaction(&reader)
            case "message_edit": try readEdit(&reader)
            default:
                otherName = otherName ?? Self.kindName(name)
                try reader.skip()
            }
        }
        raw = start..<reader.position
        if kinds > 1 { throw reader.failure(.duplicateName) }
    }

    /// An element of `changes`: kept as it is under the name of its field.
    init(change reader: inout JSONReader) throws(JSONError) {
        try reader.beginObject()
        let start = reader.position - 1
        var field: String?
        while let name = try reader.nextName() {
            switch name {
            case "field": field = try reader.stringOrNull()
            default: try reader.skip()
            }
        }
        raw = start..<reader.position
        kind = .other("changes." + Self.kindName(field ?? ""))
    }

    /// The platform's name as it is counted and kept: names come from outside, so their form and
    /// length are bounded. Both spellings of one name exist: `policy-enforcement`.
    private static func kindName(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isPlain, !name.isEmpty, name.utf8.count <= WireLimits.kindName else {
            return "unnamed"
        }
        return name == "policy-enforcement" ? "policy_enforcement" : name
    }

    /// The id of a sender or recipient; `nil` for somebody known only by a `user_ref`.
    private static func party(_ reader: inout JSONReader) throws(JSONError) -> String? {
        if try reader.takeNull() { return nil }
        var id: String?
        try reader.beginObject()
        while let name = try reader.nextName() {
            if name == "id" {
                id = try reader.takeNull() ? nil : try reader.stringOrInteger()
            } else {
                try reader.skip()
            }
        }
        return id?.isEmpty == true ? nil : id
    }

    // MARK: Kinds

    private mutating func readMessage(_ reader: inout JSONReader) throws(JSONError) {
        kinds += 1
        var document = MessageDocument()
        var isEcho = false
        var isDeleted = false
        var metadata: String?
        var app: String?
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case "mid": messageID = try reader.stringOrNull()
            case "text": document.text = try reader.stringOrNull()
            case _ where try reader.takeNull(): continue
            case "is_echo": isEcho = try reader.bool()
            case "is_deleted": isDeleted = try reader.bool()
            case "metadata": metadata = try reader.string()
            case "app_id": app = try reader.stringOrInteger()
            case "attachments": document.attachments = try MetaAttachments.read(&reader)
            case "sticker_id": _ = try reader.stringOrInteger()
            case "quick_reply": document.quickReply = try Self.member("payload", of: &reader)
            case "reply_to": document.replyTo = try Self.member("mid", of: &reader)
            case "referral": document.referral = [UInt8](reader.bytes[try reader.raw()])
            default: try reader.skip()
            }
        }
        if document.text?.isEmpty == true { document.text = nil }
        if isDeleted {
            kind = .deleted
            return
        }
        if document.text == nil && document.attachments.isEmpty {
            // Something came that the platform does not show to apps: the agent should see that.
            document.attachments = [MessageDocument.Attachment(type: "unsupported")]
        }
        self.document = document
        kind =
            isEcho
            ? .left(metadata: metadata, app: app)
            : .message(document.text == nil ? .attachment : .text)
    }

    private mutating func readPostback(_ reader: inout JSONReader) throws(JSONError) {
        kinds += 1
        var document = MessageDocument()
        var postback = MessageDocument.Postback(title: nil, payload: nil)
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case "mid": messageID = try reader.stringOrNull()
            case "title": postback.title = try reader.stringOrNull()
            case "payload": postback.payload = try reader.stringOrNull()
            case "referral": document.referral = [UInt8](reader.bytes[try reader.raw()])
            default: try reader.skip()
            }
        }
        document.postback = postback
        self.document = document
        kind = .message(.postback)
    }

    private mutating func readReceipt(
        _ reader: inout JSONReader, _ make: (Instant?) -> MetaElementKind
    ) throws(JSONError) {
        kinds += 1
        var upTo: Instant?
        try reader.beginObject()
        while let name = try reader.nextName() {
            if name == "watermark" {
                upTo = try MetaTimestamp.read(&reader)
            } else {
                try reader.skip()
            }
        }
        kind = make(upTo)
    }

    private mutating func readReaction(_ reader: inout JSONReader) throws(JSONError) {
        kinds += 1
        var word: String?
        var emoji: String?
        var action: String?
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case "mid": messageID = try reader.stringOrNull()
            case "reaction": word = try reader.stringOrNull()
            case "emoji": emoji = try reader.stringOrNull()
            case "action": action = try reader.stringOrNull()
            default: try reader.skip()
            }
        }
        if let shown = emoji ?? word {
            var document = MessageDocument()
            document.reaction = shown
            self.document = document
        }
        kind = .reacted(isRemoved: action == "unreact")
    }

    private mutating func readEdit(_ reader: inout JSONReader) throws(JSONError) {
        kinds += 1
        var document = MessageDocument()
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case "mid": messageID = try reader.stringOrNull()
            case "text": document.text = try reader.stringOrNull()
            default: try reader.skip()
            }
        }
        self.document = document
        kind = .edited
    }

    /// One string of an object of which nothing else is kept.
    private static func member(
        _ wanted: String, of reader: inout JSONReader
    ) throws(JSONError) -> String? {
        var value: String?
        try reader.beginObject()
        while let name = try reader.nextName() {
            if name == wanted {
                value = try reader.stringOrNull()
            } else {
                try reader.skip()
            }
        }
        return value
    }
}
