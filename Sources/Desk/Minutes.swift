/// What one input is decided with, and the events that come of it.
struct Minutes {
    /// What the store knew before the batch.
    let known: Known
    /// The epoch of the node that decides.
    let epoch: Int64
    /// The moment of the decision.
    let at: Instant
    /// Puts what the desk announces into words.
    let composer: Composer?
    /// The events so far.
    private(set) var records: [EventRecord] = []
    /// What the desk wrote so far.
    private(set) var written: [Written] = []

    init(known: Known, epoch: Int64, at: Instant, composer: Composer?) {
        self.known = known
        self.epoch = epoch
        self.at = at
        self.composer = composer
    }

    /// Keeps the words of a message that the desk wrote.
    mutating func write(_ message: Written) { written.append(message) }

    /// Takes down an event under its number, for the feeds of these agents.
    mutating func record(_ event: Event, for audience: [AgentID], number: Int64) {
        records.append(
            EventRecord(number: number, at: at, epoch: epoch, event: event, audience: audience))
    }
}

extension Desk {
    /// The number that the next event will have. What an event brings about is named by it.
    var upcoming: Int64 { lastEvent + 1 }

    /// Numbers an event and takes it down. The audience may name somebody twice and in any order.
    @discardableResult
    mutating func note(_ event: Event, to audience: AgentID?..., in minutes: inout Minutes) -> Int64
    {
        lastEvent += 1
        var agents: [AgentID] = []
        for case let agent? in audience where !agents.contains(agent) { agents.append(agent) }
        if agents.count > 1 { agents.sort() }
        minutes.record(event, for: agents, number: lastEvent)
        return lastEvent
    }
}

extension Owner {
    /// The agent who owns it, if it is one.
    var agent: AgentID? {
        switch self {
        case .agent(let agent): agent
        case .nobody, .bot, .queue: nil
        }
    }
}
