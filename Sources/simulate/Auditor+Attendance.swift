import Desk
import Engine

/// Who is there, until when, and why not.
extension Auditor {
    func applyAttendance(_ record: EventRecord) {
        switch record.event {
        case .presenceChanged(let agent, let presence, let reason, by: _):
            change(agent, to: presence, reason, record)
        case .wrapUpChanged(let agent, let until):
            checkWrapUp(of: agent, until, record)
            ledger.agents[agent]?.wrapUpEnd = until
        case .shiftEndChanged(let agent, let end, by: _):
            ledger.agents[agent]?.shiftEnd = end
            ledger.agents[agent]?.isFinishing = false
        case .shiftEnded(let agent):
            let isDue = ledger.agents[agent]?.shiftEnd.map { $0 <= record.at } ?? false
            require(isDue, .shiftEndsInTime, "the shift of agent \(agent.number) ends too early")
            ledger.agents[agent]?.isFinishing = true
        default: break
        }
    }

    private func change(
        _ agent: AgentID, to presence: Presence, _ reason: AwayReasonID?, _ record: EventRecord
    ) {
        switch inputOfRecord {
        case .presenceSet(agent, presence, let said?),
            .presenceOrdered(agent, presence, let said?, by: _):
            require(
                reason == said, .awayReasonOnRecord,
                "why agent \(agent.number) is away was not taken down")
        default: break
        }
        if reason == .missedOffers {
            let isDue = missing.remove(agent) != nil
            require(
                isDue, .awayForMissedOffers,
                "agent \(agent.number) is set away and let nothing pass")
        }
        let former = ledger.agents[agent]?.presence
        require(
            presence != .wrapUp || former == .available, .onlyTheAvailableWriteUp,
            "agent \(agent.number) writes up and was not available")
        ledger.agents[agent]?.presence = presence
        ledger.agents[agent]?.awayReason = reason
        if presence == .available {
            ledger.agents[agent]?.idleSince = record.at
            ledger.agents[agent]?.missedOffers = 0
        }
        if presence == .offline {
            ledger.agents[agent]?.deadline = nil
            ledger.agents[agent]?.isFinishing = false
        }
        guard presence != .wrapUp else { return }
        ledger.agents[agent]?.wrapUpEnd = nil
        ledger.agents[agent]?.longestWrapUp = nil
    }

    /// How long a wrap-up lasts follows from the queue of what was let go of, and from how often the
    /// agent asked for more.
    private func checkWrapUp(of id: AgentID, _ until: Instant, _ record: EventRecord) {
        guard let agent = ledger.agents[id], agent.presence == .wrapUp else {
            return violated(
                .onlyTheAvailableWriteUp, "agent \(id.number) has a wrap-up and does something else"
            )
        }
        require(
            agent.wrapUpEnd.map { until > $0 } ?? true, .wrapUpNotShortened,
            "the wrap-up of agent \(id.number) is shortened")
        switch inputOfRecord {
        case .conversationClosed(id, let left), .transferOrdered(id, let left, .queue):
            let time = leftIn[left].flatMap { ledger.queue($0)?.wrapUp }
            require(
                time.map { record.at.adding(milliseconds: $0.time) } == until, .wrapUpAsLongAsSaid,
                "the wrap-up of agent \(id.number) is not as long as its queue says")
            let latest = record.at.adding(milliseconds: time?.maximum ?? 0)
            ledger.agents[id]?.longestWrapUp = max(agent.longestWrapUp ?? latest, latest)
        case .wrapUpExtended(id):
            require(
                agent.longestWrapUp.map { until <= $0 } ?? false, .wrapUpNotTooLong,
                "the wrap-up of agent \(id.number) is extended too far")
        default:
            violated(.wrapUpHasCause, "the wrap-up of agent \(id.number) comes of nothing")
        }
    }

    // MARK: After each commit

    /// The rows of agents say what the events say: they are all that a reload knows.
    func checkAgentRows(of commit: Commit) {
        for id in commit.changes.agents.map(\.id) {
            guard let row = database.agents[id], let known = ledger.agents[id] else {
                violated(.agentRowIsTrue, "agent \(id.number) has no row or no event")
                continue
            }
            let attendance = row.attendance
            require(
                row.presence == known.presence && attendance.awayReason == known.awayReason
                    && attendance.wrapUp?.until == known.wrapUpEnd
                    && attendance.shiftEnd == known.shiftEnd
                    && attendance.hasShiftEnded == known.isFinishing, .agentRowIsTrue,
                "the row of agent \(id.number) is not what is on record")
        }
    }

    /// What a stored clock brings about for agents has happened by the next commit at a later moment;
    /// and who has finished is gone.
    func checkAttendance(of commit: Commit) {
        for id in ledger.agents.keys.sorted() {
            guard let agent = ledger.agents[id] else { continue }
            let holds = ledger.conversations.values.contains { $0.owner == .agent(id) }
            require(
                !agent.isFinishing || holds || agent.presence == .wrapUp, .whoFinishedLeaves,
                "the shift of agent \(id.number) is over, nothing is left, and they are there")
            guard let next = agent.nextStep, next.at <= commit.at else {
                overdueAgents[id] = nil
                continue
            }
            guard let known = overdueAgents[id], known.epoch == commit.epoch, known.step == next.at
            else {
                overdueAgents[id] = Overdue(epoch: commit.epoch, step: next.at, seen: commit.at)
                continue
            }
            require(
                known.seen == commit.at, next.line,
                "agent \(id.number): \(next.what) was due at \(next.at.milliseconds)")
        }
    }
}

extension Ledger.Agent {
    /// What happens next to them by a stored clock. Who writes up for ever lacks work that waits.
    fileprivate var nextStep: (at: Instant, what: String, line: Line)? {
        let isOpen = presence != .offline && !isFinishing
        let shift = isOpen ? shiftEnd : nil
        if let wrapUpEnd, shift.map({ wrapUpEnd <= $0 }) ?? true {
            return (wrapUpEnd, "the end of the wrap-up", .wrapUpEnds)
        }
        return shift.map { ($0, "the end of the shift", .shiftEnds) }
    }
}
