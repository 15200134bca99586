import Desk
import Engine
import EventLoop
import Metrics

/// The server's own counts as metrics: what came in, what was refused and why, who was cut.
struct DoorFigures {
    private var told = ToldCounts()

    /// Brings the metrics up to these counts.
    mutating func record(_ counters: HTTPServerCounters) {
        Meter(label: "ventanilla_connections").set(Double(counters.openConnections))
        told.raise("ventanilla_connections_accepted_total", to: counters.acceptedConnections)
        told.raise("ventanilla_connections_refused_total", to: counters.refusedConnections)
        told.raise("ventanilla_http_requests_total", to: counters.requests)
        for (status, count) in counters.refusedRequests {
            told.raise(
                "ventanilla_http_requests_refused_total", [("status", "\(status)")], to: count)
        }
        Meter(label: "ventanilla_request_body_bytes").set(Double(counters.openBodyBytes))
        told.raise("ventanilla_request_bodies_refused_total", to: counters.refusedBodies)
        told.raise("ventanilla_slow_connections_cut_total", to: counters.slowConnectionsCut)
        told.raise("ventanilla_socket_upgrades_refused_total", to: counters.refusedUpgrades)
        told.raise("ventanilla_slow_sockets_cut_total", to: counters.slowSocketsCut)
        told.raise("ventanilla_offending_sockets_cut_total", to: counters.offendingSocketsCut)
    }
}

/// What the desk's inputs came to, as metrics. How its commits ended is counted where they end.
struct InputFigures {
    private var told = ToldCounts()

    /// Brings the metrics up to these counts.
    mutating func record(_ counters: Counters) {
        told.raise("ventanilla_inputs_arrived_total", to: counters.arrived)
        told.raise("ventanilla_inputs_decided_total", to: counters.decided)
        told.raise("ventanilla_inputs_repeated_total", to: counters.repeated)
        for code in Rejection.Code.allCases {
            told.raise(
                "ventanilla_inputs_rejected_total", [("code", code.rawValue)],
                to: counters.rejected[code] ?? 0)
        }
        told.raise("ventanilla_inputs_unavailable_total", to: counters.unavailable)
        told.raise("ventanilla_inputs_quarantined_total", to: counters.quarantined)
        told.raise("ventanilla_prefetches_lost_total", to: counters.prefetchesLost)
        told.raise("ventanilla_reloads_total", to: counters.reloads)
    }
}

/// Others count by themselves, the metrics add: what is new since the last look is added.
private struct ToldCounts {
    private var told: [String: Int] = [:]

    mutating func raise(_ label: String, _ dimensions: [(String, String)] = [], to count: Int) {
        let series = label + dimensions.map { "\($0.0)=\($0.1)" }.joined()
        Counter(label: label, dimensions: dimensions).increment(by: count - (told[series] ?? 0))
        told[series] = count
    }
}
