import CoreMetrics
import Desk
import DeskRunner
import Engine
import EventLoop
import Guard
import Logging
import Metrics
import Store
import Wire

/// What people command: parsed, allowed by role, handed to the desk, answered after the commit.
extension ConsoleHub {
    /// The domain of a command's key among the desk's digests.
    private static let commandDomain = "command"

    func command(_ console: ConsoleSocket, frame: [UInt8]) {
        guard console.allowance.take(at: loop.monotonic) else {
            return close(console, .tooManyRequests)
        }
        switch ConsoleRequest.parse(frame) {
        case .failure(let problem):
            refusals.increment()
            send(problem.encode(), to: console)
        case .success(let request):
            perform(request, of: console)
        }
    }

    private func perform(_ request: ConsoleRequest, of console: ConsoleSocket) {
        guard let person = console.person else { return }
        switch request.command {
        case .hello:
            refuse(request, .invalidRequest, field: "method", to: console)
        case .presenceSet(let presence, let reason):
            agentCommand(.presenceSet(person, presence, reason: reason), request, console)
        case .wrapUpExtend: agentCommand(.wrapUpExtended(person), request, console)
        case .shiftEndSet(let end):
            agentCommand(.shiftEndSet(person, end, by: nil), request, console)
        case .messageSend(let conversation, let text):
            reply(text, in: conversation, by: person, request, console)
        case .messageResend(let job):
            agentCommand(.resendOrdered(person, job), request, console)
        case .conversationRead(let conversation):
            agentCommand(.conversationRead(person, conversation), request, console)
        case .conversationClose(let conversation):
            agentCommand(.conversationClosed(person, conversation), request, console)
        case .transcriptRead(let conversation, let before, let limit):
            transcript(of: conversation, before: before, limit: limit, request, console)
        case .offerAccept(let conversation):
            agentCommand(.offerAccepted(person, conversation), request, console)
        case .offerDecline(let conversation, let reason):
            agentCommand(.offerDeclined(person, conversation, reason), request, console)
        case .conversationTake(let conversation):
            agentCommand(.conversationTaken(person, conversation), request, console)
        case .conversationTransfer(let conversation, let target):
            agentCommand(.transferOrdered(person, conversation, target), request, console)
        case .accountsRead(let conversation, let purpose):
            readAccounts(of: conversation, for: purpose, request, console)
        case .colleaguesRead:
            guard console.isAgent else {
                return refuse(request, .forbidden, field: "method", to: console)
            }
            send(ConsoleResult.colleagues(id: request.id, colleagues(of: person)), to: console)
        case .supervise(let command):
            guard console.isSupervisor else {
                return refuse(request, .forbidden, field: "method", to: console)
            }
            supervise(command, by: person, request, console)
        }
    }

    private func agentCommand(_ input: Input, _ request: ConsoleRequest, _ console: ConsoleSocket) {
        guard console.isAgent else {
            return refuse(request, .forbidden, field: "method", to: console)
        }
        submit(input, request, console)
    }

    private func reply(
        _ text: String, in conversation: ConversationID, by person: AgentID,
        _ request: ConsoleRequest, _ console: ConsoleSocket
    ) {
        guard console.isAgent else {
            return refuse(request, .forbidden, field: "method", to: console)
        }
        let verdict = Verdict(on: text)
        guard verdict == .allowed else {
            return hold(verdict, of: request, in: conversation, by: person, console)
        }
        guard let digester = store.digester else {
            return refuse(request, .unavailable, field: "method", to: console)
        }
        let digest = digester.digest(DigestDomain.text, MessageText.digestMaterial(text))
        submit(
            .agentReplied(person, conversation, textDigest: digest), request, console,
            content: Content(body: MessageDocument(text: text).encode())
        ) { ConsoleResult.message(id: request.id, MessageID($0)) }
    }

    /// A reply that holds what may not leave (promise P11): nothing of it is stored, counted are the
    /// kinds, and neither the log nor the answer says more than those.
    private func hold(
        _ verdict: Verdict, of request: ConsoleRequest, in conversation: ConversationID,
        by person: AgentID, _ console: ConsoleSocket
    ) {
        refusals.increment()
        for kind in verdict.kinds { guarded[kind]?.increment() }
        log.notice(
            "a reply was held back by the guard",
            metadata: [
                "kinds": "\(verdict.kinds.map(\.rawValue).joined(separator: " "))",
                "conversation": "\(conversation.number)", "person": "\(person.number)",
            ])
        send(ConsoleProblem(id: request.id, guarded: verdict.kinds).encode(), to: console)
    }

    /// The key of a command is the desk, the person and the client's UUID (DESIGN §3 "Keys").
    private func submit(
        _ input: Input, _ request: ConsoleRequest, _ console: ConsoleSocket,
        content: Content? = nil,
        result: @escaping @LoopActor (Int64) -> [UInt8]
    ) {
        guard let person = console.person, let digester = store.digester else {
            return refuse(request, .unavailable, field: "method", to: console)
        }
        let key = digester.digest(
            Self.commandDomain, Array("\(desk)|\(person.number)|\(request.id)".utf8))
        let parameters = digester.digest(DigestDomain.parameters, request.parameterMaterial)
        runner.submit(
            .input(input), from: .command, key: key, parameters: parameters, content: content
        ) { [weak self, weak console] answer in
            guard let self, let console else { return }
            switch answer {
            case .accepted(let number), .repeated(let number):
                self.send(result(number), to: console)
            case .rejected(let rejection):
                self.refusals.increment()
                self.send(
                    ConsoleProblem(id: request.id, rejection: rejection).encode(), to: console)
            case .unavailable, .view, .explanation:
                self.refuse(request, .unavailable, field: "method", to: console)
            case .quarantined:
                self.refuse(request, .quarantined, field: "method", to: console)
            }
        }
    }

    func submit(_ input: Input, _ request: ConsoleRequest, _ console: ConsoleSocket) {
        submit(input, request, console) { _ in ConsoleResult.done(id: request.id) }
    }

    private func transcript(
        of conversation: ConversationID, before: MessageID?, limit: Int, _ request: ConsoleRequest,
        _ console: ConsoleSocket
    ) {
        guard mayRead(conversation, console) else {
            return refuse(request, .notOwner, field: "params.conversation", to: console)
        }
        startOnLoop {
            do {
                let found = try await self.store.transcript(
                    of: conversation, before: before, limit: limit + 1)
                guard self.mayRead(conversation, console) else {
                    return self.refuse(
                        request, .notOwner, field: "params.conversation", to: console)
                }
                self.send(
                    ConsoleResult.transcript(
                        id: request.id,
                        TranscriptRows(digester: self.store.digester).shown(
                            Array(found.messages.suffix(limit))),
                        more: found.messages.count > limit, deliveredUpTo: found.deliveredUpTo,
                        readUpTo: found.readUpTo),
                    to: console)
            } catch {
                self.refuse(request, .unavailable, field: "method", to: console)
            }
        }
    }

    func refuse(
        _ request: ConsoleRequest, _ code: ConsoleErrorCode, field: String,
        to console: ConsoleSocket
    ) {
        refusals.increment()
        send(ConsoleProblem(id: request.id, code: code, field: field).encode(), to: console)
    }
}
