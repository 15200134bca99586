/// How one call to the bank ended, for whoever counts: words and numbers of ours alone.
public struct BankCall: Sendable {
    /// The part of the bank: token, accounts, balances or transactions.
    public let part: String
    /// `ok`, or the name of a ``BankReadError``.
    public let outcome: String
    /// How long it took; 0 for a call that was not made.
    public let milliseconds: Int64
}

/// How reading the bank stands.
public struct BankStanding: Sendable {
    /// How each part's breaker stands: 0 closed, 1 probing, 2 open. In a fixed order.
    public let breakers: [(part: String, state: Int)]
    /// Calls under way.
    public let inFlight: Int
}
