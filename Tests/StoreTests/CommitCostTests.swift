import Desk
import Engine
import EventLoop
import Foundation
import Testing

@testable import Store

extension StoreTests {
    /// What a commit costs: measured, printed, not judged. Set `VENTANILLA_MEASURE=1`; figures count
    /// in a release build alone.
    @Suite(.enabled(if: ProcessInfo.processInfo.environment["VENTANILLA_MEASURE"] == "1"))
    struct CommitCostTests {
        @Test(arguments: [1, 20, 100, 500])
        func messagesInBatches(size: Int) async throws {
            try await Scene.run { scene in
                let node = try await scene.node()
                try await node.commit(arrives(7, capacity: 100))
                let customers: UInt64 = 100
                try await node.commit((1...customers).map { wrote($0, message: $0) })
                let backend = try await scene.number("SELECT backend_pid::bigint FROM desks")
                var message = customers
                let rounds = max(10, 10_000 / size)
                var decided: Double = 0
                for round in 0..<(rounds + rounds / 5) {
                    if round == rounds / 5 { Self.begin(backend) }
                    let orders = (0..<size).map { _ in
                        message += 1
                        return wrote(
                            message % customers + 1, message: message,
                            text: String(repeating: "x", count: 300))
                    }
                    #expect(try await node.commit(orders) == .ok)
                    decided += round >= rounds / 5 ? Double(size) : 0
                }
                let spent = Self.spent(backend)
                print(
                    "batches of \(size): \(Int(decided / spent.wall)) messages/s, µs per message:",
                    "process \(Int(spent.process / decided * 1e6)),",
                    "database \(Int(spent.database / decided * 1e6))")
            }
        }

        @LoopActor private static var start = (wall: 0.0, process: 0.0, database: 0.0)

        @LoopActor private static func begin(_ backend: Int64) {
            start = (now(), seconds("self"), seconds("\(backend)"))
        }

        @LoopActor private static func spent(
            _ backend: Int64
        ) -> (wall: Double, process: Double, database: Double) {
            (
                now() - start.wall, seconds("self") - start.process,
                seconds("\(backend)") - start.database
            )
        }

        private static func now() -> Double { Date().timeIntervalSince1970 }

        /// User and system time of a process, from proc(5), in clock ticks of 10 ms.
        private static func seconds(_ process: String) -> Double {
            let path = "/proc/\(process)/stat"
            guard let line = try? String(contentsOfFile: path, encoding: .utf8),
                let end = line.lastIndex(of: ")")
            else { return 0 }
            let fields = line[line.index(after: end)...].split(separator: " ")
            return (Double(fields[11]) ?? 0) / 100 + (Double(fields[12]) ?? 0) / 100
        }
    }
}
