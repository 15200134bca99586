import Desk
import Testing

@Suite("The auditor bites")
struct AuditorTests {
    /// A way to break a promise: the events of the last input are forged before they are audited.
    struct Forgery: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let complaint: String
        let given: [Input]
        let when: Input
        let forge: @Sendable (inout [EventRecord]) -> Void

        init(
            _ name: String, _ complaint: String, given: [Input] = [], when: Input,
            forge: @escaping @Sendable (inout [EventRecord]) -> Void
        ) {
            testDescription = name
            self.complaint = complaint
            self.given = given
            self.when = when
            self.forge = forge
        }
    }

    static let forgeries: [Forgery] = [
        Forgery("an owner on record who is not the owner", "P2", when: .wrote(jorge)) {
            $0.append($0.removeLast().handing { $0.to = .agent(ben) })
        },
        Forgery("an assignment to who is not there", "P3", when: .wrote(jorge)) {
            $0.append($0.removeLast().handing { $0.to = .agent(ben) })
        },
        Forgery(
            "an assignment beyond the capacity", "P3",
            given: [.capacitySet(ana, capacity: 1, by: sofia)], when: .wrote(jorge)
        ) {
            let last = $0[$0.count - 1]
            $0.append(
                last.with(number: last.number + 1).handing {
                    $0 = Parts(number: 2, from: .queue(queue), to: .agent(ana), reason: .assigned)
                })
        },
        Forgery("somebody waits while somebody is free", "P4", when: .wrote(jorge)) {
            $0.removeLast()
        },
        Forgery(
            "the wrong agent's turn", "P4: it was the turn",
            given: [.connected(ben), .presenceSet(ben, .available)], when: .wrote(jorge)
        ) {
            $0.append($0.removeLast().handing { $0.to = .agent(ana) })
        },
        Forgery(
            "the wrong one of those who wait", "P4: Identifier",
            given: [.presenceSet(ana, .away), .wrote(jorge), .wrote(Digest(high: 0, low: 3))],
            when: .presenceSet(ana, .available)
        ) {
            let last = $0.removeLast()
            let other = $0.removeLast()
            $0 += [last.with(number: other.number), other.with(number: last.number)]
        },
        Forgery(
            "a grace that ran out without effect", "P5", given: [.disconnected(ana)],
            when: .clockReached
        ) { $0 = [] },
        Forgery("a connection lost without a deadline", "P5", when: .disconnected(ana)) { $0 = [] },
        Forgery("who goes offline keeps something", "P5", when: .presenceSet(ana, .offline)) {
            $0.removeLast()
        },
        Forgery("a number missing in the chain", "P6", when: .wrote(jorge)) {
            $0.append($0.removeLast().handing { $0.number += 1 })
        },
        Forgery("a from that is not the last to", "P6", when: .wrote(jorge)) {
            $0.append($0.removeLast().handing { $0.from = .bot })
        },
        Forgery(
            "a waiting clock that starts again on a return", "P13",
            given: [.disconnected(ana)], when: .clockReached
        ) {
            $0.append($0.removeLast().handing { $0.from = .nobody })
        },
        Forgery("a conversation for a bot that is not there", "Identifier", when: .wrote(jorge)) {
            $0.append($0.removeLast().handing { $0.to = .bot })
        },
        Forgery("an event that is lost", "numbers", when: .wrote(jorge)) { $0.removeFirst() },
    ]

    @Test(arguments: forgeries)
    func finds(_ forgery: Forgery) {
        var scene = Scene.talking()
        scene.run(forgery.given)
        #expect(scene.auditor.violations.isEmpty)
        if forgery.when == .clockReached { scene.now = scene.now.adding(milliseconds: 60_000) }
        scene.batch([forgery.when], forging: forgery.forge)
        #expect(
            scene.auditor.violations.contains { $0.hasPrefix(forgery.complaint) },
            "found only \(scene.auditor.violations)")
    }
}

/// What can be forged of a handoff.
struct Parts {
    var number: Int
    var from: Owner
    var to: Owner
    var reason: HandoffReason
}

extension EventRecord {
    fileprivate func with(number: Int64) -> EventRecord {
        EventRecord(number: number, at: at, epoch: epoch, event: event, audience: audience)
    }

    fileprivate func handing(_ change: (inout Parts) -> Void) -> EventRecord {
        guard case .ownerChanged(let former) = event else { return self }
        var parts = Parts(
            number: former.number, from: former.from, to: former.to, reason: former.reason)
        change(&parts)
        let handoff = Handoff(
            conversation: former.conversation, number: parts.number, from: parts.from, to: parts.to,
            reason: parts.reason)
        return EventRecord(
            number: number, at: at, epoch: epoch, event: .ownerChanged(handoff), audience: audience)
    }
}
