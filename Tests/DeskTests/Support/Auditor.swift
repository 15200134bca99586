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
        var profile = Profile()
        var missed = 0
        var since: Instant
        var reason: AwayReasonID?
        var wrapUpEnd: Instant?
        var longestWrapUp: Instant?
        var shiftEnd: Instant?
        var isFinishing = false
    }
    struct Book {
        let customer: CustomerID
        /// By what its customer's messages come.
        var origin: Origin
        var queue: QueueID
        var owner = Owner.nobody
        var handoffs = 0
        var waitingSince: Instant
        var offer: Offer?
        var declined: Set<AgentID> = []
        var relaxed = 0
        var needs: [SkillLevel] = []
        var compartment: CompartmentID?
        var priority: Int?
        var reservation: Reservation?
        var lastAgent: AgentID?
        /// It overflowed or was moved: by itself it goes nowhere else.
        var stays = false
        /// When the customer was told of their wait.
        var toldAt: Instant?
        /// What they were told last, since they last came into a queue from elsewhere.
        var said: Announcement?
        /// When the customer wrote last, by the platform's clock.
        var wroteAt = moment(0)
        /// For how much open time the customer, whom nobody answered, has been silent, in
        /// milliseconds; `nil`: somebody did, or silence has no end here.
        var silence: Int64?
        /// The announcement on its way.
        var telling: JobID?
    }

    let isOn: Bool
    /// What was found wrong.
    private(set) var violations: [String] = []
    var people: [AgentID: Person] = [:]
    var books: [ConversationID: Book] = [:]
    private(set) var configuration = Configuration()
    var doors: [QueueID: Door] = [:]
    var promises: [ConversationID: Promise] = [:]
    var unread: [ConversationID: Int] = [:]
    var lastMoment = Instant(milliseconds: 0)
    var pending = Pending()
    private var lastEvent: Int64 = 0
    /// In which queue's name each conversation was held when it was last let go of.
    var leftIn: [ConversationID: QueueID] = [:]
    /// After a reload in the same epoch, agents may for a while be there without a sign of life.
    var mayBeUnheard = false

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
            check(!isRefusedForNothing(input, handled), "a queue that is not full is called full")
            return
        }
        countOpenTime(to: at)
        for record in handled.records where isEntry(record.event) { post(record, of: input) }
        note(input, at: at)
        for record in handled.records where !isEntry(record.event) { post(record, of: input) }
        checkPending()
        check(state.lastEvent == lastEvent, "the last event is not the state's")
        checkBooks(against: state)
        for complaint in complaintsAboutQueues(input, at: at) { check(false, complaint) }
        for complaint in complaintsAboutPromises(input, state) { check(false, complaint) }
        checkNobodyIdles()
        let lonely = unserved
        if case .configurationSet = input {
            check(!lonely.contains(where: \.isWhole), "a queue came that nobody could serve")
        }
        check(desk.unserved == lonely, "what nobody could serve is \(lonely)")
        check(desk.unservedCount == lonely.reduce(0) { $0 + $1.waiting }, "its number is another")
        checkNobodyGoneOwns(input, at: at)
        checkAttendance(input, at: at)
        if case .clockReached = input { checkWaits(at: at) }
        checkNextDeadline(desk, state)
    }

    mutating func check(_ holds: Bool, _ complaint: @autoclosure () -> String) {
        if !holds { violations.append(complaint()) }
    }

    // MARK: Keeping the books

    private func isEntry(_ event: Event) -> Bool {
        if case .agentEntered = event { true } else { false }
    }

    /// What an input says by itself; the desk only repeats that it was so.
    private mutating func note(_ input: Input, at: Instant) {
        noteQueues(input, at: at)
        switch input {
        case .agentConnected(let id, let socket): people[id]?.sockets.insert(socket)
        case .agentDisconnected(let id, let socket): people[id]?.sockets.remove(socket)
        case .agentConnections(let id, let sockets): people[id]?.sockets = sockets
        case .epochBegan: for id in people.keys { people[id]?.sockets = [] }
        case .transferOrdered(let sender, let id, .queue(let goal)):
            books[id]?.declined.insert(sender)
            if !isOpen(goal), queue(goal)?.overflow?.whenClosed == true { books[id]?.stays = true }
        case .conversationMoved(let id, let queue, _, _):
            if let owner = books[id].flatMap({ agent($0.owner) }) {
                books[id]?.declined.insert(owner)
            }
            books[id]?.stays = true
            if books[id]?.queue != queue { books[id]?.relaxed = 0 }
            carrySilence(of: id, to: queue)
            books[id]?.queue = queue
        case .clockReached:
            for (id, book) in books where book.reservation.map({ $0.until <= at }) ?? false {
                // One that is offered is not waiting: its reservation is looked at afterwards.
                if case .queue = book.owner, book.offer == nil { books[id]?.reservation = nil }
            }
        default: break
        }
    }

    private mutating func post(_ record: EventRecord, of input: Input) {
        lastEvent += 1
        check(record.number == lastEvent, "numbers have a gap")
        check(record.audience == Set(record.audience).sorted(), "an audience is not ascending")
        switch record.event {
        case .conversationOpened(let id, let customer, let queue):
            check(id.number == record.number, "a conversation is not named by its event")
            let origin = origin(of: input) ?? Origin()
            books[id] = Book(
                customer: customer, origin: origin, queue: queue, waitingSince: record.at)
            let expected = beginning(of: origin)
            check(
                queue == expected,
                "\(id) begins in \(queue): its page says, and there is room in, \(expected)")
        case .agentEntered(let id, let capacity):
            people[id] = Person(capacity: capacity, idleSince: record.at, since: record.at)
        case .agentConnected(let id):
            people[id]?.deadline = nil
        case .agentDisconnected(let id, let deadline):
            people[id]?.deadline = deadline
        case .presenceChanged, .wrapUpChanged, .shiftEndChanged, .shiftEnded:
            postAttendance(record, input)
        case .capacityChanged(let id, let capacity, _):
            people[id]?.capacity = capacity
        case .ownerChanged(let handoff):
            for complaint in complaintsAboutLimits(handoff, input) { check(false, complaint) }
            post(handoff, record)
        case .offerMade(let id, let offer, _):
            post(offer, of: id, record)
        case .offerEnded(let id, let agent, let end):
            post(end, of: id, agent, record, input)
        case .needsRelaxed(let id, let steps):
            checkRelaxation(of: id, steps, at: record.at)
            books[id]?.relaxed = steps
        case .announcementWritten(let id, _, let job, let said):
            post(said, job, of: id, record)
        case .messageReceived(let id, _, _, let at):
            if books[id]?.origin.page.isEmpty == true, let page = origin(of: input)?.page {
                books[id]?.origin.page = page
            }
            let wroteAt = books[id]?.wroteAt ?? at
            books[id]?.wroteAt = max(wroteAt, at)
            if books[id]?.silence != nil { books[id]?.silence = 0 }
        case .messageWritten(let id, _, _, _):
            books[id]?.silence = nil
        case .jobChanged(let job, let id, _, let state, _):
            if books[id]?.telling == job, state.isSettled { books[id]?.telling = nil }
        case .queueTurned:
            postQueue(record.event)
        default:
            postOrder(record.event, input)
        }
        expect(after: record.event, of: input)
        followPromises(record.event)
        if let complaint = complaint(about: record.event) { check(false, complaint) }
    }

    /// What a supervisor ordered: the event says who, the input says what.
    private mutating func postOrder(_ event: Event, _ input: Input) {
        switch (event, input) {
        case (.configurationChanged, .configurationSet(var wanted, _, _, _)):
            wanted.version = lastEvent
            let former = configuration
            configuration = wanted
            beginSilences(insteadOf: former)
        case (.profileChanged(let id, _), .configurationSet(_, let profiles, _, _)):
            guard let change = profiles.first(where: { $0.agent == id }) else {
                return check(false, "the profile of \(id) changes unordered")
            }
            people[id]?.profile = change.profile
        case (.profileChanged(let id, _), .profileSet(_, let profile, _)):
            people[id]?.profile = profile
        case (.priorityChanged(let id, let priority, _), _):
            books[id]?.priority = priority
        case (.needsChanged(let id, _), .needsSet(_, let needs, let compartment, _)):
            books[id]?.needs = needs
            books[id]?.compartment = compartment
        default: break
        }
    }

    private mutating func post(_ handoff: Handoff, _ record: EventRecord) {
        let id = handoff.conversation
        guard var book = books[id] else { return check(false, "a handoff of nothing") }
        check(handoff.from == book.owner, "P6: from is not the former owner")
        check(handoff.to != book.owner, "P6: nothing changed")
        check(handoff.to != .bot, "\(id) is given to a bot, and none is there")
        check(handoff.number == book.handoffs + 1, "P6: the chain has a gap")
        check(book.offer == nil, "P2: \(id) changes hands while it is offered")
        checkEntry(handoff, at: record.at)
        if handoff.reason == .abandoned {
            let isDue = silenceLeft(of: book).map { $0 <= 0 } ?? false
            check(isDue, "\(id) is given up and may not be")
        }
        for agent in [handoff.from, handoff.to].compactMap(agent) {
            check(record.audience.contains(agent), "a party of a handoff is not told")
        }
        if case .agent(let agent) = handoff.to { checkGiving(of: id, to: agent, handoff.reason) }
        if case .agent = handoff.from { leftIn[id] = book.queue }
        if case .queue(let queue) = handoff.to {
            if book.queue != queue { book.relaxed = 0 }
            carrySilence(of: id, to: queue)
            book.silence = books[id]?.silence
            book.queue = queue
        }
        let stickiness = queue(book.queue)?.stickiness ?? 0
        switch (handoff.from, handoff.to) {
        case (.nobody, .queue), (.bot, .queue):
            book.waitingSince = record.at
            book.declined = []
            book.stays = false
            book.silence = queue(book.queue)?.abandonment == nil ? nil : 0
            if stickiness > 0, let last = book.lastAgent {
                let until = record.at.adding(milliseconds: stickiness)
                book.reservation = Reservation(agent: last, until: until)
            }
        case (_, .agent(let agent)):
            book.reservation = nil
            book.relaxed = 0
            book.stays = false
            book.lastAgent = stickiness > 0 ? agent : nil
        case (_, .nobody), (_, .bot):
            book.reservation = nil
            book.relaxed = 0
        default: break
        }
        if [.overflowed, .escalated].contains(handoff.reason) { book.stays = true }
        // Who was served, or waited where nothing is told, is told anew.
        if case .queue(let name) = handoff.to, queue(name)?.announcing != nil {
        } else {
            book.said = nil
        }
        if case .agent(let agent) = handoff.to, handoff.reason == .assigned {
            people[agent]?.idleSince = record.at
        }
        book.owner = handoff.to
        book.handoffs = handoff.number
        books[id] = book
    }

    private mutating func post(_ offer: Offer, of id: ConversationID, _ record: EventRecord) {
        check(books[id]?.offer == nil, "P2: \(id) is offered twice")
        check(offer.deadline > record.at, "an offer that nobody can accept")
        check(record.audience.contains(offer.agent), "who is offered something is not told")
        if offer.isTransfer {
            let isHeld = books[id].flatMap { agent($0.owner) } != nil
            check(isHeld, "a transfer of what nobody holds")
            checkRoom(of: offer.agent, for: id)
        } else {
            checkGiving(of: id, to: offer.agent, .assigned)
            people[offer.agent]?.idleSince = record.at
        }
        books[id]?.offer = offer
    }

    private mutating func post(
        _ end: OfferEnd, of id: ConversationID, _ agent: AgentID, _ record: EventRecord,
        _ input: Input
    ) {
        let offer = books[id]?.offer
        check(offer?.agent == agent, "an offer ends that does not stand")
        books[id]?.offer = nil
        switch end {
        case .accepted:
            check(offer.map { record.at < $0.deadline } ?? false, "an offer is accepted too late")
            people[agent]?.missed = 0
        case .declined:
            books[id]?.declined.insert(agent)
        case .timedOut:
            check(offer.map { record.at >= $0.deadline } ?? false, "an offer ends too early")
            books[id]?.declined.insert(agent)
            people[agent]?.missed += 1
        case .withdrawn:
            break
        }
        // It waits again, and a reservation may have ended meanwhile.
        if case .clockReached = input,
            books[id]?.reservation.map({ $0.until <= record.at }) ?? false
        {
            books[id]?.reservation = nil
        }
    }

    // MARK: Judging

    /// P3 and the second half of P4.
    private mutating func checkGiving(
        of id: ConversationID, to agent: AgentID, _ reason: HandoffReason
    ) {
        switch reason {
        case .assigned: break
        case .assignedOverCapacity:
            return check(takesByHand(agent), "\(agent) is not there")
        case .offerAccepted:
            // Their room was taken by the offer; a supervisor may have lessened it since.
            check(takesByHand(agent), "P3: \(agent) takes nothing")
            return checkConflict(of: agent, with: id)
        case .taken:
            check(books[id].map { isOpen($0.queue) } ?? true, "\(id) is taken from a closed queue")
            return checkRoom(of: agent, for: id)
        case .escalated, .botAbsent:
            return check(false, "\(id) comes to an agent for \(reason)")
        case .customerWrote, .disconnected, .wentOffline, .closed, .transferred, .overflowed,
            .moved, .movedOverLimit, .assignedBySupervisor, .abandoned:
            return checkRoom(of: agent, for: id)
        }
        check(books[id].map { isOpen($0.queue) } ?? true, "\(id) is given from a closed queue")
        check(mayTake(agent, id), "P3: \(agent) may not be given \(id)")
        for other in waiting where other != id && rank(other) < rank(id) {
            for somebody in people.keys.sorted() where mayTake(somebody, other) {
                check(false, "P4: \(other) is before \(id), and \(somebody) may take it")
            }
        }
        for other in people.keys.sorted() where other != agent && mayTake(other, id) {
            check(isBefore(agent, other), "P4: it was the turn of \(other), not of \(agent)")
        }
    }

    private mutating func checkRoom(of agent: AgentID, for id: ConversationID) {
        guard let book = books[id] else { return }
        check(takesByHand(agent), "P3: \(agent) takes nothing")
        check(hasRoom(agent, book), "P3: \(agent) has no room for \(id)")
        checkConflict(of: agent, with: id)
    }

    private mutating func checkConflict(of agent: AgentID, with id: ConversationID) {
        guard let book = books[id], let profile = people[agent]?.profile else { return }
        check(!profile.barred.contains(book.customer), "\(agent) is barred from \(id)")
        let isOpen = book.compartment.map(profile.compartments.contains) ?? true
        check(isOpen, "\(agent) may not see into the compartment of \(id)")
    }

    /// The first half of P4.
    private mutating func checkNobodyIdles() {
        for id in waiting {
            for agent in people.keys.sorted() where mayTake(agent, id) {
                check(false, "P4: \(agent) is free while \(id) waits")
            }
        }
    }

    /// What a customer is told is true, seldom, and for somebody who waits and can be reached.
    private mutating func post(
        _ said: Announcement, _ job: JobID, of id: ConversationID, _ record: EventRecord
    ) {
        guard let book = books[id], case .queue(let name) = book.owner, book.offer == nil,
            let announcing = queue(name)?.announcing
        else { return check(false, "\(id) is told of a wait and does not wait") }
        check(record.audience.isEmpty, "somebody is told of what concerns no agent")
        check(book.telling == nil, "\(id) is told of two waits at once")
        check(
            book.toldAt.map { $0.adding(milliseconds: announcing.interval) <= record.at } ?? true,
            "\(id) is told too often")
        check(
            record.at < book.wroteAt.adding(milliseconds: 86_400_000),
            "\(id) is told outside the window")
        let before = waiting(in: name).count { rank($0) < rank(id) }
        let isSomebodyThere = people.keys.contains { isThere($0, for: id) }
        switch said {
        case .waiting(let position, let minutes):
            check(isOpen(name), "\(id) is told a wait while its queue is closed")
            check(position == before + 1, "\(id) is told place \(position), it is \(before + 1)")
            check(minutes >= 1 && isSomebodyThere, "\(id) is told a wait while nobody is there")
        case .nobodyThere(let position):
            check(position == before + 1, "\(id) is told place \(position), it is \(before + 1)")
            check(isOpen(name), "\(id) is told a place while its queue is closed")
            check(!isSomebodyThere, "\(id) is told that nobody is there")
        case .closed(let opens):
            check(!isOpen(name), "\(id) is told that an open queue is closed")
            check(opens == opening(of: name, at: record.at), "\(id) is told another opening")
            check(announcing.closed != nil, "\(id) is told of a closing without words for it")
            check(book.said != said, "\(id) is told of one closing twice")
        }
        books[id]?.said = said
        books[id]?.toldAt = record.at
        books[id]?.telling = job
    }
}
