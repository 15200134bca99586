import Desk
import Engine

/// The pretend database: what the store's port promises, over values in memory. It guards nothing but
/// the epoch, so that whatever the real components do wrong reaches the auditor.
final class Database {
    /// The lease row.
    struct Lease {
        var epoch: Int64 = 0
        var holder: Int?
        var expires: Int64 = 0
    }
    /// A row of the handoff table.
    struct HandoffRow {
        let from: Owner
        let to: Owner
        let number: Int
    }
    /// A row of the key table.
    struct KeyRow {
        let parameters: Digest?
        let result: Int64
    }

    var awayUntil: Int64 = 0
    private(set) var lease = Lease()
    /// How many commits were applied.
    private(set) var commits = 0
    private(set) var events: [EventRecord] = []
    private(set) var keys: [Digest: [KeyRow]] = [:]
    private(set) var conversations: [ConversationID: Conversation] = [:]
    private(set) var agents: [AgentID: Agent] = [:]
    private(set) var jobs: [JobID: Job] = [:]
    private(set) var configuration = Configuration()
    private(set) var paces: [QueueID: QueuePace] = [:]
    private(set) var queueStates: [QueueID: QueueState] = [:]
    private(set) var handoffs: [ConversationID: [HandoffRow]] = [:]
    /// Which message the platform's id stands for.
    private(set) var messages: [Digest: MessageID] = [:]
    /// How often each message of the platform was taken down.
    private(set) var recordings: [Digest: Int] = [:]
    private var latest: [Digest: ConversationID] = [:]
    private var messagesOfJobs: [JobID: MessageID] = [:]
    private var staleRows = 0
    private var latestKey: Digest?

    /// Content of this kind is refused as data; of `venom`, also when it is set aside.
    static let poison = "poison"
    static let venom = "venom"

    // MARK: Reading

    func prefetch(_ request: PrefetchRequest, _ plant: Plant?) -> Prefetched {
        var prefetched = Prefetched()
        if plant != .forgetKeys {
            for key in request.keys {
                guard let row = keys[key]?.first else { continue }
                prefetched.keys[key] = KnownKey(parameters: row.parameters, result: row.result)
            }
        }
        for thread in request.needs.threads {
            guard plant != .forgetThreads else { continue }
            let known = latest[thread].flatMap { conversations[$0] }
            prefetched.known.threads[thread] = plant == .reopenToLast ? reopened(known) : known
        }
        for id in request.needs.conversations {
            prefetched.known.conversations[id] = conversations[id]
        }
        for id in request.needs.messages { prefetched.known.messages[id] = messages[id] }
        for id in request.needs.jobs { prefetched.known.jobs[id] = jobs[id] }
        return prefetched
    }

    // MARK: The lease

    /// Takes, raises or checks the lease for a node and reads the state, in one transaction.
    func reload(
        _ request: LeaseRequest, for node: Int, at now: Int64, leaseTime: Int64, _ plant: Plant?
    ) -> Result<Reloaded, Held> {
        let isExpired = lease.holder == nil || lease.expires <= now
        let isOurs = lease.holder == node
        if plant == .refuseLease, lease.epoch > 0 { return .failure(Held(until: now + 1_000)) }
        switch request {
        case .take:
            guard isExpired || isOurs else { return .failure(Held(until: lease.expires)) }
            lease.epoch += 1
        case .raise(let from):
            guard isExpired || (isOurs && lease.epoch == from) else {
                return .failure(Held(until: lease.expires))
            }
            lease.epoch += 1
        case .keep(let epoch):
            guard isOurs, lease.epoch == epoch else {
                return .failure(Held(until: lease.expires))
            }
        }
        lease.holder = node
        lease.expires = now + leaseTime
        if plant == .loseKeys, let latestKey { keys[latestKey] = nil }
        let recent = Array(events.suffix(World.feedLength))
        return .success(Reloaded(epoch: lease.epoch, state: state(plant), recent: recent))
    }

    struct Held: Error {
        let until: Int64
    }

    /// What a reload would read now, without planted faults.
    var reread: DeskState { state(nil) }

    private func state(_ plant: Plant?) -> DeskState {
        var state = DeskState()
        state.lastEvent = events.last?.number ?? 0
        state.conversations = conversations.values.filter(\.isOpen).sorted { $0.id < $1.id }
        state.agents = agents.values.sorted { $0.id < $1.id }
        state.configuration = configuration
        state.paces = paces.values.sorted { $0.queue < $1.queue }
        state.queueStates = queueStates.values.sorted { $0.queue < $1.queue }
        state.jobs = jobs.values.filter { !$0.state.isSettled }.sorted { $0.id < $1.id }
        plant?.misread(&state)
        return state
    }

    /// Whether agents take from this queue themselves.
    func isPulled(_ queue: QueueID) -> Bool {
        configuration.queues.contains { $0.id == queue && $0.handing == .pull }
    }

    /// A planted fault: the row of an open conversation changes its owner beside every commit.
    func overwrite(_ id: ConversationID, owner: Owner) {
        if conversations[id]?.isOpen == true { conversations[id]?.owner = owner }
    }

    /// A planted fault: what is closed counts as the last agent's.
    private func reopened(_ conversation: Conversation?) -> Conversation? {
        guard var conversation, !conversation.isOpen,
            let last = handoffs[conversation.id]?.last?.from
        else { return conversation }
        conversation.owner = last
        return conversation
    }

    func giveBack(_ node: Int, epoch: Int64) {
        guard lease.holder == node, lease.epoch == epoch else { return }
        lease.holder = nil
    }

    // MARK: Writing

    /// Applies a commit, or says why not.
    func apply(
        _ commit: Commit, from node: Int, at now: Int64, leaseTime: Int64, _ plant: Plant?
    ) -> CommitOutcome {
        let isOwner = lease.holder == node && lease.epoch == commit.epoch
        guard isOwner || plant == .skipEpochCheck else { return .fenced }
        for entry in commit.entries {
            let isSetAside = entry.records.contains { $0.event == .inputQuarantined }
            let refused: CommitOutcome = plant == .poisonAsUnavailable ? .unavailable : .poison
            if entry.content?.kind == Self.venom { return refused }
            if entry.content?.kind == Self.poison, !isSetAside { return refused }
        }
        if plant == .poisonTheClock, commit.relaxesByTheClock { return .poison }
        if isOwner { lease.expires = now + leaseTime }
        commits += 1
        for entry in commit.entries { write(entry, plant) }
        write(commit.changes, at: commit.at, plant)
        return .ok
    }

    private func write(_ entry: CommitEntry, _ plant: Plant?) {
        if let key = entry.key {
            latestKey = key
            keys[key, default: []].append(
                KeyRow(parameters: entry.parameters, result: entry.result))
        }
        for record in entry.records {
            events.append(record)
            write(record, platformMessage: entry.content?.platformMessage, plant)
        }
    }

    private func write(_ record: EventRecord, platformMessage: Digest?, _ plant: Plant?) {
        switch record.event {
        case .ownerChanged(let handoff):
            if plant == .dropHandoff, record.number % 17 == 0 { return }
            handoffs[handoff.conversation, default: []].append(
                HandoffRow(from: handoff.from, to: handoff.to, number: handoff.number))
        case .messageReceived(_, let message, _, _), .messageSentElsewhere(_, let message, _):
            guard let platformMessage else { return }
            messages[platformMessage] = message
            recordings[platformMessage, default: 0] += 1
        case .messageWritten(_, let message, _, let job):
            messagesOfJobs[job] = message
        case .announcementWritten(_, let message, let job, _):
            messagesOfJobs[job] = message
        case .jobChanged(let job, _, _, .sent, attempts: _):
            guard let platformMessage, let message = messagesOfJobs[job] else { return }
            messages[platformMessage] = message
        case .customerMet, .conversationOpened, .messagesDelivered, .messagesRead, .messageReacted,
            .messageEdited, .messageDeleted, .channelEventKept, .conversationRead, .agentEntered,
            .agentConnected, .agentDisconnected, .presenceChanged, .wrapUpChanged, .shiftEndChanged,
            .shiftEnded, .capacityChanged,
            .profileChanged, .configurationChanged, .offerMade, .offerEnded, .needsRelaxed,
            .needsChanged, .priorityChanged, .jobChanged, .epochBegan, .queueTurned, .queueHoursSet,
            .targetWarned, .targetBreached, .targetMet,
            .inputQuarantined:
            break
        }
    }

    private func write(_ changes: Changes, at: Instant, _ plant: Plant?) {
        for var conversation in changes.conversations {
            let former = conversations[conversation.id]
            if plant == .staleRow, let former, former.owner != conversation.owner {
                staleRows += 1
                if staleRows % 7 == 0 { continue }
            }
            if plant == .staleOffers, conversation.id.number.isMultiple(of: 2),
                conversation.routing.offer == nil
            {
                conversation.routing.offer = former?.routing.offer
            }
            if plant.isRenewal(from: former?.owner, to: conversation.owner) {
                conversation.waitingSince = at
            }
            if let former { conversation.activity = former.activity }
            conversations[conversation.id] = conversation
            latest[conversation.thread] = conversation.id
        }
        for activity in changes.activities {
            conversations[activity.conversation]?.activity = activity
        }
        if let latest = changes.configurations.last { configuration = latest }
        for state in changes.queueStates { queueStates[state.queue] = state }
        for agent in changes.agents {
            if plant == .skipRows, at.milliseconds.isMultiple(of: 7) { continue }
            agents[agent.id] = agent
            if plant == .dropAwayReasons { agents[agent.id]?.attendance.awayReason = nil }
        }
        for job in changes.jobs { jobs[job.id] = job }
        for pace in changes.paces { paces[pace.queue] = pace }
    }
}

extension Commit {
    /// Whether it sets an input aside.
    var setsAside: Bool {
        entries.contains { $0.records.contains { $0.event == .inputQuarantined } }
    }

    /// Whether it holds what nobody but the clock brought about.
    fileprivate var relaxesByTheClock: Bool {
        entries.contains { entry in
            entry.key == nil
                && entry.records.contains {
                    if case .needsRelaxed = $0.event { true } else { false }
                }
        }
    }
}
