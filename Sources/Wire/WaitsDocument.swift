public import Desk

/// The report of how customers waited, by queue and day.
public struct WaitsDocument: Sendable {
    /// Times of several customers, in milliseconds.
    public struct Times: Equatable, Sendable {
        /// How many.
        public let count: Int64
        /// Their mean.
        public let mean: Int64
        /// Half of them took no longer.
        public let median: Int64
        /// Nineteen of twenty took no longer.
        public let percentile95: Int64

        /// Times with these figures.
        public init(count: Int64, mean: Int64, median: Int64, percentile95: Int64) {
            self.count = count
            self.mean = mean
            self.median = median
            self.percentile95 = percentile95
        }
    }
    /// One queue on one day.
    public struct Line: Equatable, Sendable {
        /// Which queue.
        public let queue: QueueID
        /// The day's first moment, UTC.
        public let day: Instant
        /// How many waits began.
        public let began: Int64
        /// Until an agent was given the conversation.
        public let untilAssigned: Times
        /// Until an agent replied.
        public let untilAnswered: Times
        /// How many were given up as having gone.
        public let abandoned: Int64
        /// How many announcements were written.
        public let announcements: Int64

        /// A queue's day with these figures.
        public init(
            queue: QueueID, day: Instant, began: Int64, untilAssigned: Times,
            untilAnswered: Times, abandoned: Int64, announcements: Int64
        ) {
            self.queue = queue
            self.day = day
            self.began = began
            self.untilAssigned = untilAssigned
            self.untilAnswered = untilAnswered
            self.abandoned = abandoned
            self.announcements = announcements
        }
    }

    /// From when on waits began.
    public let from: Instant
    /// Before when they began.
    public let to: Instant
    /// By day, then queue.
    public let lines: [Line]
    /// How long who comes now would wait, in milliseconds, in queues that announce waits; ascending by
    /// queue.
    public let expected: [(queue: QueueID, wait: Int64)]

    /// The report of these.
    public init(
        from: Instant, to: Instant, lines: [Line], expected: [(queue: QueueID, wait: Int64)]
    ) {
        self.from = from
        self.to = to
        self.lines = lines
        self.expected = expected
    }

    /// The report as JSON.
    public func encode() -> [UInt8] {
        var writer = JSONWriter(capacity: 128 + 384 * lines.count)
        writer.beginObject()
        writer.member("from", from.milliseconds)
        writer.member("to", to.milliseconds)
        writer.beginArray("expected")
        for (queue, wait) in expected {
            writer.beginObject()
            writer.member("queue", queue.number)
            writer.member("wait", wait)
            writer.endObject()
        }
        writer.endArray()
        writer.beginArray("queues")
        for line in lines { line.write(to: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}

extension WaitsDocument.Line {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("queue", queue.number)
        writer.member("day", day.milliseconds)
        writer.member("began", began)
        untilAssigned.write("untilAssigned", to: &writer)
        untilAnswered.write("untilAnswered", to: &writer)
        writer.member("abandoned", abandoned)
        writer.member("announcements", announcements)
        writer.endObject()
    }
}

extension WaitsDocument.Times {
    fileprivate func write(_ name: String, to writer: inout JSONWriter) {
        writer.beginObject(name)
        writer.member("count", count)
        writer.member("mean", mean)
        writer.member("p50", median)
        writer.member("p95", percentile95)
        writer.endObject()
    }
}
