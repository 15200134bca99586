import EventLoop

/// One established connection from its first command to its end: what was sent and not answered,
/// what waits, what is prepared. A reconnect makes a new one, so nothing of the old can leak into it.
///
/// Queries are sent at once, several behind one another. A transaction or script that is under way
/// holds back what is submitted after it: were it sent at once, a transaction that fails would leave
/// its block open for the commands behind it.
@LoopActor final class Session {
    /// Why it ended.
    enum Ending {
        case lost
        case terminated(SQLState)
        case deadlinePassed
        case closed
    }
    /// A script under way.
    struct Script {
        let deadline: Int64
        let end: Submission.ScriptEnd
        var failure: PostgresServerError?
    }

    let loop: Loop
    let libpq: LibpqConnection
    private let maximumOutstanding: Int
    private let willEnd: @LoopActor () -> Void
    private let onEnd: @LoopActor (_ ending: Ending, _ wasBusy: Bool) -> Void
    private var watch: DescriptorWatch?
    private var timer: DeadlineTimer?
    let buffer = ParameterBuffer()
    var statements = PreparedStatements()
    /// Sent, and not answered up to their sync.
    var groups = Fifo<SentGroup>()
    var script: Script?
    /// Not sent yet.
    private var waiting = Fifo<Submission>()
    /// True while a transaction is under way.
    var isTransactionUnderWay = false
    var outstandingBytes = 0
    private(set) var hasEnded = false
    /// What the client's user may see of the session.
    let backendProcess: Int32
    let serverVersion: Int

    static let begin = PostgresCommand(PostgresStatement("BEGIN"))
    static let commit = PostgresCommand(PostgresStatement("COMMIT"))
    /// A ROLLBACK needs no more than a round trip.
    static let rollbackDeadline = Duration.seconds(10)

    init(
        loop: Loop, libpq: LibpqConnection, maximumOutstanding: Int,
        willEnd: @escaping @LoopActor () -> Void,
        onEnd: @escaping @LoopActor (_ ending: Ending, _ wasBusy: Bool) -> Void
    ) {
        self.loop = loop
        self.libpq = libpq
        self.maximumOutstanding = maximumOutstanding
        self.willEnd = willEnd
        self.onEnd = onEnd
        backendProcess = libpq.backendProcess
        serverVersion = libpq.serverVersion
        timer = DeadlineTimer(loop: loop) { [weak self] in self?.checkDeadlines() }
        watch = DescriptorWatch(loop: loop, descriptor: libpq.descriptor) {
            [weak self] readable, _ in self?.ready(readable: readable)
        }
        watch?.want(readable: true, writable: false)
    }

    /// Queries, transactions and scripts not finished yet.
    var outstanding: Int { groups.count + waiting.count + (script == nil ? 0 : 1) }

    /// Sends now, or as soon as what is under way lets it.
    func submit(_ submission: Submission) {
        guard !hasEnded else { return submission.fail(.unavailable(.notConnected)) }
        guard outstanding < maximumOutstanding,
            outstandingBytes < PostgresLimits.outstandingBytes
        else { return submission.fail(.unavailable(.tooManyOutstanding)) }
        timer?.arm(at: submission.deadline)
        waiting.append(submission)
        sendWaiting()
    }

    /// Sends what nothing holds back any more.
    func sendWaiting() {
        while !hasEnded, !isTransactionUnderWay, script == nil, let next = waiting.first {
            if case .script = next.work, !groups.isEmpty { return }
            _ = waiting.removeFirst()
            send(next)
        }
    }

    /// Writes what libpq still holds, as far as the socket takes it.
    func flush() {
        guard !hasEnded else { return }
        switch libpq.flush() {
        case .done: watch?.want(readable: true, writable: false)
        case .pending: watch?.want(readable: true, writable: true)
        case .failed: end(.lost)
        }
    }

    private func ready(readable: Bool) {
        if readable {
            let isAlive = libpq.consume()
            // What arrived before the end counts: it may hold the answer to a COMMIT.
            receive()
            if !isAlive { end(.lost) }
        }
        flush()
    }

    /// Takes in what arrived while nothing was asked; false if that was the end, or its announcement.
    func checkAlive() -> Bool {
        guard !hasEnded, outstanding == 0 else { return !hasEnded }
        ready(readable: true)
        if libpq.isToldToEnd { end(.lost) }
        return !hasEnded
    }

    private func checkDeadlines() {
        let now = loop.monotonic
        let sent = groups.all.map(\.deadline) + (script.map { [$0.deadline] } ?? [])
        guard sent.allSatisfy({ $0 > now }) else { return end(.deadlinePassed) }
        for late in waiting.remove(where: { $0.deadline <= now }) {
            late.fail(.unavailable(.deadlinePassed))
        }
        guard !hasEnded else { return }
        let next = (sent + waiting.all.map(\.deadline)).min()
        if let next { timer?.arm(at: next) }
    }

    func arm(_ deadline: Int64) {
        timer?.arm(at: deadline)
    }

    /// Asks the server to cancel what it is doing for this session.
    func requestCancel() {
        libpq.makeCancellation()?.send()
    }

    /// Ends the session: closes the socket and tells everybody who waits.
    func end(_ ending: Ending) {
        guard !hasEnded else { return }
        hasEnded = true
        // First of all the owner lets go: whoever is told below may look at it, or connect again.
        willEnd()
        watch?.stop()
        timer?.stop()
        // A backend that waits for a lock does not look at its socket; left alone, it would go on
        // with the pipeline it has already read, and commit long after we gave up.
        if case .deadlinePassed = ending { requestCancel() }
        libpq.abandon()
        let (sent, unsent, script) = (groups.all, waiting.all, script)
        groups = Fifo()
        waiting = Fifo()
        self.script = nil
        for group in sent { group.lose(ending) }
        script?.end(.failure(.lost(requestMayHaveBeenProcessed: true)))
        for submission in unsent { submission.fail(ending.errorForUnsent) }
        onEnd(ending, !sent.isEmpty || script != nil)
    }

    /// A connection may be dropped without `close()`. Its watch must not outlive its descriptor: the
    /// next connection gets the same number, which libuv refuses to watch twice, and never hears an
    /// answer.
    isolated deinit { end(.closed) }
}

extension Session.Ending {
    /// What a submission is told that was never sent.
    var errorForUnsent: PostgresError {
        switch self {
        case .closed: .closed
        case .lost, .terminated, .deadlinePassed: .unavailable(.notConnected)
        }
    }

    /// What the owner of the connection is told.
    func errorForOwner(wasBusy: Bool) -> PostgresError {
        switch self {
        case .closed: .closed
        case .lost, .terminated, .deadlinePassed: .lost(requestMayHaveBeenProcessed: wasBusy)
        }
    }

    /// Why a transaction that was sent is unknown.
    var unknown: PostgresUnknown {
        switch self {
        case .lost: .connectionLost
        case .terminated(let state): .terminated(state)
        case .deadlinePassed: .deadlinePassed
        case .closed: .closed
        }
    }
}

extension SentGroup {
    /// Tells that the session ended before the answer was complete.
    @LoopActor fileprivate func lose(_ ending: Session.Ending) {
        switch purpose {
        case .query(let end): end(.failure(.lost(requestMayHaveBeenProcessed: true)))
        case .transaction(let end): end(.unknown(ending.unknown))
        case .preparation, .rollback: break
        }
    }
}
