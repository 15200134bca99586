/// The end of an agent's shift: from a stored moment on nothing new comes to them, and they are gone
/// when nothing is left.
extension Desk {
    /// The agent, or a supervisor, said when the shift ends; `nil`: it is open. What has passed is now.
    mutating func setShiftEnd(
        of id: AgentID, to end: Instant?, by supervisor: AgentID?, _ minutes: inout Minutes
    ) throws(Rejection) {
        guard var agent = agents[id] else { throw Rejection(.notFound, field: "agent") }
        let latest = minutes.at.adding(milliseconds: Limits.longestWait)
        guard end.map({ $0 <= latest }) ?? true else {
            throw Rejection(.outOfRange, field: "shiftEnd")
        }
        let shiftEnd = end.map { max($0, minutes.at) }
        guard agent.attendance.shiftEnd != shiftEnd else { return }
        agent.attendance.shiftEnd = shiftEnd
        agent.attendance.hasShiftEnded = false
        put(agent)
        note(
            .shiftEndChanged(id, shiftEnd, by: supervisor), to: id, supervisor, in: &minutes)
        if shiftEnd == minutes.at { endShift(of: id, &minutes) }
    }

    /// The moment has come: nothing new for who is there, and no offer.
    mutating func endShift(of id: AgentID, _ minutes: inout Minutes) {
        guard var agent = agents[id], agent.presence != .offline else { return }
        agent.attendance.hasShiftEnded = true
        put(agent)
        note(.shiftEnded(id), to: id, in: &minutes)
        withdrawOffers(to: id, &minutes)
    }

    /// Whose shift is over goes offline once they hold nothing and have written it up: looked at after
    /// every input, because much can take the last conversation from somebody.
    mutating func releaseFinished(_ minutes: inout Minutes) {
        for id in finishing {
            guard let agent = agents[id], owned[id]?.isEmpty ?? true, agent.presence != .wrapUp
            else { continue }
            goOffline(agent, .wentOffline, &minutes)
        }
    }

    /// Who comes back after the end of their shift begins another.
    mutating func forgetPassedShift(of id: AgentID, _ minutes: inout Minutes) {
        guard var agent = agents[id], let end = agent.attendance.shiftEnd, end <= minutes.at else {
            return
        }
        agent.attendance.shiftEnd = nil
        put(agent)
        note(.shiftEndChanged(id, nil, by: nil), to: id, in: &minutes)
    }
}
