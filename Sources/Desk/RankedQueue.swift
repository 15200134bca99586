import HeapModule

/// Members in order of a rank that may change or end at any time; equal ranks go by the member.
///
/// A change of rank costs O(log n) amortised: the old entry stays in the heap under an old stamp and
/// is dropped when it comes to the top, or when such leftovers outnumber the members.
package struct RankedQueue<Member: Hashable & Comparable & Sendable, Rank: Comparable & Sendable>:
    Sendable
{
    private struct Entry: Comparable, Sendable {
        let rank: Rank
        let member: Member
        let stamp: UInt64

        static func < (left: Self, right: Self) -> Bool {
            if left.rank != right.rank { return left.rank < right.rank }
            if left.member != right.member { return left.member < right.member }
            return left.stamp < right.stamp
        }
    }

    /// Leftovers that are tolerated in a small queue, so that it is not rebuilt at every change.
    private static var tolerance: Int { 64 }

    private var heap = Heap<Entry>()
    private var valid: [Member: Entry] = [:]
    private var lastStamp: UInt64 = 0

    /// No members.
    package init() {}

    /// How many members there are.
    package var count: Int { valid.count }

    /// How many entries are kept, leftovers included: at most twice the members and some.
    package var entryCount: Int { heap.count }

    /// The member with the lowest rank.
    package var first: (member: Member, rank: Rank)? {
        // Every change ends with `dropLeftovers`, so the top of the heap is always a valid entry.
        heap.min.map { ($0.member, $0.rank) }
    }

    /// Gives a member this rank, or takes it out.
    package mutating func set(_ member: Member, rank: Rank?) {
        guard valid[member]?.rank != rank else { return }
        if let rank {
            lastStamp += 1
            let entry = Entry(rank: rank, member: member, stamp: lastStamp)
            valid[member] = entry
            heap.insert(entry)
        } else {
            valid[member] = nil
        }
        dropLeftovers()
    }

    private mutating func dropLeftovers() {
        while let top = heap.min, !isValid(top) { heap.removeMin() }
        if heap.count > 2 * valid.count + Self.tolerance {
            heap = Heap(heap.unordered.filter(isValid))
        }
    }

    private func isValid(_ entry: Entry) -> Bool { valid[entry.member]?.stamp == entry.stamp }
}
