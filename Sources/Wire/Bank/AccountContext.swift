import Guard

/// What a console is shown of a customer's accounts. Its parts are made of the bank's values by masking
/// them, and of nothing else: an unmasked number has no way in. The bank's own names of accounts and
/// transactions are not in it.
public struct AccountContext: Equatable, Sendable {
    /// A part that was asked for on its own.
    public enum Part<Value: Equatable & Sendable>: Equatable, Sendable {
        /// It was read at this moment (milliseconds since 1970); there may be more than is shown.
        case read([Value], at: Int64, hasMore: Bool)
        /// The bank did not give it.
        case unavailable
    }

    /// One account with what belongs to it.
    public struct Account: Equatable, Sendable {
        let name: String?
        let kind: BankCode<BankAccountKind>?
        let currency: String?
        let numbers: [String]
        /// Its balances.
        public let balances: Part<Balance>
        /// Its latest transactions, newest first.
        public let transactions: Part<Transaction>

        /// An account, masked.
        public init(
            _ account: BankAccount, balances: Part<Balance>, transactions: Part<Transaction>
        ) {
            name = (account.nickname ?? account.description).map(Mask.text)
            kind = account.kind
            currency = account.currency
            numbers = account.identifications.map(\.masked)
            self.balances = balances
            self.transactions = transactions
        }
    }

    /// One balance.
    public struct Balance: Equatable, Sendable {
        let kind: BankCode<BankBalanceKind>
        let direction: BankCode<BankDirection>
        let amount: BankAmount
        let at: Int64?

        /// A balance: it is shown as it is.
        public init(_ balance: BankBalance) {
            kind = balance.kind
            direction = balance.direction
            amount = balance.amount
            at = balance.at
        }
    }

    /// One transaction.
    public struct Transaction: Equatable, Sendable {
        let direction: BankCode<BankDirection>
        let status: BankCode<BankEntryStatus>
        let amount: BankAmount
        let bookedAt: Int64?
        let information: String?
        let merchant: String?
        let merchantCategory: String?
        let counterpartyName: String?
        let counterpartyNumber: String?
        let card: String?

        /// A transaction, masked: the other side's name and the merchant are shown, numbers by their
        /// ends, and free texts with what looks like a card or an IBAN masked.
        public init(_ transaction: BankTransaction) {
            direction = transaction.direction
            status = transaction.status
            amount = transaction.amount
            bookedAt = transaction.bookedAt
            information = transaction.information.map(Mask.text)
            merchant = transaction.merchant.map(Mask.text)
            merchantCategory = transaction.merchantCategory.map(Mask.text)
            counterpartyName = transaction.counterparty?.name.map(Mask.text)
            counterpartyNumber = transaction.counterparty?.masked
            card = transaction.card.map(Mask.card)
        }
    }

    /// The accounts in the bank's order.
    public let accounts: Part<Account>

    /// What is shown of these accounts.
    public init(accounts: Part<Account>) { self.accounts = accounts }

    /// Whether every part was read.
    public var isWhole: Bool {
        guard case .read(let accounts, _, _) = accounts else { return false }
        return accounts.allSatisfy {
            $0.balances != .unavailable && $0.transactions != .unavailable
        }
    }
}

extension BankIdentification {
    /// The number as it may be shown. A scheme that is not known is masked as an account's.
    fileprivate var masked: String {
        switch scheme {
        case .known(.card): Mask.card(number)
        case .known(.iban): Mask.iban(number)
        case .known(.sortCodeAccountNumber), .known(.bban), .known(.paym), .known(.wallet), .other:
            Mask.account(number)
        }
    }
}
