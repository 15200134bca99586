public import EventLoop
import Logging

/// A few connections for reads and small writes that need no order among them. Each works on one
/// query at a time; what finds all of them busy waits for the first that is free.
///
/// Only live connections are handed out: what the server ended while nothing was asked is found out
/// before a query is sent on it, and a query that finds no connection at all has one tried at once
/// instead of after its pause. A query of which nothing was sent is tried once more on another
/// connection, and so is one that changes nothing; a write that may have been executed never is.
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
        /// Queries tried once more after their connection was lost.
        public var repeated = 0
    }

    /// One place of the pool, its connection come or gone.
    private final class Slot {
        let connection: PostgresConnection
        var failures = 0
        var isBusy = false
        /// An attempt to connect is under way; the attempts of the pool are numbered.
        var isConnecting = false
        var attempt = 0
        /// No attempt begins before this, on the loop's monotonic clock.
        var notBefore = Int64.min
        /// Runs until the next attempt.
        var pause: LoopTimer?

        init(_ connection: PostgresConnection) {
            self.connection = connection
        }
    }
    /// A query that waits for a free connection, or is under way on one.
    private struct Waiter {
        let command: PostgresCommand
        let deadline: Int64
        let end: Submission.QueryEnd
        /// Attempts to connect that had begun when it came. One that begins later and fails says that
        /// the database is away.
        var attempts = 0
        var isRepeated = false
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
    /// Between two warnings that no connection is to be had: who waits can make many attempts.
    static let quietTime = Duration.seconds(1)

    private let loop: Loop
    private let configuration: PostgresConfiguration
    private let maximumWaiting: Int
    private let logger = Logger(label: "ventanilla.postgres")
    private var slots: [Slot] = []
    private var waiters = Fifo<Waiter>()
    private var timer: DeadlineTimer?
    private var isClosed = false
    /// Attempts to connect so far.
    private var attempts = 0
    private var quietUntil = Int64.min
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
    /// `.unavailable(.notConnected)` when there is no connection and a fresh attempt failed, and
    /// `.unavailable(.tooManyOutstanding)` when too many wait. Otherwise as
    /// `PostgresConnection.query`.
    ///
    /// A command that begins with SELECT is taken to change nothing: if its connection is lost, it is
    /// sent once more. Do not call functions that write by it.
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
        if let slot = freeSlot() { return run(waiter, on: slot) }
        guard waiters.count < maximumWaiting else {
            counters.refused += 1
            return waiter.end(.failure(.unavailable(.tooManyOutstanding)))
        }
        counters.waited += 1
        var waiter = waiter
        waiter.attempts = attempts
        waiters.append(waiter)
        timer?.arm(at: waiter.deadline)
        hasten()
    }

    /// One that is free and live. What the loop has not heard yet is asked for: that a connection
    /// ended may have arrived in the same turn as the query.
    private func freeSlot() -> Slot? {
        slots.first { !$0.isBusy && $0.connection.isLive }
    }

    private func run(_ waiter: Waiter, on slot: Slot) {
        slot.isBusy = true
        counters.queries += 1
        let left = Duration.milliseconds(max(0, waiter.deadline - loop.monotonic))
        slot.connection.query(
            waiter.command.statement, waiter.command.values, deadline: left
        ) { [weak self] result in
            slot.isBusy = false
            guard let self else { return waiter.end(result) }
            if mayRepeat(waiter, after: result) {
                counters.repeated += 1
                var again = waiter
                again.isRepeated = true
                submit(again)
            } else {
                waiter.end(result)
            }
            serveWaiters()
        }
    }

    private func mayRepeat(
        _ waiter: Waiter, after result: Result<PostgresResult, PostgresError>
    ) -> Bool {
        guard case .failure(let error) = result, !waiter.isRepeated, !isClosed,
            waiter.deadline > loop.monotonic
        else { return false }
        return switch error {
        case .unavailable(.notConnected), .lost(requestMayHaveBeenProcessed: false): true
        case .lost(requestMayHaveBeenProcessed: true): waiter.command.statement.isSelect
        case .unavailable, .server, .refused, .unexpectedValue, .closed: false
        }
    }

    private func serveWaiters() {
        while !waiters.isEmpty, let slot = freeSlot(), let waiter = waiters.removeFirst() {
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

    private func failWaiters(_ error: PostgresError, attempt: Int = .max) {
        for waiter in waiters.remove(where: { $0.attempts < attempt }) {
            waiter.end(.failure(error))
        }
    }

    // MARK: Connections

    private func connect(_ slot: Slot, then: @escaping @LoopActor () -> Void = {}) {
        slot.pause?.cancel()
        guard !isClosed, !slot.isConnecting, !slot.connection.isConnected else { return then() }
        slot.isConnecting = true
        attempts += 1
        slot.attempt = attempts
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
        slot.isConnecting = false
        slot.failures = 0
        // It was closed between the end of the handshake and this turn.
        if isClosed { return slot.connection.close() }
        // Or lost.
        if !slot.connection.isConnected { reconnect(slot) }
        serveWaiters()
    }

    private func failed(_ slot: Slot, _ error: PostgresError) {
        slot.isConnecting = false
        guard !isClosed else { return }
        counters.failedConnects += 1
        slot.failures += 1
        slot.notBefore = loop.instant(after: Self.shortestPause)
        warn(of: error)
        if connected == 0 { failWaiters(.unavailable(.notConnected), attempt: slot.attempt) }
        reconnect(slot)
    }

    private func warn(of error: PostgresError) {
        guard quietUntil <= loop.monotonic else { return }
        quietUntil = loop.instant(after: Self.quietTime)
        logger.warning(
            "cannot connect to PostgreSQL",
            metadata: ["database": "\(configuration)", "reason": "\(error)"])
    }

    private func lost(_ slot: Slot) {
        guard !isClosed else { return }
        counters.losses += 1
        logger.warning(
            "a connection to PostgreSQL was lost", metadata: ["database": "\(configuration)"])
        reconnect(slot)
    }

    private func reconnect(_ slot: Slot) {
        let doubled = Self.shortestPause * (1 << min(slot.failures, 6))
        let pause = min(doubled, Self.longestPause)
        // Spread over half the pause, so that the connections of many processes do not return to a
        // restarted server at the same instant.
        let spread = pause * Double.random(in: 0.5...1)
        connect(slot, after: spread)
        hasten()
    }

    private func connect(_ slot: Slot, after pause: Duration) {
        slot.pause?.cancel()
        slot.pause = loop.after(pause) { [weak self] in self?.connect(slot) }
    }

    /// Somebody waits and there is no connection: one place is tried now and not after its pause, but
    /// not sooner than the shortest pause after it failed, so that many queries are not many attempts.
    private func hasten() {
        guard !waiters.isEmpty, connected == 0, !slots.contains(where: \.isConnecting),
            let slot = slots.min(by: { $0.notBefore < $1.notBefore })
        else { return }
        let now = loop.monotonic
        if slot.notBefore > now {
            connect(slot, after: .milliseconds(slot.notBefore - now))
        } else {
            connect(slot)
        }
    }
}
