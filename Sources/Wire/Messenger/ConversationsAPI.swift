public import Desk

/// Where an answer of the Conversations API ends ("Paginated Results").
public enum PageEnd: Equatable, Sendable {
    /// There is no more.
    case last
    /// There is more: ask for what comes after this cursor.
    case after(String)
    /// There is more, and the answer did not tell how to ask for it.
    case lost
}

/// One answer with messages of one conversation.
public struct MessagesPage: Equatable, Sendable {
    /// The messages as elements of a webhook, newest first. Their keys are those that their webhooks
    /// had, so that what is known already is recognised.
    public var elements: [MetaElement] = []
    /// Where the older ones are.
    public var end = PageEnd.last
    /// How many entries could not be read; they cost nobody but themselves.
    public var unreadable = 0
}

/// One conversation as it was read back.
public struct ConversationRead: Equatable, Sendable {
    /// The platform's id of the conversation.
    public var id: String
    /// When something last happened in it; `nil` when the answer did not tell.
    public var updatedAt: Instant?
    /// Its newest messages, if the answer had any.
    public var messages: MessagesPage
}

/// One answer with conversations of a page.
public struct ConversationsPage: Equatable, Sendable {
    /// The conversations, the one that changed last first.
    public var conversations: [ConversationRead] = []
    /// Where those are that changed earlier.
    public var end = PageEnd.last
    /// How many conversations could not be read; they cost nobody but themselves.
    public var unreadable = 0
}

/// Reads back what was said while webhooks could not be taken ("Conversations API"; two calls a
/// second and page at most).
public enum ConversationsAPI {
    /// The most that one answer holds.
    public static let entriesPerPage = 100

    /// What is asked of each message.
    private static let messageFields = "id,created_time,from,to,message,sticker,attachments"

    /// The path of a page's conversations.
    public static func conversationsPath(page: String) -> String {
        "/\(PercentEncoding.encode(page))/conversations"
    }

    /// The query for conversations, those that changed last first.
    ///
    /// - Parameters:
    ///   - after: the cursor where to begin (``PageEnd/after(_:)`` of the answer before).
    ///   - limit: how many conversations to ask for at once.
    ///   - messages: how many of the newest messages of each to ask for; 0 for none.
    public static func conversationsQuery(after: String?, limit: Int, messages: Int) -> String {
        var fields = "id,updated_time"
        if messages > 0 { fields += ",messages.limit(\(messages)){\(messageFields)}" }
        return "platform=messenger&" + query(fields, after: after, limit: limit)
    }

    /// The path of one conversation's messages.
    public static func messagesPath(conversation: String) -> String {
        "/\(PercentEncoding.encode(conversation))/messages"
    }

    /// The query for messages of one conversation, newest first.
    public static func messagesQuery(after: String?, limit: Int) -> String {
        query(messageFields, after: after, limit: limit)
    }

    private static func query(_ fields: String, after: String?, limit: Int) -> String {
        let text = "limit=\(limit)&fields=\(PercentEncoding.encode(fields))"
        return after.map { "\(text)&after=\(PercentEncoding.encode($0))" } ?? text
    }

    /// Reads an answer with conversations.
    public static func conversations(
        _ body: [UInt8], page: String
    ) -> Result<ConversationsPage, WireError> {
        parse(body, page: page) { parser throws(JSONError) in try parser.conversations() }
    }

    /// Reads an answer with messages of one conversation.
    public static func messages(
        _ body: [UInt8], page: String
    ) -> Result<MessagesPage, WireError> {
        parse(body, page: page) { parser throws(JSONError) in try parser.messages() }
    }

    private static func parse<Page>(
        _ body: [UInt8], page: String,
        _ read: (inout ConversationsParser) throws(JSONError) -> Page
    ) -> Result<Page, WireError> {
        var parser = ConversationsParser(body, page: page)
        do throws(JSONError) {
            let result = try read(&parser)
            try parser.reader.end()
            return .success(result)
        } catch {
            return .failure(WireError(error))
        }
    }

    /// Whether a call that was answered with an error is worth repeating: too many calls, or a
    /// failure of the platform's own. Any other error stays until somebody changes something
    /// ("Error codes": 1 and 2 temporary, 4, 17, 32, 613 and 80006 too many calls).
    public static func mayTryAgain(status: Int, body: [UInt8]) -> Bool {
        if let code = GraphAnswer(body).code {
            return [1, 2, 4, 17, 32, 613, 80_006].contains(code)
        }
        return status == 429 || status == 408 || status >= 500
    }
}
