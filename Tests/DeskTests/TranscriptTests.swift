import Desk
import Testing

@Suite("What customers and the channel tell")
struct TranscriptTests {
    static let customers: [Case] = [
        Case(
            "the first message of a customer waits when nobody is there", .empty,
            when: .wrote(maria, 1, at: 400),
            then: [
                .customerMet(CustomerID(1), thread: maria),
                .conversationOpened(conversation(2), CustomerID(1), queue),
                .messageReceived(conversation(2), message(3), .text, writtenAt: moment(400)),
                .handed(2, 1, .nobody, .queue(queue), .customerWrote),
            ], result: 3),
        Case(
            "and is assigned at once when somebody is free", .open, when: .wrote(maria, 1),
            then: [
                .customerMet(CustomerID(5), thread: maria),
                .conversationOpened(conversation(6), CustomerID(5), queue),
                .messageReceived(conversation(6), message(7), .text, writtenAt: moment(500)),
                .handed(6, 1, .nobody, .queue(queue), .customerWrote),
                .handed(6, 2, .queue(queue), .agent(ana), .assigned),
            ], result: 7),
        Case(
            "a further message only joins the transcript", .talking,
            when: .wrote(maria, 2, kind: .attachment),
            then: [
                .messageReceived(conversation(6), message(10), .attachment, writtenAt: moment(500))
            ],
            result: 10),
        Case(
            "a message after the close reopens the same conversation", .talking,
            given: [.conversationClosed(ana, conversation(6))], when: .wrote(maria, 2),
            then: [
                .messageReceived(conversation(6), message(11), .text, writtenAt: moment(500)),
                .handed(6, 4, .nobody, .queue(queue), .customerWrote),
                .handed(6, 5, .queue(queue), .agent(ana), .assigned),
            ], result: 11),
        Case(
            "reading", .talking, when: .conversationRead(ana, conversation(6)),
            then: [.conversationRead(conversation(6), ana)]),
        Case(
            "reading again is no news", .talking, given: [.conversationRead(ana, conversation(6))],
            when: .conversationRead(ana, conversation(6)), then: []),
        Case(
            "closing", .talking, when: .conversationClosed(ana, conversation(6)),
            then: [.handed(6, 3, .agent(ana), .nobody, .closed)]),
    ]

    static let reports: [Case] = [
        Case(
            "delivered", .talking, when: .told(maria, .delivered(upTo: moment(9))),
            then: [.messagesDelivered(conversation(6), upTo: moment(9))]),
        Case(
            "read", .talking, when: .told(maria, .read(upTo: moment(9))),
            then: [.messagesRead(conversation(6), upTo: moment(9))]),
        Case(
            "delivered on a thread that nobody knows", .empty,
            when: .told(maria, .delivered(upTo: moment(9))), then: [.channelEventKept(nil)]),
        Case(
            "read on a thread that nobody knows", .empty,
            when: .told(maria, .read(upTo: moment(9))), then: [.channelEventKept(nil)]),
        Case(
            "a reaction to a recorded message", .talking,
            when: .told(maria, .reacted(isRemoved: false), 1),
            then: [.messageReacted(conversation(6), message(7), isRemoved: false)]),
        Case(
            "a reaction to another message", .talking,
            when: .told(maria, .reacted(isRemoved: true), 99),
            then: [.messageReacted(conversation(6), nil, isRemoved: true)]),
        Case(
            "an edit", .talking, when: .told(maria, .edited, 1),
            then: [.messageEdited(conversation(6), message(7))]),
        Case(
            "a deletion in a closed conversation", .talking,
            given: [.conversationClosed(ana, conversation(6))], when: .told(maria, .deleted, 1),
            then: [.messageDeleted(conversation(6), message(7))]),
        Case(
            "another event of a thread", .talking, when: .told(maria, .other),
            then: [.channelEventKept(conversation(6))]),
        Case(
            "another event of an unknown thread opens a closed conversation", .empty,
            when: .told(maria, .other),
            then: [
                .customerMet(CustomerID(1), thread: maria),
                .conversationOpened(conversation(2), CustomerID(1), queue),
                .channelEventKept(conversation(2)),
            ]),
        Case(
            "a reaction on an unknown thread does, too", .empty,
            when: .told(maria, .reacted(isRemoved: false), 1),
            then: [
                .customerMet(CustomerID(1), thread: maria),
                .conversationOpened(conversation(2), CustomerID(1), queue),
                .messageReacted(conversation(2), nil, isRemoved: false),
            ]),
        Case(
            "an event without a thread", .empty, when: .channelEventKept,
            then: [.channelEventKept(nil)]),
        Case(
            "another app wrote", .talking,
            when: .told(maria, .messageLeft(job: nil, textDigest: nil), 5),
            then: [.messageSentElsewhere(conversation(6), message(10), writtenAt: moment(600))],
            result: 10),
        Case(
            "another app wrote, told twice", .talking,
            given: [.told(maria, .messageLeft(job: nil, textDigest: nil), 5)],
            when: .told(maria, .messageLeft(job: nil, textDigest: text(1)), 5), then: []),
        Case(
            "another app wrote to somebody new", .open,
            when: .told(maria, .messageLeft(job: nil, textDigest: text(1)), 5),
            then: [
                .customerMet(CustomerID(5), thread: maria),
                .conversationOpened(conversation(6), CustomerID(5), queue),
                .messageSentElsewhere(conversation(6), message(7), writtenAt: moment(600)),
            ], result: 7),
        Case(
            "the customer answers what another app wrote", .open,
            given: [.told(maria, .messageLeft(job: nil, textDigest: nil), 5)],
            when: .wrote(maria, 6),
            then: [
                .messageReceived(conversation(6), message(8), .text, writtenAt: moment(500)),
                .handed(6, 1, .nobody, .queue(queue), .customerWrote),
                .handed(6, 2, .queue(queue), .agent(ana), .assigned),
            ], result: 8),
        Case(
            "a message with our mark but of no job of ours", .talking,
            when: .told(maria, .messageLeft(job: job(77), textDigest: nil), 5),
            then: [.messageSentElsewhere(conversation(6), message(10), writtenAt: moment(600))],
            result: 10),
    ]

    @Test(arguments: customers + reports)
    func comesTo(_ line: Case) { line.check() }

    @Test("Rows follow what is written")
    func rows() {
        var scene = Scene.talking()
        scene.run([.wrote(maria, 2, at: 900), .wrote(maria, 3, at: 700)])
        let row = scene.shelf.conversations[conversation(6)]
        #expect(row?.unread == 3)
        #expect(row?.customerWroteAt == moment(900), "the channel delivers out of order")
        #expect(row?.lastMessageAt == scene.now)
        #expect(row?.openedAt == moment(1_003))
        scene.run([.replied(ana, 6)])
        #expect(scene.shelf.conversations[conversation(6)]?.unread == 0)
        #expect(scene.shelf.conversations[conversation(6)]?.lastMessageAt == scene.now)
    }

    @Test("Who has only been written to has never written")
    func neverWrote() {
        var scene = Scene()
        scene.run([.told(maria, .messageLeft(job: nil, textDigest: nil), 5)])
        #expect(
            scene.shelf.conversations[conversation(2)]?.customerWroteAt == Conversation.neverWrote)
        #expect(scene.shelf.conversations[conversation(2)]?.isOpen == false)
        #expect(scene.desk.state.conversations.isEmpty)
    }

    @Test("What a batch decides overrides what was known before it")
    func batch() {
        var scene = Scene.open()
        let handled = scene.batch([
            .wrote(maria, 1), .told(maria, .edited, 1), .wrote(maria, 2),
            .conversationClosed(ana, conversation(6)), .wrote(maria, 3),
            .told(maria, .messageLeft(job: nil, textDigest: nil), 4),
            .told(maria, .messageLeft(job: nil, textDigest: nil), 4),
        ])
        #expect(
            handled.map(\.events.count) == [5, 1, 1, 1, 3, 1, 0],
            "\(handled.map(\.events))")
        #expect(handled[1].events == [.messageEdited(conversation(6), message(7))])
        #expect(scene.auditor.violations.isEmpty)
        #expect(scene.desk.state == scene.shelf.state)
    }

    @Test("Feeds: the owner before and after, the author, nobody else")
    func audiences() {
        var scene = Scene.talking()
        scene.run([.connected(ben), .presenceSet(ben, .available)])
        #expect(scene.handle(.wrote(maria, 2)).records.map(\.audience) == [[ana]])
        #expect(scene.handle(.wrote(jorge, 3)).records.map(\.audience) == [[], [], [], [], [ben]])
        #expect(scene.handle(.replied(ana, 6)).records.map(\.audience) == [[ana], [ana]])
        let job = scene.desk.unsettledJobs[0].id
        #expect(
            scene.handle(.presenceSet(ana, .offline)).records.map(\.audience)
                == [[ana], [ana], [ben]])
        #expect(
            scene.handle(.sendingBegan(job)).records.map(\.audience) == [[ana, ben]],
            "the author and who owns it now")
        #expect(
            scene.handle(.capacitySet(ana, capacity: 9, by: sofia)).records.map(\.audience)
                == [[ana, sofia]])
        #expect(scene.handle(.channelEventKept).records.map(\.audience) == [[]])
        #expect(scene.handle(.epochBegan).records.first?.audience == [])
    }
}
