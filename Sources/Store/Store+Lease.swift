import Desk
public import Engine
import EventLoop
import Logging
import Postgres

/// Taking the lease and reading the state behind it.
extension Store {
    /// Takes, raises or keeps the lease, forgets every cache, and reads the desk's state anew.
    public func reload(_ request: LeaseRequest) async -> Result<Reloaded, ReloadFailure> {
        keyRing.forget()
        do throws(StoreError) {
            try await open()
        } catch {
            log.error(
                "the desk cannot be opened", metadata: ["desk": "\(desk)", "reason": "\(error)"])
            return .failure(.unavailable)
        }
        guard await connectWriter() else { return .failure(.unavailable) }
        do throws(StoreError) {
            switch try await takeLease(request) {
            case .granted(let epoch): return .success(try await readState(epoch: epoch))
            case .held(let askAgainIn): return .failure(.held(askAgainIn: askAgainIn))
            }
        } catch {
            log.warning(
                "the desk cannot be reloaded",
                metadata: ["desk": "\(desk)", "reason": "\(error)"])
            return .failure(.unavailable)
        }
    }

    private enum Lease {
        case granted(epoch: Int64)
        case held(askAgainIn: Int64)
    }

    /// A raise whose own outcome is unknown is simply asked for again: the row then shows this very
    /// process, at that epoch or a higher one.
    private func takeLease(_ request: LeaseRequest) async throws(StoreError) -> Lease {
        var raiseFrom: Int64?
        var keep: Int64?
        switch request {
        case .take: break
        case .raise(let epoch): raiseFrom = epoch
        case .keep(let epoch): keep = epoch
        }
        let outcome = await writer.transaction(
            [
                PostgresCommand(
                    LeaseStatements.take,
                    [
                        .int8(desk), .text(configuration.holder), .bytea(incarnation),
                        .optionalInt8(raiseFrom), .optionalInt8(keep),
                        .int8(configuration.leaseTime),
                    ])
            ], deadline: configuration.readDeadline)
        guard case .committed(let results) = outcome, let result = results.first else {
            // A read-only session is that of a demoted primary; the next one finds the new.
            if case .failed(let error, _) = outcome, error.sqlState == .readOnlyTransaction {
                writer.close()
            }
            throw .unavailable
        }
        guard result.rowCount == 1 else { throw .unexpectedSchema }
        return try value { () throws(PostgresError) in
            guard let epoch = try result.optionalInt8(0, 0) else {
                return .held(askAgainIn: try result.int8(0, 1))
            }
            return .granted(epoch: epoch)
        }
    }

    private func readState(epoch: Int64) async throws(StoreError) -> Reloaded {
        let outcome = await writer.transaction(
            [
                PostgresCommand(LeaseStatements.desk, [.int8(desk), .int8(epoch)]),
                PostgresCommand(LeaseStatements.conversations, [.int8(desk)]),
                PostgresCommand(LeaseStatements.agents, [.int8(desk)]),
                PostgresCommand(LeaseStatements.jobs, [.int8(desk)]),
                PostgresCommand(
                    LeaseStatements.recent,
                    [.int8(desk), .int8(Int64(configuration.recentEvents))]),
                PostgresCommand(LeaseStatements.configuration, [.int8(desk)]),
                PostgresCommand(LeaseStatements.paces, [.int8(desk)]),
                PostgresCommand(LeaseStatements.queueStates, [.int8(desk)]),
            ], deadline: configuration.readDeadline)
        guard case .committed(let results) = outcome, results.count == 8 else {
            throw .unavailable
        }
        // Another node took over between the two transactions.
        guard results[0].rowCount == 1 else { throw .unavailable }
        var state = DeskState()
        var recent: [EventRecord] = []
        var hash: [UInt8] = []
        try value { () throws(PostgresError) in
            state.lastEvent = try results[0].int8(0, 0)
            hash = try results[0].bytes(0, 1)
            state.conversations = try results[1].all { row throws(PostgresError) in
                try results[1].conversation(row)
            }
            state.agents = try results[2].all { row throws(PostgresError) in
                try results[2].agent(row)
            }
            state.jobs = try results[3].all { row throws(PostgresError) in
                try results[3].job(row)
            }
            recent = try results[4].all { row throws(PostgresError) in
                try results[4].eventRecord(row)
            }
            state.paces = try results[6].all { row throws(PostgresError) in
                QueuePace(
                    queue: try results[6].id(row, 0), interval: try results[6].int8(row, 1),
                    since: try results[6].optionalInt8(row, 2))
            }
            state.configuration = try results[5].configuration(0) ?? Configuration()
            state.queueStates = try results[7].all { row throws(PostgresError) in
                try results[7].queueState(row)
            }
        }
        lastHash = hash
        return Reloaded(epoch: epoch, state: state, recent: recent)
    }

    /// Lets another node take the desk at once. Best effort: the lease ends by itself otherwise.
    public func giveLeaseBack(epoch: Int64) async {
        guard writer.isConnected else { return }
        _ = await writer.transaction(
            [
                PostgresCommand(
                    LeaseStatements.giveBack, [.int8(desk), .bytea(incarnation), .int8(epoch)])
            ], deadline: configuration.readDeadline)
    }

    /// Who owns the desk, by the database.
    public func owner() async throws(StoreError) -> DeskOwner {
        let result = try await read(LeaseStatements.owner, [.int8(desk), .bytea(incarnation)])
        guard result.rowCount == 1 else { throw .notFound }
        return try value { () throws(PostgresError) in
            DeskOwner(
                holder: try result.optionalText(0, 0), epoch: try result.int8(0, 1),
                expiresIn: try result.int8(0, 2), isThisProcess: try result.bool(0, 3))
        }
    }
}

/// Who owns a desk.
public struct DeskOwner: Equatable, Sendable {
    /// The node's name; nil if the lease was given back or never taken.
    public let holder: String?
    /// The latest epoch.
    public let epoch: Int64
    /// How long the lease still lasts, in milliseconds; 0 when it has ended.
    public let expiresIn: Int64
    /// Whether this very process holds it.
    public let isThisProcess: Bool
}

/// The statements around the lease.
enum LeaseStatements {
    static let take = PostgresStatement(
        "SELECT granted_epoch, ask_again_in FROM take_lease($1, $2, $3, $4, $5, $6)")
    static let desk = PostgresStatement(
        "SELECT last_event, last_hash FROM desks WHERE desk = $1 AND epoch = $2")
    static let conversations = PostgresStatement(
        """
        SELECT \(PostgresResult.conversationColumns)
          FROM conversations JOIN activities USING (desk, conversation)
         WHERE conversations.desk = $1 AND conversations.owner <> 'nobody'
         ORDER BY conversations.conversation
        """)
    static let agents = PostgresStatement(
        "SELECT \(PostgresResult.agentColumns) FROM agents WHERE desk = $1 ORDER BY agent")
    static let jobs = PostgresStatement(
        """
        SELECT \(PostgresResult.jobColumns) FROM jobs
         WHERE desk = $1 AND state IN ('queued', 'sending', 'unknown') ORDER BY job
        """)
    static let recent = PostgresStatement(
        """
        SELECT \(PostgresResult.eventColumns) FROM events
         WHERE desk = $1 AND number > (SELECT last_event FROM desks WHERE desk = $1) - $2
         ORDER BY number
        """)
    static let configuration = PostgresStatement(
        """
        SELECT document::text FROM configurations WHERE desk = $1 ORDER BY version DESC LIMIT 1
        """)
    static let paces = PostgresStatement(
        "SELECT queue, pace, since FROM queue_paces WHERE desk = $1 ORDER BY queue")
    static let queueStates = PostgresStatement(
        """
        SELECT \(PostgresResult.queueStateColumns) FROM queue_states
         WHERE desk = $1 ORDER BY queue
        """)
    static let giveBack = PostgresStatement(
        """
        UPDATE desks SET holder = NULL, incarnation = NULL, expires_at = NULL
         WHERE desk = $1 AND incarnation = $2 AND epoch = $3
        """)
    static let owner = PostgresStatement(
        """
        SELECT holder, epoch,
               greatest(0, coalesce(ceil(1000 * extract(
                   epoch FROM expires_at - clock_timestamp())), 0))::bigint,
               incarnation IS NOT DISTINCT FROM $2
          FROM desks WHERE desk = $1
        """)
}
