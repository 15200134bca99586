import Desk
import DeskRunner
import Engine
import EventLoop
import Wire

/// Agents see who waits in the queues that they take from: unnumbered, told when it changed and at most
/// once a second. No text and no customer is in it; those come with the conversation once it is taken.
extension ConsoleHub {
    /// Whether these events may change what agents can take.
    func noteTakeable(_ records: [EventRecord]) {
        guard !listsChanged, hasLists else { return }
        listsChanged = records.contains { record in
            switch record.event {
            case .ownerChanged(let handoff): isList(handoff.from) || isList(handoff.to)
            case .needsRelaxed, .needsChanged, .priorityChanged, .profileChanged: true
            case .customerMet, .conversationOpened, .messageReceived, .messageSentElsewhere,
                .messageWritten, .announcementWritten, .messagesDelivered, .messagesRead,
                .messageReacted,
                .messageEdited, .messageDeleted, .channelEventKept, .conversationRead,
                .agentEntered, .agentConnected, .agentDisconnected, .presenceChanged,
                .capacityChanged, .configurationChanged, .offerMade, .offerEnded, .jobChanged,
                .epochBegan, .inputQuarantined:
                false
            }
        }
    }

    /// Whether agents take from any queue.
    private var hasLists: Bool { configuration.queues.contains { $0.handing == .pull } }

    private func isList(_ owner: Owner) -> Bool {
        guard case .queue(let id) = owner else { return false }
        return configuration.queue(id)?.handing == .pull
    }

    /// Tells the lists that changed. Called once a second.
    func tellTakeable() {
        guard listsChanged, runner.isOwner else { return }
        listsChanged = false
        guard hasLists else {
            for console in inOrder() where console.takeable != nil { tell([], to: console) }
            return
        }
        var asked: Set<AgentID> = []
        for console in inOrder() where console.phase == .live && console.isAgent {
            guard let person = console.person, asked.insert(person).inserted else { continue }
            runner.submit(.view(person, isSupervisor: false), from: .command) {
                [weak self] answer in
                guard let self else { return }
                guard case .view(let view) = answer else { return self.listsChanged = true }
                for console in self.inOrder() where console.person == person {
                    self.tell(view.takeable, to: console)
                }
            }
        }
    }

    /// Tells one console its list, unless it has it already.
    func tell(_ takeable: [Conversation], to console: ConsoleSocket) {
        guard console.phase == .live, console.isAgent else { return }
        let frame = ConsoleNotice.takeable(takeable)
        guard frame != console.takeable, !(takeable.isEmpty && console.takeable == nil) else {
            return
        }
        console.takeable = frame
        send(frame, to: console)
    }
}
