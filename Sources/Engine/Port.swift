public import Desk

/// What the Engine asks of the store before it decides a batch.
public struct PrefetchRequest: Equatable, Sendable {
    /// Keys that may be known.
    public var keys: [Digest]
    /// What the inputs may touch.
    public var needs: Needs

    /// Ask for these.
    public init(keys: [Digest], needs: Needs) {
        self.keys = keys
        self.needs = needs
    }
}

/// A key that was stored, with what its first arrival came to.
public struct KnownKey: Equatable, Sendable {
    /// Stands for the parameters of the command, if it was one.
    public let parameters: Digest?
    /// What its first arrival was told; ``quarantinedResult`` when it was set aside.
    public let result: Int64

    /// The result stored with the key of an input that was set aside: no number of an event.
    public static let quarantinedResult: Int64 = -1

    /// A stored key.
    public init(parameters: Digest?, result: Int64) {
        self.parameters = parameters
        self.result = result
    }
}

/// What the store answered to a prefetch.
public struct Prefetched: Equatable, Sendable {
    /// The keys that are known.
    public var keys: [Digest: KnownKey]
    /// What is known of what the inputs may touch.
    public var known: Known

    /// The store answered this.
    public init(keys: [Digest: KnownKey] = [:], known: Known = Known()) {
        self.keys = keys
        self.known = known
    }
}

/// One accepted input of a commit, with all that came of it; or one that is set aside: then its only
/// event is ``Desk/Event/inputQuarantined``, and what travelled beside is kept for a person to read.
public struct CommitEntry: Equatable, Sendable {
    /// Its key, to be stored with the result.
    public let key: Digest?
    /// Stands for its parameters.
    public let parameters: Digest?
    /// What the one who asked will be told.
    public let result: Int64
    /// What travels beside.
    public let content: Content?
    /// Its events.
    public let records: [EventRecord]
    /// The words of the messages among them that the desk wrote itself.
    public let written: [Written]

    /// An entry with these parts.
    public init(
        key: Digest?, parameters: Digest?, result: Int64, content: Content?, records: [EventRecord],
        written: [Written] = []
    ) {
        self.key = key
        self.parameters = parameters
        self.result = result
        self.content = content
        self.records = records
        self.written = written
    }
}

/// One transaction: written whole under the locked epoch or not at all. An empty one renews the lease.
public struct Commit: Equatable, Sendable {
    /// The epoch that the lease row must show.
    public let epoch: Int64
    /// When it was decided.
    public let at: Instant
    /// The number of the last event before it.
    public let lastEvent: Int64
    /// The accepted inputs in order.
    public let entries: [CommitEntry]
    /// The state rows after the whole batch.
    public let changes: Changes

    /// The commit with these parts.
    public init(
        epoch: Int64, at: Instant, lastEvent: Int64, entries: [CommitEntry], changes: Changes
    ) {
        self.epoch = epoch
        self.at = at
        self.lastEvent = lastEvent
        self.entries = entries
        self.changes = changes
    }
}

/// How a prefetch or a commit ended.
public enum CommitOutcome: Equatable, Sendable {
    /// Applied, durable.
    case ok
    /// The lease row shows another holder or epoch: nothing was applied, another node owns the desk.
    case fenced
    /// The data or a constraint was refused: nothing was applied, and the same batch would be refused
    /// again.
    case poison
    /// Surely nothing was applied, and the same batch may succeed (serialization failure, deadlock).
    case retry
    /// Surely not applied; the database is away, out of space, or shutting down.
    case unavailable
    /// It may have been applied: the connection was lost or the deadline passed after it was sent, or
    /// it succeeded without its synchronous standby.
    case unknown
}

/// What a node finds when it has become, or again become, the owner.
public struct Reloaded: Equatable, Sendable {
    /// The epoch that it owns the desk in.
    public let epoch: Int64
    /// The state rows.
    public let state: DeskState
    /// The latest events, ascending and without a gap up to `state.lastEvent`: what sockets resume
    /// from. At most ``EngineLimits/feedLength``.
    public let recent: [EventRecord]

    /// Found this.
    public init(epoch: Int64, state: DeskState, recent: [EventRecord]) {
        self.epoch = epoch
        self.state = state
        self.recent = recent
    }
}

/// How the lease is taken before a reload.
public enum LeaseRequest: Equatable, Sendable {
    /// Take it if it is free or expired (a node that stands by); raises the epoch.
    case take
    /// Raise the epoch, but only if the row still shows this node and this epoch, or has expired.
    case raise(from: Int64)
    /// Keep the epoch, checked under lock: only the state is read anew (after poison or a retry).
    case keep(Int64)
}

/// Why a reload did not happen.
public enum ReloadFailure: Error, Equatable, Sendable {
    /// Another node holds the lease; worth asking again then.
    case held(askAgainIn: Int64)
    /// The database is away, or whether the raise was applied is not known: ask again.
    case unavailable
}
