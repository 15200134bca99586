import Desk
import Testing

/// Where every small history begins: two agents, two queues, three customers.
struct Setup: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let configuration: Configuration
    let profiles: [AgentProfile]
    let capacity: Int
    /// What happens before the first step, after both have connected.
    let given: [Input]
    /// How long the histories of every test run are.
    let usualLength: Int
    /// How many histories there are at least of that length.
    var fewest = 50_000
    /// What its histories are about besides the main inputs, and instead of most of them.
    var matter: Matter?

    /// How long its histories are at most when longer ones are asked for: of those with many inputs
    /// five steps take a stage of their own.
    var longest: Int { matter?.longest ?? 5 }
    /// How long those are that are followed one by one.
    var plainLength: Int { usualLength - 1 }

    static let second = QueueID(2)
    static let threads = [maria, jorge, paula]
    static let agents = [ana, ben]

    ///.Every length of time is a whole number of these milliseconds, and every step takes one
    /// millisecond more: see ``Form``.
    static let unit: Int64 = 1_000

    static let ready: [Input] = [
        .presenceSet(ana, .available), .presenceSet(ben, .available),
    ]

    /// Offers out of one queue, skills and relaxations in the other, overflow between them.
    private static func offers(_ when: String, _ given: [Input], _ usualLength: Int) -> Setup {
        let skill = SkillID(1)
        let entry = Queue(
            id: queue, name: "offers", handing: .offer(timeout: 10_000),
            overflow: Overflow(to: second, afterWait: 30_000, atLength: 2), stickiness: 8_000)
        let other = Queue(
            id: second, name: "skilled", priority: 1, needs: [SkillLevel(skill, 2)],
            relaxations: [Relaxation(after: 20_000, lowering: 5)])
        return Setup(
            testDescription: "offers, skills, overflow: \(when)",
            configuration: Configuration(
                skills: [Skill(id: skill, name: "fraud")], queues: [entry, other],
                ageing: 15_000, missedOffers: 2, transferTimeout: 12_000),
            profiles: [AgentProfile(agent: ana, profile: Profile(skills: [SkillLevel(skill, 3)]))],
            capacity: 1, given: given, usualLength: usualLength)
    }

    /// Both are given outright; the work of one queue weighs twice and keeps room, and one agent does not
    /// serve it. What comes by Instagram begins there and weighs once.
    private static func weights(_ when: String, _ given: [Input], _ usualLength: Int) -> Setup {
        let heavy = WorkKindID(1)
        return Setup(
            testDescription: "heavy work: \(when)",
            configuration: Configuration(
                kinds: [
                    WorkKind(
                        id: heavy, name: "case", weight: 2,
                        channels: [ChannelWeight(channel: .instagram, weight: 1)])
                ],
                queues: [
                    Queue(id: queue, name: "light"), Queue(id: second, name: "heavy", kind: heavy),
                ], entries: [EntryRule(channel: .instagram, queue: second)],
                heavyWork: .reservesRoom, transferTimeout: 12_000, turnOrder: .longestIdle),
            profiles: [AgentProfile(agent: ben, profile: Profile(queues: [queue]))],
            capacity: 2, given: given, usualLength: usualLength)
    }

    /// One queue is a list that agents take from.
    private static func lists(_ when: String, _ given: [Input], _ usualLength: Int) -> Setup {
        Setup(
            testDescription: "a list: \(when)",
            configuration: Configuration(
                queues: [
                    Queue(id: queue, name: "given", stickiness: 8_000),
                    Queue(
                        id: second, name: "list", handing: .pull,
                        overflow: Overflow(to: queue, afterWait: 25_000), limit: 1),
                ], transferTimeout: 12_000),
            profiles: [], capacity: 1, given: given, usualLength: usualLength)
    }

    static let all: [Setup] =
        [offers, weights, lists].flatMap { setup in
            [
                setup("nobody is available yet", [], 5),
                setup("everybody has written", ready + threads.map { .wrote($0) }, 3),
            ]
        } + matters

    func scene() -> Scene {
        var scene = Scene(rules: Rules(defaultCapacity: capacity))
        scene.run([.connected(ana), .connected(ben)])
        scene.run([.configurationSet(configuration, profiles: profiles, by: sofia)])
        let hours = configuration.queues.filter { $0.hours != nil }.map {
            Self.hours($0.id, [(0, 20 + 10 * $0.id.number), (50, 90)], after: scene.now)
        }
        if !hours.isEmpty {
            scene.run([.hoursComputed(hours, version: scene.shelf.configuration.version)])
        }
        scene.run(given)
        return scene
    }

    func form(of scene: Scene) -> Form { Form(scene, isExact: matter?.isExact ?? false) }

    /// What may happen next that changes anything, in an order that depends on the ``Form`` alone.
    /// Who has never written is like any other such, so only the first of them writes.
    func inputs(in scene: Scene) -> [Input] {
        if let matter { return matter.inputs(in: scene) }
        let rows = scene.shelf.conversations.values.sorted { $0.id < $1.id }
        var inputs: [Input] = Self.threads.prefix(rows.count + 1).map { .wrote($0) }
        if scene.desk.nextDeadline != nil { inputs.append(.clockReached) }
        inputs.append(.epochBegan)
        for id in Self.agents {
            guard let agent = scene.desk.agent(id) else { continue }
            inputs.append(agent.isConnected ? .disconnected(id) : .connected(id))
            inputs += Presence.allCases.filter { $0 != agent.presence }.map { .presenceSet(id, $0) }
            inputs.append(.capacitySet(id, capacity: agent.capacity == 1 ? 2 : 1, by: sofia))
        }
        for row in rows where row.isOpen { inputs += Self.inputs(about: row) }
        return inputs
    }

    private static func inputs(about row: Conversation) -> [Input] {
        var inputs: [Input] = []
        if let offer = row.routing.offer {
            inputs += [
                .offerAccepted(offer.agent, row.id), .offerDeclined(offer.agent, row.id, .busy),
            ]
        }
        switch row.owner {
        case .nobody, .bot: break
        case .queue: inputs += agents.map { .conversationTaken($0, row.id) }
        case .agent(let owner):
            inputs += [
                .agentReplied(owner, row.id, textDigest: text(1)),
                .conversationClosed(owner, row.id),
                .transferOrdered(owner, row.id, .bot),
                .transferOrdered(owner, row.id, .queue(queue)),
                .transferOrdered(owner, row.id, .queue(second)),
            ]
            for other in agents where other != owner {
                inputs += [
                    .transferOrdered(owner, row.id, .agent(other, isWarm: false)),
                    .transferOrdered(owner, row.id, .agent(other, isWarm: true)),
                ]
            }
        }
        for agent in agents where row.owner != .agent(agent) {
            inputs += [false, true].map {
                .conversationAssigned(row.id, agent, overridesCapacity: $0, by: sofia)
            }
        }
        inputs += [queue, second].map { .conversationMoved(row.id, $0, by: sofia) }
        inputs.append(.conversationMoved(row.id, second, overridesLimit: true, by: sofia))
        inputs.append(.prioritySet(row.id, row.routing.priority == nil ? 2 : nil, by: sofia))
        return inputs
    }

    /// A step: the input happens, a millisecond later than all before it within its second.
    func step(_ scene: inout Scene, _ input: Input) -> Handled {
        if case .clockReached = input, let due = scene.desk.nextDeadline {
            let seconds = max(due.milliseconds, scene.now.milliseconds) / Self.unit
            scene.now = moment(seconds * Self.unit + scene.now.milliseconds % Self.unit)
        }
        return scene.handle(input)
    }
}
