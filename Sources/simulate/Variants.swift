import Desk

/// What supervisors set: a few configurations and profiles that differ in every rule. Each can be
/// served by somebody, so that whatever a run ends with comes to rest.
enum Variants {
    static let skills = [SkillID(1), SkillID(2)]
    static let queues = [QueueID(1), QueueID(2), QueueID(3)]
    static let compartment = CompartmentID(1)

    static func configuration(from generator: inout Generator) -> Configuration {
        let timeout = generator.between(1_000, 4_000)
        let handing: Handing = generator.below(3) == 0 ? .push : .offer(timeout: timeout)
        let steps = [
            Relaxation(after: generator.between(500, 3_000), lowering: 1),
            Relaxation(after: 5_000, lowering: 5),
        ]
        let need = SkillLevel(SkillID(1), 1 + generator.below(3))
        let heavy = WorkKindID(1)
        let wrapUp = WrapUpTime(time: generator.between(1_000, 3_000), maximum: 5_000)
        return Configuration(
            skills: skills.map { Skill(id: $0, name: "skill \($0.number)") },
            kinds: [
                WorkKind(
                    id: heavy, name: "case", weight: generator.below(2) == 0 ? 2 : 1,
                    channels: generator.below(3) == 0
                        ? nil : [ChannelWeight(channel: .whatsApp, weight: 2)])
            ],
            grades: [
                Grade(
                    id: GradeID(1), name: "senior",
                    weights: [
                        Grade.Weight(kind: heavy, weight: 1),
                        Grade.Weight(kind: heavy, weight: 2, channel: .instagram),
                    ])
            ],
            queues: [
                Queue(
                    id: queues[0], name: "service", needs: generator.below(2) == 0 ? [] : [need],
                    relaxations: steps, handing: handing,
                    overflow: Overflow(
                        to: queues[1], afterWait: generator.between(1_500, 6_000),
                        atLength: generator.below(2) == 0 ? nil : 3,
                        whenClosed: generator.below(2) == 0),
                    limit: generator.below(4) == 0 ? nil : 2,
                    stickiness: generator.below(2) == 0 ? 0 : 2_000,
                    announcing: generator.below(2) == 0 ? nil : announcing(from: &generator),
                    abandonment: generator.below(2) == 0 ? nil : generator.between(1_000, 5_000),
                    hours: generator.below(3) == 0 ? hours : nil,
                    targets: generator.below(2) == 0
                        ? nil : targets(escalatingTo: queues[1], from: &generator),
                    wrapUp: generator.below(2) == 0 ? nil : wrapUp),
                Queue(
                    id: queues[1], name: "second", priority: generator.below(3),
                    kind: generator.below(2) == 0 ? nil : heavy,
                    handing: generator.below(2) == 0 ? .push : .offer(timeout: timeout),
                    announcing: generator.below(2) == 0 ? nil : announcing(from: &generator),
                    abandonment: generator.below(3) == 0 ? generator.between(2_000, 8_000) : nil,
                    hours: generator.below(3) == 0 ? hours : nil,
                    targets: generator.below(3) == 0
                        ? targets(escalatingTo: queues[2], from: &generator) : nil,
                    wrapUp: generator.below(2) == 0 ? nil : wrapUp),
                Queue(
                    id: queues[2], name: "list", handing: .pull,
                    overflow: Overflow(to: queues[1], afterWait: 8_000),
                    limit: generator.below(4) == 0 ? nil : 1,
                    hours: generator.below(4) == 0 ? hours : nil),
            ],
            entries: [
                EntryRule(channel: .instagram, queue: queues[1]),
                EntryRule(page: "page 1", queue: queues[2]),
                EntryRule(page: "page 1", channel: .messenger, queue: queues[0]),
            ].filter { _ in generator.below(3) == 0 },
            ageing: generator.between(0, 5_000),
            heavyWork: generator.below(2) == 0 ? .isPassed : .reservesRoom,
            missedOffers: 1 + generator.below(3), transferTimeout: generator.between(1_000, 3_000),
            awayReasons: [AwayReason(id: AwayReasonID(1), name: "lunch")],
            turnOrder: generator.below(4) == 0 ? nil : generator.pick(TurnOrder.allCases),
            compartments: [Compartment(id: compartment, name: "staff")])
    }

    /// What a queue announces that was never asked to.
    static let announcing = Announcing(
        waiting: "place {position}, about {minutes} minutes", nobody: "place {position}",
        positionStep: 1, minutesStep: 1, interval: 5_000, usualPace: 1_000)

    private static func announcing(from generator: inout Generator) -> Announcing {
        Announcing(
            waiting: "place {position}, about {minutes} minutes", nobody: "place {position}",
            closed: ClosedTexts(opening: "closed until {opens}", unknown: "closed"),
            positionStep: 1 + generator.below(2), minutesStep: 1 + generator.below(3),
            interval: generator.between(5_000, 8_000), usualPace: generator.between(500, 90_000))
    }

    /// Seconds instead of hours, with everything that can be done about them.
    private static func targets(
        escalatingTo other: QueueID, from generator: inout Generator
    ) -> [ServiceTarget] {
        let usual = ServiceTarget(
            firstResponse: generator.between(2_000, 6_000),
            reply: generator.below(2) == 0 ? nil : 2_500, warning: generator.between(0, 1_000),
            onWarning: Escalation(priority: 4, queue: generator.below(3) == 0 ? other : nil),
            onBreach: Escalation(priority: 7, queue: other, callsSupervisor: true))
        let urgent = ServiceTarget(
            fromPriority: 5, reply: 1_500, onBreach: Escalation(callsSupervisor: true))
        return generator.below(2) == 0 ? [usual] : [usual, urgent]
    }

    /// Where nothing of a queue is ever sent on to.
    static func elsewhere(than queue: QueueID) -> QueueID {
        queue == queues[0] ? queues[2] : queues[0]
    }

    /// When a queue is open, is told in seconds; what people would say does not matter here.
    static let hours = Hours(
        timeZone: "Etc/UTC",
        weekly: [WeeklyPeriod(day: 1, opens: .startOfDay, closes: .endOfDay)])

    /// A few seconds open, a few closed.
    static func periods(around now: Int64, from generator: inout Generator) -> [OpenPeriod] {
        var periods: [OpenPeriod] = []
        var start = now + generator.between(-3_000, 2_000)
        for _ in 0..<4 {
            let end = start + generator.between(1_000, 8_000)
            if end > now {
                periods.append(
                    OpenPeriod(
                        from: Instant(milliseconds: start), until: Instant(milliseconds: end)))
            }
            start = end + generator.between(500, 4_000)
        }
        return periods
    }

    /// Makes it one that must be refused.
    static func spoil(_ configuration: inout Configuration, from generator: inout Generator) {
        switch generator.below(4) {
        case 0:
            // More than anybody may hold, whatever their grade.
            configuration.kinds[0].weight = Limits.maximumCapacity
            configuration.grades[0].weights = []
            configuration.queues[1].kind = configuration.kinds[0].id
        case 1: configuration.queues[1].overflow = Overflow(to: queues[0], afterWait: 2_000)
        case 2: configuration.queues[2].overflow = Overflow(to: QueueID(7), afterWait: 2_000)
        default: configuration.queues.append(Queue(id: queues[1], name: "second once more"))
        }
    }

    static func profile(from generator: inout Generator) -> Profile {
        Profile(
            grade: generator.below(3) == 0 ? GradeID(1) : nil,
            queues: generator.below(3) == 0 ? [queues[0], queues[2]] : nil,
            skills: skills.filter { _ in generator.below(2) == 0 }.map {
                SkillLevel($0, 1 + generator.below(5))
            },
            compartments: generator.below(2) == 0 ? [] : [compartment],
            barred: generator.below(3) == 0 ? [CustomerID(generator.between(1, 60))] : [])
    }

    static func needs(from generator: inout Generator) -> [SkillLevel] {
        guard generator.below(2) == 0 else { return [] }
        return [
            SkillLevel(
                generator.pick(skills) ?? skills[0], 1 + generator.below(4),
                isFirm: generator.below(4) == 0)
        ]
    }
}
