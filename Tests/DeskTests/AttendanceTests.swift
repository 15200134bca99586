import Desk
import Testing

@Suite("Wrap-up, busy, reasons and the end of a shift")
struct AttendanceTests {
    /// Ana is available, Ben connected; queue 1 plans a wrap-up, lunch is a reason. Maria's
    /// conversation is Ana's.
    private func talking(_ change: (inout Configuration) -> Void = { _ in }) -> Scene {
        var scene = Scene()
        scene.run([.connected(ana), .connected(ben)])
        var configuration = ConfigurationTests.valid
        configuration.queues[0].wrapUp = WrapUpTime(time: 30_000, maximum: 70_000)
        configuration.awayReasons = [AwayReason(id: lunch, name: "Lunch")]
        change(&configuration)
        scene.run([
            .configurationSet(configuration, by: sofia), .presenceSet(ana, .available),
            .wrote(maria),
        ])
        return scene
    }

    private let lunch = AwayReasonID(1)

    private func id(_ scene: Scene, _ thread: Digest = maria) -> ConversationID {
        scene.row(of: thread)?.id ?? conversation(0)
    }

    private func owner(_ scene: Scene, _ thread: Digest = maria) -> Owner? {
        scene.desk.conversation(id(scene, thread))?.owner
    }

    private func check(_ scene: Scene, _ location: SourceLocation = #_sourceLocation) {
        #expect(scene.auditor.violations.isEmpty, sourceLocation: location)
        #expect(scene.desk.state == scene.shelf.state, sourceLocation: location)
    }

    // MARK: Wrap-up

    @Test(
        "Who closes writes up, is given nothing meanwhile, and is available again at the deadline")
    func wrapUp() {
        var scene = talking()
        let events = scene.handle(.conversationClosed(ana, id(scene))).events
        let until = scene.now.adding(milliseconds: 30_000)
        #expect(
            events.suffix(2) == [
                .presenceChanged(ana, .wrapUp, by: nil), .wrapUpChanged(ana, until: until),
            ])
        scene.run([.wrote(jorge)])
        #expect(owner(scene, jorge) == .queue(queue))
        scene.reload()
        scene.run([.agentConnections(ana, [socket(1)]), .agentConnections(ben, [socket(1)])])
        #expect(
            scene.desk.agent(ana)?.attendance.wrapUp?.until == until, "the deadline is stored")
        scene.now = until.adding(milliseconds: -2)
        scene.run([.clockReached])
        #expect(owner(scene, jorge) == .queue(queue))
        scene.run([.clockReached])
        #expect(scene.desk.agent(ana)?.presence == .available)
        #expect(owner(scene, jorge) == .agent(ana))
        check(scene)
    }

    enum Way: CaseIterable { case closed, toQueue, toColleague, movedBySupervisor }

    @Test("Letting go by oneself begins it, other ways do not", arguments: Way.allCases)
    func ways(_ way: Way) {
        var scene = talking()
        let conversation = id(scene)
        let input: Input =
            switch way {
            case .closed: .conversationClosed(ana, conversation)
            case .toQueue: .transferOrdered(ana, conversation, .queue(QueueID(2)))
            case .toColleague: .transferOrdered(ana, conversation, .agent(ben, isWarm: false))
            case .movedBySupervisor: .conversationMoved(conversation, queue, by: sofia)
            }
        scene.run([.presenceSet(ben, .available), input])
        let isWritingUp = scene.desk.agent(ana)?.presence == .wrapUp
        switch way {
        case .closed, .toQueue: #expect(isWritingUp)
        case .toColleague, .movedBySupervisor: #expect(!isWritingUp)
        }
        check(scene)
    }

    @Test(
        "Only who is available begins one",
        arguments: [Presence.away, .busy])
    func notAvailable(_ presence: Presence) {
        var scene = talking()
        scene.run([.presenceSet(ana, presence), .conversationClosed(ana, id(scene))])
        #expect(scene.desk.agent(ana)?.presence == presence)
        check(scene)
    }

    @Test("Over several conversations the later end counts, an earlier one changes nothing")
    func several() {
        var scene = talking { $0.queues[1].wrapUp = WrapUpTime(time: 5_000, maximum: 3_600_000) }
        scene.run([.wrote(jorge)])
        scene.run([.conversationMoved(id(scene, jorge), QueueID(2), by: sofia)])
        scene.run([.conversationClosed(ana, id(scene))])
        let former = scene.desk.agent(ana)?.attendance.wrapUp
        #expect(former?.until == scene.now.adding(milliseconds: 30_000))
        #expect(owner(scene, jorge) == .agent(ana), "what they hold stays theirs")
        #expect(scene.handle(.conversationClosed(ana, id(scene, jorge))).events.count == 1)
        #expect(scene.desk.agent(ana)?.attendance.wrapUp == former, "nothing that is not on record")
        check(scene)
    }

    @Test("It is extended by what the queue plans, up to its maximum")
    func extended() {
        var scene = talking()
        scene.run([.conversationClosed(ana, id(scene))])
        let began = scene.now
        for end: Int64 in [60_000, 70_000] {
            let until = began.adding(milliseconds: end)
            #expect(
                scene.handle(.wrapUpExtended(ana)).events == [.wrapUpChanged(ana, until: until)])
        }
        #expect(
            scene.handle(.wrapUpExtended(ana)).rejection
                == Rejection(.outOfRange, field: "wrapUp"))
        #expect(
            scene.handle(.wrapUpExtended(ben)).rejection
                == Rejection(.wrongState, field: "wrapUp"))
        scene.now = began.adding(milliseconds: 69_999)
        #expect(
            scene.handle(.wrapUpExtended(ana)).rejection
                == Rejection(.wrongState, field: "wrapUp"), "late is late")
        check(scene)
    }

    @Test(
        "What they say ends it at once, and stays",
        arguments: [Presence.available, .busy, .away, .offline])
    func done(_ presence: Presence) {
        var scene = talking()
        scene.run([.conversationClosed(ana, id(scene)), .presenceSet(ana, presence)])
        #expect(scene.desk.agent(ana)?.attendance.wrapUp == nil)
        #expect(scene.wait(60_000).isEmpty)
        #expect(scene.desk.agent(ana)?.presence == presence)
        check(scene)
    }

    @Test("Who loses the connection meanwhile has the usual grace")
    func disconnected() {
        var scene = talking()
        scene.run([.wrote(jorge), .conversationClosed(ana, id(scene)), .disconnected(ana)])
        scene.wait(30_000)
        #expect(scene.desk.agent(ana)?.presence == .available)
        scene.wait(30_001)
        #expect(scene.desk.agent(ana)?.presence == .offline)
        #expect(owner(scene, jorge) == .queue(queue))
        check(scene)
    }

    @Test("Nobody says it by hand")
    func byHand() {
        var scene = talking()
        for input in [
            Input.presenceSet(ana, .wrapUp), .presenceOrdered(ana, .wrapUp, by: sofia),
        ] {
            #expect(
                scene.handle(input).rejection == Rejection(.outOfRange, field: "presence"))
        }
    }

    // MARK: Busy and away

    @Test("Who is busy is given and offered nothing by the desk, and what people hand them")
    func busy() {
        var scene = talking { $0.queues[1].handing = .pull }
        scene.run([.presenceSet(ben, .busy), .presenceSet(ana, .away), .wrote(jorge)])
        #expect(owner(scene, jorge) == .queue(queue))
        scene.run([.transferOrdered(ana, id(scene), .agent(ben, isWarm: false))])
        #expect(owner(scene) == .agent(ben))
        scene.run([.conversationMoved(id(scene, jorge), QueueID(2), by: sofia)])
        scene.run([.conversationTaken(ben, id(scene, jorge))])
        #expect(owner(scene, jorge) == .agent(ben))
        check(scene)
    }

    @Test("Who becomes busy keeps a colleague's offer, not the desk's", arguments: [true, false])
    func offers(isTransfer: Bool) {
        var scene = talking { configuration in
            if !isTransfer { configuration.queues[0].handing = .offer(timeout: 20_000) }
        }
        if isTransfer {
            scene.run([
                .presenceSet(ben, .available),
                .transferOrdered(ana, id(scene), .agent(ben, isWarm: true)),
                .presenceSet(ben, .busy),
            ])
        } else {
            scene.run([.presenceSet(ana, .busy)])
        }
        let offer = scene.desk.conversation(id(scene))?.routing.offer
        #expect(offer?.agent == (isTransfer ? ben : nil))
        check(scene)
    }

    @Test("A reason goes with being away, and only with it")
    func reasons() {
        var scene = talking()
        #expect(
            scene.handle(.presenceSet(ana, .away, reason: lunch)).events
                == [.presenceChanged(ana, .away, reason: lunch, by: nil)])
        #expect(scene.handle(.presenceSet(ana, .away)).events.isEmpty, "it stays what it was")
        #expect(
            scene.handle(.presenceOrdered(ana, .available, by: sofia)).events.first
                == .presenceChanged(ana, .available, by: sofia))
        #expect(scene.desk.agent(ana)?.attendance == Attendance())
        #expect(
            scene.handle(.presenceOrdered(ana, .away, by: sofia)).events
                == [.presenceChanged(ana, .away, reason: .setBySupervisor, by: sofia)])
        let refused: [(Input, Rejection)] = [
            (.presenceSet(ana, .busy, reason: lunch), Rejection(.outOfRange, field: "reason")),
            (
                .presenceSet(ana, .away, reason: AwayReasonID(2)),
                Rejection(.notFound, field: "reason")
            ),
            (
                .presenceSet(ana, .away, reason: .missedOffers),
                Rejection(.notFound, field: "reason")
            ),
        ]
        for (input, rejection) in refused { #expect(scene.handle(input).rejection == rejection) }
        check(scene)
    }

    // MARK: The end of a shift

    @Test("From the end of the shift nothing new comes, and offline comes when nothing is left")
    func drains() {
        var scene = talking { $0.queues[0].wrapUp = nil }
        let end = scene.now.adding(milliseconds: 5_000)
        scene.run([.shiftEndSet(ana, end, by: sofia)])
        #expect(scene.desk.nextDeadline == end)
        scene.now = end.adding(milliseconds: -1)
        #expect(scene.handle(.clockReached).events == [.shiftEnded(ana)])
        scene.run([.wrote(jorge), .presenceSet(ana, .busy), .presenceSet(ana, .available)])
        #expect(owner(scene, jorge) == .queue(queue))
        #expect(owner(scene) == .agent(ana))
        scene.reload()
        scene.run([.agentConnections(ana, [socket(1)]), .agentConnections(ben, [socket(1)])])
        #expect(owner(scene, jorge) == .queue(queue))
        #expect(
            scene.handle(.conversationClosed(ana, id(scene))).events.last
                == .presenceChanged(ana, .offline, by: nil))
        #expect(scene.desk.agent(ana)?.attendance.shiftEnd == end, "one sees when they left")
        scene.run([.presenceSet(ana, .available)])
        #expect(scene.desk.agent(ana)?.attendance == Attendance(), "a new shift")
        #expect(owner(scene, jorge) == .agent(ana))
        check(scene)
    }

    @Test("What was let go of last is written up before they are gone")
    func writesUpFirst() {
        var scene = talking()
        scene.run([.shiftEndSet(ana, scene.now, by: nil), .conversationClosed(ana, id(scene))])
        #expect(scene.desk.agent(ana)?.presence == .wrapUp)
        scene.wait(30_000)
        #expect(scene.desk.agent(ana)?.presence == .offline)
        check(scene)
    }

    @Test("Who holds nothing is gone at once", arguments: [Presence.available, .busy, .away])
    func atOnce(_ presence: Presence) {
        var scene = talking()
        scene.run([.presenceSet(ben, presence)])
        #expect(
            scene.handle(.shiftEndSet(ben, moment(0), by: nil)).events == [
                .shiftEndChanged(ben, scene.now, by: nil), .shiftEnded(ben),
                .presenceChanged(ben, .offline, by: nil),
            ])
        check(scene)
    }

    @Test("It can be moved and taken back, also when it has come")
    func changed() {
        var scene = talking()
        scene.run([.shiftEndSet(ana, scene.now, by: nil), .wrote(jorge)])
        #expect(scene.desk.agent(ana)?.isOnDuty == false)
        #expect(owner(scene, jorge) == .queue(queue))
        scene.run([.shiftEndSet(ana, nil, by: sofia)])
        #expect(owner(scene, jorge) == .agent(ana))
        let late = scene.now.adding(milliseconds: Limits.longestWait + 10)
        #expect(
            scene.handle(.shiftEndSet(ana, late, by: nil)).rejection
                == Rejection(.outOfRange, field: "shiftEnd"))
        check(scene)
    }

    @Test("An end to come outlives being offline; one that passed meanwhile does not")
    func outlives() {
        var scene = talking()
        let end = scene.now.adding(milliseconds: 50_000)
        scene.run([
            .shiftEndSet(ben, end, by: nil), .presenceSet(ben, .offline), .disconnected(ben),
            .connected(ben),
        ])
        #expect(scene.desk.agent(ben)?.attendance.shiftEnd == end)
        scene.run([.presenceSet(ben, .offline), .disconnected(ben)])
        #expect(scene.wait(60_000).isEmpty)
        #expect(
            scene.handle(.connected(ben)).events.last == .shiftEndChanged(ben, nil, by: nil))
        check(scene)
    }

    @Test("Whose shift is over is given nothing by anybody")
    func nothingByHand() {
        var scene = talking()
        scene.run([.presenceSet(ben, .available), .wrote(jorge)])
        #expect(owner(scene, jorge) == .agent(ben))
        scene.run([.shiftEndSet(ben, scene.now, by: sofia)])
        let orders: [Input] = [
            .transferOrdered(ana, id(scene), .agent(ben, isWarm: false)),
            .conversationAssigned(id(scene), ben, overridesCapacity: true, by: sofia),
        ]
        for order in orders {
            #expect(scene.handle(order).rejection == Rejection(.notOnDuty, field: "agent"))
        }
        check(scene)
    }
}
