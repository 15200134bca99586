import Foundation

/// The read side of the Graph API: conversations, their messages, and a person's profile
/// (Meta's "Conversations API" and "User Profile API" pages).
struct ConversationReader {
    let platform: MessengerPlatform
    /// Addresses in `paging.next` begin with this.
    let base: String

    /// What the caller asked for besides the object.
    struct Query {
        var fields: FieldSelection?
        var limit: Int
        var after: String?
        var customer: String?
        var token: String

        /// What the address of the next part of a nested list asks for.
        init(fields: FieldSelection, limit: Int, token: String) {
            self.fields = fields
            self.limit = limit
            self.token = token
        }

        init(_ form: FormText, token: String) throws(GraphError) {
            self.token = token
            self.after = form["after"]
            self.customer = form["user_id"]
            self.limit = Limits.pageOfEntriesDefault
            if let text = form["limit"] {
                guard let limit = Int(text), limit > 0 else {
                    throw .parameter("Param limit must be a positive number")
                }
                self.limit = min(limit, Limits.pageOfEntries)
            }
            if let text = form["fields"], !text.isEmpty {
                guard let fields = FieldSelection(text) else {
                    throw .parameter("Syntax error in param fields")
                }
                self.fields = fields
            }
        }
    }

    func conversations(of page: Page, _ query: Query) throws(GraphError) -> JSONValue {
        let selection = query.fields ?? .names("id", "link", "updated_time")
        let keys = try sortedKeys(of: page, query)
        let shown = keys.prefix(query.limit)
        var list: [JSONValue] = []
        for key in shown {
            list.append(try conversation(key, selection, token: query.token))
        }
        let paging = paging(
            first: shown.first.map(cursor), last: shown.last.map(cursor),
            more: keys.count > shown.count, path: "\(page.id)/conversations", query)
        return JSONValue.members(["data": .array(list), "paging": paging])
    }

    func conversation(
        _ key: ThreadKey, _ selection: FieldSelection, token: String
    ) throws(GraphError) -> JSONValue {
        guard let thread = platform.threads[key], let page = platform.page(id: key.page) else {
            throw .unsupported("get", key.conversation)
        }
        var members: [JSONValue.Member] = []
        for field in selection.fields {
            let value: JSONValue
            switch field.name {
            case "id": value = .string(key.conversation)
            case "link": value = .string("/\(page.id)/inbox/\(key.customer)/")
            case "updated_time": value = .string(Self.time(thread.updated))
            case "message_count": value = .integer(Int64(thread.messages.count))
            case "participants", "senders":
                value = ["data": [person(thread.customer), pageAsPerson(page)]]
            case "messages":
                value = try messages(
                    of: key,
                    Query(
                        fields: field.children ?? .names("id", "created_time"),
                        limit: min(
                            field.limit ?? Limits.pageOfEntriesDefault, Limits.pageOfEntries),
                        token: token))
            default: throw Self.noField(field.name, on: "UnifiedThread")
            }
            members.append(.init(name: field.name, value: value))
        }
        if !selection.fields.contains(where: { $0.name == "id" }) {
            members.append(.init(name: "id", value: .string(key.conversation)))
        }
        return .object(members)
    }

    func profile(_ customer: Customer, _ selection: FieldSelection) throws(GraphError) -> JSONValue
    {
        var members: [JSONValue.Member] = []
        for field in selection.fields {
            switch field.name {
            case "first_name":
                members.append(.init(name: field.name, value: .string(customer.firstName)))
            case "last_name":
                members.append(.init(name: field.name, value: .string(customer.lastName)))
            case "name": members.append(.init(name: field.name, value: .string(customer.name)))
            // Known to Meta, but only given with permissions that this page does not have.
            case "id", "profile_pic", "locale", "timezone", "gender": continue
            default: throw Self.noField(field.name, on: "User")
            }
        }
        return .object(members + [.init(name: "id", value: .string(customer.id))])
    }

    // MARK: parts

    /// The one that changed last first, as the API lists them.
    private func sortedKeys(of page: Page, _ query: Query) throws(GraphError) -> [ThreadKey] {
        var keys = platform.threads.filter { key, thread in
            key.page == page.id && !thread.messages.isEmpty
                && (query.customer == nil || key.customer == query.customer)
        }.map { (key: $0.key, updated: $0.value.updated) }
        keys.sort { ($0.updated, $0.key.customer) > ($1.updated, $1.key.customer) }
        guard let after = query.after else { return keys.map(\.key) }
        let parts = after.split(separator: "-")
        guard parts.count == 2, let updated = Int64(parts[0]) else {
            throw .parameter("Invalid cursors values")
        }
        return keys.filter { ($0.updated, $0.key.customer) < (updated, String(parts[1])) }
            .map(\.key)
    }

    private func cursor(_ key: ThreadKey) -> String {
        "\(platform.threads[key]?.updated ?? 0)-\(key.customer)"
    }

    /// Newest first, as the API lists them. Part of a conversation's answer or an answer by itself:
    /// the way to the next part is the same.
    func messages(of key: ThreadKey, _ query: Query) throws(GraphError) -> JSONValue {
        guard let thread = platform.threads[key], let page = platform.page(id: key.page) else {
            throw .unsupported("get", key.conversation)
        }
        let selection = query.fields ?? .names("id", "created_time")
        var newestFirst = Array(thread.messages.reversed())
        if let after = query.after {
            guard let number = Int64(after) else { throw .parameter("Invalid cursors values") }
            newestFirst.removeAll { $0.number >= number }
        }
        let shown = newestFirst.prefix(query.limit)
        var list: [JSONValue] = []
        for message in shown {
            list.append(try self.message(message, thread.customer, page, selection))
        }
        let paging = paging(
            first: shown.first.map { String($0.number) },
            last: shown.last.map { String($0.number) },
            more: newestFirst.count > shown.count, path: "\(key.conversation)/messages", query)
        return JSONValue.members(["data": .array(list), "paging": paging])
    }

    private func message(
        _ message: StoredMessage, _ customer: Customer, _ page: Page, _ selection: FieldSelection
    ) throws(GraphError) -> JSONValue {
        let (from, to) =
            switch message.author {
            case .customer: (person(customer), pageAsPerson(page))
            case .page: (pageAsPerson(page), person(customer))
            }
        var members: [JSONValue.Member] = []
        for field in selection.fields {
            switch field.name {
            case "id": members.append(.init(name: "id", value: .string(message.id)))
            case "created_time":
                members.append(
                    .init(name: field.name, value: .string(Self.time(message.time))))
            case "from": members.append(.init(name: field.name, value: from))
            case "to": members.append(.init(name: field.name, value: ["data": [to]]))
            case "message":
                members.append(.init(name: field.name, value: .string(message.text ?? "")))
            case "attachments":
                guard !message.attachments.isEmpty else { continue }
                members.append(
                    .init(name: field.name, value: ["data": .array(message.attachments)]))
            case "sticker", "tags", "shares", "reactions", "is_unsupported", "reply_to": continue
            default: throw Self.noField(field.name, on: "Message")
            }
        }
        if !selection.fields.contains(where: { $0.name == "id" }) {
            members.append(.init(name: "id", value: .string(message.id)))
        }
        return .object(members)
    }

    private func paging(
        first: String?, last: String?, more: Bool, path: String, _ query: Query
    ) -> JSONValue? {
        guard let first, let last else { return nil }
        var next: JSONValue?
        if more {
            var fields = [("access_token", query.token), ("limit", String(query.limit))]
            if let selection = query.fields { fields.append(("fields", selection.text)) }
            if let customer = query.customer { fields.append(("user_id", customer)) }
            fields.append(("after", last))
            next = .string("\(base)/\(path)?\(FormText.encode(fields))")
        }
        return .members([
            "cursors": ["before": .string(first), "after": .string(last)], "next": next,
        ])
    }

    private func person(_ customer: Customer) -> JSONValue {
        [
            "name": .string(customer.name), "email": .string("\(customer.id)@facebook.com"),
            "id": .string(customer.id),
        ]
    }

    private func pageAsPerson(_ page: Page) -> JSONValue {
        [
            "name": .string(page.name), "email": .string("\(page.id)@facebook.com"),
            "id": .string(page.id),
        ]
    }

    private static func noField(_ name: String, on type: String) -> GraphError {
        .parameter("Tried accessing nonexisting field (\(name)) on node type (\(type))")
    }

    /// Whole seconds, with the zone as `+0000`: `2026-08-23T21:36:11+0000`.
    static func time(_ milliseconds: Int64) -> String {
        let date = Date(timeIntervalSince1970: Double(milliseconds / 1_000))
        return date.formatted(.iso8601).dropLast() + "+0000"
    }
}

extension FieldSelection {
    var text: String {
        fields.map { field in
            field.name + (field.limit.map { ".limit(\($0))" } ?? "")
                + (field.children.map { "{\($0.text)}" } ?? "")
        }.joined(separator: ",")
    }
}
