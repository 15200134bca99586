public import Desk
import Postgres

/// What a desk routes by, and how it came to its choices: read for people.
extension Store {
    /// The configuration in force with everybody and what they are for, ascending by agent: as of one
    /// commit.
    public func routingSetup() async throws(StoreError) -> (
        configuration: Configuration, profiles: [AgentProfile]
    ) {
        let result = try await read(RoutingStatements.setup, [.int8(desk)])
        return try value { () throws(PostgresError) in
            let configuration: Configuration? = try result.configuration(0)
            var profiles: [AgentProfile] = []
            for row in 0..<result.rowCount {
                guard let agent = try result.optionalInt8(row, 1) else { continue }
                profiles.append(
                    AgentProfile(
                        agent: AgentID(agent), profile: try result.document(row, 2) ?? Profile()))
            }
            return (configuration ?? Configuration(), profiles)
        }
    }

    /// The latest events of a conversation that say who had it, to whom it was offered and why,
    /// oldest first; so many at most. Empty when there is none of this number.
    public func routingHistory(
        of conversation: ConversationID, latest: Int = StoreLimits.routingEvents
    ) async throws(StoreError) -> [EventRecord] {
        let result = try await read(
            RoutingStatements.history,
            [
                .int8(desk), .int8(conversation.number),
                .int8Array(StoredEvent.kindsOfRouting), .int8(Int64(latest)),
            ])
        let records = try value { () throws(PostgresError) in
            try result.all { row throws(PostgresError) in try result.eventRecord(row) }
        }
        return records.reversed()
    }
}

extension StoredEvent {
    /// Changes of owner, offers, and what decides about them; what was promised to the customer, and
    /// what the desk told them of their wait.
    fileprivate static let kindsOfRouting: [Int64] = [2, 12, 22, 23, 24, 25, 26, 37, 38, 39, 40]
}

extension StoreLimits {
    /// Events of one conversation that an explanation looks back at: more than anybody reads.
    public static let routingEvents = 500
}

enum RoutingStatements {
    /// One row at least, also of a desk without agents: so it is one look at one moment.
    static let setup = PostgresStatement(
        """
        SELECT configuration.document::text, agents.agent, agents.profile::text
          FROM (SELECT $1::bigint AS desk) AS asked
          LEFT JOIN LATERAL
               (SELECT document FROM configurations
                 WHERE desk = asked.desk ORDER BY version DESC LIMIT 1) AS configuration ON true
          LEFT JOIN agents ON agents.desk = asked.desk
         ORDER BY agents.agent
        """)

    static let history = PostgresStatement(
        """
        SELECT \(PostgresResult.eventColumns) FROM events
         WHERE desk = $1 AND conversation = $2 AND kind = ANY ($3)
         ORDER BY number DESC LIMIT $4
        """)
}
