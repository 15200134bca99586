/// A queue in which something waits, or would wait, for nobody: whoever works here, however long it
/// takes (decision 21).
public struct Unserved: Equatable, Sendable {
    /// Which queue.
    public let queue: QueueID
    /// Whether nobody could serve even what asks for nothing besides its queue.
    public let isWhole: Bool
    /// How many wait in it for nobody. Who is barred from which customer is not looked at.
    public let waiting: Int

    /// So many wait in this queue for nobody.
    public init(queue: QueueID, isWhole: Bool, waiting: Int) {
        self.queue = queue
        self.isWhole = isWhole
        self.waiting = waiting
    }
}

extension Desk {
    /// How many conversations wait for nobody; see ``Unserved/waiting``.
    public var unservedCount: Int { agents.isEmpty ? 0 : waitingLines.unservedCount }

    /// Every queue that nobody can serve, or not all of it, as configured. It costs a look at every line,
    /// and for such a queue one at every agent.
    public var unserved: [Unserved] {
        // Before anybody has come there is nobody to judge by.
        guard !agents.isEmpty else { return [] }
        let people = agents.names.compactMap { agents[$0] }
        return configuration.queues.compactMap { queue in
            let isWhole = configuration.shortfall(of: queue, among: people) != nil
            let waiting = waitingLines.unservedCount(in: queue.id)
            guard isWhole || waiting > 0 else { return nil }
            return Unserved(queue: queue.id, isWhole: isWhole, waiting: waiting)
        }
    }

    /// Whether anybody who works here could be given this where it waits, now or when less is asked for.
    func isServable(_ conversation: Conversation) -> Bool {
        let last = lastLineName(of: conversation)
        return agents.names.contains { id in
            guard let agent = agents[id] else { return false }
            return agent.profile.fits(last)
                && configuration.couldHold(
                    agent, from: last.queue, on: conversation.origin.channel)
                && !agent.profile.barred.contains(conversation.customer)
        }
    }

    /// What a conversation waits for when its queue's last relaxation is in force.
    func lastLineName(of conversation: Conversation) -> WaitingLine.Name {
        var last = conversation
        last.routing.relaxed = configuration.queue(conversation.queue)?.relaxations.count ?? 0
        return lineName(of: last)
    }
}

extension Configuration {
    /// Why nobody of these people could serve what a queue asks for at the least.
    enum Shortfall {
        /// Nobody serves the queue and has its skills.
        case nobodyFits
        /// Its work weighs more than the capacity of each who does, over every channel.
        case isTooHeavy
    }

    /// Why nobody could serve what this queue asks for at the least; `nil` when somebody could.
    func shortfall(of queue: Queue, among people: [Agent]) -> Shortfall? {
        let least = WaitingLine.Name(
            queue: queue.id, needs: leastNeeds(of: queue), compartment: nil)
        var shortfall = Shortfall.nobodyFits
        for person in people where person.profile.fits(least) {
            shortfall = .isTooHeavy
            if Channel.allCases.contains(where: { couldHold(person, from: queue.id, on: $0) }) {
                return nil
            }
        }
        return shortfall
    }
}
