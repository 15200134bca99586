import Desk
import Testing

@Suite("What the desk routes by")
struct ConfigurationTests {
    /// Two skills, one kind of work, one grade and two queues: valid.
    static var valid: Configuration {
        var all = Configuration()
        all.skills = [
            Skill(id: SkillID(1), name: "German"), Skill(id: SkillID(2), name: "Fraud"),
        ]
        all.kinds = [WorkKind(id: WorkKindID(1), name: "case", weight: 2)]
        all.grades = [
            Grade(id: GradeID(1), name: "trainee", weights: [.init(kind: WorkKindID(1), weight: 3)])
        ]
        all.queues = [
            Queue(id: QueueID(1), name: "Service"), Queue(id: QueueID(2), name: "Fraud"),
        ]
        return all
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: Rejection.Code
        let field: String
        let spoil: @Sendable (inout Configuration) -> Void

        init(
            _ name: String, _ code: Rejection.Code, _ field: String,
            spoil: @escaping @Sendable (inout Configuration) -> Void
        ) {
            testDescription = name
            self.code = code
            self.field = field
            self.spoil = spoil
        }
    }

    static let faults: [Fault] = [
        Fault("two queues of one number", .duplicated, "queues[1].id") {
            $0.queues[1].id = QueueID(1)
        },
        Fault("two skills of one number", .duplicated, "skills[1].id") {
            $0.skills[1].id = SkillID(1)
        },
        Fault("an entry that is no queue", .notFound, "entry") { $0.entry = QueueID(9) },
        Fault("a page that begins nowhere", .notFound, "entries[0].queue") {
            $0.entries = [EntryRule(page: "5", queue: QueueID(9))]
        },
        Fault("a rule about nothing", .outOfRange, "entries[0]") {
            $0.entries = [EntryRule(queue: QueueID(1))]
        },
        Fault("a page without a name", .outOfRange, "entries[0].page") {
            $0.entries = [EntryRule(page: "", queue: QueueID(1))]
        },
        Fault("a page with what no text may hold", .outOfRange, "entries[0].page") {
            $0.entries = [EntryRule(page: "5\u{0}", queue: QueueID(1))]
        },
        Fault("a page that begins twice", .duplicated, "entries[1]") {
            $0.entries = [1, 2].map { EntryRule(page: "5", queue: QueueID($0)) }
        },
        Fault("a channel that weighs nothing", .outOfRange, "kinds[0].channels[0].weight") {
            $0.kinds[0].channels = [ChannelWeight(channel: .whatsApp, weight: 0)]
        },
        Fault("a channel that weighs twice", .duplicated, "kinds[0].channels[1].channel") {
            $0.kinds[0].channels = [1, 2].map { ChannelWeight(channel: .whatsApp, weight: $0) }
        },
        Fault("a grade's channel twice", .duplicated, "grades[0].weights[1].channel") {
            $0.grades[0].weights = [1, 2].map {
                .init(kind: WorkKindID(1), weight: $0, channel: .whatsApp)
            }
        },
        Fault("a grade of an unknown kind of work", .notFound, "grades[0].weights[0].kind") {
            $0.grades[0].weights[0].kind = WorkKindID(9)
        },
        Fault("a weight of nothing", .outOfRange, "kinds[0].weight") { $0.kinds[0].weight = 0 },
        Fault("ageing backwards", .outOfRange, "ageing") { $0.ageing = -1 },
        Fault("no offer may be missed", .outOfRange, "missedOffers") { $0.missedOffers = 0 },
        Fault("a transfer without time", .outOfRange, "transferTimeout") {
            $0.transferTimeout = 10
        },
        Fault("too urgent", .outOfRange, "queues[0].priority") { $0.queues[0].priority = 11 },
        Fault("an unknown skill", .notFound, "queues[1].needs[0].skill") {
            $0.queues[1].needs = [SkillLevel(SkillID(9), 1)]
        },
        Fault("a skill asked for twice", .duplicated, "queues[1].needs[1].skill") {
            $0.queues[1].needs = [SkillLevel(SkillID(1), 1), SkillLevel(SkillID(1), 2)]
        },
        Fault("a level that is none", .outOfRange, "queues[1].needs[0].level") {
            $0.queues[1].needs = [SkillLevel(SkillID(1), 6)]
        },
        Fault("an unknown kind of work", .notFound, "queues[0].kind") {
            $0.queues[0].kind = WorkKindID(9)
        },
        Fault("an offer of no time", .outOfRange, "queues[0].handing.timeout") {
            $0.queues[0].handing = .offer(timeout: 0)
        },
        Fault("a relaxation that comes no later", .neverEnds, "queues[0].relaxations[1].after") {
            $0.queues[0].relaxations = [
                Relaxation(after: 100, lowering: 1), Relaxation(after: 100, lowering: 2),
            ]
        },
        Fault(
            "a relaxation that asks for no less", .neverEnds, "queues[0].relaxations[1].lowering"
        ) {
            $0.queues[0].relaxations = [
                Relaxation(after: 100, lowering: 1), Relaxation(after: 200, lowering: 1),
            ]
        },
        Fault("an overflow to nowhere", .notFound, "queues[0].overflow.to") {
            $0.queues[0].overflow = Overflow(to: QueueID(9), afterWait: 100)
        },
        Fault("an overflow into itself", .circular, "queues[0].overflow.to") {
            $0.queues[0].overflow = Overflow(to: QueueID(1), afterWait: 100)
        },
        Fault("an overflow in a circle", .circular, "queues[0].overflow.to") {
            $0.queues[0].overflow = Overflow(to: QueueID(2), afterWait: 100)
            $0.queues[1].overflow = Overflow(to: QueueID(1), atLength: 5)
        },
        Fault("hours without any", .neverOpens, "queues[0].hours") {
            $0.queues[0].hours = Hours(timeZone: "Europe/Madrid", weekly: [])
        },
        Fault("hours of no place", .outOfRange, "queues[0].hours.timeZone") {
            $0.queues[0].hours = Hours(timeZone: "", weekly: OpeningTests.week.weekly)
        },
        Fault("two periods at once", .overlapping, "queues[0].hours.weekly[1]") {
            let whole = WeeklyPeriod(day: 1, opens: .startOfDay, closes: .endOfDay)
            $0.queues[0].hours = Hours(timeZone: "Europe/Madrid", weekly: [whole, whole])
        },
        Fault("a period backwards", .outOfRange, "queues[0].hours.weekly[0].closes") {
            $0.queues[0].hours = Hours(
                timeZone: "Europe/Madrid",
                weekly: [WeeklyPeriod(day: 1, opens: .endOfDay, closes: .startOfDay)])
        },
        Fault("an eighth day", .outOfRange, "queues[0].hours.weekly[0].day") {
            $0.queues[0].hours = Hours(
                timeZone: "Europe/Madrid",
                weekly: [WeeklyPeriod(day: 8, opens: .startOfDay, closes: .endOfDay)])
        },
        Fault("a promise of nothing", .neverEnds, "queues[0].targets[0]") {
            $0.queues[0].targets = [ServiceTarget()]
        },
        Fault("a warning before the start", .outOfRange, "queues[0].targets[0].warning") {
            $0.queues[0].targets = [ServiceTarget(firstResponse: 5_000, warning: 5_000)]
        },
        Fault("two targets for one priority", .duplicated, "queues[0].targets[1].fromPriority") {
            $0.queues[0].targets = [ServiceTarget(reply: 5_000), ServiceTarget(reply: 6_000)]
        },
        Fault("an escalation to nowhere", .notFound, "queues[0].targets[0].onBreach.queue") {
            $0.queues[0].targets = [
                ServiceTarget(reply: 5_000, onBreach: Escalation(queue: QueueID(9)))
            ]
        },
        Fault("an escalation into itself", .circular, "queues[0].targets[0].onWarning.queue") {
            $0.queues[0].targets = [
                ServiceTarget(reply: 5_000, onWarning: Escalation(queue: QueueID(1)))
            ]
        },
        Fault("a queue that nobody can serve", .unservable, "queues[1]") {
            $0.queues[1].needs = [SkillLevel(SkillID(2), 4)]
        },
        Fault("one that nobody can serve even after its relaxations", .unservable, "queues[1]") {
            $0.queues[1].needs = [SkillLevel(SkillID(2), 4, isFirm: true)]
            $0.queues[1].relaxations = [Relaxation(after: 100, lowering: 5)]
        },
        Fault("two compartments of one number", .duplicated, "compartments[1].id") {
            let one = Compartment(id: CompartmentID(3), name: "VIP")
            $0.compartments = [one, one]
        },
        Fault("a compartment without a number", .outOfRange, "compartments[0].id") {
            $0.compartments = [Compartment(id: CompartmentID(0), name: "VIP")]
        },
        Fault("a compartment without a name", .outOfRange, "compartments[0].name") {
            $0.compartments = [Compartment(id: CompartmentID(3), name: "")]
        },
        Fault("work that weighs more than anybody may hold", .unservable, "queues[1].kind") {
            $0.kinds[0].weight = 4
            $0.queues[1].kind = WorkKindID(1)
        },
        Fault("a queue taken away from those who wait in it", .wrongState, "queues") {
            $0.queues.removeFirst()
            $0.entry = QueueID(2)
        },
    ]

    @Test("What could not work is refused, naming the field", arguments: faults)
    func refused(fault: Fault) {
        var scene = Scene.talking()
        var wanted = Self.valid
        fault.spoil(&wanted)
        let handled = scene.handle(.configurationSet(wanted, by: sofia))
        #expect(handled.rejection == Rejection(fault.code, field: fault.field))
        #expect(scene.desk.configuration == Configuration())
        #expect(scene.auditor.violations.isEmpty)
    }

    @Test("It is in force from its event on, under that event's number, and survives a reload")
    func inForce() {
        var scene = Scene.talking()
        let before = scene.desk.lastEvent
        scene.run([.configurationSet(Self.valid, by: sofia)])
        #expect(scene.desk.configuration.version == before + 1)
        scene.reload()
        #expect(scene.desk.configuration.queues.count == 2)
        #expect(scene.desk.configuration.version == before + 1)
    }

    @Test("A queue whose skills only the last relaxation drops can be served")
    func relaxable() {
        var scene = Scene.open()
        var wanted = Self.valid
        wanted.queues[1].needs = [SkillLevel(SkillID(2), 4)]
        wanted.queues[1].relaxations = [Relaxation(after: 100, lowering: 4)]
        scene.run([.configurationSet(wanted, by: sofia)])
        #expect(scene.auditor.violations.isEmpty)
    }

    static let profiles: [(Profile, Rejection.Code, String)] = [
        (Profile(grade: GradeID(9)), .notFound, "profile.grade"),
        (Profile(queues: [QueueID(1), QueueID(9)]), .notFound, "profile.queues[1]"),
        (Profile(skills: [SkillLevel(SkillID(9), 1)]), .notFound, "profile.skills[0].skill"),
        (Profile(skills: [SkillLevel(SkillID(1), 0)]), .outOfRange, "profile.skills[0].level"),
        (Profile(barred: (1...201).map { CustomerID($0) }), .outOfRange, "profile.barred"),
    ]

    @Test("A profile that names what is not configured is refused", arguments: profiles)
    func profile(profile: Profile, code: Rejection.Code, field: String) {
        var scene = Scene.open()
        scene.run([.configurationSet(Self.valid, by: sofia)])
        let handled = scene.handle(.profileSet(ana, profile, by: sofia))
        #expect(handled.rejection == Rejection(code, field: field))
    }
}
