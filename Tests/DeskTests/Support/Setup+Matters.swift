import Desk

/// What the histories of a small setup are about: each has inputs of its own, and of the main ones
/// those that it meets.
enum Matter: Sendable {
    /// Queues open and close, by their hours and by order.
    case hours
    /// Promises are kept, warned of and broken.
    case targets
    /// The same while the queue that promises opens and closes.
    case targetsAndClosings
    /// Agents are for other things, conversations ask for others.
    case skills
    /// Agents write up, say why they are away, and their shifts end.
    case attendance

    /// Whether moments are compared to the millisecond: what is counted in opening time ends at one
    /// that is no sum of the lengths of ``Form``.
    var isExact: Bool { self == .targetsAndClosings }

    var longest: Int {
        switch self {
        case .hours, .attendance: 4
        case .targets, .targetsAndClosings, .skills: 5
        }
    }

    func inputs(in scene: Scene) -> [Input] {
        let rows = scene.shelf.conversations.values.sorted { $0.id < $1.id }
        var inputs: [Input] = Setup.threads.prefix(min(rows.count + 1, 2)).map { .wrote($0) }
        if scene.desk.nextDeadline != nil { inputs.append(.clockReached) }
        switch self {
        case .hours:
            inputs += Self.presences(scene, [.available, .away])
            inputs += Self.turns(of: [queue, Setup.second], scene) + Self.hours(scene)
            for row in rows where row.isOpen { inputs += Self.answers(row) + Self.moves(row) }
        case .targets:
            inputs += Self.presences(scene, [.available, .away])
            for row in rows where row.isOpen {
                inputs += Self.replies(row) + Self.moves(row)
                let priority = row.routing.priority == nil ? 5 : nil
                inputs.append(.prioritySet(row.id, priority, by: sofia))
            }
        case .targetsAndClosings:
            inputs += Self.turns(of: [queue], scene)
            for row in rows where row.isOpen { inputs += Self.replies(row) }
        case .skills:
            inputs += Self.presences(scene, [.available, .away]) + Self.profiles(scene, rows)
            for row in rows where row.isOpen { inputs += Self.needs(of: row) + Self.moves(row) }
        case .attendance:
            inputs += Self.presences(scene, Presence.allCases) + Self.shifts(scene)
            inputs.append(.epochBegan)
            for row in rows where row.isOpen { inputs += Self.moves(row) }
        }
        return inputs
    }

    // MARK: What happens

    private static func presences(_ scene: Scene, _ presences: [Presence]) -> [Input] {
        Setup.agents.flatMap { id in
            presences.filter { $0 != scene.desk.agent(id)?.presence }.map { .presenceSet(id, $0) }
        }
    }

    /// An offer is answered.
    private static func answers(_ row: Conversation) -> [Input] {
        guard let offer = row.routing.offer else { return [] }
        return [.offerAccepted(offer.agent, row.id), .offerDeclined(offer.agent, row.id, .busy)]
    }

    /// It is let go of, passed on, or put elsewhere.
    private static func moves(_ row: Conversation) -> [Input] {
        let queues = [queue, Setup.second]
        var inputs: [Input] = queues.map { .conversationMoved(row.id, $0, by: sofia) }
        guard case .agent(let owner) = row.owner else { return inputs }
        inputs += [.conversationClosed(owner, row.id), .transferOrdered(owner, row.id, .bot)]
        inputs += queues.map { .transferOrdered(owner, row.id, .queue($0)) }
        inputs += Setup.agents.filter { $0 != owner }.map {
            .transferOrdered(owner, row.id, .agent($0, isWarm: false))
        }
        return inputs
    }

    private static func replies(_ row: Conversation) -> [Input] {
        guard case .agent(let owner) = row.owner else { return [] }
        return [
            .agentReplied(owner, row.id, textDigest: text(1)), .conversationRead(owner, row.id),
            .conversationClosed(owner, row.id), .transferOrdered(owner, row.id, .queue(queue)),
        ]
    }

    /// Queues are closed and opened, for a while or until something else is said.
    private static func turns(of queues: [QueueID], _ scene: Scene) -> [Input] {
        let until = later(than: scene, by: 15)
        return queues.flatMap { queue -> [Input] in
            [nil, until].flatMap { until -> [Input] in
                [
                    .queueClosed(queue, until: until, by: sofia),
                    .queueOpened(queue, until: until, by: sofia),
                ]
            }
        }
    }

    /// Other hours are told: of one queue, and of both.
    private static func hours(_ scene: Scene) -> [Input] {
        let version = scene.shelf.configuration.version
        let open = Setup.hours(queue, [(0, 20), (30, 60)], after: scene.now)
        let closed = Setup.hours(queue, [(25, 40)], after: scene.now)
        let other = Setup.hours(Setup.second, [(0, 10), (40, 60)], after: scene.now)
        return [
            .hoursComputed([open], version: version),
            .hoursComputed([closed, other], version: version),
        ]
    }

    /// Agents become somebody else: with and without skills, of one queue, barred, let into more.
    private static func profiles(_ scene: Scene, _ rows: [Conversation]) -> [Input] {
        let able = [SkillLevel(Setup.skill, 3)]
        let barred = rows.prefix(1).map(\.customer)
        let all = [
            Profile(), Profile(skills: able), Profile(queues: [Setup.second], skills: able),
            Profile(skills: able, compartments: [Setup.compartment]),
            Profile(skills: able, barred: Array(barred)),
        ]
        return Setup.agents.flatMap { id in
            all.filter { $0 != scene.desk.agent(id)?.profile }.map {
                .profileSet(id, $0, by: sofia)
            }
        }
    }

    /// A conversation asks for more, and firmly, or is somebody's whom few may serve.
    private static func needs(of row: Conversation) -> [Input] {
        let firm = [SkillLevel(Setup.skill, 2, isFirm: true)]
        let all: [([SkillLevel], CompartmentID?)] = [
            ([], nil), ([SkillLevel(Setup.skill, 4)], nil), (firm, nil), ([], Setup.compartment),
        ]
        return all.filter { $0 != (row.routing.needs, row.routing.compartment) }.map {
            .needsSet(row.id, $0, $1, by: sofia)
        }
    }

    /// So many seconds after the moment of the step itself, like all that steps bring about.
    private static func later(than scene: Scene, by seconds: Int64) -> Instant {
        scene.now.adding(milliseconds: seconds * Setup.unit + 1)
    }

    /// Wrap-ups are extended, shifts end, connections are lost.
    private static func shifts(_ scene: Scene) -> [Input] {
        Setup.agents.flatMap { id -> [Input] in
            let isConnected = scene.desk.agent(id)?.isConnected == true
            return [
                isConnected ? .disconnected(id) : .connected(id), .wrapUpExtended(id),
                .shiftEndSet(id, later(than: scene, by: 20), by: nil),
                .shiftEndSet(id, nil, by: sofia),
                .presenceSet(id, .away, reason: AwayReasonID(1)),
            ]
        }
    }
}

extension Setup {
    static let skill = SkillID(1)
    static let compartment = CompartmentID(1)

    /// Open for these stretches of seconds from the whole second of a moment on.
    static func hours(
        _ queue: QueueID, _ stretches: [(from: Int64, until: Int64)], after moment: Instant
    ) -> QueueHours {
        let start = moment.milliseconds / unit * unit
        let periods = stretches.map { from, until in
            OpenPeriod(
                from: Instant(milliseconds: start + from * unit),
                until: Instant(milliseconds: start + until * unit))
        }
        return QueueHours(
            queue: queue, periods: periods, knownUntil: Instant(milliseconds: start + 600 * unit))
    }

    /// Offers out of a queue with hours, whose overflow takes what comes while it is closed; the other
    /// has hours of its own, and a list of nobody else's.
    private static let ofHours: Setup = {
        let week = Hours(
            timeZone: "Europe/Madrid",
            weekly: [WeeklyPeriod(day: 1, opens: .startOfDay, closes: .endOfDay)])
        return Setup(
            testDescription: "hours and orders of two queues",
            configuration: Configuration(
                queues: [
                    Queue(
                        id: queue, name: "offers", handing: .offer(timeout: 10_000),
                        overflow: Overflow(to: second, afterWait: 45_000, whenClosed: true),
                        hours: week),
                    Queue(id: second, name: "given", hours: week),
                ], missedOffers: 2, transferTimeout: 12_000),
            profiles: [], capacity: 1, given: ready + [.wrote(maria)], usualLength: 3,
            fewest: 5_000, matter: .hours)
    }()

    /// Both queues promise, one in two steps; what is promised escalates from one to the other.
    private static func ofTargets(
        _ name: String, _ matter: Matter, _ usualLength: Int, _ fewest: Int
    ) -> Setup {
        let usual = ServiceTarget(
            firstResponse: 20_000, reply: 15_000, warning: 5_000,
            onWarning: Escalation(priority: 2),
            onBreach: Escalation(priority: 4, queue: second, callsSupervisor: true))
        let urgent = ServiceTarget(
            fromPriority: 5, firstResponse: 12_000, onBreach: Escalation(queue: second))
        return Setup(
            testDescription: name,
            configuration: Configuration(
                queues: [
                    Queue(id: queue, name: "promises", targets: [usual, urgent]),
                    Queue(
                        id: second, name: "second",
                        targets: [ServiceTarget(firstResponse: 30_000, reply: 25_000)]),
                ], ageing: 15_000),
            profiles: [], capacity: 1, given: [.presenceSet(ana, .available), .wrote(maria)],
            usualLength: usualLength, fewest: fewest, matter: matter)
    }

    /// One queue asks for a skill, less and less; agents and conversations change.
    private static let ofSkills = Setup(
        testDescription: "skills, profiles, needs",
        configuration: Configuration(
            skills: [Skill(id: skill, name: "fraud")],
            queues: [
                Queue(
                    id: queue, name: "skilled", needs: [SkillLevel(skill, 2)],
                    relaxations: [
                        Relaxation(after: 10_000, lowering: 1),
                        Relaxation(after: 20_000, lowering: 5),
                    ]),
                Queue(id: second, name: "any"),
            ]),
        profiles: [AgentProfile(agent: ana, profile: Profile(skills: [SkillLevel(skill, 3)]))],
        capacity: 1, given: ready + [.wrote(maria)], usualLength: 3, fewest: 8_000,
        matter: .skills)

    /// Two queues with wrap-ups of different lengths.
    private static let ofAttendance = Setup(
        testDescription: "wrap-ups, shifts, reasons",
        configuration: Configuration(
            queues: [
                Queue(
                    id: queue, name: "long", wrapUp: WrapUpTime(time: 10_000, maximum: 25_000)),
                Queue(
                    id: second, name: "short", wrapUp: WrapUpTime(time: 5_000, maximum: 30_000)),
            ], awayReasons: [AwayReason(id: AwayReasonID(1), name: "lunch")]),
        profiles: [], capacity: 2, given: ready + [.wrote(maria), .wrote(jorge)], usualLength: 3,
        fewest: 10_000, matter: .attendance)

    static let matters: [Setup] = [
        ofHours, ofTargets("promises", .targets, 4, 20_000),
        ofTargets("promises in opening time", .targetsAndClosings, 4, 10_000), ofSkills,
        ofAttendance,
    ]
}
