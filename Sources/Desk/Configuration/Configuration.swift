/// What a desk routes by: its skills, its queues and the rules between them. Changed as a whole while
/// the desk runs, by an input; every version is kept, and each is in force from its event on.
public struct Configuration: Equatable, Sendable, Codable {
    /// The number of the event that brought it into force; 0 for the one that a new desk starts with.
    public var version: Int64
    /// The skills that agents have and conversations ask for.
    public var skills: [Skill]
    /// The kinds of work, each with its weight.
    public var kinds: [WorkKind]
    /// The grades of agents, for whom kinds of work weigh differently.
    public var grades: [Grade]
    /// The queues.
    public var queues: [Queue]
    /// Where a conversation of a customer goes who was not sent elsewhere.
    public var entry: QueueID
    /// Where it goes instead when it comes by certain pages or channels; `nil`: nowhere else.
    public var entries: [EntryRule]?
    /// What one level of priority is worth, in milliseconds of waiting: a conversation of priority 2
    /// is taken before one of priority 1 that came up to this much earlier. So nobody starves.
    public var ageing: Int64
    /// What happens when the first who waits needs more room than an agent has.
    public var heavyWork: HeavyWork
    /// How many offers in a row an agent may let pass before they are set away.
    public var missedOffers: Int
    /// How long an agent has to answer a transfer that was offered to them, in milliseconds.
    public var transferTimeout: Int64
    /// Why agents may say that they are away, besides giving no reason; `nil`: nothing else.
    public var awayReasons: [AwayReason]?
    /// Whose turn it is among the agents who may be given a conversation; `nil`: the usual order.
    public var turnOrder: TurnOrder?
    /// What people call compartments; one that is not among them has only its number, so a name may be
    /// taken out while it is in use. `nil`: none has a name.
    public var compartments: [Compartment]?

    /// A configuration with these values.
    public init(
        version: Int64 = 0, skills: [Skill] = [], kinds: [WorkKind] = [], grades: [Grade] = [],
        queues: [Queue] = [Queue(id: QueueID(1), name: "Service")], entry: QueueID = QueueID(1),
        entries: [EntryRule]? = nil,
        ageing: Int64 = 300_000, heavyWork: HeavyWork = .isPassed, missedOffers: Int = 2,
        transferTimeout: Int64 = 60_000, awayReasons: [AwayReason]? = nil,
        turnOrder: TurnOrder? = nil, compartments: [Compartment]? = nil
    ) {
        self.version = version
        self.skills = skills
        self.kinds = kinds
        self.grades = grades
        self.queues = queues
        self.entry = entry
        self.entries = entries
        self.ageing = ageing
        self.heavyWork = heavyWork
        self.missedOffers = missedOffers
        self.transferTimeout = transferTimeout
        self.awayReasons = awayReasons
        self.turnOrder = turnOrder
        self.compartments = compartments
    }
}

/// What happens when the first who waits needs more room than an agent has left.
public enum HeavyWork: String, Sendable, CaseIterable, Codable {
    /// Lighter work behind it is given to the agent: nobody idles, and heavy work may wait longer.
    case isPassed
    /// The agent's room is kept for it: the order holds, and agents may idle. Nothing is kept for what
    /// needs more than the agent's whole capacity.
    case reservesRoom
}

/// Something that an agent can do and a conversation may ask for: a language, a product, fraud.
public struct Skill: Equatable, Sendable, Codable {
    /// Its number.
    public var id: SkillID
    /// What people call it.
    public var name: String

    /// A skill with these values.
    public init(id: SkillID, name: String) {
        self.id = id
        self.name = name
    }
}

/// A part of the customers whom only some agents may see: staff accounts, VIPs.
public struct Compartment: Equatable, Sendable, Codable {
    /// Its number.
    public var id: CompartmentID
    /// What people call it.
    public var name: String

    /// A compartment with these values.
    public init(id: CompartmentID, name: String) {
        self.id = id
        self.name = name
    }
}

/// A skill at a level: what somebody has, or what is asked for at least.
public struct SkillLevel: Hashable, Comparable, Sendable, Codable {
    /// Which skill.
    public var skill: SkillID
    /// How well: 1 (a little) to 5 (expert).
    public var level: Int
    /// Of a requirement: whether it never relaxes, however long the customer waits.
    public var isFirm: Bool

    /// This skill at this level.
    public init(_ skill: SkillID, _ level: Int, isFirm: Bool = false) {
        self.skill = skill
        self.level = level
        self.isFirm = isFirm
    }

    /// Orders by skill.
    public static func < (left: Self, right: Self) -> Bool {
        (left.skill, left.level) < (right.skill, right.level)
    }
}

/// A kind of work, by how much of an agent it takes.
public struct WorkKind: Equatable, Sendable, Codable {
    /// Its number.
    public var id: WorkKindID
    /// What people call it.
    public var name: String
    /// How many units of an agent's capacity it takes, unless their grade or its channel says otherwise.
    public var weight: Int
    /// Over which channels it takes another number of units; `nil`: over none.
    public var channels: [ChannelWeight]?

    /// A kind of work with these values.
    public init(id: WorkKindID, name: String, weight: Int, channels: [ChannelWeight]? = nil) {
        self.id = id
        self.name = name
        self.weight = weight
        self.channels = channels
    }
}

/// A grade of agents: a trainee, a senior.
public struct Grade: Equatable, Sendable, Codable {
    /// What one kind of work takes of an agent of this grade.
    public struct Weight: Equatable, Sendable, Codable {
        /// Which kind of work.
        public var kind: WorkKindID
        /// How many units of capacity it takes.
        public var weight: Int
        /// Over which channel; `nil`: over every one that no other of these names.
        public var channel: Channel?

        /// This kind takes this much.
        public init(kind: WorkKindID, weight: Int, channel: Channel? = nil) {
            self.kind = kind
            self.weight = weight
            self.channel = channel
        }
    }

    /// Its number.
    public var id: GradeID
    /// What people call it.
    public var name: String
    /// The kinds of work that weigh otherwise for them.
    public var weights: [Weight]

    /// A grade with these values.
    public init(id: GradeID, name: String, weights: [Weight]) {
        self.id = id
        self.name = name
        self.weights = weights
    }
}

/// A queue: what its conversations ask for, how they are given, and what happens while they wait.
public struct Queue: Equatable, Sendable, Codable {
    /// Its number.
    public var id: QueueID
    /// What people call it.
    public var name: String
    /// 0 (usual) to 10; see ``Configuration/ageing``.
    public var priority: Int
    /// What its conversations ask for at least, besides what each asks for itself.
    public var needs: [SkillLevel]
    /// After which waits less is asked for; each step in force from its wait on.
    public var relaxations: [Relaxation]
    /// What kind of work its conversations are; `nil` takes one unit.
    public var kind: WorkKindID?
    /// How its conversations come to agents.
    public var handing: Handing
    /// Where its conversations go when they wait too long or are too many.
    public var overflow: Overflow?
    /// When this many wait it is full: no person puts one more into it, but for a supervisor who says
    /// so; `nil`: never. What comes by itself is let in, or overflows as ``overflow`` says.
    public var limit: Int?
    /// For how long a returning customer is kept for the agent who had them last, in milliseconds;
    /// 0: not at all.
    public var stickiness: Int64
    /// What its customers are told of their wait; `nil`: nothing.
    public var announcing: Announcing?
    /// A customer who was not answered and has been silent for so long, in milliseconds, is given up
    /// as having gone; `nil`: never.
    public var abandonment: Int64?
    /// When it is open; `nil`: always.
    public var hours: Hours?
    /// What it promises its customers; `nil`: nothing.
    public var targets: [ServiceTarget]?
    /// What an agent has who let go of one of its conversations; `nil`: nothing.
    public var wrapUp: WrapUpTime?

    /// A queue with these values.
    public init(
        id: QueueID, name: String, priority: Int = 0, needs: [SkillLevel] = [],
        relaxations: [Relaxation] = [], kind: WorkKindID? = nil, handing: Handing = .push,
        overflow: Overflow? = nil, limit: Int? = nil, stickiness: Int64 = 0,
        announcing: Announcing? = nil, abandonment: Int64? = nil,
        hours: Hours? = nil, targets: [ServiceTarget]? = nil,
        wrapUp: WrapUpTime? = nil
    ) {
        self.id = id
        self.name = name
        self.priority = priority
        self.needs = needs
        self.relaxations = relaxations
        self.kind = kind
        self.handing = handing
        self.overflow = overflow
        self.limit = limit
        self.stickiness = stickiness
        self.announcing = announcing
        self.abandonment = abandonment
        self.hours = hours
        self.targets = targets
        self.wrapUp = wrapUp
    }
}

/// How the conversations of a queue come to agents.
public enum Handing: Equatable, Sendable, Codable {
    /// Given outright.
    case push
    /// Offered: the agent accepts or declines within this time, in milliseconds.
    case offer(timeout: Int64)
    /// Taken from a list by whoever wants.
    case pull
}

/// One step of asking for less.
public struct Relaxation: Equatable, Sendable, Codable {
    /// After this wait, in milliseconds.
    public var after: Int64
    /// By how many levels every requirement that is not firm is lowered, in all; what falls below
    /// level 1 is not asked for any more.
    public var lowering: Int

    /// From this wait on, so many levels less.
    public init(after: Int64, lowering: Int) {
        self.after = after
        self.lowering = lowering
    }
}

/// Where conversations go that a queue cannot serve in time.
public struct Overflow: Equatable, Sendable, Codable {
    /// The queue that they go to.
    public var to: QueueID
    /// After this wait, in milliseconds; `nil`: never by wait.
    public var afterWait: Int64?
    /// When this many wait already; `nil`: never by length.
    public var atLength: Int?
    /// Whether what comes while the queue is closed goes there, and at its closing what waits.
    public var whenClosed: Bool

    /// To this queue, in these cases.
    public init(
        to: QueueID, afterWait: Int64? = nil, atLength: Int? = nil, whenClosed: Bool = false
    ) {
        self.to = to
        self.afterWait = afterWait
        self.atLength = atLength
        self.whenClosed = whenClosed
    }

    /// Reads it; one that says nothing of closing does nothing then.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        to = try container.decode(QueueID.self, forKey: .to)
        afterWait = try container.decodeIfPresent(Int64.self, forKey: .afterWait)
        atLength = try container.decodeIfPresent(Int.self, forKey: .atLength)
        whenClosed = try container.decodeIfPresent(Bool.self, forKey: .whenClosed) ?? false
    }
}
