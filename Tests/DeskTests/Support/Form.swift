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

    init(_ scene: Scene) {
        let rows = scene.shelf.conversations.values.sorted { $0.id < $1.id }
        let agents = Setup.agents.compactMap { scene.desk.agent($0) }
        let moments = rows.flatMap(Self.moments) + agents.compactMap(\.disconnectDeadline)
        let order = Set(moments.map { $0.milliseconds % Setup.unit }).sorted()
        func mark(_ moment: Instant?) {
            guard let moment else { return marks.append(.max) }
            let unit = moment.milliseconds / Setup.unit - scene.now.milliseconds / Setup.unit
            let place = order.firstIndex(of: moment.milliseconds % Setup.unit) ?? -1
            marks.append(Int(unit) * 100 + place)
        }
        for agent in agents {
            marks.append(Presence.allCases.firstIndex(of: agent.presence) ?? -1)
            marks.append(agent.capacity)
            marks.append(agent.isConnected ? 1 : 0)
            marks.append(agent.missedOffers)
            mark(agent.disconnectDeadline)
        }
        marks.append(Self.turns(agents))
        for row in rows {
            marks.append(Self.mark(row.owner))
            marks.append(Self.number(row.routing.lastAgent))
            marks.append(row.routing.priority ?? -1)
            guard row.isOpen else { continue }
            marks.append(Int(row.queue.number))
            mark(row.waitingSince)
            marks.append(row.routing.relaxed)
            marks.append(row.routing.declined.reduce(0) { $0 * 100 + Int($1.number) })
            marks.append(row.routing.staysInQueue ? 1 : 0)
            marks.append(Self.number(row.routing.reservation?.agent))
            mark(row.routing.reservation?.until)
            marks.append(Self.number(row.routing.offer?.agent))
            marks.append(row.routing.offer?.isTransfer == true ? 1 : 0)
            mark(row.routing.offer?.deadline)
        }
    }

    private static func moments(of row: Conversation) -> [Instant] {
        guard row.isOpen else { return [] }
        let others = [row.routing.reservation?.until, row.routing.offer?.deadline]
        return [row.waitingSince] + others.compactMap { $0 }
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
