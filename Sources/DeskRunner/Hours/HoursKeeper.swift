import Desk
import Engine
import EventLoop
import Logging
import Metrics

/// Tells the desk when its queues are open: at the start of an epoch, after each change of the
/// configuration, and some days before what it knows ends.
@LoopActor final class HoursKeeper: DeskListener {
    /// What lasts less than this is told anew, in milliseconds: so a node may be away for long.
    private static let enough: Int64 = Int64(OpeningHours.daysAhead - 1) * 86_400_000

    private weak var runner: DeskRunner?
    private let log: Logger
    private var timer: LoopTimer?
    private let unknown = Meter(label: "ventanilla_queues_without_time_zone")

    /// Looks at this interval whether what the desk knows lasts.
    init(runner: DeskRunner, loop: Loop, log: Logger, lookingEvery interval: Duration) {
        self.runner = runner
        self.log = log
        timer = loop.every(interval) { [weak self] in self?.tell(ifItEndsBefore: Self.enough) }
    }

    func stop() { timer?.cancel() }

    func released(_ release: Release) {
        let isChanged = release.entries.lazy.flatMap(\.records).contains { record in
            if case .configurationChanged = record.event { true } else { false }
        }
        if isChanged { tell(ifItEndsBefore: nil) }
    }

    func resumed(_ reloaded: Reloaded) { tell(ifItEndsBefore: nil) }

    func interrupted() {}

    func stoodBy() {}

    /// Tells all hours; or, with a time, only when what the desk knows of some ends sooner.
    private func tell(ifItEndsBefore enough: Int64?) {
        guard let runner, runner.isOwner, let configuration = runner.configuration else { return }
        let now = runner.now()
        var told: [QueueHours] = []
        var unknown = 0
        for queue in configuration.queues {
            guard let hours = queue.hours else { continue }
            guard let periods = OpeningHours.periods(of: queue.id, hours, from: now) else {
                unknown += 1
                log.error(
                    "a queue stays closed: this program does not know its time zone",
                    metadata: ["queue": "\(queue.id.number)"])
                continue
            }
            told.append(periods)
        }
        self.unknown.set(Double(unknown))
        let isNews = told.contains { hours in
            let known = runner.queueState(hours.queue)?.hours?.knownUntil.milliseconds ?? 0
            return enough.map { known < now.milliseconds + $0 } ?? true
        }
        guard isNews, !told.isEmpty else { return }
        // Refused when the configuration has changed meanwhile: that change is told of as well. After
        // an outage everything is told anew.
        runner.submit(
            .input(.hoursComputed(told, version: configuration.version)), from: .command)
    }
}
