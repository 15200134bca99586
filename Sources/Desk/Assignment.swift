/// Somebody who waits and the agent whose turn it is.
struct Match {
    let conversation: Conversation
    let agent: Agent
    let line: Int
    /// The rank of the conversation among all that wait.
    let rank: Instant
    /// How many of the line come before it, and are for nobody who has room.
    let ahead: Int
}

extension Desk {
    /// Gives or offers waiting conversations to agents until nobody who may be given work fits
    /// anybody who waits (promises P3 and P4): always the highest-ranked who can be served, to the
    /// agent whose turn it is. What is more than ``Limits/eventsAtOnce`` is due at once.
    mutating func assignWaiting(_ minutes: inout Minutes) {
        while let match = nextMatch() {
            guard minutes.records.count < Limits.eventsAtOnce else {
                return deadlines.set(.unmatched, rank: minutes.at)
            }
            give(match, &minutes)
        }
        deadlines.set(.unmatched, rank: nil)
    }

    /// Says that matching is due, where it is: of a state that was read back between two parts of it.
    mutating func watchUnmatched() {
        if nextMatch() != nil { deadlines.set(.unmatched, rank: Instant(milliseconds: 0)) }
    }

    private mutating func nextMatch() -> Match? {
        var best: Match?
        for line in waitingLines.unsettled.sorted() {
            guard let match = match(in: line) else {
                waitingLines.settle(line)
                continue
            }
            if let former = best,
                (former.rank, former.conversation.id)
                    < (match.rank, match.conversation.id)
            {
                continue
            }
            best = match
        }
        return best
    }

    /// The first in this line whom somebody may take, with the first who may.
    private func match(in line: Int) -> Match? {
        let all = waitingLines[line]
        guard !all.isPulled, !all.ready.isEmpty, isOpen(all.name.queue) else { return nil }
        var found: Match?
        var ahead = 0
        _ = all.waiting.first { entry in
            guard let conversation = conversations[entry.member] else { return false }
            let turn = all.ready.first { candidate in
                hindrance(to: conversation, at: entry.rank, for: candidate.member, in: all) == nil
            }
            guard let turn, let agent = agents[turn.member] else {
                ahead += 1
                return false
            }
            found = Match(
                conversation: conversation, agent: agent, line: line, rank: entry.rank,
                ahead: ahead)
            return true
        }
        return found
    }

    /// Why a conversation of this rank is not for this agent, who fits its line.
    private func hindrance(
        to conversation: Conversation, at rank: Instant, for agent: AgentID, in line: WaitingLine
    ) -> Hindrance? {
        if let own = hindrance(to: conversation, for: agent, in: line) { return own }
        let entry = RankedQueue<ConversationID, Instant>.Entry(
            rank: rank, member: conversation.id)
        return isReserved(agent, before: entry) ? .roomIsReserved : nil
    }

    /// Why a conversation is not for this agent, who fits its line: apart from who else waits.
    func hindrance(
        to conversation: Conversation, for agent: AgentID, in line: WaitingLine
    ) -> Hindrance? {
        let barred = waitingLines.barredAgents[conversation.customer] ?? []
        let routing = conversation.routing
        if barred.contains(agent) { return .barred }
        if let kept = routing.reservation?.agent, kept != agent, line.onDuty.contains(kept),
            !barred.contains(kept)
        {
            return .reservedForAnother(kept)
        }
        if routing.declined.contains(agent), somebodyElse(routing.declined, barred, in: line) {
            return .declined
        }
        return nil
    }

    /// Whether anybody is on duty in this line who has neither declined nor is barred.
    private func somebodyElse(
        _ declined: [AgentID], _ barred: [AgentID], in line: WaitingLine
    ) -> Bool {
        let ruledOut =
            declined.count { line.onDuty.contains($0) }
            + barred.count { line.onDuty.contains($0) && !declined.contains($0) }
        return line.onDuty.count > ruledOut
    }

    /// Whether the agent's room is kept for somebody who waits longer and needs more of it
    /// (``HeavyWork/reservesRoom``).
    func isReserved(
        _ agent: AgentID, before entry: RankedQueue<ConversationID, Instant>.Entry
    ) -> Bool {
        switch configuration.heavyWork {
        case .isPassed: return false
        case .reservesRoom: break
        }
        for line in waitingLines.linesOf[agent] ?? [] {
            let all = waitingLines[line]
            guard !all.isPulled, all.ready.rank(of: agent) == nil, isOpen(all.name.queue) else {
                continue
            }
            // What needs more than they have in all will never be theirs.
            guard all.able.contains(agent) else { continue }
            let heavier = all.waiting.first { waiting in
                guard waiting < entry, let conversation = conversations[waiting.member] else {
                    return true
                }
                return hindrance(to: conversation, for: agent, in: all) == nil
            }
            if let heavier, heavier < entry { return true }
        }
        return false
    }

    /// Gives a conversation to the agent, or offers it, as its queue says.
    private mutating func give(_ match: Match, _ minutes: inout Minutes) {
        let choice = choice(of: match)
        var agent = match.agent
        agent.idleSince = minutes.at
        keepTurn(of: agent)
        switch configuration.queue(match.conversation.queue)?.handing {
        case .offer(let timeout):
            offer(match.conversation, to: agent.id, for: timeout, choice, &minutes)
        case .push, .pull, nil:
            pass(match.conversation, to: .agent(agent.id), .assigned, choice: choice, &minutes)
        }
    }

    /// What is kept of a choice: who was passed over before the chosen one's turn, and who was next
    /// behind it. Looks only at those up to the runner-up.
    private func choice(of match: Match) -> Choice {
        let line = waitingLines[match.line]
        var hasTurnCome = false
        var passedOver: [Choice.PassedOver] = []
        var passedOverCount = 0
        let runnerUp = line.ready.first { candidate in
            guard candidate.member != match.agent.id else {
                hasTurnCome = true
                return false
            }
            let isRecorded = hasTurnCome || passedOver.count < Limits.passedOver
            let hindrance =
                isRecorded
                ? hindrance(
                    to: match.conversation, at: match.rank, for: candidate.member, in: line) : nil
            if hasTurnCome { return hindrance == nil }
            passedOverCount += 1
            if let hindrance {
                passedOver.append(
                    Choice.PassedOver(agent: candidate.member, hindrance: hindrance))
            }
            return false
        }
        return Choice(
            version: configuration.version, waiting: line.waiting.count,
            onDuty: line.onDuty.count, ready: line.ready.count,
            relaxed: match.conversation.routing.relaxed, runnerUp: runnerUp?.member,
            order: configuration.orderOfTurns,
            others: Choice.Others(
                unfit: waitingLines.onDutyCount - line.onDuty.count, ahead: match.ahead,
                passedOverCount: passedOverCount, passedOver: passedOver))
    }

    // MARK: The owner

    /// Changes the owner of a conversation: the one place where a handoff is recorded (promise P6).
    /// An offer that stood is withdrawn.
    ///
    /// The waiting clock starts when a conversation comes into the queue from nobody or the bot, and
    /// survives everything else (promise P13).
    mutating func pass(
        _ conversation: Conversation, to owner: Owner, _ reason: HandoffReason,
        by person: AgentID? = nil, choice: Choice? = nil, _ minutes: inout Minutes
    ) {
        var conversation = conversation
        let former = conversation.owner
        endOffer(of: &conversation, reason == .offerAccepted ? .accepted : .withdrawn, &minutes)
        conversation.handoffs += 1
        conversation.owner = owner
        enter(owner, from: former, &conversation, minutes.at)
        noteAnnounced(owner, &conversation, minutes.at)
        put(conversation)
        notePace(conversation, from: former, to: owner, at: minutes.at)
        let handoff = Handoff(
            conversation: conversation.id, number: conversation.handoffs, from: former, to: owner,
            reason: reason, by: person, choice: choice)
        note(.ownerChanged(handoff), to: former.agent, owner.agent, in: &minutes)
    }

    /// What changes with the owner in what decides about the next one.
    private func enter(
        _ owner: Owner, from former: Owner, _ conversation: inout Conversation, _ at: Instant
    ) {
        enterTarget(owner, from: former, &conversation, at)
        let stickiness = configuration.queue(conversation.queue)?.stickiness ?? 0
        switch (former, owner) {
        case (.nobody, .queue), (.bot, .queue):
            conversation.waitingSince = at
            conversation.routing.declined = []
            conversation.routing.staysInQueue = false
            beginSilence(of: &conversation, at)
            if stickiness > 0, let last = conversation.routing.lastAgent {
                let until = at.adding(milliseconds: stickiness)
                conversation.routing.reservation = Reservation(agent: last, until: until)
            }
        case (_, .agent(let agent)):
            conversation.routing.reservation = nil
            conversation.routing.relaxed = 0
            conversation.routing.staysInQueue = false
            conversation.routing.lastAgent = stickiness > 0 ? agent : nil
        case (_, .nobody), (_, .bot):
            conversation.routing.reservation = nil
            conversation.routing.relaxed = 0
        case (.queue, .queue), (.agent, .queue):
            break
        }
    }

    /// What changes with the owner in what is promised: the first response is, when the waiting clock
    /// starts; a reply, when an agent gets what nobody has answered; nothing any more to whom nobody
    /// or the bot is to answer. Every other handoff keeps it.
    private func enterTarget(
        _ owner: Owner, from former: Owner, _ conversation: inout Conversation, _ at: Instant
    ) {
        switch (former, owner) {
        case (.nobody, .queue), (.bot, .queue):
            conversation.routing.target = beginning(.firstResponse, for: conversation, at: at)
        case (_, .agent):
            guard conversation.routing.target == nil, conversation.unread > 0 else { return }
            conversation.routing.target = beginning(.reply, for: conversation, at: at)
        case (_, .nobody), (_, .bot):
            conversation.routing.target = nil
        case (.queue, .queue), (.agent, .queue):
            break
        }
    }

    /// Returns all that an agent owns to the queue, ascending by id, and takes back what is offered
    /// to them.
    mutating func returnAll(of agent: AgentID, _ reason: HandoffReason, _ minutes: inout Minutes) {
        withdrawOffers(to: agent, &minutes)
        for id in owned[agent] ?? [] {
            guard let conversation = conversations[id] else { continue }
            pass(conversation, to: .queue(conversation.queue), reason, &minutes)
            relax(id, &minutes)
        }
    }
}
