import EventLoop
import Foundation

extension Report {
    /// One size of W3.
    @LoopActor static func print(_ findings: Burst.Findings, command: BurstCommand) throws {
        let check = findings.check
        let server = findings.microseconds(findings.usage.server)
        let database = findings.microseconds(findings.usage.database)
        line(
            "W3",
            "\(command.conversations) waiting, \(command.agents) agents free at once, "
                + "\(BurstPlan.queueCount) queues, \(BurstPlan.skillCount) skills, room for "
                + "\(command.capacity) each")
        line(
            "assignments",
            "\(check.assigned) assigned, committed and pushed · \(check.left) left whom nobody "
                + "with room may serve")
        line(
            "time",
            "\(fixed(findings.seconds, 3)) s: "
                + "\(fixed(Double(check.assigned) / findings.seconds, 0)) assignments/s, in "
                + "\(fixed(findings.commits, 0)) commits"
                + (findings.askedAgain > 0
                    ? "; agents were told to ask again \(findings.askedAgain) times" : ""))
        line(
            "CPU per assignment",
            "server \(fixed(server, 1)) µs + database \(fixed(database, 1)) µs = "
                + "\(fixed(server + database, 1)) µs")
        line("of one core", shares(findings.usage, seconds: findings.seconds))
        line("arrivals before", "\(fixed(findings.arrivals, 0)) new conversations/s")
        if let router = findings.router { print(router, beside: findings) }
        warn(findings.usage, seconds: findings.seconds)
        if let file = command.results {
            try compare(
                Figures(
                    conversations: command.conversations, agents: command.agents,
                    seconds: findings.seconds, microseconds: server + database), in: file)
        }
        for fault in findings.faults { line("VOID", fault) }
    }

    @LoopActor private static func print(
        _ router: SQLRouter.Result, beside findings: Burst.Findings
    ) {
        let rate = Double(findings.check.assigned) / findings.seconds
        let cost = findings.microseconds(findings.usage.server + findings.usage.database)
        line(
            "by SQL alone",
            "\(fixed(router.perSecond, 0)) assignments/s, database "
                + "\(fixed(router.databaseMicroseconds, 1)) µs each; "
                + (router.isWhole
                    ? "all of them" : "the first \(router.assigned), a sample")
                + " in \(fixed(router.seconds, 2)) s, without ledger and push")
        line(
            "to that",
            "\(fixed(rate / router.perSecond, 2)) × its rate, "
                + "\(fixed(cost / router.databaseMicroseconds, 2)) × its CPU")
        for fault in router.faults { line("note", "by SQL alone: \(fault)") }
    }

    /// What is kept of one size, to compare the others with.
    private struct Figures: Codable {
        let conversations: Int
        let agents: Int
        let seconds: Double
        let microseconds: Double
    }

    private static func compare(_ figures: Figures, in file: String) throws {
        let place = URL(fileURLWithPath: file)
        var all: [Figures] = []
        if let data = try? Data(contentsOf: place) {
            all = try JSONDecoder().decode([Figures].self, from: data)
        }
        all.append(figures)
        try JSONEncoder().encode(all).write(to: place)
        guard let first = all.first, all.count > 1 else { return }
        line(
            "to \(first.conversations) × \(first.agents)",
            "\(fixed(figures.microseconds / first.microseconds, 2)) × its CPU per assignment")
    }
}
