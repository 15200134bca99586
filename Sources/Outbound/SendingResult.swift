import Desk
import Engine
import Wire

/// What one attempt came to, in the desk's terms: the platform's verdict with our pause added.
struct SendingResult {
    let outcome: SendOutcome
    let trouble: PageTrouble?

    init(outcome: SendOutcome, trouble: PageTrouble? = nil) {
        self.outcome = outcome
        self.trouble = trouble
    }

    init(_ result: SendResult, attempt: Int, job: JobID, now: Instant) {
        switch result.verdict {
        case .sent: outcome = .sent
        case .failed(let failure): outcome = .failed(failure)
        case .unknown: outcome = .unknown
        case .retry(let pause):
            outcome = .retry(
                notBefore: max(
                    now.adding(milliseconds: pause),
                    Backoff.next(after: attempt, job: job, from: now)))
        }
        trouble = result.trouble.map { trouble in
            switch trouble {
            case .rateLimited(let pause): .rateLimited(until: now.adding(milliseconds: pause))
            case .notPermitted: .notPermitted
            }
        }
    }
}

/// When to try again: twice as long each time, spread by the job's number so that many jobs that
/// failed together do not come back together.
enum Backoff {
    /// The first pause, in milliseconds.
    static let first: Int64 = 500
    /// The longest, in milliseconds.
    static let longest: Int64 = 60_000

    static func next(after attempt: Int, job: JobID, from now: Instant) -> Instant {
        let doubled = min(longest, first << Int64(min(max(attempt, 1) - 1, 16)))
        let spread = (job.number &* 2_654_435_761) & 0xFF
        return now.adding(milliseconds: doubled + doubled * spread / 1_024)
    }
}
