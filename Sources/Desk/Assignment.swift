/// An agent's place among those who may be given a conversation: least loaded first, then idle
/// longest (then the lowest id, which ``RankedQueue`` adds).
struct Turn: Comparable, Sendable {
    let load: Int
    let idleSince: Instant

    static func < (left: Self, right: Self) -> Bool {
        if left.load != right.load { return left.load < right.load }
        return left.idleSince < right.idleSince
    }
}

extension Desk {
    /// Gives waiting conversations to agents until one of both runs out (promises P3 and P4): always
    /// the one that waits longest to the agent whose turn it is.
    mutating func assignWaiting(_ minutes: inout Minutes) {
        while let next = waiting.first, let turn = ready.first,
            let conversation = conversations[next.member], var agent = agents[turn.member]
        {
            pass(conversation, to: .agent(agent.id), .assigned, &minutes)
            agent.idleSince = minutes.at
            put(agent)
        }
    }

    /// Changes the owner of a conversation: the one place where a handoff is recorded (promise P6).
    ///
    /// The waiting clock starts when a conversation comes into the queue from nobody or the bot, and
    /// survives everything else (promise P13).
    mutating func pass(
        _ conversation: Conversation, to owner: Owner, _ reason: HandoffReason,
        _ minutes: inout Minutes
    ) {
        var conversation = conversation
        let former = conversation.owner
        conversation.handoffs += 1
        conversation.owner = owner
        switch (former, owner) {
        case (.nobody, .queue), (.bot, .queue): conversation.waitingSince = minutes.at
        case (.nobody, _), (.bot, _), (.queue, _), (.agent, _): break
        }
        put(conversation)
        let handoff = Handoff(
            conversation: conversation.id, number: conversation.handoffs, from: former, to: owner,
            reason: reason)
        note(.ownerChanged(handoff), to: former.agent, owner.agent, in: &minutes)
    }

    /// Returns all that an agent owns to the queue, ascending by id.
    mutating func returnAll(of agent: AgentID, _ reason: HandoffReason, _ minutes: inout Minutes) {
        for id in owned[agent] ?? [] {
            guard let conversation = conversations[id] else { continue }
            pass(conversation, to: .queue(conversation.queue), reason, &minutes)
        }
    }
}
