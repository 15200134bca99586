public import Desk
import Postgres

/// What a desk's rows were at a moment of the past: read for people.
extension Store {
    /// Everything that decided at a moment who may take what, made from the ledger. Of what the ledger
    /// does not tell, what is so now is adopted, and it knows what of that has changed since.
    ///
    /// It looks at every event of the desk up to that moment, in pieces, and reads all but those about
    /// messages. `nil`: nothing had happened yet.
    public func reconstruction(at moment: Instant) async throws(StoreError) -> Reconstruction? {
        let now = try await routingSetup().profiles
        var made = Reconstruction(configurations: try await configurations())
        var last: Int64 = 0
        while true {
            let piece = try await events(
                StoredEvent.kindsOfRows, after: last, until: moment)
            for record in piece { made.follow(record) }
            guard let end = piece.last?.number else { break }
            last = end
        }
        guard last > 0 else { return nil }
        for agent in now { made.adopt(agent.profile, of: agent.agent) }
        for row in try await settings(of: made.open) {
            made.adopt(row.routing.needs, row.routing.compartment, of: row.conversation)
            made.adopt(row.origin, of: row.conversation)
        }
        while true {
            let piece = try await events(StoredEvent.kindsOfSettings, after: last, until: nil)
            for record in piece { made.noteLater(record) }
            guard let end = piece.last?.number else { return made }
            last = end
        }
    }

    private func configurations() async throws(StoreError) -> [Configuration] {
        let result = try await read(ReconstructionStatements.configurations, [.int8(desk)])
        return try value { () throws(PostgresError) in
            try result.all { row throws(PostgresError) in
                let document: Configuration? = try result.document(row, 0)
                guard let document else { throw .unexpectedValue(column: 0) }
                return document
            }
        }
    }

    private func events(
        _ kinds: [Int64], after last: Int64, until moment: Instant?
    ) async throws(StoreError) -> [EventRecord] {
        let result = try await read(
            ReconstructionStatements.events,
            [
                .int8(desk), .int8(last), .int8Array(kinds),
                .timestamp(moment?.milliseconds ?? .max), .int8(StoreLimits.replayedAtOnce),
            ])
        return try value { () throws(PostgresError) in
            try result.all { row throws(PostgresError) in try result.eventRecord(row) }
        }
    }

    private func settings(
        of conversations: [ConversationID]
    ) async throws(StoreError) -> [(conversation: ConversationID, routing: Routing, origin: Origin)]
    {
        let result = try await read(
            ReconstructionStatements.settings,
            [.int8(desk), .int8Array(conversations.map(\.number))])
        return try value { () throws(PostgresError) in
            try result.all { row throws(PostgresError) in
                let routing: Routing? = try result.document(row, 1)
                return (
                    try result.id(row, 0), routing ?? Routing(), try result.origin(row, from: 2)
                )
            }
        }
    }
}

extension StoredEvent {
    /// What changes who may take what.
    fileprivate static let kindsOfRows: [Int64] = [
        2, 12, 14, 15, 16, 17, 18, 20, 22, 23, 24, 25, 26, 27, 28, 31, 32, 35,
    ]
    /// What was set by a document that the ledger does not hold.
    fileprivate static let kindsOfSettings: [Int64] = [25, 27]
}

extension StoreLimits {
    /// Events that are read in one piece when the past is made again: a few megabytes.
    static let replayedAtOnce: Int64 = 10_000
}

enum ReconstructionStatements {
    static let configurations = PostgresStatement(
        "SELECT document::text FROM configurations WHERE desk = $1 ORDER BY version")
    static let events = PostgresStatement(
        """
        SELECT \(PostgresResult.eventColumns) FROM events
         WHERE desk = $1 AND number > $2 AND kind = ANY ($3)
           AND at <= $4
         ORDER BY number LIMIT $5
        """)
    static let settings = PostgresStatement(
        """
        SELECT conversation, routing::text, channel, page FROM conversations
         WHERE desk = $1 AND conversation = ANY ($2)
        """)
}
