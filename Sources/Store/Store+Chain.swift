import Desk
import Postgres

/// What verifying the ledger found.
public enum ChainVerdict: Equatable, Sendable {
    /// Every event is there, in its place and unchanged, up to the desk's latest.
    case sound(events: Int64)
    /// The first event that is not as it was committed.
    case broken(at: Int64, ChainFault)
}

/// What is wrong with an event.
public enum ChainFault: String, Equatable, Sendable {
    /// It is not there.
    case missing
    /// Its hash does not follow from its content and the hash before: one of the three was changed.
    case changed
    /// The desk's row names another hash for its latest event, or fewer events than there are.
    case endDiffers
}

extension Store {
    /// Computes the ledger's hash chain from the first event to the one that is the latest when this
    /// begins, in pages: other work goes on meanwhile.
    public func verifyChain() async throws(StoreError) -> ChainVerdict {
        let end = try await read(ChainStatements.end, [.int8(desk)])
        guard end.rowCount == 1 else { throw .notFound }
        let (last, lastHash) = try value { () throws(PostgresError) in
            (try end.int8(0, 0), try end.bytes(0, 1))
        }
        var expected: Int64 = 1
        var hash = Chain.start
        while expected <= last {
            let page = try await read(
                ChainStatements.page,
                [
                    .int8(desk), .int8(expected - 1), .int8(last),
                    .int8(Int64(StoreLimits.verifiedPage)),
                ])
            guard page.rowCount > 0 else { return .broken(at: expected, .missing) }
            for row in 0..<page.rowCount {
                let (found, stored) = try value { () throws(PostgresError) in
                    (try page.ledgerRow(row), try page.bytes(row, 7))
                }
                guard found.number == expected else { return .broken(at: expected, .missing) }
                hash = Chain.hash(after: hash, desk: desk, found)
                guard hash == stored else { return .broken(at: expected, .changed) }
                expected += 1
            }
        }
        guard hash == lastHash else { return .broken(at: last, .endDiffers) }
        return .sound(events: last)
    }
}

/// The statements of the verifier.
enum ChainStatements {
    static let end = PostgresStatement("SELECT last_event, last_hash FROM desks WHERE desk = $1")
    static let page = PostgresStatement(
        """
        SELECT \(PostgresResult.eventColumns), hash FROM events
         WHERE desk = $1 AND number > $2 AND number <= $3 ORDER BY number LIMIT $4
        """)
}
