import Desk
import Glibc

/// Simulated days in virtual time: customers come by chance, write to the real desk, and the agents to
/// whom it gives them close after an exponential time.
///
/// A customer whose patience ends stays in the desk's queue, which has no input for that; the agent
/// who is given the conversation finds nobody and closes it at once. It takes none of the agent's time,
/// so those behind wait exactly as long as if it had left the queue.
struct Days {
    private struct Customer {
        let number: Int
        let arrival: Double
        let service: Double
        let patience: Double
    }

    private let cell: Cell
    private let plant: TheoryPlant?
    private let total: Int
    private var desk: Desk
    /// One stream for each kind of chance: a fault does not change who comes when.
    private var arrivals: Generator
    private var services: Generator
    private var patiences: Generator

    private var now = 0.0
    private var visits = 0
    private var arrived = 0
    private var assignments = 0
    /// Who is in the desk's queue.
    private var waiting: [ConversationID: Customer] = [:]
    /// When each agent closes, and what they hold; never and nothing when free.
    private var closing: [Double]
    private var holding: [ConversationID?]

    init(cell: Cell, customers: Int, generator: inout Generator, plant: TheoryPlant?) {
        self.cell = cell
        self.plant = plant
        total = customers
        desk = Desk(state: DeskState(), rules: Rules(defaultCapacity: 1))
        arrivals = Generator(seed: generator.next())
        services = Generator(seed: generator.next())
        patiences = Generator(seed: generator.next())
        closing = Array(repeating: .infinity, count: cell.agents)
        holding = Array(repeating: nil, count: cell.agents)
    }

    /// Lets all customers come and go; tells of each when an agent is given their conversation. The
    /// last are served after nobody comes any more, which changes nothing for who is before them.
    mutating func run(_ tell: (Visit) -> Void) {
        open()
        var nextArrival = arrivals.exponential(mean: 1 / cell.arrivalRate)
        while visits < total {
            let agent = firstToClose
            if arrived < total, nextArrival <= closing[agent] {
                now = nextArrival
                nextArrival += arrivals.exponential(mean: 1 / cell.arrivalRate)
                arrive(tell)
            } else {
                now = closing[agent]
                close(agent, tell)
            }
        }
    }

    private var firstToClose: Int {
        var first = 0
        for agent in 1..<closing.count where closing[agent] < closing[first] { first = agent }
        return first
    }

    private mutating func open() {
        for agent in 0..<cell.agents {
            let id = Self.id(of: agent)
            _ = handle(.agentConnected(id, ConnectionID(id.number)))
            if plant == .idleAgent, agent == cell.agents - 1 { continue }
            _ = handle(.presenceSet(id, .available))
        }
    }

    private mutating func arrive(_ tell: (Visit) -> Void) {
        let customer = Customer(
            number: arrived, arrival: now,
            service: services.exponential(mean: Cell.meanService),
            patience: cell.meanPatience.map { patiences.exponential(mean: $0) } ?? .infinity)
        arrived += 1
        let message = CustomerWrote(
            thread: Digest(high: 0, low: UInt64(arrived)), platformMessage: nil, kind: .text,
            writtenAt: moment)
        let records = handle(.customerWrote(message))
        for case .conversationOpened(let conversation, _, _) in records.map(\.event) {
            waiting[conversation] = customer
        }
        assign(records, tell)
    }

    private mutating func close(_ agent: Int, _ tell: (Visit) -> Void) {
        guard let conversation = holding[agent] else {
            preconditionFailure("an agent who closes holds a conversation")
        }
        closing[agent] = .infinity
        holding[agent] = nil
        assign(handle(.conversationClosed(Self.id(of: agent), conversation)), tell)
    }

    private mutating func assign(_ records: [EventRecord], _ tell: (Visit) -> Void) {
        for case .ownerChanged(let handoff) in records.map(\.event) {
            guard case .agent(let id) = handoff.to else { continue }
            let agent = Int(id.number) - 1
            precondition(holding[agent] == nil, "an agent is given more than their capacity")
            holding[agent] = handoff.conversation
            let customer = take(handoff.conversation)
            let wait = now - customer.arrival
            let hasLeft = wait > customer.patience
            closing[agent] = hasLeft ? now : now + customer.service + delay
            visits += 1
            tell(
                Visit(
                    number: customer.number, wait: min(wait, customer.patience), hasLeft: hasLeft))
        }
    }

    /// The customer whose conversation this is; under some faults another's.
    private mutating func take(_ conversation: ConversationID) -> Customer {
        assignments += 1
        if let plant, plant.isOutOfTurn(assignments), let last = waiting.keys.max() {
            let first = waiting[conversation]
            waiting[conversation] = waiting[last]
            waiting[last] = first
        }
        guard let customer = waiting.removeValue(forKey: conversation) else {
            preconditionFailure("a conversation is assigned that does not wait")
        }
        return customer
    }

    private var delay: Double { plant == .lateClosing ? 0.02 * Cell.meanService : 0 }

    // MARK: The desk

    private static func id(of agent: Int) -> AgentID { AgentID(Int64(agent) + 1) }

    private var moment: Instant {
        Instant(milliseconds: 1_000_000 + Int64((now * 1_000).rounded()))
    }

    /// Every input is a batch of its own; nothing that is asked for here is known from before.
    private mutating func handle(_ input: Input) -> [EventRecord] {
        let handled = desk.handle(input, known: Known(), epoch: 1, at: moment)
        if case .rejected(let rejection) = handled.decision {
            preconditionFailure("the desk refused an ordinary day: \(rejection.code)")
        }
        _ = desk.takeChanges()
        return handled.records
    }
}

extension Generator {
    /// An exponential time with this mean, by inversion.
    mutating func exponential(mean: Double) -> Double {
        // The middle of one of 2^53 equal parts of (0, 1): never 0, so the logarithm is finite.
        let uniform = (Double(next() >> 11) + 0.5) * 0x1p-53
        return -mean * log(uniform)
    }
}
