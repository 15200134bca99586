import Desk

/// What the store's planted faults make of the rows that it reads back.
extension Plant {
    func misread(_ state: inout DeskState) {
        misreadPeople(&state)
        misreadConversations(&state)
        if self == .forgetPace { state.paces = [] }
        for index in state.configuration.queues.indices {
            if self == .neverAbandon { state.configuration.queues[index].abandonment = nil }
            if self == .neverRelax { state.configuration.queues[index].relaxations = [] }
            if self == .ignoreWeights { state.configuration.queues[index].kind = nil }
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
            case .forgetDeclines: state.conversations[index].routing.declined = []
            case .forgetPriorities: state.conversations[index].routing.priority = nil
            case .forgetOffers: state.conversations[index].routing.offer = nil
            case .lateOffers:
                guard let offer = conversation.routing.offer else { continue }
                state.conversations[index].routing.offer = Offer(
                    agent: offer.agent, deadline: offer.deadline.later,
                    isTransfer: offer.isTransfer)
            case .forgetTold: state.conversations[index].routing.announced = nil
            case .hurryAbandonment:
                state.conversations[index].waitingSince = conversation.waitingSince.earlier
                state.conversations[index].customerWroteAt = conversation.customerWroteAt.earlier
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

extension Instant {
    // An hour is longer than every run.
    fileprivate var later: Instant { adding(milliseconds: 3_600_000) }
    fileprivate var earlier: Instant { adding(milliseconds: -3_600_000) }
}

extension Conversation {
    fileprivate var isQueued: Bool { if case .queue = owner { true } else { false } }
}
