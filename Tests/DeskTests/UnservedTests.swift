import Desk
import Testing

/// What nobody who works here could ever serve is refused where it is configured, and told where it
/// comes of what happens afterwards (decision 21).
@Suite("What nobody could serve")
struct UnservedTests {
    private static let heavy = QueueID(2)
    private static let skill = SkillID(1)

    /// Ana may hold two units and Ben one; the second queue's work weighs two, and one for a senior.
    private func scene(
        _ profiles: [AgentProfile] = [], _ change: (inout Configuration) -> Void = { _ in }
    ) -> Scene {
        var scene = Scene()
        scene.run([
            .connected(ana), .connected(ben), .capacitySet(ana, capacity: 2, by: sofia),
            .capacitySet(ben, capacity: 1, by: sofia), .presenceSet(ana, .available),
            .presenceSet(ben, .available),
        ])
        var wanted = Configuration(
            skills: [Skill(id: Self.skill, name: "fraud")],
            kinds: [WorkKind(id: WorkKindID(1), name: "case", weight: 2)],
            grades: [
                Grade(
                    id: GradeID(1), name: "senior",
                    weights: [Grade.Weight(kind: WorkKindID(1), weight: 1)])
            ],
            queues: [
                Queue(id: queue, name: "service"),
                Queue(id: Self.heavy, name: "cases", kind: WorkKindID(1)),
            ])
        change(&wanted)
        scene.run([.configurationSet(wanted, profiles: profiles, by: sofia)])
        return scene
    }

    private func waiting(_ thread: Digest, _ scene: Scene) throws -> ConversationID {
        try #require(scene.row(of: thread)?.id)
    }

    /// Jorge keeps nobody; Maria waits in the second queue while nobody is available.
    private func queued(_ scene: inout Scene) throws -> ConversationID {
        scene.run([.presenceSet(ana, .away), .presenceSet(ben, .away), .wrote(maria)])
        let id = try waiting(maria, scene)
        scene.run([.conversationMoved(id, Self.heavy, by: sofia)])
        return id
    }

    private func check(_ scene: Scene) {
        #expect(scene.auditor.violations.isEmpty, "\(scene.auditor.violations)")
        // All of it follows from the rows.
        var reloaded = scene
        reloaded.reload()
        #expect(reloaded.desk.unserved == scene.desk.unserved)
    }

    struct Line: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let profiles: [AgentProfile]
        let rejection: Rejection?
        let change: @Sendable (inout Configuration) -> Void

        init(
            _ name: String, _ profiles: [AgentProfile] = [], _ rejection: Rejection? = nil,
            change: @escaping @Sendable (inout Configuration) -> Void
        ) {
            testDescription = name
            self.profiles = profiles
            self.rejection = rejection
            self.change = change
        }
    }

    private static let tooHeavy = Rejection(.unservable, field: "queues[1].kind")
    private static let others = AgentProfile(agent: ana, profile: Profile(queues: [queue]))

    static let lines: [Line] = [
        Line("as much as somebody may hold") { $0.kinds[0].weight = 2 },
        Line("more than anybody may hold", [], tooHeavy) { $0.kinds[0].weight = 3 },
        Line("less for a senior", [AgentProfile(agent: ben, profile: Profile(grade: GradeID(1)))]) {
            $0.kinds[0].weight = 3
        },
        Line(
            "more for a trainee",
            [AgentProfile(agent: ana, profile: Profile(grade: GradeID(1)))], tooHeavy
        ) { $0.grades[0].weights[0].weight = 3 },
        Line("who may hold so much serves another queue", [others], tooHeavy) { _ in },
        Line(
            "who may hold so much has not the skill",
            [AgentProfile(agent: ben, profile: Profile(skills: [SkillLevel(skill, 3)]))], tooHeavy
        ) { $0.queues[1].needs = [SkillLevel(skill, 3)] },
        Line(
            "who may hold so much has it once less is asked for",
            [AgentProfile(agent: ben, profile: Profile(skills: [SkillLevel(skill, 3)]))]
        ) {
            $0.queues[1].needs = [SkillLevel(skill, 3)]
            $0.queues[1].relaxations = [Relaxation(after: 1_000, lowering: 3)]
        },
    ]

    @Test("A queue is refused whose work nobody who fits could hold", arguments: lines)
    func configured(line: Line) {
        var scene = scene()
        var wanted = scene.desk.configuration
        line.change(&wanted)
        let former = scene.desk.configuration
        let handled = scene.handle(
            .configurationSet(wanted, profiles: line.profiles, by: sofia))
        #expect(handled.rejection == line.rejection)
        #expect((scene.desk.configuration == former) == (line.rejection != nil))
        check(scene)
    }

    @Test("One whose work has no kind is refused as a whole")
    func plain() {
        var scene = scene()
        scene.run([
            .profileSet(ana, Self.others.profile, by: sofia),
            .capacitySet(ben, capacity: 0, by: sofia),
        ])
        let handled = scene.handle(.configurationSet(scene.desk.configuration, by: sofia))
        #expect(handled.rejection == Self.tooHeavy)
        scene.run([.capacitySet(ana, capacity: 0, by: sofia)])
        let other = scene.handle(.configurationSet(scene.desk.configuration, by: sofia))
        #expect(other.rejection == Rejection(.unservable, field: "queues[0]"))
    }

    /// What takes the last who could from Maria, who waits; each is accepted, and told.
    static let changes: [@Sendable (ConversationID) -> Input] = [
        { _ in .capacitySet(ana, capacity: 1, by: sofia) },
        { _ in .profileSet(ana, Profile(queues: [queue]), by: sofia) },
        { .needsSet($0, [SkillLevel(skill, 1)], nil, by: sofia) },
        { .needsSet($0, [], CompartmentID(4), by: sofia) },
    ]

    @Test("A change that leaves somebody to wait for nobody is told", arguments: 0..<changes.count)
    func told(_ change: Int) throws {
        var scene = scene()
        let id = try queued(&scene)
        #expect(scene.desk.unserved.isEmpty && scene.desk.explain(id)?.withheld == [])
        scene.run([Self.changes[change](id)])
        let isWhole = change < 2
        #expect(
            scene.desk.unserved
                == [Unserved(queue: Self.heavy, isWhole: isWhole, waiting: 1)])
        #expect(scene.desk.explain(id)?.withheld == [.nobodyCould])
        check(scene)
        // And not any more when somebody can again.
        scene.run([
            .capacitySet(ana, capacity: 2, by: sofia), .profileSet(ana, Profile(), by: sofia),
            .needsSet(id, [], nil, by: sofia),
        ])
        #expect(scene.desk.unserved.isEmpty && scene.desk.unservedCount == 0)
        #expect(scene.desk.explain(id)?.withheld == [])
        check(scene)
    }

    @Test("What is asked for in the end counts, and every conversation by itself")
    func relaxed() throws {
        var scene = scene {
            $0.queues[0].relaxations = [
                Relaxation(after: 10_000, lowering: 1), Relaxation(after: 60_000, lowering: 2),
            ]
        }
        scene.run([.presenceSet(ana, .away), .presenceSet(ben, .away)])
        scene.run([.wrote(maria), .wrote(jorge)])
        let (first, second) = (try waiting(maria, scene), try waiting(jorge, scene))
        scene.run([.needsSet(first, [SkillLevel(Self.skill, 2)], nil, by: sofia)])
        #expect(scene.desk.unserved.isEmpty, "in a minute no skill is asked for")
        scene.run([.needsSet(second, [SkillLevel(Self.skill, 3)], nil, by: sofia)])
        #expect(scene.desk.unserved == [Unserved(queue: queue, isWhole: false, waiting: 1)])
        // In the same line now, but for one of them there is hope.
        scene.wait(10_000)
        scene.run([.needsSet(first, [SkillLevel(Self.skill, 3)], nil, by: sofia)])
        #expect(scene.desk.unservedCount == 2)
        scene.run([
            .profileSet(ben, Profile(skills: [SkillLevel(Self.skill, 1)]), by: sofia)
        ])
        #expect(scene.desk.unserved.isEmpty)
        check(scene)
    }

    @Test("Who is barred from the customer could not, either")
    func barred() throws {
        var scene = scene()
        let id = try queued(&scene)
        let customer = try #require(scene.shelf.conversations[id]?.customer)
        scene.run([.profileSet(ana, Profile(barred: [customer]), by: sofia)])
        #expect(scene.desk.explain(id)?.withheld == [.nobodyCould])
        check(scene)
    }

    @Test("Who could never hold so much is told as that, wherever they are")
    func obstacle() throws {
        var scene = scene()
        let id = try queued(&scene)
        let candidates = try #require(scene.desk.explain(id)?.candidates)
        #expect(
            candidates.map(\.obstacle)
                == [.notOnDuty, .noRoom(load: 0, capacity: 1, weight: 2)])
        check(scene)
    }

    @Test("Nobody is told a wait for who could never hold so much, nor lists what they cannot take")
    func announced() throws {
        var scene = scene {
            $0.queues[1].handing = .pull
            $0.queues[1].announcing = Announcing(
                waiting: "{position}, {minutes}", nobody: "{position}")
        }
        let id = try queued(&scene)
        scene.run([.presenceSet(ben, .available)])
        #expect(scene.desk.takeable(by: ben).isEmpty)
        scene.wait(1)
        let said = scene.shelf.conversations[id]?.routing.announced?.said
        #expect(said == .nobodyThere(position: 1))
        scene.run([.presenceSet(ana, .available)])
        #expect(scene.desk.takeable(by: ana).map(\.id) == [id])
        check(scene)
    }
}
