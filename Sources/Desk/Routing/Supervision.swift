/// What supervisors order: each is an input and so on record, with who ordered it.
extension Desk {
    /// Routes by another configuration from the next event on; what agents are for changes with it,
    /// so that the whole can be judged as it will be. Everything that follows from it is made anew,
    /// which costs a look at all that is open and at everybody.
    mutating func configure(
        _ wanted: Configuration, _ profiles: [AgentProfile], basedOn version: Int64?,
        by person: AgentID, _ minutes: inout Minutes
    ) throws(Rejection) -> Int64 {
        if let version, version != configuration.version {
            throw Rejection(.wrongState, field: "version")
        }
        let changed = try agents(with: profiles, under: wanted)
        try wanted.check(agents: agents.names.compactMap { changed[$0] ?? agents[$0] })
        for id in conversations.names {
            guard let conversation = conversations[id], conversation.isOpen else { continue }
            guard wanted.queue(conversation.queue) != nil else {
                throw Rejection(.wrongState, field: "queues")
            }
        }
        let former = configuration
        configuration = wanted
        configuration.version = upcoming
        beginPaces(insteadOf: former, at: minutes.at)
        newConfigurations.append(configuration)
        hasTargets = configuration.hasTargets
        note(.configurationChanged(by: person), to: person, in: &minutes)
        for change in profiles {
            guard let agent = changed[change.agent], agent != agents[agent.id] else { continue }
            put(agent)
            note(.profileChanged(agent.id, by: person), to: agent.id, person, in: &minutes)
        }
        indexAnew()
        adoptHours(&minutes)
        beginSilences(insteadOf: former, at: minutes.at)
        for id in conversations.names { relax(id, &minutes) }
        return configuration.version
    }

    /// These agents as they would be, judged by a configuration that may not be in force yet.
    private func agents(
        with profiles: [AgentProfile], under configuration: Configuration
    ) throws(Rejection) -> [AgentID: Agent] {
        var changed: [AgentID: Agent] = [:]
        for (place, change) in profiles.enumerated() {
            let field = "profiles[\(place)]"
            guard var agent = agents[change.agent] else {
                throw Rejection(.notFound, field: field + ".agent")
            }
            guard changed[agent.id] == nil else {
                throw Rejection(.duplicated, field: field + ".agent")
            }
            do throws(Rejection) {
                try configuration.check(change.profile)
            } catch {
                throw Rejection(error.code, field: "\(field).\(error.field)")
            }
            agent.profile = change.profile.sorted
            changed[agent.id] = agent
        }
        return changed
    }

    mutating func setProfile(
        of id: AgentID, to profile: Profile, by supervisor: AgentID, _ minutes: inout Minutes
    ) throws(Rejection) {
        guard var agent = agents[id] else { throw Rejection(.notFound, field: "agent") }
        try configuration.check(profile)
        let sorted = profile.sorted
        guard agent.profile != sorted else { return }
        agent.profile = sorted
        put(agent)
        note(.profileChanged(id, by: supervisor), to: id, supervisor, in: &minutes)
        for conversation in (offered[id] ?? []) + (owned[id] ?? []) {
            takeBackFromIneligible(conversation, by: supervisor, &minutes)
        }
    }

    /// Moves a conversation to a queue, whoever has it: taking it back is moving it to its own.
    mutating func moveBySupervisor(
        _ id: ConversationID, to queue: QueueID, overridesLimit: Bool, by supervisor: AgentID,
        _ minutes: inout Minutes
    ) throws(Rejection) {
        var conversation = try openConversation(id, minutes)
        guard configuration.queue(queue) != nil else {
            throw Rejection(.notFound, field: "queue")
        }
        // Where it waits already it takes no more room.
        let isOver = conversation.owner != .queue(queue) && isFull(queue)
        guard overridesLimit || !isOver else { throw Rejection(.noRoom, field: "queue") }
        if let agent = conversation.owner.agent {
            conversation.routing.declined.insertSorted(agent)
        }
        endOffer(of: &conversation, .withdrawn, &minutes)
        conversation.routing.staysInQueue = true
        move(conversation, to: queue, isOver ? .movedOverLimit : .moved, by: supervisor, &minutes)
    }

    mutating func assignBySupervisor(
        _ id: ConversationID, to agent: AgentID, overridesCapacity: Bool, by supervisor: AgentID,
        _ minutes: inout Minutes
    ) throws(Rejection) {
        let conversation = try openConversation(id, minutes)
        guard conversation.owner != .agent(agent) else {
            throw Rejection(.wrongState, field: "agent")
        }
        // An offer of this very conversation to them takes that room already.
        let isOffered = conversation.routing.offer?.agent == agent
        let isOver = !hasRoom(agent, for: conversation, isOffered: isOffered)
        try checkRoom(of: agent, for: conversation, overCapacity: true)
        guard overridesCapacity || !isOver else { throw Rejection(.noRoom, field: "agent") }
        pass(
            conversation, to: .agent(agent),
            isOver ? .assignedOverCapacity : .assignedBySupervisor, by: supervisor, &minutes)
    }

    mutating func setPriority(
        of id: ConversationID, to priority: Int?, by supervisor: AgentID, _ minutes: inout Minutes
    ) throws(Rejection) {
        var conversation = try openConversation(id, minutes)
        if let priority, !Limits.priorities.contains(priority) {
            throw Rejection(.outOfRange, field: "priority")
        }
        guard conversation.routing.priority != priority else { return }
        conversation.routing.priority = priority
        put(conversation)
        note(
            .priorityChanged(id, priority: priority, by: supervisor), to: conversation.owner.agent,
            supervisor, in: &minutes)
    }

    mutating func setNeeds(
        of id: ConversationID, to needs: [SkillLevel], _ compartment: CompartmentID?,
        by supervisor: AgentID, _ minutes: inout Minutes
    ) throws(Rejection) {
        var conversation = try openConversation(id, minutes)
        guard needs.count <= Limits.ownNeeds else { throw Rejection(.outOfRange, field: "needs") }
        try configuration.checkSkills(needs, "needs")
        conversation.routing.needs = needs.sorted()
        conversation.routing.compartment = compartment
        guard conversation != conversations[id] else { return }
        put(conversation)
        note(
            .needsChanged(id, by: supervisor), to: conversation.owner.agent, supervisor,
            in: &minutes)
        takeBackFromIneligible(id, by: supervisor, &minutes)
    }
}

extension Desk {
    /// Takes a conversation back that its owner must not have any more, and an offer that must not be
    /// accepted.
    private mutating func takeBackFromIneligible(
        _ id: ConversationID, by supervisor: AgentID, _ minutes: inout Minutes
    ) {
        guard var conversation = conversations[id] else { return }
        if let offered = conversation.routing.offer?.agent, let agent = agents[offered],
            !isEligible(agent, for: conversation)
        {
            endOffer(of: &conversation, .withdrawn, &minutes)
            put(conversation)
        }
        guard let owner = conversation.owner.agent, let agent = agents[owner],
            !isEligible(agent, for: conversation)
        else { return }
        move(conversation, to: conversation.queue, .moved, by: supervisor, &minutes)
    }

    private func hasRoom(
        _ id: AgentID, for conversation: Conversation, isOffered: Bool
    ) -> Bool {
        guard let agent = agents[id] else { return false }
        let weight = configuration.weight(
            of: conversation.queue, on: conversation.origin.channel, for: agent.profile)
        return load(of: id) + (isOffered ? 0 : weight) <= agent.capacity
    }
}

extension Profile {
    /// With every list in order, so that equal profiles are equal.
    var sorted: Profile {
        Profile(
            grade: grade, queues: queues.map { Set($0).sorted() }, skills: skills.sorted(),
            compartments: Set(compartments).sorted(), barred: Set(barred).sorted())
    }
}
