import Testing

@testable import BankReader

@Suite struct BreakerTests {
    /// Makes calls at one moment; how many were let through.
    private func calls(
        _ breaker: inout Breaker, _ count: Int, well: Bool, took: Int64 = 10, at now: Int64
    ) -> Int {
        (0..<count).count { _ in
            guard let permit = breaker.admit(at: now) else { return false }
            breaker.ended(permit, well: well, after: took, at: now)
            return true
        }
    }

    @Test func fewFailuresDoNotOpenIt() {
        var breaker = Breaker()
        #expect(calls(&breaker, ReadLimits.judgedCalls - 1, well: false, at: 0) == 9)
        #expect(breaker.state == .closed)
        // The first are out of the window by now.
        #expect(calls(&breaker, 5, well: false, at: ReadLimits.window + 1) == 5)
        #expect(breaker.state == .closed)
    }

    @Test(arguments: [(false, 10), (true, ReadLimits.slow + 1)])
    func halfOfTheCallsOpenIt(well: Bool, took: Int64) {
        var breaker = Breaker()
        #expect(calls(&breaker, 5, well: true, at: 0) == 5)
        #expect(calls(&breaker, 9, well: well, took: took, at: 1) == 5)
        #expect(breaker.state == .open)
    }

    @Test func oneProbeDecides() {
        var breaker = Breaker()
        _ = calls(&breaker, 10, well: false, at: 0)
        #expect(breaker.admit(at: ReadLimits.firstOpening - 1) == nil)
        let probe = breaker.admit(at: ReadLimits.firstOpening)
        #expect(probe != nil && breaker.state == .probing)
        #expect(breaker.admit(at: ReadLimits.firstOpening) == nil)
        if let probe { breaker.ended(probe, well: true, after: 1, at: 6_000) }
        #expect(breaker.state == .closed)
    }

    @Test func itOpensForLongerEachTimeAndNoLongerThanAMinute() {
        var breaker = Breaker()
        _ = calls(&breaker, 10, well: false, at: 0)
        var now: Int64 = 0
        for pause in [5_000, 10_000, 20_000, 40_000, 60_000, 60_000] as [Int64] {
            #expect(calls(&breaker, 1, well: false, at: now + pause - 1) == 0)
            now += pause
            #expect(calls(&breaker, 1, well: false, at: now) == 1)
        }
    }

    /// A call from before the breaker opened says nothing about the bank of now.
    @Test func aLateEndIsIgnored() {
        var breaker = Breaker()
        let late = breaker.admit(at: 0)
        _ = calls(&breaker, 10, well: false, at: 1)
        if let late { breaker.ended(late, well: true, after: 1, at: 2) }
        #expect(breaker.state == .open)
    }
}

@Suite struct BulkheadTests {
    private func goes(_ entry: Bulkhead.Entry) -> Bulkhead.Ticket? {
        guard case .goes(let ticket) = entry else { return nil }
        return ticket
    }

    @Test func oneCustomerLeavesRoomForOthers() throws {
        var bulkhead = Bulkhead(total: 4, perCustomer: 2, waiting: 2)
        let first = try #require(goes(bulkhead.enter(1)))
        #expect(goes(bulkhead.enter(1)) != nil)
        guard case .waits(let third) = bulkhead.enter(1) else {
            Issue.record("went")
            return
        }
        #expect(goes(bulkhead.enter(2)) != nil)
        #expect(bulkhead.leave(first) == [third])
        #expect(bulkhead.leave(first) == [])
    }

    @Test func whoFindsNoRoomIsRefused() {
        var bulkhead = Bulkhead(total: 1, perCustomer: 1, waiting: 1)
        #expect(goes(bulkhead.enter(1)) != nil)
        guard case .waits(let waiting) = bulkhead.enter(2) else {
            Issue.record("did not wait")
            return
        }
        #expect(bulkhead.enter(3) == .refused)
        let gaveUp = bulkhead.giveUp(waiting)
        let gaveUpAgain = bulkhead.giveUp(waiting)
        #expect(gaveUp && !gaveUpAgain)
        #expect(bulkhead.waiting == 0)
    }

    /// Against a plain count: never more inside than allowed, nobody lost, first come first served
    /// among those of one customer.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func randomHistories(seed: UInt64) {
        var random = Seeded(seed: seed)
        var bulkhead = Bulkhead(total: 5, perCustomer: 2, waiting: 7)
        var inside: [(Bulkhead.Ticket, Int64)] = []
        var waiting: [(Bulkhead.Ticket, Int64)] = []
        for _ in 0..<2_000 {
            if Bool.random(using: &random) || inside.isEmpty {
                let customer = Int64.random(in: 1...4, using: &random)
                switch bulkhead.enter(customer) {
                case .goes(let ticket): inside.append((ticket, customer))
                case .waits(let ticket): waiting.append((ticket, customer))
                case .refused: #expect(waiting.count == 7)
                }
            } else {
                let index = Int.random(in: 0..<inside.count, using: &random)
                for next in bulkhead.leave(inside.remove(at: index).0) {
                    guard let place = waiting.firstIndex(where: { $0.0 == next }) else {
                        Issue.record("nobody of that name waits")
                        return
                    }
                    let (ticket, customer) = waiting.remove(at: place)
                    #expect(!waiting[..<place].contains { $0.1 == customer })
                    inside.append((ticket, customer))
                }
            }
            #expect(inside.count == bulkhead.inFlight && inside.count <= 5)
            for customer in 1...4 as ClosedRange<Int64> {
                #expect(inside.count { $0.1 == customer } <= 2)
            }
        }
    }
}

@Suite struct CacheTests {
    private func key(
        _ conversation: Int64, _ operation: ReadOperation = .accounts
    ) -> ReadCache<Int>.Key {
        .init(
            grant: BankGrant(person: 1, customer: 2, conversation: conversation),
            operation: operation)
    }

    @Test func whatWasReadIsFreshForAWhileThenStale() {
        var cache = ReadCache<Int>()
        cache.keep(5, key(1), at: 1_000)
        #expect(cache.fresh(key(1), at: 1_000 + ReadLimits.freshLists - 1)?.value == 5)
        #expect(cache.fresh(key(1), at: 1_000 + ReadLimits.freshLists) == nil)
        #expect(cache.stale(key(1), at: 1_000 + ReadLimits.stale - 1)?.readAt == 1_000)
        #expect(cache.stale(key(1), at: 1_000 + ReadLimits.stale) == nil)
        let balances = key(1, .balances(account: "a"))
        cache.keep(6, balances, at: 0)
        #expect(cache.fresh(balances, at: ReadLimits.freshBalances) == nil)
        cache.sweep(at: ReadLimits.stale + 1_000)
        #expect(cache.count == 0)
    }

    @Test func anotherPersonOrConversationFindsNothing() {
        var cache = ReadCache<Int>()
        cache.keep(5, key(1), at: 0)
        #expect(cache.fresh(key(2), at: 0) == nil)
        let other = BankGrant(person: 9, customer: 2, conversation: 1)
        #expect(cache.fresh(.init(grant: other, operation: .accounts), at: 0) == nil)
        cache.purge { $0.conversation == 1 }
        #expect(cache.stale(key(1), at: 0) == nil)
    }

    @Test func itIsBounded() {
        var cache = ReadCache<Int>(limit: 3)
        for number in 1...5 { cache.keep(number, key(Int64(number)), at: Int64(number)) }
        #expect(cache.count == 3)
        #expect(cache.fresh(key(5), at: 5)?.value == 5)
        #expect(cache.fresh(key(1), at: 5) == nil)
    }
}

/// A random history that its seed repeats (SplitMix64).
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
