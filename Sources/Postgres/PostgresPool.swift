public import EventLoop
import Logging

/// A few connections for reads and small writes that need no order among them. Each works on one
/// query at a time; what finds all of them busy waits for the first that is free.
@LoopActor public final class PostgresPool {
    /// What happened since the start.
    public struct Counters: Sendable, Equatable {
        /// Queries given to a connection.
        public var queries = 0
        /// Queries that had to wait for a free connection.
        public var waited = 0
        /// Queries refused: all connections busy and the queue full.
        public var refused = 0
        /// Queries whose deadline passed while they waited.
        public var expired = 0
        /// Connections established.
        public var connects = 0
        /// Attempts that failed.
        public var failedConnects = 0
        /// Established connections that were lost.
        public var losses = 0
    }

    /// One place of the pool, its connection come or gone.
    private final class Slot {
        let connection: PostgresConnection
        var failures = 0
        var isBusy = false

        init(_ connection: PostgresConnection) {
            self.connection = connection
        }
    }
    /// A query that waits for a free connection.
    private struct Waiter {
        let command: PostgresCommand
        let deadline: Int64
        let end: Submission.QueryEnd
    }

    /// Connections at most; the server has a hundred for everybody unless configured otherwise.
    public static let maximumSize = 64
    /// Queries that may wait unless the caller says otherwise: what a second's worth of sign-ins
    /// needs, and little memory.
    public static let defaultMaximumWaiting = 1_024
    /// The first pause before reconnecting; each failure doubles it.
    static let shortestPause = Duration.milliseconds(100)
    /// The longest pause before reconnecting.
    static let longestPause = Duration.seconds(5)

    private let loop: Loop
    private let configuration: PostgresConfiguration
    private let maximumWaiting: Int
    private let logger = Logger(label: "ventanilla.postgres")
    private var slots: [Slot] = []
    private var waiters = Fifo<Waiter>()
    private var timer: DeadlineTimer?
    private var isClosed = false
    /// What happened since the start.
    public private(set) var counters = Counters()

    /// `size` is between 1 and `maximumSize`. Connects to nothing yet.
    public init(
        loop: Loop, configuration: PostgresConfiguration, size: Int,
        maximumWaiting: Int = PostgresPool.defaultMaximumWaiting
    ) {
        precondition((1...Self.maximumSize).contains(size), "impossible size of a pool")
        self.loop = loop
        self.configuration = configuration
        self.maximumWaiting = maximumWaiting
        slots = (0..<size).map { _ in
            Slot(PostgresConnection(loop: loop, configuration: configuration))
        }
        timer = DeadlineTimer(loop: loop) { [weak self] in self?.expireWaiters() }
    }

    /// Begins to connect, and returns when the first attempt of each connection has ended, well or
    /// not. Connections that fail or are lost are tried again until `close()`. Call it once.
    public func start() async {
        await withCheckedContinuation { continuation in
            var remaining = slots.count
            for slot in slots {
                connect(slot) {
                    remaining -= 1
                    if remaining == 0 { continuation.resume() }
                }
            }
        }
    }

    /// Connections that are established.
    public var connected: Int { slots.count { $0.connection.isConnected } }

    /// Queries that wait for a free connection.
    public var waiting: Int { waiters.count }

    /// Runs one command on a free connection, or waits for one; `deadline` includes the wait. Throws
    /// `.unavailable(.notConnected)` at once when no connection is established, and
    /// `.unavailable(.tooManyOutstanding)` when too many wait. Otherwise as
    /// `PostgresConnection.query`.
    public func query(
        _ statement: PostgresStatement, _ values: [PostgresValue] = [],
        deadline: Duration = PostgresConnection.defaultDeadline
    ) async throws(PostgresError) -> PostgresResult {
        let result = await withCheckedContinuation { continuation in
            submit(
                Waiter(
                    command: PostgresCommand(statement, values),
                    deadline: loop.instant(after: deadline),
                    end: { continuation.resume(returning: $0) }))
        }
        return try result.get()
    }

    /// Ends all connections; what waits fails with `.closed`.
    public func close() {
        guard !isClosed else { return }
        isClosed = true
        timer?.stop()
        failWaiters(.closed)
        for slot in slots { slot.connection.close() }
    }

    private func submit(_ waiter: Waiter) {
        if isClosed { return waiter.end(.failure(.closed)) }
        if let slot = slots.first(where: { !$0.isBusy && $0.connection.isConnected }) {
            return run(waiter, on: slot)
        }
        guard connected > 0 else { return waiter.end(.failure(.unavailable(.notConnected))) }
        guard waiters.count < maximumWaiting else {
            counters.refused += 1
            return waiter.end(.failure(.unavailable(.tooManyOutstanding)))
        }
        counters.waited += 1
        waiters.append(waiter)
        timer?.arm(at: waiter.deadline)
    }

    private func run(_ waiter: Waiter, on slot: Slot) {
        slot.isBusy = true
        counters.queries += 1
        let left = Duration.milliseconds(max(0, waiter.deadline - loop.monotonic))
        slot.connection.query(
            waiter.command.statement, waiter.command.values, deadline: left
        ) { [weak self] result in
            slot.isBusy = false
            waiter.end(result)
            self?.serveWaiters()
        }
    }

    private func serveWaiters() {
        while let slot = slots.first(where: { !$0.isBusy && $0.connection.isConnected }),
            let waiter = waiters.removeFirst()
        {
            // One whose time is over must not be sent: it would cost the connection.
            if waiter.deadline > loop.monotonic { run(waiter, on: slot) } else { expire(waiter) }
        }
    }

    private func expireWaiters() {
        let now = loop.monotonic
        for late in waiters.remove(where: { $0.deadline <= now }) { expire(late) }
        if let next = waiters.all.map(\.deadline).min() { timer?.arm(at: next) }
    }

    private func expire(_ waiter: Waiter) {
        counters.expired += 1
        waiter.end(.failure(.unavailable(.deadlinePassed)))
    }

    private func failWaiters(_ error: PostgresError) {
        for waiter in waiters.remove(where: { _ in true }) { waiter.end(.failure(error)) }
    }

    // MARK: Connections

    private func connect(_ slot: Slot, then: @escaping @LoopActor () -> Void = {}) {
        guard !isClosed else { return then() }
        slot.connection.onClose = { [weak self] _ in self?.lost(slot) }
        startOnLoop { [weak self] in
            do throws(PostgresError) {
                try await slot.connection.connect()
                self?.connected(slot)
            } catch {
                self?.failed(slot, error)
            }
            then()
        }
    }

    private func connected(_ slot: Slot) {
        counters.connects += 1
        slot.failures = 0
        // It was closed between the end of the handshake and this turn.
        if isClosed { return slot.connection.close() }
        serveWaiters()
    }

    private func failed(_ slot: Slot, _ error: PostgresError) {
        guard !isClosed else { return }
        counters.failedConnects += 1
        slot.failures += 1
        logger.warning(
            "cannot connect to PostgreSQL",
            metadata: ["database": "\(configuration)", "reason": "\(error)"])
        reconnect(slot)
    }

    private func lost(_ slot: Slot) {
        guard !isClosed else { return }
        counters.losses += 1
        logger.warning(
            "a connection to PostgreSQL was lost", metadata: ["database": "\(configuration)"])
        // Nobody is left to serve those who wait.
        if connected == 0 { failWaiters(.unavailable(.notConnected)) }
        reconnect(slot)
    }

    private func reconnect(_ slot: Slot) {
        let doubled = Self.shortestPause * (1 << min(slot.failures, 6))
        let pause = min(doubled, Self.longestPause)
        // Spread over half the pause, so that the connections of many processes do not return to a
        // restarted server at the same instant.
        let spread = pause * Double.random(in: 0.5...1)
        loop.after(spread) { [weak self] in self?.connect(slot) }
    }
}
