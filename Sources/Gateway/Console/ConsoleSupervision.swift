import Desk
import DeskRunner
import Engine
import EventLoop
import Store
import Wire

/// What supervisors order through their consoles. The caller has checked that it is one.
extension ConsoleHub {
    func supervise(
        _ command: SupervisorCommand, by person: AgentID, _ request: ConsoleRequest,
        _ console: ConsoleSocket
    ) {
        switch command {
        case .explain(let conversation): explain(conversation, request, console)
        case .customerLink(let conversation, let reference, let purpose):
            linkCustomer(
                of: conversation, reference: reference, for: purpose, by: person, request, console)
        case .capacitySet(let agent, let capacity):
            submit(.capacitySet(agent, capacity: capacity, by: person), request, console)
        case .presenceSet(let agent, let presence, let reason):
            submit(.presenceOrdered(agent, presence, reason: reason, by: person), request, console)
        case .shiftEndSet(let agent, let end):
            submit(.shiftEndSet(agent, end, by: person), request, console)
        case .profileSet(let agent, let profile):
            submit(.profileSet(agent, profile, by: person), request, console)
        case .conversationMove(let conversation, let queue, let overridesLimit):
            submit(
                .conversationMoved(
                    conversation, queue, overridesLimit: overridesLimit, by: person),
                request, console)
        case .conversationAssign(let conversation, let agent, let overridesCapacity):
            submit(
                .conversationAssigned(
                    conversation, agent, overridesCapacity: overridesCapacity, by: person),
                request, console)
        case .prioritySet(let conversation, let priority):
            submit(.prioritySet(conversation, priority, by: person), request, console)
        case .needsSet(let conversation, let needs, let compartment):
            submit(.needsSet(conversation, needs, compartment, by: person), request, console)
        case .queueClose(let queue, let until):
            submit(.queueClosed(queue, until: until, by: person), request, console)
        case .queueOpen(let queue, let until):
            submit(.queueOpened(queue, until: until, by: person), request, console)
        }
    }

    /// An explanation is a look: it is answered in the order of inputs, from what is committed. What
    /// led to it is then read from the ledger.
    private func explain(
        _ conversation: ConversationID, _ request: ConsoleRequest, _ console: ConsoleSocket
    ) {
        runner.submit(.explanation(conversation), from: .command) {
            [weak self, weak console] answer in
            guard let self, let console else { return }
            switch answer {
            case .explanation(let explanation?): self.tell(explanation, request, console)
            case .explanation(nil):
                self.refuse(request, .notFound, field: "params.conversation", to: console)
            case .accepted, .repeated, .rejected, .unavailable, .quarantined, .view:
                self.refuse(request, .unavailable, field: "method", to: console)
            }
        }
    }

    private func tell(
        _ explanation: Explanation, _ request: ConsoleRequest, _ console: ConsoleSocket
    ) {
        startOnLoop {
            do {
                let past = try await self.store.routingHistory(
                    of: explanation.conversation, latest: WireLimits.pastEvents)
                self.send(
                    ConsoleResult.explanation(
                        id: request.id, ExplanationDocument(explanation, past: past)),
                    to: console)
            } catch {
                self.refuse(request, .unavailable, field: "method", to: console)
            }
        }
    }

    /// Who has a console open and takes work: a hint for whom to pass a conversation on to, which the
    /// desk then judges.
    func colleagues(of person: AgentID) -> [(id: AgentID, name: String)] {
        let present = Set(
            sockets.values.filter { $0.phase == .live && $0.isAgent }.compactMap(\.person))
        return present.filter { $0 != person && runner.agent($0)?.takesByHand == true }
            .map { (id: $0, name: people.name(of: $0)) }
            .sorted { ($0.name, $0.id) < ($1.name, $1.id) }
            .prefix(ConsoleLimits.colleagues).map { $0 }
    }
}
