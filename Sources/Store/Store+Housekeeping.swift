public import Desk
import Postgres

/// Work for quiet minutes. Each call is bounded, so that none holds anything up for long.
extension Store {
    /// Deletes at most `limit` rows of each kind that are kept for a named time: keys stored before
    /// `keysBefore` (a repetition that comes later is decided anew), events without a conversation
    /// kept before `keptEventsBefore`, what expired in sign-in before `at`, and who was there as what
    /// until before `presenceBefore`; what goes on is kept. Tells how many rows went; when it is 0
    /// there is nothing left to do.
    public func purge(
        keysBefore: Instant, keptEventsBefore: Instant, presenceBefore: Instant, at: Instant,
        limit: Int
    ) async throws(StoreError) -> Int {
        guard (1...StoreLimits.listedRows).contains(limit) else { throw .invalid(field: "limit") }
        var purged = 0
        for (statement, before) in [
            (PurgeStatements.keys, keysBefore), (PurgeStatements.keptEvents, keptEventsBefore),
            (PurgeStatements.tickets, at), (PurgeStatements.signIns, at),
            (PurgeStatements.sessions, at), (PurgeStatements.presencePeriods, presenceBefore),
        ] {
            let result = try await read(
                statement,
                [.int8(desk), .timestamp(before.milliseconds), .int8(Int64(limit))])
            purged += result.affectedRows
        }
        return purged
    }

    /// Wraps at most `limit` customers' keys, and the desk's own, anew under the current wrapping
    /// key. Tells how many it did; at 0 the old wrapping keys are no longer needed for this desk.
    ///
    /// What the keys seal is not touched. Each row is changed only if it still is as it was read.
    public func rewrapKeys(limit: Int) async throws(StoreError) -> Int {
        guard (1...StoreLimits.listedRows).contains(limit) else { throw .invalid(field: "limit") }
        var rewrapped = 0
        for purpose in DeskKeyPurpose.allCases {
            rewrapped += try await rewrap(
                PurgeStatements.oldDeskKey, [.text(purpose.rawValue)],
                PurgeStatements.rewrapDeskKey, .deskKey
            ) { _ in (purpose.row, .text(purpose.rawValue)) }
        }
        rewrapped += try await rewrap(
            PurgeStatements.oldCustomerKeys, [.int8(Int64(limit))],
            PurgeStatements.rewrapCustomerKey, .customerKey
        ) { ($0, .int8($0)) }
        return rewrapped
    }

    private func rewrap(
        _ find: PostgresStatement, _ values: [PostgresValue], _ write: PostgresStatement,
        _ column: SealedColumn, row place: (Int64) -> (row: Int64, key: PostgresValue)
    ) async throws(StoreError) -> Int {
        let keys = configuration.wrappingKeys
        let found = try await read(find, [.int8(desk), .bytea(keys.current.name)] + values)
        var rewrapped = 0
        for row in 0..<found.rowCount {
            let (id, name, sealed) = try value { () throws(PostgresError) in
                (try found.int8(row, 0), try found.bytes(row, 1), try found.bytes(row, 2))
            }
            let (number, key) = place(id)
            let sealedPlace = self.place(column, number)
            let content = try ContentKey.unwrap(
                name: name, sealed: sealed, keys, at: sealedPlace)
            let wrapped = try content.wrapped(keys, at: sealedPlace)
            let written = try await read(
                write,
                [.int8(desk), key, .bytea(sealed), .bytea(wrapped.name), .bytea(wrapped.sealed)])
            rewrapped += written.affectedRows
        }
        return rewrapped
    }
}

/// The statements of housekeeping.
enum PurgeStatements {
    static let keys = purge("keys", "stored_at")
    static let keptEvents = purge("kept_events", "at")
    static let tickets = purge("tickets", "expires_at")
    static let signIns = purge("sign_ins", "expires_at")
    static let sessions = purge("sessions", "expires_at")

    /// By the index of beginnings: this table is kept for long and never small.
    static let presencePeriods = PostgresStatement(
        """
        DELETE FROM presence_periods WHERE (desk, agent, event) IN (
            SELECT desk, agent, event FROM presence_periods
             WHERE desk = $1 AND began_at < $2 AND ended_at < $2 ORDER BY began_at LIMIT $3)
        """)

    /// By place in the table: no index of any such table is as cheap to write as none.
    private static func purge(_ table: String, _ age: String) -> PostgresStatement {
        PostgresStatement(
            """
            DELETE FROM \(table) WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM \(table) WHERE desk = $1 AND \(age) < $2 LIMIT $3))
            """)
    }

    static let oldDeskKey = PostgresStatement(
        """
        SELECT 0::bigint, wrapping_key, sealed_key FROM desk_keys
         WHERE desk = $1 AND wrapping_key <> $2 AND purpose = $3
        """)
    static let rewrapDeskKey = PostgresStatement(
        """
        UPDATE desk_keys SET wrapping_key = $4, sealed_key = $5
         WHERE desk = $1 AND purpose = $2 AND sealed_key = $3
        """)
    static let oldCustomerKeys = PostgresStatement(
        """
        SELECT customer, wrapping_key, sealed_key FROM customers
         WHERE desk = $1 AND wrapping_key <> $2 ORDER BY customer LIMIT $3
        """)
    static let rewrapCustomerKey = PostgresStatement(
        """
        UPDATE customers SET wrapping_key = $4, sealed_key = $5
         WHERE desk = $1 AND customer = $2 AND sealed_key = $3
        """)
}
