import Desk

/// What decides how a scene of a ``Setup`` goes on. Scenes of the same form do the same for ever, but
/// for names and moments:
///
/// - Names only order things of a kind and tell them apart. So rows are listed in the order of their
///   names, without them.
/// - Every length of time is a whole number of units, and the milliseconds within a unit only grow
///   from one step to the next. So a moment is compared, with whatever added to it, first by its unit
///   and then by its milliseconds, of which only the order matters.
/// - What a rule sets anew before it reads it again is left out, and what none reads.
///
/// That this is so is not only argued: ``Exploration`` follows scenes that it takes for known, and
/// compares.
struct Form: Hashable {
    private var marks: [Int] = []

    init(_ scene: Scene, isExact: Bool = false) {
        let rows = scene.shelf.conversations.values.sorted { $0.id < $1.id }
        let agents = Setup.agents.compactMap { scene.desk.agent($0) }
        let queues = scene.shelf.queueStates.values.sorted { $0.queue < $1.queue }
        let moments =
            rows.flatMap(Self.moments) + agents.flatMap(Self.moments) + queues.flatMap(Self.moments)
        let clock = Clock(now: scene.now, moments: moments, isExact: isExact)
        let customers = rows.map(\.customer)
        for agent in agents { note(agent, customers, clock) }
        if scene.shelf.configuration.awayReasons != nil {
            marks += agents.map { Int($0.attendance.awayReason?.number ?? 0) }
        }
        marks.append(Self.turns(agents))
        for queue in queues { note(queue, clock) }
        for row in rows { note(row, scene, clock) }
    }

    /// How moments are compared.
    private struct Clock {
        let now: Instant
        /// The milliseconds within a unit, in order; `nil`: moments are compared as they are.
        let order: [Int64]?

        init(now: Instant, moments: [Instant], isExact: Bool) {
            self.now = now
            order =
                isExact ? nil : Set(moments.map { $0.milliseconds % Setup.unit }).sorted()
        }

        func mark(_ moment: Instant?) -> Int {
            guard let moment else { return .max }
            guard let order else { return Int(moment.milliseconds - now.milliseconds) }
            let unit = moment.milliseconds / Setup.unit - now.milliseconds / Setup.unit
            let place = order.firstIndex(of: moment.milliseconds % Setup.unit) ?? -1
            return Int(unit) * 100 + place
        }
    }

    private mutating func note(_ agent: Agent, _ customers: [CustomerID], _ clock: Clock) {
        marks.append(Presence.allCases.firstIndex(of: agent.presence) ?? -1)
        marks.append(agent.capacity)
        marks.append(agent.isConnected ? 1 : 0)
        marks.append(agent.missedOffers)
        marks.append(clock.mark(agent.disconnectDeadline))
        let attendance = agent.attendance
        marks.append(clock.mark(attendance.wrapUp?.until))
        marks.append(clock.mark(attendance.wrapUp?.latest))
        marks.append(Int(attendance.wrapUp?.step ?? 0))
        marks.append(clock.mark(attendance.shiftEnd))
        marks.append(attendance.hasShiftEnded ? 1 : 0)
        let profile = agent.profile
        marks.append(Self.mark(profile.skills))
        marks.append(profile.queues.map { Self.mark($0.map { Int($0.number) }) } ?? -1)
        marks.append(Self.mark(profile.compartments.map { Int($0.number) }))
        marks.append(Self.mark(profile.barred.map { customers.firstIndex(of: $0) ?? 99 }))
    }

    /// What has passed of a queue's hours is left out.
    private mutating func note(_ queue: QueueState, _ clock: Clock) {
        marks.append(Int(queue.queue.number))
        marks.append(queue.isOpen ? 1 : 0)
        marks.append(queue.order.map { $0.isOpen ? 1 : 2 } ?? 0)
        marks.append(clock.mark(queue.order?.until))
        marks.append(queue.hours == nil ? 0 : 1)
        for period in Self.toCome(queue) {
            marks.append(clock.now < period.from ? clock.mark(period.from) : -1)
            marks.append(clock.mark(period.until))
        }
        marks.append(.max)
    }

    private mutating func note(_ row: Conversation, _ scene: Scene, _ clock: Clock) {
        marks.append(Self.mark(row.owner))
        marks.append(Self.number(row.routing.lastAgent))
        marks.append(row.routing.priority ?? -1)
        marks.append(Self.mark(row.routing.needs))
        marks.append(Int(row.routing.compartment?.number ?? 0))
        let isPromised = scene.shelf.configuration.queues.contains { $0.targets != nil }
        marks.append(isPromised && row.unread > 0 ? 1 : 0)
        guard row.isOpen else { return }
        marks.append(Int(row.queue.number))
        marks.append(clock.mark(row.waitingSince))
        marks.append(row.routing.relaxed)
        marks.append(Self.mark(row.routing.declined.map { Int($0.number) }))
        marks.append(row.routing.staysInQueue ? 1 : 0)
        marks.append(Self.number(row.routing.reservation?.agent))
        marks.append(clock.mark(row.routing.reservation?.until))
        marks.append(Self.number(row.routing.offer?.agent))
        marks.append(row.routing.offer?.isTransfer == true ? 1 : 0)
        marks.append(clock.mark(row.routing.offer?.deadline))
        note(row.routing.target, scene.shelf.queueStates[row.queue], clock)
    }

    /// A promise ends when so much more time was open: at a moment, if its queue stays as it is.
    private mutating func note(_ target: Target?, _ queue: QueueState?, _ clock: Clock) {
        guard let target else { return marks.append(-1) }
        marks.append(target.kind == .reply ? 1 : 2)
        marks.append(Target.Stage.allCases.firstIndex(of: target.stage) ?? -1)
        marks.append(Int(target.warning))
        marks.append(clock.mark(Self.end(of: target, queue, at: clock.now)))
    }

    // MARK: Moments

    private static func moments(of row: Conversation) -> [Instant] {
        guard row.isOpen else { return [] }
        let others = [row.routing.reservation?.until, row.routing.offer?.deadline]
        let end = row.routing.target.map { Instant(milliseconds: $0.due) }
        return [row.waitingSince] + (others + [end]).compactMap { $0 }
    }

    private static func moments(of agent: Agent) -> [Instant] {
        let attendance = agent.attendance
        return [
            agent.disconnectDeadline, attendance.wrapUp?.until, attendance.wrapUp?.latest,
            attendance.shiftEnd,
        ].compactMap { $0 }
    }

    private static func moments(of queue: QueueState) -> [Instant] {
        toCome(queue).flatMap { [$0.from, $0.until] } + [queue.order?.until].compactMap { $0 }
    }

    private static func toCome(_ queue: QueueState) -> [OpenPeriod] {
        (queue.hours?.periods ?? []).filter { queue.countedAt < $0.until }
    }

    /// The queue has been as it is since its time was counted: the clock is told of every turn.
    private static func end(of target: Target, _ queue: QueueState?, at now: Instant) -> Instant {
        guard let queue else { return Instant(milliseconds: target.due) }
        let passed = queue.isOpen ? now.milliseconds - queue.countedAt.milliseconds : 0
        return now.adding(milliseconds: target.due - queue.openTime - passed)
    }

    private static func mark(_ levels: [SkillLevel]) -> Int {
        mark(levels.map { Int($0.skill.number) * 100 + $0.level * 10 + ($0.isFirm ? 1 : 0) })
    }

    private static func mark(_ numbers: [Int]) -> Int {
        numbers.reduce(numbers.count) { $0 * 1_000 + $1 }
    }

    /// Who of two has been idle longer, if both are available: later moments come after both.
    private static func turns(_ agents: [Agent]) -> Int {
        guard agents.count == 2, agents.allSatisfy({ $0.presence == .available }) else { return 9 }
        let (first, second) = (agents[0].idleSince, agents[1].idleSince)
        return first < second ? 1 : first == second ? 2 : 3
    }

    private static func number(_ agent: AgentID?) -> Int { agent.map { Int($0.number) } ?? 0 }

    private static func mark(_ owner: Owner) -> Int {
        switch owner {
        case .nobody: 0
        case .bot: 1
        case .queue(let queue): 2 + Int(queue.number)
        case .agent(let agent): 100 + Int(agent.number)
        }
    }
}
