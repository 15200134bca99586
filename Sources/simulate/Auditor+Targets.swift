import Desk
import Engine

/// What is promised to customers, counted by adding up open time from commit to commit.
extension Auditor {
    // MARK: Queues

    /// What an accepted input says of when queues are open.
    func noteQueues(_ input: Input, at: Instant) {
        switch input {
        case .hoursComputed(let all, _):
            for hours in all { ledger.door(hours.queue) { $0.periods = hours.periods } }
        case .queueClosed(let queue, let until, _):
            ledger.door(queue) { $0.order = (false, until) }
        case .queueOpened(let queue, let until, _):
            ledger.door(queue) { door in
                door.order = nil
                if until != nil || !door.shouldBeOpen(at: at) {
                    let opening = (door.periods ?? []).map(\.from).filter { at < $0 }.min()
                    door.order = (true, until ?? opening)
                }
            }
        case .configurationSet(let wanted, _, _, _):
            for queue in wanted.queues where queue.hours != nil || ledger.doors[queue.id] != nil {
                ledger.door(queue.id) { $0.periods = queue.hours == nil ? nil : $0.periods ?? [] }
            }
        default: break
        }
    }

    func turned(_ queue: QueueID, isOpen: Bool, by person: AgentID?, at: Instant) {
        let door = ledger.doors[queue]
        let isChange = isOpen == ledger.closed.contains(queue) || person != nil
        require(
            isChange && (door?.may(be: isOpen, until: at) ?? false), .queueTurnsForReason,
            "queue \(queue.number) turns and nothing says so")
        ledger.doors[queue]?.hasTurned = true
        guard isOpen == ledger.closed.contains(queue) else { return }
        if isOpen {
            ledger.closed.remove(queue)
        } else {
            ledger.closed.insert(queue)
            guard ledger.queue(queue)?.overflow?.whenClosed == true else { return }
            for (id, known) in ledger.conversations
            where known.owner == .queue(queue) && !known.staysInQueue { leaving[id] = queue }
        }
    }

    /// Every queue is open when it should be, by the next commit at a later moment.
    func checkQueues(of commit: Commit) {
        for (id, queue) in leaving.sorted(by: { $0.key < $1.key }) {
            require(
                ledger.conversations[id]?.owner != .queue(queue), .closedOverflows,
                "conversation \(id.number) still waits in queue \(queue.number), which closed")
        }
        leaving = [:]
        for queue in ledger.doors.keys.sorted() {
            guard let door = ledger.doors[queue] else { continue }
            let isRight = door.shouldBeOpen(at: commit.at) != ledger.closed.contains(queue)
            if isRight, door.hasTurned {
                ledger.doors[queue]?.seen = commit.at
                ledger.doors[queue]?.hasTurned = false
            }
            let since = isDue(isRight, .queue(queue), commit)
            require(
                since == nil, .queueTurnsInTime,
                "queue \(queue.number) should have turned by \(since?.milliseconds ?? 0)")
        }
    }

    /// Since when something is due that is not right; `nil`: it is, or only now it is not.
    private func isDue(_ isRight: Bool, _ what: Awaited, _ commit: Commit) -> Instant? {
        guard !isRight else {
            awaited[what] = nil
            return nil
        }
        guard let known = awaited[what], known.epoch == commit.epoch else {
            awaited[what] = Overdue(epoch: commit.epoch, step: commit.at, seen: commit.at)
            return nil
        }
        return known.seen == commit.at ? nil : known.seen
    }

    // MARK: Targets

    /// Counts what passed since the commit before, by what was known of queues then.
    func countOpenTime(to at: Instant) {
        for (id, conversation) in ledger.conversations
        where conversation.promise != nil || conversation.silence != nil {
            let passed = ledger.openTime(of: conversation.queue, from: ledger.countedAt, to: at)
            ledger.conversations[id]?.promise?.elapsed += passed
            if let silence = conversation.silence {
                ledger.conversations[id]?.silence = silence + passed
            }
        }
        for (queue, pace) in ledger.paces {
            guard let waited = pace.waited else { continue }
            let passed = ledger.openTime(of: queue, from: ledger.countedAt, to: at)
            ledger.paces[queue]?.waited = waited + passed
        }
        ledger.countedAt = at
    }

    /// What begins and ends with the owner.
    func followPromise(
        _ handoff: Handoff, _ conversation: inout Ledger.Conversation
    ) {
        switch (handoff.from, handoff.to) {
        case (.nobody, .queue), (.bot, .queue):
            conversation.promise = ledger.promise(.firstResponse, to: conversation)
        case (_, .agent) where conversation.promise == nil && conversation.unread > 0:
            conversation.promise = ledger.promise(.reply, to: conversation)
        case (_, .nobody), (_, .bot): conversation.promise = nil
        default: break
        }
    }

    func received(in id: ConversationID) {
        guard var conversation = ledger.conversations[id] else { return }
        conversation.unread += 1
        if conversation.promise == nil, conversation.owner.agent != nil {
            conversation.promise = ledger.promise(.reply, to: conversation)
        }
        ledger.conversations[id] = conversation
    }

    func applyTarget(_ event: Event) {
        switch event {
        case .targetWarned(let id, let kind, _, let calls):
            let promise = ledger.conversations[id]?.promise
            require(
                promise.map {
                    $0.kind == kind && $0.stage == .running && $0.lead > 0 && $0.isOverdue
                } ?? false, .warnedForReason, "conversation \(id.number) is warned of for nothing")
            ledger.conversations[id]?.promise?.stage = .warned
            escalate(id, calls) { $0.onWarning }
        case .targetBreached(let id, let kind, let calls):
            let promise = ledger.conversations[id]?.promise
            require(
                promise.map {
                    $0.kind == kind && $0.stage != .breached && $0.elapsed >= $0.allowed
                } ?? false, .brokenForReason,
                "a promise to conversation \(id.number) is said to be broken")
            ledger.conversations[id]?.promise?.stage = .breached
            // One that is found broken by the reply is answered already.
            if case .agentReplied? = inputOfRecord { return }
            escalate(id, calls) { $0.onBreach }
        case .targetMet(let id, let kind, let isLate):
            let promise = ledger.conversations[id]?.promise
            require(
                promise.map {
                    $0.kind == kind
                        && isLate == ($0.stage == .breached || $0.elapsed >= $0.allowed)
                } ?? false,
                .keptAsItWas, "a promise to conversation \(id.number) is said to be kept")
            ledger.conversations[id]?.promise = nil
        default: break
        }
    }

    /// What a queue says is to be done follows in the same commit.
    private func escalate(
        _ id: ConversationID, _ calls: Bool, _ which: (ServiceTarget) -> Escalation?
    ) {
        guard let conversation = ledger.conversations[id] else { return }
        let wanted = ledger.target(of: conversation).flatMap(which)
        require(
            calls == (wanted?.callsSupervisor ?? false), .escalates,
            "whether supervisors are called to conversation \(id.number) is not as its queue says")
        let priority = conversation.priority ?? ledger.queue(conversation.queue)?.priority ?? 0
        if let raised = wanted?.priority, raised > priority { escalations[id] = raised }
        expectMove(of: id, wanted)
    }

    /// By the end of a commit what was promised is done, or only now due.
    func checkPromises(of commit: Commit) {
        for id in escalations.keys.sorted() {
            violated(.escalates, "conversation \(id.number) is not raised as its queue says")
        }
        escalations = [:]
        for id in ledger.conversations.keys.sorted() {
            let promise = ledger.conversations[id]?.promise
            let since = isDue(promise?.isOverdue != true, .promise(id), commit)
            require(
                since == nil, .targetStepsInTime,
                "a promise to conversation \(id.number) went on by \(since?.milliseconds ?? 0)")
        }
        for row in commit.changes.conversations {
            let promise = ledger.conversations[row.id]?.promise
            let target = database.conversations[row.id]?.routing.target
            require(
                target?.kind == promise?.kind && target?.stage == promise?.stage,
                .targetRowIsTrue, "what is promised to conversation \(row.id.number) differs")
        }
    }

    /// Who fell silent is given up by the next commit at a later moment.
    func checkSilences(of commit: Commit) {
        for id in ledger.conversations.keys.sorted() {
            guard let conversation = ledger.conversations[id] else { continue }
            let since = isDue(!ledger.hasGone(conversation), .silence(id), commit)
            require(
                since == nil, .goneAreGivenUp,
                "conversation \(id.number) should have been given up by "
                    + "\(since?.milliseconds ?? 0)")
        }
    }

    // MARK: Offers that are let pass

    func letPass(_ agent: AgentID) {
        ledger.agents[agent]?.missedOffers += 1
        guard let known = ledger.agents[agent], known.presence == .available,
            known.missedOffers >= ledger.configuration.missedOffers
        else { return }
        ledger.agents[agent]?.missedOffers = 0
        missing.insert(agent)
    }

    func checkMissing() {
        for agent in missing.sorted() {
            violated(.whoLetsPassIsAway, "agent \(agent.number) lets offers pass and is not away")
        }
        missing = []
    }
}

/// What something is due for.
enum Awaited: Hashable {
    case queue(QueueID)
    case promise(ConversationID)
    case silence(ConversationID)
}
