import Desk
import Engine
import Testing

/// An event of this number on the feeds of these agents.
private func record(_ number: Int64, _ agents: Int64..., epoch: Int64 = 1) -> EventRecord {
    EventRecord(
        number: number, at: Instant(milliseconds: number), epoch: epoch, event: .epochBegan,
        audience: agents.map { AgentID($0) })
}

private func reloaded(_ records: [EventRecord], epoch: Int64 = 1, last: Int64? = nil) -> Reloaded {
    var state = DeskState()
    state.lastEvent = last ?? records.last?.number ?? 0
    return Reloaded(epoch: epoch, state: state, recent: records)
}

/// Feeds of an owner whose events these are.
private func feeds(_ records: [EventRecord], length: Int = 100) -> Feeds {
    var feeds = Feeds(length: length)
    _ = feeds.resumed(reloaded(records))
    return feeds
}

extension Resumption {
    fileprivate var numbers: [Int64]? {
        switch self {
        case .records(let records): records.map(\.number)
        case .snapshotNeeded: nil
        }
    }
}

@Suite struct FeedsTests {
    private let one = ConnectionID(1)
    private let two = ConnectionID(2)
    private let chief = ConnectionID(3)

    @Test func eachFeedNamesItsOwnEventBefore() {
        var feeds = feeds([])
        _ = feeds.subscribe(one, person: AgentID(1), isSupervisor: false, after: 0, epoch: 1)
        _ = feeds.subscribe(two, person: AgentID(2), isSupervisor: false, after: 0, epoch: 1)
        _ = feeds.subscribe(chief, person: AgentID(9), isSupervisor: true, after: 0, epoch: 1)
        let deliveries = feeds.released([record(1, 1), record(2, 2), record(3), record(4, 1, 2)])
        let told = deliveries.map { $0.recipients.map { [$0.socket.number, $0.previous] } }
        #expect(
            told == [
                [[1, 0], [3, 0]], [[2, 0], [3, 1]], [[3, 2]], [[1, 1], [2, 2], [3, 3]],
            ])
    }

    @Test func allSocketsOfAPersonAreGivenTheEventOnce() {
        var feeds = feeds([])
        _ = feeds.subscribe(one, person: AgentID(1), isSupervisor: false, after: 0, epoch: 1)
        _ = feeds.subscribe(two, person: AgentID(1), isSupervisor: false, after: 0, epoch: 1)
        _ = feeds.subscribe(chief, person: AgentID(1), isSupervisor: true, after: 0, epoch: 1)
        let recipients = feeds.released([record(1, 1)]).first?.recipients.map(\.socket)
        #expect(recipients == [one, two, chief])
        #expect(feeds.released([record(1, 1)]).isEmpty)
        feeds.unsubscribe(one)
        feeds.unsubscribe(chief)
        #expect(feeds.released([record(2, 1)]).first?.recipients.map(\.socket) == [two])
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var length = 100
        var first: Int64 = 1
        let after: Int64
        var epoch: Int64 = 1
        let numbers: [Int64]?
    }
    /// Ten events, of which agent 1 may see the even ones.
    static let resumptions = [
        Row(testDescription: "from the beginning", after: 0, numbers: [2, 4, 6, 8, 10]),
        Row(testDescription: "from one it saw", after: 4, numbers: [6, 8, 10]),
        Row(testDescription: "from a snapshot between", after: 5, numbers: [6, 8, 10]),
        Row(testDescription: "nothing missed", after: 10, numbers: []),
        Row(testDescription: "from the future", after: 11, numbers: nil),
        Row(testDescription: "from nowhere", after: -1, numbers: nil),
        Row(testDescription: "an older epoch", after: 4, epoch: 0, numbers: [6, 8, 10]),
        Row(testDescription: "an epoch to come", after: 4, epoch: 2, numbers: nil),
        Row(testDescription: "the ring reaches", length: 4, after: 6, numbers: [8, 10]),
        Row(testDescription: "the ring is too short", length: 4, after: 5, numbers: nil),
        Row(testDescription: "read back in part", first: 6, after: 5, numbers: [6, 8, 10]),
        Row(testDescription: "read back too little", first: 7, after: 5, numbers: nil),
    ]

    @Test(arguments: resumptions) func aFeedGoesOnOrNeedsASnapshot(_ row: Row) {
        let records = (row.first...10).map { $0 % 2 == 0 ? record($0, 1) : record($0, 2) }
        var feeds = feeds(records, length: row.length)
        let resumption = feeds.subscribe(
            one, person: AgentID(1), isSupervisor: false, after: row.after, epoch: row.epoch)
        #expect(resumption.numbers == row.numbers)
        let next = feeds.released([record(11, 1)]).first?.recipients
        let previous = row.numbers.map { $0.last ?? row.after }
        #expect(next?.map(\.previous) == previous.map { [$0] })
    }

    @Test func theRingHoldsTheLatestAlsoAsEventsCome() {
        var feeds = feeds([], length: 3)
        for number in 1...9 { _ = feeds.released([record(Int64(number), 1)]) }
        let far = feeds.subscribe(one, person: AgentID(1), isSupervisor: false, after: 5, epoch: 1)
        #expect(far == .snapshotNeeded)
        #expect(feeds.count == 0)
        let near = feeds.subscribe(one, person: AgentID(1), isSupervisor: false, after: 6, epoch: 1)
        #expect(near.numbers == [7, 8, 9])
    }

    @Test func afterAReloadWhatWasCommittedAndNeverPushedIsGiven() {
        var feeds = feeds([record(1, 1)])
        _ = feeds.subscribe(one, person: AgentID(1), isSupervisor: false, after: 1, epoch: 1)
        _ = feeds.subscribe(two, person: AgentID(2), isSupervisor: false, after: 1, epoch: 1)
        _ = feeds.released([record(2, 1)])
        // Event 3 was committed, but the node never heard so.
        let resumptions = feeds.resumed(
            reloaded([record(1, 1), record(2, 1), record(3, 1)], epoch: 2))
        #expect(resumptions.map(\.0) == [one])
        #expect(resumptions.first?.1.numbers == [3])
        let next = feeds.released([record(4, 1, 2, epoch: 2)]).first?.recipients.map(\.previous)
        #expect(next == [3, 1])
    }

    @Test func afterAReloadThatReachesTooLittleASnapshotIsNeeded() {
        var feeds = feeds([record(1, 1)])
        _ = feeds.subscribe(one, person: AgentID(1), isSupervisor: false, after: 1, epoch: 1)
        let resumptions = feeds.resumed(reloaded([record(9, 1)], epoch: 2))
        #expect(resumptions.first?.1 == .snapshotNeeded)
        #expect(feeds.released([record(10, 1)]).isEmpty)
    }

    @Test func whoStandsByForgetsTheSockets() {
        var feeds = feeds([])
        _ = feeds.subscribe(one, person: AgentID(1), isSupervisor: false, after: 0, epoch: 1)
        feeds.standBy()
        #expect(feeds.count == 0)
        #expect(feeds.released([record(1, 1)]).isEmpty)
    }
}
