import EventLoop
import LoopFixture
import Testing

@testable import bench

/// Figures of a run in which something was lost or came twice are void: each such thing is found.
@Suite struct VoidTests {
    /// What became of five messages, of which the first two opened conversations.
    struct Run: Sendable, CustomTestStringConvertible {
        let name: String
        var statuses = [200, 200, 200, 200, 200]
        var given = 2
        var delivered = [2, 3, 4]
        var stored = 5
        let faults: [String]
        var testDescription: String { name }
    }

    @Test(arguments: [
        Run(name: "all is well", faults: []),
        Run(name: "one lost", delivered: [2, 4], faults: ["1 messages were not delivered"]),
        Run(
            name: "one doubled", delivered: [2, 3, 3, 4],
            faults: ["1 messages were delivered twice"]),
        Run(
            name: "one lost, another doubled", delivered: [2, 3, 3],
            faults: ["1 messages were not delivered", "1 messages were delivered twice"]),
        Run(
            name: "one of nothing", delivered: [2, 3, 4, 5],
            faults: ["1 deliveries of nothing sent"]),
        Run(
            name: "one not given", given: 1,
            faults: ["1 messages were not delivered", "2 conversations were opened, 1 given"]),
        Run(
            name: "one given twice", given: 3,
            faults: ["-1 messages were not delivered", "2 conversations were opened, 3 given"]),
        Run(name: "one not stored", stored: 4, faults: ["5 acknowledged, 4 rows"]),
        Run(name: "one stored twice", stored: 6, faults: ["5 acknowledged, 6 rows"]),
        Run(
            name: "one refused", statuses: [200, 200, 200, 200, 503], stored: 4,
            faults: ["1 answers with status 503"]),
    ])
    func aMessageThatWasLostOrDoubledIsFound(run: Run) async throws {
        let faults = try await TestLoop.run { _ in
            let tally = Tally(openings: 2)
            for status in run.statuses {
                _ = tally.nextSequence()
                tally.answered(status: status, sentAt: tally.now())
            }
            for _ in 0..<run.given { tally.conversationGiven() }
            for sequence in run.delivered { tally.delivered(sequence, sentAt: 0, now: 1) }
            return tally.faults(stored: run.stored)
        }
        #expect(faults == run.faults)
    }

    /// Conversations 10 and 11 wait in a queue that of two agents only agent 1 may serve, 12 in one of
    /// agent 2's; each has room for two.
    struct Outcome: Sendable {
        var expected = 3
        var capacity = 2
        var line = [(10, 2, 1_000), (11, 2, 2_000), (12, 4, 1_500)]
        var given = [(10, 1), (12, 2), (11, 1)]
        var assignments = [(10, 1), (11, 1), (12, 2)]
        /// The first console is agent 1's.
        var pushes = [(0, 10), (1, 12), (0, 11)]

        @LoopActor var faults: [String] {
            let steps: [BurstCheck.Step] =
                [.available(1), .available(2)]
                + given.map { .given(conversation: $0.0, agent: $0.1) }
            let rows = BurstCheck.Rows(
                line: line.map { ($0.0, $0.1, Int64($0.2)) }, steps: steps,
                assignments: assignments.map { ($0.0, $0.1) })
            return BurstCheck(
                rows, pushes: pushes.map { ($0.0, $0.1) }, conversations: expected, agents: 2,
                capacity: capacity
            ).faults
        }
    }

    struct Planted: Sendable, CustomTestStringConvertible {
        let fault: String
        let plant: @Sendable (inout Outcome) -> Void
        var testDescription: String { fault }

        init(_ fault: String, _ plant: @escaping @Sendable (inout Outcome) -> Void) {
            self.fault = fault
            self.plant = plant
        }
    }

    static let planted = [
        Planted("a conversation is not there") { $0.expected = 4 },
        Planted("a conversation in a queue of nobody's") { $0.line[0].1 = 9 },
        Planted("an assignment of nothing that waited, or to nobody available") {
            $0.given.append((13, 1))
        },
        Planted("a conversation given twice") { $0.given.append((11, 1)) },
        Planted("an agent without the skill") { $0.given[1].1 = 1 },
        Planted("an agent over capacity") { $0.capacity = 1 },
        Planted("not the first of its queue") { $0.given = [(11, 1), (12, 2), (10, 1)] },
        Planted("a queue waits although an agent has room and the skill") { $0.given.removeLast() },
        Planted("rows of assignments and handoffs differ") { $0.assignments.removeLast() },
        Planted("rows of assignments and handoffs differ") { $0.assignments.append((12, 2)) },
        Planted("an assignment's row differs from its handoff") { $0.assignments[1].1 = 2 },
        Planted("an assignment that was not pushed") { $0.pushes.removeLast() },
        Planted("a conversation pushed twice") { $0.pushes.append((0, 11)) },
        Planted("a conversation pushed to another than its agent") { $0.pushes[2].0 = 1 },
    ]

    @Test func aSoundBurstHasNoFault() async throws {
        #expect(try await TestLoop.run { _ in Outcome().faults } == [])
    }

    @Test(arguments: planted)
    func aFaultOfABurstIsFound(planted: Planted) async throws {
        var outcome = Outcome()
        planted.plant(&outcome)
        let wrong = outcome
        let faults = try await TestLoop.run { _ in wrong.faults }
        #expect(faults.contains("1 × \(planted.fault)"), "\(faults)")
    }
}
