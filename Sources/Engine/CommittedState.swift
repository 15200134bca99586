public import Desk

/// What pushes show beside their events: open conversations and what agents are for, as the latest
/// release left them. The desk itself is a batch ahead at times, and what it decided may never be
/// committed (promise P7).
public struct CommittedState: Sendable {
    private var conversations: [ConversationID: Conversation] = [:]
    private var profiles: [AgentID: Profile] = [:]

    /// Nothing is known before the first ``resumed(_:)``.
    public init() {}

    /// An open conversation.
    public func conversation(_ id: ConversationID) -> Conversation? { conversations[id] }

    /// What an agent is for.
    public func profile(of agent: AgentID) -> Profile? { profiles[agent] }

    /// A batch was committed: told before anything of it is given out.
    public mutating func released(_ release: Release) {
        for conversation in release.changes.conversations {
            conversations[conversation.id] = conversation.isOpen ? conversation : nil
        }
        for activity in release.changes.activities {
            conversations[activity.conversation]?.activity = activity
        }
        for agent in release.changes.agents { profiles[agent.id] = agent.profile }
    }

    /// The state was read anew.
    public mutating func resumed(_ reloaded: Reloaded) {
        conversations = [:]
        conversations.reserveCapacity(reloaded.state.conversations.count)
        for conversation in reloaded.state.conversations {
            conversations[conversation.id] = conversation
        }
        profiles = [:]
        for agent in reloaded.state.agents { profiles[agent.id] = agent.profile }
    }
}
