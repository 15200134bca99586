import Desk
import Engine

/// What happened in runs: shows that the faults did bite, so that silence means something.
struct Tally {
    private var counts: [(name: String, count: Int)] = []

    mutating func add(_ name: String, _ count: Int = 1) {
        if let place = counts.firstIndex(where: { $0.name == name }) {
            counts[place].count += count
        } else {
            counts.append((name, count))
        }
    }

    mutating func add(_ other: Tally) {
        for (name, count) in other.counts { add(name, count) }
    }

    /// Counts what a run left behind.
    mutating func add(_ world: World) {
        add("events", world.database.events.count)
        for record in world.database.events {
            switch record.event {
            case .epochBegan: add("epochs")
            case .inputQuarantined: add("set aside")
            case .ownerChanged(let handoff): add("handoffs (\(handoff.reason))")
            case .offerMade(_, let offer, _): add(offer.isTransfer ? "warm transfers" : "offers")
            case .offerEnded(_, _, .declined): add("offers declined")
            case .offerEnded(_, _, let end): add("offers \(end)")
            case .needsRelaxed: add("relaxations")
            case .configurationChanged: add("configurations")
            case .profileChanged: add("profiles")
            case .queueTurned(_, isOpen: let isOpen, _, _):
                add(isOpen ? "queues opened" : "queues closed")
            case .queueHoursSet: add("hours told")
            case .targetWarned: add("targets warned")
            case .targetBreached: add("targets breached")
            case .targetMet(_, _, isLate: let isLate): add(isLate ? "targets late" : "targets met")
            case .wrapUpChanged: add("wrap-ups")
            case .shiftEnded: add("shift ends")
            case .presenceChanged(_, .busy, _, by: _): add("busy")
            case .presenceChanged(_, .away, .some, by: _): add("away with a reason")
            case .jobChanged(_, _, _, .unknown, _): add("sends unknown")
            case .jobChanged(_, _, _, .unconfirmed, _): add("sends unconfirmed")
            case .jobChanged(_, _, _, .sent, _): add("sends proved")
            case .messageSentElsewhere: add("sent elsewhere")
            case .announcementWritten(_, _, _, .waiting): add("announced waits")
            case .announcementWritten(_, _, _, .nobodyThere): add("announced that nobody is there")
            case .announcementWritten(_, _, _, .closed): add("announced closings")
            case .customerMet, .conversationOpened, .messageReceived, .messageWritten,
                .messagesDelivered, .messagesRead, .messageReacted, .messageEdited,
                .messageDeleted, .channelEventKept, .conversationRead, .agentEntered,
                .agentConnected, .agentDisconnected, .presenceChanged, .shiftEndChanged,
                .capacityChanged,
                .needsChanged, .priorityChanged, .jobChanged:
                break
            }
        }
        add("inputs", Int(world.lastTicket))
        add(world.tally)
        add(world.auditor.tally)
    }

    /// One line: what happened in a run on average.
    func averages(over runs: Int) -> String {
        counts.sorted { $0.name < $1.name }
            .map { "\($0.name) \(Double($0.count * 10 / max(runs, 1)) / 10)" }
            .joined(separator: ", ")
    }
}
