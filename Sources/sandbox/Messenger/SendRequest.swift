/// One call of the Send API, checked against the rules of Meta's "Send API" reference.
struct SendRequest: Sendable, Equatable {
    enum Content: Sendable, Equatable {
        case message(OutgoingMessage)
        case action(SenderAction)
    }

    enum SenderAction: String, Sendable {
        case typingOn = "typing_on"
        case typingOff = "typing_off"
        case markSeen = "mark_seen"
        case react
        case unreact
    }

    /// Which window applies: the standard one, or a longer one by tag.
    enum Window: Sendable, Equatable {
        case standard
        case humanAgent
    }

    struct OutgoingMessage: Sendable, Equatable {
        var text: String?
        var attachment: JSONValue?
        var quickReplies: JSONValue?
        var metadata: String?
        var replyTo: String?
    }

    var recipient: String
    var content: Content
    var window: Window

    init(_ parameters: JSONValue) throws(GraphError) {
        guard let recipient = parameters["recipient"] else {
            throw .parameter("The parameter recipient is required")
        }
        guard let id = recipient["id"]?.identifier, !id.isEmpty else {
            throw .parameter("Param recipient[id] must be a non-empty string")
        }
        for name in ["persona_id", "thread_control"] where parameters[name] != nil {
            throw .parameter("Param \(name) is not enabled for this page")
        }
        self.recipient = id
        self.window = try SendRequest.window(of: parameters)
        switch (parameters["message"], parameters["sender_action"]) {
        case (nil, nil): throw .parameter("The parameter message is required")
        case (.some, .some):
            throw .parameter("Param sender_action must not be combined with message")
        case (nil, let action?):
            guard let known = action.string.flatMap(SenderAction.init) else {
                throw .parameter("Param sender_action must be one of the documented actions")
            }
            self.content = .action(known)
        case (let message?, nil):
            let replyTo = parameters["reply_to"]?["mid"]?.string
            self.content = .message(try OutgoingMessage(message, replyTo: replyTo))
        }
    }

    private static func window(of parameters: JSONValue) throws(GraphError) -> Window {
        let known = ["REGULAR", "SILENT_PUSH", "NO_PUSH"]
        if let notification = parameters["notification_type"],
            !known.contains(notification.string ?? "")
        {
            throw .parameter("Param notification_type must be one of \(known)")
        }
        let tag = parameters["tag"]
        switch parameters["messaging_type"]?.string ?? "RESPONSE" {
        case "RESPONSE", "UPDATE":
            guard tag == nil else {
                throw .parameter("Param tag is only allowed with messaging_type MESSAGE_TAG")
            }
            return .standard
        case "MESSAGE_TAG":
            // Every other tag was retired; the page "Message tags" says they answer 100.
            guard tag?.string == "HUMAN_AGENT" else {
                throw .parameter("Param tag must be one of {HUMAN_AGENT}")
            }
            return .humanAgent
        default:
            throw .parameter(
                "Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG}")
        }
    }
}

extension SendRequest.OutgoingMessage {
    private static let attachmentTypes = ["audio", "file", "image", "template", "video"]

    init(_ message: JSONValue, replyTo: String?) throws(GraphError) {
        guard case .object = message else { throw .parameter("Param message must be an object") }
        self.text = try Self.text(message["text"])
        self.attachment = try Self.attachment(message["attachment"])
        guard message["attachments"] == nil else {
            throw .parameter("Param message[attachments] is not enabled for this page")
        }
        guard (text == nil) != (attachment == nil) else {
            throw .parameter("Message must have either text or attachment, and not both")
        }
        self.quickReplies = try Self.quickReplies(message["quick_replies"])
        self.metadata = try Self.metadata(message["metadata"])
        self.replyTo = replyTo
    }

    private static func text(_ value: JSONValue?) throws(GraphError) -> String? {
        guard let value else { return nil }
        guard let text = value.string else {
            throw .parameter("Param message[text] must be a string")
        }
        guard !text.isEmpty else { throw .parameter("Param message[text] must not be empty") }
        guard text.unicodeScalars.count < Limits.textScalars else {
            throw .parameter(
                "Length of param message[text] must be less than \(Limits.textScalars)")
        }
        return text
    }

    private static func metadata(_ value: JSONValue?) throws(GraphError) -> String? {
        guard let value else { return nil }
        guard let text = value.string, text.unicodeScalars.count < Limits.metadataScalars else {
            throw .parameter(
                "Param message[metadata] must be a string shorter than \(Limits.metadataScalars)")
        }
        return text
    }

    private static func attachment(_ value: JSONValue?) throws(GraphError) -> JSONValue? {
        guard let value else { return nil }
        guard let type = value["type"]?.string, attachmentTypes.contains(type),
            case .object = value["payload"]
        else {
            throw .parameter(
                "Param message[attachment] must have a type of \(attachmentTypes) and a payload")
        }
        return value
    }

    private static func quickReplies(_ value: JSONValue?) throws(GraphError) -> JSONValue? {
        guard let value else { return nil }
        guard let replies = value.array, replies.count <= Limits.quickReplies else {
            throw .parameter(
                "Param message[quick_replies] must be a list of at most \(Limits.quickReplies)")
        }
        for reply in replies where reply["content_type"]?.string == "text" {
            guard let title = reply["title"]?.string, !title.isEmpty,
                title.unicodeScalars.count <= Limits.quickReplyTitleScalars,
                reply["payload"]?.string != nil
            else {
                throw .parameter(
                    "Param message[quick_replies] of type text needs a payload and a title of at "
                        + "most \(Limits.quickReplyTitleScalars) characters")
            }
        }
        return value
    }
}
