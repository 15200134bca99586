/// Attachments as the platform writes them ("Webhooks: messages").
enum MetaAttachments {
    static func read(
        _ reader: inout JSONReader
    ) throws(JSONError) -> [MessageDocument.Attachment] {
        var attachments: [MessageDocument.Attachment] = []
        try reader.beginArray()
        while try reader.nextElement() {
            guard attachments.count < WireLimits.attachmentsPerMessage else {
                throw reader.failure(.tooManyMembers)
            }
            attachments.append(try attachment(&reader))
        }
        return attachments
    }

    private static func attachment(
        _ reader: inout JSONReader
    ) throws(JSONError) -> MessageDocument.Attachment {
        var attachment = MessageDocument.Attachment(type: "unknown")
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case _ where try reader.takeNull(): continue
            case "type": attachment.type = try reader.string()
            case "payload": try payload(&reader, of: &attachment)
            case "title": attachment.title = try reader.string()
            case "url", "URL": attachment.url = try reader.string()
            default: try reader.skip()
            }
        }
        return attachment
    }

    private static func payload(
        _ reader: inout JSONReader, of attachment: inout MessageDocument.Attachment
    ) throws(JSONError) {
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case _ where try reader.takeNull(): continue
            case "url": attachment.url = try reader.string()
            case "title": attachment.title = try reader.string()
            case "sticker_id": attachment.stickerId = try reader.stringOrInteger()
            case "coordinates": try coordinates(&reader, of: &attachment)
            default: try reader.skip()
            }
        }
    }

    private static func coordinates(
        _ reader: inout JSONReader, of attachment: inout MessageDocument.Attachment
    ) throws(JSONError) {
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case "lat": attachment.latitude = try reader.double()
            case "long": attachment.longitude = try reader.double()
            default: try reader.skip()
            }
        }
    }
}
