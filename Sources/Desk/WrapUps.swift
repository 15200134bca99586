/// Time to write up what an agent let go of: a stored deadline, none of a sweep.
extension Desk {
    /// The owner closed a conversation of this queue, or handed it back. Who is at work on several has
    /// one wrap-up, and the later end counts.
    mutating func beginWrapUp(
        of id: AgentID, after queue: QueueID, _ minutes: inout Minutes
    ) {
        guard let time = configuration.queue(queue)?.wrapUp, var agent = agents[id] else { return }
        let wrapUp = WrapUp(
            until: minutes.at.adding(milliseconds: time.time), step: time.time,
            latest: minutes.at.adding(milliseconds: time.maximum))
        let former = agent.attendance.wrapUp
        switch agent.presence {
        case .available:
            agent.attendance.wrapUp = wrapUp
            change(agent, to: .wrapUp, by: nil, &minutes)
        case .wrapUp:
            let joined = former.map { $0.joined(with: wrapUp) } ?? wrapUp
            // One that ends no later changes nothing, not even how far the first may be extended:
            // whatever holds of a wrap-up is on record.
            guard joined.until != former?.until else { return }
            agent.attendance.wrapUp = joined
            put(agent)
        case .away, .busy, .offline:
            return
        }
        noteWrapUp(of: id, &minutes)
    }

    /// The agent needs longer.
    mutating func extendWrapUp(
        of id: AgentID, _ minutes: inout Minutes
    ) throws(Rejection) {
        guard var agent = agents[id] else { throw Rejection(.notFound, field: "agent") }
        // One whose end has passed has ended, even if the clock was not told yet.
        guard let wrapUp = agent.attendance.wrapUp, minutes.at < wrapUp.until else {
            throw Rejection(.wrongState, field: "wrapUp")
        }
        let until = min(wrapUp.until.adding(milliseconds: wrapUp.step), wrapUp.latest)
        guard until > wrapUp.until else { throw Rejection(.outOfRange, field: "wrapUp") }
        agent.attendance.wrapUp?.until = until
        put(agent)
        noteWrapUp(of: id, &minutes)
    }

    /// The wrap-up is over: the agent takes work again.
    mutating func endWrapUp(of id: AgentID, _ minutes: inout Minutes) {
        guard let agent = agents[id], agent.presence == .wrapUp else { return }
        change(agent, to: .available, by: nil, &minutes)
    }

    private mutating func noteWrapUp(of id: AgentID, _ minutes: inout Minutes) {
        guard let wrapUp = agents[id]?.attendance.wrapUp else { return }
        note(.wrapUpChanged(id, until: wrapUp.until), to: id, in: &minutes)
    }
}

extension WrapUp {
    /// One wrap-up for what both are for.
    fileprivate func joined(with other: WrapUp) -> WrapUp {
        WrapUp(
            until: max(until, other.until), step: max(step, other.step),
            latest: max(latest, other.latest))
    }
}
