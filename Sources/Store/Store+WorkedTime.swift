public import Desk
import Postgres

/// For how long one agent was there, and as what, within a range.
public struct WorkedTime: Equatable, Sendable {
    /// The time of one presence, and of one reason where they were away.
    public struct Share: Equatable, Sendable {
        /// What they were.
        public let presence: Presence
        /// Why they were away; `nil`: they were not, or gave no reason.
        public let awayReason: AwayReasonID?
        /// For how long in all, in milliseconds.
        public let time: Int64
    }

    /// Who.
    public let agent: AgentID
    /// Each presence that they had, in a fixed order.
    public let shares: [Share]
    /// How long they held at least one conversation while they were on duty, in milliseconds.
    public let held: Int64

    /// How long they were on duty, in milliseconds: available, busy or writing up.
    public var onDuty: Int64 {
        shares.reduce(0) { sum, share in
            switch share.presence {
            case .available, .busy, .wrapUp: sum + share.time
            case .away, .offline: sum
            }
        }
    }
}

extension StoreLimits {
    /// The longest range of a report, in milliseconds: a month, for wages.
    public static let reportRange: Int64 = 31 * 24 * 3_600_000
    /// What began longer before the range, in milliseconds, and ended since, is not looked for:
    /// nobody is the same thing for a week without going offline.
    public static let reportLookback: Int64 = 7 * 24 * 3_600_000
}

extension Store {
    /// For how long each agent (or this one) was there from a moment to another, ascending by agent;
    /// without those who were not. What goes on counts up to `end`. The grace of a lost connection
    /// counts as what it interrupted.
    ///
    /// `invalid`: the range is empty or longer than ``StoreLimits/reportRange``.
    public func workedTime(
        from start: Instant, to end: Instant, of agent: AgentID? = nil
    ) async throws(StoreError) -> [WorkedTime] {
        let length = end.milliseconds - start.milliseconds
        guard length > 0, length <= StoreLimits.reportRange else { throw .invalid(field: "to") }
        let result = try await read(
            WorkedTimeStatements.shares,
            [
                .int8(desk), .timestamp(start.milliseconds), .timestamp(end.milliseconds),
                .timestamp(start.milliseconds - StoreLimits.reportLookback),
                .int8(agent?.number ?? 0), .int8(Int64(StoreLimits.listedRows)),
            ])
        return try value { () throws(PostgresError) in
            var times: [WorkedTime] = []
            var shares: [WorkedTime.Share] = []
            for row in 0..<result.rowCount {
                let agent: AgentID = try result.id(row, 0)
                if let share = try result.share(row) {
                    shares.append(share)
                } else {
                    // The line of what they held ends each agent's.
                    times.append(
                        WorkedTime(agent: agent, shares: shares, held: try result.int8(row, 3)))
                    shares = []
                }
            }
            return times
        }
    }
}

extension PostgresResult {
    /// The share of a row; `nil` of the line without a presence.
    fileprivate func share(_ row: Int) throws(PostgresError) -> WorkedTime.Share? {
        guard let name = try optionalText(row, 1) else { return nil }
        guard let presence = Presence(rawValue: name) else { throw .unexpectedValue(column: 1) }
        return WorkedTime.Share(
            presence: presence, awayReason: try optionalInt8(row, 2).map { AwayReasonID($0) },
            time: try int8(row, 3))
    }
}

enum WorkedTimeStatements {
    /// Times that overlap count once: held is the union of what was held, on duty of what they were.
    static let shares = PostgresStatement(
        """
        WITH periods AS (
            SELECT agent, presence, reason,
                   tstzrange(
                       greatest(began_at, $2::timestamptz), least(ended_at, $3::timestamptz)) AS span
              FROM presence_periods
             WHERE desk = $1 AND ($5::bigint = 0 OR agent = $5)
               AND (ended_at IS NULL OR began_at >= $4::timestamptz)
               AND began_at < $3 AND coalesce(ended_at > $2, true)
        ), assigned AS (
            SELECT agent, tstzrange(
                       greatest(began_at, $2::timestamptz), least(ended_at, $3::timestamptz)) AS span
              FROM assignments
             WHERE desk = $1 AND ($5::bigint = 0 OR agent = $5)
               AND (ended_at IS NULL OR began_at >= $4::timestamptz)
               AND began_at < $3 AND coalesce(ended_at > greatest(began_at, $2), true)
        ), duties AS (
            SELECT agent, range_agg(span) AS spans FROM periods
             WHERE presence IN ('available', 'busy', 'wrapUp') GROUP BY agent
        ), holdings AS (
            SELECT agent, range_agg(span) AS spans FROM assigned GROUP BY agent
        ), lines AS (
            SELECT agent, presence, reason, sum(upper(span) - lower(span)) AS time
              FROM periods WHERE NOT isempty(span) GROUP BY agent, presence, reason
            UNION ALL
            SELECT agents.agent, NULL, NULL,
                   (SELECT sum(upper(span) - lower(span))
                      FROM unnest(duties.spans * holdings.spans) AS span)
              FROM (SELECT DISTINCT agent FROM periods) AS agents
              LEFT JOIN duties USING (agent) LEFT JOIN holdings USING (agent)
        )
        SELECT agent, presence, reason,
               coalesce(round(extract(epoch FROM time) * 1000), 0)::bigint
          FROM lines ORDER BY agent, presence NULLS LAST, reason NULLS FIRST LIMIT $6
        """)
}
