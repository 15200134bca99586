import EventLoop
import Foundation

/// A Graph API on the test's own loop: keeps what it is asked and answers what the test wants.
@LoopActor final class PretendGraph {
    /// What comes of one request.
    enum Reaction: Sendable {
        case answer(HTTPResponse)
        /// Answered when the test says so.
        case later
        /// The connection ends without an answer; the request was read whole.
        case reset
    }

    /// One send.
    struct Post {
        let path: String
        let query: [String: String]
        let person: String
        let text: String
        let responder: HTTPResponder
    }

    private(set) var posts: [Post] = []
    private(set) var reads: [(path: String, query: [String: String])] = []
    /// What comes of a send; the first argument is its number, from 0.
    var onPost: (Int, Post) -> Reaction = { number, _ in .answer(PretendGraph.taken(number)) }
    /// What comes of a read.
    var onRead: (String, [String: String]) -> Reaction = { _, _ in
        .answer(.json(Array(#"{"data":[]}"#.utf8)))
    }
    private var server: HTTPServer?
    private var held: [HTTPResponder] = []

    init(_ loop: Loop) throws {
        server = try HTTPServer(
            loop: loop, configuration: HTTPServer.Configuration(),
            route: { _ in
                .handle(maximumBodyBytes: 1 << 20) { [weak self] in self?.handle($0, $1) }
            },
            admit: { _ in .refuse(status: 404) })
    }

    var url: String { "http://127.0.0.1:\(server?.port ?? 0)/v25.0" }

    func close() async { await server?.shutDown() }

    private func handle(_ request: HTTPRequest, _ responder: HTTPResponder) {
        var components = URLComponents()
        components.percentEncodedQuery = request.head.query
        let query = Dictionary(
            (components.queryItems ?? []).map { ($0.name, $0.value ?? "") },
            uniquingKeysWith: { $1 })
        let reaction: Reaction
        if request.head.method == .post {
            let body = try? JSONSerialization.jsonObject(with: Data(request.body))
            let members = body as? [String: Any] ?? [:]
            let post = Post(
                path: request.head.path, query: query,
                person: (members["recipient"] as? [String: Any])?["id"] as? String ?? "",
                text: (members["message"] as? [String: Any])?["text"] as? String ?? "",
                responder: responder)
            posts.append(post)
            reaction = onPost(posts.count - 1, post)
        } else {
            reads.append((request.head.path, query))
            reaction = onRead(request.head.path, query)
        }
        switch reaction {
        case .answer(let response): responder.respond(response)
        case .later: held.append(responder)
        case .reset: responder.disconnect()
        }
    }

    nonisolated static func taken(_ number: Int) -> HTTPResponse {
        .json(Array(#"{"recipient_id":"55","message_id":"m_sent_\#(number)"}"#.utf8))
    }

    nonisolated static func error(
        _ status: Int, code: Int, subcode: Int? = nil, retryAfter: String? = nil
    ) -> HTTPResponse {
        let tail = subcode.map { #","error_subcode":\#($0)"# } ?? ""
        let body = #"{"error":{"message":"no","type":"OAuthException","code":\#(code)\#(tail)}}"#
        return HTTPResponse(
            status: status, headers: retryAfter.map { [("Retry-After", $0)] } ?? [],
            body: Array(body.utf8))
    }
}
