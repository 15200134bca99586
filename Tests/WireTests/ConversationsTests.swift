import Desk
import Testing

@testable import Wire

@Suite struct ConversationsTests {
    private static let body = bytes(
        #"""
        {"data":[{"id":"t_1","updated_time":"2026-11-22T16:00:05+0000",
        "participants":{"data":[{"id":"55","name":"A"},{"id":"1","name":"Bank"}]},
        "messages":{"data":[
        {"id":"m_3","created_time":"2026-11-22T16:00:05+0000","from":{"id":"1"},
        "to":{"data":[{"id":"55"}]},"message":" Hello \n"},
        {"id":"m_2","created_time":"2026-11-22T17:00:04+01:00","from":{"id":"55"},
        "to":{"data":[{"id":"1"}]},"message":"","sticker":null,"attachments":{"data":[
        {"id":"9","mime_type":"image/png","name":"a.png","image_data":{"url":"https://x.invalid/a"}}]}},
        {"id":"m_1","created_time":"2026-11-22T16:00:03Z","from":{"id":"55"},
        "to":{"data":[{"id":"1"}]},"message":"Hi"},
        {"created_time":"2026-11-22T16:00:02+0000","message":"nobody's"}],
        "paging":{"cursors":{"after":"i/1"},"next":"https://graph.invalid/inner"}}},
        {"id":"t_2","updated_time":"2026-11-22T15:00:00+0000"}],
        "paging":{"cursors":{"before":"b","after":"c/1"},"next":"https://graph.invalid/next"}}
        """#)

    private static func page() throws -> ConversationsPage {
        try ConversationsAPI.conversations(body, page: "1").get()
    }

    @Test func conversations() throws {
        let page = try Self.page()
        #expect(page.end == .after("c/1"))
        #expect(page.unreadable == 0)
        #expect(page.conversations.map(\.id) == ["t_1", "t_2"])
        #expect(
            page.conversations.map(\.updatedAt?.milliseconds) == [
                1_795_363_205_000, 1_795_359_600_000,
            ])
        #expect(page.conversations[1].messages == MessagesPage())
        let messages = page.conversations[0].messages
        #expect(messages.end == .after("i/1"))
        #expect(messages.unreadable == 1)
        #expect(messages.elements.map(\.messageID) == ["m_3", "m_2", "m_1"])
        #expect(
            FixtureEffects.effects(of: messages.elements)
                == ["elsewhere", "received:attachment", "received:text"])
        #expect(
            messages.elements.map(\.timestamp?.milliseconds)
                == [1_795_363_205_000, 1_795_363_204_000, 1_795_363_203_000])
        let image = messages.elements[1].document?.attachments.first
        #expect(image?.type == "image" && image?.url == "https://x.invalid/a")
    }

    /// What stands where an answer says how to go on.
    static let ends: [(String, PageEnd)] = [
        ("", .last), (#","paging":null"#, .last), (#","paging":{}"#, .last),
        (#","paging":{"cursors":{"before":"a","after":"b"}}"#, .last),
        (#","paging":{"cursors":{"after":"b"},"next":null}"#, .last),
        (#","paging":{"next":"https://graph.invalid/","cursors":{"after":"b"}}"#, .after("b")),
        (#","paging":{"next":"https://graph.invalid/"}"#, .lost),
        (#","paging":{"next":"https://graph.invalid/","cursors":{"after":null}}"#, .lost),
        (#","paging":{"next":"https://graph.invalid/","cursors":[]}"#, .lost),
        (#","paging":7"#, .lost),
    ]

    @Test(arguments: ends) func end(_ paging: String, _ expected: PageEnd) throws {
        let body = bytes(#"{"data":[]\#(paging)}"#)
        #expect(try ConversationsAPI.messages(body, page: "1").get().end == expected)
        #expect(try ConversationsAPI.conversations(body, page: "1").get().end == expected)
    }

    /// An entry of a list of messages that cannot be read.
    static let brokenMessages = [
        "5", "null", "{}", #"{"id":7}"#, #"{"id":"m","from":{"id":"55"},"message":7}"#,
        #"{"id":"m"}"#, #"{"id":"m","from":{"id":"1"}}"#, #"{"id":"m","from":{}}"#,
        #"{"id":"m","from":{"id":"1"},"to":{"data":[{}]}}"#,
        #"{"id":"m","from":{"id":"55"},"created_time":3}"#,
    ]

    private static func list(around broken: String) -> [UInt8] {
        func good(_ id: String) -> String {
            #"{"id":"\#(id)","from":{"id":"55"},"message":"x"}"#
        }
        let list = [good("m_3"), broken, good("m_1")].joined(separator: ",")
        return bytes(#"{"data":[\#(list)],"paging":{"cursors":{"after":"b"},"next":"n"}}"#)
    }

    @Test("A broken message costs itself", arguments: brokenMessages)
    func brokenMessage(_ broken: String) throws {
        let page = try ConversationsAPI.messages(Self.list(around: broken), page: "1").get()
        #expect(page.elements.map(\.messageID) == ["m_3", "m_1"])
        #expect(page.unreadable == 1)
        #expect(page.end == .after("b"))
    }

    @Test("Brackets that do not match leave no doubt that the answer is broken")
    func brokenBrackets() {
        let body = Self.list(around: #"{"id":"m","from":[{]}"#)
        #expect(throws: WireError.self) {
            try ConversationsAPI.messages(body, page: "1").get()
        }
    }

    @Test(
        "A broken conversation costs itself",
        arguments: ["[]", "{}", #"{"id":"t_2","messages":5}"#, #"{"id":"t_2","messages":{}}"#])
    func brokenConversation(_ broken: String) throws {
        let body = bytes(#"{"data":[{"id":"t_1"},\#(broken),{"id":"t_3"}]}"#)
        let page = try ConversationsAPI.conversations(body, page: "1").get()
        #expect(page.conversations.map(\.id) == ["t_1", "t_3"])
        #expect(page.unreadable == 1)
    }

    @Test("What was read back has the key of its webhook, and ours is known by its text")
    func keys() throws {
        let webhook = bytes(
            #"""
            {"object":"page","entry":[{"id":"1","messaging":[
            {"sender":{"id":"55"},"recipient":{"id":"1"},"message":{"mid":"m_1","text":"Hi"}},
            {"sender":{"id":"55"},"recipient":{"id":"1"},"postback":{"mid":"m_2","title":"Go"}},
            {"sender":{"id":"1"},"recipient":{"id":"55"},"message":{"mid":"m_3","is_echo":true,
            "text":"Hello"}}]}]}
            """#)
        func arrivals(_ elements: [MetaElement]) -> [ChannelArrival] {
            elements.map {
                $0.arrival(desk: 1, receivedAt: Instant(milliseconds: 0), digest: testDigest)
            }
        }
        let live = arrivals(try MetaWebhook.parse(webhook, pages: ["1"]).get())
        let back = arrivals(try Self.page().conversations[0].messages.elements.reversed())
        #expect(live.map(\.key) == back.map(\.key))
        func textDigest(_ arrival: ChannelArrival) -> Digest? {
            guard case .channelReported(let report) = arrival.input,
                case .messageLeft(nil, let digest) = report.kind
            else { return nil }
            return digest
        }
        let expected = testDigest(
            domain: DigestDomain.text, bytes: MessageText.digestMaterial("Hello"))
        #expect(textDigest(back[2]) == expected)
        // An echo without our mark is somebody else's, whatever its text.
        #expect(textDigest(live[2]) == nil)
    }

    @Test func requests() {
        #expect(ConversationsAPI.conversationsPath(page: "1 /") == "/1%20%2F/conversations")
        #expect(
            ConversationsAPI.conversationsQuery(after: "c/1&x", limit: 5, messages: 0)
                == "platform=messenger&limit=5&fields=id%2Cupdated_time&after=c%2F1%26x")
        #expect(
            ConversationsAPI.conversationsQuery(after: nil, limit: 5, messages: 7)
                == "platform=messenger&limit=5&fields=id%2Cupdated_time%2Cmessages.limit%287%29"
                + "%7Bid%2Ccreated_time%2Cfrom%2Cto%2Cmessage%2Csticker%2Cattachments%7D")
        #expect(ConversationsAPI.messagesPath(conversation: "t_1-2") == "/t_1-2/messages")
        #expect(
            ConversationsAPI.messagesQuery(after: nil, limit: 100)
                == "limit=100&fields=id%2Ccreated_time%2Cfrom%2Cto%2Cmessage%2Csticker"
                + "%2Cattachments")
    }

    @Test func refusals() {
        for (body, field) in [("{}", "data"), (#"{"data":5}"#, "data"), ("", "")] {
            guard case .failure(let error) = ConversationsAPI.messages(bytes(body), page: "1")
            else {
                Issue.record("taken: \(body)")
                return
            }
            #expect(error.field == field)
        }
        for end in Self.body.indices {
            guard
                case .failure = ConversationsAPI.conversations(
                    [UInt8](Self.body[..<end]), page: "1")
            else {
                Issue.record("taken when cut at \(end)")
                return
            }
        }
    }

    /// Errors that pass by themselves, and those that stay.
    static let errors: [(Int, String, Bool)] = [
        (500, "", true), (502, "<html>", true), (429, "", true), (408, "", true),
        (400, "", false), (401, "", false), (404, "", false),
        (400, #"{"error":{"code":613}}"#, true), (400, #"{"error":{"code":4}}"#, true),
        (403, #"{"error":{"code":80006}}"#, true), (400, #"{"error":{"code":2}}"#, true),
        (500, #"{"error":{"code":1}}"#, true), (400, #"{"error":{"code":190}}"#, false),
        (400, #"{"error":{"code":100,"error_subcode":33}}"#, false),
        (500, #"{"error":{"code":200}}"#, false),
    ]

    @Test(arguments: errors) func error(_ status: Int, _ body: String, _ again: Bool) {
        #expect(ConversationsAPI.mayTryAgain(status: status, body: bytes(body)) == again)
    }

    static let times: [(String, Int64?)] = [
        ("1970-01-01T00:00:00+0000", 0), ("2000-02-29T12:00:00Z", 951_825_600_000),
        ("2016-10-11T09:11:27+0000", 1_476_177_087_000),
        ("2026-11-22T16:00:00.123-0530", 1_795_383_000_000),
        ("2026-13-22T16:00:00Z", nil), ("2026-11-22", nil), ("2026-11-22T16:00:00", nil),
        ("2026-11-22T16:00:00 +0000", nil), ("2026-1a-22T16:00:00Z", nil), ("", nil),
    ]

    @Test(arguments: times) func calendar(_ text: String, _ expected: Int64?) {
        #expect(CalendarTime.parse(text)?.milliseconds == expected)
    }
}
