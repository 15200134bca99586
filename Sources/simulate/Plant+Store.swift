import Desk

/// What the store's planted faults make of the rows that it reads back.
extension Plant {
    func misread(_ state: inout DeskState) {
        misreadPeople(&state)
        misreadConversations(&state)
        misreadJobs(&state)
        if self == .forgetPace { state.paces = [] }
        if self == .forgetClosings { state.queueStates = [] }
        if self == .forgiveMissedOffers {
            state.configuration.missedOffers = Limits.maximumCapacity
        }
        if self == .forgetEntries { state.configuration.entries = nil }
        for index in state.configuration.kinds.indices where self == .forgetChannelWeights {
            state.configuration.kinds[index].channels = nil
        }
        for index in state.queueStates.indices where self == .earlyTurns {
            guard let order = state.queueStates[index].order else { continue }
            state.queueStates[index].order = QueueOrder(
                isOpen: order.isOpen, until: state.queueStates[index].countedAt, by: order.by)
        }
        if self == .forgetTurnOrder { state.configuration.turnOrder = nil }
        if self == .passHeavyWork { state.configuration.heavyWork = .isPassed }
        for index in state.configuration.queues.indices {
            misread(&state.configuration.queues[index])
        }
    }

    private func misread(_ queue: inout Queue) {
        switch self {
        case .neverOverflow: queue.overflow = nil
        case .forgetLimits: queue.limit = nil
        case .hurryOverflows: queue.overflow?.afterWait = 1
        case .shortenQueues: queue.overflow?.atLength = 1
        case .forgetReservations: queue.stickiness = 0
        case .neverEscalate:
            for place in (queue.targets ?? []).indices {
                queue.targets?[place].onWarning = nil
                queue.targets?[place].onBreach = nil
            }
        case .escalateElsewhere:
            for place in (queue.targets ?? []).indices {
                queue.targets?[place].onBreach?.queue = Variants.elsewhere(than: queue.id)
            }
        case .endlessWrapUps: queue.wrapUp?.maximum = Instant.hour
        case .announceEverywhere: queue.announcing = Variants.announcing
        case .neverAbandon: queue.abandonment = nil
        case .neverRelax: queue.relaxations = []
        case .hurryRelaxations:
            for place in queue.relaxations.indices {
                queue.relaxations[place].after = Int64(place + 1)
            }
        case .ignoreWeights: queue.kind = nil
        default: return
        }
    }

    private func misreadPeople(_ state: inout DeskState) {
        for index in state.agents.indices {
            let id = state.agents[index].id
            switch self {
            case .inflateCapacity: state.agents[index].capacity += 2
            case .deflateCapacity: state.agents[index].capacity -= 1
            case .capacityPerQueue:
                state.agents[index].capacity += state.conversations.count {
                    $0.owner == .agent(id) && $0.queue != state.configuration.entry
                }
            case .capacityWithoutOffers:
                state.agents[index].capacity += state.conversations.count {
                    $0.routing.offer?.agent == id
                }
            case .loseDeadline:
                let deadline = state.agents[index].disconnectDeadline
                state.agents[index].disconnectDeadline = deadline?.later
            case .forgetTurns: state.agents[index].idleSince = Instant(milliseconds: 0)
            case .blameEverybody: state.agents[index].missedOffers = Limits.maximumCapacity
            case .forgetBars:
                state.agents[index].profile.barred = []
                state.agents[index].profile.compartments = [Variants.compartment]
            case .earlyShiftEnds:
                let end = state.agents[index].attendance.shiftEnd
                state.agents[index].attendance.shiftEnd = end?.earlier
            case .ignoreQueues: state.agents[index].profile.queues = nil
            case .ignoreSkills:
                state.agents[index].profile.skills = Variants.skills.map { SkillLevel($0, 5) }
            case .wakeTheAway:
                if state.agents[index].presence == .away {
                    state.agents[index].presence = .available
                }
            case .forgetWrapUps:
                guard state.agents[index].presence == .wrapUp else { continue }
                state.agents[index].presence = .available
                state.agents[index].attendance.wrapUp = nil
            case .lateWrapUps:
                guard let until = state.agents[index].attendance.wrapUp?.until else { continue }
                state.agents[index].attendance.wrapUp?.until = until.later
            case .forgetShiftEnds:
                state.agents[index].attendance.shiftEnd = nil
                state.agents[index].attendance.hasShiftEnded = false
            default: return
            }
        }
    }

    private func misreadConversations(_ state: inout DeskState) {
        if self == .forgetWaiting { state.conversations.removeAll { $0.isQueued } }
        for index in state.conversations.indices {
            let conversation = state.conversations[index]
            switch self {
            case .earlyTargets: state.conversations[index].routing.target?.due -= Instant.hour
            case .lateTargets: state.conversations[index].routing.target?.due += Instant.hour
            case .forgetTargets: state.conversations[index].routing.target = nil
            case .forgetDeclines: state.conversations[index].routing.declined = []
            case .forgetPriorities: state.conversations[index].routing.priority = nil
            case .forgetOffers: state.conversations[index].routing.offer = nil
            case .lateOffers, .earlyOffers:
                guard let offer = conversation.routing.offer else { continue }
                let deadline = self == .lateOffers ? offer.deadline.later : offer.deadline.earlier
                state.conversations[index].routing.offer = Offer(
                    agent: offer.agent, deadline: deadline, isTransfer: offer.isTransfer)
            case .mistakeChannels:
                state.conversations[index].origin.channel = .messenger
            case .forgetTold: state.conversations[index].routing.announced = nil
            case .hurryAbandonment:
                guard let since = conversation.routing.silentSince else { continue }
                state.conversations[index].routing.silentSince = since - Instant.hour
            case .lastComeFirst:
                guard conversation.isQueued else { continue }
                // Longer for each event that happened before they came: more than between two.
                state.conversations[index].waitingSince = conversation.waitingSince.adding(
                    milliseconds: -100 * conversation.id.number)
            default: return
            }
        }
    }
}

extension Plant {
    private func misreadJobs(_ state: inout DeskState) {
        switch self {
        case .forgetAttempts:
            for index in state.jobs.indices { state.jobs[index].attempts = 0 }
        case .forgetSending: state.jobs.removeAll { !$0.isQueued }
        case .forgetQueued:
            state.jobs.removeAll { $0.isQueued && $0.id.number.isMultiple(of: 2) }
        default: return
        }
    }
}

extension Instant {
    /// Longer than every run, in milliseconds.
    fileprivate static let hour: Int64 = 3_600_000
    fileprivate var later: Instant { adding(milliseconds: Self.hour) }
    fileprivate var earlier: Instant { adding(milliseconds: -Self.hour) }
}

extension Conversation {
    fileprivate var isQueued: Bool { if case .queue = owner { true } else { false } }
}

extension Job {
    fileprivate var isQueued: Bool { if case .queued = state { true } else { false } }
}
