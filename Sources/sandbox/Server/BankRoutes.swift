import EventLoop
import Foundation

/// The pretended bank's addresses, all under `/bank`: `POST token` and, under
/// `open-banking/v3.1/aisp`, `GET accounts`, `GET accounts/{id}/balances` and
/// `GET accounts/{id}/transactions`. Every other method or path is refused and logged.
extension Sandbox {
    private static let base = ["open-banking", "v3.1", "aisp"]

    /// Answers now, or after the latency that the settings say.
    func bank(_ request: HTTPRequest, _ path: [String], _ responder: HTTPResponder) {
        let interaction = request.head.header("x-fapi-interaction-id")
        log.append(
            .members([
                "kind": "bank", "time": .integer(loop.wallClock),
                "method": .string(request.head.method.rawValue),
                "path": .string(request.head.path),
                "interaction": interaction.map { .string($0) },
            ]))
        let fault = bankFaults.take()
        switch fault?.effect {
        case .drop: return responder.disconnect()
        case .noAnswer: return remember(responder)
        case .error, .garbage, .wrongAccount, .foreignLink, .wideScope, nil: break
        }
        var response =
            if path == ["token"] {
                token(request, fault)
            } else {
                read(request, path, fault)
            }
        if let interaction {
            response.headers.append(("x-fapi-interaction-id", interaction))
        }
        guard settings.bankLatency > 0 else { return responder.respond(response) }
        _ = loop.after(.milliseconds(settings.bankLatency)) { responder.respond(response) }
    }

    // MARK: the token endpoint (RFC 8693)

    private var tokenAddress: String { options.base + "/bank/token" }

    private func token(
        _ request: HTTPRequest, _ fault: FaultPlan<BankEffect>.Planned?
    ) -> HTTPResponse {
        if let fault, fault.effect == .error {
            return Answers.json(["error": "temporarily_unavailable"], status: fault.error.status)
        }
        guard request.head.method == .post else { return Self.refusal(405) }
        let form = FormText(request.body)
        let now = loop.wallClock
        func claims(_ name: String) -> JSONValue? {
            options.staff.claims(of: form[name], for: tokenAddress, at: now)
        }
        guard form["client_id"] == options.staff.id,
            claims("client_assertion")?["sub"]?.string == options.staff.id
        else { return Answers.json(["error": "invalid_client"], status: 401) }
        guard
            form["grant_type"] == "urn:ietf:params:oauth:grant-type:token-exchange",
            form["scope"] == "accounts",
            let reference = claims("subject_token")?["sub"]?.string,
            bankData.customers[reference] != nil, claims("actor_token")?["sub"]?.string != nil
        else { return Answers.json(["error": "invalid_grant"], status: 400) }
        let token = Sandbox.randomName()
        bankData.grant(token, to: reference, at: now)
        return Answers.json([
            "access_token": .string(token), "token_type": "Bearer",
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "expires_in": .integer(Limits.tokenLifetime / 1_000),
            "scope": fault?.effect == .wideScope ? "accounts payments" : "accounts",
        ])
    }

    // MARK: reads

    private func read(
        _ request: HTTPRequest, _ path: [String], _ fault: FaultPlan<BankEffect>.Planned?
    ) -> HTTPResponse {
        guard request.head.method == .get else { return Self.refusal(405) }
        let header = request.head.header("authorization") ?? ""
        let token = header.hasPrefix("Bearer ") ? String(header.dropFirst(7)) : nil
        guard let customer = bankData.customer(of: token, at: loop.wallClock) else {
            return HTTPResponse(status: 401)
        }
        if let fault {
            switch fault.effect {
            case .error: return Self.refusal(fault.error.status)
            case .garbage: return Answers.page("<title>Maintenance</title>")
            case .wrongAccount, .foreignLink, .wideScope, .drop, .noAnswer: break
            }
        }
        guard path.starts(with: Self.base) else { return Self.refusal(404) }
        let rest = Array(path.dropFirst(Self.base.count))
        let list: (name: String, rows: [JSONValue])
        switch (rest.first, rest.count, rest.last) {
        case ("accounts", 1, _): list = ("Account", customer.accounts)
        case ("accounts", 3, "balances") where customer.has(rest[1]):
            list = ("Balance", customer.balances[rest[1]] ?? [])
        case ("accounts", 3, "transactions") where customer.has(rest[1]):
            list = (
                "Transaction",
                Self.rows(
                    customer.transactions[rest[1]] ?? [],
                    from: FormText(request.head.query ?? "")["fromBookingDateTime"])
            )
        default: return Self.refusal(400)
        }
        return page(list, request, fault?.effect)
    }

    private static func rows(_ rows: [JSONValue], from: String?) -> [JSONValue] {
        guard let from else { return rows }
        return rows.filter { ($0["BookingDateTime"]?.string ?? "") >= from }
    }

    /// One page of a list, with the address of the next where there is one.
    private func page(
        _ list: (name: String, rows: [JSONValue]), _ request: HTTPRequest, _ effect: BankEffect?
    ) -> HTTPResponse {
        let query = FormText(request.head.query ?? "")
        let number = max(1, query["page"].flatMap { Int($0) } ?? 1)
        let first = min(list.rows.count, (number - 1) * Limits.bankPage)
        let rows = list.rows[first...].prefix(Limits.bankPage)
        var links: JSONValue = ["Self": .string(options.base + request.head.path)]
        if effect == .foreignLink {
            links = links.adding("Next", .string("http://127.0.0.1:1" + request.head.path))
        } else if first + rows.count < list.rows.count {
            var fields = query.fields.filter { $0.name != "page" }
                .map { ($0.name, $0.value) }
            fields.append(("page", "\(number + 1)"))
            links = links.adding(
                "Next",
                .string(options.base + request.head.path + "?" + FormText.encode(fields)))
        }
        let shown = effect == .wrongAccount ? rows.map(Self.renamed) : Array(rows)
        let data = JSONValue.object([.init(name: list.name, value: .array(shown))])
        return Answers.json(["Data": data, "Links": links, "Meta": ["TotalPages": 1]])
    }

    private static func renamed(_ row: JSONValue) -> JSONValue {
        guard case .object(let members) = row else { return row }
        return .object(
            members.map { $0.name == "AccountId" ? .init(name: $0.name, value: "99999") : $0 })
    }

    private static func refusal(_ status: Int) -> HTTPResponse {
        Answers.json(
            [
                "Code": .string("\(status)"), "Id": "sandbox", "Message": "Refused",
                "Errors": [["ErrorCode": "UK.OBIE.UnexpectedError", "Message": "Refused"]],
            ], status: status)
    }

    // MARK: control

    /// `POST /control/bank/{reference}`: what the bank has of a customer, in rows of the dialect.
    func bankCustomer(_ reference: String, _ document: JSONValue) throws(ControlError) -> JSONValue
    {
        var customer = PretendBank.Customer()
        guard let accounts = document["accounts"]?.array else {
            throw .wrong("accounts", "must be a list")
        }
        customer.accounts = accounts
        customer.balances = try Self.lists(document, "balances")
        customer.transactions = try Self.lists(document, "transactions")
        guard bankData.put(customer, reference) else {
            throw ControlError(status: 409, message: "too many customers of the bank already")
        }
        return ["reference": .string(reference)]
    }

    private static func lists(
        _ document: JSONValue, _ name: String
    ) throws(ControlError) -> [String: [JSONValue]] {
        guard let value = document[name] else { return [:] }
        guard case .object(let members) = value else { throw .wrong(name, "must be an object") }
        var lists: [String: [JSONValue]] = [:]
        for member in members {
            guard let rows = member.value.array else {
                throw .wrong(name, "must hold a list for each account")
            }
            lists[member.name] = rows
        }
        return lists
    }

    /// The moment so many days ago, as the dialect writes it.
    static func moment(daysBefore days: Int, _ now: Int64) -> String {
        let date = Date(timeIntervalSince1970: Double(now / 1_000) - Double(days) * 86_400)
        return date.formatted(.iso8601.timeZone(separator: .omitted))
            .replacing("Z", with: "+00:00")
    }
}
