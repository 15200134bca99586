import Desk

/// What people do about who has what.
extension Console {
    // MARK: Agents

    /// Most offers are answered; some are let pass.
    func answerOffer() -> Command? {
        guard let conversation = world.generator.pick(offers.sorted()) else { return nil }
        switch world.generator.below(6) {
        case 0...2: return new(.offerAccepted(person, conversation))
        case 3:
            let reason = world.generator.pick(DeclineReason.allCases) ?? .other
            return new(.offerDeclined(person, conversation, reason))
        default: return nil
        }
    }

    func passOn(_ conversation: ConversationID) -> Command {
        let target: TransferTarget =
            switch world.generator.below(8) {
            case 0: .bot
            case 1, 2: .queue(world.generator.pick(Variants.queues) ?? QueueID(1))
            default: .agent(somebody(), isWarm: world.generator.below(2) == 0)
            }
        return new(.transferOrdered(person, conversation, target))
    }

    /// The list of a queue is shown to whoever serves it; here it is read from the tables.
    func takeFromList() -> Command? {
        let waiting = world.database.conversations.values.filter {
            guard case .queue(let queue) = $0.owner else { return false }
            return world.database.isPulled(queue)
        }
        // The first may be nothing for this agent.
        let next = world.generator.pick(waiting.map(\.id).sorted())
        return next.map { new(.conversationTaken(person, $0)) }
    }

    /// Mostly at work, mostly on nothing that keeps them from more.
    func sayPresence() -> Command {
        let presences: [Presence] = [.away, .away, .offline, .available, .busy]
        let presence = world.generator.pick(presences) ?? .away
        let reason = presence == .away ? anyReason() : nil
        return new(.presenceSet(person, presence, reason: reason))
    }

    private func anyReason() -> AwayReasonID? {
        world.generator.pick(world.database.configuration.awayReasons ?? [])?.id
    }

    func sayShiftEnd(of agent: AgentID, by supervisor: AgentID?) -> Command {
        let end = Instant(milliseconds: world.now + world.generator.between(-200, 6_000))
        let isOpen = world.generator.below(4) == 0
        return new(.shiftEndSet(agent, isOpen ? nil : end, by: supervisor))
    }

    // MARK: Supervisors

    func supervise() -> Command? {
        if knowsNoHours, world.generator.below(2) == 0 { return tellHours() }
        // Most runs come to have something to route by, and while there is time for it to matter.
        let isConfigured = world.database.configuration.version > 0
        if !isConfigured, world.generator.below(6) == 0 { return configure() }
        let open = world.database.conversations.values.filter(\.isOpen).map(\.id).sorted()
        let conversation = world.generator.pick(open)
        switch world.generator.below(17) {
        case 13, 14: return turnQueue()
        case 15, 16: return tellHours()
        case 12: return sayShiftEnd(of: somebody(), by: person)
        case 0: return configure()
        case 1: return new(.configurationSet(newConfiguration(), profiles: both(), by: person))
        case 2, 3: return new(.profileSet(somebody(), newProfile(), by: person))
        case 4:
            let presences: [Presence] = [.away, .available, .offline, .busy]
            let presence = world.generator.pick(presences) ?? .away
            let reason = presence == .away ? anyReason() : nil
            return new(.presenceOrdered(somebody(), presence, reason: reason, by: person))
        case 5, 6:
            let queue = world.generator.pick(Variants.queues) ?? QueueID(1)
            let overrides = world.generator.below(3) == 0
            return conversation.map {
                new(.conversationMoved($0, queue, overridesLimit: overrides, by: person))
            }
        case 7, 8:
            let overrides = world.generator.below(2) == 0
            return conversation.map {
                new(
                    .conversationAssigned(
                        $0, somebody(), overridesCapacity: overrides, by: person))
            }
        case 9:
            let priority = world.generator.below(3) == 0 ? nil : world.generator.below(11)
            return conversation.map { new(.prioritySet($0, priority, by: person)) }
        default:
            let compartment = world.generator.below(5) == 0 ? Variants.compartment : nil
            return conversation.map {
                new(
                    .needsSet(
                        $0, Variants.needs(from: &world.generator), compartment, by: person))
            }
        }
    }

    /// When all is calm queues are open and everybody has room for the heaviest work; what agents are
    /// for and what conversations ask for stays as it is.
    func superviseCalmly() -> Command? {
        let closed = world.database.queueStates.values.filter { !$0.isOpen }.map(\.queue).min()
        if let closed { return new(.queueOpened(closed, until: nil, by: person)) }
        let people = world.database.agents.values.sorted { $0.id < $1.id }
        let poor = people.first { $0.capacity < 2 }
        return poor.map { new(.capacitySet($0.id, capacity: 3, by: person)) }
    }

    /// Closes a queue, or opens one: for a while, or until somebody says otherwise.
    private func turnQueue() -> Command {
        let queue = world.generator.pick(Variants.queues) ?? QueueID(1)
        let end = Instant(milliseconds: world.now + world.generator.between(500, 6_000))
        let until = world.generator.below(4) == 0 ? nil : end
        let closes = world.generator.below(2) == 0
        return new(
            closes
                ? .queueClosed(queue, until: until, by: person)
                : .queueOpened(queue, until: until, by: person))
    }

    /// Which queues have hours.
    private var withHours: [QueueID] {
        world.database.configuration.queues.filter { $0.hours != nil }.map(\.id)
    }

    /// Whether hours were configured that were not told yet: the real shell tells them at once.
    private var knowsNoHours: Bool {
        withHours.contains { queue in
            let told = world.database.queueStates[queue]?.hours
            return told.map { $0.knownUntil.milliseconds <= world.now } ?? true
        }
    }

    /// What the real shell computes from a calendar, of all queues with hours or of one: each has its
    /// own.
    private func tellHours() -> Command? {
        let one = world.generator.below(3) == 0 ? world.generator.pick(withHours) : nil
        let hours = (one.map { [$0] } ?? withHours).map { queue in
            QueueHours(
                queue: queue,
                periods: Variants.periods(around: world.now, from: &world.generator),
                knownUntil: Instant(milliseconds: world.now + 60_000))
        }
        guard !hours.isEmpty else { return nil }
        return new(.hoursComputed(hours, version: world.database.configuration.version))
    }

    private func somebody() -> AgentID { AgentID(world.generator.between(1, 4)) }

    /// Sometimes upon the version that is in force, or was; sometimes one that cannot work.
    private func configure() -> Command {
        var wanted = newConfiguration()
        if world.generator.below(2) == 0 { Variants.spoil(&wanted, from: &world.generator) }
        let version = world.database.configuration.version
        let basis: Int64? =
            switch world.generator.below(4) {
            case 0: version
            case 1: version - 1
            default: nil
            }
        return new(.configurationSet(wanted, basedOn: basis, by: person))
    }

    private func newConfiguration() -> Configuration {
        Variants.configuration(from: &world.generator)
    }

    private func newProfile() -> Profile { Variants.profile(from: &world.generator) }

    private func both() -> [AgentProfile] {
        [1, 2].map { AgentProfile(agent: AgentID($0), profile: newProfile()) }
    }
}
