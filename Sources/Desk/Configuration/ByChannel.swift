/// How much of an agent a kind of work takes when it comes over one channel.
public struct ChannelWeight: Equatable, Sendable, Codable {
    /// Which channel.
    public var channel: Channel
    /// How many units of an agent's capacity it takes.
    public var weight: Int

    /// Over this channel it takes this much.
    public init(channel: Channel, weight: Int) {
        self.channel = channel
        self.weight = weight
    }
}

/// In which queue conversations begin that come by one page, by one channel, or by both.
public struct EntryRule: Equatable, Sendable, Codable {
    /// The platform's id of the page, account or number; `nil`: every one.
    public var page: String?
    /// The channel; `nil`: every one.
    public var channel: Channel?
    /// Where they begin.
    public var queue: QueueID

    /// They begin there.
    public init(page: String? = nil, channel: Channel? = nil, queue: QueueID) {
        self.page = page
        self.channel = channel
        self.queue = queue
    }

    /// Whether it is about conversations of this origin.
    func applies(to origin: Origin) -> Bool {
        (page.map { $0 == origin.page } ?? true) && (channel.map { $0 == origin.channel } ?? true)
    }
}

extension Configuration {
    /// Where a conversation of this origin begins: by the rule of its page, else by that of its
    /// channel, else at ``entry``. A rule that names both goes before one of the page alone.
    func entry(of origin: Origin) -> QueueID {
        let rules = (entries ?? []).filter { $0.applies(to: origin) }
        let rule =
            rules.first { $0.page != nil && $0.channel != nil }
            ?? rules.first { $0.page != nil } ?? rules.first
        return rule?.queue ?? entry
    }

    /// How many units of this agent's capacity a conversation of this queue and channel takes. What is
    /// said of their grade goes before what is said of everybody, and there what is said of the channel
    /// before what is said of every channel. Without a channel: what it usually takes.
    func weight(of queue: QueueID, on channel: Channel?, for profile: Profile) -> Int {
        guard let id = self.queue(queue)?.kind else { return 1 }
        let own = grades.first { $0.id == profile.grade }?.weights ?? []
        let weight =
            own.first { $0.kind == id && $0.channel != nil && $0.channel == channel }
            ?? own.first { $0.kind == id && $0.channel == nil }
        if let weight { return weight.weight }
        let kind = kinds.first { $0.id == id }
        return kind?.channels?.first { $0.channel == channel }?.weight ?? kind?.weight ?? 1
    }

    /// Whether one conversation of this queue and channel is no more than the agent's whole capacity:
    /// what is more will never be theirs, whatever they let go of.
    func couldHold(_ agent: Agent, from queue: QueueID, on channel: Channel?) -> Bool {
        weight(of: queue, on: channel, for: agent.profile) <= agent.capacity
    }

    /// Whether conversations of this queue may weigh differently by their channel: then those of one
    /// channel are a line of their own, because an agent may have room for them alone.
    func weighsByChannel(_ queue: QueueID) -> Bool {
        guard let id = self.queue(queue)?.kind else { return false }
        return kinds.contains { $0.id == id && $0.channels?.isEmpty == false }
            || grades.contains { grade in
                grade.weights.contains { $0.kind == id && $0.channel != nil }
            }
    }
}

// MARK: Checks

extension Configuration {
    /// Refuses weights of channels that are out of range or named twice.
    func checkWeights() throws(Rejection) {
        for (place, kind) in kinds.enumerated() {
            let all = kind.channels ?? []
            for (part, weight) in all.enumerated() {
                let field = "kinds[\(place)].channels[\(part)]"
                try within(weight.weight, 1...Limits.maximumCapacity, field + ".weight")
                guard !all[..<part].contains(where: { $0.channel == weight.channel }) else {
                    throw Rejection(.duplicated, field: field + ".channel")
                }
            }
        }
        for (place, grade) in grades.enumerated() {
            for (part, weight) in grade.weights.enumerated() where weight.channel != nil {
                let isTwice = grade.weights[..<part].contains {
                    $0.kind == weight.kind && $0.channel == weight.channel
                }
                guard !isTwice else {
                    throw Rejection(
                        .duplicated, field: "grades[\(place)].weights[\(part)].channel")
                }
            }
        }
    }

    /// Refuses rules of entry that lead nowhere, are about nothing, or say two things of the same.
    func checkEntries() throws(Rejection) {
        let rules = entries ?? []
        guard rules.count <= Limits.configurationParts else {
            throw Rejection(.outOfRange, field: "entries")
        }
        for (place, rule) in rules.enumerated() {
            let field = "entries[\(place)]"
            guard queue(rule.queue) != nil else {
                throw Rejection(.notFound, field: field + ".queue")
            }
            guard rule.page != nil || rule.channel != nil else {
                throw Rejection(.outOfRange, field: field)
            }
            if let page = rule.page {
                // Ids of the platform are words without spaces; nothing else could ever match.
                let isPlain = page.unicodeScalars.allSatisfy { (0x21...0x7E).contains($0.value) }
                try within(
                    isPlain ? page.unicodeScalars.count : 0, 1...Limits.nameLength, field + ".page")
            }
            let isTwice = rules[..<place].contains {
                $0.page == rule.page && $0.channel == rule.channel
            }
            guard !isTwice else { throw Rejection(.duplicated, field: field) }
        }
    }
}
