public import EventLoop

/// One session with a PostgreSQL server, on the event loop.
///
/// Queries are pipelined: several may be outstanding, each with a sync of its own, so that the error
/// of one does not touch the others. A transaction is sent as one pipeline with one sync: one round
/// trip; what is submitted after it waits until it is over. Statements are prepared on first use, in
/// the same pipeline.
///
/// Do not send BEGIN, COMMIT, DISCARD, DEALLOCATE or COPY as a query: the first two belong to
/// `transaction`, the others confuse the session (an unexpected COPY ends it).
///
/// Cancelling the task that awaits a result changes nothing; a deadline does, and closes the
/// connection, since what was sent cannot be taken back. Dropping the connection is as `close()`.
@LoopActor public final class PostgresConnection {
    /// How long a query may take unless the caller says otherwise.
    public static let defaultDeadline = Duration.seconds(10)
    /// How long a script may take unless the caller says otherwise: migrations rewrite tables.
    public static let defaultScriptDeadline = Duration.seconds(600)

    private let loop: Loop
    private let configuration: PostgresConfiguration
    private var session: Session?
    private var connector: Connector?
    /// Called once for each established connection that ends, with the reason: `.closed` after
    /// `close()`, else `.lost`, whose flag is true if anything was under way. All outstanding work
    /// has been told before.
    public var onClose: (@LoopActor (PostgresError) -> Void)?

    /// Connects to nothing yet.
    public init(loop: Loop, configuration: PostgresConfiguration) {
        self.loop = loop
        self.configuration = configuration
    }

    /// Connects; hosts are tried in order, each for the configuration's `connectTimeout`. May be
    /// called again after the connection ended, for a new session in which nothing is prepared.
    ///
    /// Throws `.unavailable` with the reason, or `.closed` if `close()` was called meanwhile.
    /// Calling it while connected or connecting is a mistake and stops the process.
    public func connect() async throws(PostgresError) {
        precondition(session == nil && connector == nil, "already connected or connecting")
        let connector = Connector(loop: loop, configuration: configuration)
        self.connector = connector
        let result = await connector.connect()
        guard self.connector === connector else {
            if case .success(let libpq) = result { libpq.finish() }
            throw .closed
        }
        self.connector = nil
        switch result {
        case .success(let libpq): begin(libpq)
        case .failure(let reason): throw .unavailable(reason)
        }
    }

    /// Sends one command, which is a transaction of its own, and gives its result once it is
    /// committed. Values are `$1`, `$2` … in order.
    ///
    /// `.lost` with true means that it may have been applied; also when the server warned that it
    /// did not wait for the synchronous standby. When `deadline` passes after sending, the
    /// connection is closed.
    public func query(
        _ statement: PostgresStatement, _ values: [PostgresValue] = [],
        deadline: Duration = PostgresConnection.defaultDeadline
    ) async throws(PostgresError) -> PostgresResult {
        let result = await withCheckedContinuation { continuation in
            query(statement, values, deadline: deadline) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// The same without a task: `whenDone` is called once, possibly before this returns (if nothing
    /// can be sent).
    public func query(
        _ statement: PostgresStatement, _ values: [PostgresValue] = [],
        deadline: Duration = PostgresConnection.defaultDeadline,
        whenDone: @escaping @LoopActor (Result<PostgresResult, PostgresError>) -> Void
    ) {
        submit(.query(PostgresCommand(statement, values), whenDone), deadline)
    }

    /// BEGIN, the commands and COMMIT as one pipeline with one sync: one round trip. An error in any
    /// command aborts the rest. Statements are prepared before BEGIN, so they cannot name what the
    /// transaction itself creates.
    ///
    /// `deadline` includes the wait behind what was submitted before. `statement_timeout` does not
    /// bound a COMMIT that waits for a standby; this does.
    public func transaction(
        _ commands: [PostgresCommand], deadline: Duration
    ) async -> PostgresTransactionOutcome {
        await withCheckedContinuation { continuation in
            transaction(commands, deadline: deadline) { continuation.resume(returning: $0) }
        }
    }

    /// The same without a task: `whenDone` is called once, possibly before this returns (if nothing
    /// can be sent).
    public func transaction(
        _ commands: [PostgresCommand], deadline: Duration,
        whenDone: @escaping @LoopActor (PostgresTransactionOutcome) -> Void
    ) {
        submit(.transaction(commands, whenDone), deadline)
    }

    /// Runs several statements without values by the simple protocol, for migrations: one
    /// transaction unless the script holds BEGIN and COMMIT of its own. It waits for what was
    /// submitted before it, and holds back what comes after. A script that leaves a transaction open
    /// fails with 25001, and the transaction is rolled back.
    public func script(
        _ sql: String, deadline: Duration = PostgresConnection.defaultScriptDeadline
    ) async throws(PostgresError) {
        let result = await withCheckedContinuation { continuation in
            submit(.script(sql, { continuation.resume(returning: $0) }), deadline)
        }
        return try result.get()
    }

    /// Asks the server to cancel the command it works on. Best effort, by a connection of its own;
    /// a command that was cancelled fails with 57014.
    public func requestCancel() {
        session?.requestCancel()
    }

    /// True between a successful `connect()` and the end of the session.
    public var isConnected: Bool { session != nil }

    /// The same, after looking at the socket if nothing is under way: that the server ended the session
    /// may have arrived without the loop having come to it. `onClose` is then called before this
    /// returns.
    var isLive: Bool { session?.checkAlive() ?? false }

    /// Queries, transactions and scripts not finished yet.
    public var outstanding: Int { session?.outstanding ?? 0 }

    /// The process that serves this session on the server; 0 when not connected.
    public var backendProcess: Int32 { session?.backendProcess ?? 0 }

    /// The server's version, for example 150020 for 15.20; 0 when not connected.
    public var serverVersion: Int { session?.serverVersion ?? 0 }

    /// Warnings and notices this session received. They are counted, never printed.
    public var noticeCount: Int { session?.libpq.noticeCount ?? 0 }

    /// Ends the session at once. What was sent is `.lost` or `.unknown`, what was not is `.closed`.
    /// Harmless when not connected.
    public func close() {
        connector?.cancel()
        connector = nil
        session?.end(.closed)
    }

    private func begin(_ libpq: LibpqConnection) {
        session = Session(
            loop: loop, libpq: libpq, maximumOutstanding: configuration.maximumOutstanding,
            willEnd: { [weak self] in self?.session = nil },
            onEnd: { [weak self] ending, wasBusy in
                self?.onClose?(ending.errorForOwner(wasBusy: wasBusy))
            })
    }

    private func submit(_ work: Submission.Work, _ deadline: Duration) {
        let submission = Submission(work: work, deadline: loop.instant(after: deadline))
        guard let session else { return submission.fail(.unavailable(.notConnected)) }
        session.submit(submission)
    }
}
