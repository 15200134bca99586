/// Members in order of a rank that may change or end at any time; equal ranks go by the member.
///
/// Kept as a list of short sorted pieces, so that it can be walked in order from the front as well as
/// asked for its first. A change costs O(log n) comparisons and moves at most one piece, and, once in
/// ``longest`` changes, the list of the pieces.
package struct RankedQueue<Member: Hashable & Comparable & Sendable, Rank: Comparable & Sendable>:
    Sendable
{
    /// A member with its rank.
    package struct Entry: Comparable, Sendable {
        package let rank: Rank
        package let member: Member

        package static func < (left: Self, right: Self) -> Bool {
            if left.rank != right.rank { return left.rank < right.rank }
            return left.member < right.member
        }
    }

    /// A piece is split when it grows beyond this: two kilobytes or so are moved faster than a tree
    /// is rebalanced.
    private static var longest: Int { 128 }

    private var pieces: [[Entry]] = []
    private var ranks: [Member: Rank] = [:]

    /// No members.
    package init() {}

    /// How many members there are.
    package var count: Int { ranks.count }

    /// Whether there are none.
    package var isEmpty: Bool { ranks.isEmpty }

    /// The member with the lowest rank.
    package var first: Entry? { pieces.first?.first }

    /// The rank of a member, if it is one.
    package func rank(of member: Member) -> Rank? { ranks[member] }

    /// How many members stand before this one; `nil` when it is none. Costs one addition per piece.
    package func position(of member: Member) -> Int? {
        guard let rank = ranks[member] else { return nil }
        return count(before: member, rank)
    }

    /// How many members stand before one that has, or had, this rank. Costs one addition per piece.
    package func count(before member: Member, _ rank: Rank) -> Int {
        let entry = Entry(rank: rank, member: member)
        guard !pieces.isEmpty else { return 0 }
        let piece = pieceHolding(entry)
        let before = pieces[..<piece].reduce(0) { $0 + $1.count }
        return before + Self.place(of: entry, in: pieces[piece])
    }

    /// The first member, in order, for which this holds.
    package func first(where holds: (Entry) -> Bool) -> Entry? {
        for piece in pieces {
            for entry in piece where holds(entry) { return entry }
        }
        return nil
    }

    /// The members in order.
    package var members: [Member] { pieces.flatMap { $0.map(\.member) } }

    /// Gives a member this rank, or takes it out.
    package mutating func set(_ member: Member, rank: Rank?) {
        let former = ranks[member]
        guard former != rank else { return }
        if let former { remove(Entry(rank: former, member: member)) }
        ranks[member] = rank
        if let rank { insert(Entry(rank: rank, member: member)) }
    }

    private mutating func insert(_ entry: Entry) {
        guard !pieces.isEmpty else { return pieces.append([entry]) }
        let piece = pieceHolding(entry)
        pieces[piece].insert(entry, at: Self.place(of: entry, in: pieces[piece]))
        guard pieces[piece].count > Self.longest else { return }
        // Those who come last are added at the end: the former piece then stays full.
        let isLast = piece == pieces.count - 1 && pieces[piece].last == entry
        let kept = isLast ? Self.longest : Self.longest / 2
        let rest = Array(pieces[piece][kept...])
        pieces[piece].removeSubrange(kept...)
        pieces.insert(rest, at: piece + 1)
    }

    private mutating func remove(_ entry: Entry) {
        let piece = pieceHolding(entry)
        pieces[piece].remove(at: Self.place(of: entry, in: pieces[piece]))
        if pieces[piece].isEmpty { pieces.remove(at: piece) }
    }

    /// The last piece that does not begin after the entry: where it is, or belongs.
    private func pieceHolding(_ entry: Entry) -> Int {
        var low = 0
        var high = pieces.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if entry < pieces[middle][0] { high = middle } else { low = middle }
        }
        return low
    }

    /// The first place in a piece whose entry is not before this one.
    private static func place(of entry: Entry, in piece: [Entry]) -> Int {
        var low = 0
        var high = piece.count
        while low < high {
            let middle = (low + high) / 2
            if piece[middle] < entry { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
