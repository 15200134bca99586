import Desk
import Testing

@Suite("What is refused, and that it changes nothing")
struct RefusalTests {
    static let settled: [Input] = [.sendingBegan(job(10)), .ended(10, 1, .sent)]
    static let refused: [Input] = [.sendingBegan(job(10)), .ended(10, 1, .failed(.refused))]

    static func unsettled(_ count: Int) -> [Input] {
        Array(repeating: .replied(ana, 6), count: count)
    }

    static let refusals: [Refusal] = [
        Refusal("a reply to nothing", .talking, when: .replied(ana, 77), .notFound, "conversation"),
        Refusal("a reply by another", .talking, when: .replied(ben, 6), .notOwner, "conversation"),
        Refusal(
            "a reply while it waits", .talking, given: [.presenceSet(ana, .offline)],
            when: .replied(ana, 6), .notOwner, "conversation"),
        Refusal(
            "a reply after the close", .talking, given: [.conversationClosed(ana, conversation(6))],
            when: .replied(ana, 6), .conversationClosed, "conversation"),
        Refusal(
            "reading nothing", .talking, when: .conversationRead(ana, conversation(77)), .notFound,
            "conversation"),
        Refusal(
            "reading by another", .talking, when: .conversationRead(ben, conversation(6)),
            .notOwner, "conversation"),
        Refusal(
            "reading after the close", .talking,
            given: [.conversationClosed(ana, conversation(6))],
            when: .conversationRead(ana, conversation(6)), .conversationClosed, "conversation"),
        Refusal(
            "closing nothing", .talking, when: .conversationClosed(ana, conversation(77)),
            .notFound, "conversation"),
        Refusal(
            "closing by another", .talking, when: .conversationClosed(ben, conversation(6)),
            .notOwner, "conversation"),
        Refusal(
            "closing twice", .talking, given: [.conversationClosed(ana, conversation(6))],
            when: .conversationClosed(ana, conversation(6)), .conversationClosed, "conversation"),
        Refusal(
            "the presence of a stranger", .open, when: .presenceSet(ben, .away), .notFound, "agent"),
        Refusal(
            "available without a connection", .open,
            given: [.presenceSet(ana, .away), .disconnected(ana)],
            when: .presenceSet(ana, .available), .wrongState, "presence"),
        Refusal(
            "away without a connection, from offline", .open,
            given: [.presenceSet(ana, .offline), .disconnected(ana)],
            when: .presenceSet(ana, .away), .wrongState, "presence"),
        Refusal(
            "a capacity below 0", .open, when: .capacitySet(ana, capacity: -1, by: sofia),
            .outOfRange, "capacity"),
        Refusal(
            "a capacity above the limit", .open,
            when: .capacitySet(ana, capacity: Limits.maximumCapacity + 1, by: sofia), .outOfRange,
            "capacity"),
        Refusal(
            "the capacity of a stranger", .open, when: .capacitySet(ben, capacity: 1, by: sofia),
            .notFound, "agent"),
        Refusal(
            "all sockets, too many", .open,
            when: .agentConnections(ana, Set((1...17).map { socket($0) })), .tooManyConnections,
            "connection"),
        Refusal(
            "a resend of nothing", .replied, when: .resendOrdered(ana, job(77)), .notFound, "job"),
        Refusal(
            "a resend of what is queued", .replied, when: .resendOrdered(ana, job(10)),
            .wrongState, "job"),
        Refusal(
            "a resend of what was sent", .replied, given: settled,
            when: .resendOrdered(ana, job(10)), .wrongState, "job"),
        Refusal(
            "a resend by another", .replied, given: refused, when: .resendOrdered(ben, job(10)),
            .notOwner, "job"),
        Refusal(
            "a resend after the close", .replied,
            given: refused + [.conversationClosed(ana, conversation(6))],
            when: .resendOrdered(ana, job(10)), .conversationClosed, "job"),
        Refusal(
            "a reply to one who has not got what was written", .replied,
            given: unsettled(Limits.unsettledJobsPerConversation - 1), when: .replied(ana, 6),
            .tooManyUnsettled, "conversation"),
        Refusal(
            "a resend to one who has not got what was written", .replied,
            given: refused + unsettled(Limits.unsettledJobsPerConversation),
            when: .resendOrdered(ana, job(10)), .tooManyUnsettled, "job"),
        Refusal(
            "sending nothing", .replied, when: .sendingBegan(job(77)), .wrongState, "job"),
        Refusal(
            "sending twice", .replied, given: [.sendingBegan(job(10))],
            when: .sendingBegan(job(10)), .wrongState, "job"),
        Refusal(
            "sending what was sent", .replied, given: settled, when: .sendingBegan(job(10)),
            .wrongState, "job"),
        Refusal(
            "sending out of order", .replied, given: [.replied(ana, 6, 2)],
            when: .sendingBegan(job(12)), .wrongState, "job"),
    ]

    @Test(arguments: refusals)
    func isRefused(_ line: Refusal) {
        var scene = line.start.scene
        scene.run(line.given)
        let shelf = scene.shelf
        let view = scene.desk.view(for: sofia, isSupervisor: true).agents
        let deadline = scene.desk.nextDeadline
        let handled = scene.handle(line.when)
        #expect(handled == Handled(decision: .rejected(line.rejection), records: []))
        #expect(scene.shelf == shelf, "a refusal changed rows")
        #expect(scene.desk.state == shelf.state)
        #expect(scene.desk.view(for: sofia, isSupervisor: true).agents == view)
        #expect(scene.desk.nextDeadline == deadline)
        #expect(scene.auditor.violations.isEmpty)
    }
}
