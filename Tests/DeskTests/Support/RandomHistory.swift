import Desk

/// Draws inputs that are likely to matter in a scene, and some that are refused.
struct RandomHistory {
    private var random: Random
    private let agents = (1...4).map { AgentID($0) }
    private let customers = (1...5).map { Digest(high: 0, low: $0) }

    init(seed: UInt64) { random = Random(seed: seed) }

    /// How much time passes before the next input, in milliseconds.
    mutating func pause() -> Int64 {
        random.below(12) == 0 ? Int64(random.below(80_000)) : Int64(random.below(40))
    }

    mutating func chance(of one: Int) -> Bool { random.below(one) == 0 }

    mutating func next(in scene: Scene) -> Input {
        switch random.below(28) {
        case 26, 27: queues(scene)
        case 20...22: handing(scene)
        case 23...25: supervision(scene)
        case 0...3: wrote()
        case 4...7: people(scene)
        case 8...11: conversations(scene)
        case 12...15: sending(scene)
        case 16, 17: report(scene)
        case 18: chance(of: 10) ? .epochBegan : .backfillFinished
        default: .clockReached
        }
    }

    /// Each customer writes by one channel and page.
    private func origin(of thread: Digest) -> Origin {
        Origin(
            channel: Channel.allCases[Int(thread.low) % Channel.allCases.count],
            page: thread.low.isMultiple(of: 2) ? "2" : "1")
    }

    private mutating func wrote() -> Input {
        let thread = random.pick(customers)
        return .customerWrote(
            CustomerWrote(
                thread: thread,
                platformMessage: chance(of: 5) ? nil : platform(random.next()),
                kind: random.pick(CustomerMessageKind.allCases),
                writtenAt: moment(Int64(random.below(100_000))), origin: origin(of: thread)))
    }

    private mutating func people(_ scene: Scene) -> Input {
        let agent = random.pick(agents)
        switch random.below(11) {
        case 7: return .wrapUpExtended(agent)
        case 8: return .presenceSet(agent, .away, reason: AwayReasonID(Int64(random.below(3))))
        case 9: return shiftEnd(of: agent, scene)
        case 10: return .presenceSet(agent, .busy)
        case 0: return .connected(agent, Int64(random.below(3)))
        case 1: return .disconnected(agent, Int64(random.below(3)))
        case 2:
            let count = random.below(4)
            return .agentConnections(agent, Set((0..<count).map { socket(Int64($0)) }))
        case 3: return .capacitySet(agent, capacity: random.below(5) - 1, by: sofia)
        case 4, 5: return .presenceSet(agent, .available)
        default: return .presenceSet(agent, random.pick(Presence.allCases))
        }
    }

    private mutating func shiftEnd(of agent: AgentID, _ scene: Scene) -> Input {
        let end = scene.now.adding(milliseconds: Int64(random.below(60_000)) - 5_000)
        return .shiftEndSet(
            agent, chance(of: 3) ? nil : end, by: chance(of: 2) ? sofia : nil)
    }

    private mutating func conversations(_ scene: Scene) -> Input {
        let known = scene.shelf.conversations.values.sorted { $0.id < $1.id }
        let row = known.isEmpty ? nil : random.pick(known)
        let id = row?.id ?? conversation(1)
        var agent = random.pick(agents)
        if case .agent(let owner)? = row?.owner, !chance(of: 8) { agent = owner }
        switch random.below(5) {
        case 0: return .conversationRead(agent, id)
        case 1: return .conversationClosed(agent, id)
        default: return .agentReplied(agent, id, textDigest: text(UInt64(random.below(3))))
        }
    }

    /// Answers to offers, transfers, and what is taken from a list.
    private mutating func handing(_ scene: Scene) -> Input {
        let known = scene.shelf.conversations.values.sorted { $0.id < $1.id }
        let offered = known.filter { $0.routing.offer != nil }
        if let row = offered.isEmpty ? nil : random.pick(offered), let offer = row.routing.offer,
            !chance(of: 4)
        {
            let agent = chance(of: 8) ? random.pick(agents) : offer.agent
            return chance(of: 2)
                ? .offerAccepted(agent, row.id)
                : .offerDeclined(agent, row.id, random.pick(DeclineReason.allCases))
        }
        let row = known.isEmpty ? nil : random.pick(known)
        let id = row?.id ?? conversation(1)
        guard case .agent(let owner)? = row?.owner else {
            return .conversationTaken(random.pick(agents), id)
        }
        let target: TransferTarget
        switch random.below(6) {
        case 0: target = .bot
        case 1, 2: target = .queue(QueueID(Int64(random.below(4) + 1)))
        default: target = .agent(random.pick(agents), isWarm: chance(of: 2))
        }
        return .transferOrdered(owner, id, target)
    }

    private mutating func supervision(_ scene: Scene) -> Input {
        let known = scene.shelf.conversations.values.sorted { $0.id < $1.id }
        let id = known.isEmpty ? conversation(1) : random.pick(known).id
        switch random.below(9) {
        case 0: return .configurationSet(configuration(), by: sofia)
        case 1, 2: return .profileSet(random.pick(agents), profile(scene), by: sofia)
        case 3:
            return .presenceOrdered(
                random.pick(agents), random.pick(Presence.allCases), by: sofia)
        case 4:
            return .conversationMoved(
                id, QueueID(Int64(random.below(4) + 1)), overridesLimit: chance(of: 3), by: sofia)
        case 5:
            return .conversationAssigned(
                id, random.pick(agents), overridesCapacity: chance(of: 2), by: sofia)
        case 6: return .prioritySet(id, chance(of: 3) ? nil : random.below(12), by: sofia)
        default:
            let compartment = chance(of: 4) ? CompartmentID(1) : nil
            return .needsSet(id, levels(), compartment, by: sofia)
        }
    }

    private mutating func targets(beside number: Int64) -> [ServiceTarget] {
        let escalation = Escalation(
            priority: chance(of: 2) ? random.below(4) : nil,
            queue: number > 1 && chance(of: 2) ? QueueID(1) : nil, callsSupervisor: chance(of: 2))
        let usual = ServiceTarget(
            firstResponse: chance(of: 4) ? nil : 25_000, reply: 12_000, warning: 5_000,
            onWarning: chance(of: 2) ? escalation : nil, onBreach: escalation)
        let urgent = ServiceTarget(fromPriority: 2, firstResponse: 9_000)
        return chance(of: 3) ? [urgent, usual] : [usual]
    }

    /// When queues are open, as the shell would compute it, and what supervisors order about them.
    private mutating func queues(_ scene: Scene) -> Input {
        let queue = QueueID(Int64(random.below(4) + 1))
        let until =
            chance(of: 2)
            ? nil : scene.now.adding(milliseconds: Int64(random.below(60_000)) - 5_000)
        switch random.below(6) {
        case 0: return .queueClosed(queue, until: until, by: sofia)
        case 1, 2: return .queueOpened(queue, until: until, by: sofia)
        default: break
        }
        let configured = scene.shelf.configuration.queues.filter { $0.hours != nil }
        let version = scene.shelf.configuration.version - (chance(of: 10) ? 1 : 0)
        return .hoursComputed(
            configured.map { computed($0.id, around: scene.now) }, version: version)
    }

    private mutating func computed(_ queue: QueueID, around now: Instant) -> QueueHours {
        var periods: [OpenPeriod] = []
        var from = now.adding(milliseconds: Int64(random.below(40_000)) - 20_000)
        for _ in 0..<random.below(4) {
            let until = from.adding(milliseconds: Int64(random.below(60_000)) + 1)
            periods.append(OpenPeriod(from: from, until: until))
            from = until.adding(milliseconds: Int64(random.below(40_000)) + 1)
        }
        return QueueHours(queue: queue, periods: periods, knownUntil: from)
    }

    private mutating func levels() -> [SkillLevel] {
        (1...3 as ClosedRange<Int64>).compactMap { skill -> SkillLevel? in
            guard chance(of: 3) else { return nil }
            return SkillLevel(
                SkillID(skill), random.below(5) + 1, isFirm: chance(of: 5))
        }
    }

    private mutating func profile(_ scene: Scene) -> Profile {
        let met = scene.shelf.conversations.values.map(\.customer).sorted()
        return Profile(
            grade: chance(of: 3) ? GradeID(1) : nil,
            queues: chance(of: 2)
                ? nil : (1...3).map { QueueID($0) }.filter { _ in !chance(of: 3) },
            skills: (1...3 as ClosedRange<Int64>).compactMap { skill -> SkillLevel? in
                guard !chance(of: 4) else { return nil }
                return SkillLevel(SkillID(skill), random.below(5) + 1)
            },
            compartments: chance(of: 3) ? [CompartmentID(1)] : [],
            barred: met.isEmpty || !chance(of: 4) ? [] : [random.pick(met)])
    }

    /// Three queues over three skills, most of it drawn; some of it is refused.
    private mutating func configuration() -> Configuration {
        var all = Configuration()
        all.skills = (1...3).map { Skill(id: SkillID($0), name: "skill \($0)") }
        all.kinds = [
            WorkKind(
                id: WorkKindID(1), name: "case", weight: 2,
                channels: chance(of: 2)
                    ? nil : [ChannelWeight(channel: .whatsApp, weight: random.below(3) + 1)])
        ]
        let own = Grade.Weight(
            kind: WorkKindID(1), weight: random.below(3) + 1,
            channel: chance(of: 3) ? .instagram : nil)
        all.grades = [
            Grade(
                id: GradeID(1), name: "trainee",
                weights: [own, Grade.Weight(kind: WorkKindID(1), weight: 3, channel: .messenger)])
        ]
        all.queues = (1...3).map { queue(Int64($0)) }
        all.entries = [
            EntryRule(channel: .instagram, queue: QueueID(2)),
            EntryRule(page: "2", queue: QueueID(3)),
            EntryRule(page: "2", channel: .whatsApp, queue: QueueID(1)),
        ].filter { _ in chance(of: 2) }
        all.ageing = Int64(random.below(3)) * 20_000
        all.heavyWork = random.pick(HeavyWork.allCases)
        all.missedOffers = random.below(2) + 1
        all.transferTimeout = 15_000
        all.awayReasons = [AwayReason(id: AwayReasonID(1), name: "lunch")]
        all.turnOrder = chance(of: 4) ? nil : random.pick(TurnOrder.allCases)
        all.compartments = [Compartment(id: CompartmentID(1), name: "staff")]
        return all
    }

    private mutating func queue(_ number: Int64) -> Queue {
        var queue = Queue(id: QueueID(number), name: "queue \(number)")
        queue.priority = random.below(3)
        queue.needs = chance(of: 2) ? [] : levels()
        if chance(of: 2) {
            queue.relaxations = [
                Relaxation(after: 5_000, lowering: 1), Relaxation(after: 20_000, lowering: 5),
            ]
        }
        queue.kind = chance(of: 3) ? WorkKindID(1) : nil
        queue.handing = random.pick([.push, .offer(timeout: 10_000), .pull])
        if number > 1, chance(of: 2) {
            queue.overflow = Overflow(
                to: QueueID(1), afterWait: 30_000, atLength: 4, whenClosed: chance(of: 3))
        }
        if chance(of: 2) { queue.limit = random.below(3) + 1 }
        queue.stickiness = chance(of: 3) ? 8_000 : 0
        if chance(of: 2) {
            queue.announcing = Announcing(
                waiting: "{position}: {minutes}", nobody: "{position}",
                closed: chance(of: 3) ? nil : ClosedTexts(opening: "{opens}", unknown: "later"),
                positionStep: random.below(2) + 1, minutesStep: random.below(3) + 1,
                interval: random.pick([5_000, 30_000]), usualPace: random.pick([400, 90_000]))
        }
        if chance(of: 2) { queue.abandonment = random.pick([6_000, 60_000]) }
        if chance(of: 2) { queue.targets = targets(beside: number) }
        if chance(of: 4) {
            queue.hours = Hours(
                timeZone: "Europe/Madrid",
                weekly: [
                    WeeklyPeriod(day: 1, opens: .startOfDay, closes: .endOfDay)
                ])
        }
        if chance(of: 2) { queue.wrapUp = WrapUpTime(time: 6_000, maximum: 15_000) }
        return queue
    }

    private mutating func sending(_ scene: Scene) -> Input {
        let known = scene.shelf.jobs.values.sorted { $0.id < $1.id }
        guard !known.isEmpty else { return .sendingBegan(job(1)) }
        let row = random.pick(Array(known.suffix(12)))
        let isResend = row.state.isSettled && chance(of: 2)
        if isResend {
            var agent = row.agent ?? random.pick(agents)
            if case .agent(let owner)? = scene.shelf.conversations[row.conversation]?.owner {
                agent = owner
            }
            return .resendOrdered(agent, row.id)
        }
        switch row.state {
        case .queued:
            return .sendingBegan(row.id)
        case .sending, .unknown, .sent, .failed, .unconfirmed:
            let outcomes: [SendOutcome] = [
                .sent, .unknown, .unknown, .retry(notBefore: scene.now), .failed(.refused),
            ]
            let attempt = chance(of: 6) ? row.attempts - 1 : row.attempts
            return .sendingEnded(row.id, attempt: attempt, random.pick(outcomes))
        }
    }

    private mutating func report(_ scene: Scene) -> Input {
        let thread = random.pick(customers)
        let recorded = scene.shelf.messages.keys.sorted()
        let about =
            recorded.isEmpty || chance(of: 3) ? platform(random.next()) : random.pick(recorded)
        let kind: ChannelReport.Kind
        switch random.below(9) {
        case 0: kind = .delivered(upTo: scene.now)
        case 1: kind = .read(upTo: scene.now)
        case 2: kind = .reacted(isRemoved: chance(of: 2))
        case 3: kind = .edited
        case 4: kind = .deleted
        case 5: kind = .other
        default: return departure(scene, about, thread)
        }
        return .channelReported(
            ChannelReport(
                thread: thread, platformMessage: about, kind: kind, at: scene.now,
                origin: origin(of: thread)))
    }

    private mutating func departure(
        _ scene: Scene, _ about: Digest, _ thread: Digest
    ) -> Input {
        let known = scene.shelf.jobs.values.sorted { $0.id < $1.id }
        let row = known.isEmpty || chance(of: 4) ? nil : random.pick(known)
        var digest = row?.textDigest
        // A job that turned unconfirmed is matched by its text for as long as its batch lasts, so
        // this alone would depend on where batches end.
        if known.contains(where: { $0.state == .unconfirmed && $0.textDigest == digest }) {
            digest = nil
        }
        let named = row != nil && chance(of: 2)
        let home = row.flatMap { scene.shelf.conversations[$0.conversation]?.thread }
        return .channelReported(
            ChannelReport(
                thread: home ?? thread, platformMessage: about,
                kind: .messageLeft(job: named ? row?.id : nil, textDigest: named ? nil : digest),
                at: scene.now, origin: origin(of: home ?? thread)))
    }
}
