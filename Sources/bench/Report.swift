import EventLoop
import Foundation

/// The tables that people read.
enum Report {
    /// From here on the driver or others are in the way of what is measured: half a core and more of
    /// the two that all share.
    private static let busyDriver = 0.7
    private static let busyOthers = 0.3

    @LoopActor static func print(
        _ findings: Saturation.Findings, tally: Tally, command: SaturationCommand
    ) {
        let steady = findings.steady
        line(
            "W1",
            "\(command.consoles) consoles, \(command.posters) posters, "
                + "\(command.customers) customers, texts of \(command.textBytes) bytes, "
                + "\(fixed(steady.seconds, 1)) s measured")
        line(
            "messages",
            "sent \(tally.sent) · acknowledged \(tally.acknowledged) · stored "
                + "\(findings.stored) · given with their conversation \(tally.given) · delivered \(tally.delivered) · lost \(tally.lost) · "
                + "doubled \(tally.doubled) · other pushes \(findings.otherPushes)")
        line("rate", "\(fixed(steady.messagesPerSecond, 0)) messages/s")
        line("CPU per message", cost(steady))
        line("of one core", shares(steady.usage, seconds: steady.seconds))
        let latencies = tally.latencies()
        line("send to socket, ms", percentiles(latencies.toSocket))
        line("send to 200, ms", percentiles(latencies.toAnswer))
        line(
            "commits",
            "\(fixed(steady.commits / steady.seconds, 0))/s of "
                + "\(fixed(steady.batch, 1)) inputs on average")
        if let ceiling = findings.ceiling {
            line(
                "database alone",
                "\(fixed(ceiling.messagesPerSecond, 0)) messages/s, "
                    + "\(fixed(ceiling.messagesPerSecond * Double(Ceiling.rowsPerMessage), 0)) rows/s, "
                    + "\(fixed(ceiling.databaseSeconds * 1e6 / Double(max(1, ceiling.messages)), 1)) µs CPU per message"
            )
            line(
                "server to that",
                fixed(steady.messagesPerSecond / ceiling.messagesPerSecond, 2))
        }
        line(
            "first messages",
            "\(fixed(findings.first.messagesPerSecond, 0)) new customers/s met, "
                + "assigned and shown; CPU \(cost(findings.first)); "
                + "\(fixed(findings.first.batch, 1)) inputs a commit")
        warn(steady.usage, seconds: steady.seconds)
        for fault in findings.faults { line("VOID", fault) }
    }

    static func print(_ findings: Idleness.Findings, command: IdleCommand) {
        line("W4", "\(command.consoles) idle consoles, \(command.seconds) s watched")
        for (name, before, after) in [
            ("proportional (PSS)", findings.before.proportional, findings.after.proportional),
            ("anonymous (RssAnon)", findings.before.anonymous, findings.after.anonymous),
        ] {
            let each = Double(after - before) / Double(command.consoles) / 1_024
            line(
                name,
                "\(mebibytes(before)) MiB before, \(mebibytes(after)) MiB after: "
                    + "\(fixed(each, 1)) KiB a console")
        }
        line("of one core", shares(findings.usage, seconds: findings.seconds))
        line(
            "signing in",
            "\(fixed(Double(command.consoles) / findings.signInSeconds, 0)) consoles/s")
        warn(findings.usage, seconds: findings.seconds)
        for fault in findings.faults { line("VOID", fault) }
    }

    private static func cost(_ stretch: Stretch) -> String {
        let server = stretch.microseconds(stretch.usage.server)
        let database = stretch.microseconds(stretch.usage.database)
        return "server \(fixed(server, 1)) µs + database \(fixed(database, 1)) µs = "
            + "\(fixed(server + database, 1)) µs"
    }

    static func shares(_ usage: Usage, seconds: Double) -> String {
        func share(_ used: Double) -> String { fixed(100 * used / seconds, 1) + " %" }
        return "server \(share(usage.server)) · database \(share(usage.database)) · driver "
            + "\(share(usage.driver)) · others \(share(usage.others))"
    }

    private static func percentiles(_ latencies: Latencies) -> String {
        [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1)].map {
            "\($0.0) \(fixed(latencies.milliseconds(atShare: $0.1), 2))"
        }.joined(separator: " · ")
    }

    static func warn(_ usage: Usage, seconds: Double) {
        if usage.driver / seconds > busyDriver {
            line("note", "the driver was busy: it may have been what was measured")
        }
        if usage.others / seconds > busyOthers {
            line("note", "others used the machine: rates and times are worse than they would be")
        }
    }

    static func line(_ name: String, _ text: String) {
        let padding = String(repeating: " ", count: max(1, 22 - name.count))
        Swift.print(name + padding + text)
    }

    private static func mebibytes(_ bytes: Int) -> String { fixed(Double(bytes) / 1_048_576, 1) }

    static func fixed(_ number: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", number)
    }
}
