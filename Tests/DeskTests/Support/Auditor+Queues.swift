import Desk

/// Which queues are open, by what was told and ordered, in plain loops.
extension Auditor {
    /// What is known of a queue that was ever told about or ordered.
    struct Door {
        /// As the events say.
        var isOpen: Bool
        var periods: [OpenPeriod]?
        var order: (isOpen: Bool, until: Instant?)?
    }

    func isOpen(_ queue: QueueID) -> Bool { doors[queue]?.isOpen ?? true }

    /// Whether it should be open.
    func shouldBeOpen(_ door: Door, at: Instant) -> Bool {
        if let order = door.order, order.until.map({ at < $0 }) ?? true { return order.isOpen }
        guard let periods = door.periods else { return true }
        return periods.contains { $0.from <= at && at < $0.until }
    }

    /// When a closed queue opens; `nil`: nobody knows.
    func opening(of queue: QueueID, at: Instant) -> Instant? {
        let door = door(queue)
        let turns = (door.periods ?? []).map(\.from) + [door.order?.until].compactMap { $0 }
        return turns.filter { at < $0 && shouldBeOpen(door, at: $0) }.min()
    }

    /// What an accepted input says of queues.
    mutating func noteQueues(_ input: Input, at: Instant) {
        switch input {
        case .hoursComputed(let all, _):
            for hours in all {
                var door = door(hours.queue)
                door.periods = hours.periods
                doors[hours.queue] = door
            }
        case .queueClosed(let queue, let until, _):
            var door = door(queue)
            door.order = (false, until)
            doors[queue] = door
        case .queueOpened(let queue, let until, _):
            noteOpening(of: queue, until: until, at: at)
        case .configurationSet(let wanted, _, _, _):
            for queue in wanted.queues {
                let periods = doors[queue.id]?.periods ?? []
                if queue.hours != nil { doors[queue.id] = door(queue.id) }
                doors[queue.id]?.periods = queue.hours == nil ? nil : periods
            }
        default: break
        }
    }

    func door(_ queue: QueueID) -> Door {
        doors[queue] ?? Door(isOpen: true, periods: nil, order: nil)
    }

    private mutating func noteOpening(of queue: QueueID, until: Instant?, at: Instant) {
        var door = door(queue)
        door.order = nil
        if until != nil || !shouldBeOpen(door, at: at) {
            let opening = (door.periods ?? []).map(\.from).filter { at < $0 }.min()
            door.order = (true, until ?? opening)
        } else if doors[queue]?.order == nil {
            return
        }
        doors[queue] = door
    }

    /// What an event says of a queue.
    mutating func postQueue(_ event: Event) {
        guard case .queueTurned(let queue, let isOpen, _, _) = event else { return }
        // A person's order is on record also when it changes nothing.
        if !isOpen, self.isOpen(queue) { expectOverflow(from: queue) }
        doors[queue]?.isOpen = isOpen
    }

    /// A closed queue gives nothing, and a queue is what it should be when the clock was told.
    func complaintsAboutQueues(_ input: Input, at: Instant) -> [String] {
        var complaints: [String] = []
        for (id, door) in doors.sorted(by: { $0.key < $1.key }) {
            switch input {
            case .clockReached, .hoursComputed, .queueClosed, .queueOpened, .configurationSet:
                let isTold = input == .clockReached || touches(input, id)
                if isTold, door.isOpen != shouldBeOpen(door, at: at) {
                    complaints.append("\(id) should have turned")
                }
            default: break
            }
        }
        for (id, book) in books.sorted(by: { $0.key < $1.key }) {
            guard case .queue(let queue) = book.owner, book.offer != nil, !isOpen(queue) else {
                continue
            }
            complaints.append("\(id) is offered out of a closed queue")
        }
        return complaints
    }

    private func touches(_ input: Input, _ queue: QueueID) -> Bool {
        switch input {
        case .hoursComputed(let all, _): all.contains { $0.queue == queue }
        case .queueClosed(let closed, _, _): closed == queue
        case .queueOpened(let opened, _, _): opened == queue
        default: false
        }
    }

    /// When the queues' states next fall due, each counted from when it was last looked at.
    func nextTurns(_ state: DeskState) -> [Instant] {
        state.queueStates.compactMap { row -> Instant? in
            guard let door = doors[row.queue] else { return nil }
            if row.order != nil { return door.order?.until }
            let moments = (door.periods ?? []).flatMap { [$0.from, $0.until] }
            return moments.filter { row.countedAt < $0 }.min()
        }
    }

    // MARK: Where conversations begin

    func origin(of input: Input) -> Origin? {
        switch input {
        case .customerWrote(let message): message.origin
        case .channelReported(let report): report.origin
        default: nil
        }
    }

    /// Where a conversation of this origin begins now: the queue that a rule names for it, further as
    /// long as so many wait or it is closed and another takes what then comes.
    func beginning(of origin: Origin) -> QueueID {
        let rules = configuration.entries ?? []
        let wanted: [(String?, Channel?)] = [
            (origin.page, origin.channel), (origin.page, nil), (nil, origin.channel),
        ]
        let named = wanted.compactMap { page, channel in
            rules.first { $0.page == page && $0.channel == channel }?.queue
        }
        return room(from: named.first ?? configuration.entry)
    }

    // MARK: Limits

    /// Whether so many wait in a queue, offered or not, that no person may put one more into it.
    private func isFull(_ id: QueueID) -> Bool {
        guard let limit = queue(id)?.limit else { return false }
        return books.values.count { $0.owner == .queue(id) } >= limit
    }

    /// No person puts anything into a full queue, but for a supervisor who says so; and only that is
    /// on record as beyond the limit.
    func complaintsAboutLimits(_ handoff: Handoff, _ input: Input) -> [String] {
        let id = handoff.conversation
        guard case .queue(let queue) = handoff.to else { return [] }
        switch (handoff.reason, input) {
        case (.transferred, _), (.moved, .conversationMoved):
            return isFull(queue) ? ["\(id) is put into a full queue"] : []
        case (.movedOverLimit, .conversationMoved(id, queue, overridesLimit: true, _)):
            return isFull(queue) ? [] : ["\(id) is on record as beyond a limit that holds"]
        case (.movedOverLimit, _): return ["\(id) is put beyond a limit and nobody said so"]
        default: return []
        }
    }

    /// Whether a supervisor's move was refused as one into a full queue, which it is not.
    func isRefusedForNothing(_ input: Input, _ handled: Handled) -> Bool {
        guard case .conversationMoved(let id, let queue, let overrides, _) = input,
            handled.rejection?.code == .noRoom
        else { return false }
        return overrides || !isFull(queue) || books[id]?.owner == .queue(queue)
    }
}
