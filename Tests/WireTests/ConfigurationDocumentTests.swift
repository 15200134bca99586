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

    /// An example that says everything there is to say; the tests of the running server import it too.
    private static let everything = "Tests/support/every_member.json"

    @Test("Every member of a configuration is read and written: the example leaves none out")
    func everyMember() throws {
        let body = try read(Self.everything)
        guard case .success(let document) = ConfigurationDocument.parse(body) else {
            Issue.record("not taken")
            return
        }
        let written = try #require(document.encode())
        #expect(try foreignObject(written) == foreignObject(body))
        // Whoever adds a member must add it to the example: by reflection, so that nobody can forget.
        var members = Members()
        members.visit(document)
        #expect(members.missing == [])
        #expect(members.met.contains("Configuration.turnOrder"))
        #expect(members.met.contains("Hours.timeZone"))
    }

    @Test("A member that the example leaves out is found")
    func missingMember() throws {
        guard case .success(var document) = ConfigurationDocument.parse(try read(Self.everything))
        else {
            Issue.record("not taken")
            return
        }
        document.configuration.turnOrder = nil
        document.configuration.queues[0].hours?.holidays = []
        document.configuration.queues[0].overflow?.atLength = nil
        var members = Members()
        members.visit(document)
        #expect(
            members.missing == [
                "Configuration.turnOrder", "Hours.holidays", "Overflow.atLength",
            ])
    }

    /// Which members of which types a value has, and which of them nowhere have any value.
    private struct Members {
        private(set) var met: Set<String> = []
        private var named: Set<String> = []

        var missing: [String] { named.subtracting(met).sorted() }

        /// Looks at all members of a value; whether the value says anything.
        @discardableResult
        mutating func visit(_ value: Any) -> Bool {
            let mirror = Mirror(reflecting: value)
            switch mirror.displayStyle {
            case .optional, .collection:
                // Nothing, or an empty list, is no example.
                for child in mirror.children { visit(child.value) }
                return !mirror.children.isEmpty
            case .struct, .enum, .tuple:
                for child in mirror.children {
                    let member = "\(type(of: value)).\(child.label ?? "")"
                    named.insert(member)
                    if visit(child.value) { met.insert(member) }
                }
                return true
            default: return true
            }
        }
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
