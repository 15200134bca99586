import Desk

/// What the clock brings about for who waits, and where they go by themselves: no earlier than is
/// said, no further, and not without a reason.
extension Auditor {
    /// What follows from an event before the next input.
    struct Pending {
        /// To which queue a target sends a conversation on.
        var moves: [ConversationID: QueueID] = [:]
        /// To which priority a target raises one.
        var raises: [ConversationID: Int] = [:]
        /// Which queue closed while it waited there that sends on what waits.
        var shutOut: [ConversationID: QueueID] = [:]
    }

    /// As much less is asked for as the customer has waited for.
    mutating func checkRelaxation(of id: ConversationID, _ steps: Int, at: Instant) {
        guard let book = books[id] else { return }
        let waited = at.milliseconds - book.waitingSince.milliseconds
        let due = (queue(book.queue)?.relaxations ?? []).count { $0.after <= waited }
        check(steps == due, "\(id) is asked for \(steps) steps less, due are \(due)")
    }

    /// What comes to a queue by itself; the book is that before the handoff.
    mutating func checkEntry(_ handoff: Handoff, at: Instant) {
        let id = handoff.conversation
        guard case .queue(let queue) = handoff.to, let book = books[id] else { return }
        switch handoff.reason {
        case .customerWrote:
            let expected = beginning(of: book.origin)
            check(queue == expected, "\(id) enters \(queue), there is room in \(expected)")
        case .overflowed:
            check(overflows(id, book, to: queue, at: at), "\(id) overflows to \(queue) too early")
        case .escalated:
            let expected = pending.moves.removeValue(forKey: id)
            check(queue == expected, "\(id) is escalated to \(queue)")
        case .assigned, .disconnected, .wentOffline, .closed, .offerAccepted, .taken, .transferred,
            .moved, .movedOverLimit, .assignedBySupervisor, .assignedOverCapacity, .abandoned,
            .botAbsent:
            break
        }
    }

    private func overflows(
        _ id: ConversationID, _ book: Book, to queue: QueueID, at: Instant
    ) -> Bool {
        guard case .queue(let left) = book.owner, book.offer == nil, !book.stays,
            let overflow = self.queue(left)?.overflow
        else { return false }
        if pending.shutOut[id] == left { return queue == room(from: overflow.to) }
        let waited = at.milliseconds - book.waitingSince.milliseconds
        return queue == overflow.to && overflow.afterWait.map { $0 <= waited } ?? false
    }

    /// The first queue that is neither full nor closed with another to take what comes.
    func room(from first: QueueID) -> QueueID {
        var id = first
        while let overflow = queue(id)?.overflow {
            let count = books.values.count { $0.owner == .queue(id) }
            let isFull = overflow.atLength.map { $0 <= count } ?? false
            guard isFull || (overflow.whenClosed && !isOpen(id)) else { break }
            id = overflow.to
        }
        return id
    }

    private func open(from first: QueueID) -> QueueID {
        var id = first
        while let overflow = queue(id)?.overflow, overflow.whenClosed, !isOpen(id) {
            id = overflow.to
        }
        return id
    }

    // MARK: What follows from events

    /// A queue closes now: what waits there goes where its overflow says.
    mutating func expectOverflow(from closing: QueueID) {
        guard queue(closing)?.overflow?.whenClosed == true else { return }
        for (id, book) in books where book.owner == .queue(closing) && !book.stays {
            pending.shutOut[id] = closing
        }
    }

    mutating func expect(after event: Event, of input: Input) {
        switch event {
        case .targetWarned(let id, _, _, let calls):
            expectEscalation(of: id, calls) { $0.onWarning }
        case .targetBreached(let id, _, let calls):
            // One that is found broken by the reply is answered already.
            if case .agentReplied = input {
                check(!calls, "supervisors are called to \(id), which is answered")
            } else {
                expectEscalation(of: id, calls) { $0.onBreach }
            }
        case .priorityChanged(let id, let priority, by: nil):
            let expected = pending.raises.removeValue(forKey: id)
            check(priority == expected, "\(id) is raised to \(priority as Any)")
        default: break
        }
    }

    private mutating func expectEscalation(
        of id: ConversationID, _ calls: Bool, _ which: (ServiceTarget) -> Escalation?
    ) {
        guard let book = books[id], let queue = queue(book.queue) else { return }
        let priority = book.priority ?? queue.priority
        let target = (queue.targets ?? []).filter { $0.fromPriority <= priority }
            .max { $0.fromPriority < $1.fromPriority }
        let wanted = target.flatMap(which)
        check(
            calls == wanted?.callsSupervisor ?? false, "whether \(id) calls supervisors differs")
        if let raised = wanted?.priority, priority < raised { pending.raises[id] = raised }
        guard let goal = wanted?.queue, case .queue(let former) = book.owner else { return }
        let open = open(from: goal)
        if open != former { pending.moves[id] = open }
    }

    /// By the end of an input all of it has followed.
    mutating func checkPending() {
        for (id, queue) in pending.moves { check(false, "\(id) is not escalated to \(queue)") }
        for (id, priority) in pending.raises { check(false, "\(id) is not raised to \(priority)") }
        for (id, queue) in pending.shutOut where books[id]?.owner == .queue(queue) {
            check(false, "\(id) still waits in \(queue), which closed")
        }
        pending = Pending()
    }
}
