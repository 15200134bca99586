import Desk

/// What is kept of a choice is what it was: counted again over everybody.
extension Auditor {
    func check(
        _ choice: Choice?, of agent: AgentID, for id: ConversationID,
        _ conversation: Ledger.Conversation, at: Instant
    ) {
        guard let choice else { return violated(.choiceOnRecord, "a choice is not on record") }
        let needs = ledger.needs(of: conversation)
        let line = ledger.conversations.filter { _, other in
            other.isWaiting && other.queue == conversation.queue
                && ledger.needs(of: other) == needs
                && other.compartment == conversation.compartment
                && (other.origin.channel == conversation.origin.channel
                    || !ledger.weighsByChannel(conversation.queue))
        }
        let everybody = ledger.agents.keys.filter { ledger.isOnDuty($0) }
        let onDuty = everybody.filter { ledger.fits($0, conversation) }
        let ready = ledger.inTurn(onDuty.filter { ledger.hasRoom($0, for: conversation) })
        let before = ready.prefix { $0 != agent }
        let passed = before.compactMap { other in
            ledger.hindrance(to: id, for: other).map {
                Choice.PassedOver(agent: other, hindrance: $0)
            }
        }
        let runnerUp = ready.dropFirst(before.count + 1).first {
            ledger.hindrance(to: id, for: $0) == nil
        }
        let others = Choice.Others(
            unfit: everybody.count - onDuty.count,
            ahead: line.keys.count { ledger.rank(of: $0) < ledger.rank(of: id) },
            passedOverCount: before.count, passedOver: Array(passed.prefix(Limits.passedOver)))
        let isKnown = !isUnclear(conversation, at: at)
        let counted = Choice(
            version: ledger.configuration.version, waiting: line.count, onDuty: onDuty.count,
            ready: ready.count, relaxed: conversation.relaxed,
            runnerUp: isKnown ? runnerUp : choice.runnerUp,
            order: ledger.configuration.turnOrder ?? .leastUnits,
            others: isKnown ? others : choice.others)
        require(
            choice == counted, .choiceAsItWas,
            "the choice on record of conversation \(id.number) is \(choice), it was \(counted)")
    }

    /// Whether something was due that no event tells, such as the end of a reservation: the desk may
    /// have chosen before or after it.
    func isUnclear(_ conversation: Ledger.Conversation, at: Instant) -> Bool {
        if isOverdue(conversation, at: at) { return true }
        return ledger.waiting.contains { id in
            ledger.conversations[id].map { isOverdue($0, at: at) } ?? false
        }
    }
}

extension Ledger {
    /// Agents, all with room, by their turn: by the configured order, then idle longest, then by id.
    func inTurn(_ agents: [AgentID]) -> [AgentID] {
        agents.sorted { left, right in
            switch configuration.turnOrder ?? .leastUnits {
            case .leastUnits:
                let (first, second) = (load(of: left), load(of: right))
                if first != second { return first < second }
            case .leastShare:
                let (first, second) = (share(of: left), share(of: right))
                // They differ by a ten-thousandth, or are the same.
                if abs(first - second) > 0.000_01 { return first < second }
            case .longestIdle: break
            }
            let (idle, other) = (self.agents[left]?.idleSince, self.agents[right]?.idleSince)
            if let idle, let other, idle != other { return idle < other }
            return left < right
        }
    }

    private func share(of agent: AgentID) -> Double {
        Double(load(of: agent)) / Double(agents[agent]?.capacity ?? 1)
    }

    /// What stands between a conversation and an agent who fits it, is on duty and has room.
    func hindrance(to id: ConversationID, for agent: AgentID) -> Hindrance? {
        guard let conversation = conversations[id] else { return nil }
        if agents[agent]?.profile.barred.contains(conversation.customer) == true { return .barred }
        if isFree(conversation, for: agent) {
            return isDue(id, to: agent) ? nil : .roomIsReserved
        }
        if let kept = conversation.reservation?.agent, kept != agent, isOnDuty(kept),
            fits(kept, conversation), mayServe(kept, conversation)
        {
            return .reservedForAnother(kept)
        }
        return .declined
    }
}
