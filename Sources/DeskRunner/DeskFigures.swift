import Engine
import Metrics

/// What an operator sees of a desk's commits.
struct DeskFigures {
    private let inputs = Counter(label: "ventanilla_inputs_committed_total")
    private let batches = Timer(label: "ventanilla_commit_duration_seconds")
    private let stops = Counter(label: "ventanilla_desk_stops_total")
    private let outcomes = Dictionary(
        uniqueKeysWithValues: ["ok", "fenced", "poison", "retry", "unavailable", "unknown"].map {
            ($0, Counter(label: "ventanilla_commits_total", dimensions: [("outcome", $0)]))
        })

    func record(_ outcome: CommitOutcome, inputs count: Int, milliseconds: Int64) {
        outcomes[outcome.label]?.increment()
        batches.recordMilliseconds(milliseconds)
        if outcome == .ok { inputs.increment(by: count) }
    }

    func stopped() { stops.increment() }
}

extension CommitOutcome {
    fileprivate var label: String {
        switch self {
        case .ok: "ok"
        case .fenced: "fenced"
        case .poison: "poison"
        case .retry: "retry"
        case .unavailable: "unavailable"
        case .unknown: "unknown"
        }
    }
}
