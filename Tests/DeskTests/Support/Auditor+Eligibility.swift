import Desk

/// Who may take what, by plain loops over the auditor's own books.
extension Auditor {
    func agent(_ owner: Owner) -> AgentID? {
        if case .agent(let id) = owner { id } else { nil }
    }

    func queue(_ id: QueueID) -> Queue? { configuration.queues.first { $0.id == id } }

    func weight(_ book: Book, for person: Person) -> Int {
        guard let kind = queue(book.queue)?.kind else { return 1 }
        let work = configuration.kinds.first { $0.id == kind }
        var weight = work?.weight ?? 1
        for each in work?.channels ?? [] where each.channel == book.origin.channel {
            weight = each.weight
        }
        let grade = configuration.grades.first { $0.id == person.profile.grade }
        let own = (grade?.weights ?? []).filter { $0.kind == kind }
        // The last word is that of the grade about this very channel.
        for each in own.reversed() where each.channel == nil { weight = each.weight }
        for each in own.reversed() where each.channel == book.origin.channel {
            weight = each.weight
        }
        return weight
    }

    /// Units of work that somebody has or is offered.
    func load(_ id: AgentID, offered: Bool = true) -> Int {
        guard let person = people[id] else { return 0 }
        return books.values.reduce(0) { sum, book in
            let offer = offered ? book.offer?.agent : nil
            let theirs = [agent(book.owner), offer].filter { $0 == id }.count
            return sum + theirs * weight(book, for: person)
        }
    }

    func isOnDuty(_ id: AgentID) -> Bool {
        guard let person = people[id] else { return false }
        return wantsWork(person) && !person.sockets.isEmpty
    }

    private func wantsWork(_ person: Person) -> Bool {
        person.presence == .available && !person.isFinishing
    }

    /// Whether somebody may take work or be handed some by a person.
    func takesByHand(_ id: AgentID) -> Bool {
        guard let person = people[id], !person.isFinishing else { return false }
        return [.available, .busy].contains(person.presence) && !person.sockets.isEmpty
    }

    /// Whether somebody is on duty, or may be: after a reload not everybody has been heard of.
    func isExpected(_ id: AgentID) -> Bool {
        guard let person = people[id] else { return false }
        let isUnheard = person.sockets.isEmpty && person.deadline == nil
        return isOnDuty(id) || (wantsWork(person) && isUnheard)
    }

    /// The requirements as they are after the relaxations in force.
    func needs(_ book: Book) -> [SkillLevel] {
        var levels: [SkillID: (level: Int, isFirm: Bool)] = [:]
        for need in (queue(book.queue)?.needs ?? []) + book.needs {
            let former = levels[need.skill]
            levels[need.skill] = (
                max(need.level, former?.level ?? 0), need.isFirm || former?.isFirm ?? false
            )
        }
        let steps = queue(book.queue)?.relaxations ?? []
        let lowering = steps.prefix(book.relaxed).last?.lowering ?? 0
        return levels.map { skill, need in
            SkillLevel(skill, need.isFirm ? need.level : need.level - lowering)
        }.filter { $0.level > 0 }
    }

    /// Whether an agent is of the kind that may serve it, whatever else they do: if they had nothing
    /// else, they had room for it.
    func fits(_ id: AgentID, _ book: Book) -> Bool {
        guard let person = people[id], weight(book, for: person) <= person.capacity else {
            return false
        }
        return fits(id, book, isBarred: person.profile.barred.contains(book.customer))
    }

    /// Whether an agent's profile is one that may serve it.
    private func fits(_ id: AgentID, _ book: Book, isBarred: Bool) -> Bool {
        guard let profile = people[id]?.profile, !isBarred else { return false }
        if let queues = profile.queues, !queues.contains(book.queue) { return false }
        if let compartment = book.compartment, !profile.compartments.contains(compartment) {
            return false
        }
        return needs(book).allSatisfy { need in
            profile.skills.contains { $0.skill == need.skill && $0.level >= need.level }
        }
    }

    /// Whether an agent may be given it now, but for the room it takes.
    func mayTakeIfRoom(_ id: AgentID, _ book: Book) -> Bool {
        guard isOnDuty(id), fits(id, book) else { return false }
        let others = people.keys.filter { $0 != id && isExpected($0) && fits($0, book) }
        if let kept = book.reservation?.agent, kept != id, others.contains(kept) { return false }
        if book.declined.contains(id), others.contains(where: { !book.declined.contains($0) }) {
            return false
        }
        return true
    }

    /// Queues that nobody who was ever here could serve, or not all that waits in them, in the end.
    var unserved: [Unserved] {
        guard !people.isEmpty else { return [] }
        return configuration.queues.compactMap { queue in
            let lonely = waiting(in: queue.id).count { id in
                books[id].map { !isForSomebody($0, in: queue) } ?? false
            }
            let isWhole = !Channel.allCases.contains { channel in
                let plain = Book(
                    customer: CustomerID(0), origin: Origin(channel: channel, page: ""),
                    queue: queue.id, waitingSince: moment(0))
                return isForSomebody(plain, in: queue)
            }
            guard isWhole || lonely > 0 else { return nil }
            return Unserved(queue: queue.id, isWhole: isWhole, waiting: lonely)
        }
    }

    /// Whether somebody would fit it after every relaxation, whoever its customer is.
    private func isForSomebody(_ book: Book, in queue: Queue) -> Bool {
        var last = book
        last.relaxed = queue.relaxations.count
        return people.contains { id, person in
            fits(id, last, isBarred: false) && weight(last, for: person) <= person.capacity
        }
    }

    /// Whether the turn of one comes before that of another, both with room.
    func isBefore(_ one: AgentID, _ other: AgentID) -> Bool {
        guard let mine = people[one], let theirs = people[other] else { return false }
        var burdens = (load(one), load(other))
        switch configuration.turnOrder {
        case .leastUnits?, nil: break
        // As fractions of one denominator.
        case .leastShare?: burdens = (burdens.0 * theirs.capacity, burdens.1 * mine.capacity)
        case .longestIdle?: burdens = (0, 0)
        }
        return (burdens.0, mine.idleSince, one) < (burdens.1, theirs.idleSince, other)
    }

    func hasRoom(_ id: AgentID, _ book: Book) -> Bool {
        guard let person = people[id] else { return false }
        return load(id) + weight(book, for: person) <= person.capacity
    }

    func mayTake(_ id: AgentID, _ conversation: ConversationID) -> Bool {
        guard let book = books[conversation], mayTakeIfRoom(id, book), hasRoom(id, book) else {
            return false
        }
        guard configuration.heavyWork == .reservesRoom else { return true }
        return !waiting.contains { other in
            guard other != conversation, let otherBook = books[other] else { return false }
            return rank(other) < rank(conversation) && mayTakeIfRoom(id, otherBook)
                && !hasRoom(id, otherBook)
        }
    }

    /// Who waits in an open queue to be given to an agent: not offered, and not in a queue that agents take from.
    var waiting: [ConversationID] {
        books.filter { _, book in
            guard case .queue(let id) = book.owner, book.offer == nil else { return false }
            return queue(id)?.handing != .pull && isOpen(id)
        }.keys.sorted()
    }

    /// Who waits in one queue and is offered to nobody.
    func waiting(in queue: QueueID) -> [ConversationID] {
        books.filter { $0.value.owner == .queue(queue) && $0.value.offer == nil }.keys.sorted()
    }

    /// Whether somebody says that they take work and could serve it.
    func isThere(_ id: AgentID, for conversation: ConversationID) -> Bool {
        guard let book = books[conversation] else { return false }
        guard let person = people[id], !person.isFinishing else { return false }
        return [.available, .wrapUp].contains(person.presence) && fits(id, book)
    }

    struct Rank: Comparable {
        let since: Int64
        let id: ConversationID

        static func < (left: Self, right: Self) -> Bool {
            (left.since, left.id) < (right.since, right.id)
        }
    }

    func rank(_ id: ConversationID) -> Rank {
        guard let book = books[id] else { return Rank(since: 0, id: id) }
        let priority = book.priority ?? queue(book.queue)?.priority ?? 0
        let worth = Int64(priority) * configuration.ageing
        return Rank(since: book.waitingSince.milliseconds - worth, id: id)
    }
}
