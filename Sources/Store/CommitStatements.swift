import Desk
import Engine
import Postgres

/// The statements of a commit, in the order in which they are written: the lease first, so that it
/// is locked to the end; then what the guards of later tables look at; the ledger last.
///
/// Rows that are changed are looked up one by one and then named by their place: a plain join leaves
/// the order to the planner, which would go through a whole table that was empty when it planned. The
/// writer alone changes them, under the lease's lock, so that no place goes stale.
enum CommitStatements {
    static let lock = PostgresStatement("SELECT lock_desk($1, $2, $3, $4, $5)")

    static let keys = PostgresStatement(
        """
        INSERT INTO keys (desk, key, parameters, result, stored_at)
        SELECT $1, item.key, item.parameters, item.result, $2
          FROM unnest($3::bytea[], $4::bytea[], $5::bigint[]) AS item (key, parameters, result)
        """)

    static let customers = PostgresStatement(
        """
        INSERT INTO customers
               (desk, customer, thread, met_at, wrapping_key, sealed_key, sealed_address)
        SELECT $1, item.customer, item.thread, item.met_at, $2, item.sealed_key, item.sealed_address
          FROM unnest($3::bigint[], $4::bytea[], $5::timestamptz[], $6::bytea[], $7::bytea[])
               AS item (customer, thread, met_at, sealed_key, sealed_address)
        """)

    static let handoffs = PostgresStatement(
        """
        INSERT INTO handoffs (desk, conversation, number, event, at, from_owner, from_id,
               to_owner, to_id, reason, ordered_by, chosen_under, chosen_of_waiting,
               chosen_of_on_duty, chosen_of_ready, chosen_relaxed, chosen_before,
               chosen_unfit, chosen_behind, chosen_over, chosen_over_first)
        SELECT $1, item.*
          FROM unnest($2::bigint[], $3::integer[], $4::bigint[], $5::timestamptz[], $6::text[],
               $7::bigint[], $8::text[], $9::bigint[], $10::text[], $11::bigint[],
               $12::bigint[], $13::integer[], $14::integer[], $15::integer[], $16::integer[],
               $17::bigint[], $18::integer[], $19::integer[], $20::integer[],
               $21::jsonb[]) AS item
        """)

    static let endedAssignments = PostgresStatement(
        """
        UPDATE assignments SET ended_at = item.ended_at
          FROM unnest($2::bigint[], $3::bigint[], $4::timestamptz[])
               AS item (conversation, agent, ended_at)
         CROSS JOIN LATERAL (
               SELECT ctid FROM assignments
                WHERE desk = $1 AND conversation = item.conversation AND agent = item.agent
                  AND ended_at IS NULL OFFSET 0) AS found
         WHERE assignments.ctid = found.ctid
        """)

    static let begunAssignments = PostgresStatement(
        """
        INSERT INTO assignments (desk, conversation, handoff, agent, began_at, ended_at)
        SELECT $1, item.*
          FROM unnest($2::bigint[], $3::integer[], $4::bigint[], $5::timestamptz[],
               $6::timestamptz[]) AS item
        """)

    /// Before the conversations, whose guard looks for it.
    static let activities = PostgresStatement(
        """
        INSERT INTO activities (desk, conversation, last_message_at, customer_wrote_at, unread)
        SELECT $1, item.*
          FROM unnest($2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::integer[]) AS item
        ON CONFLICT (desk, conversation) DO UPDATE
           SET last_message_at = excluded.last_message_at,
               customer_wrote_at = excluded.customer_wrote_at, unread = excluded.unread
        """)

    static let conversations = PostgresStatement(
        """
        INSERT INTO conversations (desk, conversation, customer, thread, queue, owner, owner_id,
               handoffs, waiting_since, opened_at, offered_to, offer_deadline, offer_is_transfer,
               routing, channel, page)
        SELECT $1, item.*
          FROM unnest($2::bigint[], $3::bigint[], $4::bytea[], $5::bigint[], $6::text[],
               $7::bigint[], $8::integer[], $9::timestamptz[], $10::timestamptz[],
               $11::bigint[], $12::timestamptz[], $13::boolean[], $14::jsonb[], $15::text[],
               $16::text[]) AS item
        ON CONFLICT (desk, conversation) DO UPDATE
           SET queue = excluded.queue, owner = excluded.owner, owner_id = excluded.owner_id,
               handoffs = excluded.handoffs, waiting_since = excluded.waiting_since,
               opened_at = excluded.opened_at, offered_to = excluded.offered_to,
               offer_deadline = excluded.offer_deadline,
               offer_is_transfer = excluded.offer_is_transfer, routing = excluded.routing,
               page = excluded.page
        """)

    static let messages = PostgresStatement(
        """
        INSERT INTO messages (desk, message, conversation, customer, kind, author, written_at,
               recorded_at, platform, sealed_body)
        SELECT $1, item.*
          FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[],
               $7::timestamptz[], $8::timestamptz[], $9::bytea[], $10::bytea[]) AS item
        """)

    /// An echo and the answer of the Send API both tell how the platform calls a message, in either
    /// order, and an echo that came without our metadata may have been recorded as another app's:
    /// the first to be stored keeps the name.
    static let messageNames = PostgresStatement(
        """
        UPDATE messages SET platform = item.platform
          FROM unnest($2::bigint[], $3::bytea[]) AS item (message, platform)
         CROSS JOIN LATERAL (
               SELECT ctid FROM messages
                WHERE desk = $1 AND message = item.message AND platform IS NULL OFFSET 0) AS found
          LEFT JOIN LATERAL (
               SELECT message FROM messages
                WHERE desk = $1 AND platform = item.platform OFFSET 0) AS other ON true
         WHERE messages.ctid = found.ctid AND other.message IS NULL
        """)

    static let messageChanges = PostgresStatement(
        """
        INSERT INTO message_changes
               (desk, change, conversation, customer, message, kind, at, sealed_body)
        SELECT $1, item.*
          FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[],
               $7::timestamptz[], $8::bytea[]) AS item
        """)

    static let jobs = PostgresStatement(
        """
        INSERT INTO jobs (desk, job, conversation, message, agent, text_digest, state, due_at,
               failure, attempts)
        SELECT $1, item.*
          FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[],
               $7::text[], $8::timestamptz[], $9::text[], $10::integer[]) AS item
        ON CONFLICT (desk, job) DO UPDATE
           SET state = excluded.state, due_at = excluded.due_at, failure = excluded.failure,
               attempts = excluded.attempts
        """)

    static let agents = PostgresStatement(
        """
        INSERT INTO agents (desk, agent, presence, capacity, disconnect_deadline, idle_since,
               profile, missed_offers, presence_since, attendance)
        SELECT $1, item.*
          FROM unnest($2::bigint[], $3::text[], $4::integer[], $5::timestamptz[],
               $6::timestamptz[], $7::jsonb[], $8::integer[], $9::timestamptz[], $10::jsonb[])
               AS item
        ON CONFLICT (desk, agent) DO UPDATE
           SET presence = excluded.presence, capacity = excluded.capacity,
               disconnect_deadline = excluded.disconnect_deadline,
               idle_since = excluded.idle_since, profile = excluded.profile,
               missed_offers = excluded.missed_offers,
               presence_since = excluded.presence_since, attendance = excluded.attendance
        """)

    /// A node's clock may be a little behind that of the one before.
    static let endedPresences = PostgresStatement(
        """
        UPDATE presence_periods SET ended_at = greatest(began_at, item.ended_at)
          FROM unnest($2::bigint[], $3::timestamptz[]) AS item (agent, ended_at)
         CROSS JOIN LATERAL (
               SELECT ctid FROM presence_periods
                WHERE desk = $1 AND agent = item.agent AND ended_at IS NULL OFFSET 0) AS found
         WHERE presence_periods.ctid = found.ctid
        """)

    static let begunPresences = PostgresStatement(
        """
        INSERT INTO presence_periods (desk, agent, event, presence, reason, began_at, ended_at)
        SELECT $1, item.*
          FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::timestamptz[],
               $7::timestamptz[]) AS item
        """)

    static let paces = PostgresStatement(
        """
        INSERT INTO queue_paces (desk, queue, pace, since)
        SELECT $1, item.*
          FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS item
        ON CONFLICT (desk, queue) DO UPDATE SET pace = excluded.pace, since = excluded.since
        """)

    static let queueStates = PostgresStatement(
        """
        INSERT INTO queue_states (desk, queue, is_open, open_time, counted_at, hours, ordered_open,
               ordered_until, ordered_by, targets_since, targets_met, targets_late)
        SELECT $1, item.*
          FROM unnest($2::bigint[], $3::boolean[], $4::bigint[], $5::timestamptz[], $6::jsonb[],
               $7::boolean[], $8::timestamptz[], $9::bigint[], $10::timestamptz[], $11::bigint[],
               $12::bigint[]) AS item
        ON CONFLICT (desk, queue) DO UPDATE
           SET is_open = excluded.is_open, open_time = excluded.open_time,
               counted_at = excluded.counted_at, hours = excluded.hours,
               ordered_open = excluded.ordered_open, ordered_until = excluded.ordered_until,
               ordered_by = excluded.ordered_by, targets_since = excluded.targets_since,
               targets_met = excluded.targets_met, targets_late = excluded.targets_late
        """)

    static let events = PostgresStatement(
        """
        INSERT INTO events (desk, number, at, epoch, conversation, kind, hash, audience, body)
        SELECT $1, item.number, item.at, item.epoch, item.conversation, item.kind, item.hash,
               item.audience::bigint[], item.body
          FROM unnest($2::bigint[], $3::timestamptz[], $4::bigint[], $5::bigint[],
               $6::integer[], $7::bytea[], $8::text[], $9::bytea[])
               AS item (number, at, epoch, conversation, kind, hash, audience, body)
        """)

    /// After the events, which the guard looks at.
    static let configurations = PostgresStatement(
        """
        INSERT INTO configurations (desk, version, document, set_by, at)
        SELECT $1, item.*
          FROM unnest($2::bigint[], $3::jsonb[], $4::bigint[], $5::timestamptz[]) AS item
        """)

    static let quarantined = PostgresStatement(
        """
        INSERT INTO quarantine
               (desk, event, key, kind, at, sealed_body, sqlstate, broken_constraint)
        SELECT $1, item.*, $7, $8
          FROM unnest($2::bigint[], $3::bytea[], $4::text[], $5::timestamptz[], $6::bytea[])
               AS item
        """)

    static let kept = PostgresStatement(
        """
        INSERT INTO kept_events (desk, event, kind, at, sealed_body)
        SELECT $1, item.*
          FROM unnest($2::bigint[], $3::text[], $4::timestamptz[], $5::bytea[]) AS item
        """)
}

/// Why the database last refused a commit: what a quarantined input is recorded with.
struct Refusal: Equatable {
    let sqlState: String
    let constraint: String?
}

extension CommitRows {
    /// The commands for these rows; none for a table that gets none.
    func commands(
        desk: Int64, at: Instant, wrappingKey: [UInt8], changes: Changes, refusal: Refusal?
    ) throws(StoreError) -> [PostgresCommand] {
        var commands: [PostgresCommand] = []
        func add(_ statement: PostgresStatement, _ isEmpty: Bool, _ values: [PostgresValue]) {
            guard !isEmpty else { return }
            commands.append(PostgresCommand(statement, [.int8(desk)] + values))
        }
        add(
            CommitStatements.keys, keys.key.isEmpty,
            [
                .timestamp(at.milliseconds), .byteaArray(keys.key),
                .byteaOptionalArray(keys.parameters), .int8Array(keys.result),
            ])
        add(
            CommitStatements.customers, customers.customer.isEmpty,
            [
                .bytea(wrappingKey), .int8Array(customers.customer), .byteaArray(customers.thread),
                .timestampArray(customers.metAt), .byteaArray(customers.sealedKey),
                .byteaOptionalArray(customers.sealedAddress),
            ])
        add(CommitStatements.handoffs, handoffs.conversation.isEmpty, handoffs.values)
        add(
            CommitStatements.endedAssignments, ended.conversation.isEmpty,
            [
                .int8Array(ended.conversation), .int8Array(ended.agent),
                .timestampArray(ended.endedAt),
            ])
        add(
            CommitStatements.begunAssignments, begun.conversation.isEmpty,
            [
                .int8Array(begun.conversation), .int4Array(begun.handoff), .int8Array(begun.agent),
                .timestampArray(begun.beganAt), .timestampOptionalArray(begun.endedAt),
            ])
        add(
            CommitStatements.activities, changes.activities.isEmpty,
            Self.values(changes.activities))
        add(
            CommitStatements.conversations, changes.conversations.isEmpty,
            try Self.values(changes.conversations))
        add(CommitStatements.messages, messages.message.isEmpty, messages.values)
        add(
            CommitStatements.messageNames, names.message.isEmpty,
            [.int8Array(names.message), .byteaArray(names.platform)])
        add(
            CommitStatements.messageChanges, messageChanges.change.isEmpty, messageChanges.values)
        add(CommitStatements.jobs, changes.jobs.isEmpty, Self.values(changes.jobs))
        add(
            CommitStatements.paces, changes.paces.isEmpty,
            [
                .int8Array(changes.paces.map(\.queue.number)),
                .int8Array(changes.paces.map(\.interval)),
                .int8OptionalArray(changes.paces.map(\.since)),
            ])
        add(CommitStatements.agents, changes.agents.isEmpty, try Self.values(changes.agents))
        add(
            CommitStatements.queueStates, changes.queueStates.isEmpty,
            try Self.values(changes.queueStates))
        add(
            CommitStatements.endedPresences, presences.endedOf.isEmpty,
            [.int8Array(presences.endedOf), .timestampArray(presences.endedOfAt)])
        add(
            CommitStatements.begunPresences, presences.agent.isEmpty,
            [
                .int8Array(presences.agent), .int8Array(presences.event),
                .textArray(presences.presence), .int8OptionalArray(presences.reason),
                .timestampArray(presences.beganAt), .timestampOptionalArray(presences.endedAt),
            ])
        add(
            CommitStatements.quarantined, quarantined.event.isEmpty,
            [
                .int8Array(quarantined.event), .byteaOptionalArray(quarantined.key),
                .textOptionalArray(quarantined.kind), .timestampArray(quarantined.at),
                .byteaOptionalArray(quarantined.sealedBody), .optionalText(refusal?.sqlState),
                .optionalText(refusal?.constraint),
            ])
        add(
            CommitStatements.kept, kept.event.isEmpty,
            [
                .int8Array(kept.event), .textOptionalArray(kept.kind), .timestampArray(kept.at),
                .byteaOptionalArray(kept.sealedBody),
            ])
        add(CommitStatements.events, events.number.isEmpty, events.values)
        add(
            CommitStatements.configurations, configurations.version.isEmpty,
            [
                .int8Array(configurations.version), .textArray(configurations.document),
                .int8OptionalArray(configurations.setBy), .timestampArray(configurations.at),
            ])
        return commands
    }

    private static func values(
        _ conversations: [Conversation]
    ) throws(StoreError) -> [PostgresValue] {
        var routings: [String?] = []
        routings.reserveCapacity(conversations.count)
        for conversation in conversations {
            routings.append(try conversation.routing.document())
        }
        let offers = conversations.map(\.routing.offer)
        return [
            .int8Array(conversations.map(\.id.number)),
            .int8Array(conversations.map(\.customer.number)),
            .byteaArray(conversations.map(\.thread.bytes)),
            .int8Array(conversations.map(\.queue.number)),
            .textArray(conversations.map(\.owner.name)),
            .int8Array(conversations.map(\.owner.number)),
            .int4Array(conversations.map { Int32(clamping: $0.handoffs) }),
            .timestampArray(conversations.map(\.waitingSince.milliseconds)),
            .timestampArray(conversations.map(\.openedAt.milliseconds)),
            .int8OptionalArray(offers.map { $0?.agent.number }),
            .timestampOptionalArray(offers.map { $0?.deadline.milliseconds }),
            .boolOptionalArray(offers.map { $0?.isTransfer }), .textOptionalArray(routings),
            .textArray(conversations.map(\.origin.channel.rawValue)),
            .textArray(conversations.map(\.origin.page)),
        ]
    }

    private static func values(_ activities: [Activity]) -> [PostgresValue] {
        [
            .int8Array(activities.map(\.conversation.number)),
            .timestampArray(activities.map(\.lastMessageAt.milliseconds)),
            .timestampArray(activities.map(\.customerWroteAt.milliseconds)),
            .int4Array(activities.map { Int32(clamping: $0.unread) }),
        ]
    }

    private static func values(_ changed: [Job]) -> [PostgresValue] {
        // What is no longer in flight first: the index that allows one in flight per conversation
        // looks at each row as it is written.
        let jobs = changed.filter { $0.state != .sending } + changed.filter { $0.state == .sending }
        return [
            .int8Array(jobs.map(\.id.number)), .int8Array(jobs.map(\.conversation.number)),
            .int8Array(jobs.map(\.message.number)),
            .int8OptionalArray(jobs.map(\.agent?.number)),
            .byteaArray(jobs.map(\.textDigest.bytes)), .textArray(jobs.map(\.state.name)),
            .timestampOptionalArray(jobs.map(\.state.dueAt?.milliseconds)),
            .textOptionalArray(jobs.map(\.state.failure?.rawValue)),
            .int4Array(jobs.map { Int32(clamping: $0.attempts) }),
        ]
    }

    private static func values(_ agents: [Agent]) throws(StoreError) -> [PostgresValue] {
        var profiles: [String?] = []
        var attendances: [String?] = []
        for agent in agents {
            profiles.append(try agent.profile.document())
            attendances.append(try agent.attendance.document())
        }
        return [
            .int8Array(agents.map(\.id.number)), .textArray(agents.map(\.presence.rawValue)),
            .int4Array(agents.map { Int32(clamping: $0.capacity) }),
            .timestampOptionalArray(agents.map(\.disconnectDeadline?.milliseconds)),
            .timestampArray(agents.map(\.idleSince.milliseconds)),
            .textOptionalArray(profiles),
            .int4Array(agents.map { Int32(clamping: $0.missedOffers) }),
            .timestampArray(agents.map(\.presenceSince.milliseconds)),
            .textOptionalArray(attendances),
        ]
    }
}

extension CommitRows {
    private static func values(_ queues: [QueueState]) throws(StoreError) -> [PostgresValue] {
        var hours: [String?] = []
        for queue in queues { hours.append(try queue.hours?.document()) }
        return [
            .int8Array(queues.map(\.queue.number)), .boolArray(queues.map(\.isOpen)),
            .int8Array(queues.map(\.openTime)),
            .timestampArray(queues.map(\.countedAt.milliseconds)), .textOptionalArray(hours),
            .boolOptionalArray(queues.map { $0.order?.isOpen }),
            .timestampOptionalArray(queues.map { $0.order?.until?.milliseconds }),
            .int8OptionalArray(queues.map { $0.order?.by.number }),
            .timestampOptionalArray(queues.map { $0.targets?.since.milliseconds }),
            .int8OptionalArray(queues.map { $0.targets.map { Int64($0.met) } }),
            .int8OptionalArray(queues.map { $0.targets.map { Int64($0.late) } }),
        ]
    }
}

extension CommitRows.Handoffs {
    fileprivate var values: [PostgresValue] {
        [
            .int8Array(conversation), .int4Array(number), .int8Array(event), .timestampArray(at),
            .textArray(fromOwner), .int8Array(fromID), .textArray(toOwner), .int8Array(toID),
            .textArray(reason), .int8OptionalArray(orderedBy),
            .int8OptionalArray(choice.configuration), .int4OptionalArray(choice.waiting),
            .int4OptionalArray(choice.onDuty), .int4OptionalArray(choice.ready),
            .int4OptionalArray(choice.relaxed), .int8OptionalArray(choice.runnerUp),
            .int4OptionalArray(choice.unfit), .int4OptionalArray(choice.ahead),
            .int4OptionalArray(choice.passedOver), .textOptionalArray(choice.firstPassedOver),
        ]
    }
}

extension CommitRows.Messages {
    fileprivate var values: [PostgresValue] {
        [
            .int8Array(message), .int8Array(conversation), .int8Array(customer), .textArray(kind),
            .int8OptionalArray(author), .timestampArray(writtenAt), .timestampArray(recordedAt),
            .byteaOptionalArray(platform), .byteaOptionalArray(sealedBody),
        ]
    }
}

extension CommitRows.MessageChanges {
    fileprivate var values: [PostgresValue] {
        [
            .int8Array(change), .int8Array(conversation), .int8Array(customer),
            .int8OptionalArray(message), .textArray(kind), .timestampArray(at),
            .byteaOptionalArray(sealedBody),
        ]
    }
}

extension CommitRows.Events {
    fileprivate var values: [PostgresValue] {
        [
            .int8Array(number), .timestampArray(at), .int8Array(epoch),
            .int8OptionalArray(conversation), .int4Array(kind), .byteaArray(hash),
            .textArray(audience), .byteaArray(body),
        ]
    }
}
