public import Desk
import Postgres

/// Whose accounts a conversation is about, and who asks.
public struct AccountSubject: Equatable, Sendable {
    /// The customer.
    public let customer: CustomerID
    /// The bank's name for them; `nil`: they are not tied to the bank, or were erased.
    public let reference: [UInt8]?
    /// The provider that knows the person who asks.
    public let issuer: String
    /// Its name for that person.
    public let subject: String
}

/// A look at a customer's accounts, for the record (promise P10).
public struct AccountAccess: Equatable, Sendable {
    /// What came of it.
    public enum Outcome: Equatable, Sendable {
        /// These parts are about to be shown; `isWhole`: the bank gave all of them.
        case shown([Resource], isWhole: Bool)
        /// The bank gave nothing.
        case unavailable
        /// The person does not hold the conversation.
        case refused
        /// The person held it no more when the answer was there.
        case dropped
    }

    /// A part of what the bank knows.
    public enum Resource: String, Sendable, CaseIterable {
        /// Which accounts there are.
        case accounts
        /// What is on them.
        case balances
        /// What happened on them.
        case transactions
    }

    /// When.
    public var at: Instant
    /// Who.
    public var person: AgentID
    /// In which conversation.
    public var conversation: ConversationID
    /// What for: a word that the table's own check knows.
    public var purpose: String
    /// The interaction ids (UUIDs) under which the bank was asked.
    public var interactions: [String]
    /// What came of it.
    public var outcome: Outcome

    /// A look.
    public init(
        at: Instant, person: AgentID, conversation: ConversationID, purpose: String,
        interactions: [String] = [], outcome: Outcome
    ) {
        self.at = at
        self.person = person
        self.conversation = conversation
        self.purpose = purpose
        self.interactions = interactions
        self.outcome = outcome
    }
}

extension Store {
    /// Whose accounts this conversation is about, for this person. `notFound`: there is no such
    /// conversation or person.
    public func accountSubject(
        of conversation: ConversationID, for person: AgentID
    ) async throws(StoreError) -> AccountSubject {
        let result = try await read(
            AccountStatements.subject,
            [.int8(desk), .int8(conversation.number), .int8(person.number)])
        guard result.rowCount == 1 else { throw .notFound }
        let (customer, issuer, subject) = try value { () throws(PostgresError) in
            (try result.id(0, 0) as CustomerID, try result.text(0, 4), try result.text(0, 5))
        }
        let reference = try openBody(
            result, 0, body: 3, customer: 0, key: 1, .bankReference, customer.number)
        return AccountSubject(
            customer: customer, reference: reference, issuer: issuer, subject: subject)
    }

    /// Puts a look on record. Only when this has ended well may anything be shown.
    /// `refused(account_accesses_of_the_owner)`: the conversation is not the person's.
    public func record(_ access: AccountAccess) async throws(StoreError) {
        let (outcome, resources) = access.outcome.stored
        _ = try await read(
            AccountStatements.record,
            [
                .int8(desk), .timestamp(access.at.milliseconds), .int8(access.person.number),
                .int8(access.conversation.number), .textArray(resources), .text(access.purpose),
                .textArray(access.interactions), .text(outcome),
            ])
    }

    /// Ties the customer of a conversation to the bank's name for them, in place of an earlier one, and
    /// puts that on record with it. `notFound`: there is no such conversation, or the customer was
    /// erased.
    public func linkCustomer(
        of conversation: ConversationID, reference: [UInt8], by person: AgentID, purpose: String,
        at: Instant
    ) async throws(StoreError) {
        let found = try await read(
            AccountStatements.customer, [.int8(desk), .int8(conversation.number)])
        guard found.rowCount == 1 else { throw .notFound }
        let customer = try value { () throws(PostgresError) in
            try found.id(0, 0) as CustomerID
        }
        guard let key = try customerKey(found, 0, customer, column: 1) else { throw .notFound }
        let sealed = try key.seal(reference, at: place(.bankReference, customer.number))
        _ = try await read(
            AccountStatements.link,
            [
                .int8(desk), .int8(customer.number), .bytea(sealed), .timestamp(at.milliseconds),
                .int8(person.number), .int8(conversation.number), .text(purpose),
            ])
    }
}

extension AccountAccess.Outcome {
    fileprivate var stored: (outcome: String, resources: [String]) {
        switch self {
        case .shown(let resources, let isWhole):
            (isWhole ? "shown" : "partly", resources.map(\.rawValue))
        case .unavailable: ("unavailable", [])
        case .refused: ("refused", [])
        case .dropped: ("dropped", [])
        }
    }
}

enum AccountStatements {
    static let subject = PostgresStatement(
        """
        SELECT customers.customer, customers.wrapping_key, customers.sealed_key,
               links.sealed_reference, persons.issuer, persons.subject
          FROM conversations
          JOIN customers ON customers.desk = conversations.desk
           AND customers.customer = conversations.customer
          JOIN persons ON persons.desk = conversations.desk AND persons.person = $3
          LEFT JOIN bank_links AS links ON links.desk = customers.desk
           AND links.customer = customers.customer
         WHERE conversations.desk = $1 AND conversations.conversation = $2
        """)
    static let record = PostgresStatement(
        """
        INSERT INTO account_accesses
               (desk, at, person, conversation, customer, resources, purpose, interactions, outcome)
        VALUES ($1, $2, $3, $4,
                (SELECT customer FROM conversations WHERE desk = $1 AND conversation = $4),
                $5, $6, $7::text[]::uuid[], $8)
        """)
    static let customer = PostgresStatement(
        """
        SELECT customers.customer, customers.wrapping_key, customers.sealed_key
          FROM conversations
          JOIN customers ON customers.desk = conversations.desk
           AND customers.customer = conversations.customer
         WHERE conversations.desk = $1 AND conversations.conversation = $2
        """)
    /// One statement: a tie without its record, or the other way round, cannot be.
    static let link = PostgresStatement(
        """
        WITH linked AS (
            INSERT INTO bank_links (desk, customer, sealed_reference, linked_at, linked_by)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (desk, customer) DO UPDATE
               SET sealed_reference = excluded.sealed_reference, linked_at = excluded.linked_at,
                   linked_by = excluded.linked_by
            RETURNING customer)
        INSERT INTO account_accesses
               (desk, at, person, conversation, customer, resources, purpose, interactions, outcome)
        SELECT $1, $4, $5, $6, customer, '{}', $7, '{}', 'linked' FROM linked
        """)
}
