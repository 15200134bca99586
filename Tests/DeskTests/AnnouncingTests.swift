import Desk
import Testing

/// Peers leave customers in the dark, or tell a place that was true when it was counted.
@Suite("What waiting customers are told, and when they are given up")
struct AnnouncingTests {
    static let templates = Announcing(
        waiting: "{position}, {minutes}", nobody: "{position}", positionStep: 2, minutesStep: 60,
        interval: 10_000, usualPace: 120_000)

    /// Ana has room for one; the only queue announces and gives up after a minute.
    private static func scene(
        handing: Handing = .push, abandonment: Int64? = nil, isThere: Bool = true
    ) -> Scene {
        var scene = Scene()
        var configuration = Configuration()
        configuration.queues[0].handing = handing
        configuration.queues[0].announcing = templates
        configuration.queues[0].abandonment = abandonment
        scene.run([
            .connected(ana), .capacitySet(ana, capacity: 1, by: sofia),
            .configurationSet(configuration, by: sofia),
        ])
        if isThere { scene.run([.presenceSet(ana, .available)]) }
        return scene
    }

    private static func id(_ thread: Digest, _ scene: Scene) -> ConversationID {
        scene.row(of: thread)?.id ?? conversation(0)
    }

    /// Three who wait behind the one whom Ana has.
    private static func waiting() -> Scene {
        var scene = scene()
        for number in 1...4 as ClosedRange<UInt64> { scene.run([.wrote(customer(number))]) }
        return scene
    }

    private static func customer(_ number: UInt64) -> Digest { Digest(high: 0, low: 200 + number) }

    private static func said(_ events: [Event]) -> [Announcement] {
        events.compactMap { event in
            if case .announcementWritten(_, _, _, let said) = event { said } else { nil }
        }
    }

    /// The announcement that is on its way leaves and arrives.
    private static func settle(_ scene: inout Scene) {
        while let job = scene.desk.unsettledJobs.first {
            scene.run([
                .sendingBegan(job.id), .sendingEnded(job.id, attempt: job.attempts + 1, .sent),
            ])
        }
    }

    private func check(_ scene: Scene) {
        #expect(scene.auditor.violations.isEmpty)
        #expect(scene.desk.state == scene.shelf.state)
    }

    // MARK: What is told

    @Test(
        "Who is given at once is told nothing; who waits, their place and wait, in the same commit")
    func entering() {
        var scene = Self.scene()
        #expect(Self.said(scene.handle(.wrote(maria)).events).isEmpty)
        let handled = scene.handle(.wrote(jorge))
        #expect(Self.said(handled.events) == [.waiting(position: 1, minutes: 2)])
        let number = MessageID(scene.desk.lastEvent)
        #expect(handled.written.map(\.message) == [number])
        let job = scene.desk.job(JobID(number.number))
        #expect(job?.agent == nil && job?.state == .queued(notBefore: scene.now))
        check(scene)
    }

    @Test("Without words nothing is announced, and the desk goes on")
    func speechless() {
        var desk = Self.scene().desk
        for thread in [maria, jorge] {
            let handled = desk.handle(.wrote(thread), known: Known(), epoch: 7, at: moment(9_000))
            #expect(Self.said(handled.records.map(\.event)).isEmpty)
        }
        #expect(desk.nextDeadline == moment(19_000))
    }

    @Test("It is no answer: the waiting clock, what is unread and who is told stay as they were")
    func noAnswer() {
        var scene = Self.scene(abandonment: 60_000)
        scene.run([.wrote(maria), .wrote(jorge)])
        let row = scene.desk.conversation(Self.id(jorge, scene))
        #expect(row?.unread == 1)
        #expect(row?.waitingSince == scene.now)
        #expect(row?.routing.silentSince == scene.now.milliseconds)
        check(scene)
    }

    @Test("It is told again when it changed enough, and not before the interval is over")
    func again() {
        var scene = Self.waiting()
        Self.settle(&scene)
        let last = Self.id(Self.customer(4), scene)
        scene.run([.conversationClosed(ana, Self.id(Self.customer(1), scene))])
        #expect(Self.said(scene.wait(10_000)).isEmpty, "one place matters to nobody")
        let close = Input.conversationClosed(ana, Self.id(Self.customer(2), scene))
        #expect(Self.said(scene.handle(close).events).isEmpty, "it was looked at just now")
        #expect(Self.said(scene.wait(9_000)).isEmpty)
        #expect(Self.said(scene.wait(1_100)) == [.waiting(position: 1, minutes: 2)])
        #expect(scene.desk.conversation(last)?.routing.announced?.at == scene.now)
        check(scene)
    }

    @Test("What is still on its way is not overtaken")
    func oneAtATime() {
        var scene = Self.waiting()
        for number in 1...2 as ClosedRange<UInt64> {
            scene.run([.conversationClosed(ana, Self.id(Self.customer(number), scene))])
        }
        #expect(Self.said(scene.wait(60_000)).isEmpty)
        Self.settle(&scene)
        #expect(Self.said(scene.wait(10_000)) == [.waiting(position: 1, minutes: 2)])
        check(scene)
    }

    @Test("When nobody is there it says so, and again when somebody comes")
    func nobody() {
        var scene = Self.scene(isThere: false)
        #expect(
            Self.said(scene.handle(.wrote(maria)).events) == [.nobodyThere(position: 1)])
        #expect(
            Self.said(scene.handle(.wrote(jorge)).events) == [.nobodyThere(position: 2)])
        Self.settle(&scene)
        #expect(Self.said(scene.wait(30_000)).isEmpty, "it was said")
        scene.run([.presenceSet(ana, .available)])
        #expect(Self.said(scene.wait(30_000)) == [.waiting(position: 1, minutes: 2)])
        check(scene)
    }

    @Test("After a node's start those who lost their connection count until their grace ends")
    func start() {
        var scene = Self.waiting()
        Self.settle(&scene)
        scene.run([.epochBegan])
        #expect(
            Self.said(scene.handle(.wrote(maria)).events) == [.waiting(position: 4, minutes: 8)])
        #expect(Self.said(scene.wait(70_000)).contains(.nobodyThere(position: 1)))
        check(scene)
    }

    @Test("Outside the platform's window nothing is said")
    func window() {
        var scene = Self.waiting()
        Self.settle(&scene)
        scene.wait(Limits.messagingWindow)
        for number in 1...2 as ClosedRange<UInt64> {
            scene.run([.conversationClosed(ana, Self.id(Self.customer(number), scene))])
        }
        #expect(Self.said(scene.wait(60_000)).isEmpty)
        check(scene)
    }

    @Test("Who is offered is told nothing until the offer ended; who was served is told anew")
    func offered() {
        var scene = Self.scene(handing: .offer(timeout: 20_000))
        #expect(Self.said(scene.handle(.wrote(maria)).events).isEmpty)
        let id = Self.id(maria, scene)
        scene.run([.offerAccepted(ana, id)])
        scene.wait(30_000)
        scene.run([.presenceSet(ana, .away), .transferOrdered(ana, id, .queue(queue))])
        #expect(scene.desk.unsettledJobs.map(\.conversation) == [id])
        check(scene)
    }

    @Test("What the desk wrote is not sent again by a person")
    func resending() {
        var scene = Self.scene()
        scene.run([.wrote(maria), .wrote(jorge)])
        let job = scene.desk.unsettledJobs[0]
        scene.run([
            .sendingBegan(job.id), .sendingEnded(job.id, attempt: 1, .failed(.refused)),
            .conversationClosed(ana, Self.id(maria, scene)),
        ])
        #expect(scene.shelf.conversations[job.conversation]?.owner == .agent(ana))
        let known = scene.shelf.known(for: [.resendOrdered(ana, job.id)])
        var desk = scene.desk
        let handled = desk.handle(
            .resendOrdered(ana, job.id), known: known, epoch: 7, at: scene.now)
        #expect(handled.rejection == Rejection(.wrongState, field: "job"))
    }

    @Test("However many are due at once, one input looks at some of them only")
    func bounded() {
        var scene = Self.scene()
        for number in 1...200 as ClosedRange<UInt64> { scene.run([.wrote(Self.customer(number))]) }
        Self.settle(&scene)
        scene.run([.conversationClosed(ana, Self.id(Self.customer(1), scene))])
        scene.run([.conversationClosed(ana, Self.id(Self.customer(2), scene))])
        var looks: [Int] = []
        for step in 0..<4 {
            looks.append(Self.said(scene.wait(step == 0 ? 20_000 : 1)).count)
        }
        #expect(looks == [64, 64, 64, 5])
        check(scene)
    }

    // MARK: How long it takes

    @Test("The expected wait follows from how fast people were served while somebody waited")
    func pace() {
        var scene = Self.scene()
        for number in 1...40 as ClosedRange<UInt64> { scene.run([.wrote(Self.customer(number))]) }
        #expect(scene.desk.pace(of: queue)?.interval == 120_000)
        for number in 1...30 as ClosedRange<UInt64> {
            scene.now = scene.now.adding(milliseconds: 29_999)
            scene.run([.conversationClosed(ana, Self.id(Self.customer(number), scene))])
        }
        let pace = scene.desk.pace(of: queue)
        #expect((40_000...45_000).contains(pace?.interval ?? 0), "90 of 120 s, twice halved")
        #expect(pace?.since == scene.now.milliseconds)
        #expect(scene.desk.expectedWait(in: queue, at: scene.now) == (pace?.interval ?? 0) * 10)
        // Nobody is served for an hour: that tells of the pace before anybody is.
        let later = scene.now.adding(milliseconds: 3_600_000)
        #expect(scene.desk.expectedWait(in: queue, at: later) ?? 0 > 2_500_000)
        check(scene)
    }

    @Test("Who is given at once tells nothing of the pace, and nobody waits afterwards")
    func paceOfTheIdle() {
        var scene = Self.scene()
        scene.run([.wrote(maria)])
        #expect(
            scene.desk.pace(of: queue)
                == QueuePace(queue: queue, interval: 120_000, since: nil))
        scene.run([.wrote(jorge)])
        #expect(scene.desk.pace(of: queue)?.since == scene.now.milliseconds)
        check(scene)
    }

    // MARK: Who has gone

    @Test("Who waits unanswered and is silent is given up; a word in time prevents it")
    func abandonment() {
        var scene = Self.scene(abandonment: 60_000, isThere: false)
        scene.run([.wrote(maria, at: 1_010)])
        let id = Self.id(maria, scene)
        scene.wait(50_000)
        scene.run([.wrote(maria, at: scene.now.milliseconds)])
        let since = scene.now.milliseconds
        scene.wait(59_000)
        #expect(scene.shelf.conversations[id]?.owner == .queue(queue))
        scene.wait(since + 60_000 - scene.now.milliseconds)
        #expect(scene.shelf.conversations[id]?.owner == .nobody)
        check(scene)
        scene.run([.wrote(maria, at: scene.now.milliseconds)])
        #expect(scene.shelf.conversations[id]?.owner == .queue(queue))
        #expect(scene.shelf.conversations[id]?.waitingSince == scene.now, "a new wait")
        check(scene)
    }

    @Test("Who was answered is not given up, nor who is being offered to somebody")
    func answered() {
        var scene = Self.scene(abandonment: 60_000)
        scene.run([.wrote(maria)])
        scene.run([.replied(ana, Self.id(maria, scene).number)])
        scene.run([.presenceSet(ana, .offline)])
        scene.wait(120_000)
        #expect(scene.shelf.conversations[Self.id(maria, scene)]?.owner == .queue(queue))
        var other = Self.scene(handing: .offer(timeout: 90_000), abandonment: 60_000)
        other.run([.wrote(jorge)])
        other.wait(70_000)
        #expect(other.shelf.conversations[Self.id(jorge, other)]?.owner == .queue(queue))
        check(scene)
        check(other)
    }

    // MARK: The auditor

    static let lies: [(String, @Sendable (Announcement) -> Announcement)] = [
        (
            "another place",
            { said in
                if case .waiting(let position, let minutes) = said {
                    return .waiting(position: position + 1, minutes: minutes)
                }
                return said
            }
        ),
        (
            "that nobody is there",
            { said in
                if case .waiting(let position, _) = said { return .nobodyThere(position: position) }
                return said
            }
        ),
        ("that the queue is closed", { _ in .closed(opens: nil) }),
    ]

    @Test("The auditor finds what is not true", arguments: lies.indices)
    func lie(_ place: Int) {
        var scene = Self.scene()
        scene.run([.wrote(maria)])
        scene.batch([.wrote(jorge)]) { records in
            records = records.map { record in
                guard
                    case .announcementWritten(let id, let message, let job, let said) =
                        record.event
                else { return record }
                return EventRecord(
                    number: record.number, at: record.at, epoch: record.epoch,
                    event: .announcementWritten(id, message, job, Self.lies[place].1(said)),
                    audience: record.audience)
            }
        }
        #expect(!scene.auditor.violations.isEmpty)
    }

    // MARK: The configuration

    static let refused: [(@Sendable (inout Announcing) -> Void, Rejection.Code, String)] = [
        ({ $0.waiting = "" }, .outOfRange, "waiting"),
        ({ $0.waiting = " \n" }, .outOfRange, "waiting"),
        ({ $0.waiting = String(repeating: "x", count: 1_001) }, .outOfRange, "waiting"),
        ({ $0.waiting = "{place}" }, .notFound, "waiting"),
        ({ $0.waiting = "{position" }, .notFound, "waiting"),
        ({ $0.nobody = "{minutes}" }, .notFound, "nobody"),
        ({ $0.nobody = "a\u{7}" }, .outOfRange, "nobody"),
        ({ $0.waiting = "{opens}" }, .notFound, "waiting"),
        (
            { $0.closed = ClosedTexts(opening: "{position}", unknown: "later") }, .notFound,
            "closed.opening"
        ),
        (
            { $0.closed = ClosedTexts(opening: "{opens}", unknown: "{opens}") }, .notFound,
            "closed.unknown"
        ),
        ({ $0.closed = ClosedTexts(opening: "", unknown: "later") }, .outOfRange, "closed.opening"),
        ({ $0.positionStep = 0 }, .outOfRange, "positionStep"),
        ({ $0.minutesStep = 0 }, .outOfRange, "minutesStep"),
        ({ $0.interval = 4_999 }, .outOfRange, "interval"),
        ({ $0.usualPace = 0 }, .outOfRange, "usualPace"),
    ]

    @Test(
        "What could not be sent, or would be sent without end, is refused",
        arguments: refused.indices)
    func refuses(_ place: Int) {
        let line = Self.refused[place]
        var scene = Self.scene()
        var wanted = Configuration()
        var announcing = Self.templates
        line.0(&announcing)
        wanted.queues[0].announcing = announcing
        #expect(
            scene.handle(.configurationSet(wanted, by: sofia)).rejection
                == Rejection(line.1, field: "queues[0].announcing.\(line.2)"))
        wanted.queues[0].announcing = nil
        wanted.queues[0].abandonment = 4_999
        #expect(
            scene.handle(.configurationSet(wanted, by: sofia)).rejection
                == Rejection(.outOfRange, field: "queues[0].abandonment"))
    }
}
