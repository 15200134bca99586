public import Desk

/// What an ``Engine`` has done since it began, for the metrics.
public struct Counters: Equatable, Sendable {
    /// Inputs that arrived.
    public var arrived = 0
    /// Inputs that the desk decided, the Engine's own and resubmitted ones included.
    public var decided = 0
    /// Inputs that were known already.
    public var repeated = 0
    /// Inputs that were refused, by code.
    public var rejected: [Rejection.Code: Int] = [:]
    /// Inputs whose sender was told that they could not be decided.
    public var unavailable = 0
    /// Inputs that were set aside.
    public var quarantined = 0
    /// Commits by how they ended.
    public var commits: [CommitOutcome: Int] = [:]
    /// Prefetches that the database did not answer.
    public var prefetchesLost = 0
    /// How often the state was asked for.
    public var reloads = 0
}
