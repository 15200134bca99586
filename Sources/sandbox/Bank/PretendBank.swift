/// What can go wrong with a call to the pretended bank.
enum BankEffect: String, CaseIterable, Sendable {
    /// The planned status is answered, with an error document of the dialect.
    case error
    /// The connection closes without an answer.
    case drop
    /// Nothing is ever answered.
    case noAnswer = "no_answer"
    /// 200 with a page instead of a document.
    case garbage
    /// Rows under another account's name.
    case wrongAccount = "wrong_account"
    /// The next page is said to be at another host.
    case foreignLink = "foreign_link"
    /// The token allows payments too.
    case wideScope = "wide_scope"
}

/// A bank that speaks the UK Open Banking Account and Transaction API v3.1 for the reads of accounts,
/// balances and transactions, to staff whose client signs for them. It keeps documents as they were
/// given and serves them; there is no way to change anything through its API.
struct PretendBank: Sendable {
    /// What the bank has of one customer: rows of the dialect.
    struct Customer: Sendable {
        var accounts: [JSONValue] = []
        /// By account.
        var balances: [String: [JSONValue]] = [:]
        /// By account.
        var transactions: [String: [JSONValue]] = [:]

        /// Whether it has an account of this name.
        func has(_ account: String) -> Bool {
            accounts.contains { $0["AccountId"]?.string == account }
        }
    }

    /// What a token allows.
    struct Grant: Sendable {
        var reference: String
        var expires: Int64
    }

    private(set) var customers: [String: Customer]
    private(set) var grants: [String: Grant] = [:]

    /// `day` names the day of an account's row so many days ago.
    init(day: (Int) -> String) { customers = DemoAccounts.customers(day: day) }

    /// Puts a customer in place of what there was.
    mutating func put(_ customer: Customer, _ reference: String) -> Bool {
        guard customers[reference] != nil || customers.count < Limits.bankCustomers else {
            return false
        }
        customers[reference] = customer
        return true
    }

    /// A new token for a customer.
    mutating func grant(_ token: String, to reference: String, at now: Int64) {
        grants = grants.filter { $0.value.expires > now }
        guard grants.count < Limits.signIns else { return }
        grants[token] = Grant(reference: reference, expires: now + Limits.tokenLifetime)
    }

    /// The customer whom a token is for.
    func customer(of token: String?, at now: Int64) -> Customer? {
        guard let token, let grant = grants[token], grant.expires > now else { return nil }
        return customers[grant.reference]
    }
}

/// The accounts of the demonstration: people, shops and numbers that do not exist.
enum DemoAccounts {
    static func customers(day: (Int) -> String) -> [String: PretendBank.Customer] {
        [
            "C-1001": PretendBank.Customer(
                accounts: [
                    account(
                        "22289", "CurrentAccount", "Everyday", iban: "GB82WEST12345698765432",
                        number: "20000055779911", name: "Lucía Prieto"),
                    account(
                        "31820", "Savings", "Holidays", iban: "GB33BUKB20201555555555",
                        number: "20201555555555", name: "Lucía Prieto"),
                ],
                balances: [
                    "22289": [balance("22289", "1234.56", "InterimAvailable", day(0))],
                    "31820": [balance("31820", "8000.00", "InterimBooked", day(0))],
                ],
                transactions: [
                    "22289": [
                        purchase("22289", "T1", "42.90", day(0), "Mercado Central", "5411"),
                        purchase("22289", "T2", "310.00", day(1), "Electra Online", "5732"),
                        transfer("22289", "T3", "950.00", day(3), "Casa Alquileres"),
                        salary("22289", "T4", "2100.00", day(7)),
                    ],
                    "31820": [],
                ]),
            "C-1002": PretendBank.Customer(
                accounts: [
                    account(
                        "40001", "CreditCard", "Travel card", iban: nil,
                        number: "4111111111111111", name: "Mateo Rojas")
                ],
                balances: [
                    "40001": [balance("40001", "512.30", "InterimBooked", day(0), "Debit")]
                ],
                transactions: [
                    "40001": [
                        purchase("40001", "T1", "512.30", day(2), "Hotel del Puerto", "7011")
                    ]
                ]),
            "C-1003": PretendBank.Customer(),
        ]
    }

    private static func account(
        _ id: String, _ kind: String, _ name: String, iban: String?, number: String,
        name owner: String
    ) -> JSONValue {
        let scheme = kind == "CreditCard" ? "UK.OBIE.PAN" : "UK.OBIE.SortCodeAccountNumber"
        let own: JSONValue = [
            "SchemeName": .string(scheme), "Identification": .string(number),
            "Name": .string(owner),
        ]
        let ibans: [JSONValue] =
            iban.map {
                [["SchemeName": "UK.OBIE.IBAN", "Identification": .string($0)]]
            } ?? []
        return [
            "AccountId": .string(id), "Status": "Enabled", "Currency": "EUR",
            "AccountType": "Personal", "AccountSubType": .string(kind),
            "Nickname": .string(name), "Account": .array(ibans + [own]),
        ]
    }

    private static func amount(_ value: String) -> JSONValue {
        ["Amount": .string(value), "Currency": "EUR"]
    }

    private static func balance(
        _ account: String, _ value: String, _ kind: String, _ day: String,
        _ direction: String = "Credit"
    ) -> JSONValue {
        [
            "AccountId": .string(account), "CreditDebitIndicator": .string(direction),
            "Type": .string(kind), "DateTime": .string(day), "Amount": amount(value),
        ]
    }

    private static func row(
        _ account: String, _ id: String, _ value: String, _ day: String, _ direction: String
    ) -> JSONValue {
        [
            "AccountId": .string(account), "TransactionId": .string("\(account)-\(id)"),
            "CreditDebitIndicator": .string(direction), "Status": "Booked",
            "BookingDateTime": .string(day), "Amount": amount(value),
        ]
    }

    private static func purchase(
        _ account: String, _ id: String, _ value: String, _ day: String, _ merchant: String,
        _ category: String
    ) -> JSONValue {
        row(account, id, value, day, "Debit")
            .adding("TransactionInformation", .string("Card payment \(merchant)"))
            .adding(
                "MerchantDetails",
                [
                    "MerchantName": .string(merchant), "MerchantCategoryCode": .string(category),
                ]
            )
            .adding(
                "CardInstrument",
                ["CardSchemeName": "VISA", "Identification": "4111111111111111"])
    }

    private static func transfer(
        _ account: String, _ id: String, _ value: String, _ day: String, _ name: String
    ) -> JSONValue {
        row(account, id, value, day, "Debit")
            .adding("TransactionInformation", "Rent, to DE89370400440532013000")
            .adding(
                "CreditorAccount",
                [
                    "SchemeName": "UK.OBIE.IBAN", "Identification": "DE89370400440532013000",
                    "Name": .string(name),
                ])
    }

    private static func salary(
        _ account: String, _ id: String, _ value: String, _ day: String
    ) -> JSONValue {
        row(account, id, value, day, "Credit")
            .adding("TransactionInformation", "Salary")
            .adding(
                "DebtorAccount",
                [
                    "SchemeName": "UK.OBIE.SortCodeAccountNumber",
                    "Identification": "20000012345678", "Name": "Talleres Sur",
                ])
    }
}
