import Desk
import Engine
import Testing

/// How long inputs wait, how many, and how a node ends.
@Suite struct WaitingTests {
    struct Wait: Sendable, CustomTestStringConvertible {
        let source: Source
        let milliseconds: Int64
        var testDescription: String { "\(source)" }
    }
    static let waits = [
        Wait(source: .webhook, milliseconds: EngineLimits.webhookWait),
        Wait(source: .command, milliseconds: EngineLimits.commandWait),
    ]

    @Test(arguments: waits) func whoHasWaitedLongEnoughIsToldSo(_ wait: Wait) {
        var rig = Rig.serving()
        _ = rig.customerWrites(1)
        _ = rig.tell(.prefetched(nil))
        #expect(rig.arrive(.input(wrote(2, thread: 2)), wait.source, key: 2).deeds.isEmpty)
        _ = rig.tell(.reloadFailed(.unavailable))
        rig.now += wait.milliseconds - 1
        let early = rig.tell(.clockReached).release?.told ?? []
        #expect(!early.contains(Told(2, .unavailable)))
        let late = rig.tell(.clockReached, after: 1).release?.told ?? []
        #expect(late.contains(Told(2, .unavailable)))
    }

    @Test func aWakeIsAskedForTheFirstWhoGivesUp() {
        var rig = Rig()
        _ = rig.tell(.started)
        _ = rig.tell(.reloaded(Reloaded(epoch: 1, state: DeskState(), recent: [])))
        // The commit of the epoch is under way: nothing is due by time but this.
        let steps = rig.customerWrites(1)
        #expect(steps.wake == rig.now + EngineLimits.webhookWait)
    }

    @Test func whatIsUnderWayIsPushedThoughItsSenderGaveUp() {
        var rig = Rig.serving()
        _ = rig.customerWrites(1)
        _ = rig.tell(.prefetched(Prefetched()))
        let steps = rig.tell(.clockReached, after: EngineLimits.webhookWait)
        #expect(steps.release?.told == [Told(1, .unavailable)])
        let release = rig.tell(.committed(.ok)).release
        #expect(release?.told == [])
        #expect(release?.events.isEmpty == false)
    }

    @Test func whatIsUnderWayIsNotDecidedAgainWhenItsSenderGaveUp() {
        var rig = Rig.serving()
        _ = rig.customerWrites(1)
        _ = rig.tell(.prefetched(Prefetched()))
        _ = rig.tell(.clockReached, after: EngineLimits.webhookWait)
        _ = rig.tell(.committed(.unknown))
        _ = rig.tell(.reloaded(Reloaded(epoch: 2, state: DeskState(), recent: [])))
        #expect(rig.tell(.committed(.ok)).deeds.count == 1)
    }

    @Test func beyondTheLimitInputsAreRefusedButNoClosedSocketIs() {
        var rig = Rig.serving()
        for key in 1...UInt64(EngineLimits.waitingInputs) { _ = rig.customerWrites(key) }
        let last = UInt64(EngineLimits.waitingInputs) + 1
        #expect(rig.customerWrites(last).release?.told == [Told(last, .unavailable)])
        let closed = Input.agentDisconnected(AgentID(1), ConnectionID(1))
        #expect(rig.arrive(.input(closed), .connection).release == nil)
    }

    @Test func aSocketsInputsWaitAsLongAsItTakes() {
        var rig = Rig.serving()
        _ = rig.customerWrites(1)
        _ = rig.tell(.prefetched(nil))
        _ = rig.arrive(.input(.agentConnected(AgentID(1), ConnectionID(1))), .connection)
        _ = rig.tell(.reloadFailed(.unavailable))
        let told = rig.tell(.clockReached, after: 60_000).release?.told ?? []
        #expect(told.map(\.ticket) == [1])
    }

    // MARK: The end of a node

    @Test func aDrainedNodeFinishesWhatItHasAndGivesTheLeaseBack() {
        var rig = Rig.serving()
        _ = rig.customerWrites(1)
        _ = rig.customerWrites(2, thread: 2)
        #expect(rig.tell(.drained).deeds.isEmpty)
        #expect(!rig.engine.isOwner)
        #expect(rig.customerWrites(3).release?.told == [Told(3, .unavailable)])
        _ = rig.tell(.prefetched(Prefetched()))
        #expect(rig.tell(.committed(.ok)).prefetch?.keys == [digest(2)])
        _ = rig.tell(.prefetched(Prefetched()))
        let steps = rig.tell(.committed(.ok))
        #expect(steps.release?.told.map(\.ticket) == [2])
        #expect(steps.last == .giveLeaseBack(epoch: 1))
        #expect(rig.engine.isFinished)
    }

    @Test func aNodeThatOwnsNothingEndsAtOnce() {
        var rig = Rig()
        _ = rig.tell(.started)
        #expect(rig.tell(.drained).deeds.isEmpty)
        #expect(rig.tell(.reloadFailed(.held(askAgainIn: 9))).deeds == [.giveLeaseBack(epoch: 0)])
    }

    @Test func aNodeWithoutADatabaseEndsAtOnce() {
        var rig = Rig.serving()
        _ = rig.customerWrites(1)
        _ = rig.tell(.prefetched(nil))
        _ = rig.tell(.reloadFailed(.unavailable))
        let steps = rig.tell(.drained)
        #expect(steps.release?.told == [Told(1, .unavailable)])
        #expect(steps.last == .giveLeaseBack(epoch: 1))
    }
}
