/// What happens to a conversation while it waits: steps of a stored clock, none of a sweep.
extension Desk {
    /// When the next thing happens to a conversation by itself: its offer ends, less is asked for,
    /// it overflows, or it is no longer kept for somebody.
    func nextStep(of conversation: Conversation) -> Instant? {
        if let offer = conversation.routing.offer { return offer.deadline }
        guard case .queue(let id) = conversation.owner, let queue = configuration.queue(id) else {
            return nil
        }
        let since = conversation.waitingSince
        var next = conversation.routing.reservation?.until
        let steps = queue.relaxations
        if conversation.routing.relaxed < steps.count {
            let relaxation = since.adding(milliseconds: steps[conversation.routing.relaxed].after)
            next = min(next ?? relaxation, relaxation)
        }
        if !conversation.routing.staysInQueue, let wait = queue.overflow?.afterWait {
            let overflow = since.adding(milliseconds: wait)
            next = min(next ?? overflow, overflow)
        }
        return next
    }

    /// Does what is due to a waiting conversation, one thing; the next, if any, has its own deadline.
    mutating func step(_ id: ConversationID, _ minutes: inout Minutes) {
        guard var conversation = conversations[id] else { return }
        if let offer = conversation.routing.offer {
            guard offer.deadline <= minutes.at else { return put(conversation) }
            return letOfferPass(conversation, &minutes)
        }
        if let kept = conversation.routing.reservation, kept.until <= minutes.at {
            conversation.routing.reservation = nil
            return put(conversation)
        }
        guard case .queue(let queue) = conversation.owner, !conversation.routing.staysInQueue,
            let overflow = configuration.queue(queue)?.overflow, let wait = overflow.afterWait,
            conversation.waitingSince.adding(milliseconds: wait) <= minutes.at
        else { return relax(id, &minutes) }
        conversation.routing.staysInQueue = true
        move(conversation, to: overflow.to, .overflowed, by: nil, &minutes)
    }

    /// Puts every relaxation into force that the customer has waited for.
    mutating func relax(_ id: ConversationID, _ minutes: inout Minutes) {
        guard var conversation = conversations[id], case .queue(let queue) = conversation.owner,
            let steps = configuration.queue(queue)?.relaxations
        else { return }
        let waited = minutes.at.milliseconds - conversation.waitingSince.milliseconds
        let due = steps.prefix { $0.after <= waited }.count
        guard due != conversation.routing.relaxed else {
            return deadlines.set(.wait(id), rank: nextStep(of: conversation))
        }
        conversation.routing.relaxed = due
        put(conversation)
        note(.needsRelaxed(id, steps: due), in: &minutes)
    }

    /// Where a conversation goes that is to enter this queue: further, as long as a queue is full, or
    /// closed and another takes what then comes.
    func queueWithRoom(_ first: QueueID) -> QueueID {
        var id = first
        // Overflows form no circle, so this ends.
        while let overflow = configuration.queue(id)?.overflow,
            (overflow.atLength.map { waitingCount(in: id) >= $0 } ?? false)
                || (overflow.whenClosed && !isOpen(id))
        {
            id = overflow.to
        }
        return id
    }

    /// Where a conversation goes that somebody passes on to this queue: further only as long as a
    /// queue is closed and another takes what then comes.
    func queueBesideClosed(_ first: QueueID) -> QueueID {
        var id = first
        while let overflow = configuration.queue(id)?.overflow, overflow.whenClosed, !isOpen(id) {
            id = overflow.to
        }
        return id
    }

    /// Whether so many wait in a queue that no person may put one more into it.
    func isFull(_ id: QueueID) -> Bool {
        guard let limit = configuration.queue(id)?.limit else { return false }
        return waitingCount(in: id) >= limit
    }

    /// How many wait in a queue.
    public func waitingCount(in queue: QueueID) -> Int { queued[queue] ?? 0 }
}
