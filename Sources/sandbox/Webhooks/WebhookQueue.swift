/// Events on their way to the callback. A customer's events keep their order: while a request
/// with some of them is under way, later ones wait; different customers do not wait for each
/// other.
struct WebhookQueue: Sendable {
    private struct Lane: Sendable {
        var events = Fifo<WebhookEvent>()
        var isUnderWay = false
    }

    private var lanes: [ThreadKey: Lane] = [:]
    /// Lanes with something waiting and nothing under way, in the order in which they became so.
    private var ready = Fifo<ThreadKey>()
    private(set) var held: [WebhookEvent] = []
    private(set) var waiting = 0
    private(set) var dropped: Int64 = 0
    private var batches: Int64 = 0

    var isFull: Bool { waiting + held.count >= Limits.waitingEvents }

    mutating func push(_ event: WebhookEvent, _ settings: Settings) {
        if isFull || settings.drop.contains(event.kind) {
            dropped += 1
        } else if settings.hold.contains(event.kind) {
            held.append(event)
        } else {
            enqueue(event)
        }
    }

    /// Lets go of what was held back, in the order in which it happened or against it.
    mutating func release(_ kinds: Set<WebhookEvent.Kind>, reversed: Bool) -> Int {
        let released = held.filter { kinds.contains($0.kind) }
        held.removeAll { kinds.contains($0.kind) }
        for event in reversed ? released.reversed() : released { enqueue(event) }
        return released.count
    }

    /// The next request's worth of events; their customers' later ones wait for `finish`.
    mutating func nextBatch(_ settings: Settings) -> WebhookBatch? {
        var events: [WebhookEvent] = []
        while events.count < settings.batchSize, let key = ready.popFirst() {
            guard var lane = lanes[key] else { continue }
            lane.isUnderWay = true
            while events.count < settings.batchSize,
                let event = settings.order == .kept
                    ? lane.events.popFirst() : lane.events.popLast()
            {
                events.append(event)
            }
            lanes[key] = lane
        }
        guard !events.isEmpty else { return nil }
        waiting -= events.count
        batches += 1
        return WebhookBatch(number: batches, events: events)
    }

    mutating func finish(_ batch: WebhookBatch) {
        for event in batch.events {
            guard var lane = lanes[event.key], lane.isUnderWay else { continue }
            lane.isUnderWay = false
            if lane.events.isEmpty {
                lanes[event.key] = nil
            } else {
                lanes[event.key] = lane
                ready.append(event.key)
            }
        }
    }

    private mutating func enqueue(_ event: WebhookEvent) {
        var lane = lanes[event.key] ?? Lane()
        if lane.events.isEmpty, !lane.isUnderWay { ready.append(event.key) }
        lane.events.append(event)
        lanes[event.key] = lane
        waiting += 1
    }
}

/// One webhook request.
struct WebhookBatch: Sendable {
    var number: Int64
    var events: [WebhookEvent]

    /// The body as Meta would send it at that time: an entry is of one page and holds at most
    /// `eventsPerEntry` events. Only `entry.time` differs when the same batch is sent again.
    func body(at time: Int64, eventsPerEntry: Int) -> [UInt8] {
        var entries: [(page: String, events: [JSONValue])] = []
        for event in events {
            if let last = entries.last, last.page == event.key.page,
                last.events.count < eventsPerEntry
            {
                entries[entries.count - 1].events.append(event.body)
            } else {
                entries.append((event.key.page, [event.body]))
            }
        }
        let list = entries.map { entry -> JSONValue in
            [
                "id": .string(entry.page), "time": .integer(time),
                "messaging": .array(entry.events),
            ]
        }
        return JSONWriter.bytes(["object": "page", "entry": .array(list)], .meta)
    }
}
