import Desk
import Testing

/// Why a conversation waits, or with whom it is.
@Suite struct ExplanationTests {
    private static let skill = SkillLevel(SkillID(1), 2)

    /// Ana and Ben are there; the first queue is changed as wanted.
    private func scene(
        ana profile: Profile = Profile(), _ change: (inout Configuration) -> Void = { _ in }
    ) -> Scene {
        var scene = Scene()
        scene.run([.connected(ana), .connected(ben)])
        var configuration = Configuration(
            skills: [Skill(id: Self.skill.skill, name: "fraud")],
            queues: [Queue(id: queue, name: "one"), Queue(id: QueueID(2), name: "two")])
        change(&configuration)
        scene.run([
            .configurationSet(
                configuration, profiles: [AgentProfile(agent: ana, profile: profile)], by: sofia)
        ])
        scene.run([.presenceSet(ana, .available), .presenceSet(ben, .available)])
        return scene
    }

    private func row(of thread: Digest, _ scene: Scene) -> Conversation? {
        scene.row(of: thread)
    }

    private func explained(_ thread: Digest, _ scene: Scene) throws -> Explanation {
        let waiting = try #require(row(of: thread, scene))
        return try #require(scene.desk.explain(waiting.id))
    }

    private func obstacles(_ thread: Digest, _ scene: Scene) throws -> [Obstacle?] {
        try explained(thread, scene).candidates.map(\.obstacle)
    }

    /// What keeps Ana from Maria, with Ben away so that it waits.
    private enum Case: String, CaseIterable {
        case otherQueue, lacks, otherCompartment, barred, declined, reservedForAnother, notOnDuty
        case noRoom, roomIsReserved, nothing
    }

    @Test("Each thing that may stand in the way is told, and alone", arguments: Case.allCases)
    private func obstacle(_ one: Case) throws {
        var scene: Scene
        let expected: Obstacle?
        switch one {
        case .otherQueue:
            scene = self.scene(ana: Profile(queues: [QueueID(2)]))
            scene.run([.presenceSet(ben, .away), .wrote(maria)])
            expected = .otherQueue
        case .lacks:
            scene = self.scene()
            scene.run([.presenceSet(ana, .away), .presenceSet(ben, .away), .wrote(maria)])
            let id = try #require(row(of: maria, scene)?.id)
            scene.run([.needsSet(id, [Self.skill], nil, by: sofia), .presenceSet(ana, .available)])
            expected = .lacks(Self.skill)
        case .otherCompartment:
            scene = self.scene()
            scene.run([.presenceSet(ana, .away), .presenceSet(ben, .away), .wrote(maria)])
            let id = try #require(row(of: maria, scene)?.id)
            scene.run([
                .needsSet(id, [], CompartmentID(3), by: sofia),
                .presenceSet(ana, .available),
            ])
            expected = .otherCompartment
        case .barred:
            scene = self.scene()
            scene.run([.presenceSet(ana, .away), .presenceSet(ben, .away), .wrote(maria)])
            let customer = try #require(row(of: maria, scene)?.customer)
            scene.run([
                .profileSet(ana, Profile(barred: [customer]), by: sofia),
                .presenceSet(ana, .available),
            ])
            expected = .barred
        case .declined:
            scene = self.scene { $0.queues[0].handing = .offer(timeout: 10_000) }
            scene.run([.wrote(maria), .wrote(jorge)])
            let id = try #require(row(of: maria, scene)?.id)
            // Ben is full with what he is offered.
            scene.run([.capacitySet(ben, capacity: 1, by: sofia), .offerDeclined(ana, id, .busy)])
            expected = .declined
        case .reservedForAnother:
            scene = self.scene { $0.queues[0].stickiness = 60_000 }
            scene.run([.presenceSet(ana, .away), .wrote(maria), .wrote(jorge)])
            let id = try #require(row(of: maria, scene)?.id)
            scene.run([
                .conversationClosed(ben, id), .capacitySet(ben, capacity: 1, by: sofia),
                .presenceSet(ana, .available), .wrote(maria),
            ])
            expected = .reservedForAnother(ben)
        case .notOnDuty:
            scene = self.scene()
            scene.run([.presenceSet(ana, .busy), .presenceSet(ben, .away), .wrote(maria)])
            expected = .notOnDuty
        case .noRoom:
            scene = self.scene()
            scene.run([
                .capacitySet(ana, capacity: 0, by: sofia), .presenceSet(ben, .away), .wrote(maria),
            ])
            expected = .noRoom(load: 0, capacity: 0, weight: 1)
        case .roomIsReserved:
            let heavy = WorkKindID(1)
            scene = self.scene { configuration in
                configuration.kinds = [WorkKind(id: heavy, name: "case", weight: 2)]
                configuration.queues[1].kind = heavy
                configuration.heavyWork = .reservesRoom
            }
            scene.run([.presenceSet(ben, .away), .capacitySet(ana, capacity: 2, by: sofia)])
            scene.run([.wrote(Digest(high: 0, low: 1)), .presenceSet(ana, .away), .wrote(jorge)])
            let id = try #require(row(of: jorge, scene)?.id)
            scene.run([
                .conversationMoved(id, QueueID(2), by: sofia), .wrote(maria),
                .presenceSet(ana, .available),
            ])
            expected = .roomIsReserved
        case .nothing:
            scene = self.scene { $0.queues[0].handing = .pull }
            scene.run([.wrote(maria)])
            expected = nil
        }
        let told = try explained(maria, scene)
        #expect(told.candidates.first == Explanation.Candidate(agent: ana, obstacle: expected))
        switch one {
        case .nothing: #expect(told.withheld == [.isPulled])
        // Ben has no skill and sees into no compartment either.
        case .lacks, .otherCompartment: #expect(told.withheld == [.nobodyCould])
        case .otherQueue, .barred, .declined, .reservedForAnother, .notOnDuty, .noRoom,
            .roomIsReserved:
            #expect(told.withheld == [])
        }
        #expect(told.place?.inQueue == 0)
        #expect(scene.auditor.violations.isEmpty)
    }

    @Test("At night, with nobody there, it is told that the queue is closed, once")
    func night() throws {
        var scene = scene { $0.queues[0].handing = .pull }
        scene.run([.presenceSet(ana, .away), .presenceSet(ben, .offline), .wrote(maria)])
        #expect(try explained(maria, scene).withheld == [.isPulled])
        scene.run([.queueClosed(queue, by: sofia)])
        let closed = try explained(maria, scene)
        #expect(closed.withheld == [.queueIsClosed, .isPulled])
        #expect(closed.candidates.map(\.obstacle) == [.notOnDuty, .notOnDuty])
        #expect(closed.next == [])
        scene.run([.presenceSet(ben, .available)])
        #expect(try obstacles(maria, scene) == [.notOnDuty, nil])
        #expect(try explained(maria, scene).next == [ben])
    }

    @Test("The place counts all of the queue, its line those who ask for the same, by rank")
    func place() throws {
        var scene = scene { $0.ageing = 60_000 }
        scene.run([.presenceSet(ana, .away), .presenceSet(ben, .away)])
        let others = (1...3).map { Digest(high: 0, low: $0) }
        scene.run(others.map { .wrote($0) } + [.wrote(maria)])
        // One of them asks for more, one waits in another queue.
        let ids = try others.map { try #require(row(of: $0, scene)?.id) }
        scene.run([
            .needsSet(ids[0], [Self.skill], nil, by: sofia),
            .conversationMoved(ids[1], QueueID(2), by: sofia),
        ])
        let id = try #require(row(of: maria, scene)?.id)
        let since = try #require(row(of: maria, scene)?.waitingSince)
        #expect(
            try explained(maria, scene).place
                == Explanation.Place(inLine: 1, inQueue: 2, rank: since))
        #expect(
            try explained(others[0], scene).place?.inQueue == 0, "first by its rank")
        scene.run([.prioritySet(id, 2, by: sofia)])
        #expect(
            try explained(maria, scene).place
                == Explanation.Place(
                    inLine: 0, inQueue: 0, rank: since.adding(milliseconds: -120_000)))
        #expect(scene.desk.explain(conversation(9_999)) == nil)
    }

    @Test("Whose turn it is next: least loaded, then idle longest; not who has it")
    func next() throws {
        var scene = scene()
        scene.run([.wrote(maria)])
        var told = try explained(maria, scene)
        #expect(row(of: maria, scene)?.owner == .agent(ana) && told.next == [ben])
        #expect(told.place == nil && told.withheld == [])
        // Nobody has more room than another: it goes by who was idle for longer.
        scene.run([.presenceSet(ana, .away), .presenceSet(ben, .away), .wrote(jorge)])
        scene.run([.queueClosed(queue, by: sofia)])
        scene.run([.presenceSet(ana, .available), .presenceSet(ben, .available)])
        told = try explained(jorge, scene)
        #expect(told.next == [ben, ana], "Ana has Maria")
        let id = try #require(row(of: maria, scene)?.id)
        scene.run([.conversationClosed(ana, id), .capacitySet(ben, capacity: 0, by: sofia)])
        #expect(try explained(jorge, scene).next == [ana])
        #expect(scene.auditor.violations.isEmpty)
    }
}
