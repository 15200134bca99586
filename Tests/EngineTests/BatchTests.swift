import Desk
import Engine
import Testing

/// Arrive, prefetch, decide, commit, release.
@Suite struct BatchTests {
    @Test func aNodeBeginsByTakingTheLeaseAndCommitsItsEpoch() {
        var rig = Rig()
        #expect(rig.tell(.started).deeds == [.reload(.take)])
        let reloaded = Reloaded(epoch: 7, state: DeskState(), recent: [])
        let steps = rig.tell(.reloaded(reloaded))
        #expect(steps.first == .resume(reloaded))
        #expect(steps.commit?.events == [.epochBegan])
        #expect(steps.commit?.epoch == 7)
        #expect(rig.tell(.committed(.ok)).release?.events == [.epochBegan])
        #expect(rig.engine.isOwner)
    }

    @Test func whatArrivesDuringABatchFormsTheNext() {
        var rig = Rig.serving()
        #expect(rig.customerWrites(1).prefetch?.keys == [digest(1)])
        #expect(rig.customerWrites(2, thread: 2).deeds.isEmpty)
        let commit = rig.tell(.prefetched(Prefetched())).commit
        #expect(commit?.keys == [digest(1)])
        #expect(rig.customerWrites(3, thread: 3).deeds.isEmpty)
        let steps = rig.tell(.committed(.ok))
        #expect(steps.release?.told == [Told(1, .accepted(result: 4))])
        #expect(steps.prefetch?.keys == [digest(2), digest(3)])
        let next = rig.tell(.prefetched(Prefetched())).commit
        #expect(next?.keys == [digest(2), digest(3)])
        #expect(next?.lastEvent == commit?.entries.last?.records.last?.number)
    }

    @Test func aBatchIsNoLargerThanItsLimit() {
        var rig = Rig.serving()
        _ = rig.customerWrites(1)
        for key in 2...UInt64(EngineLimits.batchSize + 5) { _ = rig.customerWrites(key) }
        _ = rig.tell(.prefetched(Prefetched()))
        let steps = rig.tell(.committed(.ok))
        #expect(steps.prefetch?.keys.count == EngineLimits.batchSize)
    }

    /// Each agent who comes free is given many: a commit ends where its events are enough.
    @Test func aCommitIsNoLongerThanItsEvents() {
        var rig = Rig.serving(rules: Rules(defaultCapacity: 100))
        let agents = 50
        for agent in 1...Int64(agents) {
            rig.settle(.agentConnected(AgentID(agent), ConnectionID(agent)), .connection)
        }
        for key in 1...UInt64(agents * 100) {
            rig.settle(wrote(key, thread: key), .webhook)
        }
        _ = rig.customerWrites(100_000, thread: 100_000)
        for agent in 1...Int64(agents) {
            _ = rig.arrive(.input(.presenceSet(AgentID(agent), .available)), key: UInt64(agent))
        }
        var steps = rig.tell(.prefetched(Prefetched()))
        var told: [UInt64] = []
        var commits = 0
        while steps.commit != nil {
            let events = steps.commit?.entries.reduce(0) { $0 + $1.records.count } ?? 0
            #expect(events < EngineLimits.batchEvents + 102)
            commits += 1
            steps = rig.tell(.committed(.ok))
            if steps.prefetch != nil { steps += rig.tell(.prefetched(Prefetched())) }
            told += steps.releases.flatMap { $0.told.map(\.ticket) }
        }
        // 101 events an agent; the one who brings a commit to its limit is still in it.
        let agentsOfCommit = (EngineLimits.batchEvents + 100) / 101
        #expect(commits == 1 + (agents + agentsOfCommit - 1) / agentsOfCommit)
        #expect(told == told.sorted() && told.count == agents + 1)
        #expect(rig.engine.desk?.waitingCount == 1)
    }

    @Test func theStoreIsNotAskedForWhatTheDeskHolds() {
        var rig = Rig.serving()
        #expect(rig.customerWrites(1).prefetch?.needs.threads == [digest(1_001)])
        _ = rig.tell(.prefetched(Prefetched()))
        _ = rig.tell(.committed(.ok))
        let held = rig.customerWrites(2).prefetch
        #expect(held?.keys == [digest(2)])
        #expect(held?.needs.threads == [])
        #expect(held?.needs.held == [ConversationID(3)])
        let commit = rig.tell(.prefetched(Prefetched())).commit
        let writtenAt = Instant(milliseconds: 0)
        #expect(
            commit?.events == [
                .messageReceived(ConversationID(3), MessageID(6), .text, writtenAt: writtenAt)
            ])
    }

    @Test func nothingLeavesBeforeTheCommit() {
        var rig = Rig.serving()
        #expect(rig.customerWrites(1).release == nil)
        #expect(rig.tell(.prefetched(Prefetched())).release == nil)
        #expect(rig.tell(.committed(.ok)).release != nil)
    }

    struct Repeat: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var first: UInt64? = 9
        var second: UInt64? = 9
        let answer: Answer
    }
    static let repeats = [
        Repeat(testDescription: "the same", answer: .repeated(result: 6)),
        Repeat(
            testDescription: "other parameters", second: 8,
            answer: .rejected(Rejection(.keyReused, field: "id"))),
        Repeat(
            testDescription: "no parameters now", second: nil,
            answer: .rejected(Rejection(.keyReused, field: "id"))),
        Repeat(
            testDescription: "a webhook's", first: nil, second: nil, answer: .repeated(result: 6)),
    ]

    @Test(arguments: repeats) func aKeyIsDecidedOncePerBatch(_ row: Repeat) {
        var rig = Rig.serving()
        rig.settle(.agentConnected(AgentID(1), ConnectionID(1)), .connection)
        _ = rig.customerWrites(50)
        let input = Request.input(.presenceSet(AgentID(1), .available))
        _ = rig.arrive(input, key: 70, parameters: row.first)
        _ = rig.arrive(input, key: 70, parameters: row.second)
        _ = rig.tell(.prefetched(Prefetched()))
        let request = rig.tell(.committed(.ok)).prefetch
        #expect(request?.keys == [digest(70)])
        let commit = rig.tell(.prefetched(Prefetched())).commit
        #expect(commit?.keys == [digest(70)])
        let told = rig.tell(.committed(.ok)).release?.told.last?.answer
        // Presence has no result; only the kind of answer is compared with the row's.
        switch row.answer {
        case .repeated: #expect(told == .repeated(result: 0))
        case .accepted, .rejected, .unavailable, .quarantined, .view, .explanation:
            #expect(told == row.answer)
        }
    }

    @Test(arguments: repeats) func aKnownKeyIsNotDecidedAgain(_ row: Repeat) {
        var rig = Rig.serving()
        _ = rig.arrive(.input(wrote(1)), key: 70, parameters: row.second)
        let known = KnownKey(parameters: row.first.map(digest), result: 6)
        let steps = rig.tell(.prefetched(Prefetched(keys: [digest(70): known])))
        #expect(steps.deeds.count == 1)
        #expect(steps.release?.told == [Told(1, row.answer)])
    }

    @Test func aKeyThatWasSetAsideIsAnsweredSo() {
        var rig = Rig.serving()
        _ = rig.customerWrites(1)
        let known = KnownKey(parameters: nil, result: KnownKey.quarantinedResult)
        let steps = rig.tell(.prefetched(Prefetched(keys: [digest(1): known])))
        #expect(steps.release?.told == [Told(1, .quarantined)])
    }

    @Test func aRefusalIsNotStored() {
        var rig = Rig.serving()
        let unknown = Request.input(.conversationClosed(AgentID(1), ConversationID(5)))
        _ = rig.arrive(unknown, key: 1)
        let steps = rig.tell(.prefetched(Prefetched()))
        #expect(steps.commit == nil)
        guard case .rejected = steps.release?.told.first?.answer else {
            Issue.record("not refused")
            return
        }
    }

    @Test func anEchoOfOursIsDecidedAlsoWhenItsKeyIsKnown() {
        var rig = Rig.serving()
        rig.enter(1, connection: 1)
        rig.settle(wrote(1))
        let conversation = rig.engine.desk?.view(for: AgentID(1), isSupervisor: false)
            .conversations[0]
        guard let conversation else { return }
        rig.settle(.agentReplied(AgentID(1), conversation.id, textDigest: digest(5)))
        guard let job = rig.engine.desk?.unsettledJobs.first else { return }
        rig.settle(.sendingBegan(job.id))
        let echo = ChannelReport(
            thread: conversation.thread, platformMessage: digest(9),
            kind: .messageLeft(job: job.id, textDigest: nil), at: Instant(milliseconds: 0))
        _ = rig.arrive(.input(.channelReported(echo)), .webhook, key: 9)
        let known = KnownKey(parameters: nil, result: 3)
        let commit = rig.tell(.prefetched(Prefetched(keys: [digest(9): known]))).commit
        #expect(commit?.keys == [])
        #expect(commit?.changes.jobs.map(\.state) == [.sent])
        let release = rig.tell(.committed(.ok)).release
        #expect(release?.entries.first?.answer == .repeated(result: 3))
    }

    @Test func aLookShowsItsPlaceInTheOrderAndOnlyWhatIsCommitted() {
        var rig = Rig.serving()
        _ = rig.customerWrites(1)
        _ = rig.arrive(.view(AgentID(9), isSupervisor: true))
        _ = rig.tell(.prefetched(Prefetched()))
        // The look waits for the next batch, so it is answered from what is committed by then.
        let steps = rig.tell(.committed(.ok))
        let releases = steps.releases
        #expect(releases.count == 2)
        guard case .view(let view) = releases.last?.told.first?.answer else {
            Issue.record("no view")
            return
        }
        #expect(view.number == releases[0].entries.last?.records.last?.number)
        #expect(view.conversations.count == 1)
        #expect(view.epoch == 1)
    }

    /// Otherwise the few who asked meanwhile would be a batch of their own, and all who ask again as soon
    /// as they are answered would wait for its commit.
    @Test func theNextBatchIsFormedAfterASmallReleaseWasGivenOut() {
        var rig = Rig.serving()
        _ = rig.customerWrites(1)
        _ = rig.tell(.prefetched(Prefetched()))
        // Needs nothing of the store, so it could be decided at once.
        _ = rig.arrive(.input(.agentConnected(AgentID(7), ConnectionID(1))), .connection)
        let at = Instant(milliseconds: rig.now)
        let steps = rig.engine.handle(.committed(.ok), at: at)
        #expect(steps.commit == nil)
        #expect(rig.engine.desk?.lastEvent == steps.release?.entries.last?.records.last?.number)
        #expect(rig.engine.desk?.agent(AgentID(7)) == nil)
        // What happens meanwhile waits, too.
        #expect(rig.engine.handle(.clockReached, at: at).deeds == [])
        #expect(rig.engine.handle(.gathered, at: at).commit != nil)
        #expect(rig.engine.desk?.agent(AgentID(7)) != nil)
    }

    @Test func theStartOfAnEpochIsDecidedAfterItsStateWasGivenOut() {
        var rig = Rig()
        _ = rig.tell(.started)
        let at = Instant(milliseconds: rig.now)
        let reloaded = Reloaded(epoch: 1, state: DeskState(), recent: [])
        #expect(rig.engine.handle(.reloaded(reloaded), at: at).deeds == [.resume(reloaded)])
        #expect(rig.engine.desk?.lastEvent == 0)
        #expect(rig.engine.handle(.gathered, at: at).commit?.events == [.epochBegan])
    }

    @Test func aLookInABatchWithInputsWaitsForItsCommit() {
        var rig = Rig.serving()
        _ = rig.customerWrites(1)
        _ = rig.customerWrites(2, thread: 2)
        _ = rig.arrive(.view(AgentID(9), isSupervisor: true))
        _ = rig.tell(.prefetched(Prefetched()))
        _ = rig.tell(.committed(.ok))
        #expect(rig.tell(.prefetched(Prefetched())).release == nil)
        let release = rig.tell(.committed(.ok)).release
        #expect(release?.told.map(\.ticket) == [2, 3])
    }

    @Test func aLookAfterALongPauseChecksTheLeaseFirst() {
        var rig = Rig.serving()
        rig.now += EngineLimits.leaseRenewal
        let steps = rig.arrive(.view(AgentID(9), isSupervisor: true))
        #expect(steps.commit?.entries.isEmpty == true)
        #expect(rig.tell(.committed(.fenced)).release?.told == [Told(1, .unavailable)])
    }

    @Test func anIdleOwnerRenewsItsLease() {
        var rig = Rig()
        _ = rig.tell(.started)
        _ = rig.tell(.reloaded(Reloaded(epoch: 1, state: DeskState(), recent: [])))
        let wake = rig.tell(.committed(.ok)).wake
        #expect(wake == rig.now + EngineLimits.leaseRenewal)
        let steps = rig.tell(.clockReached, after: EngineLimits.leaseRenewal)
        #expect(steps.commit?.entries.isEmpty == true)
        #expect(steps.commit?.epoch == 1)
        #expect(rig.tell(.committed(.ok)).wake == rig.now + EngineLimits.leaseRenewal)
    }

    @Test func whatFallsDueWhileTheStoreIsAskedGoesFirst() {
        var rig = Rig.serving(rules: Rules(disconnectGrace: 1_000, settlingTime: 0))
        rig.enter(1, connection: 1)
        rig.settle(wrote(1))
        rig.settle(.agentDisconnected(AgentID(1), ConnectionID(1)), .connection)
        rig.now += 999
        _ = rig.customerWrites(2, thread: 2)
        let events = rig.tell(.prefetched(Prefetched()), after: 1).commit?.events ?? []
        #expect(events.first == .presenceChanged(AgentID(1), .offline, by: nil))
        let reasons = events.compactMap {
            if case .ownerChanged(let handoff) = $0 { handoff.reason } else { nil }
        }
        #expect(reasons == [.disconnected, .customerWrote])
    }
}
