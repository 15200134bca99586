import Desk
import Testing

@Suite("Agents come, go and say whether they take work")
struct PresenceTests {
    static let lines: [Case] = [
        Case(
            "a new agent enters and is away", .empty, when: .connected(ana),
            then: [
                .agentEntered(ana, capacity: 3), .agentConnected(ana),
                .presenceChanged(ana, .away, reason: .arrived, by: nil),
            ]),
        Case("a second tab is no news", .open, when: .connected(ana, 2), then: []),
        Case("the same socket told twice is none", .open, when: .connected(ana, 1), then: []),
        Case(
            "one of two tabs closes", .open, given: [.connected(ana, 2)],
            when: .disconnected(ana, 1), then: []),
        Case(
            "the last tab closes", .open, when: .disconnected(ana),
            then: [.agentDisconnected(ana, deadline: moment(61_003))]),
        Case(
            "somebody who is offline closes the last tab", .open,
            given: [.presenceSet(ana, .offline)], when: .disconnected(ana),
            then: [.agentDisconnected(ana, deadline: nil)]),
        Case("an unknown socket closes", .open, when: .disconnected(ana, 9), then: []),
        Case("a socket of an unknown agent closes", .open, when: .disconnected(ben), then: []),
        Case(
            "back within the grace: presence stays", .open, given: [.disconnected(ana)],
            when: .connected(ana, 2), then: [.agentConnected(ana)]),
        Case(
            "back after being offline: away", .open,
            given: [.presenceSet(ana, .offline), .disconnected(ana)], when: .connected(ana, 2),
            then: [
                .agentConnected(ana), .presenceChanged(ana, .away, reason: .arrived, by: nil),
            ]),
        Case(
            "all sockets told: the same", .open,
            when: .agentConnections(ana, [socket(1), socket(2)]), then: []),
        Case(
            "all sockets told: none", .open, when: .agentConnections(ana, []),
            then: [.agentDisconnected(ana, deadline: moment(61_003))]),
        Case(
            "all sockets told: none, of one who has grace already", .open,
            given: [.disconnected(ana)], when: .agentConnections(ana, []), then: []),
        Case(
            "all sockets told: none, of one who never entered", .open,
            when: .agentConnections(ben, []), then: []),
        Case(
            "all sockets told of somebody new", .open, when: .agentConnections(ben, [socket(4)]),
            then: [
                .agentEntered(ben, capacity: 3), .agentConnected(ben),
                .presenceChanged(ben, .away, reason: .arrived, by: nil),
            ]),
        Case("the same presence", .open, when: .presenceSet(ana, .available), then: []),
        Case(
            "away keeps what is theirs", .talking, when: .presenceSet(ana, .away),
            then: [.presenceChanged(ana, .away, by: nil)]),
        Case(
            "offline returns all of it at once, though still connected", .talking,
            given: [.wrote(jorge, 2)], when: .presenceSet(ana, .offline),
            then: [
                .presenceChanged(ana, .offline, by: nil),
                .handed(6, 3, .agent(ana), .queue(queue), .wentOffline),
                .handed(11, 3, .agent(ana), .queue(queue), .wentOffline),
            ]),
        Case(
            "offline during the grace", .talking, given: [.disconnected(ana)],
            when: .presenceSet(ana, .offline),
            then: [
                .presenceChanged(ana, .offline, by: nil),
                .handed(6, 3, .agent(ana), .queue(queue), .wentOffline),
            ]),
        Case(
            "away during the grace", .talking, given: [.disconnected(ana)],
            when: .presenceSet(ana, .away), then: [.presenceChanged(ana, .away, by: nil)]),
        Case(
            "capacity", .open, when: .capacitySet(ana, capacity: 5, by: sofia),
            then: [.capacityChanged(ana, capacity: 5, by: sofia)]),
        Case("the same capacity", .open, when: .capacitySet(ana, capacity: 3, by: sofia), then: []),
        Case(
            "capacity below the load", .talking, when: .capacitySet(ana, capacity: 0, by: sofia),
            then: [.capacityChanged(ana, capacity: 0, by: sofia)]),
        Case(
            "the highest capacity", .open,
            when: .capacitySet(ana, capacity: Limits.maximumCapacity, by: sofia),
            then: [.capacityChanged(ana, capacity: Limits.maximumCapacity, by: sofia)]),
    ]

    @Test(arguments: lines)
    func comesTo(_ line: Case) { line.check() }

    @Test("Nobody who is disconnected is given anything")
    func nothingWhileDisconnected() {
        var scene = Scene.open()
        scene.run([.disconnected(ana), .wrote(maria, 1)])
        #expect(scene.desk.waitingCount == 1)
        #expect(
            scene.handle(.connected(ana)).events == [
                .agentConnected(ana), .handed(7, 2, .queue(queue), .agent(ana), .assigned),
            ])
        #expect(scene.auditor.violations.isEmpty)
    }

    @Test("When the grace runs out all returns, once, and the agent is offline")
    func grace() {
        var scene = Scene.talking()
        scene.run([.disconnected(ana)])
        let deadline = scene.now.adding(milliseconds: 60_000)
        #expect(scene.desk.nextDeadline == deadline)
        #expect(scene.wait(59_999).isEmpty)
        #expect(
            scene.wait(1) == [
                .presenceChanged(ana, .offline, by: nil),
                .handed(6, 3, .agent(ana), .queue(queue), .disconnected),
            ])
        #expect(scene.desk.nextDeadline == nil)
        #expect(scene.wait(60_000).isEmpty)
        #expect(scene.auditor.violations.isEmpty)
    }

    @Test("A person has at most so many sockets")
    func sockets() {
        var scene = Scene.open()
        for number in 2...Int64(Limits.connectionsPerAgent) { scene.run([.connected(ana, number)]) }
        #expect(
            scene.handle(.connected(ana, 99)).rejection
                == Rejection(.tooManyConnections, field: "connection"))
        #expect(scene.handle(.connected(ana, 1)).events.isEmpty)
        #expect(scene.desk.agent(ana)?.connections.count == Limits.connectionsPerAgent)
        scene.run([.disconnected(ana, 1), .connected(ana, 99)])
    }

    @Test("Connections are no rows")
    func connectionsAreNotStored() {
        var scene = Scene.open()
        scene.run([.connected(ana, 2)])
        #expect(scene.desk.state.agents.allSatisfy { $0.connections.isEmpty })
        var desk = scene.desk
        _ = desk.handle(.connected(ana, 3), known: Known(), epoch: 7, at: scene.now)
        #expect(desk.takeChanges() == Changes(), "a further tab changes no row")
        #expect(desk.agent(ana)?.connections == [socket(1), socket(2), socket(3)])
    }
}
