import Desk
import Testing

@Suite("What is kept of a choice")
struct ChoiceTests {
    /// Ana and Ben are there, Ana idle for longer; the first queue is changed as wanted.
    private func scene(_ change: (inout Configuration) -> Void = { _ in }) -> Scene {
        var scene = Scene()
        scene.run([.connected(ana), .connected(ben)])
        var configuration = ConfigurationTests.valid
        change(&configuration)
        scene.run([.configurationSet(configuration, by: sofia)])
        scene.run([.presenceSet(ana, .available), .presenceSet(ben, .available)])
        return scene
    }

    private func row(of thread: Digest, _ scene: Scene) -> Conversation? {
        scene.row(of: thread)
    }

    private func id(of thread: Digest, _ scene: Scene) -> ConversationID {
        row(of: thread, scene)?.id ?? conversation(0)
    }

    /// The choice that this input led to, with whom it was for.
    private func choice(_ scene: inout Scene, _ input: Input) -> (agent: AgentID, Choice)? {
        for record in scene.handle(input).records {
            switch record.event {
            case .ownerChanged(let handoff):
                guard let choice = handoff.choice, case .agent(let agent) = handoff.to else {
                    continue
                }
                return (agent, choice)
            case .offerMade(_, let offer, let choice?): return (offer.agent, choice)
            default: break
            }
        }
        return nil
    }

    private func check(_ scene: Scene) {
        #expect(scene.auditor.violations.isEmpty)
        #expect(scene.desk.state == scene.shelf.state)
    }

    private let nobody = Choice.Others(unfit: 0, ahead: 0, passedOverCount: 0, passedOver: [])

    private func passing(_ agent: AgentID, _ hindrance: Hindrance) -> Choice.Others {
        Choice.Others(
            unfit: 0, ahead: 0, passedOverCount: 1,
            passedOver: [Choice.PassedOver(agent: agent, hindrance: hindrance)])
    }

    @Test("Where nobody was passed over, nobody is named")
    func first() throws {
        var scene = scene()
        let (agent, choice) = try #require(choice(&scene, .wrote(maria)))
        #expect(agent == ana && choice.runnerUp == ben)
        #expect(choice.others == nobody)
        check(scene)
    }

    @Test("Who must not serve the customer is named")
    func barred() throws {
        var scene = scene()
        scene.run([.presenceSet(ana, .away), .presenceSet(ben, .away), .wrote(maria)])
        let customer = try #require(row(of: maria, scene)?.customer)
        scene.run([.profileSet(ana, Profile(barred: [customer]), by: sofia)])
        scene.run([.presenceSet(ana, .available)])
        let (agent, choice) = try #require(choice(&scene, .presenceSet(ben, .available)))
        #expect(agent == ben && choice.runnerUp == nil)
        #expect(choice.others == passing(ana, .barred))
        check(scene)
    }

    @Test("Who declined is named in the offer to the next, who is no runner-up")
    func declined() throws {
        var scene = scene { $0.queues[0].handing = .offer(timeout: 10_000) }
        scene.run([.presenceSet(ana, .away), .wrote(jorge)])
        scene.run([.offerAccepted(ben, id(of: jorge, scene)), .presenceSet(ana, .available)])
        scene.run([.wrote(maria)])
        let decline = Input.offerDeclined(ana, id(of: maria, scene), .busy)
        let (agent, choice) = try #require(choice(&scene, decline))
        #expect(agent == ben, "Ana has nothing and would have had her turn first")
        #expect(choice.runnerUp == nil)
        #expect(choice.others == passing(ana, .declined))
        check(scene)
    }

    @Test("For whom it was kept is named by those who would have had it")
    func reserved() throws {
        var scene = scene { $0.queues[0].stickiness = 10_000 }
        scene.run([.wrote(maria), .presenceSet(ben, .away), .wrote(jorge)])
        scene.run([.conversationClosed(ana, id(of: maria, scene)), .presenceSet(ben, .available)])
        let (agent, choice) = try #require(choice(&scene, .wrote(maria)))
        #expect(agent == ana, "hers, although Ben has nothing to do")
        #expect(choice.others == passing(ben, .reservedForAnother(ana)))
        check(scene)
    }

    @Test("Whose room is kept for heavier work is named")
    func roomIsReserved() throws {
        var scene = scene {
            $0.heavyWork = .reservesRoom
            $0.queues[1].kind = WorkKindID(1)
        }
        scene.run([.capacitySet(ana, capacity: 2, by: sofia), .presenceSet(ana, .away)])
        scene.run([.wrote(Digest(high: 0, low: 1)), .wrote(Digest(high: 0, low: 2))])
        scene.run([.presenceSet(ben, .away), .presenceSet(ana, .available)])
        scene.run([.wrote(Digest(high: 0, low: 3))])
        scene.run([.profileSet(ben, Profile(queues: [queue]), by: sofia)])
        scene.run([.presenceSet(ana, .away), .wrote(maria)])
        scene.run([.conversationMoved(id(of: maria, scene), QueueID(2), by: sofia)])
        scene.run([.presenceSet(ana, .available), .presenceSet(ben, .available)])
        let (agent, choice) = try #require(choice(&scene, .wrote(jorge)))
        #expect(agent == ben, "Ana has less to do, and what room is left is kept for Maria")
        #expect(choice.others == passing(ana, .roomIsReserved))
        check(scene)
    }

    @Test("Who came before and was for nobody is counted, and who does not fit the queue")
    func ahead() throws {
        var scene = scene()
        scene.run([.presenceSet(ana, .away), .presenceSet(ben, .away), .wrote(maria)])
        let customer = try #require(row(of: maria, scene)?.customer)
        scene.run([
            .profileSet(ana, Profile(barred: [customer]), by: sofia),
            .profileSet(ben, Profile(queues: [QueueID(2)]), by: sofia),
            .presenceSet(ana, .available), .presenceSet(ben, .available),
        ])
        let (agent, choice) = try #require(choice(&scene, .wrote(jorge)))
        #expect(agent == ana)
        #expect((choice.waiting, choice.onDuty, choice.ready) == (2, 1, 1))
        #expect(
            choice.others
                == Choice.Others(unfit: 1, ahead: 1, passedOverCount: 0, passedOver: []))
        check(scene)
    }

    @Test("Of very many who were passed over the first are named, and all are counted")
    func many() throws {
        var scene = scene()
        scene.run([.presenceSet(ana, .away), .presenceSet(ben, .away), .wrote(maria)])
        let customer = try #require(row(of: maria, scene)?.customer)
        let others = (1...(Limits.passedOver + 3)).map { AgentID(100 + Int64($0)) }
        for other in others {
            scene.run([.connected(other)])
            scene.run([.profileSet(other, Profile(barred: [customer]), by: sofia)])
            scene.run([.presenceSet(other, .available)])
        }
        let (agent, choice) = try #require(choice(&scene, .presenceSet(ben, .available)))
        #expect(agent == ben)
        #expect(choice.others?.passedOverCount == others.count)
        #expect(
            choice.others?.passedOver
                == others.prefix(Limits.passedOver).map {
                    Choice.PassedOver(agent: $0, hindrance: .barred)
                })
        check(scene)
    }
}
