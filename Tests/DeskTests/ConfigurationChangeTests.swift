import Desk
import Testing

@Suite struct ConfigurationChangeTests {
    private static let french = SkillID(5)
    private static let able = Profile(skills: [SkillLevel(french, 2)])
    private static let wanted = Configuration(
        skills: [Skill(id: french, name: "Français")],
        queues: [Queue(id: queue, name: "Service", needs: [SkillLevel(french, 2)])])

    @Test("Profiles come into force with the configuration, and are judged with it")
    func together() {
        var scene = Scene.open()
        #expect(
            scene.handle(.configurationSet(Self.wanted, by: sofia)).rejection
                == Rejection(.unservable, field: "queues[0]"))
        let handled = scene.handle(
            .configurationSet(
                Self.wanted, profiles: [AgentProfile(agent: ana, profile: Self.able)], by: sofia))
        #expect(
            handled.events == [.configurationChanged(by: sofia), .profileChanged(ana, by: sofia)])
        #expect(handled.result == handled.records.first?.number)
        #expect(scene.desk.configuration.version == handled.result)
        #expect(scene.desk.agent(ana)?.profile == Self.able)
        scene.run([.wrote(maria, 1)])
        #expect(scene.desk.waitingCount == 0)
        #expect(scene.auditor.violations.isEmpty)
    }

    @Test("Profiles that name nobody, somebody twice or nothing are refused by their place")
    func profiles() {
        let refused: [([AgentProfile], Rejection)] = [
            (
                [AgentProfile(agent: AgentID(99), profile: Profile())],
                Rejection(.notFound, field: "profiles[0].agent")
            ),
            (
                [
                    AgentProfile(agent: ana, profile: Self.able),
                    AgentProfile(agent: ana, profile: Self.able),
                ],
                Rejection(.duplicated, field: "profiles[1].agent")
            ),
            (
                [AgentProfile(agent: ana, profile: Profile(queues: [QueueID(8)]))],
                Rejection(.notFound, field: "profiles[0].profile.queues[0]")
            ),
        ]
        for (profiles, rejection) in refused {
            var scene = Scene.open()
            let former = scene.desk.state
            let handled = scene.handle(
                .configurationSet(Self.wanted, profiles: profiles, by: sofia))
            #expect(handled.rejection == rejection)
            #expect(scene.desk.state == former)
        }
    }

    @Test("A change based on a version that is not in force any more is refused")
    func basis() {
        var scene = Scene.open()
        let first = scene.handle(.configurationSet(Configuration(), basedOn: 0, by: sofia)).result
        let late = scene.handle(.configurationSet(Configuration(), basedOn: 0, by: sofia))
        #expect(late.rejection == Rejection(.wrongState, field: "version"))
        let next = scene.handle(.configurationSet(Configuration(), basedOn: first, by: .operator))
        #expect(next.events == [.configurationChanged(by: .operator)])
    }

    @Test("Names are readable and ids positive")
    func names() {
        for (name, id) in [("", 1), ("two\nlines", 1), (String(repeating: "x", count: 101), 1)] {
            var scene = Scene.open()
            let wanted = Configuration(queues: [Queue(id: QueueID(Int64(id)), name: name)])
            #expect(
                scene.handle(.configurationSet(wanted, by: sofia)).rejection
                    == Rejection(.outOfRange, field: "queues[0].name"))
        }
        var scene = Scene.open()
        let wanted = Configuration(queues: [Queue(id: QueueID(0), name: "x")], entry: QueueID(0))
        #expect(
            scene.handle(.configurationSet(wanted, by: sofia)).rejection
                == Rejection(.outOfRange, field: "queues[0].id"))
    }

    @Test("Who takes from a list sees who waits there, in order, as far as they may")
    func takeable() {
        var scene = Scene.open()
        let list = Queue(id: queue, name: "List", handing: .pull)
        scene.run([
            .configurationSet(Configuration(queues: [list]), by: sofia), .wrote(maria, 1),
            .wrote(jorge, 2),
        ])
        let all = scene.desk.takeable(by: ana)
        #expect(all.map(\.thread) == [maria, jorge])
        scene.run([.prioritySet(all[1].id, 1, by: sofia)])
        #expect(scene.desk.takeable(by: ana).map(\.thread) == [jorge, maria])
        scene.run([.profileSet(ana, Profile(barred: [all[1].customer]), by: sofia)])
        #expect(scene.desk.takeable(by: ana).map(\.thread) == [maria])
        scene.run([.conversationTaken(ana, all[0].id)])
        #expect(scene.desk.takeable(by: ana).isEmpty)
        #expect(scene.desk.takeable(by: ben).isEmpty)
    }
}

/// One input may have more consequences than one commit should hold.
@Suite struct ManyAtOnceTests {
    private static let agents = 30
    private static let waiting: UInt64 = 2_900

    /// Thirty agents with much room, none of whom serves the queue in which all wait.
    private static func closed() -> Scene {
        var scene = Scene(rules: Rules(defaultCapacity: 100), auditing: false)
        let elsewhere = Configuration(
            queues: [Queue(id: queue, name: "Service"), Queue(id: QueueID(2), name: "Other")])
        scene.run([.configurationSet(elsewhere, by: sofia)])
        for agent in 1...Int64(agents) {
            let id = AgentID(agent)
            scene.run([.connected(id, agent), .presenceSet(id, .available)])
            if agent > 1 {
                scene.run([.profileSet(id, Profile(queues: [QueueID(2)]), by: sofia)])
            }
        }
        scene.run([.capacitySet(AgentID(1), capacity: 0, by: sofia)])
        for thread in 1...waiting { scene.run([.wrote(Digest(high: 9, low: thread), thread)]) }
        return scene
    }

    private static func open(_ scene: inout Scene) -> Handled {
        let profiles = (2...Int64(agents)).map {
            AgentProfile(agent: AgentID($0), profile: Profile())
        }
        return scene.handle(
            .configurationSet(Configuration(), profiles: profiles, by: sofia))
    }

    @Test("What one input brings about is done in parts, and all of it")
    func parts() throws {
        var scene = Self.closed()
        #expect(scene.desk.waitingCount == Int(Self.waiting))
        #expect(Self.open(&scene).records.count == Limits.eventsAtOnce)
        #expect(scene.desk.nextDeadline == scene.now, "the rest is due at once")
        let left = try #require(
            scene.desk.state.conversations.first { $0.owner == .queue(queue) })
        let told = try #require(scene.desk.explain(left.id))
        #expect(!told.candidates.contains { $0.obstacle == .roomIsReserved })
        #expect(told.candidates.contains { $0.obstacle == nil }, "it is theirs in the next commit")
        let rest = scene.handle(.clockReached)
        #expect(scene.desk.waitingCount == 0)
        #expect(rest.records.count == Int(Self.waiting) + Self.agents - Limits.eventsAtOnce)
        #expect(scene.desk.nextDeadline == nil)
        let loads = (2...Int64(Self.agents)).map { scene.desk.load(of: AgentID($0)) }
        #expect(Set(loads) == [100], "the least loaded goes first also from part to part")
    }

    @Test("A desk that is read back between two parts goes on")
    func readBack() {
        var scene = Self.closed()
        _ = Self.open(&scene)
        var state = scene.desk.state
        for index in state.agents.indices {
            state.agents[index].connections = [socket(state.agents[index].id.number)]
        }
        var desk = Desk(state: state, rules: scene.rules)
        #expect(desk.nextDeadline != nil)
        _ = desk.handle(.clockReached, known: Known(), epoch: 7, at: scene.now)
        #expect(desk.waitingCount == 0)
        #expect(desk.nextDeadline == nil)
    }

    @Test("Agents who are gone at one moment return what they have in parts")
    func gone() {
        var scene = Self.closed()
        _ = Self.open(&scene)
        scene.handle(.clockReached)
        for agent in 1...Int64(Self.agents) {
            scene.run([.disconnected(AgentID(agent), agent)])
        }
        scene.now = scene.now.adding(milliseconds: scene.rules.disconnectGrace)
        var parts = 0
        while let due = scene.desk.nextDeadline, due <= scene.now, parts < 10 {
            let count = scene.handle(.clockReached).records.count
            #expect(count < Limits.eventsAtOnce + 102, "an agent has at most 100")
            parts += 1
        }
        #expect(parts == 2)
        #expect(scene.desk.waitingCount == Int(Self.waiting))
    }
}
