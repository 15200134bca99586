public import Desk
import Postgres

/// How one queue's customers waited on one day.
public struct QueueWaits: Equatable, Sendable {
    /// Times of several customers, in milliseconds.
    public struct Times: Equatable, Sendable {
        /// How many.
        public let count: Int64
        /// Their mean; 0 of none.
        public let mean: Int64
        /// Half of them took no longer.
        public let median: Int64
        /// Nineteen of twenty took no longer.
        public let percentile95: Int64
    }

    /// Which queue: the one that the customers came into.
    public let queue: QueueID
    /// The day's first moment, UTC.
    public let day: Instant
    /// How many waits began.
    public let began: Int64
    /// From coming into the queue until an agent was first given the conversation, of those who were.
    public let untilAssigned: Times
    /// From coming into the queue until an agent first replied, of those who were answered.
    public let untilAnswered: Times
    /// How many of them were given up as having gone.
    public let abandoned: Int64
    /// How many announcements were written to them.
    public let announcements: Int64
}

extension StoreLimits {
    /// The longest range of a report of waits, in milliseconds: a month.
    public static let waitsRange: Int64 = 31 * 24 * 3_600_000
}

extension Store {
    /// The waits that began from a moment to another, by queue and day, ascending by day and queue. A
    /// wait begins when a conversation comes into a queue from nobody or the bot (promise P13) and ends
    /// where the next begins; a message that the desk wrote itself is no answer.
    ///
    /// `invalid`: the range is empty or longer than ``StoreLimits/waitsRange``.
    public func waits(
        from start: Instant, to end: Instant
    ) async throws(StoreError) -> [QueueWaits] {
        let length = end.milliseconds - start.milliseconds
        guard length > 0, length <= StoreLimits.waitsRange else { throw .invalid(field: "to") }
        let result = try await read(
            WaitsStatements.waits,
            [.int8(desk), .timestamp(start.milliseconds), .timestamp(end.milliseconds)])
        return try value { () throws(PostgresError) in
            try result.all { row throws(PostgresError) in
                QueueWaits(
                    queue: try result.id(row, 0), day: try result.instant(row, 1),
                    began: try result.int8(row, 2),
                    untilAssigned: try result.times(row, from: 3),
                    untilAnswered: try result.times(row, from: 7),
                    abandoned: try result.int8(row, 11), announcements: try result.int8(row, 12))
            }
        }
    }
}

extension PostgresResult {
    fileprivate func times(
        _ row: Int, from first: Int
    ) throws(PostgresError) -> QueueWaits.Times {
        QueueWaits.Times(
            count: try int8(row, first), mean: try int8(row, first + 1),
            median: try int8(row, first + 2), percentile95: try int8(row, first + 3))
    }
}

enum WaitsStatements {
    /// Each wait is looked up by itself: its next one, its first assignment, its first reply, its end.
    static let waits = PostgresStatement(
        """
        WITH waits AS (
            SELECT began.conversation, began.to_id AS queue, began.at, began.number,
                   coalesce(next.at, 'infinity') AS until,
                   coalesce(next.number, 2147483647) AS next_number
              FROM handoffs AS began
              LEFT JOIN LATERAL (
                  SELECT at, number FROM handoffs
                   WHERE desk = began.desk AND conversation = began.conversation
                     AND number > began.number AND to_owner = 'queue'
                     AND from_owner IN ('nobody', 'bot')
                   ORDER BY number LIMIT 1) AS next ON true
             WHERE began.desk = $1 AND began.at >= $2 AND began.at < $3
               AND began.to_owner = 'queue' AND began.from_owner IN ('nobody', 'bot')
        ), ended AS (
            SELECT waits.queue,
                   date_trunc('day', waits.at, 'UTC') AS day,
                   (extract(epoch FROM assigned.at - waits.at) * 1000)::bigint AS assigned,
                   (extract(epoch FROM answered.at - waits.at) * 1000)::bigint AS answered,
                   gone.happened AS gone, told.amount AS told
              FROM waits
              LEFT JOIN LATERAL (
                  SELECT at FROM handoffs
                   WHERE desk = $1 AND conversation = waits.conversation
                     AND number > waits.number AND number < waits.next_number
                     AND to_owner = 'agent'
                   ORDER BY number LIMIT 1) AS assigned ON true
              LEFT JOIN LATERAL (
                  SELECT min(recorded_at) AS at FROM messages
                   WHERE desk = $1 AND conversation = waits.conversation AND kind = 'reply'
                     AND recorded_at >= waits.at AND recorded_at < waits.until) AS answered ON true
              CROSS JOIN LATERAL (
                  SELECT EXISTS (SELECT FROM handoffs
                   WHERE desk = $1 AND conversation = waits.conversation
                     AND number > waits.number AND number < waits.next_number
                     AND reason = 'abandoned') AS happened) AS gone
              CROSS JOIN LATERAL (
                  SELECT count(*) AS amount FROM messages
                   WHERE desk = $1 AND conversation = waits.conversation
                     AND kind = 'announcement'
                     AND recorded_at >= waits.at AND recorded_at < waits.until) AS told
        )
        SELECT queue, day, count(*),
               count(assigned), coalesce(avg(assigned), 0)::bigint,
               coalesce(percentile_disc(0.5) WITHIN GROUP (ORDER BY assigned), 0),
               coalesce(percentile_disc(0.95) WITHIN GROUP (ORDER BY assigned), 0),
               count(answered), coalesce(avg(answered), 0)::bigint,
               coalesce(percentile_disc(0.5) WITHIN GROUP (ORDER BY answered), 0),
               coalesce(percentile_disc(0.95) WITHIN GROUP (ORDER BY answered), 0),
               count(*) FILTER (WHERE gone), coalesce(sum(told), 0)::bigint
          FROM ended GROUP BY queue, day ORDER BY day, queue
        """)
}
