import ArgumentParser
import EventLoop
import Foundation
import Postgres

/// W3: many wait, and all agents come free at one moment.
struct BurstCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "w3",
        abstract: "Waiting conversations, all agents free at once: until all is given and pushed.")

    @OptionGroup var target: Target
    @Option(help: "Conversations that wait.")
    var conversations = 10_000
    @Option(help: "Agents, each with a console.")
    var agents = 1_000
    @Option(help: "Conversations that each agent may hold, as the server is configured.")
    var capacity = 12
    @Option(help: "Keep-alive connections by which the customers' messages come in.")
    var posters = 64
    @Option(help: "Assignments that the router in SQL makes at most; 0 leaves it out.")
    var routerSample = 5_000
    @Option(help: "Connections of the router in SQL, one assignment after the other on each.")
    var routerClients = 8
    @Option(help: "File to which the figures are added, and with whose first they are compared.")
    var results: String?
    @Option(help: "The desk's page.")
    var page: String
    @Option(help: "File with the app secret.")
    var appSecretFile: String
    @Option(help: "File with the operator's token.")
    var operatorTokenFile: String

    func validate() throws {
        guard conversations >= BurstPlan.queueCount, agents >= BurstPlan.kindsOfAgents,
            posters > 0, routerClients > 0
        else { throw ValidationError("there are too few conversations, agents or connections") }
        guard conversations <= agents * capacity else {
            throw ValidationError("conversations: the agents hold \(agents * capacity) at most")
        }
    }

    func run() throws {
        let secret = try Data(contentsOf: URL(fileURLWithPath: appSecretFile))
        let token = try String(contentsOfFile: operatorTokenFile, encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let command = self
        try target.measure { loop, connection in
            let burst = Burst(
                loop: loop, connection: connection, command: command, secret: Array(secret),
                token: token)
            return try await burst.run()
        }
    }
}
