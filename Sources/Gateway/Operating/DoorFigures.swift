import EventLoop
import Metrics

/// The server's own counts as metrics: what came in, what was refused and why, who was cut.
struct DoorFigures {
    private var told: [String: Int] = [:]

    /// Brings the metrics up to these counts.
    mutating func record(_ counters: HTTPServerCounters) {
        Meter(label: "ventanilla_connections").set(Double(counters.openConnections))
        raise("ventanilla_connections_accepted_total", to: counters.acceptedConnections)
        raise("ventanilla_connections_refused_total", to: counters.refusedConnections)
        raise("ventanilla_http_requests_total", to: counters.requests)
        for (status, count) in counters.refusedRequests {
            raise("ventanilla_http_requests_refused_total", [("status", "\(status)")], to: count)
        }
        raise("ventanilla_slow_connections_cut_total", to: counters.slowConnectionsCut)
        raise("ventanilla_socket_upgrades_refused_total", to: counters.refusedUpgrades)
        raise("ventanilla_slow_sockets_cut_total", to: counters.slowSocketsCut)
        raise("ventanilla_offending_sockets_cut_total", to: counters.offendingSocketsCut)
    }

    /// The server counts, the metrics add: what is new since the last look is added.
    private mutating func raise(
        _ label: String, _ dimensions: [(String, String)] = [], to count: Int
    ) {
        let series = label + dimensions.map { "\($0.0)=\($0.1)" }.joined()
        Counter(label: label, dimensions: dimensions).increment(by: count - (told[series] ?? 0))
        told[series] = count
    }
}
