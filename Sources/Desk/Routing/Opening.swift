/// Which queues are open: by the hours that the shell computed, and by what supervisors order.
extension Desk {
    /// Whether the conversations of a queue are given to agents. One whose hours were not told yet is
    /// closed: nobody knows that it is open.
    public func isOpen(_ queue: QueueID) -> Bool { queueStates[queue]?.isOpen ?? true }

    /// What changes about a queue while the desk runs; `nil` for one that never closed.
    public func queueState(_ queue: QueueID) -> QueueState? { queueStates[queue] }

    /// When a queue next opens or closes by itself, as far as anybody knows.
    public func nextChange(of queue: QueueID) -> Instant? {
        queueStates[queue].flatMap { $0.nextChange(after: $0.countedAt) }
    }

    // MARK: Inputs

    /// The shell tells when queues are open, computed from one version of the configuration.
    mutating func learn(
        _ hours: [QueueHours], under version: Int64, _ minutes: inout Minutes
    ) throws(Rejection) {
        guard version == configuration.version else {
            throw Rejection(.wrongState, field: "version")
        }
        for (place, told) in hours.enumerated() {
            let field = "hours[\(place)]"
            guard configuration.queue(told.queue)?.hours != nil else {
                throw Rejection(.notFound, field: field + ".queue")
            }
            guard told.isOrdered else { throw Rejection(.outOfRange, field: field + ".periods") }
        }
        for told in hours {
            var state = counted(told.queue, minutes.at)
            state.hours = told
            guard state.hours != queueStates[told.queue]?.hours else { continue }
            put(state)
            note(
                .queueHoursSet(
                    told.queue, next: nextChange(of: told.queue), knownUntil: told.knownUntil),
                in: &minutes)
            turn(told.queue, by: nil, &minutes)
            if !isOpen(told.queue) { lookAgain(in: told.queue, minutes.at) }
        }
    }

    /// A supervisor closes a queue, for a while or until somebody opens it.
    mutating func closeQueue(
        _ queue: QueueID, until: Instant?, by supervisor: AgentID, _ minutes: inout Minutes
    ) throws(Rejection) {
        try check(queue, until: until, minutes)
        var state = counted(queue, minutes.at)
        state.order = QueueOrder(isOpen: false, until: until, by: supervisor)
        put(state)
        turn(queue, by: supervisor, &minutes)
    }

    /// A supervisor opens a queue: lets its hours count again when they say open, and otherwise keeps
    /// it open for a while, or until its hours open it.
    mutating func openQueue(
        _ queue: QueueID, until: Instant?, by supervisor: AgentID, _ minutes: inout Minutes
    ) throws(Rejection) {
        try check(queue, until: until, minutes)
        var state = counted(queue, minutes.at)
        state.order = nil
        let isOpenAnyway = state.isOpen(at: minutes.at)
        if until != nil || !isOpenAnyway {
            let end = until ?? state.nextChange(after: minutes.at)
            state.order = QueueOrder(isOpen: true, until: end, by: supervisor)
        }
        let isChange = state.order != nil || queueStates[queue]?.order != nil
        guard isChange || isOpen(queue) != isOpenAnyway else { return }
        put(state)
        turn(queue, by: supervisor, &minutes)
    }

    private func check(
        _ queue: QueueID, until: Instant?, _ minutes: Minutes
    ) throws(Rejection) {
        guard configuration.queue(queue) != nil else {
            throw Rejection(.notFound, field: "queue")
        }
        guard let until else { return }
        let latest = minutes.at.adding(milliseconds: Limits.longestOrder)
        guard minutes.at < until, until <= latest else {
            throw Rejection(.outOfRange, field: "until")
        }
    }

    // MARK: Turning

    /// A queue's state with its opening time counted up to a moment.
    private func counted(_ queue: QueueID, _ at: Instant) -> QueueState {
        var state = queueStates[queue] ?? QueueState(alwaysOpen: queue, at: at)
        state.count(to: at)
        return state
    }

    /// The moment has come at which a queue may open or close by itself.
    mutating func turnByTheClock(_ queue: QueueID, at moment: Instant, _ minutes: inout Minutes) {
        put(counted(queue, moment))
        turn(queue, by: nil, &minutes)
    }

    /// Opens or closes a queue if it is not as its state says; what a person ordered is on record
    /// also when it changes nothing at once.
    private mutating func turn(_ queue: QueueID, by person: AgentID?, _ minutes: inout Minutes) {
        guard var state = queueStates[queue] else { return }
        let isOpen = state.isOpen(at: state.countedAt)
        guard isOpen != state.isOpen || person != nil else { return }
        let hasTurned = isOpen != state.isOpen
        state.isOpen = isOpen
        put(state)
        note(
            .queueTurned(queue, isOpen: isOpen, until: nextChange(of: queue), by: person),
            to: person, in: &minutes)
        if hasTurned {
            if isOpen { waitingLines.unsettle(queue) } else { closeLines(of: queue, &minutes) }
        }
        if hasTurned || !isOpen { lookAgain(in: queue, minutes.at) }
    }

    /// What is offered out of a queue that closes is taken back, and what its overflow takes when it
    /// is closed goes there. What an agent has stays with them, offered to another or not.
    private mutating func closeLines(of queue: QueueID, _ minutes: inout Minutes) {
        let offers = offered.values.flatMap { $0 }.sorted()
        for id in offers {
            guard var conversation = conversations[id], conversation.owner == .queue(queue) else {
                continue
            }
            endOffer(of: &conversation, .withdrawn, &minutes)
            put(conversation)
        }
        if let overflow = configuration.queue(queue)?.overflow, overflow.whenClosed {
            for id in waitingLines.members(of: queue) {
                guard var conversation = conversations[id], !conversation.routing.staysInQueue
                else { continue }
                conversation.routing.staysInQueue = true
                move(conversation, to: queueWithRoom(overflow.to), .overflowed, by: nil, &minutes)
            }
        }
        // Room that was kept for them is anybody's.
        switch configuration.heavyWork {
        case .isPassed: break
        case .reservesRoom: waitingLines.unsettleAll()
        }
    }

    /// After another configuration came into force: who has no hours any more is always open, and
    /// who has some for the first time is closed until they are told.
    mutating func adoptHours(_ minutes: inout Minutes) {
        for configured in configuration.queues {
            let queue = configured.id
            let hasHours = configured.hours != nil
            guard hasHours != (queueStates[queue]?.hours != nil) else { continue }
            var state = counted(queue, minutes.at)
            state.hours = hasHours ? QueueHours(unknownFor: queue, at: minutes.at) : nil
            put(state)
            turn(queue, by: nil, &minutes)
        }
        for queue in targets.keys.sorted() { armTargets(of: queue) }
    }
}

extension QueueHours {
    /// Whether the periods are few enough, each ends after it began, and the next begins later.
    fileprivate var isOrdered: Bool {
        guard periods.count <= Limits.openPeriods else { return false }
        var last: Instant?
        for period in periods {
            guard period.from < period.until, last.map({ $0 < period.from }) ?? true else {
                return false
            }
            last = period.until
        }
        return true
    }
}
