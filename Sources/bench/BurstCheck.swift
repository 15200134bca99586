import EventLoop
import Postgres

/// Judges what W3 came to, from the tables and from what the consoles were told, by rules of its own:
/// nothing lost, nothing doubled, nobody over their capacity, always the highest rank that the agent
/// may serve, always the least loaded who may serve it, nobody left whom somebody could take.
@LoopActor struct BurstCheck {
    /// What the tables hold after the burst.
    struct Rows {
        /// Who waited: the conversation, its queue's number, since when in milliseconds.
        var line: [(conversation: Int, queue: Int, since: Int64)]
        /// What happened from the moment at which the agents came free, in order.
        var steps: [Step]
        /// Who holds what in the end.
        var assignments: [(conversation: Int, agent: Int)]
    }

    /// Somebody who waited.
    private struct Waiting {
        let queue: Int
        /// Lower goes first; then the lower number.
        let rank: (Int64, Int)
    }

    /// A change of the desk: an agent became available, or was given a conversation.
    enum Step {
        case available(Int)
        case given(conversation: Int, agent: Int)
    }

    /// Conversations that were given to agents.
    private(set) var assigned = 0
    /// Conversations that still wait.
    private(set) var left = 0
    /// Everything that is wrong, by kind.
    private var counts: [String: Int] = [:]

    private let capacity: Int
    private let queuesOf: [[Int]]
    private var waiting: [Int: Waiting] = [:]
    /// Who waits in each queue, in order, and how many of them are gone.
    private var lines: [[Int]] = []
    private var heads: [Int]
    /// Each agent's conversations; nil until they are available.
    private var loads: [Int?]
    /// By queue and load: how many available agents with room could serve it.
    private var ready: [[Int]]
    private var owners: [Int: Int] = [:]

    var faults: [String] {
        counts.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }
    }

    private static let conversationsQuery: PostgresStatement = """
        SELECT conversation, queue, waiting_since FROM conversations WHERE desk = $1
        """
    private static let handoffsQuery: PostgresStatement = """
        SELECT event, conversation, to_id FROM handoffs
         WHERE desk = $1 AND to_owner = 'agent' ORDER BY event
        """
    private static let presencesQuery: PostgresStatement = """
        SELECT number, audience[1] FROM events
         WHERE desk = $1 AND number > $2 AND kind = 17 ORDER BY number
        """
    private static let assignmentsQuery: PostgresStatement = """
        SELECT conversation, agent FROM assignments WHERE desk = $1 AND ended_at IS NULL
        """
    private static let time = Duration.seconds(60)

    /// - Parameter after: the number of the last event before the agents came free.
    init(
        connection: PostgresConnection, command: BurstCommand,
        pushes: [(console: Int, conversation: Int)], after: Int64
    ) async throws {
        let desk = PostgresValue.int8(Int64(command.target.desk))
        let rows = Rows(
            line: try await Self.line(connection, desk),
            steps: try await Self.steps(connection, desk, after: after),
            assignments: try await Self.assignments(connection, desk))
        self.init(
            rows, pushes: pushes, conversations: command.conversations, agents: command.agents,
            capacity: command.capacity)
    }

    /// Judges these rows and what the consoles, the first of which is 0, were told.
    init(
        _ rows: Rows, pushes: [(console: Int, conversation: Int)], conversations: Int, agents: Int,
        capacity: Int
    ) {
        self.capacity = capacity
        queuesOf = [[]] + (1...agents).map { BurstPlan.queues(of: $0) }
        heads = [Int](repeating: 0, count: BurstPlan.queueCount)
        loads = [Int?](repeating: nil, count: agents + 1)
        ready = [[Int]](
            repeating: [Int](repeating: 0, count: capacity), count: BurstPlan.queueCount)
        take(rows.line)
        if waiting.count != conversations { fault("a conversation is not there") }
        for step in rows.steps { take(step) }
        left = waiting.count - owners.count
        judgeRest()
        judge(rows.assignments)
        judge(pushes)
    }

    private mutating func fault(_ kind: String) { counts[kind, default: 0] += 1 }

    // MARK: Reading

    private static func line(
        _ connection: PostgresConnection, _ desk: PostgresValue
    ) async throws -> [(conversation: Int, queue: Int, since: Int64)] {
        let rows = try await connection.query(conversationsQuery, [desk], deadline: time)
        return try (0..<rows.rowCount).map {
            (Int(try rows.int8($0, 0)), Int(try rows.int8($0, 1)), try rows.timestamp($0, 2))
        }
    }

    private static func assignments(
        _ connection: PostgresConnection, _ desk: PostgresValue
    ) async throws -> [(conversation: Int, agent: Int)] {
        let rows = try await connection.query(assignmentsQuery, [desk], deadline: time)
        return try (0..<rows.rowCount).map {
            (Int(try rows.int8($0, 0)), Int(try rows.int8($0, 1)))
        }
    }

    private static func steps(
        _ connection: PostgresConnection, _ desk: PostgresValue, after: Int64
    ) async throws -> [Step] {
        var steps: [(number: Int64, step: Step)] = []
        let handoffs = try await connection.query(handoffsQuery, [desk], deadline: time)
        for row in 0..<handoffs.rowCount {
            steps.append(
                (
                    try handoffs.int8(row, 0),
                    .given(
                        conversation: Int(try handoffs.int8(row, 1)),
                        agent: Int(try handoffs.int8(row, 2)))
                ))
        }
        let presences = try await connection.query(
            presencesQuery, [desk, .int8(after)], deadline: time)
        for row in 0..<presences.rowCount {
            steps.append(
                (try presences.int8(row, 0), .available(Int(try presences.int8(row, 1)))))
        }
        return steps.sorted { $0.number < $1.number }.map(\.step)
    }

    // MARK: Judging

    private mutating func take(_ line: [(conversation: Int, queue: Int, since: Int64)]) {
        for row in line {
            let queue = row.queue - 1
            guard BurstPlan.queues.indices.contains(queue) else {
                fault("a conversation in a queue of nobody's")
                continue
            }
            let worth = Int64(BurstPlan.queues[queue].priority * BurstPlan.ageing)
            waiting[row.conversation] = Waiting(
                queue: queue, rank: (row.since - worth, row.conversation))
        }
        let inOrder = waiting.sorted { $0.value.rank < $1.value.rank }
        lines = BurstPlan.queues.indices.map { queue in
            inOrder.filter { $0.value.queue == queue }.map(\.key)
        }
    }

    private mutating func take(_ step: Step) {
        switch step {
        case .available(let agent):
            guard loads.indices.contains(agent), loads[agent] == nil else {
                return fault("a presence of nobody's")
            }
            loads[agent] = 0
            for queue in queuesOf[agent] { ready[queue][0] += 1 }
        case .given(let conversation, let agent):
            give(conversation, to: agent)
        }
    }

    private mutating func give(_ conversation: Int, to agent: Int) {
        guard let entry = waiting[conversation], loads.indices.contains(agent),
            let load = loads[agent]
        else { return fault("an assignment of nothing that waited, or to nobody available") }
        guard owners[conversation] == nil else { return fault("a conversation given twice") }
        if !queuesOf[agent].contains(entry.queue) { fault("an agent without the skill") }
        if load >= capacity { fault("an agent over capacity") }
        if first(in: entry.queue) != conversation { fault("not the first of its queue") }
        for queue in queuesOf[agent] where queue != entry.queue {
            guard let other = first(in: queue).flatMap({ waiting[$0] }) else { continue }
            if other.rank < entry.rank { fault("not the highest rank that the agent may serve") }
        }
        if let least = ready[entry.queue].firstIndex(where: { $0 > 0 }), least < load {
            fault("not the least loaded agent")
        }
        owners[conversation] = agent
        assigned += 1
        loads[agent] = load + 1
        for queue in queuesOf[agent] {
            if load < capacity { ready[queue][load] -= 1 }
            if load + 1 < capacity { ready[queue][load + 1] += 1 }
        }
    }

    /// The first who still waits in a queue.
    private mutating func first(in queue: Int) -> Int? {
        while heads[queue] < lines[queue].count {
            let conversation = lines[queue][heads[queue]]
            guard owners[conversation] != nil else { return conversation }
            heads[queue] += 1
        }
        return nil
    }

    private mutating func judgeRest() {
        for queue in BurstPlan.queues.indices {
            guard first(in: queue) != nil, ready[queue].contains(where: { $0 > 0 }) else {
                continue
            }
            fault("a queue waits although an agent has room and the skill")
        }
    }

    private mutating func judge(_ assignments: [(conversation: Int, agent: Int)]) {
        if assignments.count != owners.count { fault("rows of assignments and handoffs differ") }
        for row in assignments where owners[row.conversation] != row.agent {
            fault("an assignment's row differs from its handoff")
        }
    }

    private mutating func judge(_ pushes: [(console: Int, conversation: Int)]) {
        var told: Set<Int> = []
        for push in pushes {
            if !told.insert(push.conversation).inserted { fault("a conversation pushed twice") }
            if owners[push.conversation] != push.console + 1 {
                fault("a conversation pushed to another than its agent")
            }
        }
        for conversation in owners.keys where !told.contains(conversation) {
            fault("an assignment that was not pushed")
        }
    }
}
