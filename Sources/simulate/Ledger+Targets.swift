import Desk

extension Ledger {
    /// What is known of a queue that was ever told about or ordered.
    struct Door {
        var periods: [OpenPeriod]?
        var order: (isOpen: Bool, until: Instant?)?
        /// When it had last turned. Before the clock is told it may have been due to turn twice.
        var seen: Instant
        var hasTurned = false

        func shouldBeOpen(at: Instant) -> Bool {
            if let order, order.until.map({ at < $0 }) ?? true { return order.isOpen }
            guard let periods else { return true }
            return periods.contains { $0.from <= at && at < $0.until }
        }

        /// The moments between two at which it may turn.
        private func turns(from: Instant, to: Instant) -> [Instant] {
            let all =
                (periods ?? []).flatMap { [$0.from, $0.until] } + (order?.until.map { [$0] } ?? [])
            return all.filter { from < $0 && $0 < to }.sorted()
        }

        /// Whether it should at any moment since it was seen.
        func may(be isOpen: Bool, until: Instant) -> Bool {
            (turns(from: seen, to: until) + [until]).contains { shouldBeOpen(at: $0) == isOpen }
        }

        /// When it opens next, as far as it was told.
        func opening(after moment: Instant) -> Instant? {
            turns(from: moment, to: Instant(milliseconds: .max)).first(where: shouldBeOpen)
        }

        /// When it will have been open for so long, as far as it was told.
        func moment(after moment: Instant, open wanted: Int64) -> Instant? {
            var left = wanted
            let end = Instant(milliseconds: .max)
            let cuts = [moment] + turns(from: moment, to: end) + [end]
            for (from, until) in zip(cuts, cuts.dropFirst()) where shouldBeOpen(at: from) {
                let length = until.milliseconds - from.milliseconds
                if left <= length { return from.adding(milliseconds: left) }
                left -= length
            }
            return nil
        }

        func openTime(from: Instant, to: Instant) -> Int64 {
            let cuts = [from] + turns(from: from, to: to) + [to]
            return zip(cuts, cuts.dropFirst()).filter { shouldBeOpen(at: $0.0) }
                .reduce(0) { $0 + $1.1.milliseconds - $1.0.milliseconds }
        }
    }

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
    }

    mutating func door(_ queue: QueueID, _ change: (inout Door) -> Void) {
        var door = doors[queue] ?? Door(seen: countedAt)
        change(&door)
        doors[queue] = door
    }

    func openTime(of queue: QueueID, from: Instant, to: Instant) -> Int64 {
        doors[queue]?.openTime(from: from, to: to) ?? to.milliseconds - from.milliseconds
    }

    func target(of conversation: Conversation) -> ServiceTarget? {
        guard let queue = queue(conversation.queue) else { return nil }
        let priority = conversation.priority ?? queue.priority
        return (queue.targets ?? []).filter { $0.fromPriority <= priority }
            .max { $0.fromPriority < $1.fromPriority }
    }

    func promise(_ kind: Target.Kind, to conversation: Conversation) -> Promise? {
        guard let target = target(of: conversation) else { return nil }
        let allowed = kind == .firstResponse ? target.firstResponse : target.reply
        return allowed.map { Promise(kind: kind, allowed: $0, lead: target.warning) }
    }
}
