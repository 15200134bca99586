import Desk
import DeskRunner
import Engine
import EventLoop
import Foundation
import Gateway
import Glibc
import Logging
import Metrics
import Outbound
import Store
import Synchronization

/// One process: wires the rooms together, starts them and ends them in order.
enum Node {
    /// How long consoles are told to stay away while another node takes over.
    static let reconnectPause: Int64 = 1_000
    /// How long a drain goes on posting what agents wrote before it: at 250 a second everything that
    /// is usually queued. With the wait below it stays under the 30 s that Kubernetes gives.
    static let outboundSending = Duration.seconds(10)
    /// How long a drain waits for posts that are out: a little over the Send API's own limit.
    static let outboundWait = Duration.seconds(16)
    /// Old keys, sessions and sign-ins are removed this often.
    static let housekeeping = Duration.seconds(60)

    /// Serves until SIGTERM or SIGINT; ends when everything taken in is stored and the lease is given
    /// back. A second signal ends it at once.
    static func serve(_ settings: Settings) throws {
        let parts = try Parts(settings)
        let registry = PrometheusRegistry()
        start(logging: parts.logLevel, registry)
        let log = Logger(label: "ventanilla")
        let result = Ending()
        do {
            try Loop.run { loop in
                do { try await run(loop, parts, registry, log, result) } catch {
                    result.failure = Failure("\(error)")
                    loop.stop()
                }
            }
        } catch { throw Failure("\(error)") }
        if let failure = result.failure { throw failure }
    }

    @LoopActor private static func run(
        _ loop: Loop, _ parts: Parts, _ registry: PrometheusRegistry, _ log: Logger,
        _ result: Ending
    ) async throws {
        try await Migrations(directory: parts.migrations).check(parts.postgres, loop: loop)
        let store = Store(loop: loop, configuration: parts.store, log: log)
        let runner = DeskRunner(
            loop: loop, store: store, engine: Engine(rules: parts.rules), log: log,
            composer: Announcements.composer)
        var certificates = HTTPClient.Configuration()
        if let file = parts.certificateAuthorities { certificates.certificateAuthorities = file }
        let client = HTTPClient(loop: loop, configuration: certificates)
        let gateway = Gateway(
            loop: loop, store: store, runner: runner, client: client, metrics: registry,
            configuration: parts.gateway, log: log)
        let port = DeskPort(runner: runner, store: store)
        let outbound = Outbound(
            loop: loop, client: client, port: port, configuration: parts.outbound, log: log)
        runner.add(OutboundListener(outbound))
        // The first sign-in, send or look at accounts would hold everybody up for that.
        await client.warm()
        await gateway.warm()
        log.info("read the trusted certificates")
        try gateway.listen()
        log.notice(
            "listening",
            metadata: [
                "address": "\(parts.gateway.server.address)", "port": "\(gateway.port ?? 0)",
            ])
        runner.start()
        let housekeeper = Housekeeper(loop: loop, store: store, log: log)
        _ = loop.every(housekeeping) { housekeeper.cleanUp() }
        let ending: @Sendable @LoopActor () async -> Void = {
            log.notice("draining")
            gateway.drain(reconnectAfter: reconnectPause)
            await outbound.drain(sending: outboundSending, limit: outboundWait)
            await runner.drain()
            await gateway.shutDown()
            client.close()
            store.close()
            log.notice("ended")
            loop.stop()
        }
        var isEnding = false
        for signal in [SIGTERM, SIGINT] {
            loop.onSignal(signal) {
                guard !isEnding else { return result.endAtOnce(loop) }
                isEnding = true
                startOnLoop(ending)
            }
        }
    }

    /// Applies the migrations.
    static func migrate(_ settings: Settings) throws {
        let parts = try Parts(settings)
        try once { loop in
            let count = try await Migrations(directory: parts.migrations)
                .apply(to: parts.postgres, loop: loop)
            print("\(count) migrations applied")
        }
    }

    /// Verifies the ledger.
    static func verify(_ settings: Settings) throws {
        let parts = try Parts(settings)
        let log = Logger(label: "ventanilla")
        try once { loop in
            let store = Store(loop: loop, configuration: parts.store, log: log)
            switch try await store.verifyChain() {
            case .sound(let events): print("the ledger is sound: \(events) events")
            case .broken(let number, let reason):
                throw Failure("the ledger is broken at event \(number): \(reason)", code: 3)
            }
        }
    }

    /// Turns a loop for one piece of work.
    static func once(_ body: @escaping @LoopActor (Loop) async throws -> Void) throws {
        let result = Ending()
        do {
            try Loop.run { loop in
                do { try await body(loop) } catch let failure as Failure {
                    result.failure = failure
                } catch {
                    result.failure = Failure("\(error)")
                }
                loop.stop()
            }
        } catch { throw Failure("\(error)") }
        if let failure = result.failure { throw failure }
    }

    private static func start(logging level: Logger.Level, _ registry: PrometheusRegistry) {
        LoggingSystem.bootstrap { LogLines(logLevel: level, label: $0) }
        MetricsSystem.bootstrap(registry)
    }
}

/// What a loop's work came to, for the thread that turned it.
private final class Ending: Sendable {
    private let stored = Mutex<Failure?>(nil)

    var failure: Failure? {
        get { stored.withLock { $0 } }
        set { stored.withLock { $0 = newValue } }
    }

    @LoopActor func endAtOnce(_ loop: Loop) {
        failure = Failure("ended by a second signal before everything was drained")
        loop.stop()
    }
}
