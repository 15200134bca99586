public import Desk

/// Why a conversation waits, or with whom it is, and how it came there, for a supervisor's screen:
/// numbers and words of ours, from which the screen makes sentences.
public struct ExplanationDocument: Equatable, Sendable {
    /// The explanation.
    public var explanation: Explanation

    /// Its latest events that say who had it and why, oldest first; the latest
    /// ``WireLimits/pastEvents`` of them are told.
    public var past: [EventRecord]

    /// The document of an explanation with what led to it.
    public init(_ explanation: Explanation, past: [EventRecord]) {
        self.explanation = explanation
        self.past = past
    }

    /// The document by itself.
    public func encode() -> [UInt8] {
        var writer = JSONWriter(capacity: 256 + 64 * explanation.candidates.count)
        writer.beginObject()
        writeMembers(to: &writer)
        writer.endObject()
        return writer.bytes
    }

    func writeMembers(to writer: inout JSONWriter) {
        writer.member("conversation", explanation.conversation.number)
        writer.member("version", explanation.version)
        writer.member("entry", explanation.entry.number)
        explanation.needs.write("needs", to: &writer)
        if !explanation.withheld.isEmpty {
            writer.beginArray("withheld")
            for reason in explanation.withheld { writer.element(reason.rawValue) }
            writer.endArray()
        }
        if let place = explanation.place {
            writer.member("position", place.inLine)
            writer.member("queuePosition", place.inQueue)
            writer.member("rank", place.rank.milliseconds)
        }
        if let agent = explanation.offeredTo { writer.member("offeredTo", agent.number) }
        let nearest = explanation.candidates.enumerated().sorted { left, right in
            (left.element.distance, left.offset) < (right.element.distance, right.offset)
        }.prefix(WireLimits.candidates).map(\.element)
        writer.beginArray("candidates")
        for candidate in nearest { candidate.write(to: &writer) }
        writer.endArray()
        writer.member("omitted", explanation.candidates.count - nearest.count)
        writer.beginArray("next")
        for agent in explanation.next { writer.element(agent.number) }
        writer.endArray()
        writer.member("order", explanation.order.rawValue)
        writer.beginArray("past")
        for record in past.suffix(WireLimits.pastEvents) { record.writePast(to: &writer) }
        writer.endArray()
    }
}

extension EventRecord {
    /// As a console is pushed it; and whom a choice passed over, which is for supervisors alone.
    fileprivate func writePast(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("seq", number)
        writer.member("at", at.milliseconds)
        writer.member("kind", event.method)
        // The kind of promise would be a second `kind` here.
        event.write(to: &writer, context: PushContext(), promise: "promise")
        event.choice?.others?.write(to: &writer)
        writer.endObject()
    }
}

extension Event {
    /// How the desk chose an agent, if this event is about that.
    fileprivate var choice: Choice? {
        if case .ownerChanged(let handoff) = self { return handoff.choice }
        if case .offerMade(_, _, let choice) = self { return choice }
        return nil
    }
}

extension Choice.Others {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject("others")
        writer.member("unfit", unfit)
        writer.member("ahead", ahead)
        writer.member("passedOverCount", passedOverCount)
        writer.beginArray("passedOver")
        for passed in passedOver {
            Explanation.Candidate(agent: passed.agent, obstacle: passed.hindrance.obstacle)
                .write(to: &writer)
        }
        writer.endArray()
        writer.endObject()
    }
}

extension Explanation.Candidate {
    /// How far the agent is from being given the conversation: a supervisor reads the nearest first.
    fileprivate var distance: Int {
        switch obstacle {
        case nil: 0
        case .roomIsReserved, .reservedForAnother, .declined: 1
        case .noRoom: 2
        case .notOnDuty: 3
        case .lacks: 4
        case .otherQueue: 5
        case .otherCompartment, .barred: 6
        }
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("agent", agent.number)
        if let obstacle {
            writer.beginObject("obstacle")
            obstacle.writeMembers(to: &writer)
            writer.endObject()
        }
        writer.endObject()
    }
}

extension Obstacle {
    fileprivate func writeMembers(to writer: inout JSONWriter) {
        switch self {
        case .otherQueue: writer.member("kind", "otherQueue")
        case .lacks(let need):
            writer.member("kind", "lacks")
            writer.member("skill", need.skill.number)
            writer.member("level", need.level)
        case .otherCompartment: writer.member("kind", "otherCompartment")
        case .barred: writer.member("kind", "barred")
        case .declined: writer.member("kind", "declined")
        case .reservedForAnother(let agent):
            writer.member("kind", "reservedForAnother")
            writer.member("agent", agent.number)
        case .notOnDuty: writer.member("kind", "notOnDuty")
        case .noRoom(let load, let capacity, let weight):
            writer.member("kind", "noRoom")
            writer.member("load", load)
            writer.member("capacity", capacity)
            writer.member("weight", weight)
        case .roomIsReserved: writer.member("kind", "roomIsReserved")
        }
    }
}
