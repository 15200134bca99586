import Crypto
import EventLoop
import Foundation
import Postgres

/// The bank's people of a run: rows as a sign-in leaves them, without the sign-in.
///
/// What is measured is an open console; thousands of trips through an identity provider would only
/// measure that provider. The session's secret follows from run and number, so that nothing is kept.
enum Persons {
    private static let insertPersons: PostgresStatement = """
        INSERT INTO persons (desk, person, issuer, subject, name, roles, seen_at)
        SELECT $1, number, 'bench', 'agent-' || number, 'Agent ' || number, '{agent}', now()
          FROM generate_series(1, $2) AS number
        ON CONFLICT DO NOTHING
        """
    private static let insertSessions: PostgresStatement = """
        INSERT INTO sessions (desk, session, person, roles, created_at, expires_at)
        SELECT $1, item.digest, item.person, '{agent}', now(), now() + interval '1 hour'
          FROM unnest($2::bytea[], $3::bigint[]) AS item (digest, person)
        """

    /// Inserts `count` agents and a session for each.
    static func prepare(
        _ connection: PostgresConnection, desk: Int, count: Int, run: Int64
    ) async throws {
        _ = try await connection.query(insertPersons, [.int8(Int64(desk)), .int8(Int64(count))])
        let numbers = Array(0..<count)
        let digests = numbers.map { Array(SHA256.hash(data: secret($0, run: run))) }
        _ = try await connection.query(
            insertSessions,
            [
                .int8(Int64(desk)), .byteaArray(digests), .int8Array(numbers.map { Int64($0 + 1) }),
            ])
    }

    private static func secret(_ number: Int, run: Int64) -> [UInt8] {
        Array(SHA256.hash(data: Array("session \(run) \(number)".utf8)))
    }

    /// The value of the session's cookie: its secret in base64url without padding.
    static func cookie(_ number: Int, run: Int64) -> String {
        Data(secret(number, run: run)).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// Sixteen random bytes in base64, as RFC 6455 §4.1 asks for.
    static var webSocketKey: String {
        Data((0..<16).map { _ in UInt8.random(in: .min ... .max) }).base64EncodedString()
    }
}
