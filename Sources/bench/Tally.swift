import EventLoop

/// What became of every message: sent, acknowledged, delivered; and how long it took.
@LoopActor final class Tally {
    private(set) var sent = 0
    private(set) var acknowledged = 0
    /// Answers other than 200, by status.
    private(set) var refused: [Int: Int] = [:]
    private(set) var delivered = 0
    private(set) var doubled = 0
    /// Pushes with a sequence that was never sent.
    private(set) var strange = 0
    private var isDelivered: [Bool] = []
    private var acknowledgeTimes: [Int32] = []
    private var deliveryTimes: [Int32] = []
    private let clock = ContinuousClock()
    private let began = ContinuousClock().now

    /// Conversations that an agent was told to hold from now on.
    private(set) var given = 0

    /// Messages that begin a conversation. They are not pushed: the agent who gets the conversation
    /// is told so and reads it.
    let openings: Int
    /// Latencies are kept while this is set.
    var isMeasuring = false

    init(openings: Int) { self.openings = openings }

    /// Sent and not delivered, or never given to an agent.
    var lost: Int { max(0, sent - openings) - delivered + min(sent, openings) - given }
    /// Sent and not yet answered.
    var unanswered: Int { sent - acknowledged - refused.values.reduce(0, +) }

    /// Microseconds of a clock that never goes back.
    func now() -> Int64 {
        let parts = (clock.now - began).components
        return parts.seconds * 1_000_000 + parts.attoseconds / 1_000_000_000_000
    }

    /// The next message's number.
    func nextSequence() -> Int {
        isDelivered.append(false)
        sent += 1
        return sent - 1
    }

    func answered(status: Int, sentAt: Int64) {
        guard status == 200 else {
            refused[status, default: 0] += 1
            return
        }
        acknowledged += 1
        if isMeasuring { acknowledgeTimes.append(Int32(clamping: now() - sentAt)) }
    }

    func conversationGiven() { given += 1 }

    /// - Parameter now: when the bytes were read; once for all that came in one read.
    func delivered(_ sequence: Int, sentAt: Int64, now: Int64) {
        guard sequence < isDelivered.count else {
            strange += 1
            return
        }
        guard !isDelivered[sequence] else {
            doubled += 1
            return
        }
        isDelivered[sequence] = true
        delivered += 1
        if isMeasuring { deliveryTimes.append(Int32(clamping: now - sentAt)) }
    }

    /// What was lost, doubled or refused; `stored` rows of messages came into the table meanwhile.
    func faults(stored: Int) -> [String] {
        var faults: [String] = []
        if lost != 0 { faults.append("\(lost) messages were not delivered") }
        if given != openings {
            faults.append("\(openings) conversations were opened, \(given) given")
        }
        if doubled != 0 { faults.append("\(doubled) messages were delivered twice") }
        if strange != 0 { faults.append("\(strange) deliveries of nothing sent") }
        if stored != acknowledged {
            faults.append("\(acknowledged) acknowledged, \(stored) rows")
        }
        for (status, count) in refused.sorted(by: { $0.key < $1.key }) {
            faults.append("\(count) answers with status \(status)")
        }
        return faults
    }

    /// Latencies while measuring: to the 200, and to the agent's socket.
    func latencies() -> (toAnswer: Latencies, toSocket: Latencies) {
        (Latencies(acknowledgeTimes), Latencies(deliveryTimes))
    }
}

/// Percentiles of times in microseconds.
struct Latencies {
    private let sorted: [Int32]

    init(_ times: [Int32]) { sorted = times.sorted() }

    /// The time that this share of all did not exceed, in milliseconds.
    func milliseconds(atShare share: Double) -> Double {
        guard !sorted.isEmpty else { return .nan }
        let place = min(sorted.count - 1, Int(share * Double(sorted.count)))
        return Double(sorted[place]) / 1_000
    }
}
