import Desk
import Testing

@testable import Store

/// One event of each kind, in the order of their numbers.
enum EventSamples {
    private static let conversation = ConversationID(7)
    private static let message = MessageID(8)
    private static let agent = AgentID(9)
    private static let moment = Instant(milliseconds: 1_800_000_000_123)

    static let all: [Event] = [
        .customerMet(CustomerID(3), thread: Digest(high: .max, low: 5)),
        .conversationOpened(conversation, CustomerID(3), QueueID(1)),
        .messageReceived(conversation, message, .postback, writtenAt: moment),
        .messageSentElsewhere(conversation, message, writtenAt: moment),
        .messageWritten(conversation, message, agent, JobID(8)),
        .messagesDelivered(conversation, upTo: moment),
        .messagesRead(conversation, upTo: moment),
        .messageReacted(conversation, message, isRemoved: true),
        .messageEdited(conversation, message),
        .messageDeleted(conversation, message),
        .channelEventKept(conversation),
        .ownerChanged(
            Handoff(
                conversation: conversation, number: 2, from: .queue(QueueID(1)), to: .agent(agent),
                reason: .assigned)),
        .conversationRead(conversation, agent),
        .agentEntered(agent, capacity: 3),
        .agentConnected(agent),
        .agentDisconnected(agent, deadline: moment),
        .presenceChanged(agent, .away, by: nil),
        .capacityChanged(agent, capacity: 4, by: AgentID(99)),
        .jobChanged(JobID(8), conversation, message, .failed(.refused), attempts: 2),
        .epochBegan,
        .inputQuarantined,
        .offerMade(conversation, Offer(agent: agent, deadline: moment, isTransfer: false), choice),
        .offerEnded(conversation, agent, .declined(.conflictOfInterest)),
        .needsRelaxed(conversation, steps: 2),
        .needsChanged(conversation, by: AgentID(99)),
        .priorityChanged(conversation, priority: 5, by: AgentID(99)),
        .profileChanged(agent, by: AgentID(99)),
        .configurationChanged(by: AgentID(99)),
        .wrapUpChanged(agent, until: moment),
        .shiftEndChanged(agent, moment, by: AgentID(99)),
        .shiftEnded(agent),
        .queueTurned(QueueID(2), isOpen: false, until: moment, by: nil),
        .queueHoursSet(QueueID(2), next: moment, knownUntil: moment),
        .targetWarned(conversation, .reply, deadline: moment, callsSupervisor: true),
        .targetBreached(conversation, .firstResponse, callsSupervisor: true),
        .targetMet(conversation, .reply, isLate: true),
        .announcementWritten(
            conversation, message, JobID(8), .waiting(position: 3, minutes: 12)),
    ]

    private static let choice = Choice(
        version: 12, waiting: 5, onDuty: 4, ready: 3, relaxed: 1, runnerUp: AgentID(11),
        others: Choice.Others(
            unfit: 2, ahead: 1, passedOverCount: 1,
            passedOver: [Choice.PassedOver(agent: AgentID(12), hindrance: .declined)]))
    /// As it was kept before those who were passed over were.
    private static let ofBefore = Choice(
        version: 12, waiting: 5, onDuty: 4, ready: 3, relaxed: 1, runnerUp: AgentID(11))
    private static let overMany = Choice(
        version: 1, waiting: 1, onDuty: 12, ready: 12, relaxed: 0, runnerUp: nil,
        order: .longestIdle,
        others: Choice.Others(
            unfit: 0, ahead: 0, passedOverCount: 11,
            passedOver: (1...Limits.passedOver).map { place in
                let hindrances: [Hindrance] = [
                    .barred, .reservedForAnother(AgentID(11)), .declined, .roomIsReserved,
                ]
                return Choice.PassedOver(
                    agent: AgentID(Int64(place)), hindrance: hindrances[place % 4])
            }))
    private static let withoutRunnerUp = Choice(
        version: 0, waiting: 1, onDuty: 1, ready: 1, relaxed: 0, runnerUp: nil)

    private static let byShare = Choice(
        version: 1, waiting: 1, onDuty: 1, ready: 1, relaxed: 0, runnerUp: nil, order: .leastShare,
        others: Choice.Others(unfit: 0, ahead: 0, passedOverCount: 0, passedOver: []))

    private static func handedOff(by person: AgentID?, _ choice: Choice?) -> Event {
        .ownerChanged(
            Handoff(
                conversation: conversation, number: 3, from: .queue(QueueID(1)), to: .agent(agent),
                reason: .assignedOverCapacity, by: person, choice: choice))
    }

    /// What the samples leave out.
    static let others: [Event] =
        [
            handedOff(by: nil, byShare),
            .messageReacted(conversation, nil, isRemoved: false),
            .messageEdited(conversation, nil), .messageDeleted(conversation, nil),
            .channelEventKept(nil), .agentDisconnected(agent, deadline: nil),
            .messagesRead(conversation, upTo: Instant(milliseconds: -1)),
            .announcementWritten(conversation, message, JobID(8), .nobodyThere(position: 3)),
            .announcementWritten(conversation, message, JobID(8), .closed(opens: nil)),
            .announcementWritten(conversation, message, JobID(8), .closed(opens: moment)),
        ]
        + CustomerMessageKind.allCases.map {
            .messageReceived(conversation, message, $0, writtenAt: moment)
        }
        + Presence.allCases.flatMap {
            [.presenceChanged(agent, $0, by: nil), .presenceChanged(agent, $0, by: AgentID(99))]
        }
        + [AwayReasonID(7), .missedOffers, .setBySupervisor, .arrived].flatMap {
            [
                .presenceChanged(agent, .away, reason: $0, by: nil),
                .presenceChanged(agent, .away, reason: $0, by: AgentID(99)),
            ]
        }
        + [.shiftEndChanged(agent, nil, by: nil), .shiftEndChanged(agent, moment, by: nil)]
        + (DeclineReason.allCases.map { .declined($0) } + [.accepted, .timedOut, .withdrawn])
        .map { .offerEnded(conversation, agent, $0) }
        + [nil, choice, withoutRunnerUp, ofBefore, overMany].flatMap { choice in
            [
                .offerMade(
                    conversation, Offer(agent: agent, deadline: moment, isTransfer: true), choice),
                handedOff(by: nil, choice), handedOff(by: AgentID(99), choice),
            ]
        }
        + [.priorityChanged(conversation, priority: nil, by: AgentID(99))]
        + [nil, AgentID(99)].flatMap { by -> [Event] in
            [nil, moment].map { .queueTurned(QueueID(2), isOpen: true, until: $0, by: by) }
        }
        + [
            .queueHoursSet(QueueID(2), next: nil, knownUntil: moment),
            .priorityChanged(conversation, priority: 4, by: nil),
        ]
        + Target.Kind.allCases.flatMap { kind -> [Event] in
            [
                .targetWarned(conversation, kind, deadline: nil, callsSupervisor: false),
                .targetBreached(conversation, kind, callsSupervisor: false),
                .targetMet(conversation, kind, isLate: false),
            ]
        }
        + HandoffReason.allCases.flatMap { reason in
            [Owner.nobody, .bot, .queue(QueueID(2)), .agent(agent)].map {
                .ownerChanged(
                    Handoff(
                        conversation: conversation, number: 1, from: $0, to: .bot, reason: reason))
            }
        }
        + ([
            .queued(notBefore: moment), .sending, .unknown(deadline: nil),
            .unknown(deadline: moment), .sent, .unconfirmed,
        ] + SendFailure.allCases.map { JobState.failed($0) }).map {
            .jobChanged(JobID(8), conversation, message, $0, attempts: 0)
        }
}

extension StoreTests {
    /// Events as numbers, without a database.
    @Suite struct EventCodingTests {
        @Test func everyEventComesBack() {
            for event in EventSamples.all + EventSamples.others {
                let record = EventRecord(
                    number: 5, at: Instant(milliseconds: 6), epoch: 7, event: event,
                    audience: [AgentID(1), AgentID(2)])
                #expect(LedgerRow(record).record == record)
            }
        }

        /// What was written before those who were passed over were kept means what it meant.
        @Test func anOlderChoiceIsReadAsOne() {
            let older = StoredEvent(
                kind: 22, numbers: [7, 9, 1, 0] + [12, 5, 4, 3, 1, 11], conversation: nil)
            let choice = Choice(
                version: 12, waiting: 5, onDuty: 4, ready: 3, relaxed: 1, runnerUp: AgentID(11))
            let offer = Offer(
                agent: AgentID(9), deadline: Instant(milliseconds: 1), isTransfer: false)
            #expect(older.event == .offerMade(ConversationID(7), offer, choice))
        }

        @Test func theLongestBodyFits() {
            for event in EventSamples.all + EventSamples.others {
                #expect(StoredEvent(event).body.count <= 337)
            }
        }

        @Test func everyKindHasItsNumber() {
            #expect(
                EventSamples.all.map { StoredEvent($0).kind }
                    == Array(1...28) + Array(30...32) + Array(35...40))
        }

        @Test func whatIsNotOursIsNotRead() {
            for event in EventSamples.all {
                let stored = StoredEvent(event)
                let odd = Int64(stored.numbers.count + 1)
                let damaged = [
                    StoredEvent(kind: 99, numbers: stored.numbers, conversation: nil),
                    StoredEvent(
                        kind: stored.kind, numbers: stored.numbers + Array(1...odd),
                        conversation: nil),
                ]
                for stored in damaged { #expect(stored.event == nil, "\(event)") }
                guard !stored.numbers.isEmpty else { continue }
                let short = StoredEvent(
                    kind: stored.kind, numbers: stored.numbers.dropLast(), conversation: nil)
                #expect(short.event == nil, "\(event)")
            }
            let unknown = StoredEvent(
                kind: 22, numbers: [7, 9, 1, 0] + [12, 5, 4, 3, 1, 11] + [2, 1, 1] + [12, 9, 0],
                conversation: nil)
            #expect(unknown.event == nil, "a hindrance of another program")
            #expect(StoredEvent.numbers(body: []) == nil)
            #expect(StoredEvent.numbers(body: [2]) == nil)
            #expect(StoredEvent.numbers(body: [1, 0]) == nil)
            #expect(StoredEvent.numbers(body: [1]) == [])
        }

        @Test(
            arguments: [
                ("queued", nil, nil), ("queued", nil, "refused"), ("sent", Int64(5), nil),
                ("failed", nil, nil), ("failed", nil, "unheard"), ("lost", nil, nil),
            ] as [(String, Int64?, String?)])
        func rowsThatNobodyOfOursWroteAreNotRead(name: String, due: Int64?, failure: String?) {
            let dueAt = due.map { Instant(milliseconds: $0) }
            #expect(JobState(name: name, dueAt: dueAt, failure: failure) == nil)
        }

        @Test func theKeyRingKeepsWhatIsUsed() {
            var ring = KeyRing(limit: 8)
            let used = ConversationID(1)
            let key = CustomerKey(customer: CustomerID(1), key: .mint())
            ring.insert(key, for: used)
            for number in 2...100 {
                ring.insert(key, for: ConversationID(Int64(number)))
                #expect(ring.key(of: used) != nil)
                #expect(ring.count <= 8)
            }
            #expect(ring.key(of: ConversationID(2)) == nil)
            ring.forget()
            #expect(ring.key(of: used) == nil)
        }
    }
}
