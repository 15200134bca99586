import EventLoop
import Foundation

/// The control API: how tests and the page at `/` steer the sandbox. Bodies and answers are JSON;
/// a wrong field is answered 400 `{"error": "field reason"}` and changes nothing. `page` may be
/// left out everywhere when the first page is meant (in the query of a GET, in the body of a POST).
///
/// - `GET, POST /control/settings`: the fields of `Settings`; a POST changes those it names
///   (`callback`, `handshake`, `batch_size`, `events_per_entry`, `batch_wait_ms`,
///   `parallel_deliveries`, `retries`, `retry_delay_ms`, `answer_timeout_ms`, `duplicate_every`,
///   `order` = kept | reversed, `hold` and `drop` = lists of message, echo, delivery, read;
///   `send_latency_ms`, `send_calls_per_second`, `conversation_calls_per_second`,
///   `delivered_after_ms`, `read_after_ms` where -1 is never).
/// - `POST /control/release {"kinds": […], "order": "kept" | "reversed"}`: lets go of held events.
/// - `GET, POST, DELETE /control/send-faults`: plans `{"effect", "count", "recipient", "status",
///   "code", "subcode", "message"}`; effects are those of `SendEffect`.
/// - `GET, POST, DELETE /control/webhook-faults {"effect", "count"}`: effects of `WebhookEffect`.
/// - `GET, POST, DELETE /control/token-faults {"effect", "count"}`: effects of `TokenEffect`.
/// - `GET, POST, DELETE /control/bank-faults {"effect", "count", "status"}`: effects of `BankEffect`;
///   `bank_latency_ms` among the settings delays all of the bank's answers.
/// - `POST /control/bank/{reference} {"accounts": […], "balances": {account: […]},
///   "transactions": {account: […]}}`: what the bank has of a customer, in rows of its dialect.
/// - `POST /control/webhooks {"body": document | "text": exact text | "base64": exact bytes,
///   "signature": "right" | "wrong" | "missing"}`: one attempt to deliver just that; answers the
///   callback's `{"status", "body", "error"}`.
/// - `GET /control/customers`: the first 100 by last change; `?limit=`.
/// - `POST /control/customers/{psid} {"first_name", "last_name", "unavailable", "last_acted"}`:
///   creates or changes; `last_acted` (milliseconds) moves the messaging window.
/// - `GET /control/customers/{psid}/messages?after=NUMBER&limit=N`: the transcript.
/// - `POST /control/customers/{psid}/messages {"text", "attachments", "quick_reply", "reply_to",
///   "mid"}`: the customer writes; answers `{"mid", "number", "time"}`.
/// - `GET, POST, DELETE /control/bulk {"customers", "messages", "per_second", "first_customer",
///   "text"}`: many customers write; the text is followed by the message's number from 0.
/// - `GET /control/statistics`, `POST /control/reset` (settings, faults, customers, queue; not the
///   log, and not where the callback is).
extension Sandbox {
    func control(_ request: HTTPRequest, _ path: [String], _ responder: HTTPResponder) {
        do throws(ControlError) {
            if path == ["webhooks"], request.head.method == .post {
                return try inject(try Self.document(request), responder)
            }
            responder.respond(Answers.json(try answer(request, path)))
        } catch {
            responder.respond(Answers.refusal(error))
        }
    }

    private func answer(_ request: HTTPRequest, _ path: [String]) throws(ControlError)
        -> JSONValue
    {
        switch (request.head.method, path.first, path.count) {
        case (.get, "settings", 1): return settings.json
        case (.post, "settings", 1):
            settings = try settings.changed(by: try Self.document(request))
            return settings.json
        case (.post, "release", 1): return try release(try Self.document(request))
        case (_, "send-faults", 1): return try plan(&sendFaults, request)
        case (_, "webhook-faults", 1): return try plan(&courier.faults, request)
        case (_, "token-faults", 1): return try plan(&provider.misbehaviour, request)
        case (_, "bank-faults", 1): return try plan(&bankFaults, request)
        case (.post, "bank", 2): return try bankCustomer(path[1], try Self.document(request))
        case (.get, "customers", 1): return try customers(FormText(request.head.query ?? ""))
        case (_, "customers", 2...3): return try customer(request, path)
        case (_, "bulk", 1): return try bulkOrder(request)
        case (.get, "statistics", 1): return statistics
        case (.post, "reset", 1):
            reset()
            return statistics
        default: throw .notFound
        }
    }

    /// The body; an empty one is an empty object.
    private static func document(_ request: HTTPRequest) throws(ControlError) -> JSONValue {
        if request.body.isEmpty { return [:] }
        guard let document = JSONValue(parsing: request.body), case .object = document else {
            throw .wrong("", "must be a JSON object")
        }
        return document
    }

    private func pageID(_ named: String?) throws(ControlError) -> String {
        guard let page = named.map(platform.page(id:)) ?? platform.pages.first else {
            throw .wrong("page", "is not a page of this sandbox")
        }
        return page.id
    }

    // MARK: faults

    private func plan<Effect>(_ faults: inout FaultPlan<Effect>, _ request: HTTPRequest)
        throws(ControlError) -> JSONValue
    {
        switch request.head.method {
        case .get: break
        case .post: try faults.add(try Self.document(request))
        case .delete: faults.clear()
        case .put, .head, .options: throw .notFound
        }
        return ["planned": faults.json]
    }

    private func release(_ document: JSONValue) throws(ControlError) -> JSONValue {
        let all = WebhookEvent.Kind.allCases
        let kinds =
            if let named = document["kinds"] {
                try Settings.kinds(named, "kinds")
            } else {
                Set(all)
            }
        guard
            let order = Settings.Order(
                rawValue: document["order"]?.string ?? Settings.Order.kept.rawValue)
        else { throw .wrong("order", "must be kept or reversed") }
        return ["released": .integer(Int64(courier.release(kinds, reversed: order == .reversed)))]
    }

    private func inject(_ document: JSONValue, _ responder: HTTPResponder) throws(ControlError) {
        guard let callback = settings.callback else {
            throw ControlError(status: 409, message: "no callback is set")
        }
        let body: [UInt8]
        switch (document["body"], document["text"]?.string, document["base64"]?.string) {
        case (let value?, nil, nil): body = JSONWriter.bytes(value, .meta)
        case (nil, let text?, nil): body = Array(text.utf8)
        case (nil, nil, let encoded?):
            guard let data = Data(base64Encoded: encoded) else {
                throw .wrong("base64", "must be base64")
            }
            body = Array(data)
        default: throw .wrong("", "must have exactly one of body, text, base64")
        }
        let signing: WebhookCourier.Signing
        switch document["signature"]?.string ?? "right" {
        case "right": signing = .right
        case "wrong": signing = .wrong
        case "missing": signing = .missing
        default: throw .wrong("signature", "must be right, wrong or missing")
        }
        startOnLoop { [courier] in
            let result = await courier.post(body, to: callback, signing: signing)
            responder.respond(
                Answers.json(
                    .members([
                        "status": result.status.map { .integer(Int64($0)) } ?? .null,
                        "body": .string(String(decoding: result.body, as: UTF8.self)),
                        "error": result.error.map { .string($0) },
                    ])))
        }
    }

    // MARK: customers

    private func customers(_ query: FormText) throws(ControlError) -> JSONValue {
        let page = try pageID(query["page"])
        let limit = try Self.limit(query)
        let threads = platform.threads.filter { $0.key.page == page }.map(\.value)
            .sorted { ($1.updated, $0.customer.id) < ($0.updated, $1.customer.id) }
        return [
            "page": .string(page),
            "customers": .array(threads.prefix(limit).map(Self.json)),
        ]
    }

    private func customer(_ request: HTTPRequest, _ path: [String]) throws(ControlError)
        -> JSONValue
    {
        let query = FormText(request.head.query ?? "")
        switch (request.head.method, path.count, path.last) {
        case (.get, 3, "messages"):
            let key = ThreadKey(page: try pageID(query["page"]), customer: path[1])
            return try transcript(key, query)
        case (.post, 2, _):
            let document = try Self.document(request)
            let key = ThreadKey(page: try pageID(document["page"]?.identifier), customer: path[1])
            return try describe(key, document)
        case (.post, 3, "messages"):
            let document = try Self.document(request)
            let key = ThreadKey(page: try pageID(document["page"]?.identifier), customer: path[1])
            let message = try customerWrites(try Self.draft(document), key)
            return [
                "mid": .string(message.id), "number": .integer(message.number),
                "time": .integer(message.time),
            ]
        default: throw .notFound
        }
    }

    private static func draft(_ document: JSONValue) throws(ControlError) -> CustomerDraft {
        var draft = CustomerDraft()
        draft.text = document["text"]?.string
        draft.attachments = document["attachments"]?.array ?? []
        draft.quickReplyPayload = document["quick_reply"]?.string
        draft.replyTo = document["reply_to"]?.string
        draft.messageID = document["mid"]?.string
        guard draft.text?.isEmpty == false || !draft.attachments.isEmpty else {
            throw .wrong("text", "or attachments must be given")
        }
        return draft
    }

    private func describe(_ key: ThreadKey, _ document: JSONValue) throws(ControlError)
        -> JSONValue
    {
        var isUnavailable: Bool?
        if let value = document["unavailable"] {
            guard case .boolean(let wanted) = value else {
                throw .wrong("unavailable", "must be true or false")
            }
            isUnavailable = wanted
        }
        do {
            try platform.describe(key) { customer in
                customer.firstName = document["first_name"]?.string ?? customer.firstName
                customer.lastName = document["last_name"]?.string ?? customer.lastName
                customer.lastActed = document["last_acted"]?.integer ?? customer.lastActed
                customer.isUnavailable = isUnavailable ?? customer.isUnavailable
            }
        } catch {
            throw ControlError(status: 400, message: error.message)
        }
        if let customer = platform.threads[key]?.customer {
            log.append([
                "kind": "customer", "page": .string(key.page), "customer": .string(customer.id),
                "first_name": .string(customer.firstName),
                "last_name": .string(customer.lastName),
            ])
        }
        return platform.threads[key].map(Self.json) ?? .null
    }

    private static func json(_ thread: Thread) -> JSONValue {
        let customer = thread.customer
        return .members([
            "id": .string(customer.id), "first_name": .string(customer.firstName),
            "last_name": .string(customer.lastName),
            "unavailable": .boolean(customer.isUnavailable),
            "last_acted": customer.lastActed.map { .integer($0) } ?? .null,
            "messages": .integer(Int64(thread.messages.count)),
            "updated": .integer(thread.updated),
        ])
    }

    private func transcript(_ key: ThreadKey, _ query: FormText) throws(ControlError) -> JSONValue {
        guard let thread = platform.threads[key] else {
            throw ControlError(status: 404, message: "there is no such customer")
        }
        let limit = try Self.limit(query)
        let after = query["after"].flatMap { Int64($0) } ?? 0
        let messages = thread.messages.filter { $0.number > after }.suffix(limit)
        return [
            "customer": Self.json(thread), "typing": .boolean(thread.isTyping),
            "messages": .array(messages.map { Self.json($0, in: thread) }),
        ]
    }

    private static func json(_ message: StoredMessage, in thread: Thread) -> JSONValue {
        let mark =
            switch message.author {
            case .customer: message.delivery.rawValue
            case .page:
                message.time <= thread.readUntil
                    ? "read" : message.time <= thread.deliveredUntil ? "delivered" : "sent"
            }
        return .members([
            "mid": .string(message.id), "number": .integer(message.number),
            "time": .integer(message.time),
            "author": message.author == .page ? "page" : "customer",
            "text": message.text.map { .string($0) },
            "attachments": message.attachments.isEmpty ? nil : .array(message.attachments),
            "quick_replies": message.quickReplies,
            "metadata": message.metadata.map { .string($0) },
            "reply_to": message.replyTo.map { .string($0) }, "mark": .string(mark),
        ])
    }

    private static func limit(_ query: FormText) throws(ControlError) -> Int {
        guard let text = query["limit"] else { return 100 }
        guard let limit = Int(text), limit > 0 else {
            throw .wrong("limit", "must be a positive number")
        }
        return limit
    }

    // MARK: bulk and figures

    private func bulkOrder(_ request: HTTPRequest) throws(ControlError) -> JSONValue {
        switch request.head.method {
        case .get: break
        case .post:
            let document = try Self.document(request)
            let order = try BulkWriter.Order(
                document, page: try pageID(document["page"]?.identifier))
            bulk.start(order) { [weak self] (draft, key) throws(ControlError) in
                _ = try self?.customerWrites(draft, key)
            }
        case .delete: bulk.stop()
        case .put, .head, .options: throw .notFound
        }
        return bulk.json
    }

    private var statistics: JSONValue {
        let messenger = platform.statistics
        let webhooks = courier.statistics
        return [
            "sends_accepted": .integer(messenger.sendsAccepted),
            "sends_refused": .integer(messenger.sendsRefused),
            "actions_accepted": .integer(messenger.actionsAccepted),
            "customers_wrote": .integer(messenger.customersWrote),
            "messages_forgotten": .integer(messenger.messagesForgotten),
            "verified": .boolean(courier.isVerified),
            "events_waiting": .integer(Int64(courier.queue.waiting)),
            "events_held": .integer(Int64(courier.queue.held.count)),
            "events_dropped": .integer(courier.queue.dropped),
            "events_delivered": .integer(webhooks.eventsDelivered),
            "events_given_up": .integer(webhooks.eventsGivenUp),
            "webhook_attempts": .integer(webhooks.attempts),
            "webhook_failures": .integer(webhooks.failedAttempts),
            "webhooks_delivered": .integer(webhooks.delivered),
            "webhooks_given_up": .integer(webhooks.givenUp),
            "signed_in": .integer(provider.signedIn),
            "unanswered": .integer(Int64(unanswered.count)),
        ]
    }
}
