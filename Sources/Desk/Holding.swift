// The only functions that write rows. Each keeps every index in step with its row, so that no rule
// can forget one.

extension Desk {
    /// Keeps a conversation; nothing about it is to be stored.
    mutating func load(_ conversation: Conversation) {
        index(conversation, insteadOf: conversations[conversation.id])
        conversations.load(conversation, as: conversation.id)
        listAgents(of: conversation, nil)
    }

    /// Keeps a changed conversation.
    mutating func put(_ conversation: Conversation) {
        let former = conversations[conversation.id]
        index(conversation, insteadOf: former)
        conversations.put(conversation, as: conversation.id)
        listAgents(of: conversation, former)
    }

    private mutating func index(_ conversation: Conversation, insteadOf former: Conversation?) {
        if former == nil { threads[conversation.thread] = conversation.id }
        switch conversation.owner {
        case .queue: waiting.set(conversation.id, rank: conversation.waitingSince)
        case .nobody, .bot, .agent: waiting.set(conversation.id, rank: nil)
        }
        guard former?.owner != conversation.owner else { return }
        if let agent = former?.owner.agent { owned[agent]?.removeSorted(conversation.id) }
        if let agent = conversation.owner.agent {
            owned[agent, default: []].insertSorted(conversation.id)
        }
    }

    private mutating func listAgents(of conversation: Conversation, _ former: Conversation?) {
        guard former?.owner != conversation.owner else { return }
        for case let agent? in [former?.owner.agent, conversation.owner.agent] { list(agent) }
    }

    /// Keeps an agent as they were read back, with the connections that the state names.
    mutating func load(_ agent: Agent) {
        agents.load(agent, as: agent.id)
        index(agent)
        if agent.isUnheard { hasUnheard = true }
    }

    /// Keeps a changed agent. Connections are not stored: a change of them alone is no changed row.
    mutating func put(_ agent: Agent) {
        let isChange = agents[agent.id]?.withoutConnections() != agent.withoutConnections()
        agents.put(agent, as: agent.id, isChange: isChange)
        index(agent)
    }

    private mutating func index(_ agent: Agent) {
        let runs = agent.presence != .offline && !agent.isConnected
        deadlines.set(.grace(agent.id), rank: runs ? agent.disconnectDeadline : nil)
        list(agent.id)
    }

    /// Puts an agent where they belong among those who may be given work: after each change of them
    /// or of what they own.
    private mutating func list(_ id: AgentID) {
        let load = load(of: id)
        guard let agent = agents[id], agent.presence == .available, agent.isConnected,
            load < agent.capacity
        else { return ready.set(id, rank: nil) }
        ready.set(id, rank: Turn(load: load, idleSince: agent.idleSince))
    }

    /// How many conversations an agent owns.
    func load(of agent: AgentID) -> Int { owned[agent]?.count ?? 0 }

    /// Keeps a job as it was read back.
    mutating func load(_ job: Job) {
        jobs.load(job, as: job.id)
        index(job)
    }

    /// Keeps a changed job.
    mutating func put(_ job: Job) {
        jobs.put(job, as: job.id)
        index(job)
    }

    private mutating func index(_ job: Job) {
        lines[job.conversation, default: []].insertSorted(job.id)
        switch job.state {
        case .unknown(let deadline): deadlines.set(.confirmation(job.id), rank: deadline)
        case .queued, .sending, .sent, .failed, .unconfirmed:
            deadlines.set(.confirmation(job.id), rank: nil)
        }
    }

    /// Forgets a conversation that is closed.
    mutating func forget(_ conversation: Conversation) {
        conversations.forget(conversation.id)
        threads[conversation.thread] = nil
    }

    /// Forgets a job that is settled.
    mutating func forget(_ job: Job) {
        jobs.forget(job.id)
        lines[job.conversation]?.removeSorted(job.id)
        if lines[job.conversation]?.isEmpty == true { lines[job.conversation] = nil }
    }
}

extension Agent {
    /// As it is stored.
    func withoutConnections() -> Agent {
        guard isConnected else { return self }
        var stored = self
        stored.connections = []
        return stored
    }

    /// Whether they count as there although no connection and no deadline speaks for it.
    var isUnheard: Bool { presence != .offline && !isConnected && disconnectDeadline == nil }
}

extension Array where Element: Comparable {
    /// Where a value is, or belongs, in this ascending array.
    private func place(of value: Element) -> Int {
        if let last, last < value { return count }
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if self[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Inserts a value into this ascending array, if it is not there.
    mutating func insertSorted(_ value: Element) {
        let place = place(of: value)
        if place == count || self[place] != value { insert(value, at: place) }
    }

    /// Removes a value from this ascending array, if it is there.
    mutating func removeSorted(_ value: Element) {
        let place = place(of: value)
        if place < count, self[place] == value { remove(at: place) }
    }
}
