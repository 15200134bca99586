import Desk

/// Plays a ``SkillCase`` on the real desk: customers come by chance, each to the queue of their class,
/// and agents, who hold one conversation each, close after an exponential time.
struct SkillDays {
    /// Somebody who came, in the desk's milliseconds.
    struct Customer {
        let kind: Int
        let arrival: Int64
        let service: Int64
        /// How long they waited for an agent, and for whom.
        var wait: Int64 = 0
        var agent = 0
    }

    private let item: SkillCase
    private let plant: SkillPlant?
    private var configuration: Configuration
    private var desk = Desk(state: DeskState(), rules: Rules(defaultCapacity: 1))
    private var now: Int64 = 1_000_000
    private(set) var customers: [Customer]
    private var places: [ConversationID: Int] = [:]
    /// When each agent closes, and what they hold; never and nothing when free.
    private var closing: [Int64] = []
    private var holding: [ConversationID?] = []

    /// Who comes is drawn from the case's own stream: a fault changes nothing of it.
    init(_ item: SkillCase, seed: UInt64, plant: SkillPlant?) {
        self.item = item
        self.plant = plant
        configuration = item.configuration
        plant?.change(&configuration)
        customers = Self.arrivals(item, seed: seed, after: now)
    }

    private static func arrivals(_ item: SkillCase, seed: UInt64, after start: Int64) -> [Customer]
    {
        var generator = Generator(seed: seed)
        let mean = Double(SkillCase.meanService)
        var streams = item.loads.map { load in
            var chances = Generator(seed: generator.next())
            return (mean: mean / load, next: chances.exponential(mean: mean / load), chances)
        }
        var services = Generator(seed: generator.next())
        return (0..<SkillCase.customers).map { _ in
            var kind = 0
            for other in streams.indices where streams[other].next < streams[kind].next {
                kind = other
            }
            let arrival = start + Int64(streams[kind].next.rounded())
            streams[kind].next += streams[kind].2.exponential(mean: streams[kind].mean)
            let service = Int64(services.exponential(mean: mean).rounded())
            return Customer(kind: kind, arrival: arrival, service: max(service, 1))
        }
    }

    /// Lets everybody come and be served.
    mutating func run() {
        open()
        var next = 0
        while true {
            let arrival = next < customers.count ? customers[next].arrival : .max
            let close = closing.min() ?? .max
            let due = desk.nextDeadline?.milliseconds ?? .max
            let time = min(arrival, close, due)
            guard time < .max else { return }
            now = time
            if time == due {
                handle(.clockReached)
            } else if time == arrival {
                arrive(next)
                next += 1
            } else if let agent = closing.firstIndex(of: close) {
                self.close(agent)
            }
        }
    }

    private mutating func open() {
        let groups = item.groups.flatMap { Array(repeating: $0.skills, count: $0.agents) }
        let every = Set(configuration.skills.map { SkillLevel($0.id, 5) }).sorted()
        closing = groups.map { _ in .max }
        holding = groups.map { _ in nil }
        for agent in groups.indices {
            handle(.agentConnected(Self.id(of: agent), ConnectionID(Int64(agent) + 1)))
        }
        let profiles = groups.enumerated().map { agent, skills in
            AgentProfile(
                agent: Self.id(of: agent),
                profile: Profile(skills: plant == .everySkill ? every : skills))
        }
        handle(.configurationSet(configuration, profiles: profiles, by: .operator))
        for agent in groups.indices { handle(.presenceSet(Self.id(of: agent), .available)) }
    }

    /// A customer writes to the page of their class: its conversations enter by another queue.
    private mutating func arrive(_ place: Int) {
        let entry = item.queues[customers[place].kind].id
        if configuration.entry != entry {
            configuration.entry = entry
            handle(.configurationSet(configuration, by: .operator))
        }
        let message = CustomerWrote(
            thread: Digest(high: 0, low: UInt64(place)), platformMessage: nil, kind: .text,
            writtenAt: Instant(milliseconds: now))
        // Who is assigned at once is found in the same records that name the conversation.
        handle(.customerWrote(message), opening: place)
    }

    private mutating func close(_ agent: Int) {
        guard let conversation = holding[agent] else {
            preconditionFailure("an agent who closes holds a conversation")
        }
        closing[agent] = .max
        holding[agent] = nil
        handle(.conversationClosed(Self.id(of: agent), conversation))
    }

    private static func id(of agent: Int) -> AgentID { AgentID(Int64(agent) + 1) }

    private var delay: Int64 { plant == .lateClosing ? SkillCase.meanService / 1_000 : 0 }

    /// Every input is a batch of its own; nothing that is asked for here is known from before.
    private mutating func handle(_ input: Input, opening place: Int? = nil) {
        let handled = desk.handle(
            input, known: Known(), epoch: 1, at: Instant(milliseconds: now))
        if case .rejected(let rejection) = handled.decision {
            preconditionFailure("the desk refused an ordinary day: \(rejection)")
        }
        _ = desk.takeChanges()
        for record in handled.records {
            if case .conversationOpened(let id, _, _) = record.event { places[id] = place }
            guard case .ownerChanged(let handoff) = record.event, case .agent(let id) = handoff.to
            else { continue }
            assign(handoff.conversation, to: Int(id.number) - 1)
        }
    }

    private mutating func assign(_ conversation: ConversationID, to agent: Int) {
        guard let place = places.removeValue(forKey: conversation), holding[agent] == nil else {
            preconditionFailure("an agent is given what does not wait, or more than one")
        }
        customers[place].wait = now - customers[place].arrival
        customers[place].agent = agent + 1
        holding[agent] = conversation
        closing[agent] = now + customers[place].service + delay
    }
}

extension SkillDays {
    /// What the other simulator is given, and what it is compared with: a line for each customer.
    var file: String {
        let lines = customers.map {
            "\($0.kind)\t\($0.arrival)\t\($0.service)\t\($0.wait)\t\($0.agent)"
        }
        return (["class\tarrival\tservice\twait\tagent"] + lines).joined(separator: "\n") + "\n"
    }
}
