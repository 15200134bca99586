import Engine
import Postgres

extension SQLState {
    /// What `lock_desk` raises: another process or epoch owns the desk.
    static let fenced = SQLState("VF001")
    /// 54000 program_limit_exceeded: a value does not fit into an index row or the like.
    static let programLimitClass = "54"
    /// 0A000: "cached plan must not change result type", after a migration beneath a running node.
    static let featureNotSupported = SQLState("0A000")
}

extension CommitOutcome {
    /// What a transaction's end means to the Engine.
    init(_ outcome: PostgresTransactionOutcome) {
        switch outcome {
        case .committed: self = .ok
        case .failed(let error, _): self.init(refused: error.sqlState)
        case .notSent(.refused): self = .poison
        case .notSent: self = .unavailable
        case .unknown: self = .unknown
        }
    }

    /// What it means that the server refused a transaction: it was not applied.
    init(refused state: SQLState) {
        if state == .fenced {
            self = .fenced
        } else if state.isDataOrConstraint || state.conditionClass == SQLState.programLimitClass {
            self = .poison
        } else if state.isSerialization || state == .featureNotSupported {
            self = .retry
        } else {
            // No space or memory (53), shutting down or cancelled (57), a lock not had in time
            // (55P03), a demoted primary (25006), a missing table or right (42): not this batch's
            // fault, and nothing that another batch would fare better with.
            self = .unavailable
        }
    }
}
