import EventLoop
import Foundation
import JWTKit
import Logging
import Wire

@testable import BankReader

/// A bank on the test's own loop: keeps what it is asked and answers what the test wants.
@LoopActor final class PretendBank {
    /// One request.
    struct Asked {
        let method: String
        let host: String?
        let target: String
        let headers: [String: String]
        let form: [String: String]
    }

    private(set) var asked: [Asked] = []
    /// What a read is answered with, by its path under the base and its query.
    var onRead: (String, String?) -> HTTPResponse? = { path, _ in PretendBank.usual(path) }
    /// What the token endpoint answers.
    var tokenAnswer =
        #"{"access_token":"t1","token_type":"Bearer","expires_in":300,"scope":"accounts"}"#
    /// How long a read waits for its answer, in milliseconds.
    var delay: Int64 = 0
    private let loop: Loop
    private var server: HTTPServer?
    private var held: [HTTPResponder] = []

    init(_ loop: Loop) throws {
        self.loop = loop
        server = try HTTPServer(
            loop: loop, configuration: HTTPServer.Configuration(),
            route: { _ in
                .handle(maximumBodyBytes: 1 << 20) { [weak self] in self?.handle($0, $1) }
            },
            admit: { _ in .refuse(status: 404) })
    }

    var port: Int { server?.port ?? 0 }
    var base: String { "http://127.0.0.1:\(port)/aisp" }
    /// The reads among what was asked, as method, path and query.
    var reads: [String] {
        asked.filter { $0.target.hasPrefix("/aisp") }.map { "\($0.method) \($0.target)" }
    }
    var tokens: [Asked] { asked.filter { $0.target == "/token" } }

    func close() async { await server?.shutDown() }

    private func handle(_ request: HTTPRequest, _ responder: HTTPResponder) {
        let names = ["host", "authorization", "x-fapi-interaction-id", "content-type", "accept"]
        var headers: [String: String] = [:]
        for name in names { headers[name] = request.head.header(name) }
        var components = URLComponents()
        components.percentEncodedQuery = String(decoding: request.body, as: UTF8.self)
        let target = request.head.path + (request.head.query.map { "?\($0)" } ?? "")
        asked.append(
            Asked(
                method: request.head.method.rawValue, host: headers["host"], target: target,
                headers: headers,
                form: Dictionary(
                    (components.queryItems ?? []).map { ($0.name, $0.value ?? "") },
                    uniquingKeysWith: { $1 })))
        if request.head.path == "/token" {
            return responder.respond(.json(Array(tokenAnswer.utf8)))
        }
        let path = String(request.head.path.dropFirst("/aisp".utf8.count))
        guard let response = onRead(path, request.head.query) else {
            held.append(responder)
            return
        }
        guard delay > 0 else { return responder.respond(response) }
        _ = loop.after(.milliseconds(delay)) { responder.respond(response) }
    }

    /// Two accounts; one balance and one transaction of each.
    static func usual(_ path: String) -> HTTPResponse {
        switch path {
        case "/accounts":
            return list(
                "Account",
                #"{"AccountId":"A1","Nickname":"Daily"},{"AccountId":"A2","Nickname":"House"}"#)
        case "/accounts/A1/balances", "/accounts/A2/balances":
            let id = path.contains("A1") ? "A1" : "A2"
            return list("Balance", balance(of: id))
        case "/accounts/A1/transactions", "/accounts/A2/transactions":
            let id = path.contains("A1") ? "A1" : "A2"
            return list("Transaction", transaction(of: id, named: "T1"))
        default: return HTTPResponse(status: 400)
        }
    }

    static func balance(of account: String) -> String {
        #"{"AccountId":"\#(account)","CreditDebitIndicator":"Credit","Type":"ITAV","Amount":{"Amount":"1.00","Currency":"EUR"}}"#
    }

    static func transaction(of account: String, named id: String, at day: Int = 22) -> String {
        #"{"AccountId":"\#(account)","TransactionId":"\#(id)","CreditDebitIndicator":"Debit","Status":"BOOK","BookingDateTime":"2026-11-\#(day)T10:00:00Z","TransactionInformation":"\#(id)","Amount":{"Amount":"2.00","Currency":"EUR"}}"#
    }

    static func list(_ name: String, _ rows: String, next: String? = nil) -> HTTPResponse {
        let links = next.map { #"{"Next":"\#($0)"}"# } ?? "{}"
        return .json(Array(#"{"Data":{"\#(name)":[\#(rows)]},"Links":\#(links),"Meta":{}}"#.utf8))
    }
}

/// A reader of a pretended bank.
@LoopActor struct Desk {
    let bank: PretendBank
    let reader: BankReader
    let calls: Calls

    /// How calls ended, as part and outcome.
    @LoopActor final class Calls {
        var ended: [String] = []
    }

    /// Runs a test with a bank and its reader.
    static func run(
        _ loop: Loop, _ body: @LoopActor (Desk) async throws -> Void
    ) async throws {
        let bank = try PretendBank(loop)
        let calls = Calls()
        let reader = BankReader(
            loop: loop,
            configuration: try BankConfiguration(
                baseURL: bank.base, tokenURL: "http://127.0.0.1:\(bank.port)/token",
                clientID: "desk", key: ES256PrivateKey().pemRepresentation, keyID: "k1",
                http: HTTPClient.Configuration()),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { calls.ended.append("\($0.part) \($0.outcome)") }
        try await body(Desk(bank: bank, reader: reader, calls: calls))
        reader.close()
        await bank.close()
    }

    static func ask(
        person: Int64 = 1, customer: Int64 = 2, conversation: Int64 = 3
    ) -> AccountAsk {
        AccountAsk(
            grant: BankGrant(person: person, customer: customer, conversation: conversation),
            reference: "C-1001", issuer: "https://id", subject: "ana", purpose: "payment_dispute")
    }

    func look(_ ask: AccountAsk = Desk.ask()) async -> AccountLook { await reader.look(ask) }
}
