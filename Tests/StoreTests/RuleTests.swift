import Desk
import Engine
import EventLoop
import LoopFixture
import Postgres
import Testing

@testable import Store

/// A row that none of our programs writes, and the rule of the schema that refuses it.
struct WrongRow: Sendable, CustomTestStringConvertible {
    let constraint: String
    let statement: String

    var testDescription: String { constraint }

    private init(_ constraint: String, _ statement: String) {
        self.constraint = constraint
        self.statement = statement
    }

    /// One more handoff: the first that gave an agent a conversation, but for these members.
    private static func handoff(_ constraint: String, _ members: String) -> WrongRow {
        WrongRow(
            constraint,
            """
            INSERT INTO handoffs
            SELECT (jsonb_populate_record(one, '{"number": 99, \(members)}')).*
              FROM handoffs AS one WHERE to_owner = 'agent' LIMIT 1
            """)
    }

    private static func queueState(_ constraint: String, _ column: String, _ value: String)
        -> WrongRow
    {
        WrongRow(
            constraint,
            """
            INSERT INTO queue_states (desk, queue, is_open, open_time, counted_at, \(column))
            VALUES (1, 99, true, 0, now(), \(value))
            """)
    }

    private static func access(_ constraint: String, _ outcome: String) -> WrongRow {
        WrongRow(
            constraint,
            """
            INSERT INTO account_accesses
                (desk, at, person, conversation, resources, purpose, interactions, outcome)
            VALUES (1, now(), 99, 1, '{balances}', 'payment_dispute', '{}', '\(outcome)')
            """)
    }

    static let all = [
        handoff("handoffs_from_id", #""from_owner": "queue", "from_id": 0"#),
        handoff("handoffs_to_id", #""to_id": 0"#),
        handoff("handoffs_choice", #""chosen_under": null, "chosen_before": 5"#),
        handoff("handoffs_abandoned", #""reason": "abandoned""#),
        WrongRow("conversations_channel", "UPDATE conversations SET channel = 'smoke'"),
        WrongRow("messages_author", "UPDATE messages SET author = 7 WHERE kind = 'text'"),
        WrongRow("jobs_one_announcement", "UPDATE jobs SET agent = NULL"),
        WrongRow("agents_presence", "UPDATE agents SET presence = 'asleep'"),
        WrongRow(
            "presence_periods_order",
            "UPDATE presence_periods SET ended_at = began_at - interval '1 second'"),
        WrongRow(
            "presence_periods_reason", "UPDATE presence_periods SET presence = 'busy', reason = 2"),
        queueState("queue_states_order", "ordered_open", "true"),
        queueState("queue_states_targets", "targets_since", "now()"),
        access("account_accesses_shown", "refused"),
        access("account_accesses_of_the_owner", "shown"),
        WrongRow("customers_check", "UPDATE customers SET sealed_key = NULL"),
        WrongRow("desks_holder", "UPDATE desks SET holder = NULL"),
    ]
}

/// The rules of the schema that have a name: checks, unique indexes and triggers.
private enum NamedRule {
    /// Checks that PostgreSQL named itself bound the values of one column: those are said beside the
    /// column and are no rule between values.
    static let query = """
        SELECT conname::text FROM pg_constraint
         WHERE contype = 'c' AND connamespace = 'public'::regnamespace AND conrelid <> 0
           AND (cardinality(conkey) > 1 OR conname NOT LIKE '%\\_check')
        UNION ALL
        SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
         WHERE indisunique AND relnamespace = 'public'::regnamespace
           AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid
                              AND contype IN ('p', 'u'))
        UNION ALL
        SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal
        """

    /// Rules without a case of their own, and where they are tried.
    static let elsewhere = [
        "assignments_one_open": "GuardTests.twoOpenAssignmentsAreStopped",
        "events_only_added_to": "GuardTests.theLedgerIsOnlyAddedTo",
        "handoffs_only_added_to": "GuardTests.theLedgerIsOnlyAddedTo",
        "configurations_only_added_to": "GuardTests.theLedgerIsOnlyAddedTo",
        "account_accesses_only_added_to": "accessesAreOnlyAddedTo",
        // Three triggers that say conversations_owner_on_record.
        "conversations_owner_on_record_added": "anAgentWithoutAssignment",
        "conversations_owner_on_record_changed": "aHandoffMoreThanThereIs",
        "conversations_owner_with_handoff": "anOwnerWithoutANewHandoff",
    ]
}

extension StoreTests {
    /// No rule of the schema is there untried.
    @Suite struct RuleTests {
        @Test(arguments: WrongRow.all)
        func aWrongRowIsRefused(row: WrongRow) async throws {
            try await Scene.run { scene in
                let node = try await scene.nodeWithTwoConversations()
                let state = node.desk.state
                #expect(await scene.refusal(of: row.statement)?.constraint == row.constraint)
                try await node.reload(.keep(node.epoch))
                #expect(node.desk.state == state)
            }
        }

        @Test func eachNamedRuleIsTried() async throws {
            try await Scene.run { scene in
                let rows = try await scene.query(NamedRule.query)
                let named = Set(try (0..<rows.rowCount).map { try rows.text($0, 0) })
                #expect(named.contains("handoffs_chain"))
                let tried = Set(
                    WrongCommit.allCases.map(\.constraint) + WrongRow.all.map(\.constraint))
                #expect(
                    named.subtracting(tried).subtracting(NamedRule.elsewhere.keys).sorted() == [])
                // Nothing is excused that is not there, or that has a case.
                let excused = Set(NamedRule.elsewhere.keys)
                #expect(excused.subtracting(named).sorted() == [])
                #expect(excused.intersection(tried).sorted() == [])
            }
        }

        /// Who looked at whose accounts is not rewritten.
        @Test func accessesAreOnlyAddedTo() async throws {
            try await Scene.run { scene in
                _ = try await scene.nodeWithTwoConversations()
                try await scene.sql(
                    """
                    INSERT INTO persons VALUES (1, 7, 'issuer', 'ana', 'Ana', '{agent}', now());
                    INSERT INTO account_accesses
                        (desk, at, person, conversation, resources, purpose, interactions, outcome)
                    SELECT 1, now(), 7, conversation, '{balances}', 'payment_dispute', '{}', 'shown'
                      FROM conversations
                    """)
                for statement in [
                    "UPDATE account_accesses SET desk = desk", "DELETE FROM account_accesses",
                    "TRUNCATE account_accesses",
                ] {
                    #expect(await scene.refusal(of: statement)?.sqlState == SQLState("42501"))
                }
                #expect(try await scene.number("SELECT count(*) FROM account_accesses") == 2)
            }
        }
    }
}
