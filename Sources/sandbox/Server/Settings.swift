/// What the control API can change while the sandbox runs; every field has its JSON name in the
/// tables below.
struct Settings: Sendable {
    enum Order: String, Sendable, CaseIterable {
        case kept
        case reversed
    }

    /// Where webhooks go; nil sends none.
    var callback: String?
    /// Whether the callback must pass the verification handshake before it gets anything.
    var handshake = true

    var batchSize = 1
    var eventsPerEntry = 1
    /// How long events are gathered before a request leaves.
    var batchWait = 0
    var parallelDeliveries = 16
    /// "Immediately try a few more times", then never again.
    var retries = 3
    var retryDelay = 100
    var answerTimeout = Limits.webhookAnswer
    /// Every Nth delivered request is sent once more; 0 for none.
    var duplicateEvery = 0
    /// In which order a customer's waiting events are taken.
    var order = Order.kept
    var hold: Set<WebhookEvent.Kind> = []
    var drop: Set<WebhookEvent.Kind> = []

    var sendLatency = 0
    var bankLatency = 0
    var sendCallsPerSecond = Limits.sendCallsPerSecond
    var conversationCallsPerSecond = Limits.conversationCallsPerSecond
    /// When the customer's device has, and the customer sees, what the page wrote; -1 for never.
    var deliveredAfter = 100
    var readAfter = 1_000

    private struct NumberField: Sendable {
        var name: String
        var range: ClosedRange<Int>
        var path: any WritableKeyPath<Settings, Int> & Sendable
    }

    private static let numbers: [NumberField] = [
        .init(name: "batch_size", range: 1...Limits.updatesPerWebhook, path: \.batchSize),
        .init(
            name: "events_per_entry", range: 1...Limits.updatesPerWebhook, path: \.eventsPerEntry),
        .init(name: "batch_wait_ms", range: 0...Limits.settingDelay, path: \.batchWait),
        .init(
            name: "parallel_deliveries", range: 1...Limits.parallelDeliveries,
            path: \.parallelDeliveries),
        .init(name: "retries", range: 0...10, path: \.retries),
        .init(name: "retry_delay_ms", range: 0...Limits.settingDelay, path: \.retryDelay),
        .init(name: "answer_timeout_ms", range: 1...Limits.settingDelay, path: \.answerTimeout),
        .init(name: "duplicate_every", range: 0...1_000_000, path: \.duplicateEvery),
        .init(name: "send_latency_ms", range: 0...Limits.settingDelay, path: \.sendLatency),
        .init(name: "bank_latency_ms", range: 0...Limits.settingDelay, path: \.bankLatency),
        .init(name: "send_calls_per_second", range: 1...1_000_000, path: \.sendCallsPerSecond),
        .init(
            name: "conversation_calls_per_second", range: 1...1_000_000,
            path: \.conversationCallsPerSecond),
        .init(name: "delivered_after_ms", range: -1...Limits.settingDelay, path: \.deliveredAfter),
        .init(name: "read_after_ms", range: -1...Limits.settingDelay, path: \.readAfter),
    ]

    var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init(name: "callback", value: callback.map { .string($0) } ?? .null),
            .init(name: "handshake", value: .boolean(handshake)),
        ]
        for field in Settings.numbers {
            members.append(
                .init(name: field.name, value: .integer(Int64(self[keyPath: field.path]))))
        }
        members.append(.init(name: "order", value: .string(order.rawValue)))
        members.append(.init(name: "hold", value: Settings.list(hold)))
        members.append(.init(name: "drop", value: Settings.list(drop)))
        return .object(members)
    }

    /// The settings with the given fields changed; a wrong field changes nothing.
    func changed(by document: JSONValue) throws(ControlError) -> Settings {
        guard case .object(let members) = document else { throw .wrong("", "must be an object") }
        var settings = self
        for member in members { try settings.change(member) }
        return settings
    }

    private mutating func change(_ member: JSONValue.Member) throws(ControlError) {
        if let field = Settings.numbers.first(where: { $0.name == member.name }) {
            guard let number = member.value.integer.flatMap(Int.init(exactly:)),
                field.range.contains(number)
            else {
                throw .wrong(
                    field.name,
                    "must be a number from \(field.range.lowerBound) to \(field.range.upperBound)")
            }
            self[keyPath: field.path] = number
            return
        }
        switch (member.name, member.value) {
        case ("callback", .null): callback = nil
        case ("callback", .string(let url)) where Settings.isHTTP(url): callback = url
        case ("handshake", .boolean(let wanted)): handshake = wanted
        case ("order", .string(let name)):
            guard let order = Order(rawValue: name) else {
                throw .wrong("order", "must be kept or reversed")
            }
            self.order = order
        case ("hold", let list): hold = try Settings.kinds(list, "hold")
        case ("drop", let list): drop = try Settings.kinds(list, "drop")
        case ("callback", _): throw .wrong("callback", "must be an http address or null")
        case ("handshake", _): throw .wrong("handshake", "must be true or false")
        default: throw .wrong(member.name, "is not a setting")
        }
    }

    static func kinds(_ value: JSONValue, _ field: String) throws(ControlError)
        -> Set<WebhookEvent.Kind>
    {
        var kinds: Set<WebhookEvent.Kind> = []
        guard let names = value.array else { throw .wrong(field, "must be a list of event kinds") }
        for name in names {
            guard let kind = name.string.flatMap(WebhookEvent.Kind.init) else {
                let known = WebhookEvent.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw .wrong(field, "may name \(known)")
            }
            kinds.insert(kind)
        }
        return kinds
    }

    static func isHTTP(_ url: String) -> Bool {
        url.hasPrefix("http://") || url.hasPrefix("https://")
    }

    private static func list(_ kinds: Set<WebhookEvent.Kind>) -> JSONValue {
        .array(kinds.map(\.rawValue).sorted().map { .string($0) })
    }
}

/// Why a control request was refused; nothing was changed.
struct ControlError: Error, Sendable {
    var status: Int
    var message: String

    static func wrong(_ field: String, _ reason: String) -> ControlError {
        ControlError(
            status: 400, message: field.isEmpty ? "the body \(reason)" : "\(field) \(reason)")
    }
    static let notFound = ControlError(status: 404, message: "there is no such control address")
}
