import Desk
import Engine

/// What routing must obey: who is given what, offers, and what a stored clock brings about.
extension Auditor {
    // MARK: Inputs

    /// What an accepted input says that none of its events does.
    func prepare(_ input: Input) {
        switch input {
        case .conversationMoved(let id, _, _, by: _):
            ledger.conversations[id]?.staysInQueue = true
        case .transferOrdered(_, let id, .queue(let queue)):
            // Whoever is passed around a closed queue stays where they came.
            guard ledger.closed.contains(queue), ledger.queue(queue)?.overflow?.whenClosed == true
            else { return }
            ledger.conversations[id]?.staysInQueue = true
        case .conversationAssigned, .configurationSet, .profileSet, .needsSet, .customerWrote,
            .channelReported, .channelEventKept, .backfillFinished, .agentConnected,
            .agentDisconnected, .agentConnections, .presenceSet, .capacitySet, .agentReplied,
            .resendOrdered, .conversationRead, .conversationClosed, .offerAccepted, .offerDeclined,
            .conversationTaken, .transferOrdered, .presenceOrdered, .wrapUpExtended, .shiftEndSet,
            .prioritySet,
            .queueClosed, .queueOpened, .hoursComputed, .sendingBegan,
            .sendingEnded, .epochBegan, .clockReached:
            break
        }
    }

    /// What was set is told by the input alone; the event says that it was.
    func applySetting(_ record: EventRecord, _ input: Input?) {
        switch (record.event, input) {
        case (.configurationChanged, .configurationSet(let configuration, _, _, by: _)):
            let former = ledger.configuration
            ledger.configuration = configuration
            ledger.configuration.version = record.number
            ledger.beginPaces(insteadOf: former)
            ledger.beginSilences(insteadOf: former)
        case (.profileChanged(let agent, _), .configurationSet(_, let profiles, _, by: _)):
            ledger.agents[agent]?.profile =
                profiles.first { $0.agent == agent }?.profile ?? Profile()
        case (.profileChanged(let agent, _), .profileSet(let wanted, let profile, by: _))
        where agent == wanted:
            ledger.agents[agent]?.profile = profile
        case (.needsChanged(let id, _), .needsSet(let wanted, let needs, let compartment, by: _))
        where id == wanted:
            ledger.conversations[id]?.needs = needs
            ledger.conversations[id]?.compartment = compartment
        default:
            violated(.settingHasOrder, "event \(record.number) follows from no order on record")
        }
    }

    // MARK: Offers

    func made(_ offer: Offer, of id: ConversationID, _ choice: Choice?, _ record: EventRecord) {
        guard let conversation = ledger.conversations[id] else {
            return violated(
                .offeredToOne, "conversation \(id.number) is offered and was never opened")
        }
        require(
            conversation.offer == nil, .offeredToOne,
            "conversation \(id.number) is offered to two agents at once")
        if offer.isTransfer {
            require(
                conversation.owner.agent != nil && conversation.owner != .agent(offer.agent),
                .passedOnByOwner,
                "conversation \(id.number) is passed on by nobody, or to its owner")
            checkRoom(of: offer.agent, for: id, conversation)
        } else {
            checkTurn(of: offer.agent, for: id, at: record.at)
            check(choice, of: offer.agent, for: id, conversation, at: record.at)
            ledger.agents[offer.agent]?.idleSince = record.at
        }
        ledger.conversations[id]?.offer = offer
        ledger.conversations[id]?.offers.append((record.number, offer.agent))
    }

    func ended(_ id: ConversationID, _ agent: AgentID, _ end: OfferEnd, _ record: EventRecord) {
        guard let offer = ledger.conversations[id]?.offer, offer.agent == agent else {
            return violated(
                .endedOfferStood, "an offer of conversation \(id.number) ends that did not stand")
        }
        switch end {
        case .accepted:
            require(
                record.at < offer.deadline, .offerAcceptedInTime,
                "the offer of conversation \(id.number) is accepted after its deadline")
            ledger.conversations[id]?.acceptedAt = record.number
            ledger.agents[agent]?.missedOffers = 0
        case .declined:
            ledger.conversations[id]?.declined.insert(agent)
        case .timedOut:
            require(
                offer.deadline <= record.at, .offerStandsItsTime,
                "the offer of conversation \(id.number) passed before its deadline")
            ledger.conversations[id]?.declined.insert(agent)
            letPass(agent)
        case .withdrawn: break
        }
        ledger.conversations[id]?.offer = nil
        ledger.conversations[id]?.offers.append((record.number, nil))
    }

    // MARK: Who is given what

    /// Somebody becomes the owner: each reason has its own rule.
    func checkAssignment(_ handoff: Handoff, to agent: AgentID, _ record: EventRecord) {
        let id = handoff.conversation
        guard let conversation = ledger.conversations[id] else { return }
        switch handoff.reason {
        case .assigned:
            checkTurn(of: agent, for: id, at: record.at)
            check(handoff.choice, of: agent, for: id, conversation, at: record.at)
            ledger.agents[agent]?.idleSince = record.at
        case .offerAccepted:
            require(
                conversation.acceptedAt == record.number - 1, .acceptedWasOffered,
                "conversation \(id.number) was not offered to whom it is given")
        case .taken:
            let isPulled = ledger.queue(conversation.queue)?.handing == .pull
            require(
                conversation.isWaiting && isPulled && !ledger.closed.contains(conversation.queue)
                    && ledger.fits(agent, conversation), .takenByWhoMay,
                "agent \(agent.number) took conversation \(id.number) and may not")
            checkRoom(of: agent, for: id, conversation)
        case .transferred, .assignedBySupervisor:
            require(
                isOrdered(handoff, conversation.owner), .givenByWhoMay,
                "conversation \(id.number) is taken from its owner and nobody who may said so")
            checkRoom(of: agent, for: id, conversation)
        case .assignedOverCapacity:
            let by = handoff.by ?? agent
            let order = Input.conversationAssigned(id, agent, overridesCapacity: true, by: by)
            require(
                inputOfRecord == order, .overrideWasOrdered,
                "agent \(agent.number) is given too much and no supervisor said so")
            checkPresence(of: agent, for: id, conversation)
        case .customerWrote, .disconnected, .wentOffline, .closed, .overflowed, .moved,
            .movedOverLimit, .escalated, .abandoned, .botAbsent:
            violated(
                .handoffToAgentHasReason,
                "conversation \(id.number) comes to an agent for \(handoff.reason)")
        }
    }

    /// Somebody's conversation comes into a queue: what a person puts there needs room, or an order
    /// that says so.
    func checkLimit(of queue: QueueID, _ handoff: Handoff) {
        let isFull = ledger.isFull(queue)
        switch handoff.reason {
        case .transferred, .moved:
            // What is taken back from who must not have it is put there by no person.
            guard isPassedOn(handoff) else { return }
            require(
                !isFull, .fullTakesNothing,
                "conversation \(handoff.conversation.number) is put into full queue \(queue.number)"
            )
        case .movedOverLimit:
            let by = handoff.by ?? .operator
            let order = Input.conversationMoved(
                handoff.conversation, queue, overridesLimit: true, by: by)
            require(
                isFull && inputOfRecord == order, .overLimitWasOrdered,
                "conversation \(handoff.conversation.number) is put beyond the limit of queue "
                    + "\(queue.number), which nobody said or which is not full")
        case .customerWrote, .assigned, .disconnected, .wentOffline, .closed, .offerAccepted,
            .taken, .overflowed, .assignedBySupervisor, .assignedOverCapacity, .abandoned,
            .escalated, .botAbsent:
            break
        }
    }

    /// Whether its owner, or a supervisor, gave the order by which it changes hands.
    private func isOrdered(_ handoff: Handoff, _ owner: Owner) -> Bool {
        switch inputOfRecord {
        case .transferOrdered(let sender, handoff.conversation, _):
            owner == .agent(sender) && handoff.by == sender
        case .conversationAssigned(handoff.conversation, _, _, let supervisor):
            handoff.by == supervisor
        default: false
        }
    }

    private func checkPresence(
        of agent: AgentID, for id: ConversationID, _ conversation: Ledger.Conversation
    ) {
        require(
            ledger.takesByHand(agent), .onlyWhoTakesWork,
            "agent \(agent.number) is given work and takes none")
        require(
            ledger.mayServe(agent, conversation), .nobodyWhoMustNot,
            "agent \(agent.number) must not serve conversation \(id.number)")
    }

    private func checkRoom(
        of agent: AgentID, for id: ConversationID, _ conversation: Ledger.Conversation
    ) {
        checkPresence(of: agent, for: id, conversation)
        require(
            ledger.hasRoom(agent, for: conversation), .room,
            "agent \(agent.number) has \(ledger.load(of: agent)) and is given more")
    }

    /// The desk gave or offered it: to whose turn it was, the first who could be served.
    private func checkTurn(of agent: AgentID, for id: ConversationID, at: Instant) {
        guard let conversation = ledger.conversations[id] else { return }
        require(conversation.isWaiting, .givenFromQueue, "conversation \(id.number) does not wait")
        require(
            !ledger.closed.contains(conversation.queue), .closedGivesNothing,
            "conversation \(id.number) is given from a closed queue")
        checkRoom(of: agent, for: id, conversation)
        let room = ledger.hasRoom(agent, for: conversation)
        require(
            !room || isOverdue(conversation, at: at) || ledger.isFree(conversation, for: agent),
            .onlyWhomItIsFor, "conversation \(id.number) is not for agent \(agent.number)")
        require(
            !room || isUnclear(conversation, at: at) || !ledger.isFree(conversation, for: agent)
                || ledger.isDue(id, to: agent),
            .roomIsKept,
            "conversation \(id.number) takes room of agent \(agent.number) that is kept")
        if let next = ledger.nextAgent(for: id) {
            require(
                next == agent || isOverdue(conversation, at: at), .turnOfAgents,
                "conversation \(id.number) goes to \(agent.number), it was \(next.number)'s turn")
        }
        let first = ledger.waiting.first { other in
            guard let waiting = ledger.conversations[other] else { return false }
            return !isOverdue(waiting, at: at) && ledger.nextAgent(for: other) != nil
        }
        guard let first, ledger.rank(of: first) < ledger.rank(of: id) else { return }
        violated(.rankOrder, "conversation \(id.number) is given before \(first.number)")
    }

    /// That a conversation is no longer kept for somebody is no event: the clock goes before
    /// everything else of a batch, but for the first of an epoch.
    func endReservations(at: Instant) {
        for (id, conversation) in ledger.conversations where conversation.offer == nil {
            guard let kept = conversation.reservation, kept.until <= at else { continue }
            ledger.conversations[id]?.reservation = nil
        }
    }

    // MARK: After each commit

    /// Nobody who may be given work lacks a conversation that they may take.
    func checkWork(at: Instant) {
        for id in ledger.waiting {
            guard let conversation = ledger.conversations[id],
                !isOverdue(conversation, at: at), let agent = ledger.nextAgent(for: id)
            else { continue }
            violated(
                .nobodyIdles,
                "conversation \(id.number) waits while agent \(agent.number) could take it")
        }
        for id in ledger.conversations.keys.sorted() {
            guard let offer = ledger.conversations[id]?.offer else { continue }
            let isPossible =
                offer.isTransfer ? ledger.takesByHand(offer.agent) : ledger.isOnDuty(offer.agent)
            require(
                isPossible, .offeredToWhoIsThere,
                "conversation \(id.number) is offered to agent \(offer.agent.number), who is gone")
        }
    }

    func isOverdue(_ conversation: Ledger.Conversation, at: Instant) -> Bool {
        ledger.nextStep(of: conversation).map { $0.at <= at } ?? false
    }

    /// What a stored clock brings about has happened by the next commit at a later moment: the first
    /// commit of an epoch, or one that brought it about, may leave it to that.
    func checkClocks(of commit: Commit) {
        for id in ledger.conversations.keys.sorted() {
            guard let conversation = ledger.conversations[id],
                let next = ledger.nextStep(of: conversation), next.at <= commit.at
            else {
                overdue[id] = nil
                continue
            }
            let known = overdue[id]
            guard let known, known.epoch == commit.epoch, known.step == next.at else {
                overdue[id] = Overdue(epoch: commit.epoch, step: next.at, seen: commit.at)
                continue
            }
            require(
                known.seen == commit.at, next.line,
                "conversation \(id.number): \(next.what) was due at \(next.at.milliseconds)")
        }
    }
}

/// Something that was due and had not happened when this was seen.
struct Overdue {
    let epoch: Int64
    let step: Instant
    let seen: Instant
}
