import Desk

/// Judges what a desk does from the inputs and events alone, by plain loops: it keeps its own books
/// and never asks the code it judges how it came to a decision.
struct Auditor {
    struct Person {
        var presence = Presence.offline
        var capacity = 0
        var idleSince: Instant
        var deadline: Instant?
        var sockets: Set<ConnectionID> = []
    }
    struct Book {
        var owner = Owner.nobody
        var handoffs = 0
        var waitingSince: Instant
    }

    let isOn: Bool
    /// What was found wrong.
    private(set) var violations: [String] = []
    private var people: [AgentID: Person] = [:]
    private var books: [ConversationID: Book] = [:]
    private var lastEvent: Int64 = 0
    /// After a reload in the same epoch, agents may for a while be there without a sign of life.
    private var mayBeUnheard = false

    init(isOn: Bool = true) { self.isOn = isOn }

    mutating func forgetConnections() {
        mayBeUnheard = true
        for id in people.keys { people[id]?.sockets = [] }
    }

    mutating func watch(
        _ input: Input, _ handled: Handled, former: Desk, desk: Desk, at: Instant
    ) {
        guard isOn else { return }
        let state = desk.state
        if handled.rejection != nil {
            check(handled.records.isEmpty, "a refused input has events")
            check(state == former.state, "a refused input changed the state")
            return
        }
        for record in handled.records where isEntry(record.event) { post(record) }
        noteSockets(input)
        for record in handled.records where !isEntry(record.event) { post(record) }
        check(state.lastEvent == lastEvent, "the last event is not the state's")
        checkBooks(against: state)
        checkNobodyIdles()
        checkNobodyGoneOwns(input, at: at)
        checkNextDeadline(desk, state)
    }

    private mutating func check(_ holds: Bool, _ complaint: @autoclosure () -> String) {
        if !holds { violations.append(complaint()) }
    }

    // MARK: Keeping the books

    private func isEntry(_ event: Event) -> Bool {
        if case .agentEntered = event { true } else { false }
    }

    private mutating func noteSockets(_ input: Input) {
        switch input {
        case .agentConnected(let id, let socket): people[id]?.sockets.insert(socket)
        case .agentDisconnected(let id, let socket): people[id]?.sockets.remove(socket)
        case .agentConnections(let id, let sockets): people[id]?.sockets = sockets
        case .epochBegan: for id in people.keys { people[id]?.sockets = [] }
        default: break
        }
    }

    private mutating func post(_ record: EventRecord) {
        lastEvent += 1
        check(record.number == lastEvent, "numbers have a gap")
        check(record.audience == Set(record.audience).sorted(), "an audience is not ascending")
        switch record.event {
        case .conversationOpened(let id, _, _):
            check(id.number == record.number, "a conversation is not named by its event")
            books[id] = Book(waitingSince: record.at)
        case .agentEntered(let id, let capacity):
            people[id] = Person(capacity: capacity, idleSince: record.at)
        case .agentConnected(let id):
            people[id]?.deadline = nil
        case .agentDisconnected(let id, let deadline):
            people[id]?.deadline = deadline
        case .presenceChanged(let id, let presence, _):
            people[id]?.presence = presence
            if presence == .available { people[id]?.idleSince = record.at }
            if presence == .offline { people[id]?.deadline = nil }
        case .capacityChanged(let id, let capacity, _):
            people[id]?.capacity = capacity
        case .ownerChanged(let handoff):
            post(handoff, record)
        default:
            break
        }
    }

    private mutating func post(_ handoff: Handoff, _ record: EventRecord) {
        let id = handoff.conversation
        guard var book = books[id] else { return check(false, "a handoff of nothing") }
        check(handoff.from == book.owner, "P6: from is not the former owner")
        check(handoff.to != book.owner, "P6: nothing changed")
        check(handoff.number == book.handoffs + 1, "P6: the chain has a gap")
        for agent in [handoff.from, handoff.to].compactMap(agent) {
            check(record.audience.contains(agent), "a party of a handoff is not told")
        }
        if case .agent(let agent) = handoff.to { checkAssignment(of: id, to: agent) }
        switch (handoff.from, handoff.to) {
        case (.nobody, .queue), (.bot, .queue): book.waitingSince = record.at
        default: break
        }
        if case .agent(let agent) = handoff.to { people[agent]?.idleSince = record.at }
        book.owner = handoff.to
        book.handoffs = handoff.number
        books[id] = book
    }

    // MARK: Judging

    private func agent(_ owner: Owner) -> AgentID? {
        if case .agent(let id) = owner { id } else { nil }
    }

    private func load(_ id: AgentID) -> Int {
        books.values.count { $0.owner == .agent(id) }
    }

    private var free: [AgentID] {
        people.filter { id, person in
            person.presence == .available && !person.sockets.isEmpty && load(id) < person.capacity
        }.keys.sorted()
    }

    private var queued: [ConversationID] {
        books.filter { if case .queue = $0.value.owner { true } else { false } }.keys.sorted()
    }

    /// P3 and the second half of P4.
    private mutating func checkAssignment(of id: ConversationID, to agent: AgentID) {
        check(free.contains(agent), "P3: \(agent) may not be given work")
        for other in queued where other != id {
            guard let mine = books[id], let theirs = books[other] else { continue }
            let isFirst = (mine.waitingSince, id) < (theirs.waitingSince, other)
            check(isFirst, "P4: \(other) waits longer than \(id)")
        }
        for other in free where other != agent {
            guard let mine = people[agent], let theirs = people[other] else { continue }
            let isFirst =
                (load(agent), mine.idleSince, agent) < (load(other), theirs.idleSince, other)
            check(isFirst, "P4: it was the turn of \(other), not of \(agent)")
        }
    }

    /// The first half of P4.
    private mutating func checkNobodyIdles() {
        let (free, queued) = (free, queued)
        check(free.isEmpty || queued.isEmpty, "P4: \(free) are free while \(queued) wait")
    }

    /// P2, P13, and that rows say what the events said.
    private mutating func checkBooks(against state: DeskState) {
        let open = books.filter { $0.value.owner != .nobody }.keys.sorted()
        check(state.conversations.map(\.id) == open, "P2: the open conversations are others")
        for row in state.conversations {
            check(row.owner == books[row.id]?.owner, "P2: \(row.id) belongs to another")
            check(row.handoffs == books[row.id]?.handoffs, "P6: handoffs of \(row.id) differ")
            check(
                row.waitingSince == books[row.id]?.waitingSince,
                "P13: the waiting clock of \(row.id) moved")
        }
        check(state.agents.map(\.id) == people.keys.sorted(), "the agents are others")
        for row in state.agents {
            guard let person = people[row.id] else { continue }
            check(row.presence == person.presence, "presence of \(row.id) differs")
            check(row.capacity == person.capacity, "capacity of \(row.id) differs")
            check(row.disconnectDeadline == person.deadline, "deadline of \(row.id) differs")
            check(row.idleSince == person.idleSince, "idle time of \(row.id) differs")
        }
    }

    /// P5: who is gone owns nothing, and who lost the connection is gone when the deadline passes.
    private mutating func checkNobodyGoneOwns(_ input: Input, at: Instant) {
        for (id, person) in people {
            if person.presence == .offline {
                check(load(id) == 0, "P5: \(id) is offline and owns something")
                check(person.deadline == nil, "P5: \(id) is offline and has a deadline")
            } else if person.sockets.isEmpty {
                check(mayBeUnheard || person.deadline != nil, "P5: \(id) is gone for ever")
                if case .clockReached = input, let deadline = person.deadline {
                    check(deadline > at, "P5: the grace of \(id) ran out")
                }
            } else {
                check(person.deadline == nil, "P5: \(id) is connected and has a deadline")
            }
        }
    }

    private mutating func checkNextDeadline(_ desk: Desk, _ state: DeskState) {
        var deadlines = state.agents.compactMap(\.disconnectDeadline)
        for job in state.jobs {
            if case .unknown(let deadline?) = job.state { deadlines.append(deadline) }
        }
        check(mayBeUnheard || desk.nextDeadline == deadlines.min(), "the next deadline is wrong")
    }
}
