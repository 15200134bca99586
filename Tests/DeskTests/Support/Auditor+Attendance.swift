import Desk

/// Who is there, until when, and why not.
extension Auditor {
    /// Whether somebody is there, and for how long.
    mutating func postAttendance(_ record: EventRecord, _ input: Input) {
        switch record.event {
        case .presenceChanged(let id, let presence, let reason, _):
            let former = people[id]?.presence
            people[id]?.presence = presence
            people[id]?.since = record.at
            people[id]?.reason = reason
            check(reason == nil || presence == .away, "a reason of who is not away")
            switch presence {
            case .available:
                people[id]?.idleSince = record.at
                people[id]?.missed = 0
            case .away:
                if case .clockReached = input { people[id]?.missed = 0 }
            case .offline:
                people[id]?.deadline = nil
                people[id]?.isFinishing = false
            case .wrapUp: check(former == .available, "\(id) writes up and was \(former as Any)")
            case .busy: break
            }
            if presence != .wrapUp {
                people[id]?.wrapUpEnd = nil
                people[id]?.longestWrapUp = nil
            }
        case .wrapUpChanged(let id, let until):
            check(people[id]?.presence == .wrapUp, "a wrap-up of who does something else")
            check(until > people[id]?.wrapUpEnd ?? record.at, "a wrap-up is shortened")
            people[id]?.wrapUpEnd = until
            checkLength(of: id, until, record, input)
        case .shiftEndChanged(let id, let end, _):
            people[id]?.shiftEnd = end
            people[id]?.isFinishing = false
        case .shiftEnded(let id):
            let isDue = people[id]?.shiftEnd.map { $0 <= record.at } ?? false
            check(isDue, "the shift of \(id) ends too early")
            people[id]?.isFinishing = true
        default: break
        }
    }

    /// How long a wrap-up lasts follows from the queue of what was let go of.
    private mutating func checkLength(
        of id: AgentID, _ until: Instant, _ record: EventRecord, _ input: Input
    ) {
        let left: ConversationID
        switch input {
        case .conversationClosed(id, let conversation): left = conversation
        case .transferOrdered(id, let conversation, .queue):
            left = conversation
        case .wrapUpExtended(id):
            let latest = people[id]?.longestWrapUp ?? record.at
            return check(until <= latest, "the wrap-up of \(id) is extended too far")
        default: return check(false, "a wrap-up of \(id) comes of nothing")
        }
        let time = leftIn[left].flatMap { queue($0)?.wrapUp }
        check(
            time.map { record.at.adding(milliseconds: $0.time) } == until,
            "the wrap-up of \(id) is not as long as its queue says")
        guard let time else { return }
        let latest = record.at.adding(milliseconds: time.maximum)
        let former = people[id]?.longestWrapUp
        people[id]?.longestWrapUp = max(former ?? latest, latest)
    }

    /// P5: who is gone owns nothing, and who lost the connection is gone when the deadline passes.
    mutating func checkNobodyGoneOwns(_ input: Input, at: Instant) {
        for (id, person) in people {
            if person.presence == .offline {
                check(load(id) == 0, "P5: \(id) is offline and has something")
                check(person.deadline == nil, "P5: \(id) is offline and has a deadline")
            } else if person.sockets.isEmpty {
                check(mayBeUnheard || person.deadline != nil, "P5: \(id) is gone for ever")
                if case .clockReached = input, let deadline = person.deadline {
                    check(deadline > at, "P5: the grace of \(id) ran out")
                }
            } else {
                check(person.deadline == nil, "P5: \(id) is connected and has a deadline")
            }
            guard !isOnDuty(id), !mayBeUnheard else { continue }
            let offers = books.values.compactMap(\.offer).filter { $0.agent == id }
            check(
                offers.allSatisfy { $0.isTransfer && takesByHand(id) },
                "an offer to \(id), who takes none")
        }
    }

    /// What a stored clock brings about for agents has happened when the clock was told, and who has
    /// finished is gone.
    mutating func checkAttendance(_ input: Input, at: Instant) {
        for (id, person) in people {
            check(
                (person.presence == .wrapUp) == (person.wrapUpEnd != nil),
                "the wrap-up of \(id) has no end")
            let isDone = load(id, offered: false) == 0 && person.presence != .wrapUp
            check(!(person.isFinishing && isDone), "\(id) has finished and is still there")
            guard case .clockReached = input else { continue }
            check(person.wrapUpEnd.map { $0 > at } ?? true, "the wrap-up of \(id) goes on")
            let isOpen = person.presence != .offline && !person.isFinishing
            check(!isOpen || person.shiftEnd.map { $0 > at } ?? true, "the shift of \(id) goes on")
        }
    }
}
