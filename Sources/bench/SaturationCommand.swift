import ArgumentParser
import EventLoop
import Foundation
import Postgres

/// W1: as many customers' messages as the server takes, each to its agent's console.
struct SaturationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "w1",
        abstract: "Signed webhook, committed, assigned, at the agent's socket: as fast as it goes.")

    @OptionGroup var target: Target
    @Option(help: "Agents' consoles.")
    var consoles = 200
    @Option(help: "Keep-alive connections that post, each after the answer before.")
    var posters = 64
    @Option(help: "Customers who write, in turns.")
    var customers = 10_000
    @Option(help: "Bytes of a message's text.")
    var textBytes = 200
    @Option(help: "Seconds that are measured.")
    var seconds = 10
    @Option(help: "Seconds of load before.")
    var warmUp = 3
    @Option(help: "Seconds of the database alone; 0 leaves it out.")
    var ceilingSeconds = 5
    @Option(help: "The desk's page.")
    var page: String
    @Option(help: "File with the app secret.")
    var appSecretFile: String

    /// The most conversations that the server lets an agent hold; ops/bench configures it.
    private static let maximumCapacity = 100

    func validate() throws {
        guard consoles > 0, posters > 0, customers >= posters, seconds > 0 else {
            throw ValidationError(
                "consoles, posters and seconds must be above 0, customers not below posters")
        }
        guard customers <= consoles * Self.maximumCapacity else {
            throw ValidationError(
                "customers: an agent holds at most \(Self.maximumCapacity) conversations")
        }
    }

    func run() throws {
        let secret = try Data(contentsOf: URL(fileURLWithPath: appSecretFile))
        let command = self
        try target.measure { loop, connection in
            let measurement = Saturation(
                loop: loop, connection: connection, command: command, secret: Array(secret))
            return try await measurement.run()
        }
    }
}
