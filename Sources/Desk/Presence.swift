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
        if wasOffline { agent.take(.away, .arrived, at: minutes.at) }
        put(agent)
        note(.agentConnected(agent.id), to: agent.id, in: &minutes)
        guard wasOffline else { return }
        note(
            .presenceChanged(agent.id, .away, reason: .arrived, by: nil), to: agent.id,
            in: &minutes)
        forgetPassedShift(of: agent.id, &minutes)
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
        of id: AgentID, to presence: Presence, _ reason: AwayReasonID?, by supervisor: AgentID?,
        _ minutes: inout Minutes
    ) throws(Rejection) {
        guard let agent = agents[id] else { throw Rejection(.notFound, field: "agent") }
        try check(presence, reason)
        let isOtherReason = reason != nil && reason != agent.attendance.awayReason
        guard agent.presence != presence || isOtherReason else { return }
        guard agent.isConnected || !agent.needsConnection(for: presence) else {
            throw Rejection(.wrongState, field: "presence")
        }
        let unsaid: AwayReasonID? =
            presence == .away && supervisor != nil ? .setBySupervisor : nil
        change(agent, to: presence, reason: reason ?? unsaid, by: supervisor, &minutes)
    }

    /// Refuses what nobody can say: a wrap-up comes of letting go, and only who is away has a reason.
    private func check(_ presence: Presence, _ reason: AwayReasonID?) throws(Rejection) {
        switch presence {
        case .wrapUp: throw Rejection(.outOfRange, field: "presence")
        case .available, .busy, .offline:
            guard reason == nil else { throw Rejection(.outOfRange, field: "reason") }
        case .away:
            guard let reason else { return }
            guard configuration.awayReasons?.contains(where: { $0.id == reason }) == true else {
                throw Rejection(.notFound, field: "reason")
            }
        }
    }

    /// Changes an agent's presence, which ends a wrap-up. Who takes nothing new keeps no offer.
    mutating func change(
        _ agent: Agent, to presence: Presence, reason: AwayReasonID? = nil,
        by supervisor: AgentID?, _ minutes: inout Minutes
    ) {
        if presence == .offline {
            return goOffline(agent, .wentOffline, by: supervisor, &minutes)
        }
        let wasOffline = agent.presence == .offline
        var agent = agent
        agent.take(presence, reason, at: minutes.at)
        if presence == .available {
            agent.idleSince = minutes.at
            agent.missedOffers = 0
        }
        put(agent)
        note(
            .presenceChanged(agent.id, presence, reason: reason, by: supervisor), to: agent.id,
            supervisor, in: &minutes)
        if wasOffline { forgetPassedShift(of: agent.id, &minutes) }
        switch presence {
        case .available: break
        case .busy: withdrawOffers(to: agent.id, keepingTransfers: true, &minutes)
        case .away, .wrapUp, .offline: withdrawOffers(to: agent.id, &minutes)
        }
    }

    /// The agent is gone and keeps nothing (promise P5).
    mutating func goOffline(
        _ agent: Agent, _ reason: HandoffReason, by supervisor: AgentID? = nil,
        _ minutes: inout Minutes
    ) {
        var agent = agent
        agent.take(.offline, nil, at: minutes.at)
        agent.attendance.hasShiftEnded = false
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

extension Agent {
    /// Says this presence from now on.
    fileprivate mutating func take(_ presence: Presence, _ reason: AwayReasonID?, at: Instant) {
        self.presence = presence
        presenceSince = at
        attendance.awayReason = reason
        if presence != .wrapUp { attendance.wrapUp = nil }
    }

    /// Whether somebody must be there to say this: without a connection there is nobody to have work,
    /// nor any deadline that would end it.
    fileprivate func needsConnection(for presence: Presence) -> Bool {
        switch presence {
        case .available, .busy: true
        case .away, .wrapUp, .offline: self.presence == .offline
        }
    }
}
