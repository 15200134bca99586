import Desk

/// An event as the ledger keeps it: a kind and numbers, no text.
///
/// The body is one byte with the version of the encoding (1), then the numbers of 8 bytes each, most
/// significant byte first. Kinds, their numbers and the version are part of the ledger's hash: what
/// was once written means the same for good. `event_kinds` in Schemas/sql/0003_ledger.sql lists
/// them for people, and a test compares the two.
struct StoredEvent: Equatable {
    static let version: UInt8 = 1

    let kind: Int64
    let numbers: [Int64]
    /// The conversation that the event is about: a column of its own, for queries.
    let conversation: ConversationID?

    init(kind: Int64, numbers: [Int64], conversation: ConversationID?) {
        self.kind = kind
        self.numbers = numbers
        self.conversation = conversation
    }

    /// The body's bytes.
    var body: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1 + 8 * numbers.count)
        bytes.append(Self.version)
        for number in numbers { bytes.appendBigEndian(number) }
        return bytes
    }

    /// The numbers of a body; nil if it has another form or version.
    static func numbers(body: [UInt8]) -> [Int64]? {
        guard body.first == version, body.count % 8 == 1 else { return nil }
        var numbers: [Int64] = []
        numbers.reserveCapacity(body.count / 8)
        var value: UInt64 = 0
        for (index, byte) in body.dropFirst().enumerated() {
            value = value << 8 | UInt64(byte)
            if index % 8 == 7 {
                numbers.append(Int64(bitPattern: value))
                value = 0
            }
        }
        return numbers
    }
}

extension StoredEvent {
    init(_ event: Event) {
        switch event {
        case .customerMet(let customer, let thread):
            self.init(
                kind: 1,
                numbers: [
                    customer.number, Int64(bitPattern: thread.high), Int64(bitPattern: thread.low),
                ],
                conversation: nil)
        case .conversationOpened(let conversation, let customer, let queue):
            self.init(2, conversation, customer.number, queue.number)
        case .messageReceived(let conversation, let message, let kind, let writtenAt):
            self.init(3, conversation, message.number, kind.eventCode, writtenAt.milliseconds)
        case .messageSentElsewhere(let conversation, let message, let writtenAt):
            self.init(4, conversation, message.number, writtenAt.milliseconds)
        case .messageWritten(let conversation, let message, let agent, let job):
            self.init(5, conversation, message.number, agent.number, job.number)
        case .announcementWritten(let conversation, let message, let job, let announcement):
            self.init(
                kind: 40,
                numbers: [conversation.number, message.number, job.number] + announcement.numbers,
                conversation: conversation)
        case .messagesDelivered(let conversation, let upTo):
            self.init(6, conversation, upTo.milliseconds)
        case .messagesRead(let conversation, let upTo):
            self.init(7, conversation, upTo.milliseconds)
        case .messageReacted(let conversation, let message, let isRemoved):
            self.init(8, conversation, message?.number ?? 0, isRemoved ? 1 : 0)
        case .messageEdited(let conversation, let message):
            self.init(9, conversation, message?.number ?? 0)
        case .messageDeleted(let conversation, let message):
            self.init(10, conversation, message?.number ?? 0)
        case .channelEventKept(let conversation):
            self.init(
                kind: 11, numbers: [conversation?.number ?? 0], conversation: conversation)
        case .ownerChanged(let handoff):
            self.init(handoff)
        case .conversationRead(let conversation, let agent):
            self.init(13, conversation, agent.number)
        case .agentEntered, .agentConnected, .agentDisconnected, .presenceChanged,
            .capacityChanged, .profileChanged, .wrapUpChanged, .shiftEndChanged, .shiftEnded:
            self.init(ofAgent: event)
        case .offerMade, .offerEnded, .needsRelaxed, .needsChanged, .priorityChanged:
            self.init(ofRouting: event)
        case .queueTurned(let queue, let isOpen, let until, let by):
            self.init(
                kind: 35,
                numbers: [queue.number, isOpen ? 1 : 0, until == nil ? 0 : 1]
                    + [until?.milliseconds ?? 0] + (by.map { [$0.number] } ?? []),
                conversation: nil)
        case .queueHoursSet(let queue, let next, let knownUntil):
            self.init(
                kind: 36,
                numbers: [
                    queue.number, next == nil ? 0 : 1, next?.milliseconds ?? 0,
                    knownUntil.milliseconds,
                ],
                conversation: nil)
        case .targetWarned(let conversation, let kind, let deadline, let calls):
            self.init(
                37, conversation, kind.eventCode, calls ? 1 : 0, deadline == nil ? 0 : 1,
                deadline?.milliseconds ?? 0)
        case .targetBreached(let conversation, let kind, let calls):
            self.init(38, conversation, kind.eventCode, calls ? 1 : 0)
        case .targetMet(let conversation, let kind, let isLate):
            self.init(39, conversation, kind.eventCode, isLate ? 1 : 0)
        case .configurationChanged(let by):
            self.init(kind: 28, numbers: [by.number], conversation: nil)
        case .jobChanged(let job, let conversation, let message, let state, let attempts):
            self.init(
                kind: 19,
                numbers: [
                    job.number, conversation.number, message.number, state.eventCode,
                    state.eventValue == nil ? 0 : 1, state.eventValue ?? 0, Int64(attempts),
                ],
                conversation: conversation)
        case .epochBegan:
            self.init(kind: 20, numbers: [], conversation: nil)
        case .inputQuarantined:
            self.init(kind: 21, numbers: [], conversation: nil)
        }
    }

    /// An event of a conversation, whose number comes first.
    private init(_ kind: Int64, _ conversation: ConversationID, _ numbers: Int64...) {
        self.init(
            kind: kind, numbers: [conversation.number] + numbers, conversation: conversation)
    }

    /// Who ordered it and how the desk chose were added later: a handoff without them is written as
    /// it was before, and an old one is read as one without.
    private init(_ handoff: Handoff) {
        var numbers = [
            handoff.conversation.number, Int64(handoff.number), handoff.from.eventCode,
            handoff.from.number, handoff.to.eventCode, handoff.to.number, handoff.reason.eventCode,
        ]
        if handoff.by != nil || handoff.choice != nil { numbers.append(handoff.by?.number ?? 0) }
        if let choice = handoff.choice { numbers += choice.numbers }
        self.init(kind: 12, numbers: numbers, conversation: handoff.conversation)
    }

    private init(ofRouting event: Event) {
        switch event {
        case .offerMade(let conversation, let offer, let choice):
            let numbers = [
                conversation.number, offer.agent.number, offer.deadline.milliseconds,
                offer.isTransfer ? 1 : 0,
            ]
            self.init(
                kind: 22, numbers: numbers + (choice?.numbers ?? []), conversation: conversation)
        case .offerEnded(let conversation, let agent, let end):
            self.init(23, conversation, agent.number, end.eventCode, end.reasonCode)
        case .needsRelaxed(let conversation, let steps):
            self.init(24, conversation, Int64(steps))
        case .needsChanged(let conversation, let by):
            self.init(25, conversation, by.number)
        case .priorityChanged(let conversation, let priority, let by):
            self.init(
                26, conversation, priority == nil ? 0 : 1, Int64(priority ?? 0), by?.number ?? 0)
        case .customerMet, .conversationOpened, .messageReceived, .messageSentElsewhere,
            .messageWritten, .announcementWritten, .messagesDelivered, .messagesRead,
            .messageReacted, .messageEdited,
            .messageDeleted, .channelEventKept, .ownerChanged, .conversationRead, .agentEntered,
            .agentConnected, .agentDisconnected, .presenceChanged, .capacityChanged,
            .wrapUpChanged, .shiftEndChanged, .shiftEnded,
            .profileChanged, .configurationChanged, .jobChanged, .queueTurned, .queueHoursSet,
            .targetWarned, .targetBreached, .targetMet,
            .epochBegan, .inputQuarantined:
            preconditionFailure("not an event of routing")
        }
    }

    private init(ofAgent event: Event) {
        let kind: Int64
        let numbers: [Int64]
        switch event {
        case .agentEntered(let agent, let capacity):
            (kind, numbers) = (14, [agent.number, Int64(capacity)])
        case .agentConnected(let agent):
            (kind, numbers) = (15, [agent.number])
        case .agentDisconnected(let agent, let deadline):
            let value = deadline?.milliseconds
            (kind, numbers) = (16, [agent.number, value == nil ? 0 : 1, value ?? 0])
        case .presenceChanged(let agent, let presence, let reason, let by):
            var parts = [agent.number, presence.eventCode]
            // Who ordered it and why were added one after the other; without them it is as it was.
            if by != nil || reason != nil { parts.append(by?.number ?? 0) }
            if let reason { parts.append(reason.number) }
            (kind, numbers) = (17, parts)
        case .wrapUpChanged(let agent, let until):
            (kind, numbers) = (30, [agent.number, until.milliseconds])
        case .shiftEndChanged(let agent, let end, let by):
            let value = end?.milliseconds
            (kind, numbers) = (
                31, [agent.number, value == nil ? 0 : 1, value ?? 0, by?.number ?? 0]
            )
        case .shiftEnded(let agent):
            (kind, numbers) = (32, [agent.number])
        case .profileChanged(let agent, let by):
            (kind, numbers) = (27, [agent.number, by.number])
        case .capacityChanged(let agent, let capacity, let by):
            (kind, numbers) = (18, [agent.number, Int64(capacity), by.number])
        case .customerMet, .conversationOpened, .messageReceived, .messageSentElsewhere,
            .messageWritten, .announcementWritten, .messagesDelivered, .messagesRead,
            .messageReacted, .messageEdited,
            .messageDeleted, .channelEventKept, .ownerChanged, .conversationRead, .jobChanged,
            .offerMade, .offerEnded, .needsRelaxed, .needsChanged, .priorityChanged,
            .configurationChanged, .queueTurned, .queueHoursSet, .targetWarned, .targetBreached,
            .targetMet, .epochBegan, .inputQuarantined:
            preconditionFailure("not an event of an agent")
        }
        self.init(kind: kind, numbers: numbers, conversation: nil)
    }
}

extension StoredEvent {
    /// What the ledger says; nil if it says something that this program does not know.
    var event: Event? {
        var numbers = NumberReader(numbers)
        let event = Self.read(kind, &numbers)
        return numbers.isExhausted ? event : nil
    }

    private static func read(_ kind: Int64, _ numbers: inout NumberReader) -> Event? {
        switch kind {
        case 1:
            .customerMet(
                numbers.id(),
                thread: Digest(
                    high: UInt64(bitPattern: numbers.next()),
                    low: UInt64(bitPattern: numbers.next())))
        case 2: .conversationOpened(numbers.id(), numbers.id(), numbers.id())
        case 3: messageReceived(&numbers)
        case 4: .messageSentElsewhere(numbers.id(), numbers.id(), writtenAt: numbers.instant())
        case 5: .messageWritten(numbers.id(), numbers.id(), numbers.id(), numbers.id())
        case 6: .messagesDelivered(numbers.id(), upTo: numbers.instant())
        case 7: .messagesRead(numbers.id(), upTo: numbers.instant())
        case 8:
            .messageReacted(numbers.id(), numbers.optionalID(), isRemoved: numbers.next() != 0)
        case 9: .messageEdited(numbers.id(), numbers.optionalID())
        case 10: .messageDeleted(numbers.id(), numbers.optionalID())
        case 11: .channelEventKept(numbers.optionalID())
        case 12: ownerChanged(&numbers)
        case 13: .conversationRead(numbers.id(), numbers.id())
        case 14: .agentEntered(numbers.id(), capacity: numbers.count())
        case 15: .agentConnected(numbers.id())
        case 16:
            .agentDisconnected(
                numbers.id(),
                deadline: numbers.optionalNumber().map { Instant(milliseconds: $0) })
        case 17: presenceChanged(&numbers)
        case 18: .capacityChanged(numbers.id(), capacity: numbers.count(), by: numbers.id())
        case 19: jobChanged(&numbers)
        case 20: .epochBegan
        case 21: .inputQuarantined
        case 22: offerMade(&numbers)
        case 23: offerEnded(&numbers)
        case 24: .needsRelaxed(numbers.id(), steps: numbers.count())
        case 25: .needsChanged(numbers.id(), by: numbers.id())
        case 26:
            .priorityChanged(
                numbers.id(), priority: numbers.optionalNumber().map(Int.init),
                by: numbers.optionalID())
        case 27: .profileChanged(numbers.id(), by: numbers.id())
        case 28: .configurationChanged(by: numbers.id())
        case 30: .wrapUpChanged(numbers.id(), until: numbers.instant())
        case 31:
            .shiftEndChanged(
                numbers.id(), numbers.optionalNumber().map { Instant(milliseconds: $0) },
                by: numbers.optionalID())
        case 32: .shiftEnded(numbers.id())
        case 40: announcementWritten(&numbers)
        case 35: queueTurned(&numbers)
        case 37, 38, 39: target(kind, &numbers)
        case 36:
            .queueHoursSet(
                numbers.id(), next: numbers.optionalNumber().map { Instant(milliseconds: $0) },
                knownUntil: numbers.instant())
        default: nil
        }
    }

    private static func messageReceived(_ numbers: inout NumberReader) -> Event? {
        let (conversation, message): (ConversationID, MessageID) = (numbers.id(), numbers.id())
        guard let kind = CustomerMessageKind(eventCode: numbers.next()) else { return nil }
        return .messageReceived(conversation, message, kind, writtenAt: numbers.instant())
    }

    private static func announcementWritten(_ numbers: inout NumberReader) -> Event? {
        let conversation: ConversationID = numbers.id()
        let (message, job): (MessageID, JobID) = (numbers.id(), numbers.id())
        guard
            let announcement = Announcement(
                eventCode: numbers.next(), numbers.next(), numbers.next())
        else { return nil }
        return .announcementWritten(conversation, message, job, announcement)
    }

    private static func ownerChanged(_ numbers: inout NumberReader) -> Event? {
        let (conversation, number): (ConversationID, Int) = (numbers.id(), numbers.count())
        guard let from = Owner(eventCode: numbers.next(), number: numbers.next()),
            let to = Owner(eventCode: numbers.next(), number: numbers.next()),
            let reason = HandoffReason(eventCode: numbers.next())
        else { return nil }
        let by: AgentID? = numbers.isExhausted ? nil : numbers.optionalID()
        return .ownerChanged(
            Handoff(
                conversation: conversation, number: number, from: from, to: to, reason: reason,
                by: by, choice: choice(&numbers)))
    }

    private static func offerMade(_ numbers: inout NumberReader) -> Event? {
        let conversation: ConversationID = numbers.id()
        let offer = Offer(
            agent: numbers.id(), deadline: numbers.instant(), isTransfer: numbers.next() != 0)
        return .offerMade(conversation, offer, choice(&numbers))
    }

    private static func offerEnded(_ numbers: inout NumberReader) -> Event? {
        let (conversation, agent): (ConversationID, AgentID) = (numbers.id(), numbers.id())
        guard let end = OfferEnd(eventCode: numbers.next(), reasonCode: numbers.next()) else {
            return nil
        }
        return .offerEnded(conversation, agent, end)
    }

    /// The choice that ends a body, if one does.
    private static func choice(_ numbers: inout NumberReader) -> Choice? {
        guard !numbers.isExhausted else { return nil }
        let (version, waiting, onDuty) = (numbers.next(), numbers.count(), numbers.count())
        let (ready, relaxed) = (numbers.count(), numbers.count())
        let runnerUp: AgentID? = numbers.optionalID()
        var order = TurnOrder.usual
        let others = others(&numbers, &order)
        return Choice(
            version: version, waiting: waiting, onDuty: onDuty, ready: ready, relaxed: relaxed,
            runnerUp: runnerUp, order: order, others: others)
    }

    /// Who else was there was added later: an older choice ends before it. Later still came the order
    /// of turns, a last number where it is not the usual one.
    private static func others(
        _ numbers: inout NumberReader, _ order: inout TurnOrder
    ) -> Choice.Others? {
        guard !numbers.isExhausted else { return nil }
        let (unfit, ahead, count) = (numbers.count(), numbers.count(), numbers.count())
        var passedOver: [Choice.PassedOver] = []
        while numbers.leftCount > 1 {
            let agent: AgentID = numbers.id()
            guard let hindrance = Hindrance(eventCode: numbers.next(), agent: numbers.next())
            else {
                numbers.spoil()
                break
            }
            passedOver.append(Choice.PassedOver(agent: agent, hindrance: hindrance))
        }
        if numbers.leftCount == 1 {
            if let told = TurnOrder(eventCode: numbers.next()), told != .usual {
                order = told
            } else {
                numbers.spoil()
            }
        }
        return Choice.Others(
            unfit: unfit, ahead: ahead, passedOverCount: count, passedOver: passedOver)
    }

    private static func presenceChanged(_ numbers: inout NumberReader) -> Event? {
        let agent: AgentID = numbers.id()
        guard let presence = Presence(eventCode: numbers.next()) else { return nil }
        let by: AgentID? = numbers.isExhausted ? nil : numbers.optionalID()
        let reason: AwayReasonID? = numbers.isExhausted ? nil : numbers.optionalID()
        return .presenceChanged(agent, presence, reason: reason, by: by)
    }

    private static func target(_ event: Int64, _ numbers: inout NumberReader) -> Event? {
        let conversation: ConversationID = numbers.id()
        guard let kind = Target.Kind(eventCode: numbers.next()) else { return nil }
        let flag = numbers.next() != 0
        switch event {
        case 37:
            let deadline = numbers.optionalNumber().map { Instant(milliseconds: $0) }
            return .targetWarned(conversation, kind, deadline: deadline, callsSupervisor: flag)
        case 38: return .targetBreached(conversation, kind, callsSupervisor: flag)
        default: return .targetMet(conversation, kind, isLate: flag)
        }
    }

    private static func queueTurned(_ numbers: inout NumberReader) -> Event? {
        let (queue, isOpen): (QueueID, Bool) = (numbers.id(), numbers.next() != 0)
        let until = numbers.optionalNumber().map { Instant(milliseconds: $0) }
        let by: AgentID? = numbers.isExhausted ? nil : numbers.optionalID()
        return .queueTurned(queue, isOpen: isOpen, until: until, by: by)
    }

    private static func jobChanged(_ numbers: inout NumberReader) -> Event? {
        let job: JobID = numbers.id()
        let (conversation, message): (ConversationID, MessageID) = (numbers.id(), numbers.id())
        let code = numbers.next()
        guard let state = JobState(eventCode: code, value: numbers.optionalNumber()) else {
            return nil
        }
        return .jobChanged(job, conversation, message, state, attempts: numbers.count())
    }
}

extension Choice {
    /// As an event's body keeps it.
    fileprivate var numbers: [Int64] {
        [
            version, Int64(waiting), Int64(onDuty), Int64(ready), Int64(relaxed),
            runnerUp?.number ?? 0,
        ] + (others.map { $0.numbers + (order == .usual ? [] : [order.eventCode]) } ?? [])
    }
}

extension Choice.Others {
    fileprivate var numbers: [Int64] {
        [Int64(unfit), Int64(ahead), Int64(passedOverCount)]
            + passedOver.flatMap { passed in
                [passed.agent.number, passed.hindrance.eventCode, passed.hindrance.agentNumber]
            }
    }
}

extension Announcement {
    /// As an event's body keeps it: the kind, the position and the minutes, 0 where it has none; of a
    /// closed queue whether it is known when it opens, and that moment.
    fileprivate var numbers: [Int64] {
        switch self {
        case .waiting(let position, let minutes): [1, Int64(position), Int64(minutes)]
        case .nobodyThere(let position): [2, Int64(position), 0]
        case .closed(let opens): [3, opens == nil ? 0 : 1, opens?.milliseconds ?? 0]
        }
    }

    fileprivate init?(eventCode: Int64, _ first: Int64, _ second: Int64) {
        switch (eventCode, first, second) {
        case (1, _, _): self = .waiting(position: Int(first), minutes: Int(second))
        case (2, _, 0): self = .nobodyThere(position: Int(first))
        case (3, 0, 0): self = .closed(opens: nil)
        case (3, 1, _): self = .closed(opens: Instant(milliseconds: second))
        default: return nil
        }
    }
}

/// Takes numbers one after the other. Too few or too many are told at the end, not at each step.
private struct NumberReader {
    private let numbers: [Int64]
    private var taken = 0

    init(_ numbers: [Int64]) { self.numbers = numbers }

    /// Whether exactly what there was has been taken.
    var isExhausted: Bool { taken == numbers.count }

    /// How much more there is to take.
    var leftCount: Int { max(0, numbers.count - taken) }

    /// Something was read that this program does not know: the whole does not count.
    mutating func spoil() { taken = numbers.count + 1 }

    mutating func next() -> Int64 {
        defer { taken += 1 }
        return taken < numbers.count ? numbers[taken] : 0
    }

    mutating func id<Kind>() -> Identifier<Kind> { Identifier(next()) }

    mutating func optionalID<Kind>() -> Identifier<Kind>? {
        let number = next()
        return number == 0 ? nil : Identifier(number)
    }

    mutating func instant() -> Instant { Instant(milliseconds: next()) }

    mutating func count() -> Int { Int(next()) }

    /// A number after one that says whether it is there.
    mutating func optionalNumber() -> Int64? {
        let isThere = next() != 0
        let number = next()
        return isThere ? number : nil
    }
}
