import Desk
import Foundation
import Testing

@testable import Wire

@Suite struct SendTests {
    @Test func request() throws {
        let body = SendAPI.request(
            recipient: "55", text: "¿Qué \"tal\"?", desk: 1, job: JobID(17))
        let expected = #"""
            {"recipient":{"id":"55"},"messaging_type":"RESPONSE","message":{
            "text":"¿Qué \"tal\"?","metadata":"ventanilla:1:17"}}
            """#
        #expect(try foreignObject(body) == foreignObject(bytes(expected)))
        #expect(MessageMark.job(MessageMark.make(desk: 1, job: JobID(17)), desk: 1) == JobID(17))
    }

    private static func error(_ code: Int, _ subcode: Int? = nil) -> String {
        let tail = subcode.map { ",\"error_subcode\":\($0)" } ?? ""
        return #"{"error":{"message":"m","type":"OAuthException","code":\#(code)\#(tail)}}"#
    }

    private static let rate = SendResult(
        .retry(afterMilliseconds: 30_000), trouble: .rateLimited(pauseMilliseconds: 30_000))
    private static let stopped = SendResult(
        .failed(.pageNotPermitted), trouble: .notPermitted)

    /// The table of the platform's "Error codes" page, and what the platform never promised.
    static let answers: [(Int, String, SendResult)] = [
        (
            200, #"{"recipient_id":"5","message_id":"m_1"}"#,
            SendResult(.sent, platformMessage: "m_1")
        ),
        (200, #"{"message_id":"m_1"}"#, SendResult(.sent, platformMessage: "m_1")),
        // A success that cannot be read leaves a doubt.
        (200, "", SendResult(.unknown)),
        (200, "{}", SendResult(.unknown)),
        (200, #"{"message_id":"m_1""#, SendResult(.unknown)),
        (200, #"{"message_id":null}"#, SendResult(.unknown)),
        (200, "<html>", SendResult(.unknown)),
        (400, error(10, 2_018_278), SendResult(.failed(.outsideWindow))),
        (400, error(10, 2_018_065), SendResult(.failed(.outsideWindow))),
        (400, error(10, 2_534_022), SendResult(.failed(.outsideWindow))),
        (400, error(10, 2_018_108), SendResult(.retry(afterMilliseconds: 60_000))),
        (400, error(10, 2_018_300), SendResult(.failed(.anotherAppInControl))),
        (400, error(2_018_300), SendResult(.failed(.anotherAppInControl))),
        (400, error(100, 2_534_037), SendResult(.failed(.anotherAppInControl))),
        (400, error(2_018_321), SendResult(.retry(afterMilliseconds: 60_000))),
        (400, error(10, 1_893_063), stopped),
        (400, error(10), stopped),
        (400, error(100), SendResult(.failed(.refused))),
        (400, error(100, 2_018_001), SendResult(.failed(.customerUnavailable))),
        (400, error(100, 33), SendResult(.failed(.customerUnavailable))),
        (400, error(100, 2_018_008), SendResult(.failed(.refused))),
        (400, error(190), stopped),
        (401, error(190, 463), stopped),
        (403, error(200), stopped),
        (403, error(200, 2_018_028), stopped),
        (403, error(200, 1_545_041), SendResult(.failed(.customerUnavailable))),
        (400, error(551), SendResult(.failed(.customerUnavailable))),
        (400, error(551, 1_545_041), SendResult(.failed(.customerUnavailable))),
        (400, error(613), rate),
        (400, error(613, 2_534_040), rate),
        (400, error(613, 2_018_338), rate),
        (400, error(4), rate),
        (429, "", rate),
        (500, error(1), SendResult(.unknown)),
        (400, error(1), SendResult(.unknown)),
        (503, error(2, 2_018_344), SendResult(.unknown)),
        (400, error(10_303), SendResult(.failed(.refused))),
        (400, error(31_337), SendResult(.failed(.refused))),
        (500, error(31_337), SendResult(.unknown)),
        (200, error(190), stopped),
        (200, error(31_337), SendResult(.unknown)),
        (401, "", stopped),
        (400, "<html>", SendResult(.retry(afterMilliseconds: 2_000))),
        (404, "", SendResult(.retry(afterMilliseconds: 2_000))),
        (408, "", SendResult(.unknown)),
        (413, "", SendResult(.failed(.refused))),
        (500, "", SendResult(.unknown)),
        (502, "<html>", SendResult(.unknown)),
        (504, "", SendResult(.unknown)),
        (0, "", SendResult(.unknown)),
    ]

    @Test(arguments: answers) func result(_ status: Int, _ body: String, _ expected: SendResult) {
        #expect(SendAPI.result(status: status, body: bytes(body)) == expected)
    }

    @Test("Whatever the answer, only one that is read to its end as a success counts as sent")
    func damagedAnswers() {
        let body = bytes(#"{"recipient_id":"5","message_id":"m_1"}"#)
        for end in body.indices {
            #expect(
                SendAPI.result(status: 200, body: [UInt8](body[..<end])) == SendResult(.unknown))
        }
    }
}

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
        "paging":{"cursors":{"after":"inner"}}}},
        {"id":"t_2","updated_time":"2026-11-22T15:00:00+0000"}],
        "paging":{"cursors":{"before":"b","after":"c/1"},"next":"https://graph.invalid/next"}}
        """#)

    @Test func page() throws {
        let page = try ConversationsAPI.parse(Self.body, page: "1").get()
        #expect(page.after == "c/1")
        #expect(page.oldestUpdate == Instant(milliseconds: 1_795_359_600_000))
        #expect(page.elements.map(\.messageID) == ["m_1", "m_2", "m_3"])
        #expect(
            FixtureEffects.effects(of: page.elements)
                == ["received:text", "received:attachment", "elsewhere"])
        #expect(
            page.elements.map(\.timestamp?.milliseconds)
                == [1_795_363_203_000, 1_795_363_204_000, 1_795_363_205_000])
        let image = page.elements[1].document?.attachments.first
        #expect(image?.type == "image" && image?.url == "https://x.invalid/a")
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
        let back = arrivals(try ConversationsAPI.parse(Self.body, page: "1").get().elements)
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

    @Test func path() {
        #expect(
            ConversationsAPI.path(page: "1 /", after: "c/1&x", limit: 5)
                == "/1%20%2F/conversations?platform=messenger&limit=5&fields=id,updated_time,"
                + "participants,messages.limit(5)%7Bid,created_time,from,to,message,sticker,"
                + "attachments%7D&after=c%2F1%26x")
    }

    @Test func refusals() {
        for (body, field) in [("{}", "data"), (#"{"data":5}"#, "data"), ("", "")] {
            guard case .failure(let error) = ConversationsAPI.parse(bytes(body), page: "1") else {
                Issue.record("taken: \(body)")
                return
            }
            #expect(error.field == field)
        }
        for end in Self.body.indices {
            guard
                case .failure = ConversationsAPI.parse([UInt8](Self.body[..<end]), page: "1")
            else {
                Issue.record("taken when cut at \(end)")
                return
            }
        }
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
