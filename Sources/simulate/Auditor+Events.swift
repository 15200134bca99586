import Desk
import Engine

/// What each event must obey.
extension Auditor {
    func apply(_ record: EventRecord, byPerson: Bool) {
        switch record.event {
        case .conversationOpened(let id, let customer, let queue):
            let isKnown = ledger.conversations.values.contains { $0.customer == customer }
            require(!isKnown, .oneConversationEach, "a customer has two conversations")
            let thread = ledger.threads.first { $0.value == customer }?.key
            let origin = thread.map(Messenger.origin) ?? Origin()
            ledger.conversations[id] = Ledger.Conversation(
                customer: customer, origin: origin, queue: queue)
        case .ownerChanged(let handoff):
            change(handoff, record)
        case .agentEntered(let agent, let capacity):
            ledger.agents[agent] = Ledger.Agent(capacity: capacity, idleSince: record.at)
        case .agentConnected(let agent):
            ledger.agents[agent]?.isConnected = true
            ledger.agents[agent]?.deadline = nil
        case .agentDisconnected(let agent, let deadline):
            ledger.agents[agent]?.isConnected = false
            ledger.agents[agent]?.deadline = deadline
        case .presenceChanged, .wrapUpChanged, .shiftEndChanged, .shiftEnded:
            applyAttendance(record)
        case .capacityChanged(let agent, let capacity, _):
            ledger.agents[agent]?.capacity = capacity
        case .epochBegan:
            for agent in ledger.agents.keys { ledger.agents[agent]?.isConnected = false }
        case .messageWritten(let conversation, let message, let agent, let job):
            let owner = ledger.conversations[conversation]?.owner
            require(owner == .agent(agent), .onlyOwnerWrites, "who is not the owner wrote")
            ledger.jobs[job] = Ledger.Job(
                conversation: conversation, message: message, agent: agent)
            ledger.lines[conversation, default: []].append(job)
            ledger.conversations[conversation]?.silence = nil
        case .announcementWritten(let conversation, let message, let job, let announcement):
            ledger.jobs[job] = Ledger.Job(conversation: conversation, message: message, agent: nil)
            ledger.lines[conversation, default: []].append(job)
            announced(announcement, to: conversation, record)
        case .jobChanged(let job, _, _, let state, let attempts):
            change(job, to: state, attempts, byPerson)
        case .customerMet(let customer, let thread):
            require(
                ledger.threads[thread] == nil, .customerMetOnce,
                "somebody who is known is met as a new customer")
            ledger.threads[thread] = customer
        case .messageReceived(let id, _, _, let writtenAt):
            let former = ledger.conversations[id]?.wroteAt ?? writtenAt
            ledger.conversations[id]?.wroteAt = max(former, writtenAt)
            if ledger.conversations[id]?.silence != nil { ledger.conversations[id]?.silence = 0 }
            received(in: id)
        case .conversationRead(let id, _): ledger.conversations[id]?.unread = 0
        case .messageSentElsewhere, .messagesDelivered, .messagesRead,
            .messageReacted, .messageEdited, .messageDeleted, .channelEventKept,
            .queueHoursSet, .inputQuarantined:
            break
        case .queueTurned(let queue, let isOpen, _, by: let person):
            turned(queue, isOpen: isOpen, by: person, at: record.at)
        case .targetWarned, .targetBreached, .targetMet: applyTarget(record.event)
        case .profileChanged, .configurationChanged, .needsChanged:
            applySetting(record, inputOfRecord)
        case .offerMade(let id, let offer, let choice): made(offer, of: id, choice, record)
        case .offerEnded(let id, let agent, let end): ended(id, agent, end, record)
        case .needsRelaxed(let id, let steps): relaxed(id, to: steps, record)
        case .priorityChanged(let id, let priority, by: _):
            ledger.conversations[id]?.priority = priority
            escalations[id] = nil
        }
    }

    // MARK: Owners

    private func change(_ handoff: Handoff, _ record: EventRecord) {
        let id = handoff.conversation
        guard let former = ledger.conversations[id] else {
            return violated(
                .handoffChain, "a handoff of conversation \(id.number), which was never opened")
        }
        require(
            handoff.from == former.owner && handoff.number == former.handoffs + 1, .handoffChain,
            "the handoffs of conversation \(id.number) have a gap at \(handoff.number)")
        require(handoff.from != handoff.to, .handoffChain, "a handoff to the owner")
        if handoff.from.agent != nil { leftIn[id] = former.queue }
        if case .agent(let agent) = handoff.to { checkAssignment(handoff, to: agent, record) }
        checkEntry(handoff, former, at: record.at)
        // Whatever brings it back later in the same commit, it has left the queue that closed.
        if let closed = leaving[id], handoff.from == .queue(closed) { leaving[id] = nil }
        if case .queue(let queue) = handoff.to { checkLimit(of: queue, handoff) }
        var conversation = former
        conversation.handoffs = handoff.number
        conversation.history.append((record.number, handoff.to))
        enter(handoff, &conversation, at: record.at)
        followPromise(handoff, &conversation)
        ledger.conversations[id] = conversation
        ledger.notePace(handoff, waitingSince: conversation.waitingSince, at: record.at)
    }

    /// What changes with the owner.
    private func enter(
        _ handoff: Handoff, _ conversation: inout Ledger.Conversation, at: Instant
    ) {
        let former = conversation
        conversation.owner = handoff.to
        let isNew = handoff.from == .nobody || handoff.from == .bot
        switch handoff.to {
        case .queue(let queue):
            if conversation.queue != queue { conversation.relaxed = 0 }
            if isNew || (conversation.silence == nil && !ledger.endsSilence(former.queue)) {
                conversation.silence = ledger.endsSilence(queue) ? 0 : nil
            }
            conversation.queue = queue
            if let sender = handoff.from.agent, isPassedOn(handoff) {
                conversation.declined.insert(sender)
            }
            if handoff.reason == .overflowed || handoff.reason == .escalated {
                conversation.staysInQueue = true
            }
            guard isNew else { return }
            conversation.waitingSince = at
            conversation.declined = []
            conversation.staysInQueue = false
            let kept = ledger.queue(queue)?.stickiness ?? 0
            guard kept > 0, let last = conversation.lastAgent else { return }
            conversation.reservation = Reservation(
                agent: last, until: at.adding(milliseconds: kept))
        case .agent(let agent):
            let kept = ledger.queue(conversation.queue)?.stickiness ?? 0
            conversation.reservation = nil
            conversation.relaxed = 0
            conversation.staysInQueue = false
            conversation.lastAgent = kept > 0 ? agent : nil
        case .nobody, .bot:
            if handoff.reason == .abandoned { checkGivenUp(former, handoff) }
            conversation.reservation = nil
            conversation.relaxed = 0
        }
    }

    /// Whether a person wanted somebody else to have it, and not only that this agent must not.
    func isPassedOn(_ handoff: Handoff) -> Bool {
        if handoff.reason == .transferred { return true }
        let isMove = handoff.reason == .moved || handoff.reason == .movedOverLimit
        guard isMove, case .conversationMoved? = inputOfRecord else { return false }
        return true
    }

    // MARK: After each commit

    /// Who is gone owns nothing once their stored deadline has passed.
    func checkGone(at: Instant) {
        for id in ledger.agents.keys.sorted() {
            guard let agent = ledger.agents[id], !agent.isConnected, ledger.load(of: id) > 0 else {
                continue
            }
            let isDue = agent.deadline.map { $0 <= at } ?? true
            require(
                agent.presence != .offline && !isDue, .goneOwnsNothing,
                "agent \(id.number) is gone and owns")
        }
    }

    /// The rows say what the events say.
    func checkRows(of commit: Commit, _ records: ArraySlice<EventRecord>) {
        var touched = Set(commit.changes.conversations.map(\.id))
        for record in records {
            guard case .ownerChanged(let handoff) = record.event else { continue }
            touched.insert(handoff.conversation)
            let row = database.handoffs[handoff.conversation]?.last {
                $0.number <= handoff.number
            }
            require(
                row?.number == handoff.number && row?.from == handoff.from && row?.to == handoff.to,
                .handoffHasRow,
                "handoff \(handoff.number) of \(handoff.conversation.number) has no row")
        }
        for id in touched.sorted() {
            guard let row = database.conversations[id], let known = ledger.conversations[id] else {
                violated(.oneOwner, "conversation \(id.number) has no row or no event")
                continue
            }
            require(
                row.owner == known.owner && row.handoffs == known.handoffs, .oneOwner,
                "conversation \(id.number) has two owners: \(row.owner) and \(known.owner)")
            require(
                row.origin == known.origin, .originRowIsTrue,
                "the row of conversation \(id.number) says that it comes by \(row.origin)")
            require(
                row.routing.offer == known.offer, .offerRowIsTrue,
                "the offer of conversation \(id.number) is not the one on record")
            require(
                row.waitingSince == known.waitingSince || known.handoffs == 0, .waitingClockKept,
                "the waiting clock of conversation \(id.number) was set anew")
        }
    }

    // MARK: Feeds

    /// The agents whom an event concerns whatever else the desk decides.
    func whoMustSee(_ event: Event) -> [AgentID] {
        switch event {
        case .ownerChanged(let handoff):
            [handoff.from.agent, handoff.to.agent].compactMap { $0 }
        case .messageReceived(let id, _, _, _), .messageSentElsewhere(let id, _, _),
            .messagesDelivered(let id, _), .messagesRead(let id, _), .messageReacted(let id, _, _),
            .messageEdited(let id, _), .messageDeleted(let id, _), .channelEventKept(.some(let id)):
            [ledger.conversations[id]?.owner.agent].compactMap { $0 }
        case .messageWritten(_, _, let agent, _), .conversationRead(_, let agent),
            .agentEntered(let agent, _), .agentConnected(let agent),
            .agentDisconnected(let agent, _), .presenceChanged(let agent, _, _, by: nil),
            .wrapUpChanged(let agent, _), .shiftEndChanged(let agent, _, by: nil),
            .shiftEnded(let agent):
            [agent]
        case .capacityChanged(let agent, _, by: let supervisor),
            .presenceChanged(let agent, _, _, by: .some(let supervisor)),
            .shiftEndChanged(let agent, _, by: .some(let supervisor)),
            .profileChanged(let agent, by: let supervisor):
            [agent, supervisor]
        case .configurationChanged(by: let supervisor),
            .queueTurned(_, isOpen: _, until: _, by: .some(let supervisor)):
            [supervisor]
        case .offerMade(let id, let offer, _):
            [offer.agent, ledger.conversations[id]?.owner.agent].compactMap { $0 }
        case .offerEnded(let id, let agent, _):
            [agent, ledger.conversations[id]?.owner.agent].compactMap { $0 }
        case .targetWarned(let id, _, _, _), .targetBreached(let id, _, _),
            .targetMet(let id, _, _),
            .priorityChanged(let id, _, by: nil):
            [ledger.conversations[id]?.owner.agent].compactMap { $0 }
        case .needsChanged(let id, by: let supervisor),
            .priorityChanged(let id, _, by: .some(let supervisor)):
            [supervisor, ledger.conversations[id]?.owner.agent].compactMap { $0 }
        case .jobChanged(let job, let id, _, _, _):
            [ledger.jobs[job]?.agent, ledger.conversations[id]?.owner.agent].compactMap { $0 }
        case .customerMet, .conversationOpened, .channelEventKept(nil), .needsRelaxed,
            .queueTurned(_, isOpen: _, until: _, by: nil), .queueHoursSet, .announcementWritten,
            .epochBegan,
            .inputQuarantined:
            []
        }
    }

    func connected(_ console: Console, isFresh: Bool) {
        if isFresh { seen[console.index] = nil }
        tally.add(isFresh ? "consoles fresh" : "consoles resumed")
    }

    /// The first event of a console's feed between two numbers, both excluded.
    func missed(by console: Console, between low: Int64, and high: Int64) -> EventRecord? {
        guard low >= 0, low + 1 < high, high <= Int64(database.events.count) + 1 else { return nil }
        return database.events[Int(low)..<Int(high - 1)].first {
            console.isSupervisor || $0.audience.contains(console.person)
        }
    }

    func saw(_ view: View, _ console: Console) {
        require(
            view.number <= ledger.last, .snapshotIsCommitted,
            "a snapshot shows what is not committed")
        seen[console.index] = view.number
        let expected =
            console.isSupervisor
            ? ledger.open(at: view.number) : ledger.holdings(of: console.person, at: view.number)
        require(
            view.conversations.map(\.id) == expected, .snapshotIsTheState,
            "the snapshot of console \(console.index) is not the state at \(view.number)")
    }

    /// A node begins to give out what it knows to be committed: unless more is by now, the rows are what
    /// it shows.
    func shows(_ committed: CommittedState, after commits: Int?) {
        guard commits == database.commits else { return }
        let other = database.reread.conversations.first { committed.conversation($0.id) != $0 }
        require(
            other == nil, .shownIsCommitted,
            "conversation \(other?.id.number ?? 0) is not shown as its row is")
    }

    /// A node sent a conversation beside an event.
    func left(_ shown: Conversation) {
        let isCommitted = database.handoffs[shown.id, default: []].contains {
            $0.number == shown.handoffs && $0.to == shown.owner
        }
        require(
            isCommitted, .shownIsCommitted,
            "conversation \(shown.id.number) was shown after handoff \(shown.handoffs), "
                + "which is not committed")
    }

    func saw(_ record: EventRecord, previous: Int64, _ console: Console) {
        let place = Int(record.number) - 1
        let isCommitted =
            database.events.indices.contains(place) && database.events[place] == record
        require(
            isCommitted, .pushIsCommitted, "event \(record.number) was pushed and is not committed")
        let last = seen[console.index]
        require(
            previous == last && record.number > previous, .feedInOrder,
            "console \(console.index) saw \(last ?? 0), then \(record.number) after \(previous)")
        require(
            console.isSupervisor || record.audience.contains(console.person), .feedIsTheirOwn,
            "console \(console.index) saw an event of another feed")
        if let last, let gap = missed(by: console, between: last, and: record.number) {
            violated(
                .feedWithoutGap, "console \(console.index) was never given event \(gap.number)")
        }
        seen[console.index] = record.number
    }
}

extension Owner {
    var agent: AgentID? { if case .agent(let id) = self { id } else { nil } }
}
