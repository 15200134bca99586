/// Everything that lives on the event loop's one thread.
@globalActor public actor LoopActor {
    /// The one instance.
    public static let shared = LoopActor()

    /// Turns jobs into calls on the loop's thread.
    public nonisolated let executor = LoopExecutor()

    /// The executor, for Swift's runtime.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// Runs `body` now, as isolated code, from a place the compiler does not know to be on the loop:
    /// a C callback. Stops the process if the calling thread is not the loop's.
    @inlinable public static func assume<T>(_ body: @LoopActor () throws -> T) rethrows -> T {
        shared.executor.checkIsolated()
        return try withoutActuallyEscaping(body) { escapable in
            // The isolation is a promise to the compiler alone and was checked on the line above;
            // the standard library does the same for the main actor.
            try unsafe unsafeBitCast(escapable, to: (() throws -> T).self)()
        }
    }
}

/// Starts a task on the loop: the only way to start one. It sets the executor preference, so that
/// whatever the task awaits resumes on the loop's thread and never by way of the thread pool.
@discardableResult
public func startOnLoop(_ body: @escaping @LoopActor () async -> Void) -> Task<Void, Never> {
    Task(executorPreference: LoopActor.shared.executor, operation: body)
}
