internal import DequeModule
public import Desk

/// Who is to be given an event, and after which one.
public struct Delivery: Equatable, Sendable {
    /// One socket's share.
    public struct Recipient: Equatable, Sendable {
        /// The socket.
        public let socket: ConnectionID
        /// The number of the event before it on this feed, or of the snapshot.
        public let previous: Int64

        /// This socket, after this number.
        public init(socket: ConnectionID, previous: Int64) {
            self.socket = socket
            self.previous = previous
        }
    }
    /// The event.
    public let record: EventRecord
    /// The sockets, in the order in which they subscribed per person.
    public let recipients: [Recipient]

    /// This event to these sockets.
    public init(record: EventRecord, recipients: [Recipient]) {
        self.record = record
        self.recipients = recipients
    }
}

/// How a feed goes on.
public enum Resumption: Equatable, Sendable {
    /// With these events, ascending; each follows the one before it, the first follows the number
    /// that was asked for.
    case records([EventRecord])
    /// It cannot: too much was missed, or the number is none of this desk's.
    case snapshotNeeded
}

/// The feeds of the open sockets: each gets the committed events that its person may see, in order,
/// with neither gap nor repetition (promise P9). Holds committed events alone.
public struct Feeds: Sendable {
    private struct Subscription: Sendable {
        let person: AgentID
        let isSupervisor: Bool
        /// The number of the latest event given to it, or of its snapshot.
        var last: Int64
    }

    private var subscriptions: [ConnectionID: Subscription] = [:]
    private var socketsOfAgents: [AgentID: [ConnectionID]] = [:]
    private var socketsOfSupervisors: [ConnectionID] = []
    /// The latest events, ascending and without a gap.
    private var ring = Deque<EventRecord>()
    private let length: Int

    /// The number of the latest committed event.
    public private(set) var lastNumber: Int64 = 0
    /// The latest epoch known here.
    public private(set) var epoch: Int64 = 0

    /// Feeds without a socket, which keep this many events.
    public init(length: Int = EngineLimits.feedLength) {
        precondition(length > 0, "a feed keeps something")
        self.length = length
    }

    /// How many sockets are subscribed.
    public var count: Int { subscriptions.count }

    /// The number of the latest event given to a socket, or of its snapshot.
    public func position(of socket: ConnectionID) -> Int64? { subscriptions[socket]?.last }

    /// Gives a socket its feed from this number on: that of its snapshot, or of the last event that
    /// its console saw in this epoch or an earlier one. What was committed since is returned, to be
    /// given to it at once. When a snapshot is needed the socket is not subscribed.
    public mutating func subscribe(
        _ socket: ConnectionID, person: AgentID, isSupervisor: Bool, after number: Int64,
        epoch: Int64
    ) -> Resumption {
        unsubscribe(socket)
        guard epoch <= self.epoch else { return .snapshotNeeded }
        let subscription = Subscription(person: person, isSupervisor: isSupervisor, last: number)
        guard let missed = missed(by: subscription) else { return .snapshotNeeded }
        subscriptions[socket] = subscription
        subscriptions[socket]?.last = missed.last?.number ?? number
        if isSupervisor {
            socketsOfSupervisors.append(socket)
        } else {
            socketsOfAgents[person, default: []].append(socket)
        }
        return .records(missed)
    }

    /// The socket is gone.
    public mutating func unsubscribe(_ socket: ConnectionID) {
        guard let subscription = subscriptions.removeValue(forKey: socket) else { return }
        if subscription.isSupervisor {
            socketsOfSupervisors.removeAll { $0 == socket }
        } else {
            socketsOfAgents[subscription.person]?.removeAll { $0 == socket }
            if socketsOfAgents[subscription.person]?.isEmpty == true {
                socketsOfAgents[subscription.person] = nil
            }
        }
    }

    /// These events were committed, in order: who is to be given each.
    public mutating func released(_ records: [EventRecord]) -> [Delivery] {
        var deliveries: [Delivery] = []
        for record in records {
            // Known from a reload already: it was given out then.
            guard record.number > lastNumber else { continue }
            keep(record)
            var recipients: [Delivery.Recipient] = []
            for person in record.audience {
                for socket in socketsOfAgents[person] ?? [] { give(record, socket, &recipients) }
            }
            for socket in socketsOfSupervisors { give(record, socket, &recipients) }
            if !recipients.isEmpty {
                deliveries.append(Delivery(record: record, recipients: recipients))
            }
        }
        return deliveries
    }

    /// The state was read anew: for each socket, ascending, what was committed and never given to it
    /// (left out when that is nothing). A socket that needs a snapshot is no longer subscribed.
    public mutating func resumed(_ reloaded: Reloaded) -> [(ConnectionID, Resumption)] {
        ring = Deque(reloaded.recent.suffix(length))
        lastNumber = reloaded.state.lastEvent
        epoch = reloaded.epoch
        var resumptions: [(ConnectionID, Resumption)] = []
        for socket in subscriptions.keys.sorted() {
            guard let subscription = subscriptions[socket] else { continue }
            guard let missed = missed(by: subscription) else {
                unsubscribe(socket)
                resumptions.append((socket, .snapshotNeeded))
                continue
            }
            guard let last = missed.last else { continue }
            subscriptions[socket]?.last = last.number
            resumptions.append((socket, .records(missed)))
        }
        return resumptions
    }

    /// Another node owns the desk: every socket is closed.
    public mutating func standBy() {
        self = Feeds(length: length)
    }

    private mutating func keep(_ record: EventRecord) {
        if ring.count == length { ring.removeFirst() }
        // After a gap the events before it resume nobody.
        if record.number != lastNumber + 1 { ring = [] }
        ring.append(record)
        lastNumber = record.number
        epoch = max(epoch, record.epoch)
    }

    private mutating func give(
        _ record: EventRecord, _ socket: ConnectionID, _ recipients: inout [Delivery.Recipient]
    ) {
        guard let previous = subscriptions[socket]?.last, previous < record.number else { return }
        recipients.append(Delivery.Recipient(socket: socket, previous: previous))
        subscriptions[socket]?.last = record.number
    }

    /// What this feed holds after its last number; `nil` when that is not known here.
    private func missed(by subscription: Subscription) -> [EventRecord]? {
        guard subscription.last >= 0, subscription.last <= lastNumber else { return nil }
        if subscription.last == lastNumber { return [] }
        guard let first = ring.first, first.number <= subscription.last + 1 else { return nil }
        let start = Int(subscription.last + 1 - first.number)
        return ring.dropFirst(start).filter { isSeen($0, by: subscription) }
    }

    private func isSeen(_ record: EventRecord, by subscription: Subscription) -> Bool {
        subscription.isSupervisor || record.audience.contains(subscription.person)
    }
}
