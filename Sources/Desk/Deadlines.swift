/// What falls due at a stored moment. At the same moment queues turn first, then come agents, then
/// promises, silent customers, conversations and jobs, each by id.
enum Due: Hashable, Comparable, Sendable {
    /// The queue opens or closes by its hours, or a supervisor's order about it ends.
    case turn(QueueID)
    /// Agents who were not heard of since a reload are taken to have lost their connections.
    case unheard
    /// The agent's grace for a lost connection ends.
    case grace(AgentID)
    /// The agent's wrap-up ends.
    case wrapUp(AgentID)
    /// The agent's shift ends.
    case shift(AgentID)
    /// The queue's clock of opening time comes to the next step of a promise.
    case target(QueueID)
    /// The queue's clock of opening time comes to where the first of its silent customers counts as gone.
    case silence(QueueID)
    /// The next thing happens to a waiting or offered conversation: see ``Desk/step(_:_:)``.
    case wait(ConversationID)
    /// The wait for an echo of the job's message ends.
    case confirmation(JobID)
    /// Somebody can be given somebody who waits; the input that made it so had brought about enough.
    case unmatched
}

extension Desk {
    /// When the clock must be told next, if ever.
    public var nextDeadline: Instant? {
        guard let look = looks.first?.rank else { return deadlines.first?.rank }
        return min(look, deadlines.first?.rank ?? look)
    }

    /// Does what is due, in the order of the deadlines; what is more than ``Limits/eventsAtOnce`` stays
    /// due.
    mutating func doWhatIsDue(_ minutes: inout Minutes) {
        while let due = deadlines.first, due.rank <= minutes.at,
            minutes.records.count < Limits.eventsAtOnce
        {
            deadlines.set(due.member, rank: nil)
            switch due.member {
            case .turn(let queue): turnByTheClock(queue, at: due.rank, &minutes)
            case .unheard: giveUpUnheard(&minutes)
            case .grace(let id):
                if let agent = agents[id] { goOffline(agent, .disconnected, &minutes) }
            case .wrapUp(let id):
                endWrapUp(of: id, &minutes)
            case .shift(let id):
                endShift(of: id, &minutes)
            case .target(let queue): stepTarget(of: queue, &minutes)
            case .silence(let queue): giveUpSilent(in: queue, &minutes)
            case .wait(let id):
                step(id, &minutes)
            case .confirmation(let id):
                if let job = jobs[id] { set(job, to: .unconfirmed, &minutes) }
            // Matching follows every input.
            case .unmatched: break
            }
        }
    }

    // MARK: After a reload

    /// After a reload in the same epoch agents are there by their rows, without a connection and
    /// without a deadline, until the shell tells the connections. A socket that closed meanwhile is
    /// never told of: so who is unheard of for the settling time is taken to have left (promise P5).
    mutating func watchUnheard(at: Instant) {
        guard hasUnheard else { return }
        hasUnheard = false
        deadlines.set(.unheard, rank: at.adding(milliseconds: rules.settlingTime))
    }

    private mutating func giveUpUnheard(_ minutes: inout Minutes) {
        for id in agents.names {
            if let agent = agents[id], agent.isUnheard { leave(agent, &minutes) }
        }
    }

    /// A node became the owner: no socket is open, everybody has grace to come back, and whether what
    /// was being sent has left is unknown until the channel has been read back. What the bot had under an
    /// earlier program waits for people.
    mutating func beginEpoch(_ minutes: inout Minutes) {
        note(.epochBegan, in: &minutes)
        deadlines.set(.unheard, rank: nil)
        let settled = minutes.at.adding(milliseconds: rules.settlingTime)
        for id in agents.names {
            guard var agent = agents[id] else { continue }
            let wasConnected = agent.isConnected
            agent.connections = []
            let runs = agent.presence != .offline
            let isEarly = runs && agent.disconnectDeadline.map { $0 < settled } ?? true
            if isEarly || wasConnected { leave(agent, notBefore: settled, &minutes) }
        }
        takeBackFromBot(&minutes)
        for id in jobs.names {
            guard let job = jobs[id] else { continue }
            switch job.state {
            case .sending, .unknown(.some): set(job, to: .unknown(deadline: nil), &minutes)
            case .queued, .unknown(nil), .sent, .failed, .unconfirmed: break
            }
        }
    }

    /// The channel was read back: from now on an echo can be missed no more than it could before.
    mutating func startConfirmationWaits(_ minutes: inout Minutes) {
        let deadline = minutes.at.adding(milliseconds: rules.confirmationWait)
        for id in jobs.names {
            guard let job = jobs[id], job.state == .unknown(deadline: nil) else { continue }
            set(job, to: .unknown(deadline: deadline), &minutes)
        }
    }
}
