import Desk
import DeskRunner
import Engine
import EventLoop
import Foundation
import Logging
import LoopFixture
import Postgres
import PostgresFixture
import Store

/// A migrated database of one's own, and the nodes that a test starts on it.
@LoopActor final class Scene {
    let loop: Loop
    let database: TestDatabase
    private var nodes: [Node] = []

    private init(_ loop: Loop, _ database: TestDatabase) {
        self.loop = loop
        self.database = database
    }

    nonisolated static func run<Value: Sendable>(
        _ body: @escaping @LoopActor (Scene) async throws -> Value
    ) async throws -> Value {
        let database = try await TestDatabase()
        let migrations = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Schemas/sql").path
        return try await TestLoop.run { loop in
            let scene = Scene(loop, database)
            _ = try await Migrations(directory: migrations).apply(
                to: database.configuration(), loop: loop)
            do {
                let value = try await body(scene)
                await scene.close()
                return value
            } catch {
                await scene.close()
                throw error
            }
        }
    }

    private func close() async {
        for node in nodes { await node.runner.drain() }
        for node in nodes { node.store.close() }
    }

    /// A runner that seeks the desk's lease.
    func start(
        _ holder: String, rules: Rules = Rules(), through directory: String? = nil,
        lookingAtHoursEvery hoursInterval: Duration = .seconds(3_600),
        configure: (inout StoreConfiguration) -> Void = { _ in }
    ) throws -> Node {
        var configuration = StoreConfiguration(
            postgres: database.configuration(through: directory), desk: 1, holder: holder,
            wrappingKeys: try WrappingKeys(current: [UInt8](repeating: 1, count: 32), old: []))
        configuration.readConnections = 1
        configure(&configuration)
        var log = Logger(label: "test")
        log.logLevel = .critical
        let store = Store(loop: loop, configuration: configuration, log: log)
        let node = Node(
            DeskRunner(
                loop: loop, store: store, engine: Engine(rules: rules), log: log,
                lookingAtHoursEvery: hoursInterval), store)
        nodes.append(node)
        node.runner.start()
        return node
    }

    /// One number, as the database's superuser.
    func number(_ text: String) async throws -> Int64 {
        try await connected { try await $0.query(PostgresStatement(text), []).int8(0, 0) }
    }

    func sql(_ text: String) async throws { try await connected { try await $0.script(text) } }

    /// A session of its own, which ends with `body`.
    func connected<Value>(
        _ body: @LoopActor (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let connection = PostgresConnection(loop: loop, configuration: database.configuration())
        try await connection.connect()
        defer { connection.close() }
        return try await body(connection)
    }

    /// Waits until the condition holds; false when that takes too long.
    func until(_ condition: () -> Bool) async -> Bool {
        let end = loop.monotonic + 30_000
        while !condition() {
            guard loop.monotonic < end else { return false }
            await loop.sleep(for: .milliseconds(5))
        }
        return true
    }
}

/// A runner with its store, and all that it gave out, in order.
@LoopActor final class Node: DeskListener {
    let runner: DeskRunner
    let store: Store
    /// `released`, `answered` with the number of the input, `resumed`, `interrupted`, `stoodBy`.
    private(set) var heard: [String] = []
    private(set) var answers: [UInt64: Answer] = [:]
    private(set) var events: [Event] = []
    /// How many inputs were decided when each release with events was given out.
    private(set) var decided: [Int] = []

    init(_ runner: DeskRunner, _ store: Store) {
        self.runner = runner
        self.store = store
        runner.add(self)
    }

    func released(_ release: Release) {
        let records = release.entries.flatMap(\.records)
        events += records.map(\.event)
        guard !records.isEmpty else { return }
        heard.append("released")
        decided.append(runner.counters.decided)
    }
    func resumed(_ reloaded: Reloaded) { heard.append("resumed") }
    func interrupted() { heard.append("interrupted") }
    func stoodBy() { heard.append("stoodBy") }

    /// How often a conversation changed hands for this reason.
    func handoffs(_ reason: HandoffReason) -> Int {
        events.filter {
            if case .ownerChanged(let handoff) = $0 { handoff.reason == reason } else { false }
        }.count
    }

    func count(_ what: String) -> Int { heard.filter { $0 == what }.count }

    /// Customer `number` writes their one message.
    func customerWrites(_ number: UInt64, from source: Source = .webhook) {
        let platform = Digest(high: 0x706C, low: number)
        runner.submit(
            .input(
                .customerWrote(
                    CustomerWrote(
                        thread: Digest(high: 0x7468, low: number), platformMessage: platform,
                        kind: .text, writtenAt: runner.now()))),
            from: source, key: Digest(high: 0x6B65, low: number),
            content: Content(
                body: Array("hello".utf8), platformMessage: platform,
                address: Array("page/\(number)".utf8), kind: "message")
        ) { answer in
            self.heard.append("answered \(number)")
            self.answers[number] = answer
        }
    }

    func enter(_ input: Input, from source: Source = .command) {
        runner.submit(.input(input), from: source)
    }
}

extension Answer {
    /// Whether it was stored, now or before.
    var isStored: Bool {
        switch self {
        case .accepted, .repeated: true
        case .rejected, .unavailable, .quarantined, .view, .explanation: false
        }
    }
}
