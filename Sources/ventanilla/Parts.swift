import Desk
import EventLoop
import Foundation
import Gateway
import Logging
import Outbound
import Postgres
import Store

extension Node {
    /// All that a node is made of, checked before anything starts.
    struct Parts: Sendable {
        let desk: Int64
        let postgres: PostgresConfiguration
        let store: StoreConfiguration
        let migrations: String
        let rules: Rules
        let gateway: GatewayConfiguration
        let outbound: OutboundConfiguration
        let certificateAuthorities: String?
        /// The token of `operator.tokenFile`; nil: there is no such way in.
        let operatorToken: String?
        /// What this server is called, without a path.
        let publicOrigin: String
        let logLevel: Logger.Level

        /// Every secret's file is read here, once.
        init(_ settings: Settings) throws {
            guard let level = Logger.Level(rawValue: settings.text("log.level")) else {
                throw SettingsError(setting: "log.level", reason: "is not a level")
            }
            logLevel = level
            desk = Int64(settings.number("desk.number"))
            postgres = PostgresConfiguration(
                connectionString: settings.text("database.connection"),
                applicationName: "ventanilla")
            let keys = try settings.secretFiles(of: "keys.wrappingFiles")
            guard let current = keys.first else {
                throw SettingsError(setting: "keys.wrappingFiles", reason: "names no file")
            }
            let wrappingKeys = try Self.checked("keys.wrappingFiles") {
                try WrappingKeys(currentFile: current, oldFiles: Array(keys.dropFirst()))
            }
            let name = settings.text("node.name")
            // A node that comes back is the same holder and takes its own lease at once.
            let holder = name.isEmpty ? ProcessInfo.processInfo.hostName : name
            store = StoreConfiguration(
                postgres: postgres, desk: desk, holder: holder, wrappingKeys: wrappingKeys)
            migrations = settings.text("schemas.directory")
            rules = Rules(
                defaultCapacity: settings.number("desk.capacity"),
                disconnectGrace: Int64(settings.number("desk.disconnectGraceSeconds")) * 1_000,
                confirmationWait: Int64(settings.number("desk.confirmationWaitSeconds")) * 1_000,
                settlingTime: Int64(settings.number("desk.settlingSeconds")) * 1_000)
            operatorToken = try Self.operatorToken(settings)
            gateway = try Self.gateway(settings, desk, operatorToken)
            publicOrigin = gateway.publicURL.origin
            outbound = try Self.outbound(settings, desk)
            let file = settings.text("messenger.caFile")
            certificateAuthorities = file.isEmpty ? nil : file
        }

        /// A token that can be guessed would be a door for everybody.
        private static let shortestToken = 32

        private static func operatorToken(_ settings: Settings) throws -> String? {
            guard !settings.text("operator.tokenFile").isEmpty else { return nil }
            let token = try settings.secret(inFileOf: "operator.tokenFile")
            guard token.utf8.count >= shortestToken,
                token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else {
                throw SettingsError(
                    setting: "operator.tokenFile",
                    reason: "holds no token: at least \(shortestToken) characters, no spaces")
            }
            return token
        }

        private static func gateway(
            _ settings: Settings, _ desk: Int64, _ operatorToken: String?
        ) throws -> GatewayConfiguration {
            guard let publicURL = PublicURL(settings.text("listen.publicURL")) else {
                throw SettingsError(
                    setting: "listen.publicURL",
                    reason: "must be https://host without a path (http only on loopback)")
            }
            var server = HTTPServer.Configuration()
            server.address = settings.text("listen.address")
            server.port = settings.number("listen.port")
            server.subprotocols = ["ventanilla.console.v1"]
            server.trustedProxies = settings.texts("listen.trustedProxies")
            guard server.trustedProxies.allSatisfy(HTTPServer.isAddress) else {
                throw SettingsError(
                    setting: "listen.trustedProxies",
                    reason: "must list IPv4 or IPv6 addresses, no names and no ranges")
            }
            return GatewayConfiguration(
                desk: desk, server: server, publicURL: publicURL,
                origins: Set(settings.texts("listen.origins")),
                signIn: SignInConfiguration(
                    issuer: settings.text("signIn.issuer"),
                    clientID: settings.text("signIn.clientID"),
                    clientSecret: try settings.secret(inFileOf: "signIn.clientSecretFile"),
                    rolesClaim: settings.text("signIn.rolesClaim")),
                sessionLife: Int64(settings.number("signIn.sessionHours")) * 3_600_000,
                webhook: WebhookConfiguration(
                    pages: Set(settings.texts("messenger.pages")),
                    appSecrets: try settings.secrets(inFilesOf: "messenger.appSecretFiles"),
                    verifyToken: try settings.secret(inFileOf: "messenger.verifyTokenFile")),
                pages: try checked("console.directory") {
                    try StaticPages(directory: settings.text("console.directory"))
                }, operatorToken: operatorToken.map { Array($0.utf8) },
                bank: try bank(settings))
        }

        /// All of a bank's settings, or none.
        private static func bank(_ settings: Settings) throws -> BankConnection? {
            let baseURL = settings.text("bank.baseURL")
            guard !baseURL.isEmpty else {
                for setting in Settings.all where setting.key.hasPrefix("bank.") {
                    guard settings.text(setting.key).isEmpty else {
                        throw SettingsError(
                            setting: "bank.baseURL", reason: "is missing beside \(setting.key)")
                    }
                }
                return nil
            }
            var http = HTTPClient.Configuration()
            let authorities = settings.text("bank.caFile")
            if !authorities.isEmpty { http.certificateAuthorities = authorities }
            let certificate = settings.text("bank.certificateFile")
            let certificateKey = settings.text("bank.certificateKeyFile")
            guard certificate.isEmpty == certificateKey.isEmpty else {
                throw SettingsError(
                    setting: "bank.certificateKeyFile",
                    reason: "is given with bank.certificateFile, or neither is")
            }
            if !certificate.isEmpty {
                let key = try settings.secretFiles(of: "bank.certificateKeyFile").first ?? ""
                http.clientCertificate = (certificate, key)
            }
            let keyID = settings.text("bank.keyID")
            let key =
                settings.text("bank.keyFile").isEmpty
                ? "" : try settings.secret(inFileOf: "bank.keyFile")
            do throws(BankConnection.Problem) {
                return try BankConnection(
                    baseURL: baseURL, tokenURL: settings.text("bank.tokenURL"),
                    clientID: settings.text("bank.clientID"),
                    key: key,
                    keyID: keyID.isEmpty ? nil : keyID, http: http)
            } catch {
                let setting =
                    switch error {
                    case .baseURL: "bank.baseURL"
                    case .tokenURL: "bank.tokenURL"
                    case .clientID: "bank.clientID"
                    case .key: "bank.keyFile"
                    }
                throw SettingsError(setting: setting, reason: "\(error)")
            }
        }

        private static func outbound(
            _ settings: Settings, _ desk: Int64
        ) throws -> OutboundConfiguration {
            guard let secret = try settings.secrets(inFilesOf: "messenger.appSecretFiles").first
            else {
                throw SettingsError(setting: "messenger.appSecretFiles", reason: "names no file")
            }
            return OutboundConfiguration(
                desk: desk, graphURL: settings.text("messenger.graphURL"),
                pageToken: try settings.secret(inFileOf: "messenger.pageTokenFile"),
                appSecret: secret, pages: settings.texts("messenger.pages"))
        }

        private static func checked<Value>(
            _ setting: String, _ make: () throws -> Value
        ) throws -> Value {
            do { return try make() } catch {
                throw SettingsError(setting: setting, reason: "\(error)")
            }
        }
    }
}
