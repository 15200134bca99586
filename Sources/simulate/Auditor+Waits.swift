import Desk
import Engine

/// What the clock brings about for who waits, and where they go by themselves: no earlier than is
/// said, no further, and not without a reason.
extension Auditor {
    // MARK: Relaxations

    /// As much less is asked for as the wait says that there has been.
    func relaxed(_ id: ConversationID, to steps: Int, _ record: EventRecord) {
        defer { ledger.conversations[id]?.relaxed = steps }
        guard let conversation = ledger.conversations[id] else { return }
        let due = ledger.relaxations(of: conversation, at: record.at)
        require(
            steps == due, .lessIsAskedForWhenDue,
            "conversation \(id.number) is asked for \(steps) steps less, due are \(due)")
    }

    // MARK: Queues that a conversation comes to

    /// Who comes anew enters where there is room; what goes from queue to queue by itself has waited
    /// for it, was shut out, or is escalated. A person may put it anywhere.
    func checkEntry(_ handoff: Handoff, _ former: Ledger.Conversation, at: Instant) {
        guard case .queue(let queue) = handoff.to else { return }
        let id = handoff.conversation
        switch handoff.reason {
        case .customerWrote:
            let entry = ledger.entry(of: former.origin)
            let isOnItsWay = ledger.queuesOnTheWay(from: entry).contains(queue)
            require(
                isOnItsWay, .beginsWhereItsPageSays,
                "conversation \(id.number) begins in queue \(queue.number), not \(entry.number)")
            let expected = ledger.queueWithRoom(from: entry)
            require(
                !isOnItsWay || queue == expected, .entersWhereThereIsRoom,
                "conversation \(id.number) enters queue \(queue.number), not \(expected.number)")
        case .overflowed:
            require(
                overflows(id, former, to: queue, at: at), .overflowsForReason,
                "conversation \(id.number) overflows to queue \(queue.number) without a reason")
        case .escalated:
            let expected = escalatedMoves.removeValue(forKey: id)
            require(
                expected != nil, .escalatedForReason,
                "conversation \(id.number) is sent on as escalated and is not")
            require(
                expected == nil || expected == queue, .escalatesToItsQueue,
                "conversation \(id.number) is escalated to queue \(queue.number)")
        case .assigned, .disconnected, .wentOffline, .closed, .offerAccepted, .taken, .transferred,
            .moved, .movedOverLimit, .assignedBySupervisor, .assignedOverCapacity, .abandoned,
            .botAbsent:
            break
        }
    }

    /// Whether its queue closed just now, or it has waited there for long enough; once.
    private func overflows(
        _ id: ConversationID, _ former: Ledger.Conversation, to queue: QueueID, at: Instant
    ) -> Bool {
        guard case .queue(let left) = former.owner, former.offer == nil,
            let overflow = ledger.queue(left)?.overflow, !former.staysInQueue
        else { return false }
        if leaving[id] == left { return queue == ledger.queueWithRoom(from: overflow.to) }
        let waited = at.milliseconds - former.waitingSince.milliseconds
        return queue == overflow.to && overflow.afterWait.map { $0 <= waited } ?? false
    }

    // MARK: Escalations

    /// A warning or a breach sends on what still waits to the queue that is said, or beside it while
    /// that is closed; what an agent has stays with them.
    func expectMove(of id: ConversationID, _ wanted: Escalation?) {
        guard let wanted = wanted?.queue, case .queue(let former)? = ledger.conversations[id]?.owner
        else { return }
        let queue = ledger.queueBesideClosed(from: wanted)
        if queue != former { escalatedMoves[id] = queue }
    }

    /// In the same commit it has gone there.
    func checkMoves() {
        for (id, queue) in escalatedMoves.sorted(by: { $0.key < $1.key }) {
            violated(
                .escalatesToItsQueue,
                "conversation \(id.number) is not sent on to queue \(queue.number)")
        }
        escalatedMoves = [:]
    }
}

extension Ledger {
    /// How many relaxations of its queue a conversation has waited for.
    func relaxations(of conversation: Conversation, at: Instant) -> Int {
        let waited = at.milliseconds - conversation.waitingSince.milliseconds
        return queue(conversation.queue)?.relaxations.count { $0.after <= waited } ?? 0
    }

    /// Where a conversation comes to that is to enter this queue: further while that is full, or closed
    /// and another takes what then comes.
    func queueWithRoom(from first: QueueID) -> QueueID {
        passing(from: first) { queue, overflow in
            let waiting = conversations.values.count { $0.owner == .queue(queue) }
            return overflow.atLength.map { $0 <= waiting } ?? false
                || overflow.whenClosed && closed.contains(queue)
        }
    }

    /// Further only while that is closed and another takes what then comes.
    func queueBesideClosed(from first: QueueID) -> QueueID {
        passing(from: first) { queue, overflow in overflow.whenClosed && closed.contains(queue) }
    }

    /// A queue and those that it overflows to, one after the other.
    func queuesOnTheWay(from first: QueueID) -> Set<QueueID> {
        var all: Set = [first]
        _ = passing(from: first) { _, overflow in all.insert(overflow.to).inserted }
        return all
    }

    /// The first of the queues, each the overflow of the one before, that is not passed by.
    private func passing(
        from first: QueueID, _ isPassed: (QueueID, Overflow) -> Bool
    ) -> QueueID {
        var last = first
        for _ in configuration.queues {
            guard let overflow = queue(last)?.overflow, isPassed(last, overflow) else { break }
            last = overflow.to
        }
        return last
    }
}
