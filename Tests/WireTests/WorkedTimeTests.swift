import Desk
import Testing

@testable import Wire

@Suite struct WorkedTimeTests {
    private static func document(name: String) -> WorkedTimeDocument {
        WorkedTimeDocument(
            from: Instant(milliseconds: 10), to: Instant(milliseconds: 90),
            lines: [
                WorkedTimeDocument.Line(
                    agent: AgentID(7), name: name,
                    shares: [
                        WorkedTimeDocument.Share(presence: .available, awayReason: nil, time: 30),
                        WorkedTimeDocument.Share(
                            presence: .away, awayReason: AwayReasonID(2), time: 20),
                    ], onDuty: 30, held: 12)
            ])
    }

    @Test func json() {
        let expected = """
            {"from":10,"to":90,"agents":[{"agent":7,"name":"Ana \\"la jefa\\"","onDuty":30,"held":12,\
            "presences":[{"presence":"available","time":30},\
            {"presence":"away","awayReason":2,"time":20}]}]}
            """
        let body = Self.document(name: "Ana \"la jefa\"").encode()
        #expect(String(decoding: body, as: UTF8.self) == expected)
    }

    @Test(
        "A name is quoted, and no formula",
        arguments: [
            ("Ana", "\"Ana\""), ("Pé\"z, A", "\"Pé\"\"z, A\""), ("=1+1", "\"'=1+1\""),
            ("@x", "\"'@x\""), ("", "\"\""),
        ])
    func lines(_ name: String, _ shown: String) {
        let text = String(decoding: Self.document(name: name).encodeLines(), as: UTF8.self)
        #expect(
            text.split(separator: "\r\n").map(String.init) == [
                "agent,name,time,awayReason,milliseconds", "7,\(shown),available,,30",
                "7,\(shown),away,2,20", "7,\(shown),onDuty,,30", "7,\(shown),held,,12",
            ])
    }
}
