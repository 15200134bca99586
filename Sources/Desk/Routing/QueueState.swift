/// A stretch of time in which a queue is open by its hours.
public struct OpenPeriod: Hashable, Sendable, Codable {
    /// Its first moment.
    public let from: Instant
    /// The first moment after it.
    public let until: Instant

    /// From then to then.
    public init(from: Instant, until: Instant) {
        self.from = from
        self.until = until
    }
}

/// The moments that follow from a queue's ``Hours``, as the shell computed them from a calendar.
public struct QueueHours: Equatable, Sendable {
    /// Whose.
    public let queue: QueueID
    /// When it is open, ascending, with time between each and the next; it begins with the first that
    /// had not ended when this was computed.
    public let periods: [OpenPeriod]
    /// Up to when this is all; what comes later is told later.
    public let knownUntil: Instant

    /// These hours of this queue.
    public init(queue: QueueID, periods: [OpenPeriod], knownUntil: Instant) {
        self.queue = queue
        self.periods = periods
        self.knownUntil = knownUntil
    }

    /// Nobody has told yet.
    init(unknownFor queue: QueueID, at moment: Instant) {
        self.init(queue: queue, periods: [], knownUntil: moment)
    }
}

/// What a supervisor ordered about a queue; it wins over the hours until it ends.
public struct QueueOrder: Equatable, Sendable {
    /// Whether it is to be open.
    public let isOpen: Bool
    /// When the hours count again; `nil`: when somebody orders otherwise.
    public let until: Instant?
    /// Who ordered it.
    public let by: AgentID

    /// This order.
    public init(isOpen: Bool, until: Instant?, by: AgentID) {
        self.isOpen = isOpen
        self.until = until
        self.by = by
    }
}

/// What changes about a queue while the desk runs. Kept for queues that have hours, were closed by
/// hand or promise anything; any other is open.
public struct QueueState: Equatable, Sendable {
    /// Which queue.
    public let queue: QueueID
    /// Whether its conversations are given to agents.
    public var isOpen: Bool
    /// How long it had been open at `countedAt`, in milliseconds, on a clock that shows the same as
    /// ``Instant`` until the queue first closes and stands while it is closed. Targets count by it.
    public var openTime: Int64
    /// When `openTime` was read.
    public var countedAt: Instant
    /// When it is open by its hours, as far as it is known; `nil`: always.
    public var hours: QueueHours?
    /// What a supervisor ordered, as long as it stands.
    public var order: QueueOrder?
    /// How its promises were kept of late; `nil` before the first.
    public var targets: TargetCounts?

    /// A queue in this state.
    public init(
        queue: QueueID, isOpen: Bool, openTime: Int64, countedAt: Instant, hours: QueueHours? = nil,
        order: QueueOrder? = nil, targets: TargetCounts? = nil
    ) {
        self.queue = queue
        self.isOpen = isOpen
        self.openTime = openTime
        self.countedAt = countedAt
        self.hours = hours
        self.order = order
        self.targets = targets
    }

    /// A queue that was open since time began.
    init(alwaysOpen queue: QueueID, at: Instant) {
        self.init(queue: queue, isOpen: true, openTime: at.milliseconds, countedAt: at)
    }
}

extension QueueState {
    /// A stretch of the times to come in which a queue is open throughout or closed throughout.
    private struct Stretch {
        let isOpen: Bool
        /// `nil`: for good, or as far as anybody knows.
        let until: Instant?
    }

    /// What holds at this moment and until when, by the order and the hours.
    private func stretch(at moment: Instant) -> Stretch {
        if let order, order.until.map({ moment < $0 }) ?? true {
            return Stretch(isOpen: order.isOpen, until: order.until)
        }
        guard let hours else { return Stretch(isOpen: true, until: nil) }
        guard let period = hours.periods.first(where: { moment < $0.until }) else {
            return Stretch(isOpen: false, until: nil)
        }
        let isOpen = period.from <= moment
        return Stretch(isOpen: isOpen, until: isOpen ? period.until : period.from)
    }

    /// Whether it is to be open at a moment that is not before `countedAt`.
    func isOpen(at moment: Instant) -> Bool { stretch(at: moment).isOpen }

    /// Whether it was told or ordered what holds at this moment: hours that were just configured are
    /// told a moment later.
    func knowsItself(at moment: Instant) -> Bool {
        if let order, order.until.map({ moment < $0 }) ?? true { return true }
        return hours.map { moment < $0.knownUntil } ?? true
    }

    /// When it next opens or closes, or an order ends; `nil`: never, as far as anybody knows.
    var nextTurn: Instant? { stretch(at: countedAt).until }

    /// When it next opens or closes, whatever ends meanwhile without a change.
    func nextChange(after moment: Instant) -> Instant? {
        let now = stretch(at: moment)
        var next = now
        while next.isOpen == now.isOpen {
            guard let until = next.until else { return nil }
            next = stretch(at: until)
            if next.isOpen != now.isOpen { return until }
        }
        return nil
    }

    /// What its clock of opening time shows at a moment that is not before `countedAt`.
    func openTime(at moment: Instant) -> Int64 {
        var time = openTime
        var from = countedAt
        while from < moment {
            let stretch = stretch(at: from)
            let until = min(stretch.until ?? moment, moment)
            if stretch.isOpen { time += until.milliseconds - from.milliseconds }
            from = until
        }
        return time
    }

    /// When its clock of opening time shows this; `nil` when that is later than anybody knows of.
    func moment(ofOpenTime wanted: Int64) -> Instant? {
        var time = openTime
        var from = countedAt
        while true {
            if wanted <= time { return from }
            let stretch = stretch(at: from)
            guard let until = stretch.until else {
                return stretch.isOpen ? from.adding(milliseconds: wanted - time) : nil
            }
            if stretch.isOpen {
                let length = until.milliseconds - from.milliseconds
                if wanted - time <= length { return from.adding(milliseconds: wanted - time) }
                time += length
            }
            from = until
        }
    }

    /// Moves on to a moment: what was open until then is counted, what has passed is forgotten.
    mutating func count(to moment: Instant) {
        guard countedAt < moment else { return }
        openTime = openTime(at: moment)
        countedAt = moment
        if let until = order?.until, until <= moment { order = nil }
        if let known = hours {
            hours = QueueHours(
                queue: queue, periods: Array(known.periods.drop { $0.until <= moment }),
                knownUntil: known.knownUntil)
        }
    }
}
