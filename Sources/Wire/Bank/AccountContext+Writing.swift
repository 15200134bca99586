extension AccountContext {
    func writeMembers(to writer: inout JSONWriter) {
        accounts.write("accounts", to: &writer) { account, writer in account.write(to: &writer) }
    }
}

extension AccountContext.Part {
    fileprivate func write(
        _ name: String, to writer: inout JSONWriter, _ write: (Value, inout JSONWriter) -> Void
    ) {
        writer.beginObject(name)
        switch self {
        case .unavailable:
            writer.member("state", "unavailable")
        case .read(let values, let at, let hasMore):
            writer.member("state", "read")
            writer.member("asOf", at)
            writer.member("more", hasMore)
            writer.beginArray("items")
            for value in values { write(value, &writer) }
            writer.endArray()
        }
        writer.endObject()
    }
}

extension AccountContext.Account {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        if let name { writer.member("name", name) }
        if let kind { writer.member("kind", kind.word) }
        if let currency { writer.member("currency", currency) }
        writer.beginArray("numbers")
        for number in numbers { writer.element(number) }
        writer.endArray()
        balances.write("balances", to: &writer) { balance, writer in balance.write(to: &writer) }
        transactions.write("transactions", to: &writer) { transaction, writer in
            transaction.write(to: &writer)
        }
        writer.endObject()
    }
}

extension AccountContext.Balance {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("kind", kind.word)
        writer.member("direction", direction.word)
        amount.writeMembers(to: &writer)
        if let at { writer.member("at", at) }
        writer.endObject()
    }
}

extension AccountContext.Transaction {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("direction", direction.word)
        writer.member("status", status.word)
        amount.writeMembers(to: &writer)
        if let bookedAt { writer.member("bookedAt", bookedAt) }
        if let information { writer.member("information", information) }
        if let merchant { writer.member("merchant", merchant) }
        if let merchantCategory { writer.member("merchantCategory", merchantCategory) }
        if counterpartyName != nil || counterpartyNumber != nil {
            writer.beginObject("counterparty")
            if let counterpartyName { writer.member("name", counterpartyName) }
            if let counterpartyNumber { writer.member("number", counterpartyNumber) }
            writer.endObject()
        }
        if let card { writer.member("card", card) }
        writer.endObject()
    }
}

extension BankAmount {
    fileprivate func writeMembers(to writer: inout JSONWriter) {
        writer.member("amount", value)
        writer.member("currency", currency)
    }
}

extension BankCode where Known: RawRepresentable<String> {
    /// One vocabulary for both versions of the dialect; a code that is not known is `other`: a bank's
    /// word is not shown unread.
    fileprivate var word: String {
        switch self {
        case .known(let code): code.rawValue
        case .other: "other"
        }
    }
}
