import Desk
import EventLoop
import Foundation
import Wire

/// The running desk's administration, as the operator reaches it: by the token of
/// `operator.tokenFile`.
@LoopActor struct OperatorClient {
    /// How long the desk has to answer: it may be reading its state after a failover.
    private static let timeout = Duration.seconds(15)

    private let client: HTTPClient
    private let base: String
    private let token: String

    init(loop: Loop, _ parts: Node.Parts, token: String, server: String?) {
        self.token = token
        var certificates = HTTPClient.Configuration()
        if let file = parts.certificateAuthorities { certificates.certificateAuthorities = file }
        client = HTTPClient(loop: loop, configuration: certificates)
        base = "\(server ?? parts.publicOrigin)/desks/\(parts.desk)/api/"
    }

    /// Puts a configuration into force; its version.
    func put(_ document: [UInt8], ifVersion version: Int64?) async throws -> String {
        var headers = [("content-type", "application/json")]
        if let version { headers.append(("if-match", "\"\(version)\"")) }
        let response = try await send(.put, "configuration", headers, document)
        guard response.status == 204 else { throw refusal(response) }
        return (response.header("etag") ?? "").filter(\.isNumber)
    }

    /// Why a conversation waits, or with whom it is; nil when none of this number is open.
    func explanation(of conversation: ConversationID) async throws -> ExplanationAnswer? {
        let response = try await send(
            .get, "conversations/\(conversation.number)/explanation", [], nil)
        if response.status == 404 { return nil }
        guard response.status == 200 else { throw refusal(response) }
        do {
            return try JSONDecoder().decode(ExplanationAnswer.self, from: Data(response.body))
        } catch {
            throw Failure("the desk's answer is not an explanation")
        }
    }

    private func send(
        _ method: HTTPMethod, _ path: String, _ headers: [(String, String)], _ body: [UInt8]?
    ) async throws -> HTTPClientResponse {
        let request = HTTPClientRequest(
            method: method, url: base + path,
            headers: headers + [("authorization", "Bearer \(token)")], body: body,
            idempotent: true, timeout: Self.timeout)
        do { return try await client.send(request) } catch {
            throw Failure("the desk at \(base) does not answer: \(error)")
        }
    }

    /// A refusal with its field, in one line.
    private func refusal(_ response: HTTPClientResponse) -> Failure {
        struct Told: Decodable {
            let detail: String
            let field: String?
        }
        guard let told = try? JSONDecoder().decode(Told.self, from: Data(response.body)) else {
            return Failure("the desk at \(base) answers \(response.status)")
        }
        return Failure((told.field.map { $0 + ": " } ?? "") + told.detail, code: 4)
    }
}

/// An explanation as the administration tells it.
struct ExplanationAnswer: Decodable {
    struct Candidate: Decodable {
        let agent: Int64
        let obstacle: ObstacleAnswer?
    }
    struct ObstacleAnswer: Decodable {
        let kind: String
        let skill: Int64?
        let level: Int?
        let agent: Int64?
        let load: Int?
        let capacity: Int?
        let weight: Int?
    }
    struct Need: Decodable {
        let skill: Int64
        let level: Int
        let isFirm: Bool
    }
    let version: Int64
    let entry: Int64
    let needs: [Need]
    let withheld: [String]?
    let position: Int?
    let queuePosition: Int?
    let rank: Int64?
    let offeredTo: Int64?
    let candidates: [Candidate]
    let omitted: Int
    let next: [Int64]
    let order: TurnOrder?
}
