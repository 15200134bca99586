/// A word of a bank's code list. Lists grow: a word that is not known here is kept as it came, and
/// never costs the row that it stands in.
public enum BankCode<Known: BankCodeList>: Equatable, Sendable {
    /// A word that this program knows.
    case known(Known)
    /// Another, cut to ``BankLimits/code`` characters.
    case other(String)

    /// The word as a bank wrote it.
    public init(_ word: String) {
        self =
            Known(word: word).map { .known($0) }
            ?? .other(String(decoding: word.utf8.prefix(BankLimits.code), as: UTF8.self))
    }
}

/// A code list with its words in both versions of the dialect.
public protocol BankCodeList: Equatable, Sendable {
    /// The code that this word stands for, in version 3.1 or 4.0.
    init?(word: String)
}

/// Whether money comes in or goes out, as OBCreditDebitCode_0..2 say; amounts carry no sign.
public enum BankDirection: String, BankCodeList {
    /// In; also a balance of zero.
    case credit
    /// Out; a balance below zero.
    case debit

    /// The code that this word stands for.
    public init?(word: String) {
        switch word {
        case "Credit": self = .credit
        case "Debit": self = .debit
        default: return nil
        }
    }
}

/// What a balance is (OBBalanceType1Code of version 3.1, ExternalBalanceType1Code of 4.0).
public enum BankBalanceKind: String, BankCodeList, CaseIterable {
    /// What may be spent now.
    case interimAvailable
    /// What is booked now.
    case interimBooked
    /// What may be spent at the day's end.
    case closingAvailable
    /// What is booked at the day's end.
    case closingBooked
    /// What was booked at the end of the day before.
    case previouslyClosedBooked
    /// What will be, with all that is known.
    case expected
    /// What may be spent on a later day.
    case forwardAvailable
    /// For information alone.
    case information
    /// What may be spent at the day's beginning.
    case openingAvailable
    /// What is booked at the day's beginning.
    case openingBooked

    /// The code that this word stands for.
    public init?(word: String) {
        switch word {
        case "InterimAvailable", "ITAV": self = .interimAvailable
        case "InterimBooked", "ITBD": self = .interimBooked
        case "ClosingAvailable", "CLAV": self = .closingAvailable
        case "ClosingBooked", "CLBD": self = .closingBooked
        case "PreviouslyClosedBooked", "PRCD": self = .previouslyClosedBooked
        case "Expected", "XPCD": self = .expected
        case "ForwardAvailable", "FWAV": self = .forwardAvailable
        case "Information", "INFO": self = .information
        case "OpeningAvailable", "OPAV": self = .openingAvailable
        case "OpeningBooked", "OPBD": self = .openingBooked
        default: return nil
        }
    }
}

/// How far a transaction has come (OBEntryStatus1Code of version 3.1, its ISO 20022 codes in 4.0).
public enum BankEntryStatus: String, BankCodeList, CaseIterable {
    /// Final.
    case booked
    /// Not final yet: it may change or vanish.
    case pending
    /// It did not happen.
    case rejected
    /// It is to happen on a later day.
    case future
    /// For information alone.
    case information

    /// The code that this word stands for.
    public init?(word: String) {
        switch word {
        case "Booked", "BOOK": self = .booked
        case "Pending", "PDNG": self = .pending
        case "Rejected", "RJCT": self = .rejected
        case "FUTR": self = .future
        case "INFO": self = .information
        default: return nil
        }
    }
}

/// What an account is (AccountSubType of version 3.1, AccountTypeCode of 4.0).
public enum BankAccountKind: String, BankCodeList, CaseIterable {
    /// A current account.
    case current
    /// Savings.
    case savings
    /// A credit card.
    case creditCard
    /// A charge card.
    case chargeCard
    /// A prepaid card.
    case prepaidCard
    /// A loan.
    case loan
    /// A mortgage.
    case mortgage
    /// Electronic money.
    case electronicMoney
    /// A wallet.
    case wallet

    /// The code that this word stands for.
    public init?(word: String) {
        switch word {
        case "CurrentAccount", "CACC": self = .current
        case "Savings", "SVGS": self = .savings
        case "CreditCard", "CARD": self = .creditCard
        case "ChargeCard", "CHAR": self = .chargeCard
        case "PrePaidCard": self = .prepaidCard
        case "Loan", "LOAN": self = .loan
        case "Mortgage", "MORT": self = .mortgage
        case "EMoney": self = .electronicMoney
        case "Wallet", "WALT": self = .wallet
        default: return nil
        }
    }
}

/// By which scheme an account is named (OBExternalAccountIdentification4Code).
public enum BankScheme: String, BankCodeList, CaseIterable {
    /// ISO 13616.
    case iban
    /// A British sort code with its account number: 14 digits.
    case sortCodeAccountNumber
    /// A national account number.
    case bban
    /// The number of a payment card.
    case card
    /// A telephone number that stands for an account.
    case paym
    /// A wallet's name.
    case wallet

    /// The code that this word stands for, with or without the name space of the United Kingdom.
    public init?(word: String) {
        switch word {
        case "UK.OBIE.IBAN", "IBAN": self = .iban
        case "UK.OBIE.SortCodeAccountNumber", "SortCodeAccountNumber":
            self = .sortCodeAccountNumber
        case "UK.OBIE.BBAN", "BBAN": self = .bban
        case "UK.OBIE.PAN", "PAN": self = .card
        case "UK.OBIE.Paym", "Paym": self = .paym
        case "UK.OBIE.Wallet", "Wallet": self = .wallet
        default: return nil
        }
    }
}
