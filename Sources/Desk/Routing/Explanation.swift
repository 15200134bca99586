/// Why an agent is not given a conversation that waits.
public enum Obstacle: Equatable, Sendable {
    /// They do not serve its queue.
    case otherQueue
    /// They lack this skill, or this level of it.
    case lacks(SkillLevel)
    /// They may not see into its compartment.
    case otherCompartment
    /// They must not serve this customer.
    case barred
    /// They declined it, let it pass or passed it on, and somebody else is on duty who could take it.
    case declined
    /// It is kept for a while for the agent who had it last.
    case reservedForAnother(AgentID)
    /// They are not available, their shift is over, or they are not connected.
    case notOnDuty
    /// They hold as much as they may.
    case noRoom(load: Int, capacity: Int, weight: Int)
    /// Its queue is closed.
    case queueIsClosed
    /// Agents take from its queue themselves.
    case isPulled
    /// Their room is kept for another, who waits longer and needs more of it.
    case roomIsReserved
}

/// Why a conversation waits, or with whom it is: as of now.
public struct Explanation: Equatable, Sendable {
    /// What stands in the way of one agent.
    public struct Candidate: Equatable, Sendable {
        /// Who.
        public let agent: AgentID
        /// The first thing that stands in the way; `nil`: nothing, it would be theirs.
        public let obstacle: Obstacle?

        /// This agent, with what stands in their way.
        public init(agent: AgentID, obstacle: Obstacle?) {
            self.agent = agent
            self.obstacle = obstacle
        }
    }

    /// The conversation.
    public let conversation: ConversationID
    /// The configuration in force.
    public let version: Int64
    /// What it asks for now.
    public let needs: [SkillLevel]
    /// How many are before it in its line; `nil` when it does not wait.
    public let position: Int?
    /// The agent it is offered to.
    public let offeredTo: AgentID?
    /// Every agent, ascending by id.
    public let candidates: [Candidate]

    /// An explanation with these parts.
    public init(
        conversation: ConversationID, version: Int64, needs: [SkillLevel], position: Int?,
        offeredTo: AgentID?, candidates: [Candidate]
    ) {
        self.conversation = conversation
        self.version = version
        self.needs = needs
        self.position = position
        self.offeredTo = offeredTo
        self.candidates = candidates
    }
}

extension Desk {
    /// Explains an open conversation; `nil` when there is none. It costs a look at every agent.
    public func explain(_ id: ConversationID) -> Explanation? {
        guard let conversation = conversations[id], conversation.isOpen else { return nil }
        let name = lineName(of: conversation)
        let line = waitingLines.line(of: id).map { waitingLines[$0] }
        let candidates = agents.names.compactMap { agents[$0] }.map { agent in
            Explanation.Candidate(
                agent: agent.id, obstacle: obstacle(to: conversation, for: agent, name, line))
        }
        return Explanation(
            conversation: id, version: configuration.version, needs: name.needs,
            position: line?.waiting.position(of: id), offeredTo: conversation.routing.offer?.agent,
            candidates: candidates)
    }

    private func obstacle(
        to conversation: Conversation, for agent: Agent, _ name: WaitingLine.Name,
        _ line: WaitingLine?
    ) -> Obstacle? {
        if let queues = agent.profile.queues, !queues.contains(name.queue) { return .otherQueue }
        if let compartment = name.compartment, !agent.profile.compartments.contains(compartment) {
            return .otherCompartment
        }
        for need in name.needs where !agent.profile.has(need) { return .lacks(need) }
        if agent.profile.barred.contains(conversation.customer) { return .barred }
        guard agent.isOnDuty else { return .notOnDuty }
        if let line {
            if let other = hindrance(to: conversation, for: agent.id, in: line) {
                return other.obstacle
            }
            if !isOpen(name.queue) { return .queueIsClosed }
            if line.isPulled { return .isPulled }
        }
        let weight = configuration.weight(of: name.queue, for: agent.profile)
        let load = load(of: agent.id)
        guard load + weight <= agent.capacity else {
            return .noRoom(load: load, capacity: agent.capacity, weight: weight)
        }
        return line == nil ? nil : .roomIsReserved
    }
}
