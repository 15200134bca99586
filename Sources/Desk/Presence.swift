extension Desk {
    // MARK: Connections

    mutating func connect(
        _ id: AgentID, _ connection: ConnectionID, _ minutes: inout Minutes
    ) throws(Rejection) {
        var connections = agents[id]?.connections ?? []
        connections.insert(connection)
        try setConnections(of: id, to: connections, &minutes)
    }

    mutating func disconnect(
        _ id: AgentID, _ connection: ConnectionID, _ minutes: inout Minutes
    ) {
        // A socket that is not known here was forgotten by a reload and never told again.
        guard var agent = agents[id], agent.connections.remove(connection) != nil else { return }
        if agent.isConnected { put(agent) } else { leave(agent, &minutes) }
    }

    /// Replaces the set of an agent's open sockets.
    mutating func setConnections(
        of id: AgentID, to connections: Set<ConnectionID>, _ minutes: inout Minutes
    ) throws(Rejection) {
        let former = agents[id]
        guard connections.count <= Limits.connectionsPerAgent else {
            throw Rejection(.tooManyConnections, field: "connection")
        }
        guard !connections.isEmpty else {
            guard var agent = former, agent.isConnected || agent.isUnheard else { return }
            agent.connections = []
            return leave(agent, &minutes)
        }
        var agent = former ?? enter(id, &minutes)
        let wasConnected = agent.isConnected
        agent.connections = connections
        agent.disconnectDeadline = nil
        if wasConnected { put(agent) } else { arrive(agent, &minutes) }
    }

    /// An agent appears for the first time.
    private mutating func enter(_ id: AgentID, _ minutes: inout Minutes) -> Agent {
        note(.agentEntered(id, capacity: rules.defaultCapacity), to: id, in: &minutes)
        return Agent(
            id: id, presence: .offline, capacity: rules.defaultCapacity, disconnectDeadline: nil,
            idleSince: minutes.at)
    }

    /// An agent's first socket opened. Within the grace their presence stays as it was; after it they
    /// are `away` until they say that they take work.
    private mutating func arrive(_ agent: Agent, _ minutes: inout Minutes) {
        var agent = agent
        let wasOffline = agent.presence == .offline
        if wasOffline { agent.presence = .away }
        put(agent)
        note(.agentConnected(agent.id), to: agent.id, in: &minutes)
        if wasOffline {
            note(.presenceChanged(agent.id, .away, by: nil), to: agent.id, in: &minutes)
        }
    }

    /// An agent's last socket closed. Who is not offline keeps what they own until the grace ends.
    mutating func leave(
        _ agent: Agent, notBefore: Instant? = nil, _ minutes: inout Minutes
    ) {
        var agent = agent
        if agent.presence == .offline {
            agent.disconnectDeadline = nil
        } else {
            let deadline =
                agent.disconnectDeadline ?? minutes.at.adding(milliseconds: rules.disconnectGrace)
            agent.disconnectDeadline = max(deadline, notBefore ?? deadline)
        }
        put(agent)
        note(
            .agentDisconnected(agent.id, deadline: agent.disconnectDeadline), to: agent.id,
            in: &minutes)
        // Nobody is there to answer.
        withdrawOffers(to: agent.id, &minutes)
    }

    // MARK: What they say

    mutating func setPresence(
        of id: AgentID, to presence: Presence, by supervisor: AgentID?, _ minutes: inout Minutes
    ) throws(Rejection) {
        guard let agent = agents[id] else { throw Rejection(.notFound, field: "agent") }
        guard agent.presence != presence else { return }
        // Without a connection there is nobody to give work to, nor any deadline that would end it.
        let needsConnection = presence == .available || agent.presence == .offline
        guard agent.isConnected || !needsConnection else {
            throw Rejection(.wrongState, field: "presence")
        }
        change(agent, to: presence, by: supervisor, &minutes)
    }

    /// Changes an agent's presence. Who takes nothing new keeps no offer.
    mutating func change(
        _ agent: Agent, to presence: Presence, by supervisor: AgentID?, _ minutes: inout Minutes
    ) {
        var agent = agent
        switch presence {
        case .offline: return goOffline(agent, .wentOffline, by: supervisor, &minutes)
        case .available:
            agent.idleSince = minutes.at
            agent.missedOffers = 0
        case .away: break
        }
        agent.presence = presence
        put(agent)
        note(
            .presenceChanged(agent.id, presence, by: supervisor), to: agent.id, supervisor,
            in: &minutes)
        if presence != .available { withdrawOffers(to: agent.id, &minutes) }
    }

    /// The agent is gone and keeps nothing (promise P5).
    mutating func goOffline(
        _ agent: Agent, _ reason: HandoffReason, by supervisor: AgentID? = nil,
        _ minutes: inout Minutes
    ) {
        var agent = agent
        agent.presence = .offline
        agent.disconnectDeadline = nil
        put(agent)
        note(
            .presenceChanged(agent.id, .offline, by: supervisor), to: agent.id, supervisor,
            in: &minutes)
        returnAll(of: agent.id, reason, &minutes)
    }

    mutating func setCapacity(
        of id: AgentID, to capacity: Int, by supervisor: AgentID, _ minutes: inout Minutes
    ) throws(Rejection) {
        guard (0...Limits.maximumCapacity).contains(capacity) else {
            throw Rejection(.outOfRange, field: "capacity")
        }
        guard var agent = agents[id] else { throw Rejection(.notFound, field: "agent") }
        guard agent.capacity != capacity else { return }
        agent.capacity = capacity
        put(agent)
        note(
            .capacityChanged(id, capacity: capacity, by: supervisor), to: id, supervisor,
            in: &minutes)
    }
}
