import Desk

/// The routing rules written down a second time: brute force over everybody, from events and inputs
/// alone.
extension Ledger {
    func queue(_ id: QueueID) -> Queue? { configuration.queues.first { $0.id == id } }

    func rank(of id: ConversationID) -> (Int64, ConversationID) {
        guard let conversation = conversations[id] else { return (0, id) }
        let priority = conversation.priority ?? queue(conversation.queue)?.priority ?? 0
        let since = conversation.waitingSince.milliseconds
        return (since - Int64(priority) * configuration.ageing, id)
    }

    /// What it asks for now: the higher level of its queue and itself, less what is relaxed.
    func needs(of conversation: Conversation) -> Set<SkillLevel> {
        let queue = queue(conversation.queue)
        var needs: [SkillID: SkillLevel] = [:]
        for need in (queue?.needs ?? []) + conversation.needs {
            let other = needs[need.skill] ?? need
            needs[need.skill] = SkillLevel(
                need.skill, max(need.level, other.level), isFirm: need.isFirm || other.isFirm)
        }
        let steps = queue?.relaxations ?? []
        let inForce = min(conversation.relaxed, steps.count)
        guard inForce > 0 else { return Set(needs.values) }
        let lowering = steps[inForce - 1].lowering
        return Set(
            needs.values.compactMap { need in
                if need.isFirm { return need }
                let left = need.level - lowering
                return left > 0 ? SkillLevel(need.skill, left) : nil
            })
    }

    /// What is said of the grade and this channel, of the grade, of this channel, of the kind: the first
    /// that is said.
    func weight(of conversation: Conversation, for profile: Profile) -> Int {
        guard let kind = queue(conversation.queue)?.kind else { return 1 }
        let channel = conversation.origin.channel
        let own = configuration.grades.first { $0.id == profile.grade }?.weights ?? []
        let work = configuration.kinds.first { $0.id == kind }
        let said = [
            own.first { $0.kind == kind && $0.channel == channel }?.weight,
            own.first { $0.kind == kind && $0.channel == nil }?.weight,
            work?.channels?.first { $0.channel == channel }?.weight, work?.weight,
        ]
        return said.compactMap { $0 }.first ?? 1
    }

    /// Whether conversations of a queue that come by different channels may weigh differently.
    func weighsByChannel(_ id: QueueID) -> Bool {
        guard let kind = queue(id)?.kind else { return false }
        let work = configuration.kinds.first { $0.id == kind }
        let isGraded = configuration.grades.contains { grade in
            grade.weights.contains { $0.kind == kind && $0.channel != nil }
        }
        return isGraded || !(work?.channels ?? []).isEmpty
    }

    /// Where a conversation that comes by this begins, if there is room.
    func entry(of origin: Origin) -> QueueID {
        let rules = configuration.entries ?? []
        let named =
            rules.first { $0.page == origin.page && $0.channel == origin.channel }
            ?? rules.first { $0.page == origin.page && $0.channel == nil }
            ?? rules.first { $0.page == nil && $0.channel == origin.channel }
        return named?.queue ?? configuration.entry
    }

    /// Units of work owned and offered.
    func load(of id: AgentID) -> Int {
        guard let profile = agents[id]?.profile else { return 0 }
        return conversations.values.reduce(0) { sum, conversation in
            let counts = conversation.owner == .agent(id) || conversation.offer?.agent == id
            return sum + (counts ? weight(of: conversation, for: profile) : 0)
        }
    }

    func isOnDuty(_ id: AgentID) -> Bool {
        guard let agent = agents[id] else { return false }
        return agent.isConnected && agent.presence == .available && !agent.isFinishing
    }

    /// Whether they may take work or be handed some by a person.
    func takesByHand(_ id: AgentID) -> Bool {
        guard let agent = agents[id], agent.isConnected, !agent.isFinishing else { return false }
        return agent.presence == .available || agent.presence == .busy
    }

    func hasRoom(_ id: AgentID, for conversation: Conversation) -> Bool {
        guard let agent = agents[id] else { return false }
        return load(of: id) + weight(of: conversation, for: agent.profile) <= agent.capacity
    }

    /// Whether the agent serves the queue, has the skills, may see into the compartment and had room
    /// for it if they had nothing else.
    func fits(_ id: AgentID, _ conversation: Conversation) -> Bool {
        guard let agent = agents[id] else { return false }
        let profile = agent.profile
        guard weight(of: conversation, for: profile) <= agent.capacity else { return false }
        if let queues = profile.queues, !queues.contains(conversation.queue) { return false }
        return needs(of: conversation).allSatisfy { need in
            profile.skills.contains { $0.skill == need.skill && $0.level >= need.level }
        } && seesInto(conversation.compartment, profile)
    }

    private func seesInto(_ compartment: CompartmentID?, _ profile: Profile) -> Bool {
        compartment.map { profile.compartments.contains($0) } ?? true
    }

    /// Whether nothing about the person forbids it, whatever the queue asks for.
    func mayServe(_ id: AgentID, _ conversation: Conversation) -> Bool {
        guard let profile = agents[id]?.profile else { return false }
        return !profile.barred.contains(conversation.customer)
            && seesInto(conversation.compartment, profile)
    }

    /// Whether the desk may give it to this agent as far as who they are goes.
    func isFree(_ conversation: Conversation, for id: AgentID) -> Bool {
        guard isOnDuty(id), fits(id, conversation), mayServe(id, conversation) else { return false }
        if let kept = conversation.reservation?.agent, kept != id, isOnDuty(kept),
            fits(kept, conversation), mayServe(kept, conversation)
        {
            return false
        }
        guard conversation.declined.contains(id) else { return true }
        let isElsewhere = agents.keys.contains {
            isOnDuty($0) && fits($0, conversation) && mayServe($0, conversation)
                && !conversation.declined.contains($0)
        }
        return !isElsewhere
    }

    /// Whether the desk would give this conversation to this agent now.
    func isDue(_ id: ConversationID, to agent: AgentID) -> Bool {
        guard let conversation = conversations[id], conversation.isWaiting,
            queue(conversation.queue)?.handing != .pull, !closed.contains(conversation.queue),
            hasRoom(agent, for: conversation), isFree(conversation, for: agent)
        else { return false }
        switch configuration.heavyWork {
        case .isPassed: return true
        case .reservesRoom: break
        }
        return !conversations.contains { other, heavier in
            heavier.isWaiting && queue(heavier.queue)?.handing != .pull
                && !closed.contains(heavier.queue)
                && rank(of: other) < rank(of: id) && !hasRoom(agent, for: heavier)
                && isFree(heavier, for: agent)
        }
    }

    /// Who would be given this conversation now: the first in turn.
    func nextAgent(for id: ConversationID) -> AgentID? {
        inTurn(agents.keys.filter { isDue(id, to: $0) }).first
    }

    /// Whether somebody who is there could ever serve it, however long that took: everybody is looked
    /// at. Who is away or writes up at the moment counts, and not who never works on anything.
    func isServable(_ conversation: Conversation, butBy others: Set<AgentID>) -> Bool {
        agents.contains { id, agent in
            agent.presence != .offline && !others.contains(id) && fits(id, conversation)
                && mayServe(id, conversation)
        }
    }

    /// Whether as many are in a queue, offered or not, as its limit says.
    func isFull(_ id: QueueID) -> Bool {
        guard let limit = queue(id)?.limit else { return false }
        return conversations.values.filter { $0.owner == .queue(id) }.count >= limit
    }

    /// A queue that nobody could serve as it would be: with nothing else to do, and as little as is
    /// asked for in the end.
    func unservedQueue(of wanted: Configuration, _ profiles: [AgentProfile]) -> QueueID? {
        guard !agents.isEmpty else { return nil }
        var future = self
        future.configuration = wanted
        for change in profiles { future.agents[change.agent]?.profile = change.profile }
        return wanted.queues.first { queue in
            !Channel.allCases.contains { channel in
                let last = Conversation(
                    customer: CustomerID(0), origin: Origin(channel: channel, page: ""),
                    queue: queue.id, relaxed: queue.relaxations.count)
                return agents.keys.contains { future.fits($0, last) }
            }
        }?.id
    }

    /// Who waits for the desk, first first.
    var waiting: [ConversationID] {
        conversations.filter { $0.value.isWaiting }.map(\.key).sorted {
            rank(of: $0) < rank(of: $1)
        }
    }

    /// What happens next to it by a stored clock, and when.
    func nextStep(of conversation: Conversation) -> (at: Instant, what: String, line: Line)? {
        if let offer = conversation.offer { return (offer.deadline, "its offer ends", .offerEnds) }
        guard conversation.isWaiting, let queue = queue(conversation.queue) else { return nil }
        var next = conversation.reservation.map {
            ($0.until, "it is no longer kept", Line.nobodyIdles)
        }
        func earlier(_ wait: Int64, _ what: String, _ line: Line) {
            let at = conversation.waitingSince.adding(milliseconds: wait)
            if next.map({ at < $0.0 }) ?? true { next = (at, what, line) }
        }
        if conversation.relaxed < queue.relaxations.count {
            earlier(
                queue.relaxations[conversation.relaxed].after, "less is asked for",
                .lessIsAskedForInTime)
        }
        if !conversation.staysInQueue, let wait = queue.overflow?.afterWait {
            earlier(wait, "it overflows", .overflowsInTime)
        }
        return next
    }

    /// Whether a queue gives up who falls silent.
    func endsSilence(_ id: QueueID) -> Bool { queue(id)?.abandonment != nil }

    /// Whether a customer who waits and was not answered has been silent for too long.
    func hasGone(_ conversation: Conversation) -> Bool {
        guard conversation.isWaiting, let silence = conversation.silence,
            let limit = queue(conversation.queue)?.abandonment
        else { return false }
        return silence >= limit
    }
}
