import Desk
import DeskRunner
import Engine
import EventLoop
import Logging
import Metrics
import Store
import Wire

/// The administration of a desk: what it routes by, why a conversation waits, and who worked when.
@LoopActor final class AdministrationRoutes {
    let runner: DeskRunner
    let door: AdministrationDoor
    private let store: Store
    private let log: Logger
    private let prefix: String
    private let refusals = Counter(label: "ventanilla_administration_refused_total")
    private let changes = Counter(label: "ventanilla_configurations_total")

    init(
        runner: DeskRunner, store: Store, door: AdministrationDoor, desk: Int64, log: Logger
    ) {
        self.runner = runner
        self.store = store
        self.door = door
        self.log = log
        prefix = "/desks/\(desk)/api/"
    }

    /// What to do with a request for one of these paths; `nil` when it is none of them.
    func route(_ head: HTTPRequestHead) -> HTTPRouteDecision? {
        guard head.path.hasPrefix(prefix) else { return nil }
        let path = head.path.dropFirst(prefix.count)
        if path == "configuration" {
            switch head.method {
            case .get: return handling { _ in await self.configuration(head) }
            case .put: return handling { await self.configure(head, $0) }
            case .post, .delete, .head, .options: return refused(allowing: "GET, PUT")
            }
        }
        if path == Self.waitsPath {
            switch head.method {
            case .get: return handling { _ in await self.waits(head) }
            case .put, .post, .delete, .head, .options: return refused(allowing: "GET")
            }
        }
        if path == Self.workedTimePath {
            switch head.method {
            case .get: return handling { _ in await self.workedTime(head) }
            case .put, .post, .delete, .head, .options: return refused(allowing: "GET")
            }
        }
        guard let conversation = conversation(explainedAt: path) else { return nil }
        switch head.method {
        case .get: return handling { _ in await self.explanation(of: conversation, head) }
        case .put, .post, .delete, .head, .options: return refused(allowing: "GET")
        }
    }

    private func handling(
        _ answer: @escaping @LoopActor ([UInt8]) async -> HTTPResponse
    ) -> HTTPRouteDecision {
        .handle(maximumBodyBytes: ConfigurationDocument.maximumBytes) { request, responder in
            startOnLoop { responder.respond(await answer(request.body)) }
        }
    }

    private func refused(allowing methods: String) -> HTTPRouteDecision {
        .respond(
            .problem(Problem(.methodNotAllowed, field: "method"), headers: [("allow", methods)]))
    }

    func refuse(_ problem: Problem) -> HTTPResponse {
        refusals.increment()
        return .problem(problem)
    }

    // MARK: Configuration

    private func configuration(_ head: HTTPRequestHead) async -> HTTPResponse {
        let person: AgentID
        switch await door.person(head, isChange: false, at: runner.now()) {
        case .success(let found): person = found
        case .failure(let problem): return refuse(problem)
        }
        guard case .view(let view) = await ask(.view(person, isSupervisor: true)) else {
            return refuse(.unavailable)
        }
        let document = ConfigurationDocument(
            configuration: view.configuration,
            profiles: view.agents.map { AgentProfile(agent: $0.id, profile: $0.profile) })
        guard let body = document.encode() else { return refuse(.unavailable) }
        var response = HTTPResponse.document(body)
        response.headers.append(("etag", "\"\(view.configuration.version)\""))
        return response
    }

    private func configure(_ head: HTTPRequestHead, _ body: [UInt8]) async -> HTTPResponse {
        let person: AgentID
        switch await door.person(head, isChange: true, at: runner.now()) {
        case .success(let found): person = found
        case .failure(let problem): return refuse(problem)
        }
        let version: Int64?
        switch basis(head.header("if-match")) {
        case .success(let found): version = found
        case .failure(let problem): return refuse(problem)
        }
        switch ConfigurationDocument.parse(body) {
        case .success(let document):
            if let field = Announcements.guardedTemplate(in: document.configuration) {
                return refuse(Problem(guarded: "configuration.\(field)"))
            }
            return await set(document, basedOn: version, by: person)
        case .failure(let problem): return refuse(problem)
        }
    }

    /// The version that `If-Match` names (RFC 9110 §13.1.1); `nil` when any will do.
    private func basis(_ header: String?) -> Result<Int64?, Problem> {
        guard let header, header != "*" else { return .success(nil) }
        guard header.count > 2, header.hasPrefix("\""), header.hasSuffix("\""),
            let version = Int64(header.dropFirst().dropLast())
        else { return .failure(Problem(.invalidRequest, field: "if-match")) }
        return .success(version)
    }

    private func set(
        _ document: ConfigurationDocument, basedOn version: Int64?, by person: AgentID
    ) async -> HTTPResponse {
        if let place = OpeningHours.unknownTimeZone(in: document.configuration) {
            return refuse(
                problem(of: Rejection(.notFound, field: "queues[\(place)].hours.timeZone")))
        }
        // The desk reads no calendar: it refuses only hours without any period.
        let never = OpeningHours.neverOpening(in: document.configuration, from: runner.now())
        if let place = never {
            return refuse(problem(of: Rejection(.neverOpens, field: "queues[\(place)].hours")))
        }
        let answer = await ask(
            .input(
                .configurationSet(
                    document.configuration, profiles: document.profiles, basedOn: version,
                    by: person)))
        switch answer {
        case .accepted(let number), .repeated(let number):
            changes.increment()
            log.notice(
                "the configuration was changed",
                metadata: ["version": "\(number)", "person": "\(person.number)"])
            return HTTPResponse(
                status: 204,
                headers: [("etag", "\"\(number)\""), ("cache-control", "no-store")])
        case .rejected(let rejection): return refuse(problem(of: rejection))
        case .quarantined: return refuse(Problem(.quarantined))
        case .unavailable, .view, .explanation: return refuse(.unavailable)
        }
    }

    private func problem(of rejection: Rejection) -> Problem {
        if rejection.field == "version" { return Problem(.changedMeanwhile, field: "if-match") }
        let isProfile = rejection.field.hasPrefix("profiles[")
        return Problem(
            rejection, field: isProfile ? rejection.field : "configuration.\(rejection.field)")
    }

    // MARK: Explanations

    /// The conversation of `conversations/{id}/explanation`.
    private func conversation(explainedAt path: Substring) -> ConversationID? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "conversations", parts[2] == "explanation",
            let number = Int64(parts[1]), number > 0, String(number) == parts[1]
        else { return nil }
        return ConversationID(number)
    }

    private func explanation(
        of conversation: ConversationID, _ head: HTTPRequestHead
    ) async -> HTTPResponse {
        switch await door.person(head, isChange: false, at: runner.now()) {
        case .success: break
        case .failure(let problem): return refuse(problem)
        }
        switch await ask(.explanation(conversation)) {
        case .explanation(let explanation?):
            do {
                let past = try await store.routingHistory(
                    of: conversation, latest: WireLimits.pastEvents)
                return .document(ExplanationDocument(explanation, past: past).encode())
            } catch {
                return refuse(.unavailable)
            }
        case .explanation(nil): return refuse(Problem(.notFound, field: "conversation"))
        case .accepted, .repeated, .rejected, .unavailable, .quarantined, .view:
            return refuse(.unavailable)
        }
    }

    /// Asked as everybody asks: decided in order, answered after the commit.
    private func ask(_ request: Request) async -> Answer {
        await withCheckedContinuation { continuation in
            runner.submit(request, from: .command) { continuation.resume(returning: $0) }
        }
    }
}
