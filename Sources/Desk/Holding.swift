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
        conversations.put(
            conversation, as: conversation.id,
            isChange: former?.isSame(butForActivityAs: conversation) != true)
        if former?.activity != conversation.activity { active.insert(conversation.id) }
        listAgents(of: conversation, former)
    }

    private mutating func index(_ conversation: Conversation, insteadOf former: Conversation?) {
        indexTarget(of: conversation, insteadOf: former)
        indexSilence(of: conversation, insteadOf: former)
        if former == nil { threads[conversation.thread] = conversation.id }
        stand(conversation)
        deadlines.set(.wait(conversation.id), rank: nextStep(of: conversation))
        looks.set(conversation.id, rank: nextLook(of: conversation))
        countQueued(former, by: -1)
        countQueued(conversation, by: 1)
        let offer = conversation.routing.offer?.agent
        let formerOffer = former?.routing.offer?.agent
        if formerOffer != offer {
            if let formerOffer { offered[formerOffer]?.removeSorted(conversation.id) }
            if let offer { offered[offer, default: []].insertSorted(conversation.id) }
        }
        guard former?.owner != conversation.owner else { return }
        if let agent = former?.owner.agent { owned[agent]?.removeSorted(conversation.id) }
        if let agent = conversation.owner.agent {
            owned[agent, default: []].insertSorted(conversation.id)
        }
    }

    private mutating func countQueued(_ conversation: Conversation?, by change: Int) {
        guard case .queue(let queue)? = conversation?.owner else { return }
        queued[queue, default: 0] += change
    }

    /// Puts a conversation into the line of those who wait for the same, or out of it.
    private mutating func stand(_ conversation: Conversation) {
        let formerLine = waitingLines.line(of: conversation.id)
        switch conversation.owner {
        case .queue(let id) where conversation.routing.offer == nil:
            let queue = configuration.queue(id)
            let (line, isNew) = waitingLines.line(
                named: lineName(of: conversation), isPulled: queue?.handing == .pull,
                agents: agents)
            // What its queue relaxes decides where it stands in the end.
            var end = (line: line, isNew: false)
            if queue?.relaxations.isEmpty == false {
                end = waitingLines.line(
                    named: lastLineName(of: conversation), isPulled: queue?.handing == .pull,
                    agents: agents)
            }
            if isNew || end.isNew { for id in agents.names { list(id) } }
            let priority = conversation.routing.priority ?? queue?.priority ?? 0
            let rank = conversation.waitingSince.adding(
                milliseconds: -Int64(priority) * configuration.ageing)
            waitingLines.place(conversation.id, in: line, endingAs: end.line, rank: rank)
        case .queue, .nobody, .bot, .agent:
            guard formerLine != nil else { return }
            waitingLines.place(
                conversation.id, in: nil, endingAs: nil, rank: conversation.waitingSince)
        }
        // Room that was kept for it may be anybody's.
        switch configuration.heavyWork {
        case .isPassed: break
        case .reservesRoom: if formerLine != nil { waitingLines.unsettleAll() }
        }
    }

    /// What a conversation waits for now.
    func lineName(of conversation: Conversation) -> WaitingLine.Name {
        WaitingLine.Name(
            queue: conversation.queue, needs: configuration.needs(of: conversation),
            compartment: conversation.routing.compartment,
            channel: configuration.weighsByChannel(conversation.queue)
                ? conversation.origin.channel : nil)
    }

    /// Makes everything anew that follows from the configuration.
    mutating func indexAnew() {
        waitingLines = WaitingLines()
        for id in agents.names {
            if let agent = agents[id] { waitingLines.learn(agent, formerly: nil) }
        }
        for id in conversations.names {
            guard let conversation = conversations[id] else { continue }
            stand(conversation)
            indexSilence(of: conversation, insteadOf: conversation)
            deadlines.set(.wait(id), rank: nextStep(of: conversation))
            looks.set(id, rank: nextLook(of: conversation))
        }
        for id in agents.names { list(id) }
    }

    private mutating func listAgents(of conversation: Conversation, _ former: Conversation?) {
        let was = [former?.owner.agent, former?.routing.offer?.agent]
        let now = [conversation.owner.agent, conversation.routing.offer?.agent]
        guard was != now else { return }
        for case let agent? in was + now { list(agent) }
    }

    /// Keeps what was read back about a queue.
    mutating func load(_ state: QueueState) {
        queueStates.load(state, as: state.queue)
        deadlines.set(.turn(state.queue), rank: state.nextTurn)
    }

    /// Keeps what changed about a queue.
    mutating func put(_ state: QueueState) {
        guard state != queueStates[state.queue] else { return }
        queueStates.put(state, as: state.queue)
        deadlines.set(.turn(state.queue), rank: state.nextTurn)
        armTargets(of: state.queue)
        armSilence(of: state.queue)
    }

    /// Keeps an agent as they were read back, with the connections that the state names.
    mutating func load(_ agent: Agent) {
        waitingLines.learn(agent, formerly: nil)
        agents.load(agent, as: agent.id)
        index(agent)
        if agent.isUnheard { hasUnheard = true }
    }

    /// Keeps a changed agent. Connections are not stored: a change of them alone is no changed row.
    mutating func put(_ agent: Agent) {
        let former = agents[agent.id]
        let isChange = former?.withoutConnections() != agent.withoutConnections()
        waitingLines.learn(agent, formerly: former?.profile)
        agents.put(agent, as: agent.id, isChange: isChange)
        index(agent)
        // Whether room is kept for heavy work depends on whether they could ever take it.
        switch configuration.heavyWork {
        case .isPassed: break
        case .reservesRoom:
            if former?.capacity != agent.capacity || former?.profile.grade != agent.profile.grade {
                waitingLines.unsettleAll()
            }
        }
    }

    /// Keeps an agent of whom nothing changed but when they were last given something. What they are
    /// given, right after this, puts them where they belong.
    mutating func keepTurn(of agent: Agent) {
        let isChange = agents[agent.id]?.idleSince != agent.idleSince
        agents.put(agent, as: agent.id, isChange: isChange)
    }

    private mutating func index(_ agent: Agent) {
        let runs = agent.presence != .offline && !agent.isConnected
        deadlines.set(.grace(agent.id), rank: runs ? agent.disconnectDeadline : nil)
        deadlines.set(.wrapUp(agent.id), rank: agent.attendance.wrapUp?.until)
        let isShiftOpen = agent.presence != .offline && !agent.attendance.hasShiftEnded
        deadlines.set(.shift(agent.id), rank: isShiftOpen ? agent.attendance.shiftEnd : nil)
        if agent.attendance.hasShiftEnded {
            finishing.insertSorted(agent.id)
        } else {
            finishing.removeSorted(agent.id)
        }
        list(agent.id)
    }

    /// Puts an agent where they belong in every line that they fit: after each change of them or of
    /// what they hold. O(lines that they fit · log n).
    private mutating func list(_ id: AgentID) {
        guard let agent = agents[id] else { return }
        let load = load(of: id)
        waitingLines.place(id, isOnDuty: agent.isExpectedOnDuty)
        var hasCome = false
        for line in waitingLines.linesOf[id] ?? [] {
            let wasOnDuty = waitingLines[line].onDuty.contains(id)
            let name = waitingLines[line].name
            let weight = configuration.weight(
                of: name.queue, on: name.channel, for: agent.profile)
            let isAble = weight <= agent.capacity
            let isOnDuty = isAble && agent.isExpectedOnDuty
            hasCome = hasCome || (isOnDuty && !wasOnDuty)
            let hasRoom = agent.isOnDuty && load + weight <= agent.capacity
            waitingLines.place(
                id, in: line, isAble: isAble, isThere: isAble && agent.isThere, isOnDuty: isOnDuty,
                turn: hasRoom ? turn(of: agent, load: load) : nil)
        }
        // What somebody declined is now for the one who came, whether they have room or not: then it
        // keeps nobody else's room any more, and that may be room for those of another line.
        switch configuration.heavyWork {
        case .isPassed: break
        case .reservesRoom: if hasCome { waitingLines.unsettleAll() }
        }
    }

    /// Where an agent with this load stands among those who have room.
    func turn(of agent: Agent, load: Int) -> Turn {
        let order = configuration.orderOfTurns
        return Turn(
            burden: order.burden(ofLoad: load, capacity: agent.capacity),
            idleSince: agent.idleSince)
    }

    /// How many units of work an agent has, offers included.
    public func load(of id: AgentID) -> Int {
        guard let profile = agents[id]?.profile else { return 0 }
        var load = 0
        for id in owned[id] ?? [] { load += weight(of: id, for: profile) }
        for id in offered[id] ?? [] { load += weight(of: id, for: profile) }
        return load
    }

    private func weight(of id: ConversationID, for profile: Profile) -> Int {
        guard let conversation = conversations[id] else { return 0 }
        return configuration.weight(
            of: conversation.queue, on: conversation.origin.channel, for: profile)
    }

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
