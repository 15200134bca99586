extension Desk {
    /// All that a desk is made from, as a reload would read it now: rows ascending by id.
    public var state: DeskState {
        var state = DeskState()
        state.lastEvent = lastEvent
        state.conversations = conversations.names.compactMap { conversations[$0] }
            .filter(\.isOpen)
        state.configuration = configuration
        state.agents = agents.names.compactMap { agents[$0]?.withoutConnections() }
        state.queueStates = queueStates.names.compactMap { queueStates[$0] }
        state.jobs = unsettledJobs
        state.paces = paces.names.compactMap { paces[$0] }
        return state
    }

    /// An open conversation, or one that was written about or closed in this batch.
    public func conversation(_ id: ConversationID) -> Conversation? { conversations[id] }

    /// An agent.
    public func agent(_ id: AgentID) -> Agent? { agents[id] }

    /// An unsettled job, or one that settled in this batch.
    public func job(_ id: JobID) -> Job? { jobs[id] }

    /// Every unsettled job, ascending by id.
    public var unsettledJobs: [Job] {
        jobs.names.compactMap { jobs[$0] }.filter { !$0.state.isSettled }
    }

    /// The unsettled jobs of a conversation in the order in which they are to leave.
    public func unsettledJobs(of conversation: ConversationID) -> [Job] {
        (lines[conversation] ?? []).compactMap { jobs[$0] }.filter { !$0.state.isSettled }
    }

    /// How many conversations wait to be given to an agent.
    public var waitingCount: Int { waitingLines.waitingCount }

    /// The first of those who wait in open queues that agents take from, as far as this agent fits them,
    /// could ever hold one and may serve the customer; in the order in which they are to be served.
    public func takeable(by agent: AgentID) -> [Conversation] {
        var found: [(rank: Instant, conversation: Conversation)] = []
        for line in waitingLines.linesOf[agent] ?? []
        where waitingLines[line].isPulled && waitingLines[line].able.contains(agent)
            && isOpen(waitingLines[line].name.queue)
        {
            var left = Limits.takeable
            _ = waitingLines[line].waiting.first { entry in
                guard let conversation = conversations[entry.member],
                    waitingLines.barredAgents[conversation.customer]?.contains(agent) != true
                else { return false }
                found.append((entry.rank, conversation))
                left -= 1
                return left == 0
            }
        }
        return found.sorted { ($0.rank, $0.conversation.id) < ($1.rank, $1.conversation.id) }
            .prefix(Limits.takeable).map(\.conversation)
    }

    /// What a person may see: an agent their own conversations, those offered to them and themselves,
    /// a supervisor everything that is open and everybody; with the unsettled jobs of those
    /// conversations. Each ascending by id.
    public func view(
        for person: AgentID, isSupervisor: Bool
    ) -> (conversations: [Conversation], agents: [Agent], jobs: [Job]) {
        let theirs = (owned[person] ?? []) + (offered[person] ?? [])
        let seen = isSupervisor ? conversations.names : Set(theirs).sorted()
        let people = isSupervisor ? agents.names : [person]
        let open = seen.compactMap { conversations[$0] }.filter(\.isOpen)
        let jobs = open.flatMap { unsettledJobs(of: $0.id) }.sorted { $0.id < $1.id }
        return (open, people.compactMap { agents[$0] }, jobs)
    }

    /// The part of these needs that this desk does not hold itself. Asked between two batches, when
    /// all that it holds is committed and open or unsettled: no decision looks further for that.
    public func lacking(_ needs: Needs) -> Needs {
        var lacking = needs
        lacking.threads = needs.threads.filter { threads[$0] == nil }  // any order: a set again
        lacking.conversations = needs.conversations.filter {  // any order: a set again
            conversations[$0] == nil
        }
        lacking.jobs = needs.jobs.filter { jobs[$0] == nil }
        lacking.held = needs.conversations.subtracting(lacking.conversations)
        lacking.held.formUnion(needs.threads.compactMap { threads[$0] })  // any order: into a set
        return lacking
    }

    /// Adds what the store must be asked before this input is decided: all that it may touch, whoever
    /// holds it. See ``lacking(_:)``.
    public static func needs(of input: Input, into needs: inout Needs) {
        switch input {
        case .customerWrote(let message):
            needs.threads.insert(message.thread)
        case .channelReported(let report):
            needs.threads.insert(report.thread)
            switch report.kind {
            case .messageLeft(let job, _):
                if let job { needs.jobs.insert(job) }
                if let message = report.platformMessage { needs.messages.insert(message) }
            case .reacted, .edited, .deleted:
                if let message = report.platformMessage { needs.messages.insert(message) }
            case .delivered, .read, .other:
                break
            }
        case .agentReplied(_, let conversation, _), .conversationRead(_, let conversation),
            .conversationClosed(_, let conversation), .offerAccepted(_, let conversation),
            .offerDeclined(_, let conversation, _), .conversationTaken(_, let conversation),
            .transferOrdered(_, let conversation, _), .conversationMoved(let conversation, _, _, _),
            .conversationAssigned(let conversation, _, _, _),
            .prioritySet(let conversation, _, _), .needsSet(let conversation, _, _, _):
            needs.conversations.insert(conversation)
        case .resendOrdered(_, let job):
            needs.jobs.insert(job)
        case .channelEventKept, .backfillFinished, .agentConnected, .agentDisconnected,
            .agentConnections, .presenceSet, .capacitySet, .configurationSet, .profileSet,
            .presenceOrdered, .wrapUpExtended, .shiftEndSet, .queueClosed, .queueOpened,
            .hoursComputed, .sendingBegan,
            .sendingEnded,
            .epochBegan, .clockReached:
            break
        }
    }
}
