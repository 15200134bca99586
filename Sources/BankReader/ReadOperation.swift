/// All that can be asked of a bank (promise P12). There is no other way to build a request, and none of
/// these can carry a body or another method.
enum ReadOperation: Hashable, Sendable {
    /// The customer's accounts; the token decides whose.
    case accounts
    /// The balances of an account.
    case balances(account: String)
    /// The transactions of an account from a day on, counted from 1970-01-01.
    case transactions(account: String, fromDay: Int64)

    /// Under which the breaker counts it: a bank's parts fail one by one.
    var group: Group {
        switch self {
        case .accounts: .accounts
        case .balances: .balances
        case .transactions: .transactions
        }
    }

    /// Parts of a bank that fail together.
    enum Group: String, CaseIterable, Sendable {
        case token
        case accounts
        case balances
        case transactions
    }

    /// Whose rows the answer may hold.
    var account: String? {
        switch self {
        case .accounts: nil
        case .balances(let account), .transactions(let account, _): account
        }
    }

    /// How long one call may take, in milliseconds.
    var patience: Int64 {
        switch self {
        case .accounts, .balances: ReadLimits.call
        case .transactions: ReadLimits.transactionsCall
        }
    }

    /// For how long a read is shown again, in milliseconds.
    var freshness: Int64 {
        switch self {
        case .balances: ReadLimits.freshBalances
        case .accounts, .transactions: ReadLimits.freshLists
        }
    }

    /// The path under the bank's base.
    fileprivate func path() throws(BankReadError) -> String {
        switch self {
        case .accounts: "/accounts"
        case .balances(let account): "/accounts/\(try Self.segment(account))/balances"
        case .transactions(let account, _): "/accounts/\(try Self.segment(account))/transactions"
        }
    }

    fileprivate var query: String? {
        switch self {
        case .accounts, .balances: nil
        // Without a time zone: query strings "must not" carry one (Account and Transaction API
        // Profile v3.1.11, "Filtering").
        case .transactions(_, let day): "fromBookingDateTime=\(CalendarDay.text(day))T00:00:00"
        }
    }

    /// A name as one segment of a path (RFC 3986 §3.3): all but unreserved characters escaped. A
    /// segment of dots alone is refused: a library on the way could climb by it.
    private static func segment(_ name: String) throws(BankReadError) -> String {
        guard !name.isEmpty, !name.utf8.allSatisfy({ $0 == UInt8(ascii: ".") }) else {
            throw .badName
        }
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in name.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: bytes.append(byte)
            // A bank's name with such a character would end the segment wherever it is unescaped.
            case 0x00...0x1F, 0x7F, UInt8(ascii: "/"), UInt8(ascii: "\\"): throw .badName
            default: bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The addresses under which a bank is read.
struct BankBase: Sendable {
    private let address: BankAddress

    /// The base, without a query and without a slash at its end; https, or http on this machine.
    init?(_ text: String) {
        guard let address = BankAddress(text), address.query == nil, !address.path.hasSuffix("/"),
            address.scheme == "https" || address.isLoopback
        else { return nil }
        self.address = address
    }

    /// Where an operation is read first.
    func url(of operation: ReadOperation) throws(BankReadError) -> String {
        let query = operation.query.map { "?\($0)" } ?? ""
        return address.origin + address.path + (try operation.path()) + query
    }

    /// Where it is read on: the page that the bank names, if it is one of the same list (DESIGN P12: a
    /// token must not follow a link to another host, nor a list lead to another).
    func url(
        of operation: ReadOperation, next link: String
    ) throws(BankReadError) -> String {
        let expected = address.path + (try operation.path())
        guard let next = BankAddress(link), next.origin == address.origin,
            next.path == expected || next.path == expected + "/"
        else { throw .foreignLink }
        return next.origin + next.path + (next.query.map { "?\($0)" } ?? "")
    }
}

/// Days as banks write them.
enum CalendarDay {
    static let milliseconds: Int64 = 86_400_000

    /// `2026-11-22` of a day counted from 1970-01-01, in the Gregorian calendar; years are counted
    /// from March so that the leap day is the last of its year.
    static func text(_ day: Int64) -> String {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * month + 2) / 5 + 1
        let calendarMonth = month < 10 ? month + 3 : month - 9
        let year = yearOfEra + era * 400 + (calendarMonth <= 2 ? 1 : 0)
        return "\(padded(year, 4))-\(padded(calendarMonth, 2))-\(padded(dayOfMonth, 2))"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
