/// The members of a sealed document that a console may see, copied as they stand: the document was
/// written by ``MessageDocument/encode()`` in the form of the console protocol. The platform's ids
/// and what the desk does not act on stay behind.
struct DocumentParts {
    var text: ArraySlice<UInt8>?
    var attachments: ArraySlice<UInt8>?
    var postback: ArraySlice<UInt8>?
    var reaction: ArraySlice<UInt8>?
    var kind: ArraySlice<UInt8>?

    /// The parts of a document; none of one that cannot be read.
    init(_ document: [UInt8]?) {
        guard let document else { return }
        var reader = JSONReader(document)
        do throws(JSONError) {
            try read(&reader)
        } catch {
            self = DocumentParts(nil)
        }
    }

    private mutating func read(_ reader: inout JSONReader) throws(JSONError) {
        try reader.beginObject()
        while let name = try reader.nextName() {
            let value = reader.bytes[try reader.raw()]
            switch name {
            case "text": text = value
            case "attachments": attachments = value
            case "postback": postback = value
            case "reaction": reaction = value
            case "kind": kind = value
            default: continue
            }
        }
        try reader.end()
    }

    /// What a message says.
    func writeContent(to writer: inout JSONWriter) {
        if let text { writer.member("text", raw: text) }
        if let attachments { writer.member("attachments", raw: attachments) }
        if let postback { writer.member("postback", raw: postback) }
    }
}
