public import Desk
import Postgres

/// What reading the channel back needs to know of the past.
extension Store {
    /// Up to when everything that the channel has of this page is on record; nil if it was never read.
    public func readBackMark(of page: Digest) async throws(StoreError) -> Instant? {
        let result = try await read(
            ReadBackStatements.mark, [.int8(desk), .bytea(page.bytes)])
        guard result.rowCount == 1 else { return nil }
        return try value { () throws(PostgresError) in try result.instant(0, 0) }
    }

    /// Keeps that everything of this page that was written before `moment` is on record. Does nothing
    /// when this process does not hold the desk's lease: a node that was paused must not speak for the
    /// one that took over. A mark that is later already stays.
    public func keepReadBackMark(
        of page: Digest, until moment: Instant
    ) async throws(StoreError) {
        _ = try await read(
            ReadBackStatements.keepMark,
            [
                .int8(desk), .bytea(page.bytes), .timestamp(moment.milliseconds),
                .bytea(incarnation),
            ])
    }

    /// When the messages with these platform ids were written, of those that are on record. At most
    /// ``StoreLimits/listedRows``.
    public func writtenTimes(
        of messages: [Digest]
    ) async throws(StoreError) -> [Digest: Instant] {
        guard messages.count <= StoreLimits.listedRows else { throw .invalid(field: "messages") }
        guard !messages.isEmpty else { return [:] }
        let result = try await read(
            ReadBackStatements.times, [.int8(desk), .byteaArray(messages.map(\.bytes))])
        return try value { () throws(PostgresError) in
            var times: [Digest: Instant] = [:]
            for row in 0..<result.rowCount {
                times[try result.digest(row, 0)] = try result.instant(row, 1)
            }
            return times
        }
    }
}

/// The statements of reading back.
enum ReadBackStatements {
    static let mark = PostgresStatement(
        "SELECT read_until FROM read_back_marks WHERE desk = $1 AND page = $2")
    static let keepMark = PostgresStatement(
        """
        INSERT INTO read_back_marks AS mark (desk, page, read_until)
        SELECT $1, $2, $3 FROM desks
         WHERE desk = $1 AND incarnation = $4 AND expires_at > clock_timestamp()
        ON CONFLICT (desk, page) DO UPDATE SET read_until = excluded.read_until
         WHERE mark.read_until < excluded.read_until
        """)
    static let times = PostgresStatement(
        "SELECT platform, written_at FROM messages WHERE desk = $1 AND platform = ANY ($2)")
}
