extension Configuration {
    /// Refuses a configuration that could not work, naming the field and what is wrong with it. The
    /// whole is judged, with the agents that there are.
    func check(agents: [Agent]) throws(Rejection) {
        try checkNames()
        try checkNumbers()
        try checkWeights()
        try checkEntries()
        for (place, queue) in queues.enumerated() {
            try check(queue, at: "queues[\(place)]", agents)
        }
        try checkCircles()
    }

    // MARK: Names

    private func checkNames() throws(Rejection) {
        try unique(skills.map(\.id), "skills")
        try unique(kinds.map(\.id), "kinds")
        try unique(grades.map(\.id), "grades")
        try unique(queues.map(\.id), "queues")
        try unique((awayReasons ?? []).map(\.id), "awayReasons")
        try unique((compartments ?? []).map(\.id), "compartments")
        try readable(skills.map(\.name), "skills")
        try readable(kinds.map(\.name), "kinds")
        try readable(grades.map(\.name), "grades")
        try readable(queues.map(\.name), "queues")
        try readable((awayReasons ?? []).map(\.name), "awayReasons")
        try readable((compartments ?? []).map(\.name), "compartments")
        guard queue(entry) != nil else { throw Rejection(.notFound, field: "entry") }
        for (place, grade) in grades.enumerated() {
            for (part, weight) in grade.weights.enumerated() {
                let field = "grades[\(place)].weights[\(part)]"
                guard kinds.contains(where: { $0.id == weight.kind }) else {
                    throw Rejection(.notFound, field: field + ".kind")
                }
                try within(weight.weight, 1...Limits.maximumCapacity, field + ".weight")
            }
        }
    }

    private func unique<Kind>(_ ids: [Identifier<Kind>], _ field: String) throws(Rejection) {
        guard ids.count <= Limits.configurationParts else {
            throw Rejection(.outOfRange, field: field)
        }
        for (place, id) in ids.enumerated() {
            let field = "\(field)[\(place)].id"
            guard id.number > 0 else { throw Rejection(.outOfRange, field: field) }
            guard !ids[..<place].contains(id) else { throw Rejection(.duplicated, field: field) }
        }
    }

    /// A name is shown on one line of a screen.
    private func readable(_ names: [String], _ field: String) throws(Rejection) {
        for (place, name) in names.enumerated() {
            let isReadable =
                (1...Limits.nameLength).contains(name.unicodeScalars.count)
                && !name.unicodeScalars.contains { $0.value < 0x20 }
            guard isReadable else {
                throw Rejection(.outOfRange, field: "\(field)[\(place)].name")
            }
        }
    }

    // MARK: Numbers

    private func checkNumbers() throws(Rejection) {
        try within(ageing, 0...Limits.longestWait, "ageing")
        try within(missedOffers, 1...Limits.maximumCapacity, "missedOffers")
        try within(transferTimeout, Limits.offerTimes, "transferTimeout")
        for (place, kind) in kinds.enumerated() {
            try within(kind.weight, 1...Limits.maximumCapacity, "kinds[\(place)].weight")
        }
    }

    func within<Number: Comparable>(
        _ number: Number, _ range: ClosedRange<Number>, _ field: String
    ) throws(Rejection) {
        guard range.contains(number) else { throw Rejection(.outOfRange, field: field) }
    }

    // MARK: Queues

    private func check(_ queue: Queue, at field: String, _ agents: [Agent]) throws(Rejection) {
        try within(queue.priority, Limits.priorities, field + ".priority")
        try within(queue.stickiness, 0...Limits.longestWait, field + ".stickiness")
        try checkSkills(queue.needs, field + ".needs")
        if let kind = queue.kind, !kinds.contains(where: { $0.id == kind }) {
            throw Rejection(.notFound, field: field + ".kind")
        }
        switch queue.handing {
        case .push, .pull: break
        case .offer(let timeout): try within(timeout, Limits.offerTimes, field + ".handing.timeout")
        }
        if let wrapUp = queue.wrapUp {
            try within(wrapUp.time, Limits.wrapUpTimes, field + ".wrapUp.time")
            try within(
                wrapUp.maximum, wrapUp.time...Limits.wrapUpTimes.upperBound,
                field + ".wrapUp.maximum")
        }
        try check(queue.relaxations, of: queue, field + ".relaxations")
        if let overflow = queue.overflow { try check(overflow, field + ".overflow") }
        if let limit = queue.limit {
            try within(limit, 1...Limits.longestQueue, field + ".limit")
        }
        if let announcing = queue.announcing { try check(announcing, field + ".announcing") }
        if let silence = queue.abandonment {
            try within(silence, Limits.abandonments, field + ".abandonment")
        }
        if let targets = queue.targets { try check(targets, of: queue.id, field + ".targets") }
        if let hours = queue.hours { try hours.check(field + ".hours") }
        // Before anybody has signed in there is nobody to judge by.
        guard !agents.isEmpty else { return }
        switch shortfall(of: queue, among: agents) {
        case nil: break
        case .nobodyFits: throw Rejection(.unservable, field: field)
        case .isTooHeavy:
            throw Rejection(.unservable, field: queue.kind == nil ? field : field + ".kind")
        }
    }

    /// Refuses skills that are unknown, named twice or out of range.
    func checkSkills(_ levels: [SkillLevel], _ field: String) throws(Rejection) {
        for (place, level) in levels.enumerated() {
            guard skills.contains(where: { $0.id == level.skill }) else {
                throw Rejection(.notFound, field: "\(field)[\(place)].skill")
            }
            guard !levels[..<place].contains(where: { $0.skill == level.skill }) else {
                throw Rejection(.duplicated, field: "\(field)[\(place)].skill")
            }
            try within(level.level, Limits.levels, "\(field)[\(place)].level")
        }
    }

    /// Each step comes later than the one before and asks for less; otherwise it would never end, or
    /// never begin.
    private func check(
        _ steps: [Relaxation], of queue: Queue, _ field: String
    ) throws(Rejection) {
        guard steps.count <= Limits.relaxations else { throw Rejection(.outOfRange, field: field) }
        var former = Relaxation(after: 0, lowering: 0)
        for (place, step) in steps.enumerated() {
            try within(step.after, 1...Limits.longestWait, "\(field)[\(place)].after")
            try within(step.lowering, 1...Limits.levels.upperBound, "\(field)[\(place)].lowering")
            guard step.after > former.after else {
                throw Rejection(.neverEnds, field: "\(field)[\(place)].after")
            }
            guard step.lowering > former.lowering else {
                throw Rejection(.neverEnds, field: "\(field)[\(place)].lowering")
            }
            former = step
        }
    }

    private func check(_ overflow: Overflow, _ field: String) throws(Rejection) {
        guard queue(overflow.to) != nil else { throw Rejection(.notFound, field: field + ".to") }
        if let wait = overflow.afterWait {
            try within(wait, 1...Limits.longestWait, field + ".afterWait")
        }
        if let length = overflow.atLength {
            try within(length, 1...Limits.longestQueue, field + ".atLength")
        }
    }

    /// A conversation that overflows never comes back to a queue that it left.
    private func checkCircles() throws(Rejection) {
        for (place, start) in queues.enumerated() {
            var passed: Set<QueueID> = [start.id]
            var next = start.overflow?.to
            while let id = next {
                guard passed.insert(id).inserted else {
                    throw Rejection(.circular, field: "queues[\(place)].overflow.to")
                }
                next = queue(id)?.overflow?.to
            }
        }
    }

    // MARK: Profiles

    /// Refuses a profile that names what is not configured.
    func check(_ profile: Profile) throws(Rejection) {
        if let grade = profile.grade, !grades.contains(where: { $0.id == grade }) {
            throw Rejection(.notFound, field: "profile.grade")
        }
        for (place, id) in (profile.queues ?? []).enumerated() where queue(id) == nil {
            throw Rejection(.notFound, field: "profile.queues[\(place)]")
        }
        try checkSkills(profile.skills, "profile.skills")
        guard profile.barred.count <= Limits.barredCustomers else {
            throw Rejection(.outOfRange, field: "profile.barred")
        }
        guard profile.compartments.count <= Limits.configurationParts else {
            throw Rejection(.outOfRange, field: "profile.compartments")
        }
    }
}

extension Configuration {
    /// The queue of this number, if there is one.
    public func queue(_ id: QueueID) -> Queue? { queues.first { $0.id == id } }

    /// What the queue asks for when its last relaxation is in force.
    func leastNeeds(of queue: Queue) -> [SkillLevel] {
        queue.needs.lowered(by: queue.relaxations.last?.lowering ?? 0)
    }

    /// What a conversation asks for now: what its queue asks for and what it asks for itself, the
    /// higher level of both, less what has been relaxed.
    func needs(of conversation: Conversation) -> [SkillLevel] {
        let routing = conversation.routing
        let queue = queue(conversation.queue)
        var needs = queue?.needs ?? []
        for own in routing.needs {
            guard let place = needs.firstIndex(where: { $0.skill == own.skill }) else {
                needs.append(own)
                continue
            }
            needs[place].level = max(needs[place].level, own.level)
            needs[place].isFirm = needs[place].isFirm || own.isFirm
        }
        guard !needs.isEmpty else { return needs }
        var lowering = 0
        if let steps = queue?.relaxations, routing.relaxed > 0, !steps.isEmpty {
            lowering = steps[min(routing.relaxed, steps.count) - 1].lowering
        }
        return needs.lowered(by: lowering).sorted()
    }
}

extension Array where Element == SkillLevel {
    /// With every level that is not firm lowered; what falls below 1 is not asked for.
    fileprivate func lowered(by lowering: Int) -> [SkillLevel] {
        guard lowering > 0 else { return self }
        return compactMap { need in
            guard !need.isFirm else { return need }
            guard need.level > lowering else { return nil }
            return SkillLevel(need.skill, need.level - lowering)
        }
    }
}
