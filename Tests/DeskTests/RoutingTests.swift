import Desk
import Testing

/// Each test is one feature by its name, and one known mistake of other systems that it rules out.
@Suite("Who may take what, and who gets it next")
struct RoutingTests {
    static let german = SkillID(1)
    static let fraud = SkillID(2)
    static let vip = CompartmentID(1)

    /// Ana and Ben are available with room for three; the second queue is changed as wanted.
    private func scene(
        ana anas: Profile = Profile(), ben bens: Profile = Profile(),
        _ change: (inout Configuration) -> Void = { _ in }
    ) -> Scene {
        var scene = Scene()
        scene.run([.connected(ana), .connected(ben)])
        var configuration = ConfigurationTests.valid
        scene.run([.configurationSet(configuration, by: sofia)])
        // Profiles that change nothing have no event.
        scene.run([.profileSet(ana, anas, by: sofia), .profileSet(ben, bens, by: sofia)])
        change(&configuration)
        scene.run([.configurationSet(configuration, by: sofia)])
        scene.run([.presenceSet(ana, .available), .presenceSet(ben, .available)])
        return scene
    }

    private func owner(of thread: Digest, _ scene: Scene) -> Owner? {
        row(of: thread, scene)?.owner
    }

    private func row(of thread: Digest, _ scene: Scene) -> Conversation? {
        scene.row(of: thread)
    }

    private func id(of thread: Digest, _ scene: Scene) -> ConversationID {
        row(of: thread, scene)?.id ?? conversation(0)
    }

    private func check(_ scene: Scene) {
        #expect(scene.auditor.violations.isEmpty)
        #expect(scene.desk.state == scene.shelf.state)
    }

    // MARK: Who may take it

    @Test("A skill is asked for at its level, and less of it after each relaxation")
    func skills() {
        var scene = scene(
            ana: Profile(skills: [SkillLevel(Self.fraud, 2)]),
            ben: Profile(skills: [SkillLevel(Self.german, 5)])
        ) {
            $0.queues[0].needs = [SkillLevel(Self.fraud, 4)]
            $0.queues[0].relaxations = [
                Relaxation(after: 1_000, lowering: 1), Relaxation(after: 2_000, lowering: 2),
            ]
        }
        scene.run([.wrote(maria)])
        #expect(owner(of: maria, scene) == .queue(queue))
        scene.wait(1_000)
        #expect(owner(of: maria, scene) == .queue(queue), "level 3 is still asked for")
        scene.wait(1_000)
        #expect(owner(of: maria, scene) == .agent(ana))
        check(scene)
    }

    @Test("A firm requirement never relaxes")
    func firm() {
        var scene = scene(ana: Profile(skills: [SkillLevel(Self.fraud, 5)])) {
            $0.queues[0].needs = [SkillLevel(Self.fraud, 5, isFirm: true)]
            $0.queues[0].relaxations = [Relaxation(after: 1_000, lowering: 5)]
        }
        scene.run([.presenceSet(ana, .away), .wrote(maria)])
        scene.wait(5_000)
        #expect(owner(of: maria, scene) == .queue(queue))
        scene.run([.presenceSet(ana, .available)])
        #expect(owner(of: maria, scene) == .agent(ana))
        check(scene)
    }

    @Test("An agent serves the queues of their profile alone")
    func queues() {
        var scene = scene(ana: Profile(queues: [QueueID(2)]))
        scene.run([.presenceSet(ben, .away), .wrote(maria)])
        #expect(owner(of: maria, scene) == .queue(queue))
        scene.run([.conversationMoved(id(of: maria, scene), QueueID(2), by: sofia)])
        #expect(owner(of: maria, scene) == .agent(ana))
        check(scene)
    }

    @Test("Nobody serves a customer who is barred to them, not by order of a supervisor either")
    func barred() {
        var scene = scene()
        scene.run([.presenceSet(ana, .away), .presenceSet(ben, .away), .wrote(maria)])
        let customer = row(of: maria, scene)?.customer ?? CustomerID(0)
        scene.run([.profileSet(ana, Profile(barred: [customer]), by: sofia)])
        scene.run([.presenceSet(ana, .available)])
        #expect(owner(of: maria, scene) == .queue(queue))
        let ordered = scene.handle(
            .conversationAssigned(
                id(of: maria, scene), ana, overridesCapacity: true, by: sofia))
        #expect(ordered.rejection == Rejection(.notEligible, field: "agent"))
        scene.run([.presenceSet(ben, .available)])
        #expect(owner(of: maria, scene) == .agent(ben))
        scene.run([.profileSet(ben, Profile(barred: [customer]), by: sofia)])
        #expect(owner(of: maria, scene) == .queue(queue), "it is taken back at once")
        check(scene)
    }

    @Test("A compartment is open to those who may see into it")
    func compartments() {
        var scene = scene(ben: Profile(compartments: [Self.vip]))
        scene.run([.presenceSet(ben, .away), .wrote(maria)])
        #expect(owner(of: maria, scene) == .agent(ana))
        scene.run([.needsSet(id(of: maria, scene), [], Self.vip, by: sofia)])
        #expect(owner(of: maria, scene) == .queue(queue), "it is taken back at once")
        scene.run([.presenceSet(ben, .available)])
        #expect(owner(of: maria, scene) == .agent(ben))
        check(scene)
    }

    @Test("Work weighs by its kind and the agent's grade, in every queue together")
    func weights() {
        var scene = scene(ana: Profile(grade: GradeID(1))) { $0.queues[0].kind = WorkKindID(1) }
        scene.run([.presenceSet(ben, .away), .wrote(maria), .wrote(jorge)])
        #expect(owner(of: maria, scene) == .agent(ana), "a trainee's three units are full")
        #expect(owner(of: jorge, scene) == .queue(queue))
        scene.run([.presenceSet(ben, .available)])
        #expect(owner(of: jorge, scene) == .agent(ben), "who has one of three units left")
        scene.run([.conversationMoved(id(of: jorge, scene), QueueID(2), by: sofia)])
        check(scene)
    }

    // MARK: Who is next

    @Test("Priority is worth some waiting, not all of it: nobody starves")
    func ageing() {
        var scene = scene { $0.ageing = 1_000 }
        scene.run([.capacitySet(ana, capacity: 1, by: sofia), .presenceSet(ben, .away)])
        scene.run([.wrote(Digest(high: 0, low: 1)), .wrote(maria)])
        scene.wait(500)
        scene.run([.wrote(jorge)])
        scene.run([.prioritySet(id(of: jorge, scene), 1, by: sofia)])
        scene.run([
            .conversationClosed(ana, id(of: Digest(high: 0, low: 1), scene))
        ])
        #expect(owner(of: jorge, scene) == .agent(ana), "half a second later, but more urgent")
        scene.wait(2_000)
        let late = Digest(high: 0, low: 2)
        scene.run([.wrote(late)])
        scene.run([.prioritySet(id(of: late, scene), 1, by: sofia)])
        scene.run([.conversationClosed(ana, id(of: jorge, scene))])
        #expect(owner(of: maria, scene) == .agent(ana), "she waited longer than that is worth")
        check(scene)
    }

    @Test("Heavy work is passed, or its room is kept: as configured", arguments: HeavyWork.allCases)
    func heavy(policy: HeavyWork) {
        var scene = scene {
            $0.heavyWork = policy
            $0.queues[1].kind = WorkKindID(1)
            $0.entry = QueueID(1)
        }
        scene.run([.presenceSet(ben, .away), .capacitySet(ana, capacity: 2, by: sofia)])
        let light = Digest(high: 0, low: 1)
        scene.run([.wrote(light), .presenceSet(ana, .away), .wrote(maria), .wrote(jorge)])
        scene.run([.conversationMoved(id(of: maria, scene), QueueID(2), by: sofia)])
        scene.run([.presenceSet(ana, .available)])
        #expect(owner(of: maria, scene) == .queue(QueueID(2)), "it needs two units, one is left")
        switch policy {
        case .isPassed: #expect(owner(of: jorge, scene) == .agent(ana))
        case .reservesRoom:
            #expect(owner(of: jorge, scene) == .queue(queue))
            let why = scene.desk.explain(id(of: jorge, scene))?.candidates.first?.obstacle
            #expect(why == .roomIsReserved)
        }
        check(scene)
    }

    @Test("Room that was kept is anybody's once another has come for the heavy work")
    func heavyWorkOfAnother() {
        var scene = scene {
            $0.heavyWork = .reservesRoom
            $0.queues[1].kind = WorkKindID(1)
            $0.entry = QueueID(1)
        }
        scene.run([.presenceSet(ana, .away), .wrote(Digest(high: 0, low: 2))])
        scene.run([.presenceSet(ben, .away), .capacitySet(ben, capacity: 2, by: sofia)])
        scene.run([.presenceSet(ana, .available), .capacitySet(ana, capacity: 2, by: sofia)])
        scene.run([.wrote(Digest(high: 0, low: 1)), .wrote(maria)])
        scene.run([.conversationMoved(id(of: maria, scene), QueueID(2), by: sofia)])
        scene.run([.wrote(jorge)])
        #expect(owner(of: jorge, scene) == .queue(queue), "Ana's room is kept for Maria")
        scene.run([.presenceSet(ben, .available)])
        #expect(owner(of: jorge, scene) == .agent(ana), "Maria is for Ben, who has no room yet")
        check(scene)
    }

    @Test("No room is kept for what an agent could never take")
    func heavyWorkBeyondCapacity() {
        var scene = scene {
            $0.heavyWork = .reservesRoom
            $0.queues[1].kind = WorkKindID(1)
            $0.entry = QueueID(1)
        }
        scene.run([.presenceSet(ben, .away), .presenceSet(ana, .away)])
        scene.run([.capacitySet(ana, capacity: 1, by: sofia), .wrote(maria), .wrote(jorge)])
        scene.run([.conversationMoved(id(of: maria, scene), QueueID(2), by: sofia)])
        scene.run([.presenceSet(ana, .available)])
        #expect(owner(of: jorge, scene) == .agent(ana), "Maria needs two units, Ana has one in all")
        check(scene)
    }

    @Test("Room that was kept is anybody's once the agent could never take the heavy work")
    func heavyWorkBeyondLoweredCapacity() {
        var scene = scene {
            $0.heavyWork = .reservesRoom
            $0.queues[1].kind = WorkKindID(1)
            $0.kinds[0].weight = 3
            $0.entry = QueueID(1)
        }
        scene.run([.presenceSet(ben, .away), .capacitySet(ana, capacity: 3, by: sofia)])
        scene.run([.wrote(Digest(high: 0, low: 1)), .presenceSet(ana, .away), .wrote(maria)])
        scene.run([.wrote(jorge), .conversationMoved(id(of: maria, scene), QueueID(2), by: sofia)])
        scene.run([.presenceSet(ana, .available)])
        #expect(owner(of: jorge, scene) == .queue(queue), "Ana's room is kept for Maria")
        scene.run([.capacitySet(ana, capacity: 2, by: sofia)])
        #expect(owner(of: jorge, scene) == .agent(ana))
        check(scene)
    }

    @Test("A returning customer is kept for their agent, but not for ever and not if they are gone")
    func sticky() {
        var scene = scene { $0.queues[0].stickiness = 10_000 }
        scene.run([.presenceSet(ben, .away), .wrote(maria), .wrote(jorge)])
        let id = id(of: maria, scene)
        scene.run([.conversationClosed(ana, id), .capacitySet(ana, capacity: 1, by: sofia)])
        scene.run([.presenceSet(ben, .available), .wrote(maria)])
        #expect(owner(of: maria, scene) == .queue(queue), "kept for Ana, who has no room")
        #expect(
            scene.desk.explain(id)?.candidates.last?.obstacle == .reservedForAnother(ana))
        scene.wait(10_000)
        #expect(owner(of: maria, scene) == .agent(ben))
        scene.run([.conversationClosed(ben, id), .presenceSet(ben, .away), .wrote(maria)])
        #expect(owner(of: maria, scene) == .queue(queue))
        scene.run([.capacitySet(ana, capacity: 2, by: sofia)])
        #expect(owner(of: maria, scene) == .agent(ana), "Ben, for whom it was kept, is away")
        check(scene)
    }

    @Test("Who waits too long, or where too many wait, goes to another queue with the same clock")
    func overflow() {
        var scene = scene {
            $0.queues[0].overflow = Overflow(to: QueueID(2), afterWait: 5_000, atLength: 1)
        }
        scene.run([.presenceSet(ana, .away), .presenceSet(ben, .away)])
        scene.run([.wrote(maria), .wrote(jorge)])
        #expect(owner(of: maria, scene) == .queue(QueueID(1)))
        #expect(owner(of: jorge, scene) == .queue(QueueID(2)), "one is enough in the first")
        let since = row(of: maria, scene)?.waitingSince
        scene.wait(5_000)
        #expect(owner(of: maria, scene) == .queue(QueueID(2)))
        #expect(row(of: maria, scene)?.waitingSince == since)
        scene.run([.conversationMoved(id(of: maria, scene), QueueID(1), by: sofia)])
        scene.wait(5_000)
        #expect(owner(of: maria, scene) == .queue(QueueID(1)), "a supervisor put it there")
        check(scene)
    }

    @Test("A choice is kept with who would have been next")
    func choice() {
        var scene = scene()
        let handled = scene.handle(.wrote(maria))
        let choices = handled.records.compactMap { record -> Choice? in
            guard case .ownerChanged(let handoff) = record.event else { return nil }
            return handoff.choice
        }
        #expect(
            choices == [
                Choice(
                    version: scene.desk.configuration.version, waiting: 1, onDuty: 2, ready: 2,
                    relaxed: 0, runnerUp: ben,
                    others: Choice.Others(
                        unfit: 0, ahead: 0, passedOverCount: 0, passedOver: []))
            ])
    }
}
