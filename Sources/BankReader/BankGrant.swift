/// For whom something is read: one person, one customer, one conversation. Tokens and reads are held
/// for exactly this and shared with nothing else.
public struct BankGrant: Hashable, Sendable {
    /// The agent.
    public let person: Int64
    /// The customer.
    public let customer: Int64
    /// The conversation that the agent holds.
    public let conversation: Int64

    /// This grant.
    public init(person: Int64, customer: Int64, conversation: Int64) {
        self.person = person
        self.customer = customer
        self.conversation = conversation
    }
}

/// A look at a customer's accounts.
public struct AccountAsk: Sendable {
    /// For whom.
    public let grant: BankGrant
    /// The bank's name for the customer.
    public let reference: String
    /// The identity provider that knows the agent.
    public let issuer: String
    /// Its name for the agent.
    public let subject: String
    /// What the look is for, as a word.
    public let purpose: String

    /// A look.
    public init(
        grant: BankGrant, reference: String, issuer: String, subject: String, purpose: String
    ) {
        self.grant = grant
        self.reference = reference
        self.issuer = issuer
        self.subject = subject
        self.purpose = purpose
    }
}
