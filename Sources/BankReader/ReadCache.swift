/// What was read a moment ago, in memory alone. A value: time comes with each call (monotonic
/// milliseconds).
struct ReadCache<Value> {
    /// One read of one grant: what one person may see in one conversation is no one else's.
    struct Key: Hashable {
        let grant: BankGrant
        let operation: ReadOperation
    }

    /// What was read, and when.
    struct Entry {
        let value: Value
        /// By the monotonic clock.
        let readAt: Int64
    }

    private var entries: [Key: Entry] = [:]
    private let limit: Int

    init(limit: Int = ReadLimits.cached) { self.limit = limit }

    /// How many reads are held.
    var count: Int { entries.count }

    /// What was read so recently that it is shown without asking.
    func fresh(_ key: Key, at now: Int64) -> Entry? {
        entry(key, at: now, within: key.operation.freshness)
    }

    /// What may be shown with its age while the bank does not answer.
    func stale(_ key: Key, at now: Int64) -> Entry? {
        entry(key, at: now, within: ReadLimits.stale)
    }

    /// Keeps a read; where there is no room, the oldest gives way.
    mutating func keep(_ value: Value, _ key: Key, at now: Int64) {
        if entries[key] == nil, entries.count >= limit {
            entries = entries.filter { $0.value.readAt > now - ReadLimits.stale }
            if entries.count >= limit,
                let oldest = entries.min(by: { $0.value.readAt < $1.value.readAt })
            {
                entries[oldest.key] = nil
            }
        }
        entries[key] = Entry(value: value, readAt: now)
    }

    /// Forgets all that was read for such a grant.
    mutating func purge(_ isEnded: (BankGrant) -> Bool) {
        entries = entries.filter { !isEnded($0.key.grant) }
    }

    /// Forgets what nothing shows any more.
    mutating func sweep(at now: Int64) {
        entries = entries.filter { $0.value.readAt > now - ReadLimits.stale }
    }

    /// Counts all that is held as read this much earlier.
    mutating func shift(by milliseconds: Int64) {
        entries = entries.mapValues {
            Entry(value: $0.value, readAt: $0.readAt - milliseconds)
        }
    }

    private func entry(_ key: Key, at now: Int64, within age: Int64) -> Entry? {
        guard let entry = entries[key], now - entry.readAt < age else { return nil }
        return entry
    }
}
