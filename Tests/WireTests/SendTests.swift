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

    /// The header's value, and the pause that it asks for.
    static let pauses: [(String?, Int64?)] = [
        (nil, nil), ("", nil), ("0", 0), ("90", 90_000), ("3600", 3_600_000),
        ("3601", 3_600_000), ("99999999999999999999", 3_600_000), ("-1", nil), ("1.5", nil),
        (" 5", nil), ("Sun, 22 Nov 2026 16:00:00 GMT", nil),
    ]

    @Test(arguments: pauses) func retryAfter(_ header: String?, _ expected: Int64?) {
        #expect(RetryAfter.milliseconds(header) == expected)
    }

    @Test("An answer's Retry-After makes a pause longer, and nothing else out of what is none")
    func pausesAreKept() {
        func result(_ status: Int, _ body: String = "", after: String) -> SendResult {
            SendAPI.result(status: status, body: bytes(body), retryAfter: after)
        }
        #expect(
            result(429, after: "90")
                == SendResult(
                    .retry(afterMilliseconds: 90_000),
                    trouble: .rateLimited(pauseMilliseconds: 90_000)))
        #expect(result(429, after: "1") == Self.rate)
        #expect(result(404, after: "9") == SendResult(.retry(afterMilliseconds: 9_000)))
        #expect(result(503, after: "9") == SendResult(.unknown))
        #expect(
            result(400, Self.error(100), after: "9") == SendResult(.failed(.refused)))
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
