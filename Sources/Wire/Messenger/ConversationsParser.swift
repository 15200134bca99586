import Desk

/// Reads answers of the Conversations API. An entry of a list that cannot be read is stepped over and
/// counted; only brackets that do not match cost the answer.
struct ConversationsParser {
    var reader: JSONReader
    private let page: String

    init(_ body: [UInt8], page: String) {
        reader = JSONReader(body)
        self.page = page
    }

    // MARK: Pages

    mutating func conversations() throws(JSONError) -> ConversationsPage {
        var result = ConversationsPage()
        (result.end, result.unreadable) = try list { parser throws(JSONError) in
            result.conversations.append(try parser.conversation())
        }
        return result
    }

    mutating func messages() throws(JSONError) -> MessagesPage {
        var result = MessagesPage()
        (result.end, result.unreadable) = try list { parser throws(JSONError) in
            result.elements.append(try parser.message())
        }
        return result
    }

    /// An object with the entries in `data` and, beside them, where it goes on.
    private mutating func list(
        _ readEntry: (inout Self) throws(JSONError) -> Void
    ) throws(JSONError) -> (end: PageEnd, unreadable: Int) {
        var end = PageEnd.last
        var unreadable = 0
        var hasData = false
        try members { parser, name throws(JSONError) in
            switch name {
            case "data":
                hasData = true
                unreadable = try parser.eachReadable(readEntry)
            case "paging": end = try parser.paging()
            default: try parser.reader.skip()
            }
        }
        guard hasData else { throw reader.failure(.missing, at: "data") }
        return (end, unreadable)
    }

    /// The cursor of the next answer; there is one only where there is a `next`.
    private mutating func paging() throws(JSONError) -> PageEnd {
        let mark = reader.mark()
        do throws(JSONError) {
            return try readPaging()
        } catch {
            _ = try reader.stepOverBroken(from: mark)
            return .lost
        }
    }

    private mutating func readPaging() throws(JSONError) -> PageEnd {
        var after: String?
        var hasNext = false
        if try reader.takeNull() { return .last }
        try members { parser, name throws(JSONError) in
            switch name {
            case "next": hasNext = try parser.reader.stringOrNull() != nil
            case "cursors":
                after = try parser.member("after") { reader throws(JSONError) in
                    try reader.stringOrNull()
                }
            default: try parser.reader.skip()
            }
        }
        guard hasNext else { return .last }
        return after.map { .after($0) } ?? .lost
    }

    // MARK: Entries

    private mutating func conversation() throws(JSONError) -> ConversationRead {
        var id: String?
        var updatedAt: Instant?
        var messages = MessagesPage()
        try members { parser, name throws(JSONError) in
            switch name {
            case "id": id = try parser.reader.string()
            case "updated_time":
                updatedAt = CalendarTime.parse(try parser.reader.stringOrNull())
            case "messages": messages = try parser.messages()
            default: try parser.reader.skip()
            }
        }
        guard let id else { throw reader.failure(.missing, at: "id") }
        return ConversationRead(id: id, updatedAt: updatedAt, messages: messages)
    }

    /// A message. One without an id or a party is refused: nothing could recognise it.
    private mutating func message() throws(JSONError) -> MetaElement {
        var document = MessageDocument()
        var id: String?
        var writer: String?
        var readers: [String] = []
        var time: Instant?
        reader.skipSpace()
        let start = reader.position
        try members { parser, name throws(JSONError) in
            switch name {
            case _ where try parser.reader.takeNull(): return
            case "id": id = try parser.reader.string()
            case "created_time": time = CalendarTime.parse(try parser.reader.string())
            case "from": writer = try parser.party()
            case "to":
                try parser.entries { parser throws(JSONError) in
                    if let party = try parser.party() { readers.append(party) }
                }
            case "message": document.text = try parser.reader.string()
            case "sticker":
                var sticker = MessageDocument.Attachment(type: "image")
                sticker.url = try parser.reader.string()
                document.attachments.append(sticker)
            case "attachments": try parser.attachments(into: &document)
            default: try parser.reader.skip()
            }
        }
        if document.text?.isEmpty == true { document.text = nil }
        let isOurs = writer == page
        guard let id else { throw reader.failure(.missing, at: "id") }
        guard let writer else { throw reader.failure(.missing, at: "from") }
        guard let person = isOurs ? readers.first : writer else {
            throw reader.failure(.missing, at: "to")
        }
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

    private mutating func party() throws(JSONError) -> String? {
        try member("id") { reader throws(JSONError) in try reader.stringOrInteger() }
    }

    private mutating func attachments(into document: inout MessageDocument) throws(JSONError) {
        try entries { parser throws(JSONError) in
            guard document.attachments.count < WireLimits.attachmentsPerMessage else {
                throw parser.reader.failure(.tooManyMembers)
            }
            document.attachments.append(try parser.attachment())
        }
    }

    private mutating func attachment() throws(JSONError) -> MessageDocument.Attachment {
        var attachment = MessageDocument.Attachment(type: "file")
        try members { parser, name throws(JSONError) in
            switch name {
            case _ where try parser.reader.takeNull(): return
            case "name": attachment.title = try parser.reader.string()
            case "file_url": attachment.url = try parser.reader.string()
            case "image_data", "video_data":
                attachment.type = name == "image_data" ? "image" : "video"
                attachment.url = try parser.member("url") { reader throws(JSONError) in
                    try reader.stringOrNull()
                }
            default: try parser.reader.skip()
            }
        }
        return attachment
    }

    // MARK: Shapes that recur

    /// An object, member by member; `read` reads or skips the value.
    private mutating func members(
        _ read: (inout Self, String) throws(JSONError) -> Void
    ) throws(JSONError) {
        try reader.beginObject()
        while let name = try reader.nextName() { try read(&self, name) }
    }

    /// An object of which one member counts; `nil` where it has none.
    private mutating func member(
        _ wanted: String, _ read: (inout JSONReader) throws(JSONError) -> String?
    ) throws(JSONError) -> String? {
        var value: String?
        try members { parser, name throws(JSONError) in
            if name == wanted {
                value = try read(&parser.reader)
            } else {
                try parser.reader.skip()
            }
        }
        return value
    }

    /// An object whose `data` is an array, entry by entry.
    private mutating func entries(
        _ readEntry: (inout Self) throws(JSONError) -> Void
    ) throws(JSONError) {
        try members { parser, name throws(JSONError) in
            guard name == "data" else { return try parser.reader.skip() }
            try parser.reader.beginArray()
            while try parser.reader.nextElement() { try readEntry(&parser) }
        }
    }

    /// An array, entry by entry; how many could not be read and were stepped over.
    private mutating func eachReadable(
        _ readEntry: (inout Self) throws(JSONError) -> Void
    ) throws(JSONError) -> Int {
        var unreadable = 0
        try reader.beginArray()
        while try reader.nextElement() {
            let mark = reader.mark()
            do throws(JSONError) {
                try readEntry(&self)
            } catch {
                _ = try reader.stepOverBroken(from: mark)
                unreadable += 1
            }
        }
        return unreadable
    }
}
