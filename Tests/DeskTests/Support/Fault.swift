import Desk
import Testing

/// A fault put on purpose between a desk and its rows, to prove that an exploration finds it. The
/// desk carries no switch for it.
struct Fault: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// What is complained of.
    let complaint: String
    /// What the histories are about in which it is looked for.
    let matter: Matter?
    let change: @Sendable (inout DeskState) -> Void

    init(
        _ name: String, _ complaint: String, in matter: Matter? = nil,
        _ change: @escaping @Sendable (inout DeskState) -> Void
    ) {
        testDescription = name
        self.complaint = complaint
        self.matter = matter
        self.change = change
    }

    static func conversations(
        _ name: String, _ complaint: String, in matter: Matter? = nil,
        _ change: @escaping @Sendable (inout Conversation) -> Void
    ) -> Fault {
        Fault(name, complaint, in: matter) { state in
            for index in state.conversations.indices { change(&state.conversations[index]) }
        }
    }

    static func agents(
        _ name: String, _ complaint: String, in matter: Matter? = nil,
        _ change: @escaping @Sendable (inout Agent) -> Void
    ) -> Fault {
        Fault(name, complaint, in: matter) { state in
            for index in state.agents.indices { change(&state.agents[index]) }
        }
    }

    static func queues(
        _ name: String, _ complaint: String, in matter: Matter? = nil,
        _ change: @escaping @Sendable (inout Queue) -> Void
    ) -> Fault {
        Fault(name, complaint, in: matter) { state in
            for index in state.configuration.queues.indices {
                change(&state.configuration.queues[index])
            }
        }
    }

    static let all: [Fault] = [
        conversations("an offer is forgotten", "is offered twice") { $0.routing.offer = nil },
        agents("everybody's capacity is nine", "P3: ") { $0.capacity = 9 },
        agents("everybody has every skill", "P3: ") {
            $0.profile.skills = [SkillLevel(SkillID(1), 5)]
        },
        agents("skills are forgotten", "is free while") { $0.profile.skills = [] },
        agents("everybody serves every queue", "P3: ") { $0.profile.queues = nil },
        agents("who is idle longest is forgotten", "P4: it was the turn") {
            $0.idleSince = moment(0)
        },
        Fault("the order of turns is forgotten", "P4: it was the turn") {
            $0.configuration.turnOrder = nil
        },
        conversations("a priority is forgotten", "is before") { $0.routing.priority = nil },
        Fault("a priority is worth nothing", "is before") { $0.configuration.ageing = 0 },
        conversations("who declined is forgotten", "P3: ") { $0.routing.declined = [] },
        conversations("for whom it is kept is forgotten", "P3: ") {
            $0.routing.reservation = nil
        },
        Fault("heavy work is passed", "P3: ") { $0.configuration.heavyWork = .isPassed },
        queues("work weighs nothing", "P3: ") { $0.kind = nil },
        Fault("what channels weigh is forgotten", "is free while") { state in
            for index in state.configuration.kinds.indices {
                state.configuration.kinds[index].channels = nil
            }
        },
        Fault("where pages begin is forgotten", "page says") { $0.configuration.entries = nil },
        conversations("every channel is Messenger", "by what") { $0.origin.channel = .messenger },
        queues("nothing is ever relaxed", "relaxations") { $0.relaxations = [] },
        queues("no queue is ever full", "is put into a full queue") { $0.limit = nil },
        queues("nothing ever overflows", "should have overflowed") { $0.overflow = nil },
        queues("everything overflows at once", "too early") { $0.overflow?.afterWait = 1 },
        queues("a queue is full with one", "there is room in") { $0.overflow?.atLength = 1 },
        queues("less is asked for at once", "steps less") { queue in
            for place in queue.relaxations.indices { queue.relaxations[place].after = 1 }
        },
        agents("a grace lasts an hour longer", "deadline of") { agent in
            guard let deadline = agent.disconnectDeadline else { return }
            agent.disconnectDeadline = max(deadline, moment(3_600_000))
        },
        conversations("an offer stands for an hour", "offer of") { conversation in
            guard let offer = conversation.routing.offer else { return }
            conversation.routing.offer = Offer(
                agent: offer.agent, deadline: moment(3_600_000), isTransfer: offer.isTransfer)
        },
        conversations("handoffs are counted anew", "P6: the chain") { $0.handoffs = 0 },
        conversations("a handoff starts the clock anew", "P13: ") { conversation in
            if conversation.handoffs > 2 { conversation.waitingSince = moment(900_000) }
        },
    ]
}
