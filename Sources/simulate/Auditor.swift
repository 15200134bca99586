import Desk
import Engine

/// Judges a run by what was committed, what the pretend Messenger took and what consoles saw. It
/// never calls what it judges: the rules are written down here a second time.
final class Auditor {
    let database: Database
    var now: Int64 = 0
    private(set) var violations: [Violation] = []
    /// Whether to go on: the first few violations tell enough, and where lines are sought, those.
    var isPatient: Bool { sought.isEmpty ? violations.count < 20 : !found.isSuperset(of: sought) }

    var ledger = Ledger()
    /// How many of the database's events were read.
    private var read = 0
    /// Keys of commands by which a person orders something sent again.
    private var resendKeys: Set<Digest> = []
    /// What each command of a person asks for.
    private var inputs: [Digest: Input] = [:]
    /// What the record that is being read came of.
    private(set) var inputOfRecord: Input?
    /// The words of what the desk wrote in the entry that is being read, of those not read yet.
    var wordsOfEntry: ArraySlice<Written> = []
    /// What was due and had not happened, by conversation.
    var overdue: [ConversationID: Overdue] = [:]
    /// The same of agents.
    var overdueAgents: [AgentID: Overdue] = [:]
    /// The same of queues and promises.
    var awaited: [Awaited: Overdue] = [:]
    /// What a queue that closed in this commit sends on.
    var leaving: [ConversationID: QueueID] = [:]
    /// To which priority a target raises a conversation in this commit.
    var escalations: [ConversationID: Int] = [:]
    /// To which queue a target sends a conversation on in this commit.
    var escalatedMoves: [ConversationID: QueueID] = [:]
    /// Who is to be set away in this commit.
    var missing: Set<AgentID> = []
    /// In which queue's name each conversation was held that an agent let go of in this input.
    var leftIn: [ConversationID: QueueID] = [:]
    private var parametersOfKeys: [Digest: Digest] = [:]
    private var promised: [Digest: Int64] = [:]
    private var acknowledgedKeys: Set<Digest> = []
    var takenAttempts: [JobID: [Int]] = [:]
    var postedAttempts: [JobID: Set<Int>] = [:]
    /// What each console has seen, by its index.
    var seen: [Int: Int64] = [:]
    /// What was told to whom.
    var tally = Tally()

    /// The lines that a planted fault is to break; none: all.
    private let sought: Set<Line>
    private var found: Set<Line> = []

    init(database: Database, sought: Set<Line>) {
        self.database = database
        self.sought = sought
    }

    func violated(_ line: Line, _ text: @autoclosure () -> String) {
        guard isPatient, sought.isEmpty || sought.contains(line) && !found.contains(line) else {
            return
        }
        found.insert(line)
        violations.append(Violation(line: line, time: now, text: text()))
    }

    func require(_ condition: Bool, _ line: Line, _ text: @autoclosure () -> String) {
        if !condition { violated(line, text()) }
    }

    // MARK: Commits

    /// A commit was applied: reads what it wrote.
    func committed(_ commit: Commit) {
        require(
            commit.epoch == database.lease.epoch, .onlyOwningEpochWrites,
            "epoch \(commit.epoch) wrote while the desk is owned in epoch \(database.lease.epoch)")
        countOpenTime(to: commit.at)
        let new = database.events[read...]
        read = database.events.count
        let isSetAside = new.contains { $0.event == .inputQuarantined }
        let isFirst = new.contains { $0.event == .epochBegan }
        if !isSetAside, !isFirst { endReservations(at: commit.at) }
        for entry in commit.entries {
            check(entry)
            inputOfRecord = entry.key.flatMap { inputs[$0] }
            if !isSetAside, let input = inputOfRecord {
                checkSetting(input)
                prepare(input)
                noteQueues(input, at: commit.at)
            }
            let isResend = entry.key.map(resendKeys.contains) ?? false
            wordsOfEntry = entry.written[...]
            for record in entry.records { take(record, byPerson: isResend) }
        }
        inputOfRecord = nil
        require(
            new.last?.number ?? ledger.last == ledger.last, .eventsWithoutGap, "an event is missing"
        )
        checkRows(of: commit, new)
        checkAgentRows(of: commit)
        guard !isSetAside else { return }
        checkWork(at: commit.at)
        checkGone(at: commit.at)
        checkAttendance(of: commit)
        checkClocks(of: commit)
        checkQueues(of: commit)
        checkPromises(of: commit)
        checkSilences(of: commit)
        checkMoves()
        checkMissing()
    }

    /// Refused are those that cannot work, and those made upon another version.
    private func checkSetting(_ input: Input) {
        guard case .configurationSet(let wanted, let profiles, let basis, _) = input else { return }
        require(
            basis.map { $0 == ledger.configuration.version } ?? true, .configuredOnItsBasis,
            "a configuration upon \(basis ?? 0) follows \(ledger.configuration.version)")
        let queues = Set(wanted.queues.map(\.id))
        let isWhole =
            queues.count == wanted.queues.count
            && wanted.queues.allSatisfy {
                $0.overflow.map { queues.contains($0.to) } ?? true && !overflowsInCircle($0, wanted)
            }
        require(isWhole, .configurationWorks, "a configuration came into force that cannot work")
        let lonely = ledger.unservedQueue(of: wanted, profiles)
        require(
            lonely == nil, .queuesAreServable,
            "queue \(lonely?.number ?? 0) came into force, and nobody could serve it")
    }

    private func overflowsInCircle(_ queue: Queue, _ wanted: Configuration) -> Bool {
        var next = queue.overflow?.to
        for _ in wanted.queues {
            guard let id = next else { return false }
            next = wanted.queues.first { $0.id == id }?.overflow?.to
        }
        return next != nil
    }

    private func check(_ entry: CommitEntry) {
        if let key = entry.key {
            let count = database.keys[key]?.count ?? 0
            require(count == 1, .keyStoredOnce, "a key is stored \(count) times")
        }
        if let message = entry.content?.platformMessage {
            let count = database.recordings[message] ?? 0
            require(count <= 1, .messageRecordedOnce, "a message is recorded \(count) times")
        }
    }

    private func take(_ record: EventRecord, byPerson: Bool) {
        require(
            record.number == ledger.last + 1, .eventsWithoutGap,
            "event \(record.number) follows event \(ledger.last)")
        require(
            record.epoch >= ledger.epoch, .epochsAscend,
            "epoch \(record.epoch) writes after epoch \(ledger.epoch)")
        ledger.last = record.number
        ledger.epoch = record.epoch
        for agent in whoMustSee(record.event) {
            require(
                record.audience.contains(agent), .onFeedOfWhomItConcerns,
                "event \(record.number) is not on the feed of agent \(agent.number)")
        }
        apply(record, byPerson: byPerson)
    }

    // MARK: Acknowledgements

    func gave(_ command: Command) {
        if command.isResend { resendKeys.insert(command.key) }
        inputs[command.key] = command.input
        if parametersOfKeys[command.key] == nil {
            parametersOfKeys[command.key] = command.parameters
        }
    }

    /// A console was told what came of a command.
    func answered(_ key: Digest, _ answer: Answer) {
        tally.add("answers \(answer.name)")
        switch answer {
        case .accepted(let result), .repeated(let result):
            let row = database.keys[key]?.first
            require(
                row != nil, .commandAnsweredOnceStored,
                "a command was acknowledged that is not stored")
            require(
                row == nil || row?.result == result, .answerIsTheStoredOne,
                "a command was answered \(result), stored was \(row?.result ?? 0)")
            require(
                promised[key] == nil || promised[key] == result, .answerIsTheStoredOne,
                "a command was answered \(result) after \(promised[key] ?? 0)")
            promised[key] = result
        case .rejected, .unavailable, .quarantined, .view, .explanation: break
        }
    }

    /// Messenger was told 200.
    func acknowledged(_ element: Element) {
        require(
            database.keys[element.key] != nil, .webhookAnsweredOnceStored,
            "a webhook was acknowledged that is not stored")
        acknowledgedKeys.insert(element.key)
    }

    // MARK: The end

    func finish(_ world: World) {
        let isLost = acknowledgedKeys.contains { database.keys[$0]?.count != 1 }
        require(!isLost, .webhookStaysStored, "an acknowledged webhook is not stored exactly once")
        let isForgotten = promised.contains { database.keys[$0.key]?.first?.result != $0.value }
        require(!isForgotten, .commandStaysStored, "an acknowledged command is not stored")
        require(world.nodes.contains { $0.answersAsOwner }, .deskIsOwned, "nobody owns the desk")
        // Supervisors are agents too, but these take no work.
        let supervisors = Set(world.consoles.filter(\.isSupervisor).map(\.person))
        for id in ledger.waiting {
            guard let conversation = ledger.conversations[id] else { continue }
            require(
                !ledger.isServable(conversation, butBy: supervisors), .nobodyWaits,
                "conversation \(id.number) still waits in queue \(conversation.queue.number), closed: "
                    + "\(ledger.closed.contains(conversation.queue))")
        }
        for id in ledger.conversations.keys.sorted() {
            require(
                ledger.conversations[id]?.owner != .bot, .nobodyIsLeftWithTheBot,
                "conversation \(id.number) is the bot's")
        }
        let offered = ledger.conversations.values.contains { $0.offer != nil }
        require(!offered, .nothingIsOffered, "a conversation is still offered")
        for job in ledger.jobs.keys.sorted() {
            let isSettled = ledger.jobs[job]?.state.isOver ?? true
            let state = ledger.jobs[job]?.state
            require(
                isSettled, .jobsAreSettled,
                "job \(job.number) is still \(state.map { "\($0)" } ?? "")")
        }
        for console in world.consoles { finish(console, world) }
    }

    private func finish(_ console: Console, _ world: World) {
        if console.isGone {
            let load = ledger.load(of: console.person)
            require(load == 0, .goneOwnsNothing, "an agent who is gone owns \(load) conversations")
            return
        }
        require(
            console.isConnected, .consolesAreConnected, "console \(console.index) is not connected")
        require(
            console.unanswered.isEmpty, .commandsAreAnswered,
            "console \(console.index) waits for an answer")
        guard let last = seen[console.index] else {
            return violated(.consolesHaveSeen, "console \(console.index) has seen nothing")
        }
        require(
            missed(by: console, between: last, and: ledger.last + 1) == nil, .feedWithoutGap,
            "console \(console.index) was never given an event after \(last)")
    }
}

extension Answer {
    fileprivate var name: String {
        switch self {
        case .accepted: "accepted"
        case .repeated: "repeated"
        case .rejected(let rejection): "rejected \(rejection.code)"
        case .unavailable: "unavailable"
        case .quarantined: "quarantined"
        case .view: "view"
        case .explanation: "explanation"
        }
    }
}

extension JobState {
    /// Nothing more will happen by itself.
    fileprivate var isOver: Bool {
        switch self {
        case .queued, .sending, .unknown: false
        case .sent, .failed, .unconfirmed: true
        }
    }
}
