import Desk
import Engine
import Testing

/// What happens when something does not end OK.
@Suite struct RecoveryTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let outcome: CommitOutcome
        let request: LeaseRequest?
        var testDescription: String { "\(outcome)" }
    }
    static let outcomes = [
        Row(outcome: .unknown, request: .raise(from: 1)),
        Row(outcome: .unavailable, request: .raise(from: 1)),
        Row(outcome: .retry, request: .keep(1)),
        Row(outcome: .poison, request: .keep(1)),
        Row(outcome: .fenced, request: nil),
    ]

    @Test(arguments: outcomes) func aCommitThatDoesNotEndOKReleasesNothingItDecided(_ row: Row) {
        var rig = Rig.serving()
        _ = rig.customerWrites(1)
        _ = rig.tell(.prefetched(Prefetched()))
        let steps = rig.tell(.committed(row.outcome))
        #expect(steps.reload == row.request)
        let events = steps.release?.events ?? []
        #expect(events.isEmpty)
        if row.outcome == .fenced {
            #expect(steps.release?.told == [Told(1, .unavailable)])
            #expect(steps.contains(.standBy))
            #expect(!rig.engine.isOwner)
        } else {
            #expect(steps.release == nil)
        }
    }

    @Test func aPrefetchWithoutAnAnswerCountsAsUnavailable() {
        var rig = Rig.serving()
        _ = rig.customerWrites(1)
        #expect(rig.tell(.prefetched(nil)).reload == .raise(from: 1))
    }

    @Test(arguments: [true, false]) func undecidedInputsAreDecidedAgainUnderTheirKeys(
        wasApplied: Bool
    ) {
        var rig = Rig.serving()
        _ = rig.customerWrites(1)
        _ = rig.tell(.prefetched(Prefetched()))
        _ = rig.tell(.committed(.unknown))
        // What arrives meanwhile stands behind.
        _ = rig.customerWrites(2, thread: 2)
        let reloaded = Reloaded(epoch: 2, state: DeskState(), recent: [])
        #expect(rig.tell(.reloaded(reloaded)).commit?.events == [.epochBegan])
        let request = rig.tell(.committed(.ok)).prefetch
        #expect(request?.keys == [digest(1), digest(2)])
        let keys = wasApplied ? [digest(1): KnownKey(parameters: nil, result: 4)] : [:]
        let commit = rig.tell(.prefetched(Prefetched(keys: keys))).commit
        #expect(commit?.epoch == 2)
        #expect(commit?.keys == (wasApplied ? [digest(2)] : [digest(1), digest(2)]))
        let told = rig.tell(.committed(.ok)).release?.told ?? []
        #expect(told.map(\.ticket) == [1, 2])
        if wasApplied { #expect(told.first?.answer == .repeated(result: 4)) }
    }

    @Test func theDatabaseIsAskedAgainUntilItIsBack() {
        var rig = Rig.serving()
        _ = rig.customerWrites(1)
        _ = rig.tell(.prefetched(nil))
        for _ in 0..<3 {
            let steps = rig.tell(.reloadFailed(.unavailable))
            #expect(steps.deeds.isEmpty)
            #expect(!rig.engine.isOwner)
            #expect(
                rig.tell(.clockReached, after: EngineLimits.retryPause).reload == .raise(from: 1))
        }
        _ = rig.tell(.reloaded(Reloaded(epoch: 2, state: DeskState(), recent: [])))
        #expect(rig.tell(.committed(.ok)).prefetch?.keys == [digest(1)])
        #expect(rig.engine.isOwner)
    }

    /// A full disk: the epoch is granted, and nothing can be stored. Not a tight loop, and no owner.
    @Test(arguments: [CommitOutcome.unavailable, .unknown])
    func aDatabaseThatDoesNotStoreIsAskedWithGrowingPauses(outcome: CommitOutcome) {
        var rig = Rig.serving()
        _ = rig.customerWrites(1)
        _ = rig.tell(.prefetched(Prefetched()))
        #expect(rig.tell(.committed(outcome)).reload == .raise(from: 1))
        var pauses: [Int64] = []
        for epoch in Int64(2)...7 {
            let begun = rig.tell(
                .reloaded(Reloaded(epoch: epoch, state: DeskState(), recent: [])))
            #expect(begun.commit?.events == [.epochBegan])
            #expect(!rig.engine.isOwner)
            _ = rig.tell(.committed(outcome))
            #expect(!rig.engine.isOwner)
            let asked = rig.now
            while rig.tell(.clockReached, after: 10).reload != .raise(from: epoch) {
                guard rig.now < asked + 60_000 else { break }
            }
            pauses.append(rig.now - asked)
        }
        #expect(pauses == [250, 500, 1_000, 2_000, 2_000, 2_000])
        // With space again all is as before, and the next outage begins with a short pause.
        _ = rig.tell(.reloaded(Reloaded(epoch: 8, state: DeskState(), recent: [])))
        _ = rig.tell(.committed(.ok))
        #expect(rig.engine.isOwner)
        _ = rig.customerWrites(2)
        _ = rig.tell(.prefetched(Prefetched()))
        #expect(rig.tell(.committed(outcome)).reload == .raise(from: 8))
    }

    /// Commits of the epoch's start end well, and what waits behind cannot be looked up.
    @Test func aPrefetchThatFailsAgainAndAgainIsPausedFor() {
        var rig = Rig.serving()
        _ = rig.customerWrites(1)
        #expect(rig.tell(.prefetched(nil)).reload == .raise(from: 1))
        _ = rig.tell(.reloaded(Reloaded(epoch: 2, state: DeskState(), recent: [])))
        #expect(rig.tell(.committed(.ok)).prefetch != nil)
        #expect(rig.tell(.prefetched(nil)).deeds.isEmpty)
        #expect(
            rig.tell(.clockReached, after: EngineLimits.retryPause).reload == .raise(from: 2))
    }

    @Test func aRaiseThatIsRefusedMeansFenced() {
        var rig = Rig.serving()
        _ = rig.customerWrites(1)
        _ = rig.tell(.prefetched(nil))
        let steps = rig.tell(.reloadFailed(.held(askAgainIn: 5_000)))
        #expect(steps.release?.told == [Told(1, .unavailable)])
        #expect(steps.contains(.standBy))
        #expect(rig.customerWrites(2).release?.told == [Told(2, .unavailable)])
    }

    @Test func anEpochThatDidNotRiseMeansFenced() {
        var rig = Rig.serving()
        _ = rig.customerWrites(1)
        _ = rig.tell(.prefetched(nil))
        let same = Reloaded(epoch: 1, state: DeskState(), recent: [])
        #expect(rig.tell(.reloaded(same)).contains(.standBy))
    }

    @Test func whoStandsByAsksWhenTheLeaseMayHaveLapsed() {
        var rig = Rig()
        _ = rig.tell(.started)
        let wake = rig.tell(.reloadFailed(.held(askAgainIn: 4_000))).wake
        #expect(wake == rig.now + 4_000)
        #expect(rig.customerWrites(1).release?.told == [Told(1, .unavailable)])
        #expect(rig.tell(.clockReached, after: 3_999).deeds.isEmpty)
        #expect(rig.tell(.clockReached, after: 1).deeds == [.reload(.take)])
    }

    @Test func repeatingIsNotATightLoop() {
        var rig = Rig.serving()
        _ = rig.customerWrites(1)
        for _ in 0..<EngineLimits.immediateRetries {
            _ = rig.tell(.prefetched(Prefetched()))
            #expect(rig.tell(.committed(.retry)).reload == .keep(1))
            _ = rig.tell(.reloaded(Reloaded(epoch: 1, state: DeskState(), recent: [])))
        }
        _ = rig.tell(.prefetched(Prefetched()))
        let steps = rig.tell(.committed(.retry))
        #expect(steps.deeds.isEmpty)
        #expect(steps.wake == nil || steps.wake == rig.now + EngineLimits.retryPause)
        #expect(rig.tell(.clockReached, after: EngineLimits.retryPause).reload == .keep(1))
    }

    // MARK: Poison

    private func reloaded(_ last: Int64 = 0, epoch: Int64 = 1) -> Happening {
        var state = DeskState()
        state.lastEvent = last
        return .reloaded(Reloaded(epoch: epoch, state: state, recent: []))
    }

    /// A batch of two of which the database refuses the first, up to the commit that sets it aside.
    private func isolated() -> (Rig, Commit?) {
        var rig = Rig.serving()
        _ = rig.customerWrites(7, thread: 9)
        _ = rig.customerWrites(1)
        _ = rig.customerWrites(2, thread: 2)
        _ = rig.tell(.prefetched(Prefetched()))
        _ = rig.tell(.committed(.ok))
        _ = rig.tell(.prefetched(Prefetched()))
        #expect(rig.tell(.committed(.poison)).reload == .keep(1))
        #expect(rig.tell(reloaded(4)).prefetch?.keys == [digest(1)])
        #expect(rig.tell(.prefetched(Prefetched())).commit?.keys == [digest(1)])
        #expect(rig.tell(.committed(.poison)).reload == .keep(1))
        let commit = rig.tell(reloaded(4)).commit
        return (rig, commit)
    }

    @Test func theRefusedInputIsFoundAndSetAside() {
        var (rig, commit) = isolated()
        #expect(commit?.events == [.inputQuarantined])
        #expect(commit?.keys == [digest(1)])
        #expect(commit?.entries.first?.result == KnownKey.quarantinedResult)
        #expect(commit?.entries.first?.records.first?.number == 5)
        #expect(commit?.lastEvent == 4)
        let steps = rig.tell(.committed(.ok))
        #expect(steps.release?.told == [Told(2, .quarantined)])
        #expect(steps.reload == .keep(1))
        // The other is decided alone and accepted.
        #expect(rig.tell(reloaded(5)).prefetch?.keys == [digest(2)])
        _ = rig.tell(.prefetched(Prefetched()))
        #expect(rig.tell(.committed(.ok)).release?.told.map(\.ticket) == [3])
        #expect(rig.engine.counters.quarantined == 1)
    }

    @Test func whatTravelsBesideIsLeftOutAtTheSecondTry() {
        var rig = Rig.serving()
        _ = rig.arrive(.input(wrote(1)), .webhook, key: 1, content: Content(body: [1]))
        _ = rig.tell(.prefetched(Prefetched()))
        _ = rig.tell(.committed(.poison))
        #expect(rig.tell(reloaded(1)).commit?.entries.first?.content == Content(body: [1]))
        let second = rig.tell(.committed(.poison)).commit
        #expect(second?.events == [.inputQuarantined])
        #expect(second?.entries.first?.content == nil)
        #expect(rig.tell(.committed(.ok)).release?.told == [Told(1, .quarantined)])
    }

    @Test func settingAsideWithAnUnknownOutcomeIsFoundByItsKey() {
        var (rig, _) = isolated()
        #expect(rig.tell(.committed(.unknown)).reload == .raise(from: 1))
        _ = rig.tell(reloaded(5, epoch: 2))
        // Still one at a time.
        #expect(rig.tell(.committed(.ok)).prefetch?.keys == [digest(1)])
        let known = KnownKey(parameters: nil, result: KnownKey.quarantinedResult)
        let steps = rig.tell(.prefetched(Prefetched(keys: [digest(1): known])))
        #expect(steps.release?.told == [Told(2, .quarantined)])
        #expect(steps.prefetch?.keys == [digest(2)])
    }

    @Test func aRefusedInputOfOurOwnStopsTheDesk() {
        var rig = Rig()
        _ = rig.tell(.started)
        _ = rig.tell(reloaded())
        #expect(rig.tell(.committed(.poison)).deeds == [.stop])
        #expect(rig.engine.isFinished)
        #expect(rig.customerWrites(1).release?.told == [Told(1, .unavailable)])
    }

    // MARK: Connections

    private func here(_ rig: Rig) -> DeskState { rig.engine.desk?.state ?? DeskState() }

    @Test func connectionsOutliveAReloadInTheSameEpochWithoutAnEvent() {
        var rig = Rig.serving()
        rig.enter(1, connection: 1)
        let state = here(rig)
        _ = rig.customerWrites(1)
        _ = rig.tell(.prefetched(Prefetched()))
        _ = rig.tell(.committed(.retry))
        _ = rig.tell(.reloaded(Reloaded(epoch: 1, state: state, recent: [])))
        let events = rig.tell(.prefetched(Prefetched())).commit?.events ?? []
        // The agent is still there: the conversation is theirs at once.
        #expect(!events.contains(.agentConnected(AgentID(1))))
        #expect(
            events.contains {
                if case .ownerChanged(let handoff) = $0 {
                    handoff.to == .agent(AgentID(1))
                } else {
                    false
                }
            })
    }

    @Test func connectionsAreEnteredAgainWhenAnEpochBegins() {
        var rig = Rig.serving()
        rig.enter(1, connection: 1)
        let state = here(rig)
        // A socket that closed in an undecided batch is decided again after that.
        _ = rig.arrive(.input(.agentDisconnected(AgentID(1), ConnectionID(1))), .connection)
        _ = rig.tell(.committed(.unknown))
        let first = rig.tell(.reloaded(Reloaded(epoch: 2, state: state, recent: []))).commit
        #expect(first?.events.first == .epochBegan)
        #expect(first?.events.last == .agentConnected(AgentID(1)))
        let next = rig.tell(.committed(.ok)).commit
        guard case .agentDisconnected(AgentID(1), .some) = next?.events.last else {
            Issue.record("the closed socket was forgotten")
            return
        }
    }
}
