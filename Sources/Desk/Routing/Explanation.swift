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
    /// Their room is kept for another, who waits longer and needs more of it.
    case roomIsReserved
}

/// Why the desk gives a conversation to nobody, whoever is there.
public enum Withholding: String, Equatable, Sendable, CaseIterable {
    /// The queue is closed.
    case queueIsClosed
    /// Agents take from it themselves.
    case isPulled
    /// Nobody who works here could be given it, however long it waits there: nobody fits what is asked
    /// for in the end, may serve the customer and could hold so much.
    case nobodyCould
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
    /// Where conversations begin now that come by the same page and channel.
    public let entry: QueueID
    /// What it asks for now.
    public let needs: [SkillLevel]
    /// Where it stands; `nil` when it does not wait.
    public let place: Place?
    /// Why nobody is given it, whoever they are: what concerns everybody. Empty when it does not wait.
    public let withheld: [Withholding]
    /// The agent it is offered to.
    public let offeredTo: AgentID?
    /// Every agent, ascending by id.
    public let candidates: [Candidate]
    /// Whose turn it is among those in whose way nothing stands, and who comes after them; neither
    /// who has it nor whom it is offered to.
    public let next: [AgentID]
    /// By which order that is.
    public let order: TurnOrder

    /// An explanation with these parts.
    public init(
        conversation: ConversationID, version: Int64, entry: QueueID, needs: [SkillLevel],
        place: Place?, withheld: [Withholding], offeredTo: AgentID?, candidates: [Candidate],
        next: [AgentID], order: TurnOrder = .usual
    ) {
        self.conversation = conversation
        self.version = version
        self.entry = entry
        self.needs = needs
        self.place = place
        self.withheld = withheld
        self.offeredTo = offeredTo
        self.candidates = candidates
        self.next = next
        self.order = order
    }
}

extension Explanation {
    /// Where a conversation stands among those that wait.
    public struct Place: Equatable, Sendable {
        /// How many are before it in its line: same queue, same requirements.
        public let inLine: Int
        /// How many are before it in its queue, whatever they ask for.
        public let inQueue: Int
        /// By what it is ordered: it counts as waiting since then, which its priority makes earlier.
        public let rank: Instant

        /// So many are before it, by this rank.
        public init(inLine: Int, inQueue: Int, rank: Instant) {
            self.inLine = inLine
            self.inQueue = inQueue
            self.rank = rank
        }
    }
}

extension Desk {
    /// Explains an open conversation; `nil` when there is none. It costs a look at every agent, and
    /// one addition per piece of its queue's lines; where room is kept for heavier work, also a look
    /// at those lines for each agent who has some left.
    public func explain(_ id: ConversationID) -> Explanation? {
        guard let conversation = conversations[id], conversation.isOpen else { return nil }
        let name = lineName(of: conversation)
        let line = waitingLines.line(of: id).map { waitingLines[$0] }
        let withheld = line.map { withholdings(of: conversation, in: $0) } ?? []
        let candidates = agents.names.compactMap { agents[$0] }.map { agent in
            Explanation.Candidate(
                agent: agent.id,
                obstacle: obstacle(
                    to: conversation, for: agent, name, line, isGivenOut: withheld.isEmpty))
        }
        let offeredTo = conversation.routing.offer?.agent
        let free = candidates.filter { $0.obstacle == nil }.map(\.agent)
        return Explanation(
            conversation: id, version: configuration.version,
            entry: configuration.entry(of: conversation.origin), needs: name.needs,
            place: line.flatMap { place(of: conversation, in: $0) }, withheld: withheld,
            offeredTo: offeredTo, candidates: candidates,
            next: nextInTurn(of: free.filter { $0 != offeredTo && $0 != conversation.owner.agent }),
            order: configuration.orderOfTurns)
    }

    private func withholdings(
        of conversation: Conversation, in line: WaitingLine
    ) -> [Withholding] {
        var all: [Withholding] = []
        if !isOpen(line.name.queue) { all.append(.queueIsClosed) }
        if line.isPulled { all.append(.isPulled) }
        // Before anybody has come there is nobody to judge by.
        if !agents.isEmpty, !isServable(conversation) { all.append(.nobodyCould) }
        return all
    }

    private func place(
        of conversation: Conversation, in line: WaitingLine
    ) -> Explanation.Place? {
        guard let rank = line.waiting.rank(of: conversation.id) else { return nil }
        return Explanation.Place(
            inLine: line.waiting.count(before: conversation.id, rank),
            inQueue: countBefore(conversation.id, rank, inQueue: line.name.queue), rank: rank)
    }

    /// The first two of these agents by the desk's order.
    private func nextInTurn(of free: [AgentID]) -> [AgentID] {
        let turns = free.compactMap { agents[$0] }.map { agent in
            RankedQueue<AgentID, Turn>.Entry(
                rank: turn(of: agent, load: load(of: agent.id)), member: agent.id)
        }
        guard let first = turns.min() else { return [] }
        let second = turns.filter { $0 > first }.min()
        return [first.member] + (second.map { [$0.member] } ?? [])
    }

    /// What stands in an agent's way, apart from what concerns the whole queue: where it gives
    /// nothing out, nobody's room is kept.
    private func obstacle(
        to conversation: Conversation, for agent: Agent, _ name: WaitingLine.Name,
        _ line: WaitingLine?, isGivenOut: Bool
    ) -> Obstacle? {
        if let queues = agent.profile.queues, !queues.contains(name.queue) { return .otherQueue }
        if let compartment = name.compartment, !agent.profile.compartments.contains(compartment) {
            return .otherCompartment
        }
        for need in name.needs where !agent.profile.has(need) { return .lacks(need) }
        if agent.profile.barred.contains(conversation.customer) { return .barred }
        let weight = configuration.weight(
            of: name.queue, on: conversation.origin.channel, for: agent.profile)
        let load = load(of: agent.id)
        let noRoom = Obstacle.noRoom(load: load, capacity: agent.capacity, weight: weight)
        // What they will never have room for, wherever they are.
        guard weight <= agent.capacity else { return noRoom }
        guard agent.isOnDuty else { return .notOnDuty }
        if let line, let other = hindrance(to: conversation, for: agent.id, in: line) {
            return other.obstacle
        }
        guard load + weight <= agent.capacity else { return noRoom }
        guard let line, isGivenOut, let rank = line.waiting.rank(of: conversation.id) else {
            return nil
        }
        let entry = RankedQueue<ConversationID, Instant>.Entry(
            rank: rank, member: conversation.id)
        return isReserved(agent.id, before: entry) ? .roomIsReserved : nil
    }
}
