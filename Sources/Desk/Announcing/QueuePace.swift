/// How fast a queue's customers come to be served: what the expected wait is estimated from. Kept for
/// queues that announce, from when they begin to.
public struct QueuePace: Equatable, Sendable {
    /// Whose.
    public let queue: QueueID
    /// How long it takes from one customer being served to the next while somebody waits, in
    /// milliseconds of the queue's opening time: a running mean.
    public var interval: Int64
    /// What the queue's clock of opening time showed when the next began to be waited for: the latest
    /// was served, or the first came; `nil`: nobody waits.
    public var since: Int64?

    /// A queue with this pace.
    public init(queue: QueueID, interval: Int64, since: Int64?) {
        self.queue = queue
        self.interval = interval
        self.since = since
    }

    /// How much a new sample counts: one part in so many. The mean forgets half of what it knew after
    /// eleven customers, and errs by a fifth where services are exponential.
    private static let weight: Int64 = 16

    /// Learns that it took this long, in milliseconds.
    mutating func learn(_ sample: Int64) { interval = mean(with: sample) }

    /// The pace when the queue's clock shows this: who has been waited for longer than usual tells of
    /// it before being served.
    func interval(at openTime: Int64) -> Int64 {
        guard let since else { return interval }
        let sofar = openTime - since
        return sofar > interval ? mean(with: sofar) : interval
    }

    private func mean(with sample: Int64) -> Int64 {
        let bounded = min(max(sample, 0), Limits.longestWait)
        return (interval * (Self.weight - 1) + bounded + Self.weight / 2) / Self.weight
    }
}

extension Desk {
    /// The pace of a queue that announces.
    public func pace(of queue: QueueID) -> QueuePace? { paces[queue] }

    /// How long a customer who comes into this queue now would wait, in milliseconds; `nil` where
    /// nothing is known because the queue does not announce.
    public func expectedWait(in queue: QueueID, at moment: Instant) -> Int64? {
        guard let announcing = configuration.queue(queue)?.announcing else { return nil }
        return expectedWait(
            in: queue, at: waitingCount(in: queue) + 1, announcing, moment)
    }

    /// How long who stands at this place will wait, in milliseconds: so many must be served, the
    /// customer included, and that is how long one takes of the time in which the queue is open. By
    /// the hours that are known; what comes after them counts as open.
    func expectedWait(
        in queue: QueueID, at position: Int, _ announcing: Announcing, _ moment: Instant
    ) -> Int64 {
        let now = openTime(of: queue, at: moment)
        let interval = paces[queue]?.interval(at: now) ?? announcing.usualPace
        let (product, isTooLong) = Int64(position).multipliedReportingOverflow(by: interval)
        let wait = isTooLong ? Limits.longestWait : min(product, Limits.longestWait)
        guard let served = self.moment(ofOpenTime: now + wait, in: queue) else { return wait }
        return min(served.milliseconds - moment.milliseconds, Limits.longestWait)
    }

    /// Learns from a change of owner, after the rows were changed.
    mutating func notePace(
        _ conversation: Conversation, from former: Owner, to owner: Owner, at moment: Instant
    ) {
        if case .queue(let queue) = former, var pace = paces[queue] {
            let isServed = owner.agent != nil
            // Who was served in the moment of coming did not wait for anybody.
            let now = openTime(of: queue, at: moment)
            if isServed, let since = pace.since, conversation.waitingSince < moment {
                pace.learn(now - since)
            }
            if waitingCount(in: queue) == 0 {
                pace.since = nil
            } else if isServed {
                pace.since = now
            }
            keep(pace)
        }
        if case .queue(let queue) = owner, var pace = paces[queue], pace.since == nil {
            pace.since = openTime(of: queue, at: moment)
            keep(pace)
        }
    }

    /// A queue that begins to announce has its usual pace, until more is known.
    mutating func beginPaces(insteadOf former: Configuration, at moment: Instant) {
        for queue in configuration.queues where former.queue(queue.id)?.announcing == nil {
            guard let announcing = queue.announcing else { continue }
            let isAnybodyThere = waitingCount(in: queue.id) > 0
            keep(
                QueuePace(
                    queue: queue.id, interval: announcing.usualPace,
                    since: isAnybodyThere ? openTime(of: queue.id, at: moment) : nil))
        }
    }

    private mutating func keep(_ pace: QueuePace) {
        guard paces[pace.queue] != pace else { return }
        paces.put(pace, as: pace.queue)
    }
}
