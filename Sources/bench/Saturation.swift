import EventLoop
import Foundation
import Postgres

/// Runs W1: consoles, first messages, warm-up, the measured seconds, the count, the ceiling.
@LoopActor final class Saturation {
    /// What a run found.
    struct Findings {
        /// Every customer's first message: met, opened, assigned, told.
        let first: Stretch
        /// What is measured: messages of known customers.
        let steady: Stretch
        let ceiling: Ceiling.Result?
        /// Rows of customers' messages in the table.
        let stored: Int
        let otherPushes: Int
        /// Why the figures are void; empty if they hold.
        let faults: [String]
    }

    /// How long the last answers and deliveries may take, in milliseconds.
    private static let settling: Int64 = 20_000

    private let loop: Loop
    private let connection: PostgresConnection
    private let command: SaturationCommand
    private let load: Load
    private let consoles: Consoles
    private let client: HTTPClient
    private let number: Int64
    private let clock = ContinuousClock()

    init(loop: Loop, connection: PostgresConnection, command: SaturationCommand, secret: [UInt8]) {
        self.loop = loop
        self.connection = connection
        self.command = command
        let target = command.target
        number = loop.wallClock
        load = Load(
            loop: loop, target: target,
            customers: Customers(
                count: command.customers, page: command.page, desk: target.desk, secret: secret,
                textBytes: command.textBytes, run: number))
        consoles = Consoles(
            loop: loop, target: target, count: command.consoles, run: number, areAvailable: true,
            tally: load.tally)
        client = HTTPClient(loop: loop, configuration: HTTPClient.Configuration())
    }

    /// Measures and reports; tells whether the figures hold.
    func run() async throws -> Bool {
        defer { client.close() }
        let rowsBefore = try await storedMessages()
        try await openConsoles()
        try load.open(posters: command.posters)
        say("every customer's first message")
        let first = try await stretch {
            load.begin(command.customers)
            try await settle()
        }
        say("warming up, then measuring for \(command.seconds) s")
        load.begin(.max)
        await loop.sleep(for: .seconds(command.warmUp))
        load.tally.isMeasuring = true
        let steady = try await stretch { await loop.sleep(for: .seconds(command.seconds)) }
        load.tally.isMeasuring = false
        load.end()
        try? await settle()
        let stored = try await storedMessages() - rowsBefore
        let ceiling = try await measureCeiling(batch: Int(steady.batch.rounded()))
        let findings = Findings(
            first: first, steady: steady, ceiling: ceiling, stored: stored,
            otherPushes: consoles.otherPushes, faults: faults(stored: stored))
        Report.print(findings, tally: load.tally, command: command)
        return findings.faults.isEmpty
    }

    private func openConsoles() async throws {
        say("\(command.consoles) consoles sign in")
        try await Persons.prepare(
            connection, desk: command.target.desk, count: command.consoles, run: number)
        try await consoles.open()
    }

    /// Until all that was sent is answered and delivered.
    private func settle() async throws {
        let tally = load.tally
        let deadline = loop.monotonic + Self.settling
        while !load.isQuiet || tally.lost != 0 {
            guard loop.monotonic < deadline else {
                throw Failure(
                    "sent \(tally.sent), acknowledged \(tally.acknowledged), delivered "
                        + "\(tally.delivered), given \(tally.given), other answers \(tally.refused), other pushes "
                        + "\(consoles.otherPushes), ended \(consoles.failures)")
            }
            await loop.sleep(for: .milliseconds(5))
        }
    }

    private func stretch(_ body: () async throws -> Void) async throws -> Stretch {
        let target = command.target
        let figures = try await ServerFigures(of: target, through: client)
        let acknowledged = load.tally.acknowledged
        let delivered = load.tally.delivered
        let usage = Usage(of: target)
        let began = clock.now
        try await body()
        let elapsed = (clock.now - began).components
        let used = Usage(of: target).since(usage)
        let answers = load.tally.acknowledged - acknowledged
        let deliveries = load.tally.delivered - delivered
        let figuresAfter = try await ServerFigures(of: target, through: client)
        return Stretch(
            seconds: Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18,
            acknowledged: answers, delivered: deliveries, usage: used,
            inputs: figuresAfter.inputs - figures.inputs,
            commits: figuresAfter.commits - figures.commits)
    }

    private func storedMessages() async throws -> Int {
        let result = try await connection.query(
            "SELECT count(*) FROM messages WHERE desk = $1 AND kind = 'text'",
            [.int8(Int64(command.target.desk))], deadline: .seconds(60))
        return Int(try result.int8(0, 0))
    }

    private func measureCeiling(batch: Int) async throws -> Ceiling.Result? {
        guard command.ceilingSeconds > 0 else { return nil }
        say("the database alone, \(batch) messages in a commit")
        let free = try await connection.query("SELECT max(desk) + 1 FROM desks")
        return try await Ceiling(
            connection: connection, target: command.target, desk: Int(try free.int8(0, 0)),
            batch: batch, customers: command.customers, agents: command.consoles,
            bodyBytes: command.textBytes + Self.sealingBytes
        ).run(seconds: command.ceilingSeconds)
    }

    /// What a sealed text has beside the text: `{"text":""}`, a nonce and a tag.
    private static let sealingBytes = 11 + 12 + 16

    private func faults(stored: Int) -> [String] {
        var faults = load.tally.faults(stored: stored)
        if load.brokenPosters > 0 { faults.append("\(load.brokenPosters) posters were cut") }
        for (reason, count) in consoles.failures.sorted(by: { $0.key < $1.key }) {
            faults.append("\(count) consoles ended: \(reason)")
        }
        return faults
    }
}

/// A stretch of load, as it was measured.
struct Stretch {
    let seconds: Double
    let acknowledged: Int
    let delivered: Int
    let usage: Usage
    let inputs: Double
    let commits: Double

    /// Inputs in one commit, on average.
    var batch: Double { commits > 0 ? inputs / commits : 0 }
    var messagesPerSecond: Double { Double(acknowledged) / seconds }

    /// Microseconds of CPU for each acknowledged message.
    func microseconds(_ usage: Double) -> Double {
        acknowledged > 0 ? usage * 1e6 / Double(acknowledged) : .nan
    }
}

/// Progress, apart from the table.
func say(_ text: String) {
    FileHandle.standardError.write(Data("  \(text)\n".utf8))
}
