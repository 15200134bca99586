extension Desk {
    // MARK: The customer

    /// The customer wrote: their conversation is opened, reopened or goes on.
    mutating func receive(_ message: CustomerWrote, _ minutes: inout Minutes) -> Int64 {
        var conversation =
            latest(of: message.thread, minutes)
            ?? open(message.thread, by: message.origin, &minutes)
        conversation.unread += 1
        conversation.lastMessageAt = minutes.at
        if hasTargets, conversation.routing.target == nil, conversation.owner.agent != nil {
            conversation.routing.target = beginning(.reply, for: conversation, at: minutes.at)
        }
        // The channel delivers out of order; its window counts from the latest.
        conversation.customerWroteAt = max(conversation.customerWroteAt, message.writtenAt)
        noteHeard(&conversation, minutes.at)
        // It was not kept from the first day on.
        if conversation.origin.page.isEmpty { conversation.origin.page = message.origin.page }
        if !conversation.isOpen {
            conversation.queue = queueWithRoom(configuration.entry(of: conversation.origin))
        }
        put(conversation)
        let id = MessageID(upcoming)
        note(
            .messageReceived(conversation.id, id, message.kind, writtenAt: message.writtenAt),
            to: conversation.owner.agent, in: &minutes)
        if let platform = message.platformMessage { recorded[platform] = id }
        if !conversation.isOpen {
            pass(conversation, to: .queue(conversation.queue), .customerWrote, &minutes)
        }
        return id.number
    }

    /// The latest conversation of a thread, as the batch left it or as the store knew it before.
    func latest(of thread: Digest, _ minutes: Minutes) -> Conversation? {
        if let id = threads[thread] { return conversations[id] }
        return minutes.known.threads[thread]
    }

    /// Begins the conversation with somebody who is new: it belongs to nobody until it is passed on.
    mutating func open(
        _ thread: Digest, by origin: Origin, _ minutes: inout Minutes
    ) -> Conversation {
        let customer = CustomerID(upcoming)
        note(.customerMet(customer, thread: thread), in: &minutes)
        let id = ConversationID(upcoming)
        let queue = queueWithRoom(configuration.entry(of: origin))
        note(.conversationOpened(id, customer, queue), in: &minutes)
        let conversation = Conversation(
            id: id, customer: customer, thread: thread, queue: queue, owner: .nobody,
            handoffs: 0, waitingSince: minutes.at, openedAt: minutes.at,
            lastMessageAt: minutes.at, customerWroteAt: Conversation.neverWrote, unread: 0,
            origin: origin)
        put(conversation)
        return conversation
    }

    // MARK: The owner

    /// An open conversation, for what only its owner may do.
    func conversation(
        _ id: ConversationID, ownedBy agent: AgentID, _ minutes: Minutes
    ) throws(Rejection) -> Conversation {
        guard let conversation = conversations[id] ?? minutes.known.conversations[id] else {
            throw Rejection(.notFound, field: "conversation")
        }
        guard conversation.isOpen else {
            throw Rejection(.conversationClosed, field: "conversation")
        }
        guard conversation.owner == .agent(agent) else {
            throw Rejection(.notOwner, field: "conversation")
        }
        return conversation
    }

    mutating func markRead(
        _ agent: AgentID, _ id: ConversationID, _ minutes: inout Minutes
    ) throws(Rejection) {
        var conversation = try conversation(id, ownedBy: agent, minutes)
        guard conversation.unread > 0 else { return }
        conversation.unread = 0
        put(conversation)
        note(.conversationRead(id, agent), to: agent, in: &minutes)
    }

    /// The owner closed it. What they wrote is still sent.
    mutating func close(
        _ agent: AgentID, _ id: ConversationID, _ minutes: inout Minutes
    ) throws(Rejection) {
        let conversation = try conversation(id, ownedBy: agent, minutes)
        pass(conversation, to: .nobody, .closed, &minutes)
        beginWrapUp(of: agent, after: conversation.queue, &minutes)
    }
}
