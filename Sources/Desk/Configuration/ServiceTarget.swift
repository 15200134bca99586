/// What a queue promises its customers, counted in its opening time.
public struct ServiceTarget: Equatable, Sendable, Codable {
    /// The lowest priority that it is for. Of several, the one for the highest priority that is not
    /// above the conversation's counts.
    public var fromPriority: Int
    /// How long a customer waits for a person's first reply at most, in milliseconds; `nil`: nothing
    /// is promised.
    public var firstResponse: Int64?
    /// How long a customer waits for any later reply at most, in milliseconds; `nil`: nothing is
    /// promised.
    public var reply: Int64?
    /// So long before the end of either it is warned of, in milliseconds; 0: not at all.
    public var warning: Int64
    /// What is done at the warning.
    public var onWarning: Escalation?
    /// What is done when a promise is broken.
    public var onBreach: Escalation?

    /// A target with these values.
    public init(
        fromPriority: Int = 0, firstResponse: Int64? = nil, reply: Int64? = nil, warning: Int64 = 0,
        onWarning: Escalation? = nil, onBreach: Escalation? = nil
    ) {
        self.fromPriority = fromPriority
        self.firstResponse = firstResponse
        self.reply = reply
        self.warning = warning
        self.onWarning = onWarning
        self.onBreach = onBreach
    }

    /// Reads it; it is for every priority and without a warning unless it says so.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        fromPriority = try container.decodeIfPresent(Int.self, forKey: .fromPriority) ?? 0
        firstResponse = try container.decodeIfPresent(Int64.self, forKey: .firstResponse)
        reply = try container.decodeIfPresent(Int64.self, forKey: .reply)
        warning = try container.decodeIfPresent(Int64.self, forKey: .warning) ?? 0
        onWarning = try container.decodeIfPresent(Escalation.self, forKey: .onWarning)
        onBreach = try container.decodeIfPresent(Escalation.self, forKey: .onBreach)
    }

    /// How long this may take; `nil`: as long as it will.
    func allowed(_ kind: Target.Kind) -> Int64? {
        switch kind {
        case .firstResponse: firstResponse
        case .reply: reply
        }
    }
}

/// What is done about a conversation whose target is near or past.
public struct Escalation: Equatable, Sendable, Codable {
    /// The priority that it is raised to, unless it has a higher one.
    public var priority: Int?
    /// The queue that it goes to if it still waits; what an agent has stays with them.
    public var queue: QueueID?
    /// Whether supervisors are called to it.
    public var callsSupervisor: Bool

    /// An escalation with these values.
    public init(priority: Int? = nil, queue: QueueID? = nil, callsSupervisor: Bool = false) {
        self.priority = priority
        self.queue = queue
        self.callsSupervisor = callsSupervisor
    }

    /// Reads it; supervisors are not called unless it says so.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        priority = try container.decodeIfPresent(Int.self, forKey: .priority)
        queue = try container.decodeIfPresent(QueueID.self, forKey: .queue)
        callsSupervisor =
            try container.decodeIfPresent(Bool.self, forKey: .callsSupervisor) ?? false
    }
}

extension Configuration {
    /// What is promised to a conversation where it is now.
    func target(of conversation: Conversation) -> ServiceTarget? {
        guard let queue = queue(conversation.queue), let targets = queue.targets else { return nil }
        let priority = conversation.routing.priority ?? queue.priority
        return targets.filter { $0.fromPriority <= priority }
            .max { $0.fromPriority < $1.fromPriority }
    }

    /// Whether any queue promises anything.
    var hasTargets: Bool { queues.contains { $0.targets?.isEmpty == false } }

    /// Refuses promises that contradict each other or themselves.
    func check(_ targets: [ServiceTarget], of queue: QueueID, _ field: String) throws(Rejection) {
        for (place, target) in targets.enumerated() {
            let field = "\(field)[\(place)]"
            guard Limits.priorities.contains(target.fromPriority) else {
                throw Rejection(.outOfRange, field: field + ".fromPriority")
            }
            let isRepeated = targets[..<place].contains { $0.fromPriority == target.fromPriority }
            guard !isRepeated else {
                throw Rejection(.duplicated, field: field + ".fromPriority")
            }
            guard target.firstResponse != nil || target.reply != nil else {
                throw Rejection(.neverEnds, field: field)
            }
            for (name, allowed) in [
                ("firstResponse", target.firstResponse), ("reply", target.reply),
            ] {
                guard let allowed else { continue }
                guard (1...Limits.longestWait).contains(allowed) else {
                    throw Rejection(.outOfRange, field: "\(field).\(name)")
                }
                guard (0..<allowed).contains(target.warning) else {
                    throw Rejection(.outOfRange, field: field + ".warning")
                }
            }
            try check(target.onWarning, of: queue, field + ".onWarning")
            try check(target.onBreach, of: queue, field + ".onBreach")
        }
    }

    private func check(
        _ escalation: Escalation?, of queue: QueueID, _ field: String
    ) throws(Rejection) {
        guard let escalation else { return }
        if let priority = escalation.priority, !Limits.priorities.contains(priority) {
            throw Rejection(.outOfRange, field: field + ".priority")
        }
        guard let other = escalation.queue else { return }
        guard self.queue(other) != nil else { throw Rejection(.notFound, field: field + ".queue") }
        guard other != queue else { throw Rejection(.circular, field: field + ".queue") }
    }
}
