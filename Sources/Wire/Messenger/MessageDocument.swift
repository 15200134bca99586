/// What a message, or another event of the channel, says: the document that is kept sealed.
///
/// Its `text`, `attachments` and `postback` have the form of the console protocol, so that they are
/// copied into a push as they are. `replyTo` holds an id of the platform and never goes to a console.
public struct MessageDocument: Equatable, Sendable {
    /// Something sent along with a message: kept as a reference, never fetched.
    public struct Attachment: Equatable, Sendable {
        /// The platform's word: image, audio, video, file, location, template, fallback …
        public var type: String
        /// Where it was when it came; such addresses expire.
        public var url: String?
        /// The title of what was shared.
        public var title: String?
        /// The platform's number of a sticker. Text: it does not fit JavaScript's integers.
        public var stickerId: String?
        /// Degrees north, of a shared place.
        public var latitude: Double?
        /// Degrees east, of a shared place.
        public var longitude: Double?

        /// An attachment of this type without more.
        public init(type: String) { self.type = type }
    }

    /// A tapped button.
    public struct Postback: Equatable, Sendable {
        /// What the button says.
        public var title: String?
        /// What the page's author put behind it; the platform strips it while another app is in
        /// control of the thread.
        public var payload: String?

        /// A tapped button.
        public init(title: String?, payload: String?) {
            self.title = title
            self.payload = payload
        }
    }

    /// What was written.
    public var text: String?
    /// What was sent along.
    public var attachments: [Attachment] = []
    /// The tapped button.
    public var postback: Postback?
    /// The payload of a tapped quick reply (its text is the message's).
    public var quickReply: String?
    /// The platform's id of the message that is answered.
    public var replyTo: String?
    /// The emoji (or the platform's word for it) of a reaction.
    public var reaction: String?
    /// How the customer came to the page, as the platform's JSON.
    public var referral: [UInt8]?
    /// The channel's name of an event that the desk does not act on.
    public var kind: String?
    /// Such an event as it came: a JSON value.
    public var raw: [UInt8]?

    /// A document that says nothing.
    public init() {}

    /// The document of a reply.
    public init(text: String) { self.text = text }

    // MARK: Bytes

    /// The document as JSON.
    public func encode() -> [UInt8] {
        var writer = JSONWriter(capacity: 256 + (text?.utf8.count ?? 0) + (raw?.count ?? 0))
        writer.beginObject()
        if let text { writer.member("text", text) }
        if !attachments.isEmpty {
            writer.beginArray("attachments")
            for attachment in attachments { attachment.write(to: &writer) }
            writer.endArray()
        }
        if let postback {
            writer.beginObject("postback")
            if let title = postback.title { writer.member("title", title) }
            if let payload = postback.payload { writer.member("payload", payload) }
            writer.endObject()
        }
        if let quickReply { writer.member("quickReply", quickReply) }
        if let replyTo { writer.member("replyTo", replyTo) }
        if let reaction { writer.member("reaction", reaction) }
        if let referral { writer.member("referral", raw: referral[...]) }
        if let kind { writer.member("kind", kind) }
        if let raw { writer.member("raw", raw: raw[...]) }
        writer.endObject()
        return writer.bytes
    }

    /// Reads a document that was made by ``encode()``; members of later versions are ignored.
    public static func parse(_ bytes: [UInt8]) -> Result<MessageDocument, JSONError> {
        var reader = JSONReader(bytes)
        do throws(JSONError) {
            let document = try MessageDocument(from: &reader)
            try reader.end()
            return .success(document)
        } catch {
            return .failure(error)
        }
    }

    private init(from reader: inout JSONReader) throws(JSONError) {
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case "text": text = try reader.stringOrNull()
            case "attachments":
                try reader.beginArray()
                while try reader.nextElement() {
                    attachments.append(try Attachment(from: &reader))
                }
            case "postback": postback = try Postback(from: &reader)
            case "quickReply": quickReply = try reader.stringOrNull()
            case "replyTo": replyTo = try reader.stringOrNull()
            case "reaction": reaction = try reader.stringOrNull()
            case "referral": referral = [UInt8](reader.bytes[try reader.raw()])
            case "kind": kind = try reader.stringOrNull()
            case "raw": raw = [UInt8](reader.bytes[try reader.raw()])
            default: try reader.skip()
            }
        }
    }
}

extension MessageDocument.Attachment {
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", type)
        if let url { writer.member("url", url) }
        if let title { writer.member("title", title) }
        if let stickerId { writer.member("stickerId", stickerId) }
        if let latitude { writer.member("latitude", latitude) }
        if let longitude { writer.member("longitude", longitude) }
        writer.endObject()
    }

    init(from reader: inout JSONReader) throws(JSONError) {
        self.init(type: "unknown")
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case "type": type = try reader.string()
            case "url": url = try reader.stringOrNull()
            case "title": title = try reader.stringOrNull()
            case "stickerId": stickerId = try reader.stringOrNull()
            case "latitude": latitude = try reader.double()
            case "longitude": longitude = try reader.double()
            default: try reader.skip()
            }
        }
    }
}

extension MessageDocument.Postback {
    init(from reader: inout JSONReader) throws(JSONError) {
        self.init(title: nil, payload: nil)
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case "title": title = try reader.stringOrNull()
            case "payload": payload = try reader.stringOrNull()
            default: try reader.skip()
            }
        }
    }
}

/// Where a customer is reached: the document that is kept sealed with the customer.
public struct AddressDocument: Equatable, Sendable {
    /// The platform's id of the page.
    public var page: String
    /// The platform's id of the person on that page.
    public var person: String

    /// An address.
    public init(page: String, person: String) {
        self.page = page
        self.person = person
    }

    /// The document as JSON.
    public func encode() -> [UInt8] {
        var writer = JSONWriter(capacity: 96)
        writer.beginObject()
        writer.member("page", page)
        writer.member("person", person)
        writer.endObject()
        return writer.bytes
    }

    /// Reads a document that was made by ``encode()``.
    public static func parse(_ bytes: [UInt8]) -> Result<AddressDocument, JSONError> {
        var reader = JSONReader(bytes)
        do throws(JSONError) {
            var page: String?
            var person: String?
            try reader.beginObject()
            while let name = try reader.nextName() {
                switch name {
                case "page": page = try reader.string()
                case "person": person = try reader.string()
                default: try reader.skip()
                }
            }
            try reader.end()
            guard let page else { throw reader.failure(.missing, at: "page") }
            guard let person else { throw reader.failure(.missing, at: "person") }
            return .success(AddressDocument(page: page, person: person))
        } catch {
            return .failure(error)
        }
    }
}
