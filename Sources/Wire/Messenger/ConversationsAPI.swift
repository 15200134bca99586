public import Desk

/// One answer of the Conversations API.
public struct ConversationsPage: Equatable, Sendable {
    /// Its messages as elements of a webhook, oldest first within each conversation. Their keys are
    /// those that their webhooks had, so that what is known already is recognised.
    public var elements: [MetaElement] = []
    /// Where the next answer begins; `nil` after the last.
    public var after: String?
    /// When the conversation that changed longest ago was changed: answers come newest first, so
    /// that reading back may end once this is before the outage.
    public var oldestUpdate: Instant?
}

/// Reads back what was said while webhooks could not be taken ("Conversations API"; two calls a
/// second and page at most).
public enum ConversationsAPI {
    /// The path and query that ask for a page's conversations, newest first.
    ///
    /// - Parameters:
    ///   - page: the platform's id of the page.
    ///   - after: where to begin: ``ConversationsPage/after`` of the answer before.
    ///   - limit: how many conversations to ask for at once.
    public static func path(page: String, after: String? = nil, limit: Int = 25) -> String {
        let message = "id,created_time,from,to,message,sticker,attachments"
        var path = "/\(encode(page))/conversations?platform=messenger&limit=\(limit)"
        path += "&fields=id,updated_time,participants,messages.limit(\(limit)){\(message)}"
            .replacing("{", with: "%7B").replacing("}", with: "%7D")
        if let after { path += "&after=\(encode(after))" }
        return path
    }

    /// Reads an answer.
    public static func parse(
        _ body: [UInt8], page: String
    ) -> Result<ConversationsPage, WireError> {
        var parser = ConversationsParser(body, page: page)
        do throws(JSONError) {
            return .success(try parser.parse())
        } catch {
            return .failure(WireError(error))
        }
    }

    /// Percent-encodes all but unreserved characters (RFC 3986 §2.3).
    private static func encode(_ text: String) -> String {
        let digits = [UInt8]("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.append(byte)
            default:
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

private struct ConversationsParser {
    var reader: JSONReader
    let page: String
    var result = ConversationsPage()

    init(_ body: [UInt8], page: String) {
        reader = JSONReader(body)
        self.page = page
    }

    mutating func parse() throws(JSONError) -> ConversationsPage {
        var hasData = false
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case "data":
                hasData = true
                try reader.beginArray()
                while try reader.nextElement() { try readConversation() }
            case "paging": result.after = try readPaging()
            default: try reader.skip()
            }
        }
        try reader.end()
        guard hasData else { throw reader.failure(.missing, at: "data") }
        return result
    }

    /// The cursor of the next answer; there is one only where there is a `next`.
    private mutating func readPaging() throws(JSONError) -> String? {
        var after: String?
        var hasNext = false
        if try reader.takeNull() { return nil }
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case "next": hasNext = try reader.stringOrNull() != nil
            case "cursors":
                try reader.beginObject()
                while let name = try reader.nextName() {
                    if name == "after" {
                        after = try reader.stringOrNull()
                    } else {
                        try reader.skip()
                    }
                }
            default: try reader.skip()
            }
        }
        return hasNext ? after : nil
    }

    private mutating func readConversation() throws(JSONError) {
        var messages: [MetaElement] = []
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case "updated_time":
                if let time = CalendarTime.parse(try reader.stringOrNull()) {
                    result.oldestUpdate = min(result.oldestUpdate ?? time, time)
                }
            case "messages": messages = try readData()
            default: try reader.skip()
            }
        }
        result.elements += messages.reversed()
    }

    private mutating func readData() throws(JSONError) -> [MetaElement] {
        var messages: [MetaElement] = []
        try reader.beginObject()
        while let name = try reader.nextName() {
            guard name == "data" else {
                try reader.skip()
                continue
            }
            try reader.beginArray()
            while try reader.nextElement() {
                if let message = try readMessage() { messages.append(message) }
            }
        }
        return messages
    }

    /// A message; `nil` for one without an id or a party, which nothing could recognise.
    private mutating func readMessage() throws(JSONError) -> MetaElement? {
        var document = MessageDocument()
        var id: String?
        var writer: String?
        var readers: [String] = []
        var time: Instant?
        reader.skipSpace()
        let start = reader.position
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case _ where try reader.takeNull(): continue
            case "id": id = try reader.string()
            case "created_time": time = CalendarTime.parse(try reader.string())
            case "from": writer = try readParty()
            case "to": readers = try readParties()
            case "message": document.text = try reader.string()
            case "sticker":
                var sticker = MessageDocument.Attachment(type: "image")
                sticker.url = try reader.string()
                document.attachments.append(sticker)
            case "attachments": try readAttachments(into: &document)
            default: try reader.skip()
            }
        }
        if document.text?.isEmpty == true { document.text = nil }
        let isOurs = writer == page
        guard let id, let writer, let person = isOurs ? readers.first : writer else { return nil }
        if document.text == nil && document.attachments.isEmpty {
            document.attachments = [MessageDocument.Attachment(type: "unsupported")]
        }
        let kind = CustomerMessageKind.self
        return MetaElement(
            page: page, person: person,
            kind: isOurs
                ? .left(metadata: nil, app: nil)
                : .message(document.text == nil ? kind.attachment : kind.text),
            timestamp: time, messageID: id, document: document,
            raw: reader.bytes[start..<reader.position], isReadBack: true)
    }

    private mutating func readParty() throws(JSONError) -> String? {
        var id: String?
        try reader.beginObject()
        while let name = try reader.nextName() {
            if name == "id" {
                id = try reader.stringOrInteger()
            } else {
                try reader.skip()
            }
        }
        return id
    }

    private mutating func readParties() throws(JSONError) -> [String] {
        var parties: [String] = []
        try reader.beginObject()
        while let name = try reader.nextName() {
            guard name == "data" else {
                try reader.skip()
                continue
            }
            try reader.beginArray()
            while try reader.nextElement() {
                if let party = try readParty() { parties.append(party) }
            }
        }
        return parties
    }

    private mutating func readAttachments(into document: inout MessageDocument) throws(JSONError) {
        try reader.beginObject()
        while let name = try reader.nextName() {
            guard name == "data" else {
                try reader.skip()
                continue
            }
            try reader.beginArray()
            while try reader.nextElement() {
                guard document.attachments.count < WireLimits.attachmentsPerMessage else {
                    throw reader.failure(.tooManyMembers)
                }
                document.attachments.append(try readAttachment())
            }
        }
    }

    private mutating func readAttachment() throws(JSONError) -> MessageDocument.Attachment {
        var attachment = MessageDocument.Attachment(type: "file")
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case _ where try reader.takeNull(): continue
            case "name": attachment.title = try reader.string()
            case "file_url": attachment.url = try reader.string()
            case "image_data", "video_data":
                attachment.type = name == "image_data" ? "image" : "video"
                try readAddress(into: &attachment)
            default: try reader.skip()
            }
        }
        return attachment
    }

    private mutating func readAddress(
        into attachment: inout MessageDocument.Attachment
    ) throws(JSONError) {
        try reader.beginObject()
        while let name = try reader.nextName() {
            if name == "url" {
                attachment.url = try reader.stringOrNull()
            } else {
                try reader.skip()
            }
        }
    }
}
