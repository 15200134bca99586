/// Limits of what is read from a bank, each with its reason.
public enum BankLimits {
    /// Characters of a code that is not known here.
    public static let code = 40
    /// Rows of one page that are read: "1000" is the most a page should hold (Read/Write Data API
    /// Specification v3.1.11, "Pagination").
    public static let rowsPerPage = 1_000
    /// Identifications of one account: by IBAN, by sort code, by card, and room to spare.
    public static let identifications = 8
    /// Unicode scalars of any text that is shown: the longest of the dialect
    /// (`TransactionInformation`, `Max500Text`).
    public static let text = 500
}

/// An amount of money: never a floating-point number, in which `0.10` does not exist.
public struct BankAmount: Equatable, Sendable {
    /// The decimal number as the bank wrote it, without a sign
    /// (`^\d{1,13}$|^\d{1,13}\.\d{1,5}$`, OBActiveCurrencyAndAmount_SimpleType).
    public let value: String
    /// ISO 4217, three capital letters.
    public let currency: String

    /// An amount; `nil` where one of the two is not of its form.
    public init?(value: String, currency: String) {
        let parts = value.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let isDecimal =
            (1...2).contains(parts.count) && (1...13).contains(parts[0].count)
            && (parts.count == 1 || (1...5).contains(parts[1].count))
            && parts.allSatisfy { $0.allSatisfy { (0x30...0x39).contains($0) } }
        let isCurrency =
            currency.utf8.count == 3 && currency.utf8.allSatisfy { (0x41...0x5A).contains($0) }
        guard isDecimal, isCurrency else { return nil }
        self.value = value
        self.currency = currency
    }
}

/// How an account, or the other side of a transaction, is named. The name is not masked: it never
/// leaves the program in this form.
public struct BankIdentification: Equatable, Sendable {
    /// By which scheme.
    public var scheme: BankCode<BankScheme>
    /// The number.
    public var number: String
    /// Whose it is.
    public var name: String?

    /// An identification with these parts.
    public init(scheme: BankCode<BankScheme>, number: String, name: String? = nil) {
        self.scheme = scheme
        self.number = number
        self.name = name
    }
}

/// An account (OBAccount6), as far as a console shows it.
public struct BankAccount: Equatable, Sendable {
    /// The bank's name for it in addresses: at most 40 characters, never shown.
    public var id: String
    /// ISO 4217.
    public var currency: String?
    /// What it is.
    public var kind: BankCode<BankAccountKind>?
    /// What the customer calls it.
    public var nickname: String?
    /// What the bank calls it.
    public var description: String?
    /// How it is named.
    public var identifications: [BankIdentification]

    /// An account with these parts.
    public init(
        id: String, currency: String? = nil, kind: BankCode<BankAccountKind>? = nil,
        nickname: String? = nil, description: String? = nil,
        identifications: [BankIdentification] = []
    ) {
        self.id = id
        self.currency = currency
        self.kind = kind
        self.nickname = nickname
        self.description = description
        self.identifications = identifications
    }
}

/// A balance (OBReadBalance1, `Data.Balance`).
public struct BankBalance: Equatable, Sendable {
    /// Whose it is.
    public var account: String
    /// What it is.
    public var kind: BankCode<BankBalanceKind>
    /// Above or below zero.
    public var direction: BankCode<BankDirection>
    /// How much.
    public var amount: BankAmount
    /// As of when, in milliseconds since 1970; `nil` where the bank's time cannot be read.
    public var at: Int64?
}

/// A transaction (OBTransaction6), as far as a console shows it.
public struct BankTransaction: Equatable, Sendable {
    /// Whose it is.
    public var account: String
    /// The bank's name for it, if it has one.
    public var id: String?
    /// In or out.
    public var direction: BankCode<BankDirection>
    /// How far it has come.
    public var status: BankCode<BankEntryStatus>
    /// How much.
    public var amount: BankAmount
    /// When it was booked, in milliseconds since 1970; `nil` where the time cannot be read.
    public var bookedAt: Int64?
    /// Free text.
    public var information: String?
    /// The merchant's name.
    public var merchant: String?
    /// The merchant's category (ISO 18245), 3 or 4 digits.
    public var merchantCategory: String?
    /// The other side's account.
    public var counterparty: BankIdentification?
    /// The card that was used, as the bank names it: may be its whole number.
    public var card: String?
}

/// One page of a list.
public struct BankPage<Row: Sendable>: Sendable {
    /// The rows in the bank's order.
    public var rows: [Row] = []
    /// Where the next page is; `nil`: this is the last (Read/Write Data API Specification v3.1.11,
    /// "Pagination": absence of `Links.Next`).
    public var next: String?
    /// Rows that could not be read and were left out.
    public var unreadable = 0
}
