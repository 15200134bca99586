import Desk
import Engine
import Postgres

/// The statements of a prefetch: one for each kind of thing that is asked for.
enum PrefetchStatements {
    /// What a prefetch can ask for.
    enum Part {
        case keys
        case threads
        case conversations
        case messages
        case jobs
    }

    /// Where the wrapped key begins in a row of `threads` and `conversations`.
    static let conversationKeyColumn = 12

    private static let conversationColumns = """
        conversations.conversation, conversations.customer, conversations.thread,
        conversations.queue, conversations.owner, conversations.owner_id, conversations.handoffs,
        conversations.waiting_since, conversations.opened_at, conversations.last_message_at,
        conversations.customer_wrote_at, conversations.unread, customers.wrapping_key,
        customers.sealed_key
        """

    static let keys = PostgresStatement(
        "SELECT key, parameters, result FROM keys WHERE desk = $1 AND key = ANY ($2)")

    /// Ordered, so that the latest of a thread is read last and stays.
    static let threads = PostgresStatement(
        """
        SELECT \(conversationColumns)
          FROM conversations \(LookedUp.customer(of: "conversations"))
         WHERE conversations.desk = $1 AND conversations.thread = ANY ($2)
         ORDER BY conversations.conversation
        """)

    static let conversations = PostgresStatement(
        """
        SELECT \(conversationColumns)
          FROM conversations \(LookedUp.customer(of: "conversations"))
         WHERE conversations.desk = $1 AND conversations.conversation = ANY ($2)
        """)

    static let messages = PostgresStatement(
        "SELECT platform, message FROM messages WHERE desk = $1 AND platform = ANY ($2)")

    static let jobs = PostgresStatement(
        """
        SELECT \(PostgresResult.jobColumns) FROM jobs WHERE desk = $1 AND job = ANY ($2)
        """)

    static let customerKeys = PostgresStatement(
        """
        SELECT conversations.conversation, customers.customer, customers.wrapping_key,
               customers.sealed_key
          FROM conversations \(LookedUp.customer(of: "conversations"))
         WHERE conversations.desk = $1 AND conversations.conversation = ANY ($2)
        """)

    /// What is asked for, in the order of `commands`.
    static func parts(_ request: PrefetchRequest) -> [Part] {
        var parts: [Part] = []
        if !request.keys.isEmpty { parts.append(.keys) }
        if !request.needs.threads.isEmpty { parts.append(.threads) }
        if !request.needs.conversations.isEmpty { parts.append(.conversations) }
        if !request.needs.messages.isEmpty { parts.append(.messages) }
        if !request.needs.jobs.isEmpty { parts.append(.jobs) }
        return parts
    }

    static func commands(desk: Int64, _ request: PrefetchRequest) -> [PostgresCommand] {
        parts(request).map { part in
            switch part {
            case .keys:
                command(keys, desk, .byteaArray(request.keys.map(\.bytes)))
            case .threads:
                command(threads, desk, .byteaArray(request.needs.threads.map(\.bytes)))
            case .conversations:
                command(
                    conversations, desk,
                    .int8Array(request.needs.conversations.map(\.number)))
            case .messages:
                command(messages, desk, .byteaArray(request.needs.messages.map(\.bytes)))
            case .jobs:
                command(jobs, desk, .int8Array(request.needs.jobs.map(\.number)))
            }
        }
    }

    private static func command(
        _ statement: PostgresStatement, _ desk: Int64, _ values: PostgresValue
    ) -> PostgresCommand {
        PostgresCommand(statement, [.int8(desk), values])
    }
}

/// Joins to the one row that another row names, each written so that it is a look into the primary
/// key for each row, whatever the planner believes of the tables' sizes: `OFFSET 0` keeps the part
/// apart. Joined freely, a plan made while the tables were small walks over all of the desk's rows
/// for each, which at 10,000 customers was nine tenths of the database's work.
enum LookedUp {
    /// The customer whom a row of `table` names.
    static func customer(of table: String) -> String {
        """
        CROSS JOIN LATERAL
               (SELECT customer, wrapping_key, sealed_key, sealed_address FROM customers
                 WHERE desk = \(table).desk AND customer = \(table).customer OFFSET 0) AS customers
        """
    }

    /// The person whose session it is.
    static let personOfSession = """
        CROSS JOIN LATERAL
               (SELECT name FROM persons
                 WHERE desk = sessions.desk AND person = sessions.person OFFSET 0) AS persons
        """

    /// The session that a burned ticket names.
    static let sessionOfTicket = """
        CROSS JOIN LATERAL
               (SELECT * FROM sessions
                 WHERE desk = burned.desk AND session = burned.session OFFSET 0) AS sessions
        """
}
