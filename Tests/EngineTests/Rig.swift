import Desk
import Engine
import Testing

/// An Engine with its time, and short words for what tests hand in and look for.
struct Rig {
    var engine: Engine
    var now: Int64 = 1_000_000
    private var tickets: UInt64 = 0

    init(rules: Rules = Rules(), largeRelease: Int = EngineLimits.largeRelease) {
        engine = Engine(rules: rules, largeRelease: largeRelease)
    }

    /// An owner in epoch 1 with nothing under way.
    static func serving(
        _ state: DeskState = DeskState(), rules: Rules = Rules(),
        largeRelease: Int = EngineLimits.largeRelease
    ) -> Rig {
        var rig = Rig(rules: rules, largeRelease: largeRelease)
        _ = rig.tell(.started)
        _ = rig.tell(.reloaded(Reloaded(epoch: 1, state: state, recent: [])))
        _ = rig.tell(.committed(.ok))
        return rig
    }

    /// Hands in what happened, and that nothing else arrived meanwhile; all steps together.
    mutating func tell(_ happening: Happening, after milliseconds: Int64 = 0) -> [Step] {
        now += milliseconds
        var steps = engine.handle(happening, at: Instant(milliseconds: now))
        var gathered = 0
        while gathered < steps.count(where: { $0 == .gather }) {
            gathered += 1
            steps += engine.handle(.gathered, at: Instant(milliseconds: now))
        }
        return steps
    }

    /// Hands in an input; its ticket counts up from 1.
    mutating func arrive(
        _ request: Request, _ source: Source = .command, key: UInt64? = nil,
        parameters: UInt64? = nil, content: Content? = nil
    ) -> [Step] {
        tickets += 1
        return tell(
            .arrived([
                Arrival(
                    ticket: Ticket(tickets), source: source, key: key.map(digest),
                    parameters: parameters.map(digest), request: request, content: content)
            ]))
    }

    mutating func customerWrites(_ key: UInt64, thread: UInt64 = 1) -> [Step] {
        arrive(.input(wrote(key, thread: thread)), .webhook, key: key)
    }

    /// Hands in an input and lets everything about it end well.
    @discardableResult
    mutating func settle(_ input: Input, _ source: Source = .command, known: Known = Known())
        -> Release?
    {
        var steps = arrive(.input(input), source)
        if steps.prefetch != nil { steps = tell(.prefetched(Prefetched(known: known))) }
        if steps.commit != nil { steps = tell(.committed(.ok)) }
        return steps.release
    }

    /// An agent who is there for work.
    mutating func enter(_ agent: Int64, connection: Int64) {
        settle(.agentConnected(AgentID(agent), ConnectionID(connection)), .connection)
        settle(.presenceSet(AgentID(agent), .available))
    }
}

func digest(_ number: UInt64) -> Digest { Digest(high: 0, low: number) }

func wrote(_ message: UInt64, thread: UInt64 = 1) -> Input {
    .customerWrote(
        CustomerWrote(
            thread: digest(1_000 + thread), platformMessage: digest(message), kind: .text,
            writtenAt: Instant(milliseconds: 0)))
}

extension [Step] {
    /// The steps without the wishes to be woken and to be told what arrived.
    var deeds: [Step] {
        filter {
            switch $0 {
            case .wake, .gather: false
            case .prefetch, .commit, .release, .reload, .resume, .standBy, .giveLeaseBack, .stop:
                true
            }
        }
    }
    var wake: Int64? {
        compactMap { if case .wake(let at) = $0 { at.milliseconds } else { nil } }.last
    }
    var prefetch: PrefetchRequest? {
        compactMap { if case .prefetch(let request) = $0 { request } else { nil } }.first
    }
    var commit: Commit? {
        compactMap { if case .commit(let commit) = $0 { commit } else { nil } }.first
    }
    var release: Release? { releases.first }
    var releases: [Release] {
        compactMap { if case .release(let release) = $0 { release } else { nil } }
    }
    var reload: LeaseRequest? {
        compactMap { if case .reload(let request) = $0 { request } else { nil } }.first
    }
}

extension Release {
    /// Who is told what.
    var told: [Told] { entries.compactMap { entry in entry.ticket.map { Told($0, entry.answer) } } }
    var events: [Event] { entries.flatMap { $0.records.map(\.event) } }
}

struct Told: Equatable {
    let ticket: UInt64
    let answer: Answer

    init(_ ticket: Ticket, _ answer: Answer) {
        (self.ticket, self.answer) = (ticket.number, answer)
    }
    init(_ ticket: UInt64, _ answer: Answer) { (self.ticket, self.answer) = (ticket, answer) }
}

extension Commit {
    var keys: [Digest] { entries.compactMap(\.key) }
    var events: [Event] { entries.flatMap { $0.records.map(\.event) } }
}
