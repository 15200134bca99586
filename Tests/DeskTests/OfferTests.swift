import Desk
import Testing

@Suite("Offers and transfers")
struct OfferTests {
    /// Ana and Ben are available; the queue offers for ten seconds. Conversation of Maria offered to
    /// Ana, whose turn it was.
    private func offered(_ change: (inout Configuration) -> Void = { _ in }) -> Scene {
        var scene = Scene()
        scene.run([.connected(ana), .connected(ben)])
        var configuration = ConfigurationTests.valid
        configuration.queues[0].handing = .offer(timeout: 10_000)
        configuration.transferTimeout = 10_000
        change(&configuration)
        scene.run([.configurationSet(configuration, by: sofia)])
        scene.run([.presenceSet(ana, .available), .presenceSet(ben, .available), .wrote(maria)])
        return scene
    }

    /// Maria's conversation is Ana's.
    private func held() -> Scene {
        var scene = offered()
        scene.run([.offerAccepted(ana, id(scene))])
        return scene
    }

    private func id(_ scene: Scene) -> ConversationID { row(scene)?.id ?? conversation(0) }
    private func row(_ scene: Scene) -> Conversation? {
        scene.row(of: maria)
    }
    private func isOfferedTo(_ scene: Scene) -> AgentID? { row(scene)?.routing.offer?.agent }

    private func check(_ scene: Scene) {
        #expect(scene.auditor.violations.isEmpty)
        #expect(scene.desk.state == scene.shelf.state)
    }

    @Test("An offer takes the agent's room; accepted, it is theirs")
    func accepted() {
        var scene = offered()
        #expect(isOfferedTo(scene) == ana)
        #expect(row(scene)?.owner == .queue(queue))
        scene.run([.offerAccepted(ana, id(scene))])
        #expect(row(scene)?.owner == .agent(ana))
        #expect(row(scene)?.routing.offer == nil)
        check(scene)
    }

    @Test("Open and offered together never pass the capacity")
    func capacity() {
        var scene = offered()
        scene.run([.presenceSet(ben, .away), .capacitySet(ana, capacity: 1, by: sofia)])
        scene.run([.wrote(jorge)])
        let second = scene.row(of: jorge)
        #expect(second?.routing.offer == nil)
        check(scene)
    }

    @Test("Declined, it goes to the next, and not back while anybody else can take it")
    func declined() {
        var scene = offered()
        scene.run([.offerDeclined(ana, id(scene), .notMyField)])
        #expect(isOfferedTo(scene) == ben)
        scene.run([.capacitySet(ben, capacity: 0, by: sofia)])
        scene.run([.offerDeclined(ben, id(scene), .busy)])
        #expect(isOfferedTo(scene) == ana, "both declined: somebody must")
        scene.run([.offerDeclined(ana, id(scene), .other)])
        #expect(isOfferedTo(scene) == ana, "Ben has no room")
        check(scene)
    }

    @Test("Who declined waits for the other, even if the other is full")
    func pingPong() {
        var scene = offered()
        scene.run([.wrote(jorge), .capacitySet(ben, capacity: 1, by: sofia)])
        scene.run([.offerDeclined(ana, id(scene), .busy)])
        #expect(isOfferedTo(scene) == nil)
        #expect(scene.desk.explain(id(scene))?.candidates.first?.obstacle == .declined)
        scene.run([.presenceSet(ben, .away)])
        #expect(isOfferedTo(scene) == ana, "nobody else is there")
        check(scene)
    }

    @Test("Who declined does not wait for who could never hold so much")
    func tooSmall() {
        var scene = offered()
        scene.run([.capacitySet(ben, capacity: 0, by: sofia)])
        scene.run([.offerDeclined(ana, id(scene), .busy)])
        #expect(isOfferedTo(scene) == ana)
        check(scene)
    }

    @Test("Let pass, it goes to the next; who lets several pass is set away")
    func passed() {
        var scene = offered()
        scene.wait(10_000)
        #expect(isOfferedTo(scene) == ben)
        let since = row(scene)?.waitingSince
        scene.wait(10_000)
        #expect(isOfferedTo(scene) == ana, "both let it pass")
        scene.wait(10_000)
        #expect(scene.desk.agent(ana)?.presence == .away)
        #expect(isOfferedTo(scene) == ben)
        scene.wait(10_000)
        #expect(scene.desk.agent(ben)?.presence == .away)
        #expect(isOfferedTo(scene) == nil)
        #expect(row(scene)?.waitingSince == since, "the clock goes on")
        check(scene)
    }

    @Test("Too late is too late, whether or not the clock was told")
    func late() {
        var scene = offered()
        scene.now = scene.now.adding(milliseconds: 10_000)
        let handled = scene.handle(.offerAccepted(ana, id(scene)))
        #expect(handled.rejection == Rejection(.offerEnded, field: "conversation"))
        check(scene)
    }

    @Test("Only who it is offered to may answer")
    func another() {
        var scene = offered()
        for input in [Input.offerAccepted(ben, id(scene)), .offerDeclined(ben, id(scene), .busy)] {
            let rejection = scene.handle(input).rejection
            #expect(rejection == Rejection(.offerEnded, field: "conversation"))
        }
    }

    @Test(
        "Who leaves keeps no offer, and has not declined",
        arguments: [
            Input.disconnected(ana), .presenceSet(ana, .away), .presenceSet(ana, .offline),
            .presenceOrdered(ana, .away, by: sofia), .epochBegan,
        ])
    func left(input: Input) {
        var scene = offered()
        scene.run([input])
        #expect(isOfferedTo(scene) != ana)
        #expect(row(scene)?.routing.declined == [])
        check(scene)
    }

    @Test("An offer survives a reload and ends by its stored deadline")
    func reload() {
        var scene = offered()
        scene.reload()
        scene.run([.agentConnections(ana, [socket(1)]), .agentConnections(ben, [socket(1)])])
        #expect(isOfferedTo(scene) == ana)
        scene.wait(10_000)
        #expect(isOfferedTo(scene) == ben)
        check(scene)
    }

    // MARK: Transfers

    @Test("A warm transfer leaves the sender the owner until it is accepted")
    func warm() {
        var scene = held()
        scene.run([.transferOrdered(ana, id(scene), .agent(ben, isWarm: true))])
        #expect(row(scene)?.owner == .agent(ana))
        #expect(isOfferedTo(scene) == ben)
        scene.run([.replied(ana, id(scene).number)])
        scene.run([.offerAccepted(ben, id(scene))])
        #expect(row(scene)?.owner == .agent(ben))
        check(scene)
    }

    @Test("Declined, passed or withdrawn, it stays with the sender", arguments: [true, false])
    func notAccepted(declines: Bool) {
        var scene = held()
        scene.run([.transferOrdered(ana, id(scene), .agent(ben, isWarm: true))])
        if declines {
            scene.run([.offerDeclined(ben, id(scene), .busy)])
        } else {
            scene.wait(10_000)
        }
        #expect(row(scene)?.owner == .agent(ana))
        #expect(isOfferedTo(scene) == nil)
        check(scene)
    }

    @Test("When the sender goes, it returns to the queue and the receiver is told")
    func senderGone() {
        var scene = held()
        scene.run([.transferOrdered(ana, id(scene), .agent(ben, isWarm: true))])
        let events = scene.handle(.presenceSet(ana, .offline)).events
        #expect(events.contains(.offerEnded(id(scene), ben, .withdrawn)))
        #expect(isOfferedTo(scene) == ben, "now by the desk, out of the queue")
        check(scene)
    }

    @Test(
        "Cold, it is the receiver's at once; to a queue it keeps its clock and does not come back")
    func cold() {
        var scene = held()
        let since = row(scene)?.waitingSince
        scene.run([.transferOrdered(ana, id(scene), .agent(ben, isWarm: false))])
        #expect(row(scene)?.owner == .agent(ben))
        scene.run([.transferOrdered(ben, id(scene), .queue(QueueID(2)))])
        #expect(row(scene)?.owner == .agent(ana), "not Ben, who passed it on")
        #expect(row(scene)?.waitingSince == since)
        check(scene)
    }

    static let refusals: [(TransferTarget, [Input], Rejection.Code, String)] = [
        (.agent(ana, isWarm: false), [], .notEligible, "to"),
        (.agent(AgentID(99), isWarm: false), [], .notFound, "agent"),
        (.agent(ben, isWarm: true), [.presenceSet(ben, .away)], .notOnDuty, "agent"),
        (.agent(ben, isWarm: false), [.capacitySet(ben, capacity: 0, by: sofia)], .noRoom, "agent"),
        (.queue(QueueID(9)), [], .notFound, "to"),
        (.bot, [], .noBot, "to"),
    ]

    @Test("What cannot be passed on is refused", arguments: refusals)
    func refused(to target: TransferTarget, given: [Input], code: Rejection.Code, field: String) {
        var scene = held()
        scene.run(given)
        let handled = scene.handle(.transferOrdered(ana, id(scene), target))
        #expect(handled.rejection == Rejection(code, field: field))
        #expect(row(scene)?.owner == .agent(ana))
    }

    // MARK: Lists and orders

    @Test("What is in a list is taken by whoever wants, once")
    func pulled() {
        var scene = offered { $0.queues[0].handing = .pull }
        #expect(row(scene)?.owner == .queue(queue))
        scene.run([.conversationTaken(ben, id(scene))])
        #expect(row(scene)?.owner == .agent(ben))
        let second = scene.handle(.conversationTaken(ana, id(scene)))
        #expect(second.rejection == Rejection(.wrongState, field: "conversation"))
        check(scene)
    }

    @Test("Only an order that says so exceeds the capacity, and says it on record")
    func overCapacity() {
        var scene = offered()
        scene.run([.capacitySet(ben, capacity: 0, by: sofia)])
        let order = { (overrides: Bool) in
            Input.conversationAssigned(
                self.id(scene), ben, overridesCapacity: overrides, by: sofia)
        }
        #expect(scene.handle(order(false)).rejection == Rejection(.noRoom, field: "agent"))
        let events = scene.handle(order(true)).events
        let reasons = events.compactMap { event -> HandoffReason? in
            guard case .ownerChanged(let handoff) = event else { return nil }
            return handoff.by == sofia ? handoff.reason : nil
        }
        #expect(reasons == [.assignedOverCapacity])
        #expect(row(scene)?.owner == .agent(ben))
        check(scene)
    }
}
