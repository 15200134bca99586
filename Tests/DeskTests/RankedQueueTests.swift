import Desk
import Testing

@Suite("Members in order of a rank that changes")
struct RankedQueueTests {
    @Test("It agrees with sorting, whatever changes", arguments: 1...20 as ClosedRange<UInt64>)
    func agreesWithSorting(seed: UInt64) {
        var random = Random(seed: seed)
        var ranked = RankedQueue<Int, Int>()
        var plain: [Int: Int] = [:]
        for _ in 0..<500 {
            let member = random.below(20)
            let rank: Int? = random.below(3) == 0 ? nil : random.below(10)
            ranked.set(member, rank: rank)
            plain[member] = rank
            let first = plain.map { ($0.value, $0.key) }.min(by: <)
            #expect(ranked.first?.rank == first?.0)
            #expect(ranked.first?.member == first?.1)
            #expect(ranked.count == plain.count)
        }
    }

    @Test(
        "It is walked in order, and a position is what stands before",
        arguments: 1...5 as ClosedRange<UInt64>)
    func walked(seed: UInt64) {
        var random = Random(seed: seed)
        var ranked = RankedQueue<Int, Int>()
        var plain: [Int: Int] = [:]
        for _ in 0..<5_000 {
            let member = random.below(2_000)
            let rank: Int? = random.below(4) == 0 ? nil : random.below(300)
            ranked.set(member, rank: rank)
            plain[member] = rank
        }
        let sorted = plain.map { ($0.value, $0.key) }.sorted(by: <).map(\.1)
        #expect(ranked.members == sorted)
        #expect(sorted.indices.allSatisfy { ranked.position(of: sorted[$0]) == $0 })
        #expect(ranked.position(of: -1) == nil)
        let even = ranked.first { $0.member % 2 == 0 }
        #expect(even?.member == sorted.first { $0 % 2 == 0 })
    }

    @Test("A change costs comparisons by the logarithm of the members", arguments: [1_000, 8_000])
    func logarithmic(members: Int) {
        var random = Random(seed: 1)
        var ranked = RankedQueue<Int, CountedRank>()
        for member in 0..<members { ranked.set(member, rank: CountedRank(random.below(1 << 30))) }
        CountedRank.$counter.withValue(CountedRank.Counter()) {
            for _ in 0..<members {
                ranked.set(random.below(members), rank: CountedRank(random.below(1 << 30)))
            }
            for _ in 0..<members {
                if let first = ranked.first { ranked.set(first.member, rank: nil) }
            }
            let logarithm = Int.bitWidth - members.leadingZeroBitCount
            #expect(CountedRank.counter.comparisons <= 2 * members * 8 * logarithm)
        }
        #expect(ranked.first == nil)
    }
}

/// A rank that counts how often it is compared.
struct CountedRank: Comparable, Sendable {
    final class Counter: @unchecked Sendable { var comparisons = 0 }
    @TaskLocal static var counter = Counter()
    let value: Int

    init(_ value: Int) { self.value = value }

    static func < (left: Self, right: Self) -> Bool {
        counter.comparisons += 1
        return left.value < right.value
    }

    static func == (left: Self, right: Self) -> Bool {
        counter.comparisons += 1
        return left.value == right.value
    }
}
