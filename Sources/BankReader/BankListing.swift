import Wire

/// A list as it was read, page by page.
struct Listing<Row: Equatable & Sendable>: Sendable {
    /// Each row once, in the bank's order.
    var rows: [Row] = []
    /// Whether the bank may have more: further pages, or rows that could not be read.
    var hasMore = false
    /// When it was read, in milliseconds since 1970.
    var at: Int64
    /// The interaction ids of the calls.
    var interactions: [String] = []

    /// Adds a page. There is no isolation between pages, so that a row can come twice: it is known by
    /// its name, else by all of it.
    mutating func add(_ page: BankPage<Row>, name: (Row) -> String?) {
        var names = Set(rows.compactMap(name))
        for row in page.rows {
            guard rows.count < ReadLimits.rows else {
                hasMore = true
                return
            }
            if let name = name(row) {
                guard names.insert(name).inserted else { continue }
            } else if rows.contains(row) {
                continue
            }
            rows.append(row)
        }
        if page.unreadable > 0 { hasMore = true }
    }
}

/// What one read came to.
enum BankList: Sendable {
    case accounts(Listing<BankAccount>)
    case balances(Listing<BankBalance>)
    case transactions(Listing<BankTransaction>)

    /// The interaction ids of the calls.
    var interactions: [String] {
        switch self {
        case .accounts(let list): list.interactions
        case .balances(let list): list.interactions
        case .transactions(let list): list.interactions
        }
    }
}
