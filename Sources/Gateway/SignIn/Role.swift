/// What a person may do at a desk.
public enum Role: String, Sendable, CaseIterable {
    /// Holds conversations.
    case agent
    /// Sees the queue and all agents, and changes what agents may hold.
    case supervisor
}
