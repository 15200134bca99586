import EventLoop
import Foundation
import Postgres

/// Runs W3: consoles, what the desk routes by, the line of those who wait, the moment at which all
/// agents come free, the check, the same job in SQL.
@LoopActor final class Burst {
    /// What a run found.
    struct Findings {
        /// From the first agent's word to the last push, in seconds.
        let seconds: Double
        let usage: Usage
        let commits: Double
        /// How often agents were told to ask again, because their word waited for too long.
        let askedAgain: Int
        let check: BurstCheck
        /// Conversations that came to wait in a second.
        let arrivals: Double
        let router: SQLRouter.Result?
        /// Why the figures are void; empty if they hold.
        let faults: [String]

        func microseconds(_ used: Double) -> Double {
            check.assigned > 0 ? used * 1e6 / Double(check.assigned) : .nan
        }
    }

    /// Without a push for this long, nothing more comes; in milliseconds.
    private static let silence: Int64 = 3_000
    /// How long all may take, in milliseconds.
    private static let patience: Int64 = 120_000

    private let loop: Loop
    private let connection: PostgresConnection
    private let command: BurstCommand
    private let token: String
    private let load: Load
    private let consoles: Consoles
    private let client: HTTPClient
    private let plan: BurstPlan
    private let number: Int64
    private let clock = ContinuousClock()
    /// Who was told to hold what: consoles, the first is 0, and conversations.
    private var pushes: [(console: Int, conversation: Int)] = []
    private var lastPush: ContinuousClock.Instant

    init(
        loop: Loop, connection: PostgresConnection, command: BurstCommand, secret: [UInt8],
        token: String
    ) {
        self.loop = loop
        self.connection = connection
        self.command = command
        self.token = token
        lastPush = clock.now
        number = loop.wallClock
        plan = BurstPlan(conversations: command.conversations, agents: command.agents)
        load = Load(
            loop: loop, target: command.target,
            customers: Customers(
                count: command.conversations, page: command.page, desk: command.target.desk,
                secret: secret, textBytes: 200, run: number))
        consoles = Consoles(
            loop: loop, target: command.target, count: command.agents, run: number,
            areAvailable: false, tally: nil)
        client = HTTPClient(loop: loop, configuration: HTTPClient.Configuration())
        pushes.reserveCapacity(command.conversations)
    }

    /// Measures and reports; tells whether the figures hold.
    func run() async throws -> Bool {
        defer { client.close() }
        say("\(command.agents) consoles sign in")
        try await Persons.prepare(
            connection, desk: command.target.desk, count: command.agents, run: number)
        try await consoles.open()
        try await configure()
        say("\(command.conversations) customers write")
        let arrivals = try await fillLine()
        let before = try await lastEvent()
        consoles.burst = self
        say("all agents come free")
        let (seconds, usage, commits) = try await release()
        say("checking")
        let check = try await BurstCheck(
            connection: connection, command: command, pushes: pushes, after: before)
        let router = try await routeInSQL()
        let findings = Findings(
            seconds: seconds, usage: usage, commits: commits,
            askedAgain: consoles.askedAgainCount, check: check, arrivals: arrivals,
            router: router, faults: faults(check))
        try Report.print(findings, command: command)
        return findings.faults.isEmpty
    }

    private func configure() async throws {
        for document in plan.documents {
            let target = command.target
            let response = try await client.send(
                HTTPClientRequest(
                    method: .put,
                    url: "http://\(target.address):\(target.port)/desks/\(target.desk)"
                        + "/api/configuration",
                    headers: [
                        ("Authorization", "Bearer \(token)"), ("Content-Type", "application/json"),
                    ],
                    body: Array(document.utf8), idempotent: false, timeout: .seconds(30)))
            guard response.status == 204 else {
                throw Failure(
                    "the configuration was refused: \(response.status) "
                        + String(decoding: response.body.prefix(300), as: UTF8.self))
            }
        }
    }

    /// Every customer writes once, while nobody takes conversations.
    private func fillLine() async throws -> Double {
        try load.open(posters: command.posters)
        let began = clock.now
        load.begin(command.conversations)
        while !load.isQuiet || load.tally.sent < command.conversations {
            guard load.tally.refused.isEmpty, load.brokenPosters == 0 else {
                throw Failure("the customers' messages were not taken: \(load.tally.refused)")
            }
            await loop.sleep(for: .milliseconds(5))
        }
        return Double(command.conversations) / seconds(from: began, to: clock.now)
    }

    /// From the first agent's word until nothing more is pushed.
    private func release() async throws -> (Double, Usage, Double) {
        let target = command.target
        let figures = try await ServerFigures(of: target, through: client)
        let usage = Usage(of: target)
        let began = clock.now
        lastPush = began
        consoles.becomeAvailable()
        let deadline = loop.monotonic + Self.patience
        while !isOver, loop.monotonic < deadline, consoles.failures.isEmpty {
            await loop.sleep(for: .milliseconds(2))
        }
        let used = Usage(of: target).since(usage)
        let commits = try await ServerFigures(of: target, through: client).commits
        return (seconds(from: began, to: lastPush), used, commits - figures.commits)
    }

    private var isOver: Bool {
        if pushes.count >= command.conversations, consoles.answers >= command.agents { return true }
        return seconds(from: lastPush, to: clock.now) * 1_000 > Double(Self.silence)
    }

    /// A console was told to hold this.
    func given(_ conversation: Int, to console: Int) {
        pushes.append((console, conversation))
        lastPush = clock.now
    }

    private static let name = Array(#""conversation":"#.utf8)

    /// The conversation that a change of owner is about; 0 if it names none.
    static func conversation(_ bytes: Span<UInt8>, _ payload: Range<Int>) -> Int {
        var index = payload.lowerBound
        while index + name.count < payload.upperBound {
            if bytes[index] == name[0],
                name.indices.allSatisfy({ bytes[index + $0] == name[$0] })
            {
                return Digits.read(bytes, from: index + name.count)
            }
            index += 1
        }
        return 0
    }

    private func lastEvent() async throws -> Int64 {
        let result = try await connection.query(
            "SELECT last_event FROM desks WHERE desk = $1", [.int8(Int64(command.target.desk))])
        return try result.int8(0, 0)
    }

    private func routeInSQL() async throws -> SQLRouter.Result? {
        guard command.routerSample > 0 else { return nil }
        say("the same by SQL alone")
        return try await SQLRouter(loop: loop, connection: connection, command: command).run()
    }

    private func faults(_ check: BurstCheck) -> [String] {
        check.faults
            + consoles.failures.sorted { $0.key < $1.key }.map {
                "\($0.value) consoles ended: \($0.key)"
            }
    }

    private func seconds(
        from begin: ContinuousClock.Instant, to end: ContinuousClock.Instant
    ) -> Double {
        let parts = (end - begin).components
        return Double(parts.seconds) + Double(parts.attoseconds) / 1e18
    }
}
