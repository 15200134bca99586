import Desk

/// Simulated days on which customers who wait are told how long it will take, compared with how long it
/// then took. Nobody leaves: whoever gave up would tell nothing about the wait.
struct Calibration {
    /// A fault put on purpose between the desk and its rows.
    enum Fault: String, CaseIterable {
        /// The store forgets how fast queues are served, so that the usual pace is believed for ever.
        case forgottenPace
        /// The store reads the pace back as half of what it was, now and then.
        case halvedPace
    }

    /// Announced waits of about this length, in minutes, and what then happened.
    struct Bucket {
        let announced: ClosedRange<Int>
        /// What each was told, in minutes, and waited, in seconds; ascending by wait.
        var visits: [(told: Int, wait: Double)] = []

        var meanTold: Double {
            Double(visits.reduce(0) { $0 + $1.told }) / Double(max(visits.count, 1))
        }
        /// In minutes.
        var meanWait: Double {
            visits.reduce(0) { $0 + $1.wait } / 60 / Double(max(visits.count, 1))
        }

        /// The wait, in minutes, that this share of them did not exceed.
        func wait(ofShare share: Double) -> Double {
            guard !visits.isEmpty else { return 0 }
            return visits[min(visits.count - 1, Int(share * Double(visits.count)))].wait / 60
        }

        /// Whether what happened is within ``Calibration/bound`` of what was told. Few visits prove
        /// nothing.
        var isSound: Bool {
            visits.count < Calibration.fewest || Calibration.bound.contains(meanWait / meanTold)
        }
    }

    static let agents = 5
    static let load = 0.95
    static let customers = 40_000
    /// Three times slower than it is: the desk must find out.
    static let usualPace: Int64 = 180_000
    /// The mean wait may be so many times what was announced: announced are whole minutes, rounded up,
    /// from a pace that is known to a fifth.
    static let bound = 0.8...1.1
    /// Fewer than this in a bucket prove nothing: they are a handful of the same busy hours.
    static let fewest = 1_000

    private(set) var buckets = [1...1, 2...2, 3...4, 5...8, 9...16, 17...32, 33...10_000].map {
        Bucket(announced: $0)
    }

    /// What happened on the days of this seed.
    init(seed: UInt64, fault: Fault? = nil) {
        var days = AnnouncedDays(seed: seed, fault: fault)
        days.run { told, wait in
            guard let place = buckets.firstIndex(where: { $0.announced.contains(told) }) else {
                return
            }
            buckets[place].visits.append((told, wait))
        }
        for place in buckets.indices { buckets[place].visits.sort { $0.wait < $1.wait } }
    }

    /// Whether every bucket is sound.
    var isSound: Bool { buckets.allSatisfy(\.isSound) }

    /// The part of the page that is kept beside the code.
    var section: String {
        let rows = buckets.filter { !$0.visits.isEmpty }.map { bucket in
            let range = bucket.announced
            let name =
                range.count == 1
                ? "\(range.lowerBound)"
                : range.upperBound > 999
                    ? "\(range.lowerBound) and more" : "\(range.lowerBound)–\(range.upperBound)"
            let figures = [
                bucket.meanTold, bucket.meanWait, bucket.wait(ofShare: 0.5),
                bucket.wait(ofShare: 0.9),
            ].map { $0.fixed(1) }
            return "| \(name) | \(bucket.visits.count) | "
                + figures.joined(separator: " | ") + (bucket.isSound ? " |" : " **✗** |")
        }
        return """
            ## Announced waits and what then happened

            What customers were told who came while others waited (\(Self.agents) agents, load \
            \(Self.load.fixed(2)), \(Self.customers) customers,
            nobody leaves), in minutes. The desk begins with a usual pace three times too slow. The mean
            wait must be between \(Self.bound.lowerBound.fixed(2)) and \(Self.bound.upperBound.fixed(2)) of \
            what was told in every line of at least \(Self.fewest)
            customers; a line that is not is marked **✗**.

            | told, min | customers | mean told | mean wait | half waited at most | 9 of 10 at most |
            | ---: | ---: | ---: | ---: | ---: | ---: |
            \(rows.joined(separator: "\n"))

            """
    }
}

/// Customers come to the real desk, are told, and are served.
private struct AnnouncedDays {
    private struct Customer {
        let arrival: Double
        let service: Double
        var told: Int?
    }

    private let fault: Calibration.Fault?
    private var desk = Desk(state: DeskState(), rules: Rules(defaultCapacity: 1))
    private var generator: Generator
    private var now = 0.0
    private var inputs = 0
    private var arrived = 0
    private var waiting: [ConversationID: Customer] = [:]
    private var closing: [(at: Double, conversation: ConversationID?)]

    init(seed: UInt64, fault: Calibration.Fault?) {
        self.fault = fault
        generator = Generator(seed: seed)
        closing = Array(repeating: (.infinity, nil), count: Calibration.agents)
    }

    /// Tells of everybody who was told a wait and served: the minutes, and how many seconds it took.
    mutating func run(_ tell: (Int, Double) -> Void) {
        open()
        let rate = Double(Calibration.agents) * Calibration.load / Cell.meanService
        var nextArrival = generator.exponential(mean: 1 / rate)
        while arrived < Calibration.customers {
            let agent = closing.indices.min { closing[$0].at < closing[$1].at } ?? 0
            if nextArrival <= closing[agent].at {
                now = nextArrival
                nextArrival += generator.exponential(mean: 1 / rate)
                arrive(tell)
            } else if let conversation = closing[agent].conversation {
                now = closing[agent].at
                closing[agent] = (.infinity, nil)
                note(handle(.conversationClosed(Self.id(of: agent), conversation)), tell)
            }
        }
    }

    private static func id(of agent: Int) -> AgentID { AgentID(Int64(agent) + 1) }

    private var moment: Instant {
        Instant(milliseconds: 1_000_000 + Int64((now * 1_000).rounded()))
    }

    private mutating func open() {
        var configuration = Configuration()
        // Everybody is told once, on coming.
        configuration.queues[0].announcing = Announcing(
            waiting: "{minutes}", nobody: "-", interval: Limits.longestWait,
            usualPace: Calibration.usualPace)
        _ = handle(.configurationSet(configuration, by: .operator))
        for agent in closing.indices {
            let id = Self.id(of: agent)
            _ = handle(.agentConnected(id, ConnectionID(id.number)))
            _ = handle(.presenceSet(id, .available))
        }
    }

    private mutating func arrive(_ tell: (Int, Double) -> Void) {
        arrived += 1
        let customer = Customer(
            arrival: now, service: generator.exponential(mean: Cell.meanService))
        let message = CustomerWrote(
            thread: Digest(high: 0, low: UInt64(arrived)), platformMessage: nil, kind: .text,
            writtenAt: moment)
        let records = handle(.customerWrote(message))
        for case .conversationOpened(let conversation, _, _) in records.map(\.event) {
            waiting[conversation] = customer
        }
        note(records, tell)
    }

    private mutating func note(_ records: [EventRecord], _ tell: (Int, Double) -> Void) {
        for record in records {
            switch record.event {
            case .announcementWritten(let id, _, _, .waiting(_, let minutes)):
                waiting[id]?.told = minutes
            case .ownerChanged(let handoff):
                guard case .agent(let id) = handoff.to,
                    let customer = waiting.removeValue(forKey: handoff.conversation)
                else { continue }
                closing[Int(id.number) - 1] = (now + customer.service, handoff.conversation)
                if let told = customer.told { tell(told, now - customer.arrival) }
            default: continue
            }
        }
    }

    private mutating func handle(_ input: Input) -> [EventRecord] {
        spoil()
        let handled = desk.handle(
            input, known: Known(), epoch: 1, at: moment, composer: Wordings.composer(nil))
        if case .rejected(let rejection) = handled.decision {
            preconditionFailure("the desk refused an ordinary day: \(rejection.code)")
        }
        _ = desk.takeChanges()
        return handled.records
    }

    /// Every now and then the desk is reloaded from rows that are not what was written.
    private mutating func spoil() {
        inputs += 1
        guard let fault, inputs.isMultiple(of: 40) else { return }
        var state = desk.state
        state.jobs = []
        for place in state.agents.indices {
            let id = state.agents[place].id
            state.agents[place].connections = desk.agent(id)?.connections ?? []
        }
        switch fault {
        case .forgottenPace: state.paces = []
        case .halvedPace:
            for place in state.paces.indices { state.paces[place].interval /= 2 }
        }
        desk = Desk(state: state, rules: desk.rules)
    }
}
