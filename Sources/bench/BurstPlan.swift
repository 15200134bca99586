/// What the desk of W3 routes by: eight queues, four skills at several levels, priorities.
///
/// A queue that has its share sends newcomers on to the next, so that the customers' messages, which
/// all come in by one page, come to wait in all of them.
struct BurstPlan {
    /// Who asks for what, and how urgently.
    struct Queue {
        let number: Int
        let skill: Int
        let level: Int
        let priority: Int
    }

    static let queueCount = 8
    /// Agents differ in their skills in this many ways.
    static let kindsOfAgents = 8
    static let skillCount = 4
    /// What a level of priority is worth, in milliseconds: little enough that urgency and waiting
    /// both count.
    static let ageing = 1_000
    /// Profiles in one request: the administration takes bodies of up to 1 MiB.
    static let profilesAtOnce = 4_000
    /// Neither ascending nor descending, so that the order is not that of the queues.
    private static let priorities = [0, 4, 2, 6, 1, 5, 3, 7]

    static let queues = (0..<queueCount).map {
        Queue(
            number: $0 + 1, skill: $0 % skillCount + 1, level: $0 < skillCount ? 1 : 3,
            priority: priorities[$0])
    }

    let conversations: Int
    let agents: Int

    /// How well this agent (the first is 1) has each skill: an expert in one, some in another.
    static func levels(of agent: Int) -> [Int] {
        var levels = [Int](repeating: 0, count: skillCount)
        levels[agent % skillCount] = 5
        levels[(agent + 1) % skillCount] = (agent / skillCount) % 2 == 0 ? 3 : 1
        return levels
    }

    /// The queues that this agent may be given conversations of, by place.
    static func queues(of agent: Int) -> [Int] {
        let levels = levels(of: agent)
        return queues.indices.filter { levels[queues[$0].skill - 1] >= queues[$0].level }
    }

    /// Bodies for the administration, to be sent one after the other.
    var documents: [String] {
        stride(from: 1, through: agents, by: Self.profilesAtOnce).map { first in
            let last = min(agents, first + Self.profilesAtOnce - 1)
            let profiles = (first...last).map { profile(of: $0) }.joined(separator: ",")
            return #"{"configuration":\#(configuration),"profiles":[\#(profiles)]}"#
        }
    }

    private var configuration: String {
        let skills = (1...Self.skillCount).map { #"{"id":\#($0),"name":"Skill \#($0)"}"# }
        let queues = Self.queues.map { document(of: $0) }
        return #"{"version":0,"skills":[\#(skills.joined(separator: ","))],"kinds":[],"#
            + #""grades":[],"queues":[\#(queues.joined(separator: ","))],"entry":1,"#
            + #""ageing":\#(Self.ageing),"heavyWork":"isPassed","missedOffers":2,"#
            + #""transferTimeout":60000}"#
    }

    private func document(of queue: Queue) -> String {
        let share = (conversations + Self.queueCount - 1) / Self.queueCount
        let overflow =
            queue.number == Self.queueCount
            ? "" : #","overflow":{"to":\#(queue.number + 1),"atLength":\#(share)}"#
        let need = #"{"skill":\#(queue.skill),"level":\#(queue.level),"isFirm":true}"#
        return #"{"id":\#(queue.number),"name":"Queue \#(queue.number)","#
            + #""priority":\#(queue.priority),"needs":[\#(need)],"relaxations":[],"#
            + #""handing":{"push":{}},"stickiness":0\#(overflow)}"#
    }

    private func profile(of agent: Int) -> String {
        let skills = Self.levels(of: agent).enumerated().filter { $0.element > 0 }.map {
            #"{"skill":\#($0.offset + 1),"level":\#($0.element),"isFirm":false}"#
        }
        return #"{"agent":\#(agent),"profile":{"skills":[\#(skills.joined(separator: ","))],"#
            + #""compartments":[],"barred":[]}}"#
    }
}
