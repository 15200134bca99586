/// How fast a queue's customers come to be served: what the expected wait is estimated from. Kept for
/// queues that announce, from when they begin to.
public struct QueuePace: Equatable, Sendable {
    /// Whose.
    public let queue: QueueID
    /// How long it takes from one customer being served to the next while somebody waits, in
    /// milliseconds: a running mean.
    public var interval: Int64
    /// Since when the next is waited for: the latest was served, or the first came; `nil`: nobody
    /// waits.
    public var since: Instant?

    /// A queue with this pace.
    public init(queue: QueueID, interval: Int64, since: Instant?) {
        self.queue = queue
        self.interval = interval
        self.since = since
    }

    /// How much a new sample counts: one part in so many. The mean forgets half of what it knew after
    /// eleven customers, and errs by a fifth where services are exponential.
    private static let weight: Int64 = 16

    /// Learns that it took this long, in milliseconds.
    mutating func learn(_ sample: Int64) { interval = mean(with: sample) }

    /// The pace as of now: who has been waited for longer than usual tells of it before being served.
    func interval(at moment: Instant) -> Int64 {
        guard let since else { return interval }
        let sofar = moment.milliseconds - since.milliseconds
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
    /// customer included, and that is how long one takes.
    func expectedWait(
        in queue: QueueID, at position: Int, _ announcing: Announcing, _ moment: Instant
    ) -> Int64 {
        let interval = paces[queue]?.interval(at: moment) ?? announcing.usualPace
        let (wait, isTooLong) = Int64(position).multipliedReportingOverflow(by: interval)
        return isTooLong ? Limits.longestWait : min(wait, Limits.longestWait)
    }

    /// Learns from a change of owner, after the rows were changed.
    mutating func notePace(
        _ conversation: Conversation, from former: Owner, to owner: Owner, at moment: Instant
    ) {
        if case .queue(let queue) = former, var pace = paces[queue] {
            let isServed = owner.agent != nil
            // Who was served in the moment of coming did not wait for anybody.
            if isServed, let since = pace.since, conversation.waitingSince < moment {
                pace.learn(moment.milliseconds - since.milliseconds)
            }
            if waitingCount(in: queue) == 0 {
                pace.since = nil
            } else if isServed {
                pace.since = moment
            }
            keep(pace)
        }
        if case .queue(let queue) = owner, var pace = paces[queue], pace.since == nil {
            pace.since = moment
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
                    since: isAnybodyThere ? moment : nil))
        }
    }

    private mutating func keep(_ pace: QueuePace) {
        guard paces[pace.queue] != pace else { return }
        paces.put(pace, as: pace.queue)
    }
}
