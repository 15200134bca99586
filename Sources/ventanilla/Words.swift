import Desk
import Foundation
import Wire

/// Says in words how a conversation came to whom, and why it waits.
struct Words {
    private let configuration: Configuration

    /// Names are those of the configuration in force.
    init(_ configuration: Configuration) { self.configuration = configuration }

    // MARK: What was

    /// One line of the history; nil for what needs no words.
    func line(for record: EventRecord) -> String? {
        words(for: record.event).map { "\(moment(record.at))  event \(record.number): \($0)" }
    }

    private func words(for event: Event) -> String? {
        switch event {
        case .conversationOpened(_, let customer, let queue):
            "opened with customer \(customer.number) for \(name(queue))"
        case .ownerChanged(let handoff): words(for: handoff)
        case .offerMade(_, let offer, let choice):
            "offered to agent \(offer.agent.number) until \(moment(offer.deadline))"
                + (offer.isTransfer ? ", passed on by its owner" : "") + words(for: choice)
        case .offerEnded(_, let agent, let end): words(for: end, agent)
        case .needsRelaxed(_, let steps):
            steps == 0
                ? "asks for all that its queue asks for"
                : "asks for less: \(count(steps, "relaxation")) in force"
        case .needsChanged(_, let by): "supervisor \(by.number) changed what it asks for"
        case .priorityChanged(_, let priority, let by):
            (by.map { "supervisor \($0.number)" } ?? "its target") + " set its priority to "
                + (priority.map { "\($0)" } ?? "that of its queue")
        case .announcementWritten(_, _, _, .waiting(let position, let minutes)):
            "told the customer: place \(position), about \(count(minutes, "minute"))"
        case .announcementWritten(_, _, _, .nobodyThere(let position)):
            "told the customer: place \(position), nobody is there"
        case .announcementWritten(_, _, _, .closed(let opens)):
            "told the customer: closed" + (opens.map { ", opens at \(moment($0))" } ?? "")
        case .targetWarned(_, let kind, let deadline, _):
            "warned: its \(name(kind)) is due" + (deadline.map { " at \(moment($0))" } ?? "")
        case .targetBreached(_, let kind, _): "its \(name(kind)) is overdue"
        case .targetMet(_, let kind, let isLate):
            "its \(name(kind)) was given" + (isLate ? ", late" : " in time")
        case .customerMet, .messageReceived, .messageSentElsewhere, .messageWritten,
            .messagesDelivered, .messagesRead, .messageReacted, .messageEdited, .messageDeleted,
            .channelEventKept, .conversationRead, .agentEntered, .agentConnected,
            .wrapUpChanged, .shiftEndChanged, .shiftEnded,
            .agentDisconnected, .presenceChanged, .capacityChanged, .profileChanged,
            .configurationChanged, .jobChanged, .epochBegan, .queueTurned, .queueHoursSet,
            .inputQuarantined:
            nil
        }
    }

    private func words(for handoff: Handoff) -> String {
        let by = handoff.by.map { ", ordered by person \($0.number)" } ?? ""
        return "handoff \(handoff.number) from \(name(handoff.from)) to \(name(handoff.to)): "
            + reason(handoff.reason) + by + words(for: handoff.choice)
    }

    private func words(for choice: Choice?) -> String {
        guard let choice else { return "" }
        var words = "\n    chosen under configuration \(choice.version): "
        words += "\(count(choice.waiting, "conversation")) waited for the same, "
        words += "\(count(choice.onDuty, "agent")) on duty could serve it, "
        words += "\(choice.ready) of them had room; \(self.words(for: choice.order))"
        if choice.relaxed > 0 { words += "; \(count(choice.relaxed, "relaxation")) in force" }
        if let next = choice.runnerUp { words += "; next was agent \(next.number)" }
        return words + self.words(for: choice.others, roomless: choice.onDuty - choice.ready)
    }

    /// Whom else it could have been, one line each.
    private func words(for others: Choice.Others?, roomless: Int) -> String {
        guard let others else { return "" }
        var lines: [String] = []
        if others.unfit > 0 || roomless > 0 {
            lines.append(
                "of those on duty \(roomless) had no room, and \(others.unfit) more could not "
                    + "serve it")
        }
        if others.ahead > 0 {
            lines.append(
                "\(count(others.ahead, "conversation")) came before it, for nobody who had room")
        }
        for passed in others.passedOver {
            lines.append(
                "passed over: agent \(passed.agent.number), who \(words(for: passed.hindrance))")
        }
        let rest = others.passedOverCount - others.passedOver.count
        if rest > 0 { lines.append("passed over: \(count(rest, "agent")) more") }
        return lines.map { "\n    " + $0 }.joined()
    }

    private func words(for hindrance: Hindrance) -> String {
        switch hindrance {
        case .barred: "must not serve this customer"
        case .reservedForAnother(let agent):
            "would have had it, were it not kept for agent \(agent.number)"
        case .declined: "had declined it, let it pass or passed it on"
        case .roomIsReserved: "kept room for another who waits longer"
        }
    }

    private func words(for end: OfferEnd, _ agent: AgentID) -> String {
        switch end {
        case .accepted: "agent \(agent.number) accepted"
        case .declined(.busy): "agent \(agent.number) declined: too busy"
        case .declined(.notMyField): "agent \(agent.number) declined: not their field"
        case .declined(.conflictOfInterest): "agent \(agent.number) declined: knows the customer"
        case .declined(.other): "agent \(agent.number) declined"
        case .timedOut: "agent \(agent.number) let the offer pass"
        case .withdrawn: "the offer to agent \(agent.number) was taken back"
        }
    }

    private func reason(_ reason: HandoffReason) -> String {
        switch reason {
        case .customerWrote: "the customer wrote"
        case .assigned: "it was their turn"
        case .disconnected: "the agent was gone for too long"
        case .wentOffline: "the agent went offline"
        case .closed: "the agent closed it"
        case .offerAccepted: "the agent accepted the offer"
        case .taken: "the agent took it from the list"
        case .transferred: "its owner passed it on"
        case .overflowed: "it waited too long, or too many did"
        case .moved: "a supervisor moved it"
        case .movedOverLimit: "a supervisor moved it, though the queue was full"
        case .assignedBySupervisor: "a supervisor gave it to them"
        case .abandoned: "the customer was not answered and fell silent"
        case .assignedOverCapacity: "a supervisor gave it to them beyond their capacity"
        case .escalated: "its target was near or past"
        case .botAbsent: "it was the bot's, and no bot is there"
        }
    }

    // MARK: What is

    /// What was at a moment of the past, as far as it can be made again.
    func lines(for past: Reconstruction.Past) throws -> [String] {
        let document = ExplanationDocument(past.explanation, past: []).encode()
        let answer = try JSONDecoder().decode(ExplanationAnswer.self, from: Data(document))
        var lines = ["reconstructed from the ledger, by the rules of this program:"]
        lines += self.lines(for: answer, "then")
        for agent in past.agentsChangedSince {
            lines.append(
                "not on record: what agent \(agent.number) was for; it has changed since, and is "
                    + "taken as it is now")
        }
        if past.needsChangedSince {
            lines.append(
                "not on record: what it asked for itself; that has changed since, and is taken as "
                    + "it is now")
        }
        return lines
    }

    func lines(for now: ExplanationAnswer, _ when: String = "now") -> [String] {
        var lines: [String] = []
        if let agent = now.offeredTo { lines.append("\(when): it is offered to agent \(agent)") }
        lines += placeLines(now, when)
        if lines.isEmpty { lines.append("\(when): it does not wait") }
        for reason in now.withheld ?? [] { lines.append("  \(words(forWithheld: reason))") }
        lines.append("  it asks for \(words(for: now.needs))")
        lines.append("  conversations of its page begin in \(name(QueueID(now.entry)))")
        lines.append("judged by configuration \(now.version):")
        if now.candidates.isEmpty { lines.append("  nobody has ever been here") }
        for candidate in now.candidates {
            lines.append("  agent \(candidate.agent): \(words(for: candidate.obstacle))")
        }
        if now.omitted > 0 { lines.append("  and \(count(now.omitted, "agent")) further away") }
        if let first = now.next.first {
            let second = now.next.dropFirst().first.map { ", then agent \($0)" } ?? ""
            let order = now.order.map { " (\(words(for: $0)))" } ?? ""
            lines.append("next in turn: agent \(first)\(second)\(order)")
        }
        return lines
    }

    private func words(for order: TurnOrder) -> String {
        switch order {
        case .leastUnits: "least loaded, then longest idle"
        case .leastShare: "least loaded by share of capacity, then longest idle"
        case .longestIdle: "longest idle"
        }
    }

    /// Where it stands, if it waits.
    private func placeLines(_ now: ExplanationAnswer, _ when: String) -> [String] {
        guard let position = now.position else { return [] }
        var lines = [
            "\(when): it waits, \(count(position, "conversation")) before it in its line"
        ]
        if let all = now.queuePosition {
            lines[0] += ", \(all) in its queue"
        }
        if let rank = now.rank {
            lines.append("  it counts as waiting since \(moment(Instant(milliseconds: rank)))")
        }
        return lines
    }

    private func words(forWithheld reason: String) -> String {
        switch reason {
        case "queueIsClosed": "its queue is closed: nobody is given it"
        case "isPulled": "agents take from its queue themselves"
        case "nobodyCould":
            "as things are, nobody who works here could be given it out of this queue, however "
                + "long it waits"
        default: reason
        }
    }

    private func words(for needs: [ExplanationAnswer.Need]) -> String {
        guard !needs.isEmpty else { return "no skill" }
        return needs.map { need in
            "\(skill(need.skill)) at level \(need.level)" + (need.isFirm ? " (always)" : "")
        }.joined(separator: ", ")
    }

    private func skill(_ number: Int64) -> String {
        configuration.skills.first { $0.id.number == number }?.name ?? "skill \(number)"
    }

    private func words(for obstacle: ExplanationAnswer.ObstacleAnswer?) -> String {
        guard let obstacle else { return "could have it" }
        switch obstacle.kind {
        case "otherQueue": return "does not serve its queue"
        case "lacks":
            return "lacks \(skill(obstacle.skill ?? 0)) at level \(obstacle.level ?? 0)"
        case "otherCompartment": return "may not see into its compartment"
        case "barred": return "must not serve this customer"
        case "declined": return "declined it, and somebody else could take it"
        case "reservedForAnother": return "it is kept for agent \(obstacle.agent ?? 0)"
        case "notOnDuty": return "is not on duty"
        case "noRoom":
            return "has no room: \(obstacle.load ?? 0) of \(obstacle.capacity ?? 0) taken, "
                + "it takes \(obstacle.weight ?? 0)"
        case "roomIsReserved": return "keeps room for another who waits longer"
        default: return obstacle.kind
        }
    }

    // MARK: Names

    private func name(_ owner: Owner) -> String {
        switch owner {
        case .nobody: "nobody"
        case .bot: "the bot"
        case .queue(let queue): name(queue)
        case .agent(let agent): "agent \(agent.number)"
        }
    }

    private func name(_ kind: Target.Kind) -> String {
        switch kind {
        case .firstResponse: "first response"
        case .reply: "reply"
        }
    }

    private func name(_ queue: QueueID) -> String {
        let name = configuration.queues.first { $0.id == queue }?.name
        return "queue \(queue.number)" + (name.map { " (\($0))" } ?? "")
    }

    private func count(_ number: Int, _ thing: String) -> String {
        "\(number) \(thing)\(number == 1 ? "" : "s")"
    }

    private func moment(_ instant: Instant) -> String {
        Date(timeIntervalSince1970: Double(instant.milliseconds) / 1_000).formatted(.iso8601)
    }
}
