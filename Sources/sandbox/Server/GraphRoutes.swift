import EventLoop

/// The addresses of graph.facebook.com that a Messenger app needs, with or without a version:
///
/// - `POST /v25.0/{page|me}/messages`
/// - `GET  /v25.0/{page|me}/conversations?platform=messenger&fields=…&limit=…&after=…&user_id=…`
/// - `GET  /v25.0/{conversation}` and `/v25.0/{conversation}/messages`
/// - `GET  /v25.0/{page|me}` and `/v25.0/{psid}?fields=first_name,last_name`
extension Sandbox {
    func graph(_ request: HTTPRequest, _ segments: [String], _ responder: HTTPResponder) {
        let call = GraphCall(request, segments)
        switch (request.head.method, call.object, call.edge) {
        case (.post, let object?, "messages"): send(call, from: object, responder)
        case (.get, let object?, let edge):
            do throws(GraphError) {
                responder.respond(Answers.graph(try read(call, object, edge)))
            } catch {
                responder.respond(Self.refusal(error))
            }
        default:
            responder.respond(Self.refusal(.unsupported(call.method, call.object ?? "")))
        }
    }

    static func refusal(_ error: GraphError) -> HTTPResponse {
        Answers.graph(error.body(trace: randomName()), status: error.status)
    }

    /// The token must be ours, and its proof right when one is given.
    private func authorize(_ call: GraphCall) throws(GraphError) -> String {
        guard let token = call.token else { throw .noToken }
        guard platform.isKnown(token: token) else { throw .badToken }
        if let proof = call.query["appsecret_proof"] ?? call.parameters["appsecret_proof"]?.string,
            !WebhookSignature.isProof(proof, ofToken: token, secret: options.appSecret)
        {
            throw .badProof
        }
        return token
    }

    private func authorize(_ call: GraphCall, page object: String) throws(GraphError) -> Page {
        let token = try authorize(call)
        guard let page = platform.page(object, token: token) else {
            throw .unsupported(call.method, object)
        }
        return page
    }

    // MARK: reading

    private func read(_ call: GraphCall, _ object: String, _ edge: String?) throws(GraphError)
        -> JSONValue
    {
        let token = try authorize(call)
        let reader = ConversationReader(platform: platform, base: options.base + call.version)
        let query = try ConversationReader.Query(call.query, token: token)
        if let key = ThreadKey(conversation: object) {
            guard platform.page(key.page, token: token) != nil else {
                throw .unsupported("get", object)
            }
            try takeConversationCall(of: key.page)
            switch edge {
            case nil:
                return try reader.conversation(
                    key, query.fields ?? .names("id", "link", "updated_time"), token: token)
            case "messages": return try reader.messages(of: key, query)
            case .some: throw .unsupported("get", object)
            }
        }
        if let page = platform.page(object, token: token) {
            switch edge {
            case nil: return ["name": .string(page.name), "id": .string(page.id)]
            case "conversations":
                guard call.query["platform"] ?? "messenger" == "messenger" else {
                    throw .parameter("Param platform must be one of {messenger}")
                }
                try takeConversationCall(of: page.id)
                return try reader.conversations(of: page, query)
            case .some: throw .unsupported("get", object)
            }
        }
        guard edge == nil else { throw .unsupported("get", object) }
        return try profile(of: object, reader, query, token: token)
    }

    private func profile(
        of customer: String, _ reader: ConversationReader, _ query: ConversationReader.Query,
        token: String
    ) throws(GraphError) -> JSONValue {
        for page in platform.pages where page.token == token {
            let key = ThreadKey(page: page.id, customer: customer)
            guard let thread = platform.threads[key] else { continue }
            // A profile is only given of somebody who wrote.
            guard thread.customer.lastActed != nil else { throw .noProfile }
            return try reader.profile(
                thread.customer, query.fields ?? .names("first_name", "last_name"))
        }
        throw .noProfile
    }

    private func takeConversationCall(of page: String) throws(GraphError) {
        guard
            conversationRates[page, default: CallRate()].take(
                perSecond: settings.conversationCallsPerSecond, at: loop.monotonic)
        else { throw .tooManyCalls }
    }

    // MARK: sending

    private func send(_ call: GraphCall, from object: String, _ responder: HTTPResponder) {
        var record = SendRecord(call.parameters, page: object, at: loop.wallClock)
        let outcome = decide(call, from: object, &record)
        log.append(record.json)
        switch outcome {
        case .silence: remember(responder)
        case .drop: responder.disconnect()
        case .answer(let response):
            guard settings.sendLatency > 0 else { return responder.respond(response) }
            _ = loop.after(.milliseconds(settings.sendLatency)) { responder.respond(response) }
        }
    }

    private enum SendOutcome {
        case answer(HTTPResponse)
        case drop
        case silence
    }

    private func decide(
        _ call: GraphCall, from object: String, _ record: inout SendRecord
    ) -> SendOutcome {
        guard let fault = sendFaults.take(recipient: record.recipient) else {
            return .answer(accept(call, from: object, &record))
        }
        record.fault = fault.effect
        if fault.effect.accepts {
            _ = accept(call, from: object, &record)
        } else {
            record.refused(fault.error)
        }
        switch fault.effect {
        case .error, .acceptThenError:
            record.status = fault.error.status
            return .answer(Self.refusal(fault.error))
        case .drop, .acceptThenDrop:
            record.status = nil
            return .drop
        case .noAnswer, .acceptThenNoAnswer:
            record.status = nil
            return .silence
        }
    }

    private func accept(
        _ call: GraphCall, from object: String, _ record: inout SendRecord
    ) -> HTTPResponse {
        do throws(GraphError) {
            let page = try authorize(call, page: object)
            record.page = page.id
            let request = try SendRequest(call.parameters)
            guard
                sendRates[page.id, default: CallRate()].take(
                    perSecond: settings.sendCallsPerSecond, at: loop.monotonic)
            else { throw .tooManyCalls }
            try platform.verdict(on: request, page: page, at: loop.wallClock).get()
            let receipt = platform.accept(request, page: page, at: loop.wallClock)
            record.accepted(receipt.message?.id)
            if let message = receipt.message { tell(of: message, receipt.key) }
            return Answers.graph(
                .members([
                    "recipient_id": .string(request.recipient),
                    "message_id": receipt.message.map { .string($0.id) },
                ]))
        } catch {
            platform.countRefusal()
            record.refused(error)
            return Self.refusal(error)
        }
    }

    /// Keeps a request that is never answered for as long as its caller stays.
    func remember(_ responder: HTTPResponder) {
        unanswered.removeAll { $0.isGone }
        unanswered.append(responder)
    }
}

/// A request taken apart the way the Graph API does: version, object, edge, and parameters from
/// the query and a JSON or form body alike.
struct GraphCall {
    var method: String
    /// With its leading slash, or empty.
    var version: String
    var object: String?
    var edge: String?
    var query: FormText
    var parameters: JSONValue
    var token: String?

    init(_ request: HTTPRequest, _ segments: [String]) {
        var segments = segments
        var version = ""
        if let first = segments.first, GraphCall.isVersion(first) {
            version = "/" + segments.removeFirst()
        }
        self.method = request.head.method == .get ? "get" : "post"
        self.version = version
        self.object = segments.first
        // Anything deeper than an edge is an edge that nobody knows.
        self.edge = segments.count > 1 ? segments.dropFirst().joined(separator: "/") : nil
        self.query = FormText(request.head.query ?? "")
        if let document = JSONValue(parsing: request.body), case .object = document {
            self.parameters = document
        } else {
            self.parameters = FormText(request.body).parameters
        }
        let bearer = request.head.header("authorization").flatMap { header -> String? in
            header.lowercased().hasPrefix("bearer ") ? String(header.dropFirst(7)) : nil
        }
        self.token = query["access_token"] ?? bearer ?? parameters["access_token"]?.string
    }

    private static func isVersion(_ segment: String) -> Bool {
        segment.first == "v" && segment.count > 1
            && segment.dropFirst().allSatisfy { $0.isNumber || $0 == "." }
    }
}

/// The line of the log that tells of one call of the Send API.
struct SendRecord {
    var page: String
    var recipient: String?
    var fault: SendEffect?
    /// What is answered; nil when nothing is.
    var status: Int?
    private var isAccepted = false
    private var messageID: String?
    private var error: GraphError?
    private let parameters: JSONValue
    private let time: Int64

    init(_ parameters: JSONValue, page: String, at time: Int64) {
        self.parameters = parameters
        self.page = page
        self.time = time
        self.recipient = parameters["recipient"]?["id"]?.identifier
    }

    mutating func accepted(_ messageID: String?) {
        isAccepted = true
        status = 200
        self.messageID = messageID
    }

    mutating func refused(_ error: GraphError) {
        status = error.status
        self.error = error
    }

    var json: JSONValue {
        let message = parameters["message"]
        return .members([
            "kind": "send", "time": .integer(time), "page": .string(page),
            "recipient": recipient.map { .string($0) }, "text": message?["text"],
            "attachment": message?["attachment"], "metadata": message?["metadata"],
            "action": parameters["sender_action"],
            "outcome": isAccepted ? "accepted" : "refused",
            "mid": messageID.map { .string($0) },
            "status": status.map { .integer(Int64($0)) } ?? .null,
            "code": error.map { .integer($0.code) },
            "subcode": error?.subcode.map { .integer($0) },
            "fault": fault.map { .string($0.rawValue) },
        ])
    }
}
