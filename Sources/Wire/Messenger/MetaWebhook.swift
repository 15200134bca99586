import Desk

/// Why the whole of what came could not be taken. Nothing of it was.
public struct WireError: Error, Equatable, Sendable {
    /// What was wrong.
    public enum Code: Equatable, Sendable {
        /// It is not the JSON that was expected.
        case json(JSONError.Code)
        /// `object` is not `page`.
        case otherObject
        /// It has more updates than ``WireLimits/updatesPerWebhook``.
        case tooManyUpdates
    }
    /// What was wrong.
    public let code: Code
    /// The field; empty for the whole.
    public let field: String

    /// An error at this field.
    public init(_ code: Code, field: String) {
        self.code = code
        self.field = field
    }

    init(_ error: JSONError) { self.init(.json(error.code), field: error.field) }
}

/// Webhooks of the Messenger Platform ("Webhooks for Messenger Platform").
public enum MetaWebhook {
    /// Reads a body into its elements, in order.
    ///
    /// The whole is refused when it is not JSON by its brackets, when `object` is not `page` (other
    /// products of the same app would be read by other rules), when `entry` is no array, or when it
    /// has too many updates. Everything less than that costs one element: it comes out as
    /// `unreadable`, its neighbours are read. Elements of other pages than `pages` come out as
    /// `foreignPage`: by their entry's id, and also when neither sender nor recipient is the page.
    public static func parse(
        _ body: [UInt8], pages: Set<String>
    ) -> Result<[MetaElement], WireError> {
        var parser = MetaWebhookParser(body, pages: pages)
        return parser.parse()
    }
}

/// Walks the envelope. What is broken within an element or an entry is stepped over.
struct MetaWebhookParser {
    private var reader: JSONReader
    private let pages: Set<String>
    private var elements: [MetaElement] = []
    private var entryID: String?
    private var entryTime: Instant?
    private var hasTooMany = false

    init(_ body: [UInt8], pages: Set<String>) {
        reader = JSONReader(body)
        self.pages = pages
    }

    mutating func parse() -> Result<[MetaElement], WireError> {
        var object: String?
        var hasEntries = false
        do throws(JSONError) {
            try reader.beginObject()
            while let name = try reader.nextName() {
                switch name {
                case "object": object = try reader.string()
                case "entry":
                    hasEntries = true
                    try readEntries()
                default: try reader.skip()
                }
            }
            try reader.end()
        } catch {
            return .failure(WireError(error))
        }
        guard let object else { return .failure(WireError(.json(.missing), field: "object")) }
        guard object == "page" else { return .failure(WireError(.otherObject, field: "object")) }
        guard hasEntries else { return .failure(WireError(.json(.missing), field: "entry")) }
        guard !hasTooMany else { return .failure(WireError(.tooManyUpdates, field: "entry")) }
        return .success(elements)
    }

    private mutating func readEntries() throws(JSONError) {
        try reader.beginArray()
        while try reader.nextElement() {
            if try isFull() { continue }
            let mark = reader.mark()
            let first = elements.count
            entryID = nil
            entryTime = nil
            do throws(JSONError) {
                try readEntry()
                for index in first..<elements.count { finish(index) }
            } catch {
                elements.removeLast(elements.count - first)
                let raw = try stepOverBroken(from: mark, because: error)
                append(unreadable: error, raw: raw)
                elements[first].page = ""
            }
        }
    }

    /// Whether another update would be too many; then the value that comes next was stepped over: no
    /// more is kept in memory of what will be refused.
    private mutating func isFull() throws(JSONError) -> Bool {
        guard elements.count >= WireLimits.updatesPerWebhook else { return false }
        hasTooMany = true
        try reader.skip()
        return true
    }

    /// Steps over what is broken; when that is impossible, the first error tells best where it is.
    private mutating func stepOverBroken(
        from mark: JSONReader.Mark, because error: JSONError
    ) throws(JSONError) -> Range<Int> {
        do throws(JSONError) {
            return try reader.stepOverBroken(from: mark)
        } catch _ {
            throw error
        }
    }

    private mutating func readEntry() throws(JSONError) {
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case "id": entryID = try reader.stringOrInteger()
            case "time": entryTime = try MetaTimestamp.read(&reader)
            case "messaging", "standby": try readElements(isChange: false)
            case "changes": try readElements(isChange: true)
            default: try reader.skip()
            }
        }
    }

    private mutating func readElements(isChange: Bool) throws(JSONError) {
        if try reader.takeNull() { return }
        try reader.beginArray()
        while try reader.nextElement() {
            if try isFull() { continue }
            let mark = reader.mark()
            do throws(JSONError) {
                let element =
                    isChange
                    ? try ReadElement(change: &reader) : try ReadElement(from: &reader)
                append(element)
            } catch {
                let raw = try stepOverBroken(from: mark, because: error)
                append(unreadable: error, raw: raw)
            }
        }
    }

    /// Keeps an element; its two parties wait in `page` and `person` until its entry is read.
    private mutating func append(_ element: ReadElement) {
        elements.append(
            MetaElement(
                page: element.sender ?? "", person: element.recipient,
                kind: element.kind ?? .other(element.otherName ?? "empty"),
                timestamp: element.timestamp, messageID: element.messageID,
                document: element.document, raw: reader.bytes[element.raw]))
    }

    private mutating func append(unreadable error: JSONError, raw: Range<Int>) {
        elements.append(
            MetaElement(page: "", kind: .unreadable(error), raw: reader.bytes[raw]))
    }

    /// Says whose the element is, now that its entry is known.
    private mutating func finish(_ index: Int) {
        let page = entryID ?? ""
        let sender = elements[index].page
        let recipient = elements[index].person
        elements[index].page = page
        elements[index].person = nil
        elements[index].envelopeTime = entryTime
        if case .unreadable = elements[index].kind { return }
        let other = sender == page ? recipient : sender.isEmpty ? recipient : sender
        let isOfPage = sender == page || recipient == page || (sender.isEmpty && recipient == nil)
        guard isOfPage, pages.contains(page) else {
            elements[index].kind = .foreignPage
            elements[index].document = nil
            elements[index].messageID = nil
            return
        }
        elements[index].person = other == page ? nil : other
        switch elements[index].kind {
        case .other(let name): keep(index, name)
        case .message where sender == page: elements[index].kind = .left(metadata: nil, app: nil)
        case .message, .left, .delivered, .read, .reacted, .edited, .deleted, .unreadable,
            .foreignPage:
            return
        }
    }

    private mutating func keep(_ index: Int, _ name: String) {
        var document = MessageDocument()
        document.kind = name
        document.raw = [UInt8](elements[index].raw)
        elements[index].document = document
    }
}
