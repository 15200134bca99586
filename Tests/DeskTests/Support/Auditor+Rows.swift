import Desk

/// That the rows say what the books say, and that what was due by them has happened.
extension Auditor {
    /// P2, P13, and that rows say what the events said.
    mutating func checkBooks(against state: DeskState) {
        let open = books.filter { $0.value.owner != .nobody }.keys.sorted()
        check(state.conversations.map(\.id) == open, "P2: the open conversations are others")
        for row in state.conversations {
            guard let book = books[row.id] else { continue }
            check(row.owner == book.owner, "P2: \(row.id) belongs to another")
            check(row.handoffs == book.handoffs, "P6: handoffs of \(row.id) differ")
            check(row.waitingSince == book.waitingSince, "P13: the clock of \(row.id) moved")
            check(row.queue == book.queue, "the queue of \(row.id) differs")
            check(row.origin == book.origin, "by what \(row.id) comes differs")
            check(row.routing.offer == book.offer, "the offer of \(row.id) differs")
            check(row.routing.relaxed == book.relaxed, "relaxations of \(row.id) differ")
            check(row.routing.priority == book.priority, "the priority of \(row.id) differs")
            check(row.routing.reservation == book.reservation, "who \(row.id) is kept for differs")
            check(Set(row.routing.needs) == Set(book.needs), "what \(row.id) asks for differs")
            check(
                row.routing.compartment == book.compartment, "the compartment of \(row.id) differs")
            check(Set(row.routing.declined) == book.declined, "who declined \(row.id) differs")
        }
        check(state.agents.map(\.id) == people.keys.sorted(), "the agents are others")
        for row in state.agents {
            guard let person = people[row.id] else { continue }
            check(row.presence == person.presence, "presence of \(row.id) differs")
            check(row.capacity == person.capacity, "capacity of \(row.id) differs")
            check(row.disconnectDeadline == person.deadline, "deadline of \(row.id) differs")
            check(row.idleSince == person.idleSince, "idle time of \(row.id) differs")
            check(row.profile == person.profile, "the profile of \(row.id) differs")
            check(row.presenceSince == person.since, "since when \(row.id) differs")
            let attendance = row.attendance
            check(attendance.awayReason == person.reason, "why \(row.id) is away differs")
            check(attendance.wrapUp?.until == person.wrapUpEnd, "the wrap-up of \(row.id) differs")
            check(attendance.shiftEnd == person.shiftEnd, "the shift of \(row.id) differs")
            check(attendance.hasShiftEnded == person.isFinishing, "\(row.id) finishes or not")
            check(row.missedOffers == person.missed, "missed offers of \(row.id) differ")
        }
        check(state.configuration == configuration, "the configuration differs")
    }

    /// What is due by waiting has happened when the clock was told.
    mutating func checkWaits(at: Instant) {
        for (id, book) in books {
            if let offer = book.offer {
                check(offer.deadline > at, "the offer of \(id) should have ended")
                continue
            }
            guard case .queue(let name) = book.owner, let queue = queue(name) else { continue }
            let waited = at.milliseconds - book.waitingSince.milliseconds
            let due = queue.relaxations.count { $0.after <= waited }
            check(book.relaxed == due, "\(id) has waited for \(due) relaxations")
            check(silenceLeft(of: book).map { $0 > 0 } ?? true, "\(id) should have been given up")
            if let limit = queue.overflow?.afterWait, !book.stays {
                check(waited < limit, "\(id) should have overflowed")
            }
        }
    }

    mutating func checkNextDeadline(_ desk: Desk, _ state: DeskState) {
        guard !mayBeUnheard else { return }
        var deadlines = state.agents.compactMap(\.disconnectDeadline)
        for job in state.jobs {
            if case .unknown(let deadline?) = job.state { deadlines.append(deadline) }
        }
        guard let promises = nextPromises, let silences = nextEndsOfSilence else { return }
        deadlines += nextTurns(state) + promises + silences
        for book in books.values { deadlines += [nextStep(book)].compactMap { $0 } }
        // Who waits and may be told something has a moment for that, too.
        for row in state.conversations {
            guard case .queue(let name) = row.owner, row.routing.offer == nil,
                queue(name)?.announcing != nil
            else { continue }
            deadlines.append(row.routing.announced?.nextLook ?? row.waitingSince)
        }
        for person in people.values {
            deadlines += [person.wrapUpEnd].compactMap { $0 }
            guard person.presence != .offline, !person.isFinishing else { continue }
            deadlines += [person.shiftEnd].compactMap { $0 }
        }
        check(desk.nextDeadline == deadlines.min(), "the next deadline is wrong")
    }

    private func nextStep(_ book: Book) -> Instant? {
        if let offer = book.offer { return offer.deadline }
        guard case .queue(let name) = book.owner, let queue = queue(name) else { return nil }
        var all = [book.reservation?.until].compactMap { $0 }
        if queue.relaxations.indices.contains(book.relaxed) {
            let after = queue.relaxations[book.relaxed].after
            all.append(book.waitingSince.adding(milliseconds: after))
        }
        if let wait = queue.overflow?.afterWait, !book.stays {
            all.append(book.waitingSince.adding(milliseconds: wait))
        }
        return all.min()
    }
}
