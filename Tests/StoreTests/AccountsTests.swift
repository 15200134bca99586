import Desk
import Engine
import EventLoop
import Postgres
import Testing

@testable import Store

extension StoreTests {
    /// Who looked at whose accounts, and how a customer is known to the bank.
    @Suite struct AccountsTests {
        /// Customer 1's conversation is the signed-in agent's; customer 2 waits for nobody yet.
        @LoopActor private struct Office {
            let scene: Scene
            let node: Node
            let agent: AgentID
            let held: ConversationID
            let other: ConversationID

            init(_ scene: Scene) async throws {
                self.scene = scene
                node = try await scene.node()
                agent = try await node.store.enter(
                    Identity(issuer: "bank", subject: "ana", name: "Ana", roles: []), at: node.now)
                try await node.commit(arrives(agent.number, capacity: 1))
                try await node.commit([wrote(1, message: 1)])
                try await node.commit([wrote(2, message: 2)])
                held = try await node.conversation(of: 1)
                other = try await node.conversation(of: 2)
            }

            func link(_ conversation: ConversationID, _ reference: String) async throws {
                try await node.store.linkCustomer(
                    of: conversation, reference: Array(reference.utf8), by: agent,
                    purpose: "identity_check", at: node.now)
            }

            func reference(of conversation: ConversationID) async throws -> [UInt8]? {
                try await node.store.accountSubject(of: conversation, for: agent).reference
            }

            func access(
                _ outcome: AccountAccess.Outcome, of conversation: ConversationID? = nil,
                purpose: String = "payment_dispute", interactions: [String] = []
            ) -> AccountAccess {
                AccountAccess(
                    at: node.now, person: agent, conversation: conversation ?? held,
                    purpose: purpose, interactions: interactions, outcome: outcome)
            }

            func recorded() async throws -> [String] {
                let rows = try await scene.query(
                    """
                    SELECT outcome || ' ' || array_to_string(resources, ',') || ' ' || purpose
                           || ' ' || cardinality(interactions) || ' ' || coalesce(customer, 0)
                      FROM account_accesses WHERE desk = 1 ORDER BY access
                    """)
                return try (0..<rows.rowCount).map { try rows.text($0, 0) }
            }
        }

        @Test func aCustomerIsTiedToTheBank() async throws {
            try await Scene.run { scene in
                let office = try await Office(scene)
                let store = office.node.store
                let subject = try await store.accountSubject(of: office.held, for: office.agent)
                #expect(subject.reference == nil)
                #expect([subject.issuer, subject.subject] == ["bank", "ana"])
                try await office.link(office.held, "first")
                #expect(try await office.reference(of: office.held) == Array("first".utf8))
                #expect(try await office.reference(of: office.other) == nil)
                // In place of the earlier one; each is on record, without what it says.
                try await office.link(office.held, "second")
                #expect(try await office.reference(of: office.held) == Array("second".utf8))
                let customer = subject.customer.number
                #expect(
                    try await office.recorded()
                        == Array(repeating: "linked  identity_check 0 \(customer)", count: 2))
                #expect(
                    try await scene.number(
                        """
                        SELECT count(*) FROM bank_links
                         WHERE position('second'::bytea IN sealed_reference) > 0
                        """) == 0)
            }
        }

        @Test func whatIsNotThereIsNotFound() async throws {
            try await Scene.run { scene in
                let office = try await Office(scene)
                let store = office.node.store
                await #expect(throws: StoreError.notFound) {
                    try await store.accountSubject(of: ConversationID(999), for: office.agent)
                }
                await #expect(throws: StoreError.notFound) {
                    try await store.accountSubject(of: office.held, for: AgentID(999))
                }
                await #expect(throws: StoreError.notFound) {
                    try await office.link(ConversationID(999), "x")
                }
                try await office.link(office.held, "x")
                // An erased customer has no name at the bank any more, and is given none.
                try await scene.sql("UPDATE customers SET wrapping_key = NULL, sealed_key = NULL")
                #expect(try await office.reference(of: office.held) == nil)
                await #expect(throws: StoreError.notFound) {
                    try await office.link(office.held, "y")
                }
                #expect(try await office.recorded().count == 1)
            }
        }

        @Test func aReferenceOpensOnlyWithItsCustomer() async throws {
            try await Scene.run { scene in
                let office = try await Office(scene)
                try await office.link(office.held, "one")
                try await office.link(office.other, "two")
                try await scene.sql(
                    """
                    UPDATE bank_links SET sealed_reference = other.sealed_reference
                      FROM bank_links AS other WHERE bank_links.customer <> other.customer
                    """)
                await #expect(throws: StoreError.unreadable) {
                    try await office.reference(of: office.held)
                }
            }
        }

        @Test func eachLookIsOnRecordAsWhatItWas() async throws {
            try await Scene.run { scene in
                let office = try await Office(scene)
                let store = office.node.store
                let customer = try await store.accountSubject(
                    of: office.held, for: office.agent
                ).customer.number
                let interaction = "0b7c2a54-93d1-4c9e-8f27-5d1d0a3c6e10"
                let looks: [(AccountAccess, String)] = [
                    (
                        office.access(
                            .shown([.accounts, .balances], isWhole: true),
                            interactions: [interaction, interaction]),
                        "shown accounts,balances payment_dispute 2 \(customer)"
                    ),
                    (
                        office.access(
                            .shown(AccountAccess.Resource.allCases, isWhole: false),
                            purpose: "customer_request"),
                        "partly accounts,balances,transactions customer_request 0 \(customer)"
                    ),
                    (
                        office.access(.unavailable),
                        "unavailable  payment_dispute 0 \(customer)"
                    ),
                    (office.access(.dropped), "dropped  payment_dispute 0 \(customer)"),
                    (
                        office.access(.refused, of: ConversationID(999)),
                        "refused  payment_dispute 0 0"
                    ),
                ]
                for (access, _) in looks { try await store.record(access) }
                #expect(try await office.recorded() == looks.map(\.1))
            }
        }

        /// Promise P10's second guard: what is not the person's cannot be recorded as shown to them,
        /// and without its record nothing is shown.
        @Test func nothingIsShownToWhomItDoesNotBelong() async throws {
            try await Scene.run { scene in
                let office = try await Office(scene)
                let store = office.node.store
                let shown = AccountAccess.Outcome.shown([.accounts], isWhole: true)
                await #expect(throws: StoreError.self) {
                    try await store.record(office.access(shown, of: office.other))
                }
                await #expect(throws: StoreError.self) {
                    try await store.record(office.access(.dropped, purpose: "curiosity"))
                }
                await #expect(throws: StoreError.self) {
                    try await store.record(office.access(.shown([], isWhole: true)))
                }
                #expect(try await office.recorded() == [])
                try await store.record(office.access(.refused, of: office.other))
                #expect(try await office.recorded().count == 1)
                // Who has passed it on is refused at once.
                try await store.record(office.access(shown))
                try await office.node.commit([
                    Node.Order(input: .conversationClosed(office.agent, office.held))
                ])
                await #expect(throws: StoreError.self) {
                    try await store.record(office.access(shown))
                }
                await #expect(throws: PostgresError.self) {
                    try await scene.sql("DELETE FROM account_accesses")
                }
            }
        }
    }
}
