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

    /// The promise that it breaks.
    var promise: Promise {
        switch self {
        case .forgetKeys: .p1
        case .skipEpochCheck, .staleRow: .p2
        case .inflateCapacity: .p3
        case .forgetWaiting: .p4
        case .loseDeadline, .forgetClosedSocket: .p5
        case .dropHandoff: .p6
        case .pushBeforeCommit, .acknowledgeOnArrival, .postBeforeCommit: .p7
        case .unknownAsRetry: .p8
        case .skipAtResume: .p9
        case .renewWaiting: .p13
        }
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
}

/// A promise that was broken, with what shows it.
struct Violation: CustomStringConvertible {
    let promise: Promise
    let time: Int64
    let text: String

    var description: String { "\(promise.rawValue) at \(time) ms: \(text)" }
}
