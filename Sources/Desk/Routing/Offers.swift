extension Desk {
    /// Offers a conversation to an agent for a while. Their room is taken from now on.
    mutating func offer(
        _ conversation: Conversation, to agent: AgentID, for timeout: Int64,
        isTransfer: Bool = false,
        _ choice: Choice?, _ minutes: inout Minutes
    ) {
        var conversation = conversation
        let offer = Offer(
            agent: agent, deadline: minutes.at.adding(milliseconds: timeout),
            isTransfer: isTransfer)
        conversation.routing.offer = offer
        put(conversation)
        note(
            .offerMade(conversation.id, offer, choice), to: agent, conversation.owner.agent,
            in: &minutes)
    }

    /// Ends the offer of a conversation, if one stands. The caller keeps the conversation.
    mutating func endOffer(
        of conversation: inout Conversation, _ end: OfferEnd, _ minutes: inout Minutes
    ) {
        guard let offer = conversation.routing.offer else { return }
        conversation.routing.offer = nil
        note(
            .offerEnded(conversation.id, offer.agent, end), to: offer.agent,
            conversation.owner.agent, in: &minutes)
    }

    /// Takes back all that is offered to an agent; nobody counts it as declined. What others want to
    /// pass on to them may stay.
    mutating func withdrawOffers(
        to agent: AgentID, keepingTransfers: Bool = false, _ minutes: inout Minutes
    ) {
        for id in offered[agent] ?? [] {
            guard var conversation = conversations[id],
                !(keepingTransfers && conversation.routing.offer?.isTransfer == true)
            else { continue }
            endOffer(of: &conversation, .withdrawn, &minutes)
            put(conversation)
        }
    }

    /// The conversation whose offer this agent may answer now.
    private func conversation(
        _ id: ConversationID, offeredTo agent: AgentID, _ minutes: Minutes
    ) throws(Rejection) -> Conversation {
        guard let conversation = conversations[id] ?? minutes.known.conversations[id] else {
            throw Rejection(.notFound, field: "conversation")
        }
        // One whose deadline has passed has ended, even if the clock was not told yet: who answers
        // late hears the same whichever input came first.
        guard let offer = conversation.routing.offer, offer.agent == agent,
            minutes.at < offer.deadline
        else { throw Rejection(.offerEnded, field: "conversation") }
        return conversation
    }

    mutating func acceptOffer(
        _ id: AgentID, _ conversation: ConversationID, _ minutes: inout Minutes
    ) throws(Rejection) {
        let conversation = try self.conversation(conversation, offeredTo: id, minutes)
        if var agent = agents[id], agent.missedOffers > 0 {
            agent.missedOffers = 0
            put(agent)
        }
        pass(conversation, to: .agent(id), .offerAccepted, &minutes)
    }

    mutating func declineOffer(
        _ agent: AgentID, _ conversation: ConversationID, _ reason: DeclineReason,
        _ minutes: inout Minutes
    ) throws(Rejection) {
        var conversation = try self.conversation(conversation, offeredTo: agent, minutes)
        endOffer(of: &conversation, .declined(reason), &minutes)
        conversation.routing.declined.insertSorted(agent)
        put(conversation)
    }

    /// The deadline of an offer passed. Who lets several pass in a row is set away: they are not
    /// there, whatever they say.
    mutating func letOfferPass(_ conversation: Conversation, _ minutes: inout Minutes) {
        guard let offer = conversation.routing.offer else { return }
        var conversation = conversation
        endOffer(of: &conversation, .timedOut, &minutes)
        conversation.routing.declined.insertSorted(offer.agent)
        put(conversation)
        guard var agent = agents[offer.agent] else { return }
        agent.missedOffers += 1
        guard agent.missedOffers >= configuration.missedOffers, agent.presence == .available else {
            return put(agent)
        }
        agent.missedOffers = 0
        change(agent, to: .away, reason: .missedOffers, by: nil, &minutes)
    }
}
