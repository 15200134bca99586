import EventLoop
import LoopFixture
import Postgres
import PostgresFixture
import Testing

extension RawSpan {
    /// One byte; the test has checked the index.
    func unsafeLoadByte(_ index: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: index, as: UInt8.self)
    }
}

extension PostgresConnection {
    /// The error of a query that must fail, with the server's code; nil if it succeeds.
    func failure(
        of statement: PostgresStatement, _ values: [PostgresValue] = []
    ) async -> PostgresError? {
        do throws(PostgresError) {
            _ = try await query(statement, values)
            return nil
        } catch {
            return error
        }
    }

    /// One number.
    func number(_ statement: PostgresStatement, _ values: [PostgresValue] = []) async throws
        -> Int64
    {
        try await query(statement, values).int8(0, 0)
    }
}

extension PostgresPool {
    /// The error of a query; nil if it succeeds.
    func failure(of statement: PostgresStatement, _ deadline: Duration) async -> PostgresError? {
        do throws(PostgresError) {
            _ = try await query(statement, deadline: deadline)
            return nil
        } catch {
            return error
        }
    }
}

extension PostgresError {
    /// The server's code, if it was the server.
    var code: String? {
        if case .server(let error) = self { return error.sqlState.rawValue }
        return nil
    }
}

extension PostgresTransactionOutcome {
    /// The outcome in a word, to compare with.
    var summary: String {
        switch self {
        case .committed(let results): "committed \(results.count)"
        case .failed(let error, let command):
            "failed \(error.sqlState) \(command.map { "at \($0)" } ?? "as a whole")"
        case .notSent(let error): "not sent: \(error)"
        case .unknown(let reason): "unknown: \(reason)"
        }
    }
}

/// Waits until `condition` holds; false after `seconds`.
@LoopActor func eventually(
    _ loop: Loop, seconds: Int = 10, _ condition: @LoopActor () async throws -> Bool
) async rethrows -> Bool {
    for _ in 0..<seconds * 100 {
        if try await condition() { return true }
        await loop.sleep(for: .milliseconds(10))
    }
    return false
}
