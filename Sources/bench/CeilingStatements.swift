import Postgres

/// What a commit of text messages of known customers writes, as the server writes it: the desk's
/// row locked first, then keys, the conversations' activity, messages and events as sets.
enum CeilingStatements {
    static let lock: PostgresStatement = "SELECT lock_desk($1, $2, 1, $3, 10000)"
    static let keys: PostgresStatement = """
        INSERT INTO keys (desk, key, parameters, result, stored_at)
        SELECT $1, item.key, item.parameters, item.result, $2
          FROM unnest($3::bytea[], $4::bytea[], $5::bigint[]) AS item (key, parameters, result)
        """
    static let activities: PostgresStatement = """
        INSERT INTO activities (desk, conversation, last_message_at, customer_wrote_at, unread)
        SELECT $1, item.*
          FROM unnest($2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::integer[]) AS item
        ON CONFLICT (desk, conversation) DO UPDATE
           SET last_message_at = excluded.last_message_at,
               customer_wrote_at = excluded.customer_wrote_at, unread = excluded.unread
        """
    static let messages: PostgresStatement = """
        INSERT INTO messages (desk, message, conversation, customer, kind, author, written_at,
               recorded_at, platform, sealed_body)
        SELECT $1, item.*
          FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[],
               $7::timestamptz[], $8::timestamptz[], $9::bytea[], $10::bytea[]) AS item
        """
    static let events: PostgresStatement = """
        INSERT INTO events (desk, number, at, epoch, conversation, kind, hash, audience, body)
        SELECT $1, item.number, item.at, item.epoch, item.conversation, item.kind, item.hash,
               item.audience::bigint[], item.body
          FROM unnest($2::bigint[], $3::timestamptz[], $4::bigint[], $5::bigint[],
               $6::integer[], $7::bytea[], $8::text[], $9::bytea[])
               AS item (number, at, epoch, conversation, kind, hash, audience, body)
        """

    /// A desk of its own beside the measured one, with the same customers, each held by an agent.
    /// Events 1… are left to the messages: conversations and customers are numbered apart.
    static func prepare(desk: Int, customers: Int, agents: Int) -> String {
        """
        INSERT INTO desks (desk, epoch, holder, incarnation, expires_at)
        VALUES (\(desk), 1, 'bench', decode(repeat('62', 16), 'hex'), now() + interval '1 hour');
        INSERT INTO customers (desk, customer, thread, met_at)
        SELECT \(desk), number, decode(lpad(to_hex(number), 32, '0'), 'hex'), now()
          FROM generate_series(1, \(customers)) AS number;
        INSERT INTO handoffs (desk, conversation, number, event, at, from_owner, from_id,
               to_owner, to_id, reason)
        SELECT \(desk), number, 1, number, now(), 'nobody', 0, 'agent', 1 + number % \(agents),
               'assigned'
          FROM generate_series(1, \(customers)) AS number;
        INSERT INTO assignments (desk, conversation, handoff, agent, began_at)
        SELECT \(desk), number, 1, 1 + number % \(agents), now()
          FROM generate_series(1, \(customers)) AS number;
        INSERT INTO activities (desk, conversation, last_message_at, customer_wrote_at, unread)
        SELECT \(desk), number, now(), now(), 0 FROM generate_series(1, \(customers)) AS number;
        INSERT INTO conversations (desk, conversation, customer, thread, queue, owner, owner_id,
               handoffs, waiting_since, opened_at)
        SELECT \(desk), number, number, decode(lpad(to_hex(number), 32, '0'), 'hex'), 1, 'agent',
               1 + number % \(agents), 1, now(), now()
          FROM generate_series(1, \(customers)) AS number;
        """
    }
}
