import EventLoop

/// Tries the hosts of a connection string one after the other, each address for a limited time.
///
/// libpq could walk through the hosts by itself, but in its non-blocking mode it knows no time limit:
/// a first host that swallows packets would hold the others back for minutes.
@LoopActor final class Connector {
    private let loop: Loop
    private let configuration: PostgresConfiguration
    private var attempt: ConnectionAttempt?
    private var isCancelled = false

    init(loop: Loop, configuration: PostgresConfiguration) {
        self.loop = loop
        self.configuration = configuration
    }

    /// Gives the first connection that succeeds; else the most telling of the reasons.
    func connect() async -> Result<LibpqConnection, PostgresUnavailable> {
        guard let string = ConnectionString(configuration.connectionString),
            let hosts = string.hosts
        else { return .failure(.invalidConfiguration) }
        var reasons: [PostgresUnavailable] = []
        for host in hosts {
            for address in await addresses(of: host) {
                guard !isCancelled else { return .failure(.notConnected) }
                let settings = string.settings(
                    for: host, address: address, among: hosts.count, configuration)
                let attempt = ConnectionAttempt(loop: loop, timeout: configuration.connectTimeout)
                self.attempt = attempt
                let result = await attempt.run(settings)
                self.attempt = nil
                switch result {
                case .success(let connection): return .success(connection)
                case .failure(let reason): reasons.append(reason)
                }
            }
        }
        return .failure(reasons.max { $0.weight < $1.weight } ?? .unresolved)
    }

    /// Makes `connect` end soon, with a failure.
    func cancel() {
        isCancelled = true
        attempt?.cancel()
    }

    /// The addresses to try for a host; a single nil where libpq needs none to be resolved.
    private func addresses(of host: ConnectionString.Host) async -> [String?] {
        guard let name = host.nameToResolve else { return [host.address] }
        return await BlockingCalls.addresses(
            of: name, loop: loop, timeout: configuration.connectTimeout)
    }
}

extension PostgresUnavailable {
    /// Of several hosts' reasons the one that tells the operator most.
    fileprivate var weight: Int {
        switch self {
        case .refused: 5
        case .invalidConfiguration: 4
        case .timedOut: 3
        case .unreachable: 2
        case .unresolved: 1
        case .notConnected, .tooManyOutstanding, .deadlinePassed: 0
        }
    }
}

/// One address, from the first packet to the end of authentication.
@LoopActor final class ConnectionAttempt {
    private let loop: Loop
    private let timeout: Duration
    private var connection: LibpqConnection?
    private var watch: DescriptorWatch?
    private var timer: LoopTimer?
    private var continuation:
        CheckedContinuation<Result<LibpqConnection, PostgresUnavailable>, Never>?

    init(loop: Loop, timeout: Duration) {
        self.loop = loop
        self.timeout = timeout
    }

    func run(
        _ settings: [(keyword: String, value: String)]
    ) async -> Result<LibpqConnection, PostgresUnavailable> {
        let connection: LibpqConnection
        do throws(PostgresUnavailable) {
            connection = try LibpqConnection(settings: settings)
        } catch {
            return .failure(error)
        }
        self.connection = connection
        return await withCheckedContinuation { continuation in
            self.continuation = continuation
            timer = loop.after(timeout) { [weak self] in self?.end(.failure(.timedOut)) }
            // "Behave as if PQconnectPoll last returned PGRES_POLLING_WRITING" (PostgreSQL manual,
            // PQconnectStart); there is no socket yet that could be watched.
            step()
        }
    }

    func cancel() {
        end(.failure(.notConnected))
    }

    private func step() {
        guard let connection else { return }
        // libpq may close the socket and open another with the same number: the watch must not see
        // that happen.
        watch?.stop()
        watch = nil
        switch connection.poll() {
        case .reading: wait(connection, readable: true)
        case .writing: wait(connection, readable: false)
        case .connected:
            end(connection.becomeReady() ? .success(connection) : .failure(.unreachable))
        case .failed:
            end(.failure(connection.refusal.map { .refused($0) } ?? .unreachable))
        }
    }

    private func wait(_ connection: LibpqConnection, readable: Bool) {
        let watch = DescriptorWatch(loop: loop, descriptor: connection.descriptor) {
            [weak self] _, _ in self?.step()
        }
        watch.want(readable: readable, writable: !readable)
        self.watch = watch
    }

    private func end(_ outcome: Result<LibpqConnection, PostgresUnavailable>) {
        guard let continuation else { return }
        self.continuation = nil
        timer?.cancel()
        watch?.stop()
        if case .failure = outcome { connection?.finish() }
        connection = nil
        continuation.resume(returning: outcome)
    }
}
