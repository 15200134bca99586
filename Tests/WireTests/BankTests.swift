import Foundation
import Testing

@testable import Wire

@Suite("Bank documents")
struct BankTests {
    private func page(_ list: String, _ rows: String, links: String = "{}") -> [UInt8] {
        Array(#"{"Data":{"\#(list)":[\#(rows)]},"Links":\#(links),"Meta":{"TotalPages":1}}"#.utf8)
    }

    @Test func anAccountIsReadAndTheRestSteppedOver() throws {
        let body = page(
            "Account",
            #"""
            {"AccountId":"7","Status":"Enabled","Currency":"EUR","AccountType":"Personal",
             "AccountSubType":"CurrentAccount","Nickname":"Daily","SwitchStatus":"x",
             "Account":[{"SchemeName":"UK.OBIE.IBAN","Identification":"GB82WEST12345698765432",
                         "Name":"Lucía"},
                        {"SchemeName":"XX.Own","Identification":"12345678"}],
             "Servicer":{"SchemeName":"UK.OBIE.BICFI","Identification":"BANKGB00"}}
            """#, links: #"{"Self":"https://b/accounts","Next":"https://b/accounts?page=2"}"#)
        let found = try BankDocument.accounts(body).get()
        #expect(
            found.rows == [
                BankAccount(
                    id: "7", currency: "EUR", kind: .known(.current), nickname: "Daily",
                    description: nil,
                    identifications: [
                        BankIdentification(
                            scheme: .known(.iban), number: "GB82WEST12345698765432",
                            name: "Lucía"),
                        BankIdentification(scheme: .other("XX.Own"), number: "12345678"),
                    ])
            ])
        #expect(found.next == "https://b/accounts?page=2")
        #expect(found.unreadable == 0)
    }

    /// The words of both versions mean the same; one that is in neither costs nothing.
    @Test(arguments: [
        ("Booked", "InterimAvailable", "CurrentAccount"), ("BOOK", "ITAV", "CACC"),
    ])
    func bothVersions(status: String, balance: String, kind: String) throws {
        #expect(try transaction(status: status).status == .known(.booked))
        #expect(try self.balance(kind: balance).kind == .known(.interimAvailable))
        #expect(BankCode<BankAccountKind>(kind) == .known(.current))
    }

    @Test func aWordThatIsNotKnownIsKept() throws {
        #expect(try transaction(status: "Mislaid").status == .other("Mislaid"))
        #expect(try balance(kind: "OpeningCleared").kind == .other("OpeningCleared"))
        let long = String(repeating: "x", count: 99)
        #expect(BankCode<BankScheme>(long) == .other(String(long.prefix(BankLimits.code))))
    }

    private func transaction(status: String) throws -> BankTransaction {
        let body = page(
            "Transaction",
            #"""
            {"AccountId":"7","Status":"\#(status)","CreditDebitIndicator":"Debit",
             "BookingDateTime":"2026-11-22T10:00:00+00:00",
             "Amount":{"Amount":"10.50","Currency":"EUR"},
             "CreditorAccount":{"SchemeName":"UK.OBIE.SortCodeAccountNumber",
                                "Identification":"20000012345678","Name":"Shop"},
             "CardInstrument":{"CardSchemeName":"VISA","Identification":"4111111111111111"},
             "MerchantDetails":{"MerchantName":"Shop","MerchantCategoryCode":"5411"}}
            """#)
        let found = try BankDocument.transactions(body).get()
        return try #require(found.rows.first)
    }

    private func balance(kind: String) throws -> BankBalance {
        let body = page(
            "Balance",
            #"""
            {"AccountId":"7","CreditDebitIndicator":"Credit","Type":"\#(kind)",
             "DateTime":"2026-11-22T10:00:00Z","Amount":{"Amount":"1230.00","Currency":"GBP"}}
            """#)
        return try #require(try BankDocument.balances(body).get().rows.first)
    }

    @Test func aTransactionIsReadWhole() throws {
        let found = try transaction(status: "Pending")
        #expect(found.amount == BankAmount(value: "10.50", currency: "EUR"))
        #expect(found.bookedAt == 1_795_341_600_000)
        #expect(found.merchant == "Shop" && found.merchantCategory == "5411")
        #expect(found.counterparty?.number == "20000012345678")
        #expect(found.card == "4111111111111111")
        #expect(found.id == nil)
    }

    /// An amount stays the decimal number that the bank wrote.
    @Test(arguments: [
        ("0", true), ("10.50", true), ("9999999999999.99999", true), ("00.10", true),
        ("-1", false), ("1.", false), (".5", false), ("1,5", false), ("1e3", false),
        ("99999999999999", false), ("1.123456", false), ("", false), ("١", false),
    ])
    func amounts(value: String, isAmount: Bool) {
        #expect((BankAmount(value: value, currency: "EUR")?.value == value) == isAmount)
        #expect(BankAmount(value: "1", currency: "eur") == nil)
    }

    /// One broken row costs itself; amounts as numbers are broken.
    @Test func aBrokenRowIsLeftOut() throws {
        let good =
            #"{"AccountId":"7","CreditDebitIndicator":"Credit","Type":"ITAV","Amount":{"Amount":"1","Currency":"EUR"}}"#
        let broken = [
            #"{"AccountId":"7"}"#, "17", "null",
            good.replacingOccurrences(of: #""1""#, with: "1.0"),
            good.replacingOccurrences(of: #""7""#, with: #""""#),
        ]
        let body = page("Balance", ([good] + broken + [good]).joined(separator: ","))
        let found = try BankDocument.balances(body).get()
        #expect(found.rows.count == 2)
        #expect(found.unreadable == broken.count)
    }

    @Test(arguments: [
        "", "<html>", "{}", #"{"Data":{}}"#, #"{"Data":{"Account":{}}}"#,
        #"{"Data":{"Account":[]}} x"#, #"{"Data":{"Account":["#,
    ])
    func notADocument(text: String) {
        #expect(throws: JSONError.self) { try BankDocument.accounts(Array(text.utf8)).get() }
    }

    @Test func aPageIsBounded() {
        let row = #"{"AccountId":"7"}"#
        let rows = Array(repeating: row, count: BankLimits.rowsPerPage + 1)
        #expect(throws: JSONError.self) {
            try BankDocument.accounts(page("Account", rows.joined(separator: ","))).get()
        }
    }

    @Test(
        arguments: [
            (
                #"{"Code":"400","Message":"m","Errors":[{"ErrorCode":"UK.OBIE.Reauthenticate"}]}"#,
                "UK.OBIE.Reauthenticate"
            ),
            (#"{"Errors":[{"ErrorCode":"U028"},{"ErrorCode":"U003"}]}"#, "U028"),
            (#"{"Code":"403"}"#, "403"), (#"{"title":"Forbidden","status":403}"#, nil),
            ("<html>denied</html>", nil), ("", nil), (#"{"Code":"with space"}"#, nil),
        ] as [(String, String?)])
    func errors(text: String, code: String?) {
        #expect(BankDocument.errorCode(Array(text.utf8)) == code)
    }

    private static let iban = "GB82WEST12345698765432"
    private static let card = "4111111111111111"
    private static let other = "20000012345678"

    /// Accounts with numbers wherever a number can stand.
    static let context = AccountContext(
        accounts: .read(
            [
                AccountContext.Account(
                    BankAccount(
                        id: "SECRET-ID", currency: "EUR", kind: .other("own"),
                        nickname: "my \(card)", description: nil,
                        identifications: [
                            BankIdentification(scheme: .known(.iban), number: iban),
                            BankIdentification(scheme: .known(.card), number: card),
                            BankIdentification(scheme: .other("x"), number: other),
                        ]),
                    balances: .unavailable,
                    transactions: .read([transaction], at: 5, hasMore: false)),
                AccountContext.Account(
                    BankAccount(id: "SECRET-ID", identifications: []),
                    balances: .read([balance], at: 6, hasMore: false),
                    transactions: .unavailable),
            ], at: 7, hasMore: true))
    private static let transaction = AccountContext.Transaction(
        BankTransaction(
            account: "SECRET-ID", id: "SECRET-TRANSACTION", direction: .known(.debit),
            status: .other("Mislaid"), amount: ten, bookedAt: 1_795_341_600_000,
            information: "paid \(iban) by \(card)", merchant: "Shop", merchantCategory: "5411",
            counterparty: BankIdentification(
                scheme: .known(.sortCodeAccountNumber), number: other, name: "Ana \(iban)"),
            card: card))
    private static let balance = AccountContext.Balance(
        BankBalance(
            account: "SECRET-ID", kind: .known(.interimAvailable), direction: .known(.credit),
            amount: ten, at: nil))
    private static let ten =
        BankAmount(value: "10.50", currency: "EUR")
        ?? { preconditionFailure("the amount above is one") }()

    /// What a console gets holds no number that was not masked, wherever it stood.
    @Test func theConsoleGetsMaskedNumbersAlone() {
        let text = String(
            decoding: ConsoleResult.accounts(id: "i", .read(Self.context)), as: UTF8.self)
        for secret in [Self.iban, Self.card, Self.other, "SECRET", "WEST"] {
            #expect(!text.contains(secret))
        }
        for shown in ["GB•• … 5432", "•••• 1111", "•••• 5678", "Shop", "10.50", "Ana"] {
            #expect(text.contains(shown))
        }
    }

    /// The examples that the standard's own documents publish, where they are at hand: set
    /// VENTANILLA_BANK_SPECS to a folder with `obuk-*.json` (OpenAPI with examples).
    @Test(.enabled(if: !publishedExamples.isEmpty, "VENTANILLA_BANK_SPECS names no examples"))
    func publishedExamplesAreRead() throws {
        for (path, body) in Self.publishedExamples {
            let bytes = Array(body)
            let (count, unreadable) =
                switch path {
                case "/accounts": try Self.counts(BankDocument.accounts(bytes))
                case "/accounts/{AccountId}/balances":
                    try Self.counts(BankDocument.balances(bytes))
                default: try Self.counts(BankDocument.transactions(bytes))
                }
            #expect(count >= 1 && unreadable == 0, "\(path)")
        }
    }

    private static func counts<Row>(
        _ page: Result<BankPage<Row>, JSONError>
    ) throws -> (Int, Int) {
        let page = try page.get()
        return (page.rows.count, page.unreadable)
    }

    private static let publishedExamples: [(String, Data)] = {
        guard let folder = ProcessInfo.processInfo.environment["VENTANILLA_BANK_SPECS"],
            let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
        else { return [] }
        let paths = [
            "/accounts": "200AccountsRead",
            "/accounts/{AccountId}/balances": "200AccountsAccountIdBalancesRead",
            "/balances": "200BalancesRead",
            "/accounts/{AccountId}/transactions": "200AccountsAccountIdTransactionsRead",
        ]
        var found: [(String, Data)] = []
        for name in names.sorted() where name.hasPrefix("obuk-") && name.hasSuffix(".json") {
            guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)"),
                let tree = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
                let parts = tree["components"] as? [String: Any],
                let responses = parts["responses"] as? [String: Any]
            else { continue }
            for (path, response) in paths.sorted(by: { $0.key < $1.key }) {
                let content =
                    (responses[response] as? [String: Any])?["content"] as? [String: Any]
                let media = content?["application/json"] as? [String: Any]
                guard let example = media?["example"],
                    let body = try? JSONSerialization.data(withJSONObject: example)
                else { continue }
                found.append((path == "/balances" ? "/accounts/{AccountId}/balances" : path, body))
            }
        }
        return found
    }()
}
