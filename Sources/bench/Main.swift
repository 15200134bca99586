import ArgumentParser

/// Loads a running server as Messenger and the bank's agents would, and says what it took.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract:
            "Measures a running server and its database; ops/bench sets both up and calls it.",
        subcommands: [SaturationCommand.self, BurstCommand.self, IdleCommand.self])
}
