import Testing

/// The room's tests, one after the other: each has a database of its own, and what some of them wait
/// for (deadlines, leases, deadlocks) is measured in time.
@Suite(.serialized, .timeLimit(.minutes(3))) struct StoreTests {}
