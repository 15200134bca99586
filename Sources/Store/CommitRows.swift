import Desk
import Engine

/// The rows that a commit adds, column by column: what `unnest` takes.
struct CommitRows {
    /// Accepted inputs by key.
    struct Keys {
        var key: [[UInt8]] = []
        var parameters: [[UInt8]?] = []
        var result: [Int64] = []
    }
    /// Customers met.
    struct Customers {
        var customer: [Int64] = []
        var thread: [[UInt8]] = []
        var metAt: [Int64] = []
        var sealedKey: [[UInt8]] = []
        var sealedAddress: [[UInt8]?] = []
    }
    /// Changes of owner.
    struct Handoffs {
        var conversation: [Int64] = []
        var number: [Int32] = []
        var event: [Int64] = []
        var at: [Int64] = []
        var fromOwner: [String] = []
        var fromID: [Int64] = []
        var toOwner: [String] = []
        var toID: [Int64] = []
        var reason: [String] = []
        var orderedBy: [Int64?] = []
        var choice = Choices()
    }
    /// How the desk chose, each part NULL where it did not.
    struct Choices {
        var configuration: [Int64?] = []
        var waiting: [Int32?] = []
        var onDuty: [Int32?] = []
        var ready: [Int32?] = []
        var relaxed: [Int32?] = []
        var runnerUp: [Int64?] = []
        var unfit: [Int32?] = []
        var ahead: [Int32?] = []
        var passedOver: [Int32?] = []
        var firstPassedOver: [String?] = []
    }
    /// Configurations that came into force.
    struct Configurations {
        var version: [Int64] = []
        var document: [String] = []
        var setBy: [Int64?] = []
        var at: [Int64] = []
    }
    /// Assignments that ended although they began before this commit.
    struct EndedAssignments {
        var conversation: [Int64] = []
        var agent: [Int64] = []
        var endedAt: [Int64] = []
    }
    /// Assignments that began in this commit.
    struct BegunAssignments {
        var conversation: [Int64] = []
        var handoff: [Int32] = []
        var agent: [Int64] = []
        var beganAt: [Int64] = []
        var endedAt: [Int64?] = []
    }
    /// Times of a presence: those that began in this commit, and agents whose earlier one ended.
    struct Presences {
        var agent: [Int64] = []
        var event: [Int64] = []
        var presence: [String] = []
        var reason: [Int64?] = []
        var beganAt: [Int64] = []
        var endedAt: [Int64?] = []
        var endedOf: [Int64] = []
        var endedOfAt: [Int64] = []
    }
    /// Messages.
    struct Messages {
        var message: [Int64] = []
        var conversation: [Int64] = []
        var customer: [Int64] = []
        var kind: [String] = []
        var author: [Int64?] = []
        var writtenAt: [Int64] = []
        var recordedAt: [Int64] = []
        var platform: [[UInt8]?] = []
        var sealedBody: [[UInt8]?] = []
    }
    /// What the platform calls messages that were sent.
    struct MessageNames {
        var message: [Int64] = []
        var platform: [[UInt8]] = []
    }
    /// Edits, reactions, deletions.
    struct MessageChanges {
        var change: [Int64] = []
        var conversation: [Int64] = []
        var customer: [Int64] = []
        var message: [Int64?] = []
        var kind: [String] = []
        var at: [Int64] = []
        var sealedBody: [[UInt8]?] = []
    }
    /// The ledger.
    struct Events {
        var number: [Int64] = []
        var at: [Int64] = []
        var epoch: [Int64] = []
        var conversation: [Int64?] = []
        var kind: [Int32] = []
        var hash: [[UInt8]] = []
        var audience: [String] = []
        var body: [[UInt8]] = []
    }
    /// Refused inputs and events without a conversation.
    struct SetAside {
        var event: [Int64] = []
        var key: [[UInt8]?] = []
        var kind: [String?] = []
        var at: [Int64] = []
        var sealedBody: [[UInt8]?] = []
    }

    var keys = Keys()
    var customers = Customers()
    var handoffs = Handoffs()
    var ended = EndedAssignments()
    var begun = BegunAssignments()
    var presences = Presences()
    var messages = Messages()
    var names = MessageNames()
    var messageChanges = MessageChanges()
    var events = Events()
    var configurations = Configurations()
    var quarantined = SetAside()
    var kept = SetAside()
}

extension CommitRows.Keys {
    mutating func append(_ entry: CommitEntry) {
        guard let key = entry.key else { return }
        self.key.append(key.bytes)
        parameters.append(entry.parameters?.bytes)
        result.append(entry.result)
    }
}

extension CommitRows.Handoffs {
    mutating func append(_ handoff: Handoff, event: Int64, at: Instant) {
        conversation.append(handoff.conversation.number)
        number.append(Int32(clamping: handoff.number))
        self.event.append(event)
        self.at.append(at.milliseconds)
        fromOwner.append(handoff.from.name)
        fromID.append(handoff.from.number)
        toOwner.append(handoff.to.name)
        toID.append(handoff.to.number)
        reason.append(handoff.reason.rawValue)
        orderedBy.append(handoff.by?.number)
        choice.append(handoff.choice)
    }
}

extension CommitRows.Choices {
    mutating func append(_ choice: Choice?) {
        configuration.append(choice?.version)
        waiting.append(choice.map { Int32(clamping: $0.waiting) })
        onDuty.append(choice.map { Int32(clamping: $0.onDuty) })
        ready.append(choice.map { Int32(clamping: $0.ready) })
        relaxed.append(choice.map { Int32(clamping: $0.relaxed) })
        runnerUp.append(choice?.runnerUp?.number)
        let others = choice?.others
        unfit.append(others.map { Int32(clamping: $0.unfit) })
        ahead.append(others.map { Int32(clamping: $0.ahead) })
        passedOver.append(others.map { Int32(clamping: $0.passedOverCount) })
        firstPassedOver.append(others.flatMap { Self.document($0.passedOver) })
    }

    /// JSON of our own words and numbers; nil for nobody.
    private static func document(_ passedOver: [Choice.PassedOver]) -> String? {
        guard !passedOver.isEmpty else { return nil }
        let parts = passedOver.map { passed in
            let other = passed.hindrance.agentNumber
            return "{\"agent\":\(passed.agent.number),\"by\":\"\(passed.hindrance.name)\""
                + (other == 0 ? "}" : ",\"for\":\(other)}")
        }
        return "[" + parts.joined(separator: ",") + "]"
    }
}

extension CommitRows.BegunAssignments {
    /// Ends the assignment of this conversation that began in the same commit; false if none did.
    mutating func end(_ conversation: ConversationID, at: Instant) -> Bool {
        for index in self.conversation.indices.reversed()
        where self.conversation[index] == conversation.number {
            guard endedAt[index] == nil else { return false }
            endedAt[index] = at.milliseconds
            return true
        }
        return false
    }

    mutating func append(_ handoff: Handoff, _ agent: AgentID, at: Instant) {
        conversation.append(handoff.conversation.number)
        self.handoff.append(Int32(clamping: handoff.number))
        self.agent.append(agent.number)
        beganAt.append(at.milliseconds)
        endedAt.append(nil)
    }
}

extension CommitRows.Presences {
    /// An agent's presence changed: one time ends and, unless they are gone, another begins.
    mutating func append(
        _ agent: AgentID, _ presence: Presence, _ reason: AwayReasonID?, _ record: EventRecord
    ) {
        end(agent.number, at: record.at.milliseconds)
        guard presence != .offline else { return }
        self.agent.append(agent.number)
        event.append(record.number)
        self.presence.append(presence.rawValue)
        self.reason.append(reason?.number)
        beganAt.append(record.at.milliseconds)
        endedAt.append(nil)
    }

    private mutating func end(_ agent: Int64, at: Int64) {
        if let place = self.agent.lastIndex(of: agent) {
            if endedAt[place] == nil { endedAt[place] = at }
        } else if !endedOf.contains(agent) {
            endedOf.append(agent)
            endedOfAt.append(at)
        }
    }
}

extension CommitRows.Events {
    mutating func append(_ row: LedgerRow, hash: [UInt8]) {
        number.append(row.number)
        at.append(row.at.milliseconds)
        epoch.append(row.epoch)
        conversation.append(row.conversation)
        kind.append(Int32(clamping: row.kind))
        self.hash.append(hash)
        audience.append(Self.arrayText(row.audience))
        body.append(row.body)
    }

    /// An array inside an array has no form of its own; its text has.
    private static func arrayText(_ numbers: [Int64]) -> String {
        guard !numbers.isEmpty else { return "{}" }
        if numbers.count == 1 { return "{\(numbers[0])}" }
        return "{" + numbers.map { String($0) }.joined(separator: ",") + "}"
    }
}

extension CommitRows.SetAside {
    mutating func append(
        _ record: EventRecord, key: Digest?, kind: String?, sealedBody: [UInt8]?
    ) {
        event.append(record.number)
        self.key.append(key?.bytes)
        self.kind.append(kind)
        at.append(record.at.milliseconds)
        self.sealedBody.append(sealedBody)
    }
}
