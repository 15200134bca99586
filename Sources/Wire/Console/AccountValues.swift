/// What somebody looks at a customer's accounts for, or ties a customer to the bank for. On record with
/// each access.
public enum AccountPurpose: String, Sendable, CaseIterable {
    /// To be sure of who writes.
    case identityCheck = "identity_check"
    /// The customer does not agree with a payment.
    case paymentDispute = "payment_dispute"
    /// Something looks like fraud.
    case fraudInvestigation = "fraud_investigation"
    /// The customer asked for it.
    case customerRequest = "customer_request"
    /// A supervisor's own reason.
    case supervisor
}

/// What a look at a customer's accounts is answered with.
public enum AccountAnswer: Equatable, Sendable {
    /// The desk has no bank.
    case unconfigured
    /// The bank does not know the customer under any name of ours.
    case unlinked
    /// The accounts, as far as they could be read.
    case read(AccountContext)
}
