import Desk

/// Documents of the UK Open Banking Account and Transaction API v3.1.11; those of v4.0 differ in code
/// words and in names of members that are read under either name.
///
/// What is not listed here is stepped over: beneficial owners, supplementary data and whatever a bank
/// adds are never held. A row that cannot be read costs itself alone.
public enum BankDocument {
    /// `Data.Account` of `GET /accounts`.
    public static func accounts(_ body: [UInt8]) -> Result<BankPage<BankAccount>, JSONError> {
        page(body, "Account") { parser throws(JSONError) in try parser.account() }
    }

    /// `Data.Balance` of `GET /accounts/{AccountId}/balances`.
    public static func balances(_ body: [UInt8]) -> Result<BankPage<BankBalance>, JSONError> {
        page(body, "Balance") { parser throws(JSONError) in try parser.balance() }
    }

    /// `Data.Transaction` of `GET /accounts/{AccountId}/transactions`.
    public static func transactions(
        _ body: [UInt8]
    ) -> Result<BankPage<BankTransaction>, JSONError> {
        page(body, "Transaction") { parser throws(JSONError) in try parser.transaction() }
    }

    /// The first error code of an error document (OBErrorResponse1: `Errors[].ErrorCode`, else
    /// `Code`), at most ``BankLimits/code`` plain characters; `nil` for anything else that a bank or
    /// its gateway answers. The document's words are never kept.
    public static func errorCode(_ body: [UInt8]) -> String? {
        var parser = BankParser(body)
        return try? parser.errorCode()
    }

    private static func page<Row>(
        _ body: [UInt8], _ list: String,
        _ readRow: (inout BankParser) throws(JSONError) -> Row
    ) -> Result<BankPage<Row>, JSONError> {
        var parser = BankParser(body)
        do throws(JSONError) {
            return .success(try parser.page(list, readRow))
        } catch {
            return .failure(error)
        }
    }
}

/// Reads one document of a bank.
struct BankParser {
    var reader: JSONReader

    init(_ body: [UInt8]) { reader = JSONReader(body) }

    // MARK: Envelopes

    mutating func page<Row>(
        _ list: String, _ readRow: (inout Self) throws(JSONError) -> Row
    ) throws(JSONError) -> BankPage<Row> {
        var page = BankPage<Row>()
        var hasList = false
        try members { parser, name throws(JSONError) in
            switch name {
            case "Data":
                try parser.members { parser, name throws(JSONError) in
                    guard name == list else { return try parser.reader.skip() }
                    hasList = true
                    try parser.rows(into: &page, readRow)
                }
            case "Links":
                page.next = try parser.member("Next") { parser throws(JSONError) in
                    try parser.reader.stringOrNull()
                }
            default: try parser.reader.skip()
            }
        }
        try reader.end()
        guard hasList else { throw JSONError(.missing, field: "Data.\(list)") }
        return page
    }

    private mutating func rows<Row>(
        into page: inout BankPage<Row>, _ readRow: (inout Self) throws(JSONError) -> Row
    ) throws(JSONError) {
        try reader.beginArray()
        while try reader.nextElement() {
            guard page.rows.count + page.unreadable < BankLimits.rowsPerPage else {
                throw reader.failure(.tooManyMembers)
            }
            let mark = reader.mark()
            do throws(JSONError) {
                page.rows.append(try readRow(&self))
            } catch {
                _ = try reader.stepOverBroken(from: mark)
                page.unreadable += 1
            }
        }
    }

    mutating func errorCode() throws(JSONError) -> String? {
        var general: String?
        var first: String?
        try members { parser, name throws(JSONError) in
            switch name {
            case "Code": general = try parser.reader.stringOrNull()
            case "Errors":
                try parser.reader.beginArray()
                while try parser.reader.nextElement() {
                    let code = try parser.member("ErrorCode") { parser throws(JSONError) in
                        try parser.reader.stringOrNull()
                    }
                    first = first ?? code
                }
            default: try parser.reader.skip()
            }
        }
        guard let code = first ?? general, code.utf8.count <= BankLimits.code,
            code.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return code
    }

    // MARK: Rows

    mutating func account() throws(JSONError) -> BankAccount {
        var account = BankAccount(id: "", identifications: [])
        try members { parser, name throws(JSONError) in
            switch name {
            case _ where try parser.reader.takeNull(): return
            case "AccountId": account.id = try parser.id()
            case "Currency": account.currency = try parser.text()
            case "AccountSubType", "AccountTypeCode":
                account.kind = BankCode(try parser.reader.string())
            case "Nickname": account.nickname = try parser.text()
            case "Description": account.description = try parser.text()
            case "Account":
                try parser.reader.beginArray()
                while try parser.reader.nextElement() {
                    guard account.identifications.count < BankLimits.identifications else {
                        throw parser.reader.failure(.tooManyMembers)
                    }
                    account.identifications.append(
                        try parser.need(try parser.identification(), "Identification"))
                }
            default: try parser.reader.skip()
            }
        }
        guard !account.id.isEmpty else { throw reader.failure(.missing, at: "AccountId") }
        return account
    }

    mutating func balance() throws(JSONError) -> BankBalance {
        var account: String?
        var kind: BankCode<BankBalanceKind>?
        var direction: BankCode<BankDirection>?
        var amount: BankAmount?
        var at: Int64?
        try members { parser, name throws(JSONError) in
            switch name {
            case _ where try parser.reader.takeNull(): return
            case "AccountId": account = try parser.id()
            case "Type": kind = BankCode(try parser.reader.string())
            case "CreditDebitIndicator": direction = BankCode(try parser.reader.string())
            case "Amount": amount = try parser.amount()
            case "DateTime": at = try parser.time()
            default: try parser.reader.skip()
            }
        }
        return BankBalance(
            account: try need(account, "AccountId"), kind: try need(kind, "Type"),
            direction: try need(direction, "CreditDebitIndicator"),
            amount: try need(amount, "Amount"), at: at)
    }

    mutating func transaction() throws(JSONError) -> BankTransaction {
        var account: String?
        var direction: BankCode<BankDirection>?
        var status: BankCode<BankEntryStatus>?
        var amount: BankAmount?
        var creditor: BankIdentification?
        var debtor: BankIdentification?
        var rest = TransactionRest()
        try members { parser, name throws(JSONError) in
            switch name {
            case _ where try parser.reader.takeNull(): return
            case "AccountId": account = try parser.id()
            case "CreditDebitIndicator": direction = BankCode(try parser.reader.string())
            case "Status": status = BankCode(try parser.reader.string())
            case "Amount": amount = try parser.amount()
            case "CreditorAccount": creditor = try parser.identification()
            case "DebtorAccount": debtor = try parser.identification()
            default: try rest.read(name, &parser)
            }
        }
        let known = try need(direction, "CreditDebitIndicator")
        return BankTransaction(
            account: try need(account, "AccountId"), id: rest.id, direction: known,
            status: try need(status, "Status"), amount: try need(amount, "Amount"),
            bookedAt: rest.bookedAt, information: rest.information, merchant: rest.merchant,
            merchantCategory: rest.category,
            counterparty: known == .known(.credit) ? debtor ?? creditor : creditor ?? debtor,
            card: rest.card)
    }

    // MARK: Parts

    /// What a transaction need not have.
    private struct TransactionRest {
        var id: String?
        var bookedAt: Int64?
        var information: String?
        var merchant: String?
        var category: String?
        var card: String?

        mutating func read(_ name: String, _ parser: inout BankParser) throws(JSONError) {
            switch name {
            case "TransactionId": id = try parser.text()
            case "BookingDateTime": bookedAt = try parser.time()
            case "TransactionInformation": information = try parser.text()
            case "MerchantDetails":
                try parser.members { parser, name throws(JSONError) in
                    switch name {
                    case _ where try parser.reader.takeNull(): return
                    case "MerchantName": merchant = try parser.text()
                    case "MerchantCategoryCode": category = try parser.text()
                    default: try parser.reader.skip()
                    }
                }
            case "CardInstrument":
                card = try parser.member("Identification") { parser throws(JSONError) in
                    try parser.reader.stringOrNull()
                }
            default: try parser.reader.skip()
            }
        }
    }

    /// An account's name under a scheme; `nil` where it has no number: the other side of a
    /// transaction may be known by its name alone, of which nothing could be masked.
    private mutating func identification() throws(JSONError) -> BankIdentification? {
        var scheme: String?
        var number: String?
        var name: String?
        try members { parser, member throws(JSONError) in
            switch member {
            case _ where try parser.reader.takeNull(): return
            case "SchemeName": scheme = try parser.reader.string()
            case "Identification": number = try parser.text()
            case "Name": name = try parser.text()
            default: try parser.reader.skip()
            }
        }
        guard let number else { return nil }
        return BankIdentification(scheme: BankCode(scheme ?? ""), number: number, name: name)
    }

    /// An amount is a string. A number is refused: it may have been through a floating-point number
    /// already.
    private mutating func amount() throws(JSONError) -> BankAmount {
        var value: String?
        var currency: String?
        try members { parser, name throws(JSONError) in
            switch name {
            case "Amount": value = try parser.reader.string()
            case "Currency": currency = try parser.reader.string()
            default: try parser.reader.skip()
            }
        }
        guard let value, let currency, let amount = BankAmount(value: value, currency: currency)
        else { throw reader.failure(.wrongType) }
        return amount
    }

    /// A name that goes into an address: 1 to 40 characters (`Max40Text`).
    private mutating func id() throws(JSONError) -> String {
        let id = try reader.string()
        guard !id.isEmpty, id.utf8.count <= BankLimits.code else {
            throw reader.failure(.outOfRange)
        }
        return id
    }

    private mutating func text() throws(JSONError) -> String {
        let text = try reader.string()
        // Counted in scalars: one character may hold any number of marks.
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(BankLimits.text)))
    }

    private mutating func time() throws(JSONError) -> Int64? {
        CalendarTime.parse(try reader.string())?.milliseconds
    }

    private func need<Value>(_ value: Value?, _ name: String) throws(JSONError) -> Value {
        guard let value else { throw reader.failure(.missing, at: name) }
        return value
    }

    /// An object, member by member; `read` reads or skips the value.
    private mutating func members(
        _ read: (inout Self, String) throws(JSONError) -> Void
    ) throws(JSONError) {
        try reader.beginObject()
        while let name = try reader.nextName() { try read(&self, name) }
    }

    /// An object of which one member counts; `nil` where it has none, or where there is no object.
    private mutating func member(
        _ wanted: String, _ read: (inout Self) throws(JSONError) -> String?
    ) throws(JSONError) -> String? {
        var value: String?
        if try reader.takeNull() { return nil }
        try members { parser, name throws(JSONError) in
            if name == wanted {
                value = try read(&parser)
            } else {
                try parser.reader.skip()
            }
        }
        return value
    }
}
