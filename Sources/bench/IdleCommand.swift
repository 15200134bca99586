import ArgumentParser
import EventLoop
import Postgres

/// W4: what an agent's console costs that says nothing.
struct IdleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "w4", abstract: "Memory and CPU of idle consoles that have signed in.")

    @OptionGroup var target: Target
    @Option(help: "Agents' consoles.")
    var consoles = 5_000
    @Option(help: "Seconds for which the idle consoles are watched; 30 has every one pinged.")
    var seconds = 30

    func validate() throws {
        guard consoles > 0, seconds > 0 else {
            throw ValidationError("consoles and seconds must be above 0")
        }
    }

    func run() throws {
        let command = self
        try target.measure { loop, connection in
            try await Idleness(loop: loop, connection: connection, command: command).run()
        }
    }
}

/// Runs W4: memory before, consoles, memory after, CPU while nothing happens.
@LoopActor final class Idleness {
    /// What a run found.
    struct Findings {
        let before: (anonymous: Int, proportional: Int)
        let after: (anonymous: Int, proportional: Int)
        let signInSeconds: Double
        let usage: Usage
        let seconds: Double
        /// Why the figures are void; empty if they hold.
        let faults: [String]
    }

    /// What a server needs to be done with the last sign-in.
    private static let settling = Duration.seconds(5)

    private let loop: Loop
    private let connection: PostgresConnection
    private let command: IdleCommand
    private let clock = ContinuousClock()

    init(loop: Loop, connection: PostgresConnection, command: IdleCommand) {
        self.loop = loop
        self.connection = connection
        self.command = command
    }

    /// Measures and reports; tells whether the figures hold.
    func run() async throws -> Bool {
        let target = command.target
        let before = Processes.memory(target.serverProcess)
        guard before.proportional > 0 else {
            throw Failure("the memory of process \(target.serverProcess) cannot be read")
        }
        let number = loop.wallClock
        let consoles = Consoles(
            loop: loop, target: target, count: command.consoles, run: number, areAvailable: false,
            tally: nil)
        say("\(command.consoles) consoles sign in")
        try await Persons.prepare(
            connection, desk: target.desk, count: command.consoles, run: number)
        let began = clock.now
        try await consoles.open()
        let signInSeconds = seconds(since: began)
        await loop.sleep(for: Self.settling)
        let after = Processes.memory(target.serverProcess)
        say("watching for \(command.seconds) s")
        let usage = Usage(of: target)
        let watched = clock.now
        await loop.sleep(for: .seconds(command.seconds))
        let findings = Findings(
            before: before, after: after, signInSeconds: signInSeconds,
            usage: Usage(of: target).since(usage), seconds: seconds(since: watched),
            faults: consoles.failures.sorted { $0.key < $1.key }.map {
                "\($0.value) consoles ended: \($0.key)"
            })
        Report.print(findings, command: command)
        return findings.faults.isEmpty
    }

    private func seconds(since instant: ContinuousClock.Instant) -> Double {
        let parts = (clock.now - instant).components
        return Double(parts.seconds) + Double(parts.attoseconds) / 1e18
    }
}
