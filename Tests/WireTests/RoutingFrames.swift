import Desk
import Foundation
import Testing

@testable import Wire

/// What routing adds to the frames that a console receives.
enum RoutingFrames {
    private static let conversation = ConversationID(5)
    private static let ana = AgentID(7)
    private static let sofia = AgentID(9)
    private static let choice = Choice(
        version: 4, waiting: 3, onDuty: 2, ready: 1, relaxed: 1, runnerUp: AgentID(8))
    private static let choiceJSON =
        #"{"version":4,"waiting":3,"onDuty":2,"ready":1,"relaxed":1,"order":"leastUnits","runnerUp":8}"#
    private static let profile = Profile(
        grade: GradeID(2), queues: [QueueID(1), QueueID(3)],
        skills: [SkillLevel(SkillID(6), 4)], compartments: [CompartmentID(5)],
        barred: [CustomerID(11)])
    private static let profileJSON = """
        {"grade":2,"queues":[1,3],"skills":[{"skill":6,"level":4,"isFirm":false}],\
        "compartments":[5],"barred":[11]}
        """

    static let waiting: Conversation = {
        var routing = Routing()
        routing.offer = Offer(
            agent: ana, deadline: Instant(milliseconds: 900), isTransfer: false)
        routing.priority = 3
        routing.relaxed = 1
        routing.needs = [SkillLevel(SkillID(6), 2, isFirm: true)]
        routing.compartment = CompartmentID(5)
        routing.declined = [AgentID(8)]
        routing.reservation = Reservation(agent: ana, until: Instant(milliseconds: 800))
        return Conversation(
            id: conversation, customer: CustomerID(4), thread: Digest(high: 1, low: 2),
            queue: QueueID(1), owner: .queue(QueueID(1)), handoffs: 2,
            waitingSince: Instant(milliseconds: 10), openedAt: Instant(milliseconds: 11),
            lastMessageAt: Instant(milliseconds: 12), customerWroteAt: Instant(milliseconds: 13),
            unread: 1, routing: routing, origin: Origin(channel: .whatsApp, page: "1"))
    }()
    private static let waitingJSON = """
        {"id":5,"customer":4,"channel":"whatsApp","queue":1,"owner":{"kind":"queue","id":1},"waitingSince":10,\
        "openedAt":11,"lastMessageAt":12,"customerWroteAt":13,"unread":1,"handoffs":2,\
        "routing":{"offer":{"agent":7,"deadline":900,"isTransfer":false},"priority":3,"relaxed":1,\
        "needs":[{"skill":6,"level":2,"isFirm":true}],"compartment":5,\
        "reservation":{"agent":7,"until":800}}}
        """

    static let desk = DeskCard(
        Configuration(
            version: 4, skills: [Skill(id: SkillID(6), name: "Français")],
            kinds: [
                WorkKind(
                    id: WorkKindID(2), name: "Fraud", weight: 3,
                    channels: [ChannelWeight(channel: .whatsApp, weight: 1)])
            ],
            grades: [
                Grade(
                    id: GradeID(2), name: "Trainee",
                    weights: [
                        Grade.Weight(kind: WorkKindID(2), weight: 5),
                        Grade.Weight(kind: WorkKindID(2), weight: 4, channel: .instagram),
                    ])
            ],
            queues: [
                Queue(id: QueueID(1), name: "Service"),
                Queue(
                    id: QueueID(3), name: "Fraud", priority: 2,
                    needs: [SkillLevel(SkillID(6), 2)], kind: WorkKindID(2),
                    handing: .offer(timeout: 20_000)),
                Queue(id: QueueID(4), name: "Post", handing: .pull, limit: 40),
            ]))
    static let deskJSON = """
        {"version":4,"ageing":300000,"queues":[{"id":1,"name":"Service","priority":0,"handing":"push","needs":[]},\
        {"id":3,"name":"Fraud","priority":2,"handing":"offer","kind":2,\
        "needs":[{"skill":6,"level":2,"isFirm":false}]},\
        {"id":4,"name":"Post","priority":0,"handing":"pull","limit":40,"needs":[]}],\
        "skills":[{"id":6,"name":"Français"}],"kinds":[{"id":2,"name":"Fraud","weight":3,"channels":[{"channel":"whatsApp","weight":1}]}],\
        "grades":[{"id":2,"name":"Trainee","weights":[{"kind":2,"weight":5},\
        {"kind":2,"weight":4,"channel":"instagram"}]}]}
        """

    static let pushes: [(Event, PushContext, String)] = [
        (
            .presenceChanged(ana, .offline, by: sofia), PushContext(),
            #""presence.changed" {"agent":7,"by":9,"presence":"offline"}"#
        ),
        (
            .presenceChanged(ana, .away, reason: .missedOffers, by: nil), PushContext(),
            #""presence.changed" {"agent":7,"presence":"away","awayReason":-1}"#
        ),
        (
            .wrapUpChanged(ana, until: Instant(milliseconds: 900)), PushContext(),
            #""wrapUp.changed" {"agent":7,"until":900}"#
        ),
        (
            .shiftEndChanged(ana, Instant(milliseconds: 900), by: sofia), PushContext(),
            #""shiftEnd.changed" {"agent":7,"shiftEnd":900,"by":9}"#
        ),
        (
            .shiftEndChanged(ana, nil, by: nil), PushContext(),
            #""shiftEnd.changed" {"agent":7}"#
        ),
        (.shiftEnded(ana), PushContext(), #""shift.ended" {"agent":7}"#),
        (
            .profileChanged(ana, by: sofia), PushContext(profile: profile),
            #""profile.changed" {"agent":7,"by":9,"profile":\#(profileJSON)}"#
        ),
        (
            .configurationChanged(by: .operator), PushContext(),
            #""configuration.changed" {"by":0}"#
        ),
        (
            .offerMade(
                conversation,
                Offer(agent: ana, deadline: Instant(milliseconds: 900), isTransfer: false), choice),
            PushContext(state: waiting),
            #"""
            "offer.made" {"conversation":5,"agent":7,"deadline":900,"isTransfer":false,
            "choice":\#(choiceJSON),"state":\#(waitingJSON)}
            """#
        ),
        (
            .offerMade(
                conversation,
                Offer(agent: ana, deadline: Instant(milliseconds: 900), isTransfer: true), nil),
            PushContext(),
            #"""
            "offer.made" {"conversation":5,"agent":7,"deadline":900,"isTransfer":true}
            """#
        ),
        (
            .offerEnded(conversation, ana, .declined(.notMyField)), PushContext(),
            #"""
            "offer.ended" {"conversation":5,"agent":7,"end":"declined","reason":"notMyField"}
            """#
        ),
        (
            .offerEnded(conversation, ana, .timedOut), PushContext(),
            #""offer.ended" {"conversation":5,"agent":7,"end":"timedOut"}"#
        ),
        (
            .offerEnded(conversation, ana, .withdrawn), PushContext(),
            #""offer.ended" {"conversation":5,"agent":7,"end":"withdrawn"}"#
        ),
        (
            .needsRelaxed(conversation, steps: 2), PushContext(),
            #""needs.relaxed" {"conversation":5,"steps":2}"#
        ),
        (
            .needsChanged(conversation, by: sofia), PushContext(state: waiting),
            #""needs.changed" {"conversation":5,"by":9,"state":\#(waitingJSON)}"#
        ),
        (
            .priorityChanged(conversation, priority: 3, by: sofia), PushContext(),
            #""priority.changed" {"conversation":5,"priority":3,"by":9}"#
        ),
        (
            .priorityChanged(conversation, priority: nil, by: sofia), PushContext(),
            #""priority.changed" {"conversation":5,"by":9}"#
        ),
        (
            .queueTurned(
                QueueID(2), isOpen: false, until: Instant(milliseconds: 900), by: sofia),
            PushContext(), #""queue.closed" {"queue":2,"until":900,"by":9}"#
        ),
        (
            .queueTurned(QueueID(2), isOpen: true, until: nil, by: nil),
            PushContext(), #""queue.opened" {"queue":2}"#
        ),
        (
            .queueHoursSet(
                QueueID(2), next: Instant(milliseconds: 900),
                knownUntil: Instant(milliseconds: 9_000)),
            PushContext(), #""queue.hours" {"queue":2,"next":900,"knownUntil":9000}"#
        ),
        (
            .priorityChanged(conversation, priority: 3, by: nil), PushContext(),
            #""priority.changed" {"conversation":5,"priority":3}"#
        ),
        (
            .targetWarned(
                conversation, .reply, deadline: Instant(milliseconds: 900), callsSupervisor: true),
            PushContext(),
            #"""
            "target.warned" {"conversation":5,"deadline":900,"kind":"reply","callsSupervisor":true}
            """#
        ),
        (
            .targetBreached(conversation, .firstResponse, callsSupervisor: false), PushContext(),
            #"""
            "target.breached" {"conversation":5,"kind":"firstResponse","callsSupervisor":false}
            """#
        ),
        (
            .targetMet(conversation, .reply, isLate: true), PushContext(),
            #""target.met" {"conversation":5,"kind":"reply","isLate":true}"#
        ),
        (
            .ownerChanged(
                Handoff(
                    conversation: conversation, number: 3, from: .queue(QueueID(1)),
                    to: .agent(ana), reason: .assignedOverCapacity, by: sofia, choice: choice)),
            PushContext(),
            #"""
            "owner.changed" {"conversation":5,"number":3,"from":{"kind":"queue","id":1},
            "to":{"kind":"agent","id":7},"reason":"assignedOverCapacity","by":9,
            "choice":\#(choiceJSON)}
            """#
        ),
    ]

    /// One queue with all that can be told of it, one without, and two promises.
    static let service = ServiceNotice(
        queues: [
            ServiceNotice.QueueCard(
                state: QueueState(
                    queue: QueueID(2), isOpen: false, openTime: 5,
                    countedAt: Instant(milliseconds: 6),
                    hours: QueueHours(
                        queue: QueueID(2), periods: [], knownUntil: Instant(milliseconds: 9)),
                    order: QueueOrder(isOpen: false, until: nil, by: sofia),
                    targets: TargetCounts(since: Instant(milliseconds: 7), met: 3, late: 1)),
                next: Instant(milliseconds: 900)),
            ServiceNotice.QueueCard(
                state: QueueState(
                    queue: QueueID(3), isOpen: true, openTime: 5,
                    countedAt: Instant(milliseconds: 6)), next: nil),
        ],
        promises: [
            ServiceNotice.Promise(
                conversation: conversation,
                target: Target(
                    kind: .reply, since: Instant(milliseconds: 1), due: 9, warning: 1,
                    stage: .warned), deadline: Instant(milliseconds: 950))
        ], unserved: [Unserved(queue: QueueID(3), isWhole: true, waiting: 4)])

    /// One agent with every obstacle, farthest first.
    static let explanation = ExplanationDocument(
        Explanation(
            conversation: conversation, version: 4, entry: QueueID(3),
            needs: [SkillLevel(SkillID(6), 2)],
            place: Explanation.Place(
                inLine: 1, inQueue: 3, rank: Instant(milliseconds: 700)),
            withheld: Withholding.allCases, offeredTo: nil,
            candidates: obstacles.enumerated().map {
                Explanation.Candidate(agent: AgentID(Int64($0.offset + 1)), obstacle: $0.element)
            }, next: [ana, sofia], order: .leastShare), past: past)

    /// What led to it: an old choice, and one that passed somebody over.
    private static let past: [EventRecord] = [
        Event.offerMade(
            conversation,
            Offer(agent: ana, deadline: Instant(milliseconds: 900), isTransfer: false), choice),
        .offerEnded(conversation, ana, .timedOut),
        .ownerChanged(
            Handoff(
                conversation: conversation, number: 2, from: .queue(QueueID(1)),
                to: .agent(sofia), reason: .assigned, choice: overAna)),
        .targetWarned(
            conversation, .firstResponse, deadline: Instant(milliseconds: 900),
            callsSupervisor: true),
        .targetBreached(conversation, .firstResponse, callsSupervisor: false),
        .targetMet(conversation, .reply, isLate: true),
        .announcementWritten(
            conversation, MessageID(46), JobID(46), .waiting(position: 2, minutes: 5)),
    ].enumerated().map { place, event in
        EventRecord(
            number: Int64(40 + place), at: Instant(milliseconds: 800), epoch: 2, event: event,
            audience: [ana])
    }
    private static let overAna = Choice(
        version: 4, waiting: 1, onDuty: 2, ready: 2, relaxed: 0, runnerUp: nil,
        order: .longestIdle,
        others: Choice.Others(
            unfit: 3, ahead: 1, passedOverCount: 1,
            passedOver: [
                Choice.PassedOver(agent: ana, hindrance: .reservedForAnother(sofia))
            ]))
    static let pastJSON = """
        [{"seq":40,"at":800,"kind":"offer.made","conversation":5,"agent":7,"deadline":900,\
        "isTransfer":false,"choice":\(choiceJSON)},\
        {"seq":41,"at":800,"kind":"offer.ended","conversation":5,"agent":7,"end":"timedOut"},\
        {"seq":42,"at":800,"kind":"owner.changed","conversation":5,"number":2,\
        "from":{"kind":"queue","id":1},"to":{"kind":"agent","id":9},"reason":"assigned",\
        "choice":{"version":4,"waiting":1,"onDuty":2,"ready":2,"relaxed":0,\
        "order":"longestIdle"},\
        "others":{"unfit":3,"ahead":1,"passedOverCount":1,"passedOver":[{"agent":7,\
        "obstacle":{"kind":"reservedForAnother","agent":9}}]}},\
        {"seq":43,"at":800,"kind":"target.warned","conversation":5,"deadline":900,\
        "promise":"firstResponse","callsSupervisor":true},\
        {"seq":44,"at":800,"kind":"target.breached","conversation":5,"promise":"firstResponse",\
        "callsSupervisor":false},\
        {"seq":45,"at":800,"kind":"target.met","conversation":5,"promise":"reply","isLate":true},\
        {"seq":46,"at":800,"kind":"message.announced","conversation":5,"message":46,"job":46,\
        "announcement":{"kind":"waiting","position":2,"minutes":5}}]
        """

    static let obstacles: [Obstacle?] = [
        .barred, .otherCompartment, .otherQueue, .lacks(SkillLevel(SkillID(6), 2)), .notOnDuty,
        .noRoom(load: 2, capacity: 3, weight: 2), .roomIsReserved, .declined,
        .reservedForAnother(AgentID(2)), nil,
    ]
}

@Suite struct RoutingFrameTests {
    @Test("Queues and promises are told with what there is to tell")
    func service() throws {
        let frame = RoutingFrames.service.encode()
        #expect(
            try foreignObject(frame)
                == foreignObject(
                    bytes(
                        #"""
                        {"jsonrpc":"2.0","method":"service","params":{"queues":[
                        {"queue":2,"isOpen":false,"hasHours":true,"next":900,"orderedBy":9,
                        "since":7,"met":3,"late":1},{"queue":3,"isOpen":true,"hasHours":false}],
                        "promises":[{"conversation":5,"kind":"reply","stage":"warned",
                        "deadline":950}],
                        "unserved":[{"queue":3,"isWhole":true,"waiting":4}]}}
                        """#)), "\(String(decoding: frame, as: UTF8.self))")
    }

    @Test("An explanation names the nearest agents first")
    func explanation() throws {
        let frame = RoutingFrames.explanation.encode()
        #expect(
            try foreignObject(frame)
                == foreignObject(
                    bytes(
                        #"""
                        {"conversation":5,"version":4,"entry":3,"position":1,"queuePosition":3,"rank":700,
                        "withheld":["queueIsClosed","isPulled","nobodyCould"],"next":[7,9],"omitted":0,
                        "order":"leastShare",
                        "needs":[{"skill":6,"level":2,"isFirm":false}],"candidates":[{"agent":10},
                        {"agent":7,"obstacle":{"kind":"roomIsReserved"}},
                        {"agent":8,"obstacle":{"kind":"declined"}},
                        {"agent":9,"obstacle":{"kind":"reservedForAnother","agent":2}},
                        {"agent":6,"obstacle":{"kind":"noRoom","load":2,"capacity":3,"weight":2}},
                        {"agent":5,"obstacle":{"kind":"notOnDuty"}},
                        {"agent":4,"obstacle":{"kind":"lacks","skill":6,"level":2}},
                        {"agent":3,"obstacle":{"kind":"otherQueue"}},
                        {"agent":1,"obstacle":{"kind":"barred"}},
                        {"agent":2,"obstacle":{"kind":"otherCompartment"}}],
                        "past":\#(RoutingFrames.pastJSON)}
                        """#)), "\(String(decoding: frame, as: UTF8.self))")
    }

    @Test("Of very many agents the farthest are left out and counted")
    func omitted() throws {
        var many = RoutingFrames.explanation
        many.explanation = Explanation(
            conversation: ConversationID(5), version: 4, entry: QueueID(1), needs: [], place: nil,
            withheld: [], offeredTo: nil,
            candidates: (1...Int64(WireLimits.candidates + 7)).map {
                Explanation.Candidate(
                    agent: AgentID($0), obstacle: $0 == 501 ? nil : .notOnDuty)
            }, next: [])
        let object = try foreignObject(many.encode())
        let candidates = try #require(object["candidates"] as? [[String: Any]])
        #expect(object["omitted"] as? Int == 7)
        #expect(candidates.count == WireLimits.candidates)
        #expect(candidates.first?["agent"] as? Int == 501)
    }

    @Test("Who may be taken is told without a customer and without text")
    func takeable() throws {
        #expect(
            try foreignObject(ConsoleNotice.takeable([RoutingFrames.waiting]))
                == foreignObject(
                    bytes(
                        #"""
                        {"jsonrpc":"2.0","method":"takeable","params":{"conversations":
                        [{"id":5,"queue":1,"waitingSince":10,"priority":3}]}}
                        """#)))
    }
}
