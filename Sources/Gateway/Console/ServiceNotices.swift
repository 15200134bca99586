import Desk
import DeskRunner
import Engine
import Metrics
import Wire

/// How promises to customers go, what those who wait are told and who is given up, counted for the
/// operator.
struct TargetFigures {
    private let warned = Counter(label: "ventanilla_targets_warned_total")
    private let breached = Counter(label: "ventanilla_targets_breached_total")
    private let met = Counter(label: "ventanilla_targets_met_total", dimensions: [("late", "no")])
    private let late = Counter(label: "ventanilla_targets_met_total", dimensions: [("late", "yes")])

    private let told = Counter(label: "ventanilla_announcements_total")
    private let givenUp = Counter(label: "ventanilla_conversations_abandoned_total")

    func count(_ records: [EventRecord]) {
        for record in records {
            if case .targetWarned = record.event { warned.increment() }
            if case .targetBreached = record.event { breached.increment() }
            if case .targetMet(_, _, let isLate) = record.event {
                (isLate ? late : met).increment()
            }
            if case .announcementWritten = record.event { told.increment() }
            if case .ownerChanged(let handoff) = record.event, handoff.reason == .abandoned {
                givenUp.increment()
            }
        }
    }
}

/// Consoles see which queues are open and whose promises are near their end: live figures, told when
/// they changed and at most once a second. What happened is in the feed.
extension ConsoleHub {
    /// Whether these events may change what is shown.
    func noteService(_ records: [EventRecord]) {
        guard !serviceChanged, runner.unservedCount == unservedShown else {
            serviceChanged = true
            return
        }
        serviceChanged = records.contains { record in
            switch record.event {
            case .queueTurned, .queueHoursSet, .targetWarned, .targetBreached, .targetMet: true
            // Who could serve a queue may be others now.
            case .configurationChanged, .agentEntered, .capacityChanged, .profileChanged: true
            case .ownerChanged, .messageReceived: hasTargets
            case .customerMet, .conversationOpened, .messageSentElsewhere, .messageWritten,
                .announcementWritten, .messagesDelivered, .messagesRead, .messageReacted,
                .messageEdited, .messageDeleted, .channelEventKept, .conversationRead,
                .agentConnected, .agentDisconnected, .presenceChanged,
                .wrapUpChanged, .shiftEndChanged, .shiftEnded, .offerMade, .offerEnded,
                .needsRelaxed, .needsChanged, .priorityChanged, .jobChanged, .epochBegan,
                .inputQuarantined:
                false
            }
        }
    }

    private var hasTargets: Bool {
        configuration.queues.contains { $0.targets?.isEmpty == false }
    }

    /// Tells what changed. Called once a second.
    func tellService() {
        guard serviceChanged, runner.isOwner else { return }
        serviceChanged = false
        unservedShown = runner.unservedCount
        let service = runner.service
        let queues = service.queues.map {
            ServiceNotice.QueueCard(state: $0.state, next: $0.next)
        }
        let pressing = service.promises.filter { $0.target.stage != .running }
        let all = ServiceNotice(
            queues: queues,
            promises: pressing.prefix(ConsoleLimits.promises).map { ServiceNotice.Promise($0) },
            unserved: runner.unserved
        ).encode()
        let byOwner = Dictionary(grouping: service.promises, by: \.owner)
        for console in inOrder() where console.phase == .live {
            guard !console.isSupervisor, let person = console.person else {
                tell(all, to: console)
                continue
            }
            let own = byOwner[.agent(person)] ?? []
            tell(
                ServiceNotice(queues: queues, promises: own.map { ServiceNotice.Promise($0) })
                    .encode(),
                to: console)
        }
    }

    /// Where no queue closes and none promises anything, nobody is told so.
    private static let nothing = ServiceNotice(queues: [], promises: []).encode()

    private func tell(_ frame: [UInt8], to console: ConsoleSocket) {
        guard frame != console.service else { return }
        guard console.service != nil || frame != Self.nothing else { return }
        console.service = frame
        send(frame, to: console)
    }
}

extension ServiceNotice.Promise {
    fileprivate init(_ running: RunningPromise) {
        self.init(
            conversation: running.conversation, target: running.target, deadline: running.deadline)
    }
}
