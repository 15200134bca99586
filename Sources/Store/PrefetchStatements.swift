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
        case customerKeys
    }

    /// Where the wrapped key begins in a row of `threads` and `conversations`.
    static let conversationKeyColumn = 18

    private static let conversationColumns = """
        \(PostgresResult.conversationColumns), customers.wrapping_key, customers.sealed_key
        """

    static let keys = PostgresStatement(
        "SELECT key, parameters, result FROM \(LookedUp.rows(of: "keys", by: "key", "bytea"))")

    /// Ordered, so that the latest of a thread is read last and stays.
    static let threads = PostgresStatement(
        """
        SELECT \(conversationColumns)
          FROM \(LookedUp.rows(of: "conversations", by: "thread", "bytea"))
               \(LookedUp.activity) \(LookedUp.customer(of: "conversations"))
         ORDER BY conversations.conversation
        """)

    static let conversations = PostgresStatement(
        """
        SELECT \(conversationColumns)
          FROM \(LookedUp.rows(of: "conversations", by: "conversation", "bigint"))
               \(LookedUp.activity) \(LookedUp.customer(of: "conversations"))
        """)

    static let messages = PostgresStatement(
        """
        SELECT platform, message
          FROM \(LookedUp.rows(of: "messages", by: "platform", "bytea"))
        """)

    static let jobs = PostgresStatement(
        """
        SELECT \(PostgresResult.jobColumns) FROM \(LookedUp.rows(of: "jobs", by: "job", "bigint"))
        """)

    static let customerKeys = PostgresStatement(
        """
        SELECT conversations.conversation, customers.customer, customers.wrapping_key,
               customers.sealed_key
          FROM \(LookedUp.rows(of: "conversations", by: "conversation", "bigint"))
               \(LookedUp.customer(of: "conversations"))
        """)

    /// What is asked for, each with its command. `unsealed` are the conversations that the desk holds
    /// and whose customers' keys the store does not have at hand.
    static func asked(
        desk: Int64, _ request: PrefetchRequest, unsealed: [ConversationID]
    ) -> [(part: Part, command: PostgresCommand)] {
        let needs = request.needs
        var asked: [(part: Part, command: PostgresCommand)] = []
        func ask(_ part: Part, _ statement: PostgresStatement, _ values: PostgresValue) {
            asked.append((part, PostgresCommand(statement, [.int8(desk), values])))
        }
        if !request.keys.isEmpty { ask(.keys, keys, .byteaArray(request.keys.map(\.bytes))) }
        if !needs.threads.isEmpty {
            ask(.threads, threads, .byteaArray(needs.threads.map(\.bytes)))
        }
        if !needs.conversations.isEmpty {
            ask(.conversations, conversations, .int8Array(needs.conversations.map(\.number)))
        }
        if !needs.messages.isEmpty {
            ask(.messages, messages, .byteaArray(needs.messages.map(\.bytes)))
        }
        if !needs.jobs.isEmpty { ask(.jobs, jobs, .int8Array(needs.jobs.map(\.number))) }
        if !unsealed.isEmpty {
            ask(.customerKeys, customerKeys, .int8Array(unsealed.map(\.number)))
        }
        return asked
    }
}

/// Joins to the rows that another row names, each written so that it is a look into an index for each
/// row, whatever the planner believes of the tables' sizes: `OFFSET 0` keeps the part apart. Joined
/// freely, a plan made while the tables were small walks over all of the desk's rows for each, which at
/// 10,000 customers was nine tenths of the database's work.
enum LookedUp {
    /// The rows of this desk (`$1`) in which a column is one of those in `$2`. With `= ANY` the planner
    /// may as well go through all of the desk's rows and compare each with each.
    static func rows(of table: String, by column: String, _ type: String) -> String {
        """
        unnest($2::\(type)[]) AS item (wanted)
               CROSS JOIN LATERAL
               (SELECT * FROM \(table) WHERE desk = $1 AND \(column) = wanted OFFSET 0) AS \(table)
        """
    }

    /// The customer whom a row of `table` names.
    static func customer(of table: String) -> String {
        """
        CROSS JOIN LATERAL
               (SELECT customer, wrapping_key, sealed_key, sealed_address FROM customers
                 WHERE desk = \(table).desk AND customer = \(table).customer OFFSET 0) AS customers
        """
    }

    /// What messages changed about a conversation.
    static let activity = """
        CROSS JOIN LATERAL
               (SELECT last_message_at, customer_wrote_at, unread FROM activities
                 WHERE desk = conversations.desk AND conversation = conversations.conversation
                OFFSET 0) AS activities
        """

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
