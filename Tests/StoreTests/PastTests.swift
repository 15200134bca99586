import Desk
import Engine
import EventLoop
import Testing

@testable import Store

extension StoreTests {
    /// Reads of the past and housekeeping.
    @Suite struct PastTests {
        @LoopActor private func report(
            _ kind: ChannelReport.Kind, message: UInt64, body: String? = nil, node: Node
        ) -> Node.Order {
            Node.Order(
                input: .channelReported(
                    ChannelReport(
                        thread: thread(1), platformMessage: platform(message), kind: kind,
                        at: node.now)),
                content: Content(
                    body: body.map { Array($0.utf8) }, platformMessage: platform(message)))
        }

        @Test func theTranscriptTellsAllOfIt() async throws {
            try await Scene.run { scene in
                let node = try await scene.node()
                try await node.commit(arrives(7))
                try await node.commit([wrote(1, message: 1, text: "one")])
                try await node.commit([wrote(2, message: 2, text: "of somebody else")])
                let conversation = try await node.conversation(of: 1)
                try await node.commit([replied(7, conversation, text: "answer")])
                let job = try #require(node.desk.unsettledJobs.first)
                try await node.commit([
                    Node.Order(input: .sendingBegan(job.id)),
                    Node.Order(
                        input: .sendingEnded(job.id, attempt: 1, .failed(.outsideWindow))),
                    report(.edited, message: 1, body: "two", node: node),
                    report(.reacted(isRemoved: false), message: 1, body: "heart", node: node),
                    report(.reacted(isRemoved: true), message: 1, node: node),
                    report(.deleted, message: 1, node: node),
                    report(
                        .messageLeft(job: nil, textDigest: nil), message: 9, body: "x", node: node),
                    report(.other, message: 9, body: "opt-in", node: node),
                ])
                let store = node.store
                let all = try await store.transcript(of: conversation, limit: 10).messages
                #expect(all.map(\.kind) == [.text, .reply, .elsewhere, .note])
                #expect(
                    all.map(\.body)
                        == ["one", "answer", "x", "opt-in"].map { Array($0.utf8) })
                #expect(all.map(\.author) == [nil, AgentID(7), nil, nil])
                #expect(all.map(\.platform) == [platform(1), nil, platform(9), nil])
                #expect(all[0].writtenAt == Instant(milliseconds: 1_700_000_000_001))
                #expect(all[0].edits.map(\.body) == [Array("two".utf8)])
                #expect(all[0].reactions.map(\.isRemoved) == [false, true])
                #expect(all[0].isDeleted && !all[1].isDeleted)
                #expect(all[1].job?.state == .failed(.outsideWindow))
                #expect(all[1].job?.id == job.id)

                let older = try await store.transcript(
                    of: conversation, before: all[2].id, limit: 1)
                #expect(older.messages.map(\.id) == [all[1].id])
                #expect(
                    try await store.transcript(of: ConversationID(99), limit: 5) == Transcript())
                await #expect(throws: StoreError.invalid(field: "limit")) {
                    try await store.transcript(of: conversation, limit: 0)
                }

                let edit = MessageID(all[0].edits[0].event)
                #expect(
                    try await store.bodies(of: [all[0].id, edit, MessageID(9_999)])
                        == [all[0].id: Array("one".utf8), edit: Array("two".utf8)])
            }
        }

        /// The channel repeats itself and delivers out of order: the latest moment counts, of this
        /// conversation alone.
        @Test func theTranscriptTellsHowMuchTheCustomerHasAndHasRead() async throws {
            try await Scene.run { scene in
                let node = try await scene.node()
                let store = node.store
                try await node.commit([wrote(1, message: 1), wrote(2, message: 2)])
                let conversation = try await node.conversation(of: 1)
                let marks = { () async throws -> [Int64?] in
                    let found = try await store.transcript(of: conversation, limit: 1)
                    return [found.deliveredUpTo?.milliseconds, found.readUpTo?.milliseconds]
                }
                #expect(try await marks() == [nil, nil])
                // One byte more or less in the number, so that bytes and numbers must agree.
                let told: [(UInt64, ChannelReport.Kind, [Int64?])] = [
                    (1, .delivered(upTo: Instant(milliseconds: 255)), [255, nil]),
                    (1, .delivered(upTo: Instant(milliseconds: 256)), [256, nil]),
                    (1, .delivered(upTo: Instant(milliseconds: 70)), [256, nil]),
                    (
                        1, .read(upTo: Instant(milliseconds: 1_700_000_000_001)),
                        [256, 1_700_000_000_001]
                    ),
                    (1, .read(upTo: Instant(milliseconds: 90)), [256, 1_700_000_000_001]),
                    (2, .delivered(upTo: node.now), [256, 1_700_000_000_001]),
                    (2, .read(upTo: node.now), [256, 1_700_000_000_001]),
                ]
                for (person, kind, expected) in told {
                    let report = ChannelReport(
                        thread: thread(person), platformMessage: nil, kind: kind, at: node.now)
                    #expect(
                        try await node.commit([Node.Order(input: .channelReported(report))]) == .ok)
                    #expect(try await marks() == expected, "\(kind)")
                }
                let first = try #require(
                    try await store.transcript(of: conversation, limit: 1).messages.first)
                #expect(
                    try await store.transcript(of: conversation, before: first.id, limit: 1)
                        == Transcript())
                #expect(
                    try await scene.number(
                        "SELECT count(*) FROM events WHERE kind IN (6, 7)") == 7)
            }
        }

        @Test func aSendOrderHasAddressAndText() async throws {
            try await Scene.run { scene in
                let node = try await scene.node()
                try await node.commit(arrives(7))
                try await node.commit([wrote(1, message: 1), wrote(2, message: 2)])
                let conversation = try await node.conversation(of: 2)
                try await node.commit([replied(7, conversation, text: "answer")])
                let job = try #require(node.desk.unsettledJobs.first)
                let order = try await node.store.sendOrder(for: job.id)
                #expect(order.address == Array("page/2".utf8))
                #expect(order.body == Array("answer".utf8))
                #expect(order.conversation == conversation && order.message == job.message)
                await #expect(throws: StoreError.notFound) {
                    try await node.store.sendOrder(for: JobID(999))
                }
                #expect(
                    try await node.store.addresses(of: [order.customer, CustomerID(999)])
                        == [order.customer: order.address])
            }
        }

        /// The platform's name of a message is stored by whichever tells it first, the echo or the
        /// answer, and never twice.
        @Test func aMessageIsNamedOnce() async throws {
            try await Scene.run { scene in
                let node = try await scene.node()
                try await node.commit(arrives(7))
                try await node.commit([wrote(1, message: 1)])
                let conversation = try await node.conversation(of: 1)
                try await node.commit([replied(7, conversation)])
                let job = try #require(node.desk.unsettledJobs.first)
                // An echo that came without our metadata was taken for another app's.
                try await node.commit([
                    Node.Order(input: .sendingBegan(job.id)),
                    report(.messageLeft(job: nil, textDigest: nil), message: 50, node: node),
                ])
                #expect(
                    try await node.commit([
                        Node.Order(
                            input: .sendingEnded(job.id, attempt: 1, .sent),
                            content: Content(platformMessage: platform(50)))
                    ]) == .ok)
                let named = try await node.store.transcript(of: conversation, limit: 9)
                #expect(named.messages.map(\.platform) == [platform(1), nil, platform(50)])
            }
        }

        @Test func oldKeysGoInBoundedSteps() async throws {
            try await Scene.run { scene in
                let node = try await scene.node()
                for message in 1...5 { try await node.commit([wrote(1, message: UInt64(message))]) }
                try await node.commit([
                    Node.Order(input: .channelEventKept, content: Content(body: [1], kind: "k"))
                ])
                let cut = node.now
                node.now = node.now.adding(milliseconds: 1_000)
                try await node.commit([wrote(1, message: 6)])
                var steps: [Int] = []
                repeat {
                    steps.append(
                        try await node.store.purge(
                            keysBefore: cut, keptEventsBefore: cut.adding(milliseconds: 1),
                            presenceBefore: cut, at: cut, limit: 2))
                } while steps.last != 0 && steps.count < 9
                #expect(steps == [3, 2, 1, 0])
                let left = try #require(
                    await node.store.prefetch(
                        PrefetchRequest(keys: (1...6).map { key($0) }, needs: Needs())))
                #expect(Set(left.keys.keys) == [key(6)])
            }
        }

        @Test func aDatabaseThatIsAwayIsUnavailable() async throws {
            try await Scene.run { scene in
                let store = try scene.store(options: "host=/nowhere")
                await #expect(throws: StoreError.unavailable) { try await store.open() }
                #expect(await store.reload(.take) == .failure(.unavailable))
                #expect(
                    await store.prefetch(PrefetchRequest(keys: [key(1)], needs: Needs())) == nil)
                let empty = Commit(
                    epoch: 1, at: Instant(milliseconds: 0), lastEvent: 0, entries: [],
                    changes: Changes())
                #expect(await store.commit(empty) == .unavailable)
            }
        }

        @Test(arguments: [
            (Int64(0), "one", "desk"), (1, "", "holder"),
            (1, String(repeating: "x", count: 101), "holder"), (1, "a\u{0}", "holder"),
        ])
        func impossibleSettingsAreNamed(desk: Int64, holder: String, field: String) async throws {
            try await Scene.run { scene in
                let store = try scene.store(holder: holder, desk: desk)
                await #expect(throws: StoreError.invalid(field: field)) { try await store.open() }
            }
        }
    }
}
