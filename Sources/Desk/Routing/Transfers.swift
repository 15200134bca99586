extension Desk {
    /// The owner passes a conversation on.
    mutating func transfer(
        _ sender: AgentID, _ id: ConversationID, _ target: TransferTarget, _ minutes: inout Minutes
    ) throws(Rejection) {
        let conversation = try conversation(id, ownedBy: sender, minutes)
        switch target {
        case .agent(let receiver, let isWarm):
            guard receiver != sender else { throw Rejection(.notEligible, field: "to") }
            try checkRoom(of: receiver, for: conversation)
            if isWarm {
                guard conversation.routing.offer == nil else {
                    throw Rejection(.wrongState, field: "conversation")
                }
                offer(
                    conversation, to: receiver, for: configuration.transferTimeout,
                    isTransfer: true, nil, &minutes)
            } else {
                pass(conversation, to: .agent(receiver), .transferred, by: sender, &minutes)
            }
        case .queue(let queue):
            guard configuration.queue(queue) != nil else {
                throw Rejection(.notFound, field: "to")
            }
            let open = queueBesideClosed(queue)
            guard !isFull(open) else { throw Rejection(.noRoom, field: "to") }
            var conversation = conversation
            conversation.routing.declined.insertSorted(sender)
            let former = conversation.queue
            if open != queue { conversation.routing.staysInQueue = true }
            move(conversation, to: open, .transferred, by: sender, &minutes)
            beginWrapUp(of: sender, after: former, &minutes)
        case .bot:
            // No bot can sign in yet: it would be nobody's.
            throw Rejection(.noBot, field: "to")
        }
    }

    /// Takes what the bot has back into its queues: no bot is there, and nobody else would answer.
    mutating func takeBackFromBot(_ minutes: inout Minutes) {
        for id in conversations.names {
            guard var conversation = conversations[id], conversation.owner == .bot else { continue }
            conversation.queue = queueWithRoom(conversation.queue)
            pass(conversation, to: .queue(conversation.queue), .botAbsent, &minutes)
        }
    }

    /// An agent takes a waiting conversation from the list of its queue.
    mutating func take(
        _ agent: AgentID, _ id: ConversationID, _ minutes: inout Minutes
    ) throws(Rejection) {
        let conversation = try openConversation(id, minutes)
        guard case .queue(let queue) = conversation.owner,
            configuration.queue(queue)?.handing == .pull
        else { throw Rejection(.wrongState, field: "conversation") }
        guard isOpen(queue) else { throw Rejection(.queueClosed, field: "conversation") }
        guard let line = waitingLines.line(of: id),
            waitingLines.linesOf[agent]?.contains(line) == true
        else { throw Rejection(.notEligible, field: "conversation") }
        try checkRoom(of: agent, for: conversation)
        pass(conversation, to: .agent(agent), .taken, &minutes)
    }

    /// Puts a conversation into a queue: asks for what that queue asks for.
    mutating func move(
        _ conversation: Conversation, to queue: QueueID, _ reason: HandoffReason,
        by person: AgentID?, _ minutes: inout Minutes
    ) {
        var conversation = conversation
        if conversation.queue != queue {
            conversation.routing.target = carry(
                conversation.routing.target, from: conversation.queue, to: queue, at: minutes.at)
            carrySilence(of: &conversation, to: queue, minutes.at)
            conversation.queue = queue
            conversation.routing.relaxed = 0
        }
        // From one queue to itself nothing would change hands, and nothing is recorded.
        guard conversation.owner != .queue(queue) else { return put(conversation) }
        pass(conversation, to: .queue(queue), reason, by: person, &minutes)
        relax(conversation.id, &minutes)
    }

    /// Refuses an agent who is not there, has no room, or must not have this conversation.
    func checkRoom(
        of id: AgentID, for conversation: Conversation, overCapacity: Bool = false
    ) throws(Rejection) {
        guard let agent = agents[id] else { throw Rejection(.notFound, field: "agent") }
        guard agent.takesByHand else { throw Rejection(.notOnDuty, field: "agent") }
        guard isEligible(agent, for: conversation) else {
            throw Rejection(.notEligible, field: "agent")
        }
        let weight = configuration.weight(
            of: conversation.queue, on: conversation.origin.channel, for: agent.profile)
        guard overCapacity || load(of: id) + weight <= agent.capacity else {
            throw Rejection(.noRoom, field: "agent")
        }
    }

    /// Whether an agent may have a conversation at all: no conflict of interest, and its compartment
    /// is open to them. A person may decide over queues and skills, not over these.
    func isEligible(_ agent: Agent, for conversation: Conversation) -> Bool {
        !agent.profile.barred.contains(conversation.customer)
            && conversation.routing.compartment.map(agent.profile.compartments.contains) ?? true
    }

    /// An open conversation.
    func openConversation(
        _ id: ConversationID, _ minutes: Minutes
    ) throws(Rejection) -> Conversation {
        guard let conversation = conversations[id] ?? minutes.known.conversations[id] else {
            throw Rejection(.notFound, field: "conversation")
        }
        guard conversation.isOpen else {
            throw Rejection(.conversationClosed, field: "conversation")
        }
        return conversation
    }
}
