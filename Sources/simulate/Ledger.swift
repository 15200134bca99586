import Desk

/// What the committed events say, and nothing else: the auditor's own reading of the rules.
struct Ledger {
    struct Conversation {
        let customer: CustomerID
        let origin: Origin
        var owner = Owner.nobody
        var handoffs = 0
        var waitingSince = Instant(milliseconds: 0)
        var queue: QueueID
        var needs: [SkillLevel] = []
        var compartment: CompartmentID?
        var priority: Int?
        var relaxed = 0
        var declined: Set<AgentID> = []
        var offer: Offer?
        var reservation: Reservation?
        var staysInQueue = false
        var lastAgent: AgentID?
        /// When the customer wrote last, by the platform's clock.
        var wroteAt = Instant(milliseconds: 0)
        /// For how much open time the customer, whom nobody answered, has been silent, in milliseconds;
        /// `nil`: somebody did, or silence has no end here.
        var silence: Int64?
        /// When the customer was last told of their wait.
        var toldAt: Instant?
        /// The event by which its latest offer was accepted.
        var acceptedAt: Int64 = 0
        /// How many messages of the customer the owner has not read.
        var unread = 0
        /// What is promised to the customer.
        var promise: Promise?
        /// Who owned it from which event on.
        var history: [(number: Int64, owner: Owner)] = []
        /// To whom it was offered from which event on.
        var offers: [(number: Int64, agent: AgentID?)] = []
    }
    struct Agent {
        var capacity: Int
        var presence = Presence.offline
        var isConnected = false
        var deadline: Instant?
        var idleSince: Instant
        var profile = Profile()
        var awayReason: AwayReasonID?
        var wrapUpEnd: Instant?
        /// Beyond this the wrap-up is never extended.
        var longestWrapUp: Instant?
        var shiftEnd: Instant?
        var isFinishing = false
        /// How many offers in a row they let pass.
        var missedOffers = 0
    }
    struct Job {
        let conversation: ConversationID
        let message: MessageID
        /// `nil`: the desk itself.
        let agent: AgentID?
        var state = JobState.queued(notBefore: Instant(milliseconds: 0))
        var attempts = 0
        /// Attempts up to this one were given up by a person who ordered the message sent again.
        var excused = 0
        /// Attempts that the node declared surely not taken.
        var denied: Set<Int> = []
    }

    var last: Int64 = 0
    var epoch: Int64 = 0
    var configuration = Configuration()
    /// Queues whose conversations wait, whoever is free.
    var closed: Set<QueueID> = []
    /// What was told and ordered about queues.
    var doors: [QueueID: Door] = [:]
    /// Up to when promises are counted.
    var countedAt = Instant(milliseconds: 0)
    var conversations: [ConversationID: Conversation] = [:]
    var agents: [AgentID: Agent] = [:]
    /// Everybody who was met.
    var threads: [Digest: CustomerID] = [:]
    var jobs: [JobID: Job] = [:]
    /// How long it takes from one customer being served to the next, in queues that announce; and since
    /// when the next is waited for.
    var paces: [QueueID: (mean: Int64, waited: Int64?)] = [:]
    /// The jobs of each conversation, ascending.
    var lines: [ConversationID: [JobID]] = [:]

    /// What an agent owned or was offered when this event had been committed.
    func holdings(of agent: AgentID, at number: Int64) -> [ConversationID] {
        conversations.filter {
            $0.value.owner(at: number) == .agent(agent) || $0.value.offered(at: number) == agent
        }.map(\.key).sorted()
    }

    /// What was open then.
    func open(at number: Int64) -> [ConversationID] {
        conversations.filter { $0.value.owner(at: number) != .nobody }.map(\.key).sorted()
    }
}

extension Ledger.Conversation {
    /// In a queue and offered to nobody.
    var isWaiting: Bool {
        if case .queue = owner { offer == nil } else { false }
    }

    func offered(at number: Int64) -> AgentID? {
        offers.last { $0.number <= number }.flatMap(\.agent)
    }

    func owner(at number: Int64) -> Owner {
        history.last { $0.number <= number }?.owner ?? .nobody
    }
}
