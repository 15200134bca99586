import Desk
import Engine
import Testing

/// A large release waits until the next batch is on its way to the database, which then works while
/// the release is given out.
@Suite struct HeldReleaseTests {
    /// Customers wrote, their batch is being committed, and others wait.
    private static func committing(
        _ batch: ClosedRange<UInt64> = 2...3, largeRelease: Int = 4, waiting: ClosedRange<UInt64>
    ) -> Rig {
        var rig = Rig.serving(largeRelease: largeRelease)
        // One alone goes first: those that come meanwhile make one batch.
        _ = rig.customerWrites(1)
        for key in batch { _ = rig.customerWrites(key, thread: key) }
        _ = rig.tell(.prefetched(Prefetched()))
        _ = rig.tell(.committed(.ok))
        _ = rig.tell(.prefetched(Prefetched()))
        for key in waiting { _ = rig.customerWrites(key, thread: key) }
        return rig
    }

    @Test func itIsGivenOutAfterTheNextCommitWasSent() {
        var rig = Self.committing(waiting: 4...5)
        let steps = rig.tell(.committed(.ok))
        #expect(steps.prefetch?.keys == [digest(4), digest(5)])
        #expect(steps.release == nil)
        let next = rig.tell(.prefetched(Prefetched())).deeds
        guard case .commit(let commit)? = next.first, case .release(let release)? = next.last else {
            Issue.record("a commit, then a release")
            return
        }
        #expect(next.count == 2)
        #expect(commit.keys == [digest(4), digest(5)])
        #expect(release.told.map(\.ticket) == [2, 3])
        #expect(rig.tell(.committed(.ok)).release?.told.map(\.ticket) == [4, 5])
    }

    /// With it go the rows as they were committed, although the desk is ahead of them.
    @Test func itShowsWhatIsCommitted() {
        var rig = Self.committing(waiting: 4...5)
        var committed = CommittedState()
        _ = rig.tell(.committed(.ok))
        guard let release = rig.tell(.prefetched(Prefetched())).release else {
            Issue.record("no release")
            return
        }
        committed.released(release)
        let opened = release.events.compactMap {
            if case .conversationOpened(let id, _, _) = $0 { id } else { nil }
        }
        #expect(opened.count == 2)
        #expect(opened.allSatisfy { committed.conversation($0)?.owner == .queue(QueueID(1)) })
        let ahead = rig.engine.desk?.state.conversations.map(\.id) ?? []
        #expect(ahead.count == 5)
        #expect(ahead.suffix(2).allSatisfy { committed.conversation($0) == nil })
    }

    @Test(
        "Nothing is gained by waiting where little is told, or little waits",
        arguments: [
            (largeRelease: 100, waiting: 10...13 as ClosedRange<UInt64>),
            (largeRelease: 1, waiting: 10...10),
        ])
    func aSmallOneIsGivenOutAtOnce(largeRelease: Int, waiting: ClosedRange<UInt64>) {
        var rig = Self.committing(2...9, largeRelease: largeRelease, waiting: waiting)
        let steps = rig.engine.handle(.committed(.ok), at: Instant(milliseconds: rig.now))
        #expect(steps.release?.told.map(\.ticket) == Array(2...9))
        #expect(steps.prefetch == nil)
    }

    @Test func itIsGivenOutWhenTheNextBatchCannotBePrepared() {
        var rig = Self.committing(waiting: 4...5)
        _ = rig.tell(.committed(.ok))
        let steps = rig.tell(.prefetched(nil)).deeds
        #expect(steps.release?.told.map(\.ticket) == [2, 3])
        #expect(steps.last == .reload(.raise(from: 1)))
    }

    @Test func itDoesNotWaitForADatabaseThatHangs() {
        var rig = Self.committing(waiting: 4...5)
        _ = rig.tell(.committed(.ok))
        let end = rig.now + EngineLimits.releaseHold
        // A wake may be armed for something else; it leads to this one.
        let early = rig.tell(.clockReached, after: EngineLimits.releaseHold - 1)
        #expect(early.release == nil)
        #expect(early.wake == end)
        let steps = rig.tell(.clockReached, after: 1).deeds
        #expect(steps.release?.told.map(\.ticket) == [2, 3])
        #expect(steps.count == 1)
        let next = rig.tell(.prefetched(Prefetched()))
        #expect(next.commit?.keys == [digest(4), digest(5)])
        #expect(next.release == nil)
    }

    @Test func itIsGivenOutBeforeABatchThatChangesNothing() {
        var rig = Self.committing(waiting: 4...5)
        _ = rig.tell(.committed(.ok))
        let known = KnownKey(parameters: nil, result: 4)
        let keys = [digest(4): known, digest(5): known]
        let steps = rig.tell(.prefetched(Prefetched(keys: keys)))
        #expect(steps.commit == nil)
        #expect(steps.releases.map { $0.told.map(\.ticket) } == [[2, 3], [4, 5]])
    }

    @Test func itIsGivenOutOnceWhateverBecomesOfTheNext() {
        var rig = Self.committing(waiting: 4...5)
        _ = rig.tell(.committed(.ok))
        let state = rig.engine.desk?.state ?? DeskState()
        #expect(rig.tell(.prefetched(Prefetched())).release?.told.map(\.ticket) == [2, 3])
        #expect(rig.tell(.committed(.unknown)).deeds == [.reload(.raise(from: 1))])
        _ = rig.tell(.reloaded(Reloaded(epoch: 2, state: state, recent: [])))
        _ = rig.tell(.committed(.ok))
        _ = rig.tell(.prefetched(Prefetched()))
        #expect(rig.tell(.committed(.ok)).releases.map { $0.told.map(\.ticket) } == [[4, 5]])
    }

    /// Isolation decides one input at a time; nothing is ahead of anything then.
    @Test func nothingIsHeldWhileAPoisonousInputIsSought() {
        var rig = Self.committing(largeRelease: 1, waiting: 4...5)
        let state = DeskState()
        _ = rig.tell(.committed(.poison))
        var steps = rig.tell(.reloaded(Reloaded(epoch: 1, state: state, recent: [])))
        #expect(steps.prefetch?.keys == [digest(2)])
        _ = rig.tell(.prefetched(Prefetched()))
        steps = rig.engine.handle(.committed(.ok), at: Instant(milliseconds: rig.now))
        #expect(steps.release?.told.map(\.ticket) == [2])
    }
}
