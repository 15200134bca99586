import Desk

/// What the committed events say, and nothing else: the auditor's own reading of the rules.
struct Ledger {
    struct Conversation {
        let customer: CustomerID
        var owner = Owner.nobody
        var handoffs = 0
        var waitingSince = Instant(milliseconds: 0)
        /// Who owned it from which event on.
        var history: [(number: Int64, owner: Owner)] = []
    }
    struct Agent {
        var capacity: Int
        var presence = Presence.offline
        var isConnected = false
        var deadline: Instant?
    }
    struct Job {
        let conversation: ConversationID
        let message: MessageID
        let agent: AgentID
        var state = JobState.queued(notBefore: Instant(milliseconds: 0))
        var attempts = 0
        /// Attempts up to this one were given up by a person who ordered the message sent again.
        var excused = 0
        /// Attempts that the node declared surely not taken.
        var denied: Set<Int> = []
    }

    var last: Int64 = 0
    var epoch: Int64 = 0
    var conversations: [ConversationID: Conversation] = [:]
    var agents: [AgentID: Agent] = [:]
    var jobs: [JobID: Job] = [:]
    /// The jobs of each conversation, ascending.
    var lines: [ConversationID: [JobID]] = [:]

    func load(of agent: AgentID) -> Int {
        conversations.values.count { $0.owner == .agent(agent) }
    }

    /// Who waits, by the rule: longest waiting first, then the older conversation.
    var firstWaiting: ConversationID? {
        conversations.filter { $0.value.isWaiting }
            .min { ($0.value.waitingSince, $0.key) < ($1.value.waitingSince, $1.key) }?.key
    }

    func mayBeGivenWork(_ id: AgentID) -> Bool {
        guard let agent = agents[id] else { return false }
        return agent.isConnected && agent.presence == .available && load(of: id) < agent.capacity
    }

    /// What an agent owned when this event had been committed.
    func holdings(of agent: AgentID, at number: Int64) -> [ConversationID] {
        conversations.filter { $0.value.owner(at: number) == .agent(agent) }.map(\.key).sorted()
    }

    /// What was open then.
    func open(at number: Int64) -> [ConversationID] {
        conversations.filter { $0.value.owner(at: number) != .nobody }.map(\.key).sorted()
    }
}

extension Ledger.Conversation {
    var isWaiting: Bool { if case .queue = owner { true } else { false } }

    func owner(at number: Int64) -> Owner {
        history.last { $0.number <= number }?.owner ?? .nobody
    }
}
