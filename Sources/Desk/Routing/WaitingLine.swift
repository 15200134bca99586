/// Those who wait for the same: conversations of one queue that ask for the same skills and weigh the
/// same, and the agents who could serve them.
struct WaitingLine: Sendable {
    /// What they have in common.
    struct Name: Hashable, Sendable {
        let queue: QueueID
        /// What is asked for now, ascending by skill.
        let needs: [SkillLevel]
        let compartment: CompartmentID?
        /// Where what it weighs depends on that; else `nil`.
        var channel: Channel?
    }

    let name: Name
    /// Whether agents take from it what they want: then the desk gives nothing out of it.
    let isPulled: Bool
    /// Who waits: the first is the one to be served next.
    var waiting = RankedQueue<ConversationID, Instant>()
    /// How many wait, here or in other lines of the queue, who will ask for this in the end.
    var ending = 0
    /// The agents who fit and whose whole capacity is enough for one, wherever they are: anybody else
    /// will never be given any of it.
    var able: Set<AgentID> = []
    /// Those of them who are on duty (``Agent/isExpectedOnDuty``), whether they have room or not.
    var onDuty: Set<AgentID> = []
    /// Those of them who have room for one more, the next in turn first.
    var ready = RankedQueue<AgentID, Turn>()
    /// Those who are able and say that they take work. Whoever lost their connection counts until their
    /// grace ends: after a node's start everybody did, and most will be back.
    var there: Set<AgentID> = []

    init(_ name: Name, isPulled: Bool) {
        self.name = name
        self.isPulled = isPulled
    }

    /// How many of those who will ask for this in the end wait for nobody.
    var unservedCount: Int { able.isEmpty ? ending : 0 }
}

/// An agent's place among those who may be given a conversation: least burdened first, as the
/// configuration counts it (``TurnOrder``), then idle longest (then the lowest id, which
/// ``RankedQueue`` adds).
struct Turn: Comparable, Sendable {
    let burden: Int
    let idleSince: Instant

    static func < (left: Self, right: Self) -> Bool {
        if left.burden != right.burden { return left.burden < right.burden }
        return left.idleSince < right.idleSince
    }
}

/// Every line of a desk, by name and by who stands in it. All of it follows from the rows.
struct WaitingLines: Sendable {
    private(set) var all: [WaitingLine] = []
    private var places: [WaitingLine.Name: Int] = [:]
    /// In which line each waiting conversation stands.
    private var lineOf: [ConversationID: Int] = [:]
    /// In which line each will stand when as little is asked for as its queue allows.
    private var endOf: [ConversationID: Int] = [:]
    /// How many wait for nobody (``WaitingLine/able``), now or in the end.
    private(set) var unservedCount = 0
    /// Which lines each agent fits, ascending.
    private(set) var linesOf: [AgentID: [Int]] = [:]
    /// Lines in which somebody may have come to fit somebody since the last look.
    private(set) var unsettled: Set<Int> = []
    /// The agents on duty, whatever they fit.
    private var onDuty: Set<AgentID> = []
    /// Who must not serve a customer, ascending.
    private(set) var barredAgents: [CustomerID: [AgentID]] = [:]

    subscript(line: Int) -> WaitingLine { all[line] }

    /// How many conversations wait.
    var waitingCount: Int { lineOf.count }

    /// How many agents are on duty (``Agent/isExpectedOnDuty``), whatever they fit.
    var onDutyCount: Int { onDuty.count }

    /// The line in which a conversation waits.
    func line(of conversation: ConversationID) -> Int? { lineOf[conversation] }

    /// The line of this name; it is made when there is none, which costs a look at every agent.
    mutating func line(
        named name: WaitingLine.Name, isPulled: Bool, agents: Table<AgentID, Agent>
    ) -> (line: Int, isNew: Bool) {
        if let line = places[name] { return (line, false) }
        let line = all.count
        all.append(WaitingLine(name, isPulled: isPulled))
        places[name] = line
        for id in agents.names {
            if agents[id]?.profile.fits(name) == true { linesOf[id, default: []].append(line) }
        }
        return (line, true)
    }

    /// Puts a conversation into this line, which will end as that one, or out of every line.
    mutating func place(
        _ conversation: ConversationID, in line: Int?, endingAs end: Int?, rank: Instant
    ) {
        if let former = lineOf[conversation], former != line {
            all[former].waiting.set(conversation, rank: nil)
        }
        lineOf[conversation] = line
        if endOf[conversation] != end {
            if let former = endOf[conversation] { change(former) { $0.ending -= 1 } }
            if let end { change(end) { $0.ending += 1 } }
            endOf[conversation] = end
        }
        guard let line else { return }
        all[line].waiting.set(conversation, rank: rank)
        unsettled.insert(line)
    }

    /// Says whether an agent is on duty.
    mutating func place(_ agent: AgentID, isOnDuty: Bool) {
        guard onDuty.contains(agent) != isOnDuty else { return }
        if isOnDuty { onDuty.insert(agent) } else { onDuty.remove(agent) }
    }

    /// Changes who will wait in a line in the end, or who is able to serve it.
    private mutating func change(_ line: Int, by change: (inout WaitingLine) -> Void) {
        unservedCount -= all[line].unservedCount
        change(&all[line])
        unservedCount += all[line].unservedCount
    }

    /// How many of a queue wait for nobody, now or in the end. It costs a look at every line.
    func unservedCount(in queue: QueueID) -> Int {
        guard unservedCount > 0 else { return 0 }
        return all.reduce(0) { $0 + ($1.name.queue == queue ? $1.unservedCount : 0) }
    }

    /// Says whether an agent who fits this line could ever hold one of it, whether they say that they
    /// take work, whether they are on duty, and their turn if they have room.
    mutating func place(
        _ agent: AgentID, in line: Int, isAble: Bool, isThere: Bool, isOnDuty: Bool, turn: Turn?
    ) {
        if isAble != all[line].able.contains(agent) {
            change(line) { if isAble { $0.able.insert(agent) } else { $0.able.remove(agent) } }
        }
        if isThere != all[line].there.contains(agent) {
            if isThere { all[line].there.insert(agent) } else { all[line].there.remove(agent) }
        }
        let was = all[line].onDuty.contains(agent)
        if isOnDuty, !was { all[line].onDuty.insert(agent) }
        if !isOnDuty, was {
            all[line].onDuty.remove(agent)
            // What was kept for them, or what others had declined, may now be anybody's.
            unsettled.insert(line)
        }
        let hadRoom = all[line].ready.rank(of: agent) != nil
        all[line].ready.set(agent, rank: turn)
        if turn != nil, !hadRoom { unsettled.insert(line) }
    }

    /// Learns which lines an agent fits, and whom they must not serve.
    mutating func learn(_ agent: Agent, formerly: Profile?) {
        guard agent.profile != formerly else { return }
        for line in linesOf[agent.id] ?? [] {
            place(
                agent.id, in: line, isAble: false, isThere: false, isOnDuty: false, turn: nil)
        }
        linesOf[agent.id] = all.indices.filter { agent.profile.fits(all[$0].name) }
        for customer in formerly?.barred ?? [] { barredAgents[customer]?.removeSorted(agent.id) }
        for customer in agent.profile.barred {
            barredAgents[customer, default: []].insertSorted(agent.id)
        }
        // A customer who was barred to them may now be theirs.
        unsettled.formUnion(linesOf[agent.id] ?? [])
    }

    /// Says that every line of a queue must be looked at again.
    mutating func unsettle(_ queue: QueueID) {
        unsettled.formUnion(all.indices.filter { all[$0].name.queue == queue })
    }

    /// Who waits in a queue, ascending.
    func members(of queue: QueueID) -> [ConversationID] {
        all.filter { $0.name.queue == queue }.flatMap(\.waiting.members).sorted()
    }

    /// Says that every line must be looked at again.
    mutating func unsettleAll() { unsettled.formUnion(all.indices) }

    /// Says that nobody in this line fits anybody.
    mutating func settle(_ line: Int) { unsettled.remove(line) }
}
