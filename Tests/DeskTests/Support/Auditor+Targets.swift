import Desk

/// What is promised to customers, counted by adding up open time from input to input.
extension Auditor {
    /// A promise that runs, or was broken and not made good.
    struct Promise {
        let kind: Target.Kind
        let allowed: Int64
        let lead: Int64
        /// Open time since it began, in milliseconds.
        var elapsed: Int64 = 0
        var stage = Target.Stage.running

        /// Whether it should have gone on to its next stage.
        var isOverdue: Bool {
            switch stage {
            case .running: elapsed >= allowed - lead
            case .warned: elapsed >= allowed
            case .breached: false
            }
        }

        /// How much open time is left until its next stage.
        var left: Int64? {
            switch stage {
            case .running: allowed - lead - elapsed
            case .warned: allowed - elapsed
            case .breached: nil
            }
        }
    }

    // MARK: Time

    /// How long a queue is open between two moments.
    func openTime(_ queue: QueueID, from: Instant, to: Instant) -> Int64 {
        guard let door = doors[queue] else { return to.milliseconds - from.milliseconds }
        return stretches(door, from: from, to: to).filter(\.isOpen)
            .reduce(0) { $0 + $1.until.milliseconds - $1.from.milliseconds }
    }

    private func stretches(
        _ door: Door, from: Instant, to: Instant
    ) -> [(from: Instant, until: Instant, isOpen: Bool)] {
        var turns: [Instant] = (door.periods ?? []).flatMap { [$0.from, $0.until] }
        if let until = door.order?.until { turns.append(until) }
        turns = turns.filter { from < $0 && $0 < to }.sorted()
        let cuts: [Instant] = [from] + turns + [to]
        return zip(cuts, cuts.dropFirst()).map { ($0, $1, shouldBeOpen(door, at: $0)) }
    }

    /// When a queue will have been open for so long.
    func instant(in queue: QueueID, after from: Instant, open left: Int64) -> Instant? {
        guard let door = doors[queue] else { return from.adding(milliseconds: left) }
        var left = left
        for stretch in stretches(door, from: from, to: moment(1 << 50)) where stretch.isOpen {
            let length = stretch.until.milliseconds - stretch.from.milliseconds
            if left <= length { return stretch.from.adding(milliseconds: left) }
            left -= length
        }
        return nil
    }

    private func moment(_ milliseconds: Int64) -> Instant { Instant(milliseconds: milliseconds) }

    /// Counts what passed since the input before, by what was known of queues then.
    mutating func countOpenTime(to at: Instant) {
        for (id, book) in books {
            let passed = openTime(book.queue, from: lastMoment, to: at)
            promises[id]?.elapsed += passed
            if let silence = book.silence { books[id]?.silence = silence + passed }
        }
        lastMoment = at
    }

    // MARK: Events

    private func promise(_ kind: Target.Kind, _ id: ConversationID) -> Promise? {
        guard let book = books[id], let queue = queue(book.queue), let all = queue.targets else {
            return nil
        }
        let priority = book.priority ?? queue.priority
        let fitting = all.filter { $0.fromPriority <= priority }
        guard let target = fitting.max(by: { $0.fromPriority < $1.fromPriority }) else {
            return nil
        }
        let allowed = kind == .firstResponse ? target.firstResponse : target.reply
        return allowed.map { Promise(kind: kind, allowed: $0, lead: target.warning) }
    }

    /// What begins and ends by what happened; the books are those after the event.
    mutating func followPromises(_ event: Event) {
        switch event {
        case .ownerChanged(let handoff):
            let id = handoff.conversation
            switch (handoff.from, handoff.to) {
            case (.nobody, .queue), (.bot, .queue): promises[id] = promise(.firstResponse, id)
            case (_, .agent) where promises[id] == nil && unread[id, default: 0] > 0:
                promises[id] = promise(.reply, id)
            case (_, .nobody), (_, .bot): promises[id] = nil
            default: break
            }
        case .messageReceived(let id, _, _, _):
            unread[id, default: 0] += 1
            if promises[id] == nil, books[id].flatMap({ agent($0.owner) }) != nil {
                promises[id] = promise(.reply, id)
            }
        case .conversationRead(let id, _): unread[id] = 0
        default: break
        }
    }

    /// Whether an event about a promise says what is so.
    mutating func complaint(about event: Event) -> String? {
        switch event {
        case .targetWarned(let id, let kind, _, _):
            guard let promise = promises[id], promise.kind == kind, promise.stage == .running,
                promise.lead > 0, promise.isOverdue
            else { return "\(id) is warned of for nothing" }
            promises[id]?.stage = .warned
        case .targetBreached(let id, let kind, _):
            guard let promise = promises[id], promise.kind == kind, promise.stage != .breached,
                promise.elapsed >= promise.allowed
            else { return "a promise to \(id) is said to be broken" }
            promises[id]?.stage = .breached
        case .targetMet(let id, let kind, let isLate):
            if let queue = books[id]?.queue { doors[queue] = door(queue) }
            guard let promise = promises.removeValue(forKey: id), promise.kind == kind,
                isLate == (promise.stage == .breached)
            else { return "a promise to \(id) is said to be kept" }
        default: break
        }
        return nil
    }

    /// What the rows say of promises, and that a reply or the clock left none behind.
    func complaintsAboutPromises(_ input: Input, _ state: DeskState) -> [String] {
        var complaints: [String] = []
        if case .agentReplied(_, let id, _) = input, promises[id] != nil {
            complaints.append("\(id) was answered and is still promised something")
        }
        for row in state.conversations {
            let promise = promises[row.id]
            if row.routing.target?.kind != promise?.kind
                || row.routing.target?.stage != promise?.stage
            {
                complaints.append("what is promised to \(row.id) differs")
            }
            if input == .clockReached, promise?.isOverdue == true {
                complaints.append("a promise to \(row.id) is overdue")
            }
        }
        return complaints
    }

    /// When the next promise has its next stage; `nil` for the outer when one is overdue.
    var nextPromises: [Instant]? {
        var moments: [Instant] = []
        for (id, promise) in promises {
            guard let left = promise.left, let book = books[id] else { continue }
            guard left > 0 else { return nil }
            if let next = instant(in: book.queue, after: lastMoment, open: left) {
                moments.append(next)
            }
        }
        return moments
    }
}
