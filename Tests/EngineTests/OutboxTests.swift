import Desk
import Engine
import Testing

/// An Outbox with its time.
private struct Box {
    var outbox = Outbox()
    var now: Int64 = 1_000_000
    private var events: Int64 = 0

    mutating func tell(_ happening: OutboxHappening, after milliseconds: Int64 = 0) -> [OutboxStep]
    {
        now += milliseconds
        return outbox.handle(happening, at: Instant(milliseconds: now))
    }

    /// Lets these events be committed.
    mutating func release(_ released: Event...) -> [OutboxStep] {
        tell(
            .released(
                released.map { event in
                    events += 1
                    return EventRecord(
                        number: events, at: Instant(milliseconds: now), epoch: 1, event: event,
                        audience: [])
                }))
    }

    /// Takes a job from its order to its post.
    mutating func send(_ job: Int64, of conversation: Int64 = 1) {
        _ = release(written(job, of: conversation))
        _ = release(changed(job, of: conversation, to: .sending))
        _ = tell(.began(JobID(job), attempt: 1))
    }
}

private func written(_ job: Int64, of conversation: Int64 = 1) -> Event {
    .messageWritten(ConversationID(conversation), MessageID(job), AgentID(1), JobID(job))
}

private func changed(
    _ job: Int64, of conversation: Int64 = 1, to state: JobState, attempts: Int = 1
) -> Event {
    .jobChanged(
        JobID(job), ConversationID(conversation), MessageID(job), state, attempts: attempts)
}

private func job(_ id: Int64, of conversation: Int64 = 1, _ state: JobState) -> Job {
    Job(
        id: JobID(id), conversation: ConversationID(conversation), message: MessageID(id),
        agent: AgentID(1), textDigest: digest(1), state: state, attempts: 1)
}

private func moment(_ milliseconds: Int64) -> Instant { Instant(milliseconds: milliseconds) }

extension [OutboxStep] {
    fileprivate var deeds: [OutboxStep] { filter { if case .wake = $0 { false } else { true } } }
    fileprivate var begun: [Int64] {
        compactMap { if case .begin(let job) = $0 { job.number } else { nil } }
    }
    fileprivate var wake: Int64? {
        compactMap { if case .wake(let at) = $0 { at.milliseconds } else { nil } }.last
    }
}

@Suite struct OutboxTests {
    @Test func aMessageLeavesOnceItsBeginningIsCommittedAndIsReportedUntilStored() {
        var box = Box()
        #expect(box.release(written(1)).deeds == [.begin(JobID(1))])
        #expect(box.release(changed(1, to: .sending)).deeds == [.post(JobID(1), attempt: 1)])
        // The answer to the beginning says nothing new.
        #expect(box.tell(.began(JobID(1), attempt: 1)).deeds.isEmpty)
        let report = OutboxStep.report(JobID(1), attempt: 1, .sent)
        #expect(box.tell(.ended(JobID(1), attempt: 1, .sent, nil)).deeds == [report])
        let refused = box.tell(.reported(JobID(1), attempt: 1, isStored: false))
        #expect(refused.deeds.isEmpty)
        #expect(refused.wake == box.now + EngineLimits.retryPause)
        #expect(box.tell(.clockReached, after: EngineLimits.retryPause).deeds == [report])
        _ = box.tell(.reported(JobID(1), attempt: 1, isStored: true))
        #expect(box.outbox.inFlight == 0)
    }

    @Test func aBeginningWhoseSenderGaveUpStillLeaves() {
        var box = Box()
        _ = box.release(written(1))
        // Told `unavailable` while the commit was under way, which then ended OK.
        #expect(box.tell(.beginRefused(JobID(1))).deeds.isEmpty)
        #expect(box.release(changed(1, to: .sending)).deeds == [.post(JobID(1), attempt: 1)])
    }

    @Test func aRefusedBeginningIsTriedAgainAfterAPause() {
        var box = Box()
        _ = box.release(written(1))
        let steps = box.tell(.beginRefused(JobID(1)))
        #expect(steps.deeds.isEmpty)
        #expect(steps.wake == box.now + EngineLimits.retryPause)
        #expect(box.tell(.clockReached, after: EngineLimits.retryPause).begun == [1])
    }

    @Test func ofAConversationOneIsUnderWayAndInOrder() {
        var box = Box()
        #expect(box.release(written(1), written(2), written(3, of: 9)).begun == [1, 3])
        _ = box.release(changed(1, to: .sending))
        _ = box.tell(.ended(JobID(1), attempt: 1, .sent, nil))
        // Settled, but its report is not known to be stored.
        #expect(box.release(changed(1, to: .sent)).deeds.isEmpty)
        #expect(box.tell(.reported(JobID(1), attempt: 1, isStored: true)).begun == [2])
    }

    @Test func anUnknownSendHoldsBackTheNext() {
        var box = Box()
        box.send(1)
        _ = box.release(written(2))
        _ = box.tell(.ended(JobID(1), attempt: 1, .unknown, nil))
        _ = box.release(changed(1, to: .unknown(deadline: moment(9))))
        #expect(box.tell(.reported(JobID(1), attempt: 1, isStored: true)).begun == [])
        #expect(box.release(changed(1, to: .unconfirmed)).begun == [2])
    }

    @Test func aResentMessageWaitsForALaterOneThatIsUnderWay() {
        var box = Box()
        let left = [job(2, .unknown(deadline: nil))]
        #expect(box.tell(.resumed(left)).deeds.isEmpty)
        let resent = changed(1, to: .queued(notBefore: moment(box.now)))
        #expect(box.release(resent).begun == [])
        #expect(box.release(changed(2, to: .sent)).begun == [1])
    }

    @Test func aRetryWaitsForItsMoment() {
        var box = Box()
        box.send(1)
        let later = moment(box.now + 700)
        _ = box.tell(.ended(JobID(1), attempt: 1, .retry(notBefore: later), nil))
        _ = box.release(changed(1, to: .queued(notBefore: later)))
        let steps = box.tell(.reported(JobID(1), attempt: 1, isStored: true))
        #expect(steps.begun == [])
        #expect(steps.wake == later.milliseconds)
        #expect(box.tell(.clockReached, after: 699).begun == [])
        #expect(box.tell(.clockReached, after: 1).begun == [1])
    }

    @Test func theRateIsKept() {
        var box = Box()
        var orders: [Event] = []
        for id in 1...2_000 { orders.append(written(Int64(id), of: Int64(id))) }
        var begun = 0
        var steps = box.tell(
            .released(
                orders.enumerated().map {
                    EventRecord(
                        number: Int64($0) + 1, at: moment(box.now), epoch: 1, event: $1,
                        audience: [])
                }))
        let start = box.now
        while box.now < start + 2_000 {
            begun += steps.begun.count
            for id in steps.begun {
                // Each is sent at once, so that only the rate holds.
                _ = box.release(changed(id, of: id, to: .sending))
                _ = box.tell(.ended(JobID(id), attempt: 1, .sent, nil))
                _ = box.release(changed(id, of: id, to: .sent))
                begun += box.tell(.reported(JobID(id), attempt: 1, isStored: true)).begun.count
            }
            steps = box.tell(.clockReached, after: 1)
        }
        let allowed = Int(OutboxLimits.sendsPerSecond * 2 + OutboxLimits.burst)
        #expect(begun <= allowed)
        #expect(begun >= allowed - 2)
    }

    @Test func soManyAreUnderWayAtMost() {
        var box = Box()
        var begun = 0
        for id in 1...200 {
            begun += box.release(written(Int64(id), of: Int64(id))).begun.count
            begun += box.tell(.clockReached, after: 10).begun.count
        }
        #expect(begun == OutboxLimits.inFlight)
        #expect(box.outbox.inFlight == OutboxLimits.inFlight)
    }

    @Test func theWholePagePausesWhenItIsRateLimited() {
        var box = Box()
        box.send(1)
        let until = moment(box.now + 5_000)
        _ = box.tell(
            .ended(JobID(1), attempt: 1, .retry(notBefore: until), .rateLimited(until: until)))
        let steps = box.release(written(2, of: 2))
        #expect(steps.begun == [])
        #expect(box.tell(.clockReached, after: 5_000).begun == [2])
    }

    @Test func aPageThatMayNotSendIsProbedOneByOne() {
        var box = Box()
        box.send(1)
        let failed = SendOutcome.failed(.pageNotPermitted)
        _ = box.tell(.ended(JobID(1), attempt: 1, failed, .notPermitted))
        _ = box.release(changed(1, to: .failed(.pageNotPermitted)))
        _ = box.tell(.reported(JobID(1), attempt: 1, isStored: true))
        #expect(box.outbox.isPageStopped)
        #expect(box.release(written(2, of: 2), written(3, of: 3)).begun == [])
        #expect(box.tell(.clockReached, after: OutboxLimits.probePause).begun == [2])
        _ = box.release(changed(2, of: 2, to: .sending))
        // One success: the page is permitted again, and the rest may go.
        _ = box.tell(.ended(JobID(2), attempt: 1, .sent, nil))
        #expect(!box.outbox.isPageStopped)
        #expect(box.outbox.inFlight == 2)
    }

    struct Resumed: Sendable, CustomTestStringConvertible {
        let state: JobState
        let begins: Bool
        var testDescription: String { "\(state)" }
    }
    @Test(arguments: [
        Resumed(state: .queued(notBefore: Instant(milliseconds: 0)), begins: true),
        Resumed(state: .sending, begins: false),
        Resumed(state: .unknown(deadline: nil), begins: false),
        Resumed(state: .unknown(deadline: Instant(milliseconds: 5)), begins: false),
    ]) func afterAReloadOnlyWhatSurelyDidNotLeaveIsBegun(_ row: Resumed) {
        var box = Box()
        #expect(
            box.tell(.resumed([job(1, row.state), job(2, .queued(notBefore: moment(0)))])).begun
                == (row.begins ? [1] : []))
    }

    @Test func whatIsOutStaysOutThroughAReload() {
        var box = Box()
        box.send(1)
        // As an unknown commit may leave it: queued again in the rows, though it is out here.
        #expect(box.tell(.resumed([job(1, .queued(notBefore: moment(0)))])).begun == [])
        let steps = box.tell(.ended(JobID(1), attempt: 1, .sent, nil))
        #expect(steps.deeds == [.report(JobID(1), attempt: 1, .sent)])
    }

    @Test func whoStandsByForgetsEverything() {
        var box = Box()
        _ = box.release(written(1))
        _ = box.tell(.standBy)
        #expect(box.tell(.began(JobID(1), attempt: 1)).deeds.isEmpty)
        #expect(box.tell(.ended(JobID(1), attempt: 1, .sent, nil)).deeds.isEmpty)
        #expect(box.outbox.inFlight == 0)
    }

    /// What is queued and due while a drain lasts leaves at the everyday rate; the rest stays queued.
    @Test func aDrainSendsWhatIsDueInTime() {
        var box = Box()
        let jobs = (1...40).map { job($0, of: $0, .queued(notBefore: moment(0))) }
        let late = job(41, of: 41, .queued(notBefore: moment(box.now + 1_000)))
        let first = box.tell(.resumed(jobs + [late])).begun
        #expect(first == Array(1...25))
        #expect(box.tell(.draining(until: moment(box.now + 1_000))).begun == [])
        var begun = first
        var out = first
        for _ in 0..<20 where !box.outbox.isSettled {
            for id in out {
                _ = box.tell(.began(JobID(id), attempt: 1))
                _ = box.release(changed(id, of: id, to: .sending))
                _ = box.tell(.ended(JobID(id), attempt: 1, .sent, nil))
                _ = box.release(changed(id, of: id, to: .sent))
                _ = box.tell(.reported(JobID(id), attempt: 1, isStored: true))
            }
            out = box.tell(.clockReached, after: 4).begun
            #expect(out.count <= 1)
            begun += out
        }
        #expect(begun == Array(1...40))
        #expect(box.outbox.isSettled)
        // Not due before the end: it does not hold the drain up, and does not begin afterwards.
        #expect(box.tell(.clockReached, after: 1_000).begun == [])
        #expect(box.outbox.isSettled)
    }

    /// The moment of the drain's end, and what may begin then.
    @Test(arguments: [(999, [2]), (1_000, []), (1_001, [])] as [(Int64, [Int64])])
    func whatDoesNotFitIntoADrainStays(after: Int64, begun: [Int64]) {
        var box = Box()
        box.send(1)
        _ = box.release(written(2))
        _ = box.tell(.draining(until: moment(box.now + 1_000)))
        _ = box.tell(.ended(JobID(1), attempt: 1, .sent, nil), after: after)
        _ = box.release(changed(1, to: .sent))
        #expect(!box.outbox.isSettled)
        #expect(box.tell(.reported(JobID(1), attempt: 1, isStored: true)).begun == begun)
        #expect(box.outbox.isSettled == begun.isEmpty)
    }

    /// A page that refuses everything, or limits the rate for longer, is not waited for.
    @Test(arguments: [PageTrouble.notPermitted, .rateLimited(until: moment(1_005_000))])
    func aDrainDoesNotWaitForAPageInTrouble(_ trouble: PageTrouble) {
        var box = Box()
        box.send(1)
        _ = box.release(written(2, of: 2))
        box.send(3, of: 3)
        _ = box.tell(.draining(until: moment(box.now + 5_000)))
        for id: Int64 in [1, 2, 3] {
            _ = box.tell(.began(JobID(id), attempt: 1))
            _ = box.tell(.ended(JobID(id), attempt: 1, .failed(.refused), trouble))
            _ = box.tell(.reported(JobID(id), attempt: 1, isStored: true))
        }
        _ = box.release(written(4, of: 4))
        #expect(box.outbox.isSettled)
    }

    @Test func whatIsDrainedBeginsNothingAndReportsWhatIsOut() {
        var box = Box()
        box.send(1)
        _ = box.tell(.drained)
        #expect(box.release(written(2, of: 2)).begun == [])
        #expect(box.tell(.ended(JobID(1), attempt: 1, .sent, nil)).deeds.count == 1)
    }
}
