import Desk
import Engine
import EventLoop
import Foundation
import Logging
import LoopFixture
import Postgres
import PostgresFixture
import Testing

@testable import Store

/// Where the migrations are.
let migrationsDirectory = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Schemas/sql").path

/// Keys to wrap with: one byte, repeated.
func wrappingKeys(_ current: UInt8 = 1, old: [UInt8] = []) throws -> WrappingKeys {
    try WrappingKeys(
        current: [UInt8](repeating: current, count: 32),
        old: old.map { [UInt8](repeating: $0, count: 32) })
}

/// A migrated database of one's own.
@LoopActor final class Scene {
    let loop: Loop
    let database: TestDatabase
    private var stores: [Store] = []

    private init(_ loop: Loop, _ database: TestDatabase) {
        self.loop = loop
        self.database = database
    }

    /// Runs `body` on the loop with a database that was just migrated.
    nonisolated static func run<Value: Sendable>(
        on server: PostgresServer? = nil,
        _ body: @escaping @LoopActor (Scene) async throws -> Value
    ) async throws -> Value {
        let database: TestDatabase
        if let server {
            database = TestDatabase(server: server, name: try await server.makeDatabase())
        } else {
            database = try await TestDatabase()
        }
        return try await TestLoop.run { loop in
            let scene = Scene(loop, database)
            defer { for store in scene.stores { store.close() } }
            _ = try await Migrations(directory: migrationsDirectory).apply(
                to: database.configuration(), loop: loop)
            return try await body(scene)
        }
    }

    /// A store that has asked for nothing yet.
    func store(
        holder: String = "one", keys: WrappingKeys? = nil, through directory: String? = nil,
        options: String = "", desk: Int64 = 1,
        configure: (inout StoreConfiguration) -> Void = { _ in }
    ) throws -> Store {
        var configuration = StoreConfiguration(
            postgres: database.configuration(through: directory, options: options), desk: desk,
            holder: holder, wrappingKeys: try keys ?? wrappingKeys())
        configuration.readConnections = 2
        // Tests share the machine with compilers.
        configuration.commitDeadline = .seconds(30)
        configuration.readDeadline = .seconds(30)
        configuration.leaseTime = 60_000
        configure(&configuration)
        var log = Logger(label: "test")
        log.logLevel = .critical
        let store = Store(loop: loop, configuration: configuration, log: log)
        stores.append(store)
        return store
    }

    /// A node that owns the desk.
    func node(
        holder: String = "one", keys: WrappingKeys? = nil, through directory: String? = nil,
        desk: Int64 = 1, configure: (inout StoreConfiguration) -> Void = { _ in }
    ) async throws -> Node {
        let node = Node(
            try store(
                holder: holder, keys: keys, through: directory, desk: desk, configure: configure))
        try await node.reload(.take)
        return node
    }

    /// SQL as the database's superuser.
    func sql(_ text: String) async throws {
        let connection = PostgresConnection(loop: loop, configuration: database.configuration())
        try await connection.connect()
        defer { connection.close() }
        try await connection.script(text)
    }

    /// Rows as the database's superuser.
    func query(_ text: String, _ values: [PostgresValue] = []) async throws -> PostgresResult {
        let connection = PostgresConnection(loop: loop, configuration: database.configuration())
        try await connection.connect()
        defer { connection.close() }
        return try await connection.query(PostgresStatement(text), values)
    }

    /// One number.
    func number(_ text: String) async throws -> Int64 { try await query(text).int8(0, 0) }
}

/// A real Desk in front of a real Store: decides a batch as the Engine does.
@LoopActor final class Node {
    /// One input with what goes with it.
    struct Order {
        var input: Input
        var content: Content?
        var key: Digest?
        var parameters: Digest?
    }

    let store: Store
    var desk = Desk(state: DeskState(), rules: Rules())
    var epoch: Int64 = 0
    var now = Instant(milliseconds: 1_800_000_000_000)
    var recent: [EventRecord] = []

    /// Words an announcement by its numbers.
    nonisolated static let composer: Composer = { announcement, _ in
        let body = Array("\(announcement)".utf8)
        return Wording(textDigest: Digest(high: 8, low: UInt64(body.count)), body: body)
    }

    init(_ store: Store) { self.store = store }

    /// Takes the lease and the state.
    func reload(_ request: LeaseRequest) async throws {
        let reloaded = try await store.reload(request).get()
        epoch = reloaded.epoch
        recent = reloaded.recent
        desk = Desk(state: reloaded.state, rules: desk.rules)
    }

    /// What the Engine would commit.
    func decided(_ orders: [Order]) async throws -> Commit {
        var needs = Needs()
        for order in orders { Desk.needs(of: order.input, into: &needs) }
        let prefetched = try #require(
            await store.prefetch(
                PrefetchRequest(keys: orders.compactMap(\.key), needs: desk.lacking(needs))))
        let lastEvent = desk.lastEvent
        var entries: [CommitEntry] = []
        for order in orders {
            let handled = desk.handle(
                order.input, known: prefetched.known, epoch: epoch, at: now,
                composer: Node.composer)
            guard case .accepted(let result) = handled.decision else { continue }
            entries.append(
                CommitEntry(
                    key: order.key, parameters: order.parameters, result: result,
                    content: order.content, records: handled.records,
                    written: handled.written))
        }
        return Commit(
            epoch: epoch, at: now, lastEvent: lastEvent, entries: entries,
            changes: desk.takeChanges())
    }

    /// Decides and commits.
    @discardableResult
    func commit(_ orders: [Order]) async throws -> CommitOutcome {
        now = now.adding(milliseconds: 10)
        return await store.commit(try await decided(orders))
    }

    /// The number of customer `number`'s conversation.
    func conversation(of customer: UInt64) async throws -> ConversationID {
        var needs = Needs()
        needs.threads = [thread(customer)]
        let prefetched = try #require(
            await store.prefetch(PrefetchRequest(keys: [], needs: needs)))
        return try #require(prefetched.known.threads[thread(customer)]).id
    }
}

// MARK: What is said

func thread(_ customer: UInt64) -> Digest { Digest(high: 0x7468, low: customer) }
/// By what a customer writes: each channel has some.
func origin(_ customer: UInt64) -> Origin {
    Origin(channel: Channel.allCases[Int(customer % 3)], page: "page \(customer % 2)")
}
func platform(_ message: UInt64) -> Digest { Digest(high: 0x706C, low: message) }
func key(_ number: UInt64) -> Digest { Digest(high: 0x6B65_79, low: number) }

/// Customer `customer` writes their message `message`.
func wrote(_ customer: UInt64, message: UInt64, text: String = "hello") -> Node.Order {
    let name = platform(message)
    return Node.Order(
        input: .customerWrote(
            CustomerWrote(
                thread: thread(customer), platformMessage: name, kind: .text,
                writtenAt: Instant(milliseconds: 1_700_000_000_000 + Int64(message)),
                origin: origin(customer))),
        content: Content(
            body: Array(text.utf8), platformMessage: name,
            address: Array("page/\(customer)".utf8), kind: "message"),
        key: key(message))
}

/// Agent `agent` connects and says that they are available.
extension Node.Order {
    /// The same, written just now by the platform's clock.
    func written(at moment: Instant) -> Node.Order {
        guard case .customerWrote(var message) = input else { return self }
        message.writtenAt = moment
        var order = self
        order.input = .customerWrote(message)
        return order
    }
}

func arrives(_ agent: Int64, capacity: Int = 5) -> [Node.Order] {
    let agent = AgentID(agent)
    return [
        Node.Order(input: .agentConnected(agent, ConnectionID(agent.number))),
        Node.Order(input: .presenceSet(agent, .available)),
        Node.Order(input: .capacitySet(agent, capacity: capacity, by: AgentID(99))),
    ]
}

/// Agent `agent` replies.
func replied(_ agent: Int64, _ conversation: ConversationID, text: String = "hi") -> Node.Order {
    Node.Order(
        input: .agentReplied(
            AgentID(agent), conversation, textDigest: Digest(high: 0x7478, low: 1)),
        content: Content(body: Array(text.utf8)))
}

extension Commit {
    /// The same with other entries or changes: what a wrong Desk would have decided.
    func changing(
        epoch: Int64? = nil, lastEvent: Int64? = nil, entries: [CommitEntry]? = nil,
        _ change: (inout Changes) -> Void = { _ in }
    ) -> Commit {
        var changes = self.changes
        change(&changes)
        return Commit(
            epoch: epoch ?? self.epoch, at: at, lastEvent: lastEvent ?? self.lastEvent,
            entries: entries ?? self.entries, changes: changes)
    }
}

extension CommitEntry {
    /// The same with other events.
    func with(records: [EventRecord]) -> CommitEntry {
        CommitEntry(
            key: key, parameters: parameters, result: result, content: content, records: records)
    }
}

extension EventRecord {
    /// The same with another number, epoch or event.
    func with(number: Int64? = nil, epoch: Int64? = nil, event: Event? = nil) -> EventRecord {
        EventRecord(
            number: number ?? self.number, at: at, epoch: epoch ?? self.epoch,
            event: event ?? self.event, audience: audience)
    }
}

/// A random number generator whose seed is printed.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

extension Node {
    /// What the Engine would commit of inputs for which the store need not be asked.
    func decidedAlone(_ orders: [Order]) throws -> Commit {
        let lastEvent = desk.lastEvent
        let entries = orders.map { order in
            let handled = desk.handle(order.input, known: Known(), epoch: epoch, at: now)
            return CommitEntry(
                key: order.key, parameters: order.parameters, result: 0, content: order.content,
                records: handled.records)
        }
        return Commit(
            epoch: epoch, at: now, lastEvent: lastEvent, entries: entries,
            changes: desk.takeChanges())
    }
}

extension Scene {
    /// Makes the role `ventanilla` with the rights that the schema's README gives it.
    func grantAsDocumented() async throws {
        let readme = try String(
            contentsOfFile: migrationsDirectory + "/README.md", encoding: .utf8)
        let grants = readme.components(separatedBy: "```")[1].dropFirst("sql".count)
        try await sql(
            """
            DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ventanilla') THEN
                    CREATE ROLE ventanilla LOGIN;
                END IF;
            END $$;
            \(grants)
            """)
    }
}
