import Desk

/// A desk with several queues and groups of agents, small enough for another simulator to be told the
/// same in its own words (`Tests/theory/compare_with_ciw.py`).
struct SkillCase {
    struct Group {
        let agents: Int
        let skills: [SkillLevel]
    }

    let name: String
    /// In the order in which customers are numbered: the entry of the first class is the first queue.
    let queues: [Queue]
    let groups: [Group]
    /// The work that each class brings, in agents that it would keep busy.
    let loads: [Double]
    var ageing: Int64 = 0

    /// The mean service in the desk's milliseconds. A day is stretched so that in a whole run no two
    /// things happen at the same one: in which order they are then taken is a matter of taste.
    static let meanService: Int64 = 10_000_000
    /// How many customers come.
    static let customers = 20_000

    var configuration: Configuration {
        let skills = Set(groups.flatMap { $0.skills.map(\.skill) }).sorted()
        return Configuration(
            skills: skills.map { Skill(id: $0, name: "skill \($0.number)") }, queues: queues,
            ageing: ageing)
    }

    static let all = [
        priorities, ageing, overflow, skills, relaxations, everything,
    ]

    private static let (first, second) = (QueueID(1), QueueID(2))

    /// This many mean services.
    private static func services(_ count: Double) -> Int64 {
        Int64((count * Double(meanService)).rounded())
    }

    private static func skill(_ number: Int64, _ level: Int = 1) -> SkillLevel {
        SkillLevel(SkillID(number), level)
    }

    /// Equal agents; one class goes before the other, however long that has waited.
    private static var priorities: SkillCase {
        SkillCase(
            name: "priorities",
            queues: [
                Queue(id: first, name: "first", priority: 1), Queue(id: second, name: "second"),
            ], groups: [Group(agents: 8, skills: [])], loads: [2.8, 4],
            ageing: Limits.longestWait)
    }

    /// Equal agents; a level of priority is worth half a service of waiting.
    private static var ageing: SkillCase {
        SkillCase(
            name: "ageing",
            queues: [
                Queue(id: first, name: "first", priority: 3), Queue(id: second, name: "second"),
            ], groups: [Group(agents: 8, skills: [])], loads: [2.8, 4.2], ageing: services(0.5))
    }

    /// Each class has its own agents; who has waited half a service in the first queue goes on in
    /// the second.
    private static var overflow: SkillCase {
        SkillCase(
            name: "overflow",
            queues: [
                Queue(
                    id: first, name: "first", needs: [skill(1)],
                    overflow: Overflow(to: second, afterWait: services(0.5))),
                Queue(id: second, name: "second", needs: [skill(2)]),
            ],
            groups: [Group(agents: 4, skills: [skill(1)]), Group(agents: 6, skills: [skill(2)])],
            loads: [3.8, 4.2])
    }

    /// Two skills: some agents have the one, some the other, some both.
    private static var skills: SkillCase {
        SkillCase(
            name: "skills",
            queues: [
                Queue(id: first, name: "first", needs: [skill(1)]),
                Queue(id: second, name: "second", needs: [skill(2)]),
            ],
            groups: [
                Group(agents: 4, skills: [skill(1)]), Group(agents: 3, skills: [skill(2)]),
                Group(agents: 3, skills: [skill(1), skill(2)]),
            ], loads: [4.9, 3.8])
    }

    /// The first class asks for experts, after a third of a service for anybody.
    private static var relaxations: SkillCase {
        SkillCase(
            name: "relaxations",
            queues: [
                Queue(
                    id: first, name: "first", needs: [skill(1, 3)],
                    relaxations: [Relaxation(after: services(0.3), lowering: 2)]),
                Queue(id: second, name: "second", needs: [skill(1)]),
            ],
            groups: [
                Group(agents: 3, skills: [skill(1, 5)]), Group(agents: 5, skills: [skill(1)]),
            ],
            loads: [3.2, 3.6])
    }

    /// Two skills with levels, three groups, priority with ageing, a relaxation and then an overflow.
    private static var everything: SkillCase {
        SkillCase(
            name: "everything",
            queues: [
                Queue(
                    id: first, name: "first", priority: 1, needs: [skill(1, 3)],
                    relaxations: [Relaxation(after: services(0.3), lowering: 2)],
                    overflow: Overflow(to: second, afterWait: services(0.7))),
                Queue(id: second, name: "second", needs: [skill(2)]),
            ],
            groups: [
                Group(agents: 3, skills: [skill(1, 5)]), Group(agents: 3, skills: [skill(2)]),
                Group(agents: 3, skills: [skill(1), skill(2, 2)]),
            ], loads: [4, 3.9], ageing: services(0.4))
    }
}

/// A fault put on purpose between such a case and the desk, to prove that the comparison finds it.
enum SkillPlant: String, CaseIterable {
    /// Everybody can do everything.
    case everySkill
    /// No queue goes before another.
    case noPriority
    /// A level of priority is worth a tenth more waiting.
    case olderPriority
    /// Nothing is ever relaxed.
    case neverRelax
    /// Nothing ever overflows.
    case neverOverflow
    /// The desk hears of each closing late, by a thousandth of the mean service.
    case lateClosing

    func change(_ configuration: inout Configuration) {
        for index in configuration.queues.indices {
            switch self {
            case .noPriority: configuration.queues[index].priority = 0
            case .neverRelax: configuration.queues[index].relaxations = []
            case .neverOverflow: configuration.queues[index].overflow = nil
            case .everySkill, .olderPriority, .lateClosing: break
            }
        }
        if self == .olderPriority {
            configuration.ageing = min(configuration.ageing * 11 / 10, Limits.longestWait)
        }
    }
}
