import Desk
import Testing

@Suite("The same inputs come to the same events")
struct DeterminismTests {
    /// All that a history comes to, in words.
    private static func account(seed: UInt64) -> [String] {
        var history = RandomHistory(seed: seed)
        var scene = Scene(rules: PropertyTests.rules, auditing: false)
        return (1...200).map { _ in
            scene.now = scene.now.adding(milliseconds: history.pause())
            let input = history.next(in: scene)
            let known = scene.shelf.known(for: [input])
            var copy = scene.desk
            _ = copy.handle(
                input, known: known, epoch: 7, at: scene.now.adding(milliseconds: 1),
                composer: wording)
            let handled = scene.handle(input)
            let deadline = scene.desk.nextDeadline?.milliseconds ?? 0
            return "\(handled) \(copy.takeChanges()) \(deadline)"
        }
    }

    /// FNV-1a, because Swift's own hashes differ from process to process.
    private static func fingerprint(_ lines: [String]) -> UInt64 {
        lines.joined().utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    @Test("in one process", arguments: 1...5 as ClosedRange<UInt64>)
    func inOneProcess(seed: UInt64) {
        #expect(Self.account(seed: seed) == Self.account(seed: seed))
    }

    @Test("in another process, whose hashes are seeded otherwise")
    func inTwoProcesses() async throws {
        let here = (1...5).map { Self.fingerprint(Self.account(seed: $0)) }
        let child = try await #require(
            processExitsWith: .success, observing: [\.standardOutputContent]
        ) {
            let there = (1...5).map { Self.fingerprint(Self.account(seed: $0)) }
            print("fingerprints \(there) of hash \("seed".hashValue)")
        }
        let said = String(decoding: child.standardOutputContent, as: UTF8.self)
        #expect(said.contains("fingerprints \(here) "))
        #expect(
            !said.contains("of hash \("seed".hashValue)"), "the hashes must differ for this to tell"
        )
    }
}
