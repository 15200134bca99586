import ArgumentParser
import Foundation
import Logging
import Metrics

/// The backend of a bank's agent console.
@main
struct Ventanilla: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ventanilla",
        abstract: "The backend of a bank's agent console.",
        discussion: """
            Every setting can also come from the environment: listen.publicURL is \
            VENTANILLA_LISTEN_PUBLIC_URL, and wins over the file.
            """,
        subcommands: [
            Serve.self, Migrate.self, CheckConfiguration.self, Verify.self, DeskCommands.self,
            Explain.self,
        ],
        defaultSubcommand: Serve.self)
}

struct ConfigurationFile: ParsableArguments {
    @Option(name: .customLong("config"), help: "The configuration file (JSON).")
    var path = "/etc/ventanilla/ventanilla.json"

    /// Reads the settings; a fault is told in one line and ends the command with code 2.
    func settings() async throws -> Settings {
        do { return try await Settings(file: path) } catch let error as SettingsError {
            throw Failure(error.description, code: 2)
        }
    }
}

/// Ends a command with one line on standard error.
struct Failure: Error, CustomStringConvertible {
    let description: String
    let code: Int32
    init(_ description: String, code: Int32 = 1) {
        self.description = description
        self.code = code
    }

    /// Writes the line and ends the process.
    func end() -> Never {
        FileHandle.standardError.write(Data("ventanilla: \(description)\n".utf8))
        exit(code)
    }
}

/// Runs a command's body and turns a failure into its line and code.
func ending(on body: () async throws -> Void) async {
    do { try await body() } catch let failure as Failure { failure.end() } catch let error
        as SettingsError
    { Failure(error.description, code: 2).end() } catch {
        Failure("\(error)").end()
    }
}

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serves a desk (the default).")
    @OptionGroup var file: ConfigurationFile
    @Flag(help: "Only check the configuration and print it with secrets masked.")
    var checkConfig = false

    func run() async {
        await ending {
            let settings = try await file.settings()
            if checkConfig { return try CheckConfiguration.check(settings) }
            try Node.serve(settings)
        }
    }
}

struct CheckConfiguration: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Checks the configuration and prints it with secrets masked.")
    @OptionGroup var file: ConfigurationFile

    func run() async { await ending { try Self.check(try await file.settings()) } }

    static func check(_ settings: Settings) throws {
        _ = try Node.Parts(settings)
        print(settings.masked)
    }
}

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Brings the database to this version's schema. Forward only.")
    @OptionGroup var file: ConfigurationFile

    func run() async { await ending { try Node.migrate(try await file.settings()) } }
}

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Verifies the ledger's hash chain from its first event.")
    @OptionGroup var file: ConfigurationFile

    func run() async { await ending { try Node.verify(try await file.settings()) } }
}
