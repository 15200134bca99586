/// The rules of one desk, as a value: it decides each input by itself, from what it holds and what is
/// told with the input. It does no I/O, reads no clock and draws no random number, so the same inputs
/// always come to the same events.
///
/// It holds what is alive (open conversations, agents, unsettled jobs) and, until the batch ends,
/// what was closed or settled in it. All else is told by ``Known``.
public struct Desk: Sendable {
    /// What it is configured with.
    public let rules: Rules
    /// The number of the latest event; 0 for a new desk.
    public internal(set) var lastEvent: Int64
    /// What it routes by.
    public internal(set) var configuration: Configuration
    /// What it came to route by in this batch, one version after the other.
    var newConfigurations: [Configuration] = []

    /// Open conversations, and those closed or written about in this batch.
    var conversations = Table<ConversationID, Conversation>()
    /// Of these, whose activity changed in this batch.
    var active: Set<ConversationID> = []
    /// Every agent ever seen.
    var agents = Table<AgentID, Agent>()
    /// What changes about queues while the desk runs: for those that ever closed or have hours.
    var queueStates = Table<QueueID, QueueState>()
    /// Unsettled jobs, and those settled in this batch.
    var jobs = Table<JobID, Job>()

    /// How fast queues that announce are served.
    var paces = Table<QueueID, QueuePace>()

    // Everything below follows from the tables and is kept by the `put` functions in Holding.swift,
    // but for `recorded` and the two about settling.

    /// The conversation of each thread, of those held.
    var threads: [Digest: ConversationID] = [:]
    /// What each agent owns, ascending.
    var owned: [AgentID: [ConversationID]] = [:]
    /// The jobs of each conversation, of those held, ascending: the order in which they leave.
    var lines: [ConversationID: [JobID]] = [:]
    /// What is offered to each agent, ascending.
    var offered: [AgentID: [ConversationID]] = [:]
    /// Whose shift is over while they still have something, ascending.
    var finishing: [AgentID] = []
    /// How many wait in each queue.
    var queued: [QueueID: Int] = [:]
    /// The promises that run in each queue, by what its clock of opening time shows at the next step.
    var targets: [QueueID: RankedQueue<ConversationID, Int64>] = [:]
    /// Who waits unanswered where silence ends, by what the queue's clock shows when they count as gone.
    var silences: [QueueID: RankedQueue<ConversationID, Int64>] = [:]
    /// Whom anything is promised, by when that began.
    var promised = RankedQueue<ConversationID, Instant>()
    /// Whether any queue promises anything: otherwise nothing is looked up for a message.
    var hasTargets = false
    /// Who waits, and who may be given a conversation now.
    var waitingLines = WaitingLines()
    /// What falls due.
    var deadlines = RankedQueue<Due, Instant>()
    /// When it is looked what waiting customers are to be told.
    var looks = RankedQueue<ConversationID, Instant>()
    /// Messages recorded in this batch by the platform's id.
    var recorded: [Digest: MessageID] = [:]
    /// Whether an agent may be there who has neither a connection nor a deadline: so it is after a
    /// reload, until the shell has told all connections again.
    var hasUnheard = false

    /// The desk in this state. Connected is who has connections there: nobody in rows that were read
    /// back, because connections are not stored; a node that stays the owner may add those it knows.
    public init(state: DeskState, rules: Rules) {
        self.rules = rules
        lastEvent = state.lastEvent
        configuration = state.configuration
        hasTargets = configuration.hasTargets
        for queue in state.queueStates { load(queue) }
        for agent in state.agents { load(agent) }
        for conversation in state.conversations { load(conversation) }
        for job in state.jobs { load(job) }
        for pace in state.paces { paces.load(pace, as: pace.queue) }
        watchUnmatched()
    }

    /// Decides one input, numbers its events and remembers which rows changed.
    ///
    /// - Parameters:
    ///   - known: at least what ``needs(of:into:)`` named for this input, as it was before the batch;
    ///     what the batch itself decided overrides it.
    ///   - epoch: the epoch of the node that decides; it is written into the events.
    ///   - at: the moment of the decision; must not run backwards.
    ///   - composer: puts what the desk announces into words; without one it announces nothing.
    /// - Returns: the decision with its events. A refused input changes nothing.
    public mutating func handle(
        _ input: Input, known: Known, epoch: Int64, at: Instant, composer: Composer? = nil
    ) -> Handled {
        var minutes = Minutes(known: known, epoch: epoch, at: at, composer: composer)
        watchUnheard(at: at)
        do throws(Rejection) {
            let result = try decide(input, &minutes)
            releaseFinished(&minutes)
            assignWaiting(&minutes)
            announce(&minutes)
            return Handled(
                decision: .accepted(result: result), records: minutes.records,
                written: minutes.written)
        } catch {
            return Handled(decision: .rejected(error), records: [])
        }
    }

    /// The rows changed since the last call, ascending by id. Also ends the batch: what was closed or
    /// settled in it is forgotten, and later batches learn of it through ``Known``.
    public mutating func takeChanges() -> Changes {
        var changes = Changes()
        changes.conversations = conversations.takeChanged()
        changes.activities = active.sorted().compactMap { conversations[$0]?.activity }
        active.removeAll(keepingCapacity: active.capacity < 1_024)
        changes.agents = agents.takeChanged().map { $0.withoutConnections() }
        changes.queueStates = queueStates.takeChanged()
        changes.jobs = jobs.takeChanged()
        for conversation in changes.conversations where !conversation.isOpen {
            forget(conversation)
        }
        for job in changes.jobs where job.state.isSettled { forget(job) }
        recorded.removeAll()
        changes.configurations = newConfigurations
        changes.paces = paces.takeChanged()
        newConfigurations = []
        return changes
    }

    private mutating func decide(
        _ input: Input, _ minutes: inout Minutes
    ) throws(Rejection) -> Int64 {
        switch input {
        case .customerWrote(let message):
            return receive(message, &minutes)
        case .channelReported(let report):
            return record(report, &minutes)
        case .channelEventKept:
            note(.channelEventKept(nil), in: &minutes)
        case .backfillFinished:
            startConfirmationWaits(&minutes)
        case .agentConnected(let agent, let connection):
            try connect(agent, connection, &minutes)
        case .agentDisconnected(let agent, let connection):
            disconnect(agent, connection, &minutes)
        case .agentConnections(let agent, let connections):
            try setConnections(of: agent, to: connections, &minutes)
        case .presenceSet(let agent, let presence, let reason):
            try setPresence(of: agent, to: presence, reason, by: nil, &minutes)
        case .wrapUpExtended(let agent):
            try extendWrapUp(of: agent, &minutes)
        case .shiftEndSet(let agent, let end, let supervisor):
            try setShiftEnd(of: agent, to: end, by: supervisor, &minutes)
        case .capacitySet(let agent, let capacity, let supervisor):
            try setCapacity(of: agent, to: capacity, by: supervisor, &minutes)
        case .agentReplied(let agent, let conversation, let textDigest):
            return try reply(agent, conversation, textDigest, &minutes)
        case .resendOrdered(let agent, let job):
            return try resend(agent, job, &minutes)
        case .conversationRead(let agent, let conversation):
            try markRead(agent, conversation, &minutes)
        case .conversationClosed(let agent, let conversation):
            try close(agent, conversation, &minutes)
        case .offerAccepted(let agent, let conversation):
            try acceptOffer(agent, conversation, &minutes)
        case .offerDeclined(let agent, let conversation, let reason):
            try declineOffer(agent, conversation, reason, &minutes)
        case .conversationTaken(let agent, let conversation):
            try take(agent, conversation, &minutes)
        case .transferOrdered(let agent, let conversation, let target):
            try transfer(agent, conversation, target, &minutes)
        case .configurationSet(let wanted, let profiles, let version, let person):
            return try configure(wanted, profiles, basedOn: version, by: person, &minutes)
        case .profileSet(let agent, let profile, let supervisor):
            try setProfile(of: agent, to: profile, by: supervisor, &minutes)
        case .presenceOrdered(let agent, let presence, let reason, let supervisor):
            try setPresence(of: agent, to: presence, reason, by: supervisor, &minutes)
        case .conversationMoved(let conversation, let queue, let overrides, let supervisor):
            try moveBySupervisor(
                conversation, to: queue, overridesLimit: overrides, by: supervisor, &minutes)
        case .conversationAssigned(let conversation, let agent, let overrides, let supervisor):
            try assignBySupervisor(
                conversation, to: agent, overridesCapacity: overrides, by: supervisor, &minutes)
        case .prioritySet(let conversation, let priority, let supervisor):
            try setPriority(of: conversation, to: priority, by: supervisor, &minutes)
        case .needsSet(let conversation, let needs, let compartment, let supervisor):
            try setNeeds(of: conversation, to: needs, compartment, by: supervisor, &minutes)
        case .hoursComputed(let hours, let version):
            try learn(hours, under: version, &minutes)
        case .queueClosed(let queue, let until, let supervisor):
            try closeQueue(queue, until: until, by: supervisor, &minutes)
        case .queueOpened(let queue, let until, let supervisor):
            try openQueue(queue, until: until, by: supervisor, &minutes)
        case .sendingBegan(let job):
            return try beginSending(job, &minutes)
        case .sendingEnded(let job, let attempt, let outcome):
            endSending(job, attempt, outcome, &minutes)
        case .epochBegan:
            beginEpoch(&minutes)
        case .clockReached:
            doWhatIsDue(&minutes)
        }
        return 0
    }
}
