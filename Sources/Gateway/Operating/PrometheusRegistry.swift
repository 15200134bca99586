public import CoreMetrics
import Synchronization

/// Keeps the program's metrics and writes them in Prometheus' text format 0.0.4
/// (prometheus.io/docs/instrumenting/exposition_formats). Labels are few and fixed: never of a person.
public final class PrometheusRegistry: MetricsFactory {
    /// Series kept at most: a label that grew with the work would otherwise eat the memory.
    public static let maximumSeries = 2_000

    private let series = Mutex<[Series: Value]>([:])

    /// An empty registry.
    public init() {}

    /// Counters count up; the name ends in `_total`.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        CounterSeries(registry: self, series: Series(label, dimensions))
    }

    /// A recorder that does not aggregate is a gauge; one that does is a summary of count and sum.
    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        RecorderSeries(
            registry: self, series: Series(label, dimensions), isGauge: !aggregate)
    }

    /// A meter is a gauge.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        MeterSeries(registry: self, series: Series(label, dimensions))
    }

    /// A timer is a histogram in seconds; the name ends in `_seconds`.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        TimerSeries(registry: self, series: Series(label, dimensions))
    }

    /// Nothing is freed: a series, once seen, is reported until the process ends.
    public func destroyCounter(_ handler: any CounterHandler) {}
    /// See ``destroyCounter(_:)``.
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    /// See ``destroyCounter(_:)``.
    public func destroyMeter(_ handler: any MeterHandler) {}
    /// See ``destroyCounter(_:)``.
    public func destroyTimer(_ handler: any TimerHandler) {}

    /// All series in the text format, sorted by name.
    public func exposition() -> String {
        let now = series.withLock { $0 }.sorted { $0.key < $1.key }
        var text = ""
        var lastName = ""
        for (series, value) in now {
            if series.name != lastName {
                text += "# HELP \(series.name) \(series.help)\n"
                text += "# TYPE \(series.name) \(value.type)\n"
                lastName = series.name
            }
            value.write(series, to: &text)
        }
        return text
    }

    fileprivate func change(
        _ series: Series, initial: @autoclosure () -> Value, _ body: (inout Value) -> Void
    ) {
        self.series.withLock { all in
            if all[series] == nil {
                guard all.count < Self.maximumSeries else { return }
                all[series] = initial()
            }
            if all[series] != nil { body(&all[series, default: .counter(0)]) }
        }
    }
}

private struct Series: Hashable, Comparable {
    let name: String
    let labels: [String]

    init(_ name: String, _ dimensions: [(String, String)]) {
        self.name = name
        labels = dimensions.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.sorted()
    }

    /// A help line of the name's own words: the operator's guide explains each series.
    var help: String {
        name.split(separator: "_").dropFirst().joined(separator: " ")
    }

    func labelled(_ suffix: String = "", with extra: String? = nil) -> String {
        let all = labels + (extra.map { [$0] } ?? [])
        return name + suffix + (all.isEmpty ? "" : "{\(all.joined(separator: ","))}")
    }

    static func < (left: Self, right: Self) -> Bool {
        (left.name, left.labels.joined()) < (right.name, right.labels.joined())
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing(
            "\n", with: "\\n")
    }
}

private enum Value {
    case counter(Int64)
    case gauge(Double)
    case summary(count: Int64, sum: Double)
    case histogram(buckets: [Int64], count: Int64, sum: Double)

    /// Upper bounds in seconds: from a quick commit to the longest that anybody waits.
    static let bounds = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    static var emptyHistogram: Value {
        .histogram(buckets: Array(repeating: 0, count: bounds.count), count: 0, sum: 0)
    }

    var type: String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .summary: "summary"
        case .histogram: "histogram"
        }
    }

    func write(_ series: Series, to text: inout String) {
        switch self {
        case .counter(let count):
            text += "\(series.labelled()) \(count)\n"
        case .gauge(let value):
            text += "\(series.labelled()) \(value)\n"
        case .summary(let count, let sum):
            text += "\(series.labelled("_sum")) \(sum)\n\(series.labelled("_count")) \(count)\n"
        case .histogram(let buckets, let count, let sum):
            var below: Int64 = 0
            for (bound, inBucket) in zip(Self.bounds, buckets) {
                below += inBucket
                text += "\(series.labelled("_bucket", with: "le=\"\(bound)\"")) \(below)\n"
            }
            text += "\(series.labelled("_bucket", with: "le=\"+Inf\"")) \(count)\n"
            text += "\(series.labelled("_sum")) \(sum)\n\(series.labelled("_count")) \(count)\n"
        }
    }
}

private final class CounterSeries: CounterHandler {
    let registry: PrometheusRegistry
    let series: Series

    init(registry: PrometheusRegistry, series: Series) {
        self.registry = registry
        self.series = series
    }

    func increment(by amount: Int64) {
        registry.change(series, initial: .counter(0)) { value in
            if case .counter(let count) = value { value = .counter(count &+ amount) }
        }
    }
    func reset() { registry.change(series, initial: .counter(0)) { $0 = .counter(0) } }
}

private final class RecorderSeries: RecorderHandler {
    let registry: PrometheusRegistry
    let series: Series
    let isGauge: Bool

    init(registry: PrometheusRegistry, series: Series, isGauge: Bool) {
        self.registry = registry
        self.series = series
        self.isGauge = isGauge
    }

    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) {
        registry.change(series, initial: isGauge ? .gauge(0) : .summary(count: 0, sum: 0)) {
            stored in
            switch stored {
            case .summary(let count, let sum): stored = .summary(count: count + 1, sum: sum + value)
            case .gauge: stored = .gauge(value)
            case .counter, .histogram: break
            }
        }
    }
}

private final class MeterSeries: MeterHandler {
    let registry: PrometheusRegistry
    let series: Series

    init(registry: PrometheusRegistry, series: Series) {
        self.registry = registry
        self.series = series
    }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { registry.change(series, initial: .gauge(0)) { $0 = .gauge(value) } }
    func increment(by amount: Double) { add(amount) }
    func decrement(by amount: Double) { add(-amount) }
    private func add(_ amount: Double) {
        registry.change(series, initial: .gauge(0)) { value in
            if case .gauge(let now) = value { value = .gauge(now + amount) }
        }
    }
}

private final class TimerSeries: TimerHandler {
    let registry: PrometheusRegistry
    let series: Series

    init(registry: PrometheusRegistry, series: Series) {
        self.registry = registry
        self.series = series
    }

    func recordNanoseconds(_ duration: Int64) {
        let seconds = Double(duration) / 1_000_000_000
        registry.change(series, initial: .emptyHistogram) { value in
            guard case .histogram(var buckets, let count, let sum) = value else { return }
            if let bucket = Value.bounds.firstIndex(where: { seconds <= $0 }) {
                buckets[bucket] += 1
            }
            value = .histogram(buckets: buckets, count: count + 1, sum: sum + seconds)
        }
    }
}
