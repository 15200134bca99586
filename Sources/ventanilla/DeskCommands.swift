import ArgumentParser
import Desk
import Foundation
import Logging
import Store
import Wire

/// What a desk routes by, as one readable file.
struct DeskCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "desk", abstract: "Exports or imports what the desk routes by.",
        subcommands: [Export.self, Import.self])

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the configuration in force and all agents' profiles as JSON.",
            discussion: "Reads the database; the desk need not run.")
        @OptionGroup var file: ConfigurationFile

        func run() async { await ending { try Node.exportDesk(try await file.settings()) } }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Puts an exported file into force on the running desk.",
            discussion: """
                The desk judges the whole and refuses it by field, or is routed by it from one \
                numbered event on. Needs operator.tokenFile. Ends with code 4 when it was refused.
                """)
        @OptionGroup var file: ConfigurationFile
        @Argument(help: "The file; - reads standard input.") var path: String
        @Option(help: "Where the desk is reached; listen.publicURL if it is left out.")
        var server: String?
        @Flag(help: "Only if the version that was exported is still in force.")
        var ifUnchanged = false

        func run() async {
            await ending {
                let settings = try await file.settings()
                let document = try Self.read(path)
                try Node.importDesk(settings, document, server, ifUnchanged: ifUnchanged)
            }
        }

        /// Reads the file and says what is wrong with its form before anybody is asked.
        private static func read(_ path: String) throws -> ConfigurationDocument {
            let data =
                path == "-"
                ? try FileHandle.standardInput.readToEnd()
                : FileManager.default.contents(atPath: path)
            guard let data else { throw Failure("'\(path)' is not a readable file", code: 2) }
            guard data.count <= ConfigurationDocument.maximumBytes else {
                throw Failure(
                    "'\(path)' has more than \(ConfigurationDocument.maximumBytes) bytes", code: 2)
            }
            switch ConfigurationDocument.parse(Array(data)) {
            case .success(let document): return document
            case .failure(let problem):
                throw Failure((problem.field.map { $0 + ": " } ?? "") + problem.detail, code: 4)
            }
        }
    }
}

struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells who had a conversation and why, and why it waits now, or waited then.",
        discussion: """
            What was is read from the ledger; what is, is asked of the running desk, which needs \
            operator.tokenFile. Why nobody was given it at a moment of the past is reconstructed: \
            the state of then is made again from every event before it, and judged by this \
            program's rules.
            """)
    @OptionGroup var file: ConfigurationFile
    @Argument(help: "The conversation's number.") var conversation: Int64
    @Option(help: "Where the desk is reached; listen.publicURL if it is left out.")
    var server: String?
    @Option(help: "A moment of the past instead of now, as in 2026-11-30T10:00:00Z.")
    var at: String?

    func run() async {
        await ending {
            let moment = try at.map(Self.moment)
            let settings = try await file.settings()
            let id = ConversationID(conversation)
            if let moment {
                try Node.explain(settings, id, at: moment)
            } else {
                try Node.explain(settings, id, server)
            }
        }
    }

    /// Reads ISO 8601, with or without milliseconds.
    private static func moment(_ text: String) throws -> Instant {
        let styles = [false, true].map { Date.ISO8601FormatStyle(includingFractionalSeconds: $0) }
        guard let date = styles.compactMap({ try? Date(text, strategy: $0) }).first else {
            throw Failure("--at: '\(text)' is not a moment such as 2026-11-30T10:00:00Z", code: 2)
        }
        return Instant(milliseconds: Int64((date.timeIntervalSince1970 * 1_000).rounded()))
    }
}

extension Node {
    static func exportDesk(_ settings: Settings) throws {
        let parts = try Parts(settings)
        try once { loop in
            let store = Store(
                loop: loop, configuration: parts.store, log: Logger(label: "ventanilla"))
            let setup = try await store.routingSetup()
            let document = ConfigurationDocument(
                configuration: setup.configuration, profiles: setup.profiles)
            guard let bytes = document.encode() else {
                throw Failure("the configuration cannot be written as JSON")
            }
            FileHandle.standardOutput.write(Data(bytes + [0x0A]))
            store.close()
        }
    }

    static func importDesk(
        _ settings: Settings, _ document: ConfigurationDocument, _ server: String?,
        ifUnchanged: Bool
    ) throws {
        let parts = try Parts(settings)
        guard let token = parts.operatorToken else {
            throw SettingsError(setting: "operator.tokenFile", reason: "is missing")
        }
        guard let bytes = document.encode() else {
            throw Failure("the configuration cannot be written as JSON")
        }
        try once { loop in
            let version = try await OperatorClient(
                loop: loop, parts, token: token, server: server
            ).put(bytes, ifVersion: ifUnchanged ? document.configuration.version : nil)
            print("the desk routes by version \(version)")
        }
    }

    /// Why nobody was given a conversation at a moment of the past: the database alone is asked.
    static func explain(
        _ settings: Settings, _ conversation: ConversationID, at moment: Instant
    ) throws {
        let parts = try Parts(settings)
        try once { loop in
            let store = Store(
                loop: loop, configuration: parts.store, log: Logger(label: "ventanilla"))
            let history = try await store.routingHistory(of: conversation)
            let made = try await store.reconstruction(at: moment)
            store.close()
            guard !history.isEmpty else {
                throw Failure("there is no conversation \(conversation.number)")
            }
            let words = Words(made?.inForce ?? Configuration())
            for record in history where record.at <= moment {
                if let line = words.line(for: record) { print(line) }
            }
            guard let past = made?.explain(conversation, at: moment) else {
                return print("then: it was closed, or had not begun")
            }
            for line in try words.lines(for: past) { print(line) }
        }
    }

    static func explain(
        _ settings: Settings, _ conversation: ConversationID, _ server: String?
    ) throws {
        let parts = try Parts(settings)
        try once { loop in
            let store = Store(
                loop: loop, configuration: parts.store, log: Logger(label: "ventanilla"))
            let words = Words(try await store.routingSetup().configuration)
            let history = try await store.routingHistory(of: conversation)
            store.close()
            guard !history.isEmpty else {
                throw Failure("there is no conversation \(conversation.number)")
            }
            for record in history {
                if let line = words.line(for: record) { print(line) }
            }
            guard let token = parts.operatorToken else {
                return print("why it is so now: operator.tokenFile is not set")
            }
            let client = OperatorClient(loop: loop, parts, token: token, server: server)
            guard let now = try await client.explanation(of: conversation) else {
                return print("now: it is closed")
            }
            for line in words.lines(for: now) { print(line) }
        }
    }
}
