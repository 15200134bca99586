import Desk
import Testing

@testable import Wire

@Suite struct WebhookTests {
    private static let page = "105550000000001"

    private static func body(_ members: String, timestamp: String = "1760000000000") -> [UInt8] {
        bytes(
            """
            {"object":"page","entry":[{"id":"\(page)","time":1760000000250,"messaging":[{
            "sender":{"id":"55"},"recipient":{"id":"\(page)"},"timestamp":\(timestamp),\(members)}]}]}
            """)
    }

    private static func elements(_ body: [UInt8]) throws -> [MetaElement] {
        try MetaWebhook.parse(body, pages: [page]).get()
    }

    private static func arrival(_ body: [UInt8]) throws -> ChannelArrival {
        try #require(try elements(body).first).arrival(
            desk: 1, receivedAt: Instant(milliseconds: 7), digest: testDigest)
    }

    static let times: [(String, Int64)] = [
        ("1760000000000", 1_760_000_000_000),
        ("\"1760000000000\"", 1_760_000_000_000),
        ("1760000000", 1_760_000_000_000),
        ("\"1760000000\"", 1_760_000_000_000),
        ("1760000000.5", 1_760_000_000_000),
        ("99999999999", 99_999_999_999_000),
        ("100000000000", 100_000_000_000),
        // No usable time: the envelope's stands in.
        ("0", 1_760_000_000_250),
        ("-5", 1_760_000_000_250),
        ("null", 1_760_000_000_250),
        ("\"soon\"", 1_760_000_000_250),
        ("\"\"", 1_760_000_000_250),
        ("true", 1_760_000_000_250),
        ("{}", 1_760_000_000_250),
        ("100000000000000", 1_760_000_000_250),
        ("99999999999999999999", 1_760_000_000_250),
    ]

    @Test(arguments: times) func timestamps(_ text: String, _ expected: Int64) throws {
        let body = Self.body(#""message":{"mid":"m","text":"a"}"#, timestamp: text)
        guard case .customerWrote(let wrote) = try Self.arrival(body).input else {
            Issue.record("no message")
            return
        }
        #expect(wrote.writtenAt.milliseconds == expected)
    }

    @Test("Without any time of the platform the moment of receipt stands in")
    func noTimeAtAll() throws {
        let body = bytes(
            """
            {"object":"page","entry":[{"id":"\(Self.page)","messaging":[{"sender":{"id":"55"},
            "recipient":{"id":"\(Self.page)"},"read":{"watermark":"0"}}]}]}
            """)
        guard case .channelReported(let report) = try Self.arrival(body).input else {
            Issue.record("no report")
            return
        }
        #expect(report.at.milliseconds == 7)
        #expect(report.kind == .read(upTo: Instant(milliseconds: 7)))
    }

    @Test("A message is taken with all its parts")
    func message() throws {
        let arrival = try Self.arrival(
            try read("Tests/WireTests/Fixtures/reply_with_attachments.json"))
        var sticker = MessageDocument.Attachment(type: "image")
        sticker.url = "https://cdn.example.invalid/a.png"
        sticker.stickerId = "369239263222822"
        var place = MessageDocument.Attachment(type: "location")
        place.title = "Here"
        place.latitude = -34.5
        place.longitude = 12.5
        var expected = MessageDocument(text: "this one")
        expected.attachments = [sticker, place]
        expected.replyTo = "m_0"
        #expect(try MessageDocument.parse(try #require(arrival.body)).get() == expected)
        #expect(
            try AddressDocument.parse(try #require(arrival.address)).get()
                == AddressDocument(page: Self.page, person: "55"))
        #expect(arrival.platformMessage == testDigest(domain: "message", bytes: bytes("m_1")))
        guard case .customerWrote(let wrote) = arrival.input else {
            Issue.record("no message")
            return
        }
        #expect(wrote.platformMessage == arrival.platformMessage)
        #expect(
            wrote.thread
                == testDigest(domain: "thread", bytes: bytes(Self.page) + [0] + bytes("55")))
    }

    @Test("Text is made storable")
    func storable() throws {
        let arrival = try Self.arrival(try read("Tests/WireTests/Fixtures/storable.json"))
        let document = try MessageDocument.parse(try #require(arrival.body)).get()
        #expect(document.text == "a\u{FFFD}b\u{FFFD}c\u{FFFD}😀/é")
    }

    @Test("Escaped and plain bytes say the same and have the same key")
    func escapes() throws {
        let plain = try Self.arrival(Self.body(#""message":{"mid":"m/1","text":"é@<"}"#))
        let escaped = try Self.arrival(
            Self.body(#""message":{"mid":"m\/1","text":"\u00e9\u0040\u003C"}"#))
        #expect(plain == escaped)
    }

    @Test("Quick reply, postback, reaction and edit keep what they say")
    func documents() throws {
        func document(_ members: String) throws -> MessageDocument {
            try MessageDocument.parse(try #require(try Self.arrival(Self.body(members)).body)).get()
        }
        let quick = try document(
            #""message":{"mid":"m","text":"Red","quick_reply":{"payload":"RED"}}"#)
        #expect(quick.quickReply == "RED")
        let postback = try document(
            #""postback":{"mid":"m","title":"Go","payload":"GO","referral":{"ref":"r"}}"#)
        #expect(postback.postback == MessageDocument.Postback(title: "Go", payload: "GO"))
        #expect(postback.referral == bytes(#"{"ref":"r"}"#))
        let reaction = try document(
            #""reaction":{"mid":"m","action":"react","reaction":"love","emoji":"❤️"}"#)
        #expect(reaction.reaction == "❤️")
        #expect(try document(#""message_edit":{"mid":"m","text":"b"}"#).text == "b")
        let other = try document(#""referral":{"ref":"r"}"#)
        #expect(other.kind == "referral")
        let raw = String(decoding: try #require(other.raw), as: UTF8.self)
        #expect(raw.contains(#""referral":{"ref":"r"}"#))
    }

    @Test("A repetition has the same key whatever the envelope's time; another page has another")
    func keys() throws {
        func key(_ kind: String, time: Int, page: String = WebhookTests.page, timestamp: Int = 5)
            throws
            -> Digest
        {
            let body = bytes(
                """
                {"object":"page","entry":[{"id":"\(page)","time":\(time),"messaging":[{"sender":
                {"id":"55"},"recipient":{"id":"\(page)"},"timestamp":\(timestamp),\(kind)}]}]}
                """)
            return try #require(
                try MetaWebhook.parse(body, pages: [Self.page, "2"]).get().first
            ).arrival(desk: 1, receivedAt: Instant(milliseconds: 0), digest: testDigest).key
        }
        let message = #""message":{"mid":"m","text":"a"}"#
        let delivery = #""delivery":{"watermark":5}"#
        let edit = #""message_edit":{"mid":"m","text":"a"}"#
        var all: Set<Digest> = []
        for kind in [message, delivery, edit, #""optin":{}"#] {
            #expect(try key(kind, time: 1) == key(kind, time: 2))
            #expect(try key(kind, time: 1) != key(kind, time: 1, page: "2"))
            all.insert(try key(kind, time: 1))
        }
        #expect(all.count == 4)
        // A message is its id; anything else is also when it was.
        #expect(try key(message, time: 1, timestamp: 6) == key(message, time: 1))
        #expect(try key(delivery, time: 1, timestamp: 6) != key(delivery, time: 1))
    }

    @Test("A message in standby has the key that it has in messaging")
    func standbyKey() throws {
        let text = String(decoding: Self.body(#""message":{"mid":"m","text":"a"}"#), as: UTF8.self)
        let standby = bytes(text.replacing("\"messaging\"", with: "\"standby\""))
        #expect(try Self.arrival(bytes(text)).key == Self.arrival(standby).key)
    }

    @Test("1,000 updates are taken, one more is refused whole")
    func limit() throws {
        func body(_ count: Int) -> [UInt8] {
            let element = #"{"sender":{"id":"5"},"message":{"mid":"m","text":"a"}}"#
            let list = Array(repeating: element, count: count).joined(separator: ",")
            return bytes(#"{"object":"page","entry":[{"id":"1","messaging":[\#(list)]}]}"#)
        }
        #expect(try MetaWebhook.parse(body(1_000), pages: []).get().count == 1_000)
        #expect(
            MetaWebhook.parse(body(1_001), pages: [])
                == .failure(WireError(.tooManyUpdates, field: "entry")))
    }

    @Test("The reason of an unreadable element names its field, never its value")
    func unreadable() throws {
        let elements = try Self.elements(
            try read("Tests/WireTests/Fixtures/bad_type_between_good.json"))
        #expect(
            elements[1].kind
                == .unreadable(
                    JSONError(.wrongType, field: "entry[0].messaging[1].message.text")))
        let kept = try MessageDocument.parse(
            try #require(
                elements[1].arrival(
                    desk: 1, receivedAt: Instant(milliseconds: 0), digest: testDigest
                ).body)
        ).get()
        let raw = String(decoding: try #require(kept.raw), as: UTF8.self)
        #expect(raw.contains("m_x"))
    }

    @Test("Random damage never crashes, and what is taken can be stored")
    func mutations() throws {
        var generator = SeededGenerator(seed: SeededGenerator.seed(for: "mutations"))
        let seeds = try ["edits_repeat_their_message", "reply_with_attachments", "nulls"].map {
            try read("Tests/WireTests/Fixtures/\($0).json")
        }
        let alphabet = bytes("{}[]\",:\\u0019-.eE \u{0}ä") + [0x80, 0xFF]
        for _ in 0..<5_000 {
            var body = seeds[Int.random(in: 0..<seeds.count, using: &generator)]
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let index = Int.random(in: 0..<body.count, using: &generator)
                let byte = alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: body[index] = byte
                case 1: body.insert(byte, at: index)
                default: body.remove(at: index)
                }
            }
            guard case .success(let elements) = MetaWebhook.parse(body, pages: [Self.page]) else {
                continue
            }
            for element in elements {
                let arrival = element.arrival(
                    desk: 1, receivedAt: Instant(milliseconds: 0), digest: testDigest)
                guard let body = arrival.body else { continue }
                let document = try MessageDocument.parse(body).get()
                // What is kept as it came may hold what others refuse: `\ud800`, `1e999`.
                if document.raw == nil && document.referral == nil {
                    #expect((try? foreignParse(body)) != nil)
                }
            }
        }
    }
}
