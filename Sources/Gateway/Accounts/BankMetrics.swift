import BankReader
import CoreMetrics
import Metrics

/// The bank's calls as metrics: parts and outcomes alone, nothing of a customer.
enum BankMetrics {
    /// One call ended.
    static func record(_ call: BankCall) {
        let dimensions = [("part", call.part), ("outcome", call.outcome)]
        Counter(label: "ventanilla_bank_calls_total", dimensions: dimensions).increment()
        Metrics.Timer(label: "ventanilla_bank_call_seconds", dimensions: [("part", call.part)])
            .recordMilliseconds(call.milliseconds)
    }

    /// How it stands when somebody looks.
    static func record(_ standing: BankStanding) {
        for (part, state) in standing.breakers {
            Meter(label: "ventanilla_bank_breaker_state", dimensions: [("part", part)])
                .set(Double(state))
        }
        Meter(label: "ventanilla_bank_calls_in_flight").set(Double(standing.inFlight))
    }

    /// A look at accounts, or a tie to the bank, by what came of it.
    static func countAccess(_ outcome: String) {
        Counter(
            label: "ventanilla_account_accesses_total", dimensions: [("outcome", outcome)]
        ).increment()
    }
}
