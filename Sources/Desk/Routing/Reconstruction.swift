/// What a desk's rows were at a moment of the past, as far as they decide who may take what: made from
/// events alone, in order, so that it can be said why nobody was given a conversation then.
///
/// Of two things the ledger tells only that they changed: what an agent is for, and what a conversation
/// asks for itself. Both are adopted as they are now, and it is told which of them have changed since.
/// The rules are those of this program, whichever decided then.
public struct Reconstruction: Sendable {
    private let versions: [Int64: Configuration]
    private var configuration = Configuration()
    private var conversations: [ConversationID: Conversation] = [:]
    private var agents: [AgentID: Agent] = [:]
    private var queueStates: [QueueID: QueueState] = [:]
    /// When something was last set by which conversations may be taken back from who must not have
    /// them; `nil` once something else followed.
    private var setAt: Instant?
    private var changedAgents: Set<AgentID> = []
    private var changedConversations: Set<ConversationID> = []

    /// Nothing has happened. Needs every version of the configuration that is in force on the way.
    public init(configurations: [Configuration]) {
        versions = Dictionary(
            configurations.map { ($0.version, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// An explanation of the past, with what in it may have been otherwise.
    public struct Past: Equatable, Sendable {
        /// The explanation as of then.
        public let explanation: Explanation
        /// The agents for whom what they are for has changed since, ascending.
        public let agentsChangedSince: [AgentID]
        /// Whether what the conversation asks for has changed since.
        public let needsChangedSince: Bool
    }

    /// The configuration in force.
    public var inForce: Configuration { configuration }

    /// Every conversation that is open, ascending.
    public var open: [ConversationID] { conversations.values.filter(\.isOpen).map(\.id).sorted() }

    /// Why a conversation waited at a moment that is not before the latest event that was followed;
    /// `nil` when it was closed, or not there yet.
    public func explain(_ id: ConversationID, at moment: Instant) -> Past? {
        let desk = Desk(state: rows(at: moment), rules: Rules())
        guard let explanation = desk.explain(id) else { return nil }
        return Past(
            explanation: explanation, agentsChangedSince: changedAgents.sorted(),
            needsChangedSince: changedConversations.contains(id))
    }

    /// The rows as far as they decide who may take what, with who was connected. That something is no
    /// longer kept for somebody is no event.
    public func rows(at moment: Instant) -> DeskState {
        var state = DeskState()
        state.configuration = configuration
        state.agents = agents.values.sorted { $0.id < $1.id }
        state.queueStates = queueStates.values.sorted { $0.queue < $1.queue }
        state.conversations = conversations.values.filter(\.isOpen).sorted { $0.id < $1.id }
        for index in state.conversations.indices {
            let kept = state.conversations[index].routing.reservation
            if let kept, kept.until <= moment {
                state.conversations[index].routing.reservation = nil
            }
        }
        return state
    }

    // MARK: What is adopted

    /// What an agent is for, as of now.
    public mutating func adopt(_ profile: Profile, of agent: AgentID) {
        agents[agent]?.profile = profile
    }

    /// What a conversation asks for itself, as of now.
    public mutating func adopt(
        _ needs: [SkillLevel], _ compartment: CompartmentID?, of conversation: ConversationID
    ) {
        conversations[conversation]?.routing.needs = needs
        conversations[conversation]?.routing.compartment = compartment
    }

    /// By what a conversation's messages come, which stays as it was.
    public mutating func adopt(_ origin: Origin, of conversation: ConversationID) {
        conversations[conversation]?.origin = origin
    }

    /// An event after the moment in question: what it changed was adopted as it is now.
    public mutating func noteLater(_ record: EventRecord) {
        if case .profileChanged(let agent, by: _) = record.event, agents[agent] != nil {
            changedAgents.insert(agent)
        }
        if case .needsChanged(let conversation, by: _) = record.event {
            changedConversations.insert(conversation)
        }
    }
}

extension Reconstruction {
    /// The next event.
    public mutating func follow(_ record: EventRecord) {
        switch record.event {
        case .conversationOpened(let id, let customer, let queue):
            conversations[id] = Conversation(
                id: id, customer: customer, thread: Digest(high: 0, low: UInt64(id.number)),
                queue: queue, owner: .nobody, handoffs: 0, waitingSince: record.at,
                openedAt: record.at, lastMessageAt: record.at,
                customerWroteAt: Conversation.neverWrote, unread: 0)
        case .ownerChanged(let handoff): follow(handoff, record)
        case .offerMade(let id, let offer, _):
            conversations[id]?.routing.offer = offer
            if !offer.isTransfer { agents[offer.agent]?.idleSince = record.at }
        case .offerEnded(let id, let agent, let end):
            conversations[id]?.routing.offer = nil
            switch end {
            case .declined, .timedOut: conversations[id]?.routing.declined.insertSorted(agent)
            case .accepted, .withdrawn: break
            }
        case .needsRelaxed(let id, let steps): conversations[id]?.routing.relaxed = steps
        case .priorityChanged(let id, let priority, by: _):
            conversations[id]?.routing.priority = priority
        case .agentEntered(let id, let capacity):
            agents[id] = Agent(
                id: id, presence: .offline, capacity: capacity, disconnectDeadline: nil,
                idleSince: record.at)
        case .agentConnected(let id):
            // One stands for all: which they were is not on record.
            agents[id]?.connections = [ConnectionID(1)]
            agents[id]?.disconnectDeadline = nil
        case .agentDisconnected(let id, let deadline):
            agents[id]?.connections = []
            agents[id]?.disconnectDeadline = deadline
        case .presenceChanged(let id, let presence, _, by: _): follow(id, presence, record.at)
        case .shiftEndChanged(let id, _, by: _): agents[id]?.attendance.hasShiftEnded = false
        case .shiftEnded(let id): agents[id]?.attendance.hasShiftEnded = true
        case .capacityChanged(let id, let capacity, by: _): agents[id]?.capacity = capacity
        case .configurationChanged:
            configuration = versions[record.number] ?? configuration
        case .queueTurned(let queue, let isOpen, until: _, by: _):
            queueStates[queue] = QueueState(
                queue: queue, isOpen: isOpen, openTime: 0, countedAt: record.at)
        case .epochBegan:
            for id in agents.keys { agents[id]?.connections = [] }  // any order: all alike
        case .profileChanged, .needsChanged: setAt = record.at
        case .customerMet, .messageReceived, .messageSentElsewhere, .messageWritten,
            .announcementWritten, .messagesDelivered, .messagesRead, .messageReacted,
            .messageEdited,
            .messageDeleted, .channelEventKept, .conversationRead, .wrapUpChanged, .queueHoursSet,
            .targetWarned, .targetBreached, .targetMet, .jobChanged, .inputQuarantined:
            break
        }
        if !Self.mayFollowSetting(record.event) { setAt = nil }
    }

    /// What is taken back from who must not have it follows at once upon what was set.
    private static func mayFollowSetting(_ event: Event) -> Bool {
        if case .profileChanged = event { return true }
        if case .needsChanged = event { return true }
        if case .needsRelaxed = event { return true }
        if case .offerEnded(_, _, .withdrawn) = event { return true }
        if case .ownerChanged(let handoff) = event { return handoff.reason == .moved }
        return false
    }

    private mutating func follow(_ id: AgentID, _ presence: Presence, _ at: Instant) {
        agents[id]?.presence = presence
        switch presence {
        case .available: agents[id]?.idleSince = at
        case .offline:
            agents[id]?.disconnectDeadline = nil
            agents[id]?.attendance.hasShiftEnded = false
        case .away, .busy, .wrapUp: break
        }
    }

    private mutating func follow(_ handoff: Handoff, _ record: EventRecord) {
        guard var conversation = conversations[handoff.conversation] else { return }
        conversation.handoffs = handoff.number
        conversation.owner = handoff.to
        if case .queue(let queue) = handoff.to {
            if conversation.queue != queue { conversation.routing.relaxed = 0 }
            conversation.queue = queue
        }
        let stickiness = configuration.queue(conversation.queue)?.stickiness ?? 0
        switch (handoff.from, handoff.to) {
        case (.nobody, .queue), (.bot, .queue):
            conversation.waitingSince = record.at
            conversation.routing.declined = []
            if stickiness > 0, let last = conversation.routing.lastAgent {
                conversation.routing.reservation = Reservation(
                    agent: last, until: record.at.adding(milliseconds: stickiness))
            }
        case (.agent(let agent), .queue):
            if isPassedOn(handoff, record) { conversation.routing.declined.insertSorted(agent) }
        case (_, .agent(let agent)):
            conversation.routing.reservation = nil
            conversation.routing.relaxed = 0
            conversation.routing.lastAgent = stickiness > 0 ? agent : nil
            if handoff.reason == .assigned { agents[agent]?.idleSince = record.at }
        case (_, .nobody), (_, .bot):
            conversation.routing.reservation = nil
            conversation.routing.relaxed = 0
        case (.queue, .queue): break
        }
        conversations[conversation.id] = conversation
    }

    /// Whether a person wanted somebody else to have it, and not only that this agent must not.
    private func isPassedOn(_ handoff: Handoff, _ record: EventRecord) -> Bool {
        switch handoff.reason {
        case .transferred, .movedOverLimit: true
        case .moved: setAt != record.at
        case .customerWrote, .assigned, .disconnected, .wentOffline, .closed, .offerAccepted,
            .taken, .overflowed, .assignedBySupervisor, .assignedOverCapacity, .abandoned,
            .escalated, .botAbsent:
            false
        }
    }
}
