import EventLoop
import Postgres

/// The same assignments by SQL alone, as a queue in a table is usually served: each takes the highest
/// rank that waits and the least loaded agent who may serve it, both locked, in one statement and one
/// commit, on several connections that skip what another has locked.
///
/// It does less than a desk: no ledger, no push, no texts, nobody but these agents.
@LoopActor final class SQLRouter {
    /// What came of it.
    struct Result {
        let assigned: Int
        /// Whether all that waited were assigned, or a sample of them.
        let isWhole: Bool
        let seconds: Double
        /// CPU seconds of the database.
        let databaseSeconds: Double
        /// Why the figures are void; empty if they hold.
        let faults: [String]

        var perSecond: Double { Double(assigned) / seconds }
        var databaseMicroseconds: Double { databaseSeconds * 1e6 / Double(max(1, assigned)) }
    }

    private let loop: Loop
    private let connection: PostgresConnection
    private let command: BurstCommand
    private var allowance: Int
    private var assigned = 0
    private var running = 0
    private var failure: String?
    private let clock = ContinuousClock()

    init(loop: Loop, connection: PostgresConnection, command: BurstCommand) {
        self.loop = loop
        self.connection = connection
        self.command = command
        allowance = min(command.routerSample, command.conversations)
    }

    private static let assign: PostgresStatement = """
        WITH chosen AS (
            SELECT conversation, skill, level FROM router.waiting
             WHERE agent IS NULL ORDER BY rank, conversation LIMIT 1 FOR UPDATE SKIP LOCKED
        ), candidate AS (
            SELECT agents.agent FROM router.agents, chosen
             WHERE agents.load < agents.capacity AND agents.levels[chosen.skill] >= chosen.level
             ORDER BY agents.load, agents.idle_since, agents.agent
             LIMIT 1 FOR UPDATE OF agents SKIP LOCKED
        ), loaded AS (
            UPDATE router.agents SET load = load + 1, idle_since = clock_timestamp()
              FROM candidate WHERE agents.agent = candidate.agent RETURNING agents.agent
        ), given AS (
            UPDATE router.waiting SET agent = loaded.agent
              FROM chosen, loaded WHERE waiting.conversation = chosen.conversation
            RETURNING waiting.conversation, waiting.agent
        )
        INSERT INTO router.handoffs (conversation, agent, at)
        SELECT conversation, agent, clock_timestamp() FROM given
        """

    private static let prepare = """
        DROP SCHEMA IF EXISTS router CASCADE;
        CREATE SCHEMA router;
        CREATE TABLE router.waiting (
            conversation bigint PRIMARY KEY, skill integer NOT NULL, level integer NOT NULL,
            rank timestamptz NOT NULL, agent bigint);
        CREATE TABLE router.agents (
            agent bigint PRIMARY KEY, levels integer[] NOT NULL, capacity integer NOT NULL,
            load integer NOT NULL, idle_since timestamptz NOT NULL,
            CHECK (load <= capacity)) WITH (fillfactor = 50);
        CREATE TABLE router.handoffs (
            conversation bigint PRIMARY KEY, agent bigint NOT NULL, at timestamptz NOT NULL);
        """
    private static let index = """
        CREATE INDEX ON router.waiting (rank, conversation) WHERE agent IS NULL;
        CREATE INDEX ON router.agents (load, idle_since, agent) WHERE load < capacity;
        """
    private static let addWaiting: PostgresStatement = """
        INSERT INTO router.waiting
        SELECT conversations.conversation, item.skill, item.level,
               conversations.waiting_since - item.priority * make_interval(secs => $2 / 1000.0)
          FROM conversations JOIN unnest($3::bigint[], $4::integer[], $5::integer[],
               $6::integer[]) AS item (queue, skill, level, priority) USING (queue)
         WHERE conversations.desk = $1
        """
    private static let addAgents: PostgresStatement = """
        INSERT INTO router.agents
        SELECT agent, string_to_array(levels, ',')::integer[], $3, 0, now()
          FROM unnest($1::bigint[], $2::text[]) AS item (agent, levels)
        """
    private static let wrongRows: PostgresStatement = """
        SELECT count(*) FROM router.agents
          FULL JOIN (SELECT agent, count(*) AS load FROM router.handoffs GROUP BY agent) AS given
               USING (agent)
         WHERE coalesce(agents.load, -1) <> coalesce(given.load, 0)
        """

    /// Assigns all, or a sample.
    func run() async throws -> Result {
        try await fill()
        var clients: [PostgresConnection] = []
        for _ in 0..<command.routerClients {
            let client = PostgresConnection(
                loop: loop,
                configuration: PostgresConfiguration(
                    connectionString: command.target.database, applicationName: "router"))
            try await client.connect()
            clients.append(client)
        }
        defer { for client in clients { client.close() } }
        let sample = allowance
        let usage = Processes.treeSeconds(command.target.databaseProcess)
        let began = clock.now
        for client in clients { serve(client) }
        while running > 0 { await loop.sleep(for: .milliseconds(1)) }
        let elapsed = (clock.now - began).components
        let used = Processes.treeSeconds(command.target.databaseProcess) - usage
        return Result(
            assigned: assigned, isWhole: sample == command.conversations,
            seconds: Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18,
            databaseSeconds: used, faults: try await faults(sample))
    }

    private func fill() async throws {
        let queues = BurstPlan.queues
        let agents = Array(1...command.agents)
        try await connection.script(Self.prepare)
        _ = try await connection.query(
            Self.addWaiting,
            [
                .int8(Int64(command.target.desk)), .double(Double(BurstPlan.ageing)),
                .int8Array(queues.map { Int64($0.number) }),
                .int4Array(queues.map { Int32($0.skill) }),
                .int4Array(queues.map { Int32($0.level) }),
                .int4Array(queues.map { Int32($0.priority) }),
            ], deadline: .seconds(60))
        _ = try await connection.query(
            Self.addAgents,
            [
                .int8Array(agents.map { Int64($0) }),
                .textArray(
                    agents.map {
                        BurstPlan.levels(of: $0).map { "\($0)" }.joined(separator: ",")
                    }), .int4(Int32(command.capacity)),
            ])
        try await connection.script(Self.index)
        // Outside of a transaction, which a script of several statements would be.
        try await connection.script("VACUUM ANALYZE router.waiting")
        try await connection.script("VACUUM ANALYZE router.agents")
    }

    /// One assignment after the other.
    private func serve(_ client: PostgresConnection) {
        running += 1
        startOnLoop {
            while self.allowance > 0, self.failure == nil {
                self.allowance -= 1
                do {
                    _ = try await client.query(Self.assign)
                    self.assigned += 1
                } catch {
                    self.failure = "\(error)"
                }
            }
            self.running -= 1
        }
    }

    private func faults(_ sample: Int) async throws -> [String] {
        if let failure { return [failure] }
        let rows = try await connection.query("SELECT count(*) FROM router.handoffs")
        let wrong = try await connection.query(Self.wrongRows)
        var faults: [String] = []
        if try rows.int8(0, 0) != Int64(sample) {
            faults.append("\(try rows.int8(0, 0)) of \(sample) assigned")
        }
        if try wrong.int8(0, 0) != 0 { faults.append("\(try wrong.int8(0, 0)) wrong loads") }
        return faults
    }
}
