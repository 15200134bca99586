import Desk
import Testing

@Suite("Messages on their way to the customer")
struct SendingTests {
    static let began: [Input] = [.sendingBegan(job(10))]
    static let unknown = began + [.ended(10, 1, .unknown)]
    static let failed = began + [.ended(10, 1, .failed(.outsideWindow))]
    static let sent = began + [.ended(10, 1, .sent)]
    static let resent = failed + [.resendOrdered(ana, job(10))]

    static let attempts: [Case] = [
        Case(
            "a reply marks as read and orders a job", .talking, when: .replied(ana, 6),
            then: [
                .messageWritten(conversation(6), message(10), ana, job(10)),
                .conversationRead(conversation(6), ana),
            ], result: 10),
        Case(
            "a second reply has nothing to mark", .replied, when: .replied(ana, 6),
            then: [.messageWritten(conversation(6), message(12), ana, job(12))], result: 12),
        Case(
            "sending begins", .replied, when: .sendingBegan(job(10)),
            then: [.job(10, of: 6, .sending, attempts: 1)], result: 1),
        Case(
            "sent", .replied, given: began, when: .ended(10, 1, .sent),
            then: [.job(10, of: 6, .sent, attempts: 1)]),
        Case(
            "to be tried again", .replied, given: began,
            when: .ended(10, 1, .retry(notBefore: moment(5_000))),
            then: [.job(10, of: 6, .queued(notBefore: moment(5_000)), attempts: 1)]),
        Case(
            "failed", .replied, given: began, when: .ended(10, 1, .failed(.outsideWindow)),
            then: [.job(10, of: 6, .failed(.outsideWindow), attempts: 1)]),
        Case(
            "unknown", .replied, given: began, when: .ended(10, 1, .unknown),
            then: [.job(10, of: 6, .unknown(deadline: moment(61_006)), attempts: 1)]),
        Case("an outcome of no attempt", .replied, when: .ended(10, 0, .sent), then: []),
        Case(
            "an outcome of another attempt", .replied, given: began, when: .ended(10, 2, .sent),
            then: []),
        Case("an outcome of no job", .replied, when: .ended(77, 1, .sent), then: []),
        Case("an outcome told twice", .replied, given: sent, when: .ended(10, 1, .sent), then: []),
        Case(
            "unknown told twice keeps the deadline", .replied, given: unknown,
            when: .ended(10, 1, .unknown), then: []),
        Case(
            "an outcome that comes late", .replied, given: unknown,
            when: .ended(10, 1, .failed(.refused)),
            then: [.job(10, of: 6, .failed(.refused), attempts: 1)]),
        Case(
            "an outcome after a resend was ordered", .replied, given: resent,
            when: .ended(10, 1, .sent), then: []),
        Case(
            "a resend", .replied, given: failed, when: .resendOrdered(ana, job(10)),
            then: [.job(10, of: 6, .queued(notBefore: moment(1_007)), attempts: 1)], result: 10),
        Case(
            "a resend counts on", .replied, given: resent, when: .sendingBegan(job(10)),
            then: [.job(10, of: 6, .sending, attempts: 2)], result: 2),
        Case(
            "what was written is sent after the close", .replied,
            given: [.conversationClosed(ana, conversation(6))], when: .sendingBegan(job(10)),
            then: [.job(10, of: 6, .sending, attempts: 1)], result: 1),
        Case(
            "the next follows one that failed", .replied,
            given: [.replied(ana, 6)] + failed, when: .sendingBegan(job(12)),
            then: [.job(12, of: 6, .sending, attempts: 1)], result: 1),
    ]

    static func echo(_ id: Int64) -> Input {
        .told(maria, .messageLeft(job: job(id), textDigest: nil), 5)
    }
    static func backfilled(_ digest: UInt64) -> Input {
        .told(maria, .messageLeft(job: nil, textDigest: text(digest)), 5)
    }

    static let echoes: [Case] = [
        Case(
            "an echo overtakes the outcome", .replied, given: began, when: echo(10),
            then: [.job(10, of: 6, .sent, attempts: 1)]),
        Case(
            "and the outcome is no news then", .replied, given: began + [echo(10)],
            when: .ended(10, 1, .unknown), then: []),
        Case(
            "an echo of what was unknown", .replied, given: unknown, when: echo(10),
            then: [.job(10, of: 6, .sent, attempts: 1)]),
        Case(
            "an echo of what was to be tried again", .replied,
            given: began + [.ended(10, 1, .retry(notBefore: moment(5_000)))], when: echo(10),
            then: [.job(10, of: 6, .sent, attempts: 1)]),
        Case(
            "an echo of what had failed", .replied, given: failed, when: echo(10),
            then: [.job(10, of: 6, .sent, attempts: 1)]),
        Case("an echo of what was sent", .replied, given: sent, when: echo(10), then: []),
        Case("an echo told twice", .replied, given: began + [echo(10)], when: echo(10), then: []),
        Case(
            "an echo after the close", .replied,
            given: unknown + [.conversationClosed(ana, conversation(6))], when: echo(10),
            then: [.job(10, of: 6, .sent, attempts: 1)]),
        Case(
            "our mark on another customer's thread proves nothing", .replied,
            given: unknown + [.wrote(jorge, 8)],
            when: .told(jorge, .messageLeft(job: job(10), textDigest: nil), 5),
            then: [.messageSentElsewhere(conversation(15), message(19), writtenAt: moment(600))],
            result: 19),
        Case(
            "a message read back is the unknown one with its text", .replied, given: unknown,
            when: backfilled(1), then: [.job(10, of: 6, .sent, attempts: 1)]),
        Case(
            "a message read back with another text", .replied, given: unknown, when: backfilled(2),
            then: [.messageSentElsewhere(conversation(6), message(14), writtenAt: moment(600))],
            result: 14),
        Case(
            "a message read back while its text is leaving waits for the outcome", .replied,
            given: began, when: backfilled(1), then: []),
        Case(
            "a message read back proves nothing about one that has not left", .replied,
            when: backfilled(1),
            then: [.messageSentElsewhere(conversation(6), message(12), writtenAt: moment(600))],
            result: 12),
        Case(
            "of two unknown ones with its text it is the earlier", .replied,
            given: [.replied(ana, 6)] + unknown, when: backfilled(1),
            then: [.job(10, of: 6, .sent, attempts: 1)]),
        Case(
            "an edit of a message that an echo named", .replied, given: began + [echo(10)],
            when: .told(maria, .edited, 5), then: [.messageEdited(conversation(6), message(10))]),
    ]

    @Test(arguments: attempts + echoes)
    func comesTo(_ line: Case) { line.check() }

    @Test(
        "Without an echo an unknown send becomes unconfirmed, unblocks the next, and an echo heals it"
    )
    func unconfirmed() {
        var scene = Scene.replied()
        scene.run([.replied(ana, 6)] + Self.unknown)
        #expect(scene.handle(.sendingBegan(job(12))).rejection?.code == .wrongState)
        #expect(scene.desk.nextDeadline == scene.now.adding(milliseconds: 59_999))
        #expect(scene.wait(60_000) == [.job(10, of: 6, .unconfirmed, attempts: 1)])
        #expect(scene.desk.unsettledJobs.map(\.id) == [job(12)])
        scene.run([.sendingBegan(job(12))])
        #expect(
            scene.handle(Self.echo(10)).events == [.job(10, of: 6, .sent, attempts: 1)],
            "the store knows the job")
        #expect(scene.desk.state == scene.shelf.state)
    }

    @Test("A person may resend what is unconfirmed; it goes first, but never beside another")
    func resendOrder() {
        var scene = Scene.replied()
        scene.run([.replied(ana, 6), .replied(ana, 6)] + Self.unknown)
        scene.wait(60_000)
        scene.run([.sendingBegan(job(12)), .resendOrdered(ana, job(10))])
        #expect(scene.desk.unsettledJobs(of: conversation(6)).map(\.id) == [10, 12, 13].map(job))
        for next in [10, 13] as [Int64] {
            #expect(scene.handle(.sendingBegan(job(next))).rejection?.code == .wrongState)
        }
        scene.run([.ended(12, 1, .sent)])
        #expect(scene.handle(.sendingBegan(job(13))).rejection?.code == .wrongState)
        scene.run([.sendingBegan(job(10)), .ended(10, 2, .sent), .sendingBegan(job(13))])
    }

    @Test("Sending is tried so often and no more; a resend gives one try")
    func exhausted() {
        var scene = Scene.replied(rules: Rules(maximumAttempts: 2))
        scene.run([.sendingBegan(job(10)), .ended(10, 1, .retry(notBefore: scene.now))])
        scene.run([.sendingBegan(job(10))])
        let exhausted = JobState.failed(.attemptsExhausted)
        #expect(
            scene.handle(.ended(10, 2, .retry(notBefore: scene.now))).events
                == [.job(10, of: 6, exhausted, attempts: 2)])
        scene.run([.resendOrdered(ana, job(10)), .sendingBegan(job(10))])
        #expect(
            scene.handle(.ended(10, 3, .retry(notBefore: scene.now))).events
                == [.job(10, of: 6, exhausted, attempts: 3)])
    }

    @Test("What may wait to be sent is limited in each conversation: one that settles makes room")
    func unsettledLimit() {
        var scene = Scene.replied(rules: Rules(defaultCapacity: 2))
        let more = Input.replied(ana, 6)
        scene.run(RefusalTests.unsettled(Limits.unsettledJobsPerConversation - 1))
        #expect(
            scene.desk.unsettledJobs(of: conversation(6)).count
                == Limits.unsettledJobsPerConversation)
        #expect(scene.handle(more).rejection?.code == .tooManyUnsettled)
        let other = ConversationID(scene.desk.lastEvent + 2)
        scene.run([.wrote(jorge, 8), .replied(ana, other.number)])
        scene.run(Self.began)
        #expect(scene.handle(more).rejection?.code == .tooManyUnsettled, "sending is not sent")
        // What settled in the same batch has made room, and one more has taken it.
        let handled = scene.batch([.ended(10, 1, .sent), more, more])
        #expect(handled.map { $0.rejection?.code } == [nil, nil, .tooManyUnsettled])
        #expect(scene.desk.state == scene.shelf.state)
    }

    @Test("A whole life in one batch")
    func oneBatch() {
        var scene = Scene.talking()
        let handled = scene.batch([
            .replied(ana, 6, 1), .sendingBegan(job(10)), .ended(10, 1, .failed(.refused)),
            .resendOrdered(ana, job(10)), .sendingBegan(job(10)), Self.echo(10), Self.echo(10),
        ])
        #expect(handled.map(\.events.count) == [2, 1, 1, 1, 1, 1, 0])
        #expect(scene.desk.unsettledJobs.isEmpty)
        #expect(scene.desk.job(job(10)) == nil, "forgotten with the batch")
        #expect(scene.shelf.jobs[job(10)]?.state == .sent)
        #expect(scene.desk.state == scene.shelf.state)
    }
}
