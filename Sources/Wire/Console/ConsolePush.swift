public import Desk

/// What a push says beyond its event, given by whoever may see it.
public struct PushContext: Equatable, Sendable {
    /// The opened document of the event's message (or of its edit, reaction, kept event).
    public var document: [UInt8]?
    /// The message that is answered, if it is one that we have recorded.
    public var replyTo: MessageID?
    /// The name for people of the agent that the event is about.
    public var agentName: String?
    /// The conversation as it is now, for one who has not seen it before.
    public var state: Conversation?
    /// What the agent that the event is about is for now.
    public var profile: Profile?

    /// A context with these parts.
    public init(
        document: [UInt8]? = nil, replyTo: MessageID? = nil, agentName: String? = nil,
        state: Conversation? = nil, profile: Profile? = nil
    ) {
        self.document = document
        self.replyTo = replyTo
        self.agentName = agentName
        self.state = state
        self.profile = profile
    }
}

/// One event as a notification for consoles: encoded once, then given out under the `prev` of each
/// feed.
public struct ConsolePush: Sendable {
    /// All but the number of the event before, which stands last, and what closes the frame.
    private let head: [UInt8]

    /// Encodes an event with what may be said about it.
    public init(_ record: EventRecord, context: PushContext = PushContext()) {
        var writer = JSONWriter(capacity: 256 + (context.document?.count ?? 0))
        writer.beginObject()
        writer.member("jsonrpc", "2.0")
        writer.member("method", record.event.method)
        writer.beginObject("params")
        writer.member("epoch", record.epoch)
        writer.member("seq", record.number)
        writer.member("at", record.at.milliseconds)
        record.event.write(to: &writer, context: context)
        writer.name("prev")
        head = writer.bytes
    }

    /// The frame for a feed on which this number came before.
    public func frame(prev: Int64) -> [UInt8] {
        var writer = JSONWriter(continuing: head, room: 24)
        writer.element(prev)
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }
}

extension Event {
    /// The method of the notification; each is in `Schemas/console.json`.
    public var method: String {
        switch self {
        case .customerMet: "customer.met"
        case .conversationOpened: "conversation.opened"
        case .messageReceived: "message.received"
        case .messageSentElsewhere: "message.elsewhere"
        case .messageWritten: "message.written"
        case .announcementWritten: "message.announced"
        case .messagesDelivered: "message.delivered"
        case .messagesRead: "message.read"
        case .messageReacted: "message.reacted"
        case .messageEdited: "message.edited"
        case .messageDeleted: "message.deleted"
        case .channelEventKept: "event.kept"
        case .ownerChanged: "owner.changed"
        case .conversationRead: "conversation.read"
        case .agentEntered: "agent.entered"
        case .agentConnected: "agent.connected"
        case .agentDisconnected: "agent.disconnected"
        case .presenceChanged: "presence.changed"
        case .wrapUpChanged: "wrapUp.changed"
        case .shiftEndChanged: "shiftEnd.changed"
        case .shiftEnded: "shift.ended"
        case .capacityChanged: "capacity.changed"
        case .profileChanged: "profile.changed"
        case .configurationChanged: "configuration.changed"
        case .offerMade: "offer.made"
        case .offerEnded: "offer.ended"
        case .needsRelaxed: "needs.relaxed"
        case .needsChanged: "needs.changed"
        case .priorityChanged: "priority.changed"
        case .queueTurned(_, let isOpen, _, _): isOpen ? "queue.opened" : "queue.closed"
        case .queueHoursSet: "queue.hours"
        case .targetWarned: "target.warned"
        case .targetBreached: "target.breached"
        case .targetMet: "target.met"
        case .jobChanged: "job.changed"
        case .epochBegan: "epoch.began"
        case .inputQuarantined: "input.quarantined"
        }
    }

    /// Writes the members of the event; what is promised to the customer under the name `promise`.
    func write(
        to writer: inout JSONWriter, context: PushContext, promise: String = "kind"
    ) {
        let parts = DocumentParts(context.document)
        switch self {
        // The thread's digest stays inside: it stands for the platform's ids.
        case .customerMet(let customer, thread: _): writer.members(("customer", customer.number))
        case .conversationOpened(let conversation, let customer, let queue):
            writer.members(
                ("conversation", conversation.number), ("customer", customer.number),
                ("queue", queue.number))
        case .messageReceived(let conversation, let message, let kind, let writtenAt):
            writer.members(("conversation", conversation.number), ("message", message.number))
            writer.member("kind", kind.rawValue)
            writer.member("writtenAt", writtenAt.milliseconds)
            parts.writeContent(to: &writer)
        case .messageSentElsewhere(let conversation, let message, let writtenAt):
            writer.members(
                ("conversation", conversation.number), ("message", message.number),
                ("writtenAt", writtenAt.milliseconds))
            parts.writeContent(to: &writer)
        case .messageWritten(let conversation, let message, let agent, let job):
            writer.members(
                ("conversation", conversation.number), ("message", message.number),
                ("agent", agent.number), ("job", job.number))
            parts.writeContent(to: &writer)
        case .announcementWritten(let conversation, let message, let job, let announcement):
            writer.members(
                ("conversation", conversation.number), ("message", message.number),
                ("job", job.number))
            announcement.write(to: &writer)
            parts.writeContent(to: &writer)
        case .messagesDelivered(let conversation, let upTo),
            .messagesRead(let conversation, let upTo):
            writer.members(("conversation", conversation.number), ("upTo", upTo.milliseconds))
        case .messageReacted(let conversation, let message, let isRemoved):
            writer.members(("conversation", conversation.number), ("message", message?.number))
            writer.member("removed", isRemoved)
            if let reaction = parts.reaction { writer.member("emoji", raw: reaction) }
        case .messageEdited(let conversation, let message):
            writer.members(("conversation", conversation.number), ("message", message?.number))
            if let text = parts.text { writer.member("text", raw: text) }
        case .messageDeleted(let conversation, let message):
            writer.members(("conversation", conversation.number), ("message", message?.number))
        case .channelEventKept(let conversation):
            writer.members(("conversation", conversation?.number))
            if let kind = parts.kind { writer.member("kind", raw: kind) }
        case .ownerChanged(let handoff): handoff.writeMembers(to: &writer)
        case .conversationRead(let conversation, let agent):
            writer.members(("conversation", conversation.number), ("agent", agent.number))
        case .agentEntered(let agent, let capacity):
            writer.members(("agent", agent.number), ("capacity", Int64(capacity)))
        case .agentConnected(let agent): writer.members(("agent", agent.number))
        case .agentDisconnected(let agent, let deadline):
            writer.members(("agent", agent.number), ("deadline", deadline?.milliseconds))
        case .presenceChanged(let agent, let presence, let reason, let person):
            writer.members(("agent", agent.number), ("by", person?.number))
            writer.member("presence", presence.rawValue)
            if let reason { writer.member("awayReason", reason.number) }
        case .wrapUpChanged(let agent, let until):
            writer.members(("agent", agent.number), ("until", until.milliseconds))
        case .shiftEndChanged(let agent, let end, let person):
            writer.members(
                ("agent", agent.number), ("shiftEnd", end?.milliseconds), ("by", person?.number))
        case .shiftEnded(let agent): writer.members(("agent", agent.number))
        case .capacityChanged(let agent, let capacity, let supervisor):
            writer.members(
                ("agent", agent.number), ("capacity", Int64(capacity)), ("by", supervisor.number))
        case .profileChanged(let agent, let supervisor):
            writer.members(("agent", agent.number), ("by", supervisor.number))
        case .configurationChanged(let supervisor): writer.members(("by", supervisor.number))
        case .offerMade(let conversation, let offer, let choice):
            writer.members(("conversation", conversation.number))
            offer.writeMembers(to: &writer)
            choice?.write(to: &writer)
        case .offerEnded(let conversation, let agent, let end):
            writer.members(("conversation", conversation.number), ("agent", agent.number))
            end.writeMembers(to: &writer)
        case .needsRelaxed(let conversation, let steps):
            writer.members(("conversation", conversation.number), ("steps", Int64(steps)))
        case .needsChanged(let conversation, let supervisor):
            writer.members(("conversation", conversation.number), ("by", supervisor.number))
        case .priorityChanged(let conversation, let priority, let supervisor):
            writer.members(
                ("conversation", conversation.number), ("priority", priority.map(Int64.init)),
                ("by", supervisor?.number))
        case .queueTurned(let queue, isOpen: _, let until, let person):
            writer.members(
                ("queue", queue.number), ("until", until?.milliseconds), ("by", person?.number))
        case .queueHoursSet(let queue, let next, let knownUntil):
            writer.members(
                ("queue", queue.number), ("next", next?.milliseconds),
                ("knownUntil", knownUntil.milliseconds))
        case .targetWarned(let conversation, let kind, let deadline, let calls):
            writer.members(
                ("conversation", conversation.number), ("deadline", deadline?.milliseconds))
            writer.member(promise, kind.rawValue)
            writer.member("callsSupervisor", calls)
        case .targetBreached(let conversation, let kind, let calls):
            writer.members(("conversation", conversation.number))
            writer.member(promise, kind.rawValue)
            writer.member("callsSupervisor", calls)
        case .targetMet(let conversation, let kind, let isLate):
            writer.members(("conversation", conversation.number))
            writer.member(promise, kind.rawValue)
            writer.member("isLate", isLate)
        case .jobChanged(let job, let conversation, let message, let state, let attempts):
            writer.members(
                ("job", job.number), ("conversation", conversation.number),
                ("message", message.number), ("attempts", Int64(attempts)))
            state.writeMembers(to: &writer)
        case .epochBegan, .inputQuarantined: return
        }
        context.write(to: &writer)
    }
}

extension PushContext {
    /// What does not depend on the kind of event.
    fileprivate func write(to writer: inout JSONWriter) {
        if let replyTo { writer.member("replyTo", replyTo.number) }
        if let agentName { writer.member("name", agentName) }
        if let profile {
            writer.beginObject("profile")
            profile.writeMembers(to: &writer)
            writer.endObject()
        }
        guard let state else { return }
        writer.beginObject("state")
        state.writeMembers(to: &writer)
        writer.endObject()
    }
}

extension Announcement {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject("announcement")
        switch self {
        case .waiting(let position, let minutes):
            writer.member("kind", "waiting")
            writer.members(("position", Int64(position)), ("minutes", Int64(minutes)))
        case .nobodyThere(let position):
            writer.member("kind", "nobodyThere")
            writer.members(("position", Int64(position)))
        case .closed(let opens):
            writer.member("kind", "closed")
            writer.members(("opens", opens?.milliseconds))
        }
        writer.endObject()
    }
}

extension Handoff {
    fileprivate func writeMembers(to writer: inout JSONWriter) {
        writer.members(("conversation", conversation.number), ("number", Int64(number)))
        from.write("from", to: &writer)
        to.write("to", to: &writer)
        writer.member("reason", reason.rawValue)
        if let by { writer.member("by", by.number) }
        choice?.write(to: &writer)
    }
}

extension JSONWriter {
    /// Members with integers; those without a value are left out.
    fileprivate mutating func members(_ members: (String, Int64?)...) {
        for (name, value) in members {
            if let value { member(name, value) }
        }
    }
}
