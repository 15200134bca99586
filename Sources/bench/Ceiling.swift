import EventLoop
import Foundation
import Postgres

/// How fast the database alone takes the rows of as many messages, on one connection, in commits of
/// the size that the server's had: what a server that cost nothing would reach.
@LoopActor final class Ceiling {
    /// What came of it.
    struct Result {
        let messages: Int
        let seconds: Double
        /// CPU seconds of the database.
        let databaseSeconds: Double

        var messagesPerSecond: Double { Double(messages) / seconds }
    }

    /// Rows that a message makes: its key, its conversation's activity, its own, its event's.
    static let rowsPerMessage = 4

    private let connection: PostgresConnection
    private let target: Target
    private let desk: Int
    private let batch: Int
    private let customers: Int
    private let agents: Int
    private let bodyBytes: Int
    private let incarnation = [UInt8](repeating: 0x62, count: 16)
    private var next: Int64 = 1

    /// - Parameters:
    ///   - desk: one that nobody uses.
    ///   - batch: messages in one commit; at most as many as customers, of whom each writes once.
    ///   - bodyBytes: of a sealed text.
    init(
        connection: PostgresConnection, target: Target, desk: Int, batch: Int, customers: Int,
        agents: Int, bodyBytes: Int
    ) {
        self.connection = connection
        self.target = target
        self.desk = desk
        self.batch = min(max(1, batch), customers)
        self.customers = customers
        self.agents = agents
        self.bodyBytes = bodyBytes
    }

    /// Commits one batch after the other for this long. While one is under way the next is made, so
    /// that the database never waits for the driver.
    func run(seconds: Int) async throws -> Result {
        try await connection.script(
            CeilingStatements.prepare(desk: desk, customers: customers, agents: agents))
        for _ in 0..<50 { try await commit(commands()) }
        let clock = ContinuousClock()
        let database = Processes.treeSeconds(target.databaseProcess)
        let began = clock.now
        let first = next
        var coming = commands()
        while clock.now - began < .seconds(seconds) {
            let now = coming
            async let committed: Void = commit(now)
            coming = commands()
            try await committed
        }
        let elapsed = (clock.now - began).components
        return Result(
            messages: Int(next - first) - batch,
            seconds: Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18,
            databaseSeconds: Processes.treeSeconds(target.databaseProcess) - database)
    }

    private func commit(_ commands: [PostgresCommand]) async throws {
        guard case .committed = await connection.transaction(commands, deadline: .seconds(10))
        else { throw Failure("the ceiling's commit failed") }
    }

    private func commands() -> [PostgresCommand] {
        let numbers = (0..<Int64(batch)).map { next + $0 }
        defer { next += Int64(batch) }
        let conversations = numbers.map { 1 + $0 % Int64(customers) }
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        let times = [Int64](repeating: now, count: batch)
        let keys = numbers.map { digest($0, 1) }
        let lock = PostgresCommand(
            CeilingStatements.lock,
            [.int8(Int64(desk)), .bytea(incarnation), .int8(next - 1)])
        func add(_ statement: PostgresStatement, _ values: [PostgresValue]) -> PostgresCommand {
            PostgresCommand(statement, [.int8(Int64(desk))] + values)
        }
        return [
            lock,
            add(
                CeilingStatements.keys,
                [
                    .timestamp(now), .byteaArray(keys),
                    .byteaOptionalArray([[UInt8]?](repeating: nil, count: batch)),
                    .int8Array(numbers),
                ]),
            add(
                CeilingStatements.activities,
                [
                    .int8Array(conversations), .timestampArray(times), .timestampArray(times),
                    .int4Array([Int32](repeating: 1, count: batch)),
                ]),
            add(
                CeilingStatements.messages,
                [
                    .int8Array(numbers), .int8Array(conversations), .int8Array(conversations),
                    .textArray([String](repeating: "text", count: batch)),
                    .int8OptionalArray([Int64?](repeating: nil, count: batch)),
                    .timestampArray(times), .timestampArray(times),
                    .byteaOptionalArray(numbers.map { digest($0, 2) }),
                    .byteaOptionalArray(numbers.map { body($0) }),
                ]),
            add(
                CeilingStatements.events,
                [
                    .int8Array(numbers), .timestampArray(times),
                    .int8Array([Int64](repeating: 1, count: batch)),
                    .int8OptionalArray(conversations),
                    .int4Array([Int32](repeating: 3, count: batch)),
                    .byteaArray(numbers.map { digest($0, 3) + digest($0, 4) }),
                    .textArray(conversations.map { "{\(1 + $0 % Int64(agents))}" }),
                    .byteaArray(numbers.map { [1] + digest($0, 5) + digest($0, 6) }),
                ]),
        ]
    }

    /// Sixteen bytes that look random, as a digest's: a mixer's outputs (SplitMix64).
    private func digest(_ number: Int64, _ purpose: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        var seed = UInt64(truncatingIfNeeded: number) &* 16 &+ purpose
        for _ in 0..<2 {
            seed &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (seed ^ (seed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            mixed ^= mixed >> 31
            for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: mixed >> (shift * 8))) }
        }
        return bytes
    }

    private func body(_ number: Int64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(bodyBytes + 16)
        var purpose: UInt64 = 7
        while bytes.count < bodyBytes {
            bytes += digest(number, purpose)
            purpose += 1
        }
        return bytes
    }
}
