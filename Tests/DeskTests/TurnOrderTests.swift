import Desk
import Testing

/// Whose turn it is among those who may be given a conversation: one small value of the configuration.
@Suite("Whose turn it is")
struct TurnOrderTests {
    /// Three agents with what they have, what they may have, and since when they are idle.
    struct Line: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let order: TurnOrder?
        /// Ana, Ben and Carla: load and capacity. They became idle in this order.
        let people: [(load: Int, capacity: Int)]
        /// Who is next, and who after them.
        let next: [AgentID]

        init(
            _ name: String, _ order: TurnOrder?, _ people: [(load: Int, capacity: Int)],
            _ next: [AgentID]
        ) {
            testDescription = name
            self.order = order
            self.people = people
            self.next = next
        }
    }

    private static let carla = AgentID(13)
    private static let all = [ana, ben, carla]

    static let lines: [Line] = [
        Line("the usual order is by units", nil, [(2, 9), (1, 2), (2, 3)], [ben, ana]),
        Line("by units", .leastUnits, [(2, 9), (1, 2), (2, 3)], [ben, ana]),
        Line("by units, then by idle time", .leastUnits, [(1, 2), (1, 9), (1, 3)], [ana, ben]),
        Line("by share", .leastShare, [(2, 9), (1, 2), (2, 3)], [ana, ben]),
        Line("equal shares go by idle time", .leastShare, [(3, 6), (1, 2), (2, 4)], [ana, ben]),
        Line("shares that hardly differ", .leastShare, [(50, 100), (49, 99), (3, 4)], [ben, ana]),
        Line("nothing is the least share", .leastShare, [(1, 100), (0, 1), (0, 2)], [ben, carla]),
        Line("by idle time alone", .longestIdle, [(5, 9), (0, 2), (1, 3)], [ana, ben]),
        Line("who has no room has no turn", .longestIdle, [(2, 2), (0, 2), (1, 3)], [ben, carla]),
        Line("who is over has none either", .leastShare, [(3, 2), (1, 2), (2, 2)], [ben]),
    ]

    /// The people as the line has them, under its order; their work is of a supervisor's giving.
    private func scene(_ line: Line) throws -> Scene {
        var scene = Scene()
        let wanted = Configuration(turnOrder: line.order)
        for agent in Self.all { scene.run([.connected(agent)]) }
        scene.run([.configurationSet(wanted, by: sofia)])
        var customer: UInt64 = 1
        for (agent, person) in zip(Self.all, line.people) {
            scene.run([.capacitySet(agent, capacity: person.load, by: sofia)])
            scene.run([.presenceSet(agent, .available)])
            for _ in 0..<person.load {
                scene.run([.wrote(Digest(high: 9, low: customer))])
                customer += 1
            }
            scene.run([
                .presenceSet(agent, .away),
                .capacitySet(agent, capacity: person.capacity, by: sofia),
            ])
        }
        for agent in Self.all { scene.run([.presenceSet(agent, .available)]) }
        for (agent, person) in zip(Self.all, line.people) {
            try #require(scene.desk.load(of: agent) == person.load)
        }
        return scene
    }

    @Test("The next is who the order says, and so is who comes after them", arguments: lines)
    func next(line: Line) throws {
        var scene = try scene(line)
        // Closed, so that it is explained before it is given.
        scene.run([.queueClosed(queue, by: sofia), .wrote(maria)])
        let waiting = scene.row(of: maria)
        let id = try #require(waiting?.id)
        let told = try #require(scene.desk.explain(id))
        #expect(told.next == line.next && told.order == line.order ?? .leastUnits)
        let handled = scene.handle(.queueOpened(queue, by: sofia))
        let handoffs = handled.records.compactMap { record -> Handoff? in
            guard case .ownerChanged(let handoff) = record.event else { return nil }
            return handoff
        }
        let handoff = try #require(handoffs.first)
        #expect(handoffs.count == 1 && handoff.to == .agent(line.next[0]))
        #expect(handoff.choice?.order == line.order ?? .leastUnits)
        #expect(handoff.choice?.runnerUp == line.next.dropFirst().first)
        #expect(scene.auditor.violations.isEmpty, "\(scene.auditor.violations)")
    }

    @Test("Another order is in force at once, for everybody who has room")
    func changed() throws {
        var scene = try scene(
            Line("", .leastUnits, [(2, 9), (1, 2), (0, 1)], []))
        for (order, agent) in [(TurnOrder.longestIdle, ana), (.leastShare, Self.carla)] {
            var wanted = scene.desk.configuration
            wanted.turnOrder = order
            scene.run([.configurationSet(wanted, by: sofia)])
            let events = scene.handle(.wrote(Digest(high: 8, low: UInt64(agent.number)))).events
            let owners = events.compactMap { event -> Owner? in
                guard case .ownerChanged(let handoff) = event else { return nil }
                return handoff.to
            }
            #expect(owners.last == .agent(agent))
        }
        #expect(scene.auditor.violations.isEmpty, "\(scene.auditor.violations)")
    }

    @Test("Shares are equal or not exactly as the fractions are")
    func shares() {
        // Whatever two capacities there are: the order of all shares is that of the fractions.
        for capacity in 1...Limits.maximumCapacity {
            for other in 1...Limits.maximumCapacity {
                let load = capacity / 2
                for near in (load * other / capacity)...(load * other / capacity + 1) {
                    let burden = TurnOrder.leastShare.burden(ofLoad: load, capacity: capacity)
                    let second = TurnOrder.leastShare.burden(ofLoad: near, capacity: other)
                    let (left, right) = (load * other, near * capacity)
                    guard (burden < second) == (left < right), (burden == second) == (left == right)
                    else {
                        Issue.record("\(load)/\(capacity) and \(near)/\(other)")
                        return
                    }
                }
            }
        }
    }
}
