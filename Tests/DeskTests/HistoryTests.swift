import Desk
import Testing

@Suite("Every history")
struct HistoryTests {
    /// Two agents who may hold one conversation each are connected and away; two customers may write.
    private static func start() -> Scene {
        var scene = Scene(rules: Rules(defaultCapacity: 1))
        scene.run([.connected(ana), .connected(ben)])
        return scene
    }

    /// The inputs that matter in a scene. `nil` is waiting for the next deadline.
    private static func inputs(in scene: Scene, withReplies: Bool) -> [Input?] {
        var inputs: [Input?] = [
            nil, .wrote(maria), .wrote(jorge), .epochBegan,
            .capacitySet(ana, capacity: 1, by: sofia), .capacitySet(ana, capacity: 2, by: sofia),
        ]
        for agent in [ana, ben] {
            inputs += [
                .connected(agent), .disconnected(agent), .presenceSet(agent, .available),
                .presenceSet(agent, .away), .presenceSet(agent, .offline),
            ]
            for row in scene.shelf.conversations.values.sorted(by: { $0.id < $1.id })
            where row.owner == .agent(agent) {
                inputs.append(.conversationClosed(agent, row.id))
                if withReplies { inputs.append(.agentReplied(agent, row.id, textDigest: text(1))) }
            }
        }
        return inputs
    }

    /// What decides how a scene goes on: who is where, and the order of moments, not the moments.
    private struct Situation: Hashable {
        var marks: [Int] = []

        init(_ scene: Scene) {
            let rows = [maria, jorge].map { thread in
                scene.row(of: thread)
            }
            marks += rows.map { row in row.map { Self.mark($0.owner) } ?? -1 }
            note(order: rows.map { row in row.flatMap { $0.isOpen ? $0.waitingSince : nil } })
            let agents = [ana, ben].map { scene.desk.agent($0) }
            for agent in agents {
                marks.append(agent.map { $0.presence.place } ?? -1)
                marks.append(agent?.capacity ?? -1)
                marks.append(agent?.isConnected == true ? 1 : 0)
                marks.append(agent?.disconnectDeadline == nil ? 0 : 1)
            }
            note(order: agents.map { $0?.idleSince })
            note(order: agents.map { $0?.disconnectDeadline })
        }

        private mutating func note(order pair: [(some Comparable)?]) {
            guard let first = pair[0], let second = pair[1] else { return marks.append(9) }
            marks.append(first < second ? -1 : first == second ? 0 : 1)
        }

        private static func mark(_ owner: Owner) -> Int {
            switch owner {
            case .nobody: 0
            case .bot: 1
            case .queue: 2
            case .agent(let agent): Int(agent.number)
            }
        }
    }

    /// What came of a scene by one of the inputs; `nil` is waiting for the next deadline.
    private static func scene(after input: Input?, in scene: Scene) -> Scene {
        var next = scene
        if let input {
            next.handle(input)
        } else {
            let due = next.desk.nextDeadline?.milliseconds ?? 0
            next.wait(max(1, due - next.now.milliseconds))
        }
        return next
    }

    @Test("of up to three inputs keeps the promises P2 to P6 and P13 after each")
    func everyShortHistory() {
        var scenes = [(scene: Self.start(), path: [Input?]())]
        for _ in 1...3 {
            scenes = scenes.flatMap { scene, path in
                Self.inputs(in: scene, withReplies: true).map { input in
                    let next = Self.scene(after: input, in: scene)
                    Self.check(next, path + [input])
                    return (next, path + [input])
                }
            }
        }
        #expect(scenes.count > 4_000, "only \(scenes.count) were tried")
    }

    /// Follows each situation once, by a shortest history that leads to it: any other history that
    /// leads there goes on in the same way.
    @Test("of any length keeps them, as far as situations differ")
    func everySituation() {
        var seen: Set<Situation> = [Situation(Self.start())]
        var found = [(scene: Self.start(), path: [Input?]())]
        var followed = 0
        while followed < found.count {
            let (scene, path) = found[followed]
            for input in Self.inputs(in: scene, withReplies: false) {
                let next = Self.scene(after: input, in: scene)
                guard Self.check(next, path + [input]) else { return }
                if seen.insert(Situation(next)).inserted { found.append((next, path + [input])) }
            }
            followed += 1
        }
        #expect(seen.count > 1_000, "only \(seen.count) situations were found")
    }

    @discardableResult
    private static func check(_ scene: Scene, _ path: [Input?]) -> Bool {
        guard scene.auditor.violations.isEmpty, scene.desk.state == scene.shelf.state else {
            Issue.record("\(scene.auditor.violations) after \(path)")
            return false
        }
        return true
    }
}

extension Presence {
    fileprivate var place: Int { Presence.allCases.firstIndex(of: self) ?? -1 }
}
