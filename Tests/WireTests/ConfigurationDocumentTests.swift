import Desk
import Testing

@testable import Wire

@Suite struct ConfigurationDocumentTests {
    private static let document = ConfigurationDocument(
        configuration: Configuration(
            version: 4, skills: [Skill(id: SkillID(6), name: "Français")],
            kinds: [
                WorkKind(
                    id: WorkKindID(2), name: "Fraud", weight: 3,
                    channels: [ChannelWeight(channel: .whatsApp, weight: 1)])
            ],
            grades: [
                Grade(
                    id: GradeID(2), name: "Trainee",
                    weights: [Grade.Weight(kind: WorkKindID(2), weight: 5, channel: .instagram)])
            ],
            queues: [
                Queue(
                    id: QueueID(1), name: "Service", needs: [SkillLevel(SkillID(6), 3)],
                    relaxations: [Relaxation(after: 60_000, lowering: 1)], kind: WorkKindID(2),
                    handing: .offer(timeout: 20_000),
                    overflow: Overflow(to: QueueID(2), afterWait: 120_000)),
                Queue(
                    id: QueueID(2), name: "Post", handing: .pull, limit: 50,
                    wrapUp: WrapUpTime(time: 30_000, maximum: 90_000)),
            ], entries: [EntryRule(page: "8", queue: QueueID(2))], heavyWork: .reservesRoom,
            awayReasons: [AwayReason(id: AwayReasonID(1), name: "Lunch")]),
        profiles: [AgentProfile(agent: AgentID(7), profile: Profile(queues: [QueueID(1)]))])

    @Test("What is written is read again, and is the same file for the same configuration")
    func roundTrip() throws {
        let body = try #require(Self.document.encode())
        #expect(ConfigurationDocument.parse(body) == .success(Self.document))
        #expect(Self.document.encode() == body)
    }

    @Test("Without profiles nobody's changes")
    func withoutProfiles() throws {
        var document = Self.document
        document.profiles = []
        let body = try #require(document.encode())
        let text = String(decoding: body, as: UTF8.self)
        let cut = text.replacing(#"  "profiles" : ["#, with: #"  "other" : ["#)
        #expect(cut != text)
        #expect(ConfigurationDocument.parse(bytes(cut)) == .success(document))
    }

    /// What is replaced by what, and the field that is then wrong.
    static let broken: [(String, String, String)] = [
        (#""level" : 3"#, #""level" : "3""#, "configuration.queues[0].needs[0].level"),
        (#""level" : 3"#, #""height" : 3"#, "configuration.queues[0].needs[0].level"),
        (
            #""lowering" : 1"#, #""lowering" : 1.5"#,
            "configuration.queues[0].relaxations[0].lowering"
        ),
        (#""to" : 2"#, #""to" : null"#, "configuration.queues[0].overflow.to"),
        (#""heavyWork" : "reservesRoom""#, #""heavyWork" : "x""#, "configuration.heavyWork"),
        (#""agent" : 7"#, #""agent" : 9223372036854775808"#, "profiles[0].agent"),
        (#""agent" : 7"#, #""agent" : 7, "agent" : 8"#, "profiles[0].agent"),
        (#""configuration" : "#, #""konfiguration" : "#, "configuration"),
        (#""entry" : 1"#, #""entry" : "#, "configuration.entry"),
        (#""maximum" : 90000"#, #""most" : 90000"#, "configuration.queues[1].wrapUp.maximum"),
        (#""limit" : 50"#, #""limit" : "50""#, "configuration.queues[1].limit"),
        (#""page" : "8""#, #""page" : 8"#, "configuration.entries[0].page"),
        (#""name" : "Lunch""#, #""name" : 1"#, "configuration.awayReasons[0].name"),
    ]

    @Test("What is wrong is named by its path", arguments: broken)
    func names(_ part: String, _ replacement: String, _ field: String) throws {
        let text = String(decoding: try #require(Self.document.encode()), as: UTF8.self)
        #expect(text.contains(part))
        let body = bytes(text.replacing(part, with: replacement, maxReplacements: 1))
        guard case .failure(let problem) = ConfigurationDocument.parse(body) else {
            Issue.record("taken")
            return
        }
        #expect(problem.status == 400)
        #expect(problem.field == field)
    }

    @Test("Bytes that are no document never crash")
    func damaged() throws {
        var generator = SeededGenerator(seed: SeededGenerator.seed(for: "configuration"))
        let body = try #require(Self.document.encode())
        for _ in 0..<500 {
            var damaged = body
            damaged[Int.random(in: 0..<body.count, using: &generator)] =
                UInt8.random(in: 0...255, using: &generator)
            _ = ConfigurationDocument.parse(damaged)
        }
        for body in ["", "[]", "null", "7", "{}", #"{"configuration":[]}"#] {
            guard case .failure(let problem) = ConfigurationDocument.parse(bytes(body)) else {
                Issue.record("taken: \(body)")
                continue
            }
            #expect(problem.status == 400)
        }
    }
}
