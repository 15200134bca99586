import ArgumentParser
import EventLoop
import Foundation
import Logging

/// Pretends to be Meta's Messenger platform, an OpenID Connect provider and a bank, on one port.
@main
struct SandboxCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox",
        abstract:
            "Pretends to be Meta's Messenger platform, an OpenID Connect provider and a bank.",
        discussion: """
            Graph API under /v25.0, identity provider under /openid, bank under /bank, control API under /control, \
            and a page at / on which a person can write as a customer. Prints one line when it \
            listens: {"listening": ADDRESS, "port": PORT}.
            """)

    @Option(help: "Address to listen on.")
    var address = "127.0.0.1"
    @Option(help: "Port to listen on; 0 chooses a free one.")
    var port: UInt16 = 8090
    @Option(help: "How others reach this program; paging addresses begin with it.")
    var publicURL: String?
    @Option(help: "Issuer of the identity provider; the public address and /openid if left out.")
    var issuer: String?

    @Option(help: "Where webhooks go. May also be set later through /control/settings.")
    var callback: String?
    @Flag(help: "Send webhooks without verifying the callback first.")
    var noHandshake = false
    @Option(help: "Signs webhooks and checks appsecret_proof.")
    var appSecret: String?
    @Option(help: "File with the app secret.")
    var appSecretFile: String?
    @Option(help: "Token of the verification handshake.")
    var verifyToken: String?
    @Option(help: "File with that token.")
    var verifyTokenFile: String?
    @Option(help: "The app whose sends these are; named in echoes.")
    var appID: Int64 = 700_000_000_000_001
    @Option(help: "A page, as ID or ID=ACCESS_TOKEN. May be repeated; the first is `me`.")
    var page: [String] = []
    @Option(help: "Access token of the pages that have none of their own.")
    var pageToken: String?
    @Option(help: "File with that token.")
    var pageTokenFile: String?

    @Option(help: "Client of the identity provider.")
    var clientID = "ventanilla"
    @Option(help: "That client's secret.")
    var clientSecret: String?
    @Option(help: "File with that secret.")
    var clientSecretFile: String?
    @Option(help: "Where that client may be sent back to, exactly. May be repeated.")
    var redirectURI: [String] = []

    @Option(help: "Client of the pretended bank's token endpoint.")
    var bankClientID = "ventanilla"
    @Option(help: "File with that client's key (PEM); without one its signatures are not checked.")
    var bankClientKeyFile: String?

    @Option(
        help: """
            File to which every request is appended, one JSON document per line. Customers and \
            messages that it holds already are known from the start.
            """)
    var log: String?

    func validate() throws {
        if let callback, !Settings.isHTTP(callback) {
            throw ValidationError("--callback must be an http address")
        }
        for page in page where page.hasPrefix("=") || page.hasSuffix("=") || page.isEmpty {
            throw ValidationError("--page must be ID or ID=ACCESS_TOKEN")
        }
    }

    private func pages() throws -> [Page] {
        let shared = try secret(pageToken, file: pageTokenFile, otherwise: "sandbox-page-token")
        return (page.isEmpty ? ["105550000000001"] : page).map { text in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return Page(
                id: String(parts[0]), name: "Banco Ventanilla",
                token: parts.count > 1 ? String(parts[1]) : shared)
        }
    }

    /// A secret given directly, or by a file whose last line end does not count.
    private func secret(_ value: String?, file: String?, otherwise: String) throws -> String {
        guard value == nil || file == nil else {
            throw ValidationError("a secret is given twice: directly and by file")
        }
        guard let file else { return value ?? otherwise }
        let text = try String(contentsOfFile: file, encoding: .utf8)
        return text.trimmingCharacters(in: .newlines)
    }

    func run() throws {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        try Loop.run { loop in
            do {
                try start(on: loop)
            } catch {
                FileHandle.standardError.write(Data("sandbox: \(error)\n".utf8))
                SandboxCommand.exit(withError: ExitCode.failure)
            }
        }
    }

    @LoopActor
    private func start(on loop: Loop) throws {
        let holder = SandboxHolder()
        var configuration = HTTPServer.Configuration()
        configuration.address = address
        configuration.port = Int(port)
        let server = try HTTPServer(
            loop: loop, configuration: configuration,
            route: { head in
                holder.sandbox?.route(head) ?? .respond(Answers.json([:], status: 503))
            },
            admit: { _ in .refuse(status: 404) })
        let base = publicURL ?? "http://\(address):\(server.port)"
        let options = try options(base: base)
        let platform = LogReplay.restored(
            MessengerPlatform(pages: options.pages, runName: Sandbox.randomName()), from: log)
        let log = try RequestLog(path: log) {
            FileHandle.standardError.write(Data("sandbox: the log cannot be written\n".utf8))
            SandboxCommand.exit(withError: ExitCode.failure)
        }
        var settings = Settings()
        settings.callback = callback
        settings.handshake = !noHandshake
        let sandbox = Sandbox(
            loop: loop, options: options, settings: settings, log: log,
            client: HTTPClient(loop: loop, configuration: clientConfiguration),
            platform: platform)
        holder.sandbox = sandbox
        holder.server = server
        for signal in [SIGTERM, SIGINT] {
            loop.onSignal(signal) { loop.stop() }
        }
        sandbox.courier.start()
        announce(["listening": .string(base), "port": .integer(Int64(server.port))])
    }

    /// All deliveries that may be under way go to the one callback.
    private var clientConfiguration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.connectionsPerHost = Limits.parallelDeliveries
        configuration.connections = Limits.parallelDeliveries
        return configuration
    }

    private func options(base: String) throws -> Sandbox.Options {
        Sandbox.Options(
            pages: try pages(), appID: appID,
            appSecret: try secret(
                appSecret, file: appSecretFile, otherwise: "sandbox-app-secret"),
            verifyToken: try secret(
                verifyToken, file: verifyTokenFile, otherwise: "sandbox-verify-token"),
            client: OpenIDProvider.Client(
                id: clientID,
                secret: try secret(
                    clientSecret, file: clientSecretFile, otherwise: "sandbox-client-secret"),
                redirectAddresses: redirectURI),
            base: base, issuer: issuer ?? base + "/openid",
            staff: try StaffClient(
                id: bankClientID,
                pem: try bankClientKeyFile.map { try String(contentsOfFile: $0, encoding: .utf8) }))
    }

    /// The one line on standard output.
    private func announce(_ line: JSONValue) {
        FileHandle.standardOutput.write(Data(JSONWriter.bytes(line, .plain) + [0x0a]))
    }
}

/// The server asks for routes before the sandbox can exist, since the port, which only the server
/// knows, is part of every address the sandbox gives out. It also keeps both alive.
@LoopActor
private final class SandboxHolder {
    var sandbox: Sandbox?
    var server: HTTPServer?
}
