/// A promise to a customer that is running, or that was broken and not made good yet.
public struct Target: Equatable, Sendable, Codable {
    /// What was promised.
    public enum Kind: String, Sendable, CaseIterable, Codable {
        /// A person's first reply since the customer's waiting clock started.
        case firstResponse
        /// A reply to the first message of theirs that nobody has answered.
        case reply
    }

    /// How far it is.
    public enum Stage: String, Sendable, CaseIterable, Codable {
        /// There is time.
        case running
        /// It ends soon.
        case warned
        /// It was broken.
        case breached
    }

    /// What was promised.
    public let kind: Kind
    /// When its clock started.
    public let since: Instant
    /// What the clock of opening time of the conversation's queue shows when it ends
    /// (``QueueState/openTime``). Moving on to another queue keeps what is left of it.
    public var due: Int64
    /// So long before that it is warned of, in milliseconds of opening time; 0: not at all.
    public let warning: Int64
    /// How far it is.
    public var stage: Stage

    /// A promise with these values.
    public init(kind: Kind, since: Instant, due: Int64, warning: Int64, stage: Stage = .running) {
        self.kind = kind
        self.since = since
        self.due = due
        self.warning = warning
        self.stage = stage
    }

    /// What the clock shows when the next thing happens to it by itself.
    var nextStep: Int64? {
        switch stage {
        case .running: due - warning
        case .warned: due
        case .breached: nil
        }
    }
}

/// How promises were kept since a moment.
public struct TargetCounts: Equatable, Sendable {
    /// Since when this is counted: it begins anew with the first that ends a day later.
    public var since: Instant
    /// Replies in time.
    public var met: Int
    /// Replies after the time was over.
    public var late: Int

    /// These counts.
    public init(since: Instant, met: Int = 0, late: Int = 0) {
        self.since = since
        self.met = met
        self.late = late
    }
}

/// A promise that runs or was broken, with the moment at which it is or was broken.
public struct RunningPromise: Equatable, Sendable {
    /// To the customer of this conversation.
    public let conversation: ConversationID
    /// Who has it.
    public let owner: Owner
    /// What was promised.
    public let target: Target
    /// By the hours that are known; `nil`: later than anybody knows of.
    public let deadline: Instant?
}

extension Desk {
    /// Every promise that runs or was broken and is not made good, the oldest first.
    public var promises: [RunningPromise] {
        promised.members.compactMap { id in
            guard let conversation = conversations[id], let target = conversation.routing.target
            else { return nil }
            return RunningPromise(
                conversation: id, owner: conversation.owner, target: target,
                deadline: deadline(of: conversation))
        }
    }

    /// Every queue that has hours, was ever closed or promises anything, with the moment at which it
    /// opens or closes next; ascending.
    public var changingQueues: [(state: QueueState, next: Instant?)] {
        queueStates.names.compactMap { queueStates[$0] }
            .map { ($0, $0.nextChange(after: $0.countedAt)) }
    }

    /// When the promise to a conversation is broken, by the hours that are known; `nil` when nothing
    /// is promised or that is later than anybody knows of.
    public func deadline(of conversation: Conversation) -> Instant? {
        guard let target = conversation.routing.target else { return nil }
        return moment(ofOpenTime: target.due, in: conversation.queue)
    }

    // MARK: The clock of a queue

    /// What the clock of opening time of a queue shows.
    func openTime(of queue: QueueID, at moment: Instant) -> Int64 {
        queueStates[queue]?.openTime(at: moment) ?? moment.milliseconds
    }

    /// When the clock of opening time of a queue shows this, by the hours that are known; `nil`: later
    /// than anybody knows of.
    func moment(ofOpenTime time: Int64, in queue: QueueID) -> Instant? {
        guard let state = queueStates[queue] else { return Instant(milliseconds: time) }
        return state.moment(ofOpenTime: time)
    }

    // MARK: From start to end

    /// The promise that begins now, if the conversation's queue makes it.
    func beginning(
        _ kind: Target.Kind, for conversation: Conversation, at moment: Instant
    ) -> Target? {
        guard hasTargets, let promised = configuration.target(of: conversation),
            let allowed = promised.allowed(kind)
        else { return nil }
        return Target(
            kind: kind, since: moment,
            due: openTime(of: conversation.queue, at: moment) + allowed, warning: promised.warning)
    }

    /// What is left of a promise goes along to another queue: its clock is not renewed.
    func carry(_ target: Target?, from former: QueueID, to queue: QueueID, at moment: Instant)
        -> Target?
    {
        guard var target else { return nil }
        let left = target.due - openTime(of: former, at: moment)
        target.due = openTime(of: queue, at: moment) + left
        return target
    }

    /// A person replied: whatever was promised is done, in time or late. Tells what is to be noted.
    mutating func keepPromise(
        in conversation: inout Conversation, _ minutes: inout Minutes
    ) -> [Event] {
        guard let target = conversation.routing.target else { return [] }
        conversation.routing.target = nil
        let isOver = target.due <= openTime(of: conversation.queue, at: minutes.at)
        let isLate = isOver || target.stage == .breached
        count(isLate: isLate, in: conversation.queue, minutes.at)
        var events: [Event] = []
        // The clock was not told yet: who replies late hears the same whichever input came first.
        if isLate, target.stage != .breached {
            events.append(
                .targetBreached(conversation.id, target.kind, callsSupervisor: false))
        }
        events.append(.targetMet(conversation.id, target.kind, isLate: isLate))
        return events
    }

    private mutating func count(isLate: Bool, in queue: QueueID, _ at: Instant) {
        var state = queueStates[queue] ?? QueueState(alwaysOpen: queue, at: at)
        var counts = state.targets ?? TargetCounts(since: at)
        if counts.since.adding(milliseconds: Limits.countedTargets) <= at {
            counts = TargetCounts(since: at)
        }
        if isLate { counts.late += 1 } else { counts.met += 1 }
        state.targets = counts
        put(state)
    }

    // MARK: What falls due

    /// Keeps the next step of a conversation's promise in its queue's order.
    mutating func indexTarget(of conversation: Conversation, insteadOf former: Conversation?) {
        let target = conversation.routing.target
        guard target != nil || former?.routing.target != nil else { return }
        if let former, former.queue != conversation.queue {
            targets[former.queue]?.set(former.id, rank: nil)
            armTargets(of: former.queue)
        }
        promised.set(conversation.id, rank: conversation.isOpen ? target?.since : nil)
        let next = conversation.isOpen ? target?.nextStep : nil
        targets[conversation.queue, default: RankedQueue()].set(conversation.id, rank: next)
        armTargets(of: conversation.queue)
    }

    /// The deadline at which the first promise of a queue has its next step.
    mutating func armTargets(of queue: QueueID) {
        guard let all = targets[queue] else { return }
        let next = all.first.flatMap { moment(ofOpenTime: $0.rank, in: queue) }
        deadlines.set(.target(queue), rank: next)
    }

    /// The first promise of a queue is near its end, or broken. Those behind it have their own moment.
    mutating func stepTarget(of queue: QueueID, _ minutes: inout Minutes) {
        guard let id = targets[queue]?.first?.member, var conversation = conversations[id],
            var target = conversation.routing.target
        else { return }
        let promised = configuration.target(of: conversation)
        let isWarning = target.stage == .running && target.warning > 0
        target.stage = isWarning ? .warned : .breached
        conversation.routing.target = target
        put(conversation)
        let escalation = isWarning ? promised?.onWarning : promised?.onBreach
        let calls = escalation?.callsSupervisor ?? false
        let event: Event =
            isWarning
            ? .targetWarned(
                id, target.kind, deadline: moment(ofOpenTime: target.due, in: queue),
                callsSupervisor: calls)
            : .targetBreached(id, target.kind, callsSupervisor: calls)
        note(event, to: conversation.owner.agent, in: &minutes)
        if let escalation { escalate(id, escalation, &minutes) }
    }

    /// Raises a conversation, and moves it on if it still waits. Its clocks run on (promise P13).
    private mutating func escalate(
        _ id: ConversationID, _ escalation: Escalation, _ minutes: inout Minutes
    ) {
        guard var conversation = conversations[id] else { return }
        let usual = configuration.queue(conversation.queue)?.priority ?? 0
        if let priority = escalation.priority, priority > conversation.routing.priority ?? usual {
            conversation.routing.priority = priority
            put(conversation)
            note(
                .priorityChanged(id, priority: priority, by: nil), to: conversation.owner.agent,
                in: &minutes)
        }
        guard let wanted = escalation.queue, case .queue(let former) = conversation.owner else {
            return
        }
        let queue = queueBesideClosed(wanted)
        guard queue != former else { return }
        conversation.routing.staysInQueue = true
        move(conversation, to: queue, .escalated, by: nil, &minutes)
    }
}
