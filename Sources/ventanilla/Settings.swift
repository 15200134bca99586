import Configuration
import Foundation
import SystemPackage

/// Why the configuration cannot be used. Names the setting, never a secret's value.
struct SettingsError: Error, CustomStringConvertible {
    let setting: String
    let reason: String
    var description: String { "configuration: \(setting): \(reason)" }
}

/// One setting: its name in the file, and in the environment as `VENTANILLA_` and the name in capitals
/// (`listen.publicURL` is `VENTANILLA_LISTEN_PUBLIC_URL`), which wins.
struct Setting {
    enum Kind {
        case text
        case texts
        case number(ClosedRange<Int>)
    }
    let key: String
    let kind: Kind
    /// `nil`: it must be given.
    let standard: String?
    let help: String
    /// Shown as `•••` wherever the configuration is printed.
    var isSecret = false
}

/// The settings of a node, read from a file and the environment.
struct Settings {
    static let all: [Setting] = [
        Setting(
            key: "node.name", kind: .text, standard: "",
            help: "names this node in the lease; the host's name if empty"),
        Setting(
            key: "listen.address", kind: .text, standard: "127.0.0.1", help: "address to listen on"),
        Setting(
            key: "listen.port", kind: .number(0...65_535), standard: "8080",
            help: "port to listen on; 0 takes a free one"),
        Setting(
            key: "listen.publicURL", kind: .text, standard: nil,
            help: "what browsers call this server; its origin may open sockets"),
        Setting(
            key: "listen.origins", kind: .texts, standard: "",
            help: "further origins that may open sockets"),
        Setting(
            key: "listen.trustedProxies", kind: .texts, standard: "",
            help: "exact addresses of the proxies whose X-Forwarded-For is believed"),
        Setting(
            key: "database.connection", kind: .text, standard: nil,
            help: "libpq connection string; may name several hosts", isSecret: true),
        Setting(
            key: "keys.wrappingFiles", kind: .texts, standard: nil,
            help: "files of 32 bytes (raw or base64); the first seals, all open"),
        Setting(
            key: "desk.number", kind: .number(1...1_000_000), standard: "1",
            help: "the desk that this node serves"),
        Setting(
            key: "desk.capacity", kind: .number(0...100), standard: "3",
            help: "conversations an agent holds who was given no other capacity"),
        Setting(
            key: "desk.disconnectGraceSeconds", kind: .number(1...3_600), standard: "60",
            help: "how long a disconnected agent keeps conversations"),
        Setting(
            key: "desk.confirmationWaitSeconds", kind: .number(5...3_600), standard: "60",
            help: "how long to wait for the echo of a send of unknown outcome"),
        Setting(
            key: "desk.settlingSeconds", kind: .number(0...60), standard: "5",
            help: "no grace runs out for this long after an epoch began"),
        Setting(
            key: "messenger.graphURL", kind: .text, standard: "https://graph.facebook.com/v25.0",
            help: "the Graph API with its version"),
        Setting(
            key: "messenger.pages", kind: .texts, standard: nil, help: "ids of this desk's pages"),
        Setting(
            key: "messenger.pageTokenFile", kind: .text, standard: nil,
            help: "file with the page access token"),
        Setting(
            key: "messenger.appSecretFiles", kind: .texts, standard: nil,
            help: "files with the app secrets that may sign webhooks (several while rotating)"),
        Setting(
            key: "messenger.verifyTokenFile", kind: .text, standard: nil,
            help: "file with the token of the webhook handshake"),
        Setting(
            key: "messenger.caFile", kind: .text, standard: "",
            help: "certificates that the Graph API is trusted by; the system's if empty"),
        Setting(
            key: "bank.baseURL", kind: .text, standard: "",
            help: "where accounts are read, as https://bank/open-banking/v3.1/aisp; empty: no bank"),
        Setting(
            key: "bank.tokenURL", kind: .text, standard: "",
            help: "the bank's token endpoint (RFC 8693)"),
        Setting(
            key: "bank.clientID", kind: .text, standard: "", help: "our client id at the bank"),
        Setting(
            key: "bank.keyFile", kind: .text, standard: "",
            help: "file with our private key there (PEM, P-256)"),
        Setting(
            key: "bank.keyID", kind: .text, standard: "",
            help: "the key's name there, if the bank wants one"),
        Setting(
            key: "bank.caFile", kind: .text, standard: "",
            help: "certificates that the bank is trusted by; the system's if empty"),
        Setting(
            key: "bank.certificateFile", kind: .text, standard: "",
            help: "our certificate there (PEM), if the bank asks for one"),
        Setting(
            key: "bank.certificateKeyFile", kind: .text, standard: "",
            help: "the certificate's private key (PEM)"),
        Setting(
            key: "signIn.issuer", kind: .text, standard: nil,
            help: "issuer URL of the OpenID provider"),
        Setting(
            key: "signIn.clientID", kind: .text, standard: nil,
            help: "our client id at the provider"),
        Setting(
            key: "signIn.clientSecretFile", kind: .text, standard: nil,
            help: "file with our client secret at the provider"),
        Setting(
            key: "signIn.rolesClaim", kind: .text, standard: "roles",
            help: "claim that lists the roles agent and supervisor"),
        Setting(
            key: "signIn.sessionHours", kind: .number(1...24), standard: "10",
            help: "how long a session lasts"),
        Setting(
            key: "operator.tokenFile", kind: .text, standard: "",
            help: "file with the token by which desk import and explain reach the running desk"),
        Setting(
            key: "console.directory", kind: .text, standard: nil,
            help: "folder with the console's pages"),
        Setting(
            key: "schemas.directory", kind: .text, standard: nil,
            help: "folder with the numbered migrations"),
        Setting(
            key: "log.level", kind: .text, standard: "info",
            help: "trace, debug, info, notice, warning, error or critical"),
    ]

    private var values: [String: [String]] = [:]

    /// Reads the file (JSON) and the environment; every setting is checked before any is used.
    init(file: String) async throws {
        try Self.refuseUnknownKeys(in: file)
        let environment = EnvironmentVariablesProvider().prefixKeys(with: "ventanilla")
        let contents: FileProvider<JSONSnapshot>
        do { contents = try await FileProvider<JSONSnapshot>(filePath: FilePath(file)) } catch {
            throw SettingsError(
                setting: "--config", reason: "'\(file)' is not a readable JSON file")
        }
        let reader = ConfigReader(providers: [environment, contents])
        for setting in Self.all { values[setting.key] = try await Self.read(setting, from: reader) }
    }

    /// The text of a setting.
    func text(_ key: String) -> String { values[key]?.first ?? "" }
    /// The texts of a setting.
    func texts(_ key: String) -> [String] { values[key] ?? [] }
    /// The number of a setting.
    func number(_ key: String) -> Int { Int(text(key)) ?? 0 }

    /// The paths of the secrets' files that a setting names: an absolute path is one; a name without a
    /// slash is a credential's that the service manager put into `$CREDENTIALS_DIRECTORY`
    /// (systemd.exec(5), `LoadCredential=`). A path from the folder in which the process happens to run
    /// is neither.
    func secretFiles(of key: String) throws -> [String] {
        try texts(key).map { name in
            if name.hasPrefix("/") { return name }
            guard !name.isEmpty, !name.contains("/"), name != ".", name != ".." else {
                throw SettingsError(
                    setting: key,
                    reason: "'\(name)' is neither an absolute path nor a credential's name")
            }
            let environment = ProcessInfo.processInfo.environment
            guard let directory = environment["CREDENTIALS_DIRECTORY"], directory.hasPrefix("/")
            else {
                throw SettingsError(
                    setting: key,
                    reason: "'\(name)' is no absolute path, and $CREDENTIALS_DIRECTORY is not set")
            }
            return "\(directory)/\(name)"
        }
    }

    /// The trimmed content of the secret's file that a setting names.
    func secret(inFileOf key: String) throws -> String {
        try secrets(inFilesOf: key).first ?? ""
    }
    /// The same for a setting that names several.
    func secrets(inFilesOf key: String) throws -> [String] {
        try secretFiles(of: key).map { try Self.secret(file: $0, setting: key) }
    }

    /// All settings as they are used, secrets masked, one a line.
    var masked: String {
        Self.all.map { setting in
            let value = texts(setting.key).joined(separator: ",")
            return "\(setting.key) = \(setting.isSecret && !value.isEmpty ? "•••" : value)"
        }.joined(separator: "\n")
    }

    /// A value of another type is refused: the standard would silently stay in force.
    private static func read(
        _ setting: Setting, from reader: ConfigReader
    ) async throws -> [String] {
        let key = ConfigKey(setting.key)
        do {
            switch setting.kind {
            case .text:
                let given = try await reader.fetchString(forKey: key, isSecret: setting.isSecret)
                guard let text = given ?? setting.standard else { throw missing(setting) }
                return [text]
            case .texts:
                let given = try await reader.fetchStringArray(forKey: key)
                guard let texts = given ?? setting.standard.map({ _ in [] }) else {
                    throw missing(setting)
                }
                return texts
            case .number(let range):
                let given = try await reader.fetchInt(forKey: key)
                guard let number = given ?? setting.standard.flatMap({ Int($0) }),
                    range.contains(number)
                else { throw outOfRange(setting, range) }
                return [String(number)]
            }
        } catch let error as SettingsError { throw error } catch {
            switch setting.kind {
            case .text: throw SettingsError(setting: setting.key, reason: "must be a text")
            case .texts:
                throw SettingsError(setting: setting.key, reason: "must be a list of texts")
            case .number(let range): throw outOfRange(setting, range)
            }
        }
    }

    private static func missing(_ setting: Setting) -> SettingsError {
        SettingsError(setting: setting.key, reason: "is missing (\(setting.help))")
    }

    private static func outOfRange(_ setting: Setting, _ range: ClosedRange<Int>) -> SettingsError {
        SettingsError(
            setting: setting.key,
            reason: "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }

    /// A misspelt setting would silently leave its standard in force.
    private static func refuseUnknownKeys(in file: String) throws {
        guard let bytes = FileManager.default.contents(atPath: file),
            let tree = try? JSONSerialization.jsonObject(with: bytes) as? [String: Any]
        else {
            throw SettingsError(
                setting: "--config", reason: "'\(file)' is not a readable JSON object")
        }
        let known = Set(all.map(\.key))
        for (section, members) in tree.sorted(by: { $0.key < $1.key }) {
            guard let members = members as? [String: Any] else {
                throw SettingsError(setting: section, reason: "must be an object of settings")
            }
            for name in members.keys.sorted() where !known.contains("\(section).\(name)") {
                throw SettingsError(setting: "\(section).\(name)", reason: "is not a setting")
            }
        }
    }

    private static func secret(file: String, setting: String) throws -> String {
        guard let bytes = FileManager.default.contents(atPath: file),
            let text = String(data: bytes, encoding: .utf8)?
                .trimmingCharacters(in: .whitespacesAndNewlines), !text.isEmpty
        else {
            throw SettingsError(
                setting: setting, reason: "'\(file)' is not a readable file with a secret")
        }
        return text
    }
}
