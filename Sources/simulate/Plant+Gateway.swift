import Desk

/// What planted faults in the gateway make of what a person orders.
extension Plant {
    func mistaken(_ input: Input) -> Input {
        switch (self, input) {
        case (.overrideUnsaid, .conversationAssigned(let conversation, let agent, _, let by)):
            .conversationAssigned(conversation, agent, overridesCapacity: true, by: by)
        case (.overfillUnsaid, .conversationMoved(let conversation, let queue, _, let by)):
            .conversationMoved(conversation, queue, overridesLimit: true, by: by)
        case (.takeOver, .conversationTaken(let agent, let conversation)):
            .conversationAssigned(conversation, agent, overridesCapacity: false, by: agent)
        case (.forgetReasonsSaid, .presenceSet(let agent, let presence, reason: _)):
            .presenceSet(agent, presence)
        case (.closeOnRead, .conversationRead(let agent, let conversation)):
            .conversationClosed(agent, conversation)
        case (.dropBasis, .configurationSet(let wanted, let profiles, _, let by)):
            .configurationSet(wanted, profiles: profiles, by: by)
        case (.mendSilently, .configurationSet(let wanted, let profiles, let basis, let by)):
            .configurationSet(wanted.mended, profiles: profiles, basedOn: basis, by: by)
        case (.setAnother, .profileSet(let agent, let profile, let by)):
            .profileSet(AgentID(agent.number % 4 + 1), profile, by: by)
        default: input
        }
    }
}

extension Configuration {
    /// Without overflows, and with nothing that weighs anything.
    fileprivate var mended: Configuration {
        var mended = self
        for index in mended.queues.indices {
            mended.queues[index].overflow = nil
            mended.queues[index].kind = nil
        }
        return mended
    }
}
