/// How a transaction ended, as far as anybody can know.
public enum PostgresTransactionOutcome: Sendable {
    /// COMMIT was answered COMMIT: it is as durable as `synchronous_commit` asks. One result for
    /// each command, in order.
    case committed([PostgresResult])
    /// The server said that it was not committed: nothing was applied. `command` is the index of
    /// the command at fault; nil if it was BEGIN or COMMIT itself (a deferred constraint).
    case failed(PostgresServerError, command: Int?)
    /// No byte of it left for a server: nothing was applied. The error is never `.lost` or
    /// `.server`; after `.refused` sending it again is in vain.
    case notSent(PostgresError)
    /// It was sent, and nobody here can tell whether it was committed.
    case unknown(PostgresUnknown)
}

/// Why it is not known whether a transaction was committed.
public enum PostgresUnknown: Hashable, Sendable {
    /// The connection ended before the answer to COMMIT arrived.
    case connectionLost
    /// The server ended the session before it answered COMMIT (57P01 when an administrator did it).
    case terminated(SQLState)
    /// Our deadline passed. The connection was closed and the server asked to cancel.
    case deadlinePassed
    /// COMMIT was answered, but with the warning that the wait for synchronous replication was
    /// cancelled: committed on the primary, and lost if the primary is lost now.
    case replicationUncertain
    /// `close()` was called before the answer arrived.
    case closed
}
