import EventLoop

/// Work that several may wait for: who asks for what is under way already gets its result. The work
/// belongs to nobody who waits, so that none of them can end it for the others.
@LoopActor final class Flights<Key: Hashable & Sendable, Value: Sendable> {
    private var waiting: [Key: [CheckedContinuation<Value, Never>]] = [:]

    /// The result of this work, which is begun unless it is under way.
    func join(_ key: Key, _ work: @escaping @LoopActor () async -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            guard waiting[key] == nil else {
                waiting[key]?.append(continuation)
                return
            }
            waiting[key] = [continuation]
            startOnLoop {
                let value = await work()
                for continuation in self.waiting.removeValue(forKey: key) ?? [] {
                    continuation.resume(returning: value)
                }
            }
        }
    }

    /// What is under way.
    var keys: [Key] { Array(waiting.keys) }
}
