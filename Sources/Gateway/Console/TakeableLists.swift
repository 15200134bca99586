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
            case .needsRelaxed, .needsChanged, .priorityChanged, .profileChanged, .queueTurned: true
            case .customerMet, .conversationOpened, .messageReceived, .messageSentElsewhere,
                .messageWritten, .announcementWritten, .messagesDelivered, .messagesRead,
                .messageReacted,
                .messageEdited, .messageDeleted, .channelEventKept, .conversationRead,
                .agentEntered, .agentConnected, .agentDisconnected, .presenceChanged,
                .wrapUpChanged, .shiftEndChanged, .shiftEnded,
                .capacityChanged, .configurationChanged, .offerMade, .offerEnded, .jobChanged,
                .queueHoursSet, .targetWarned, .targetBreached, .targetMet, .epochBegan,
                .inputQuarantined:
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

    /// Tells the lists that changed. Called once a second; of very many agents some each time, in
    /// turns, so that what it costs the desk does not grow with them.
    func tellTakeable() {
        guard runner.isOwner else { return }
        if listsChanged {
            listsChanged = false
            expectLists()
        }
        let turn = untoldLists.prefix(ConsoleLimits.listsAtOnce)
        guard !turn.isEmpty else { return }
        untoldLists.removeFirst(turn.count)
        let asked = Set(turn)
        let consoles = Dictionary(
            grouping: agentConsoles.filter { asked.contains($0.person) }, by: \.person)
        for person in turn {
            guard let theirs = consoles[person] else { continue }
            runner.submit(.view(person, isSupervisor: false), from: .command) {
                [weak self] answer in
                guard let self else { return }
                guard case .view(let view) = answer else { return self.listsChanged = true }
                for (_, console) in theirs { self.tell(view.takeable, to: console) }
            }
        }
    }

    /// Puts everybody into the line of those who are told; who stands there already keeps their place.
    private func expectLists() {
        guard hasLists else {
            untoldLists = []
            for console in inOrder() where console.takeable != nil { tell([], to: console) }
            return
        }
        var standing = Set(untoldLists)
        for (person, _) in agentConsoles where standing.insert(person).inserted {
            untoldLists.append(person)
        }
    }

    private var agentConsoles: [(person: AgentID, console: ConsoleSocket)] {
        inOrder().compactMap { console in
            guard console.phase == .live, console.isAgent, let person = console.person else {
                return nil
            }
            return (person, console)
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
