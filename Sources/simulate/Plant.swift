import Desk
import Engine

/// A fault put on purpose into a seam between the real components, to prove that the auditor finds
/// it. The real components carry no switch for it.
enum Plant: String, CaseIterable {
    /// The store answers a prefetch without the keys it knows.
    case forgetKeys
    /// The store writes under an epoch that is over.
    case skipEpochCheck
    /// The store now and then leaves a conversation's row as it was.
    case staleRow
    /// The store reads every capacity back as two more.
    case inflateCapacity
    /// The store leaves waiting conversations out of a reload.
    case forgetWaiting
    /// The store reads stored deadlines back an hour late.
    case loseDeadline
    /// The shell never tells of a socket that closed.
    case forgetClosedSocket
    /// The store now and then drops a handoff's row.
    case dropHandoff
    /// The store keeps no choice's word of whom it passed over.
    case hidePassedOver
    /// The shell pushes a batch's events before its commit.
    case pushBeforeCommit
    /// The gateway acknowledges a webhook as it arrives.
    case acknowledgeOnArrival
    /// The shell posts a message before its beginning is committed.
    case postBeforeCommit
    /// The sender calls an unknown outcome a failure worth another try.
    case unknownAsRetry
    /// The shell leaves out the first event when it resumes a feed.
    case skipAtResume
    /// The store starts the waiting clock anew when an agent's conversation returns.
    case renewWaiting
    /// The store leaves offers out of a reload: what is offered is offered again.
    case forgetOffers
    /// The store reads the deadlines of offers back an hour late.
    case lateOffers
    /// The store forgets who declined.
    case forgetDeclines
    /// The store reads back as much more capacity as an agent is offered: offers take no room.
    case capacityWithoutOffers
    /// The store reads every skill back as everybody's.
    case ignoreSkills
    /// The store reads queues back without their relaxations.
    case neverRelax
    /// The store starts the waiting clock anew when a conversation overflows.
    case renewAtOverflow
    /// The store starts the waiting clock anew at a transfer.
    case renewAtTransfer
    /// The store reads who writes up back as available.
    case forgetWrapUps
    /// The store reads the ends of wrap-ups back an hour late.
    case lateWrapUps
    /// The store forgets the ends of shifts.
    case forgetShiftEnds
    /// The store does not keep why somebody is away.
    case dropAwayReasons
    /// The gateway lets a supervisor exceed capacity who did not say so.
    case overrideUnsaid
    /// The store forgets what customers were told of their wait.
    case forgetTold
    /// The shell words another wait than was decided.
    case misquote
    /// The store forgets how fast queues are served.
    case forgetPace
    /// A commit says another place than was decided.
    case misplace
    /// The store reads back that customers fell silent an hour ago.
    case hurryAbandonment
    /// The store reads queues back without the time after which customers are given up.
    case neverAbandon
    /// The store forgets who has been idle longest: the first in the list wins every tie.
    case forgetTurns
    /// The store reads back as much more capacity as an agent holds outside the first queue: each
    /// queue counts its own alone.
    case capacityPerQueue
    /// The store reads every capacity back as one less.
    case deflateCapacity
    /// The store reads every agent back as of every queue.
    case ignoreQueues
    /// The store reads heavy work back as light.
    case ignoreWeights
    /// The store forgets what priority a person gave to a conversation.
    case forgetPriorities
    /// The store reads waiting times back so that the last to come is served first.
    case lastComeFirst
    /// The store reads who is away back as available.
    case wakeTheAway
    /// The gateway writes a supervisor's assignment into the row as well, beside the rules.
    case writeBeside
    /// The gateway lets an agent take what another has.
    case takeOver
    /// The store says that a closed conversation is still its last agent's when the customer writes.
    case reopenToLast
    /// The store answers a prefetch without the conversations it knows.
    case forgetThreads
    /// The store calls what it cannot take unavailable: the same batch comes again and again.
    case poisonAsUnavailable
    /// The shell now and then loses a push.
    case losePush
    /// The shell leaves an agent on the feed of everything they once held.
    case stayOnFeed

    /// The promise that it breaks.
    var promise: Promise {
        switch self {
        case .forgetKeys, .dropAwayReasons: .p1
        case .skipEpochCheck, .staleRow, .forgetOffers, .writeBeside, .takeOver, .reopenToLast,
            .forgetThreads:
            .p2
        case .inflateCapacity, .capacityWithoutOffers, .capacityPerQueue, .ignoreWeights,
            .overrideUnsaid:
            .p3
        case .forgetWaiting, .forgetDeclines, .ignoreSkills, .neverRelax, .forgetTurns,
            .deflateCapacity, .ignoreQueues, .forgetPriorities, .lastComeFirst, .neverAbandon,
            .lateWrapUps:
            .p4
        case .forgetTold, .forgetPace, .misquote, .misplace, .hurryAbandonment: .customer
        case .loseDeadline, .forgetClosedSocket, .lateOffers, .wakeTheAway, .forgetWrapUps,
            .forgetShiftEnds:
            .p5
        case .dropHandoff, .hidePassedOver: .p6
        case .pushBeforeCommit, .acknowledgeOnArrival, .postBeforeCommit: .p7
        case .unknownAsRetry: .p8
        case .skipAtResume, .losePush, .stayOnFeed: .p9
        case .renewWaiting, .renewAtOverflow, .renewAtTransfer: .p13
        case .poisonAsUnavailable: .liveness
        }
    }
}

extension Plant? {
    /// Whether this fault starts the waiting clock anew at this change of owner.
    func isRenewal(from former: Owner?, to owner: Owner) -> Bool {
        switch (self, former, owner) {
        case (.renewWaiting, .agent, .queue): true
        case (.renewAtOverflow, .queue(let left), .queue(let entered)): left != entered
        case (.renewAtTransfer, .agent(let sender), .agent(let receiver)): sender != receiver
        default: false
        }
    }
}

extension Commit {
    /// With every choice as if nobody had been passed over.
    var hidingPassedOver: Commit {
        let entries = entries.map { entry in
            CommitEntry(
                key: entry.key, parameters: entry.parameters, result: entry.result,
                content: entry.content, records: entry.records.map(\.hidingPassedOver))
        }
        return Commit(
            epoch: epoch, at: at, lastEvent: lastEvent, entries: entries, changes: changes)
    }
}

extension EventRecord {
    fileprivate var hidingPassedOver: EventRecord {
        guard case .ownerChanged(let handoff) = event, let choice = handoff.choice,
            let others = choice.others
        else { return self }
        let nobody = Choice.Others(
            unfit: others.unfit, ahead: others.ahead, passedOverCount: 0, passedOver: [])
        let told = Choice(
            version: choice.version, waiting: choice.waiting, onDuty: choice.onDuty,
            ready: choice.ready, relaxed: choice.relaxed, runnerUp: choice.runnerUp,
            others: nobody)
        return EventRecord(
            number: number, at: at, epoch: epoch,
            event: .ownerChanged(
                Handoff(
                    conversation: handoff.conversation, number: handoff.number,
                    from: handoff.from, to: handoff.to, reason: handoff.reason, by: handoff.by,
                    choice: told)), audience: audience)
    }
}

/// What the desk promises; the words are those of the design.
enum Promise: String {
    case p1 = "P1"
    case p2 = "P2"
    case p3 = "P3"
    case p4 = "P4"
    case p5 = "P5"
    case p6 = "P6"
    case p7 = "P7"
    case p8 = "P8"
    case p9 = "P9"
    case p13 = "P13"
    case liveness = "liveness"
    /// What a customer is told of their wait is true and comes seldom; who has gone is given up, and
    /// nobody else.
    case customer = "customer"
}

/// A promise that was broken, with what shows it.
struct Violation: CustomStringConvertible {
    let promise: Promise
    let time: Int64
    let text: String

    var description: String { "\(promise.rawValue) at \(time) ms: \(text)" }
}
