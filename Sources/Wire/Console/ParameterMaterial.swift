import Desk

extension ConsoleRequest {
    /// The method with its parameters in one fixed form: its digest, stored with the id, tells a
    /// repetition from another use of the same id.
    public var parameterMaterial: [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        command.writeMaterial(to: &writer)
        writer.endArray()
        return writer.bytes
    }
}

extension ConsoleCommand {
    fileprivate func writeMaterial(to writer: inout JSONWriter) {
        switch self {
        case .hello(let resume):
            writer.elements("hello")
            if let resume { writer.elements(nil, resume.epoch, resume.seq) }
        case .presenceSet(let presence, let reason):
            writer.elements("presence.set")
            writer.element(presence.rawValue)
            if let reason { writer.element(reason.number) }
        case .wrapUpExtend: writer.elements("wrapUp.extend")
        case .shiftEndSet(let end):
            writer.elements("shift.setEnd")
            if let end { writer.element(end.milliseconds) }
        case .messageSend(let conversation, let text):
            writer.elements("message.send", conversation.number)
            writer.element(text)
        case .messageResend(let job): writer.elements("message.resend", job.number)
        case .conversationRead(let conversation):
            writer.elements("conversation.read", conversation.number)
        case .conversationClose(let conversation):
            writer.elements("conversation.close", conversation.number)
        case .transcriptRead(let conversation, let before, let limit):
            writer.elements(
                "transcript.read", conversation.number, before?.number ?? 0, Int64(limit))
        case .offerAccept(let conversation):
            writer.elements("offer.accept", conversation.number)
        case .offerDecline(let conversation, let reason):
            writer.elements("offer.decline", conversation.number)
            writer.element(reason.rawValue)
        case .conversationTake(let conversation):
            writer.elements("conversation.take", conversation.number)
        case .conversationTransfer(let conversation, let target):
            writer.elements("conversation.transfer", conversation.number)
            switch target {
            case .agent(let agent, let isWarm):
                writer.element(isWarm ? "warm" : "cold")
                writer.element(agent.number)
            case .queue(let queue):
                writer.element("queue")
                writer.element(queue.number)
            case .bot: writer.element("bot")
            }
        case .accountsRead(let conversation, let purpose):
            writer.elements("accounts.read", conversation.number)
            writer.element(purpose.rawValue)
        case .colleaguesRead: writer.elements("colleagues.read")
        case .supervise(let command): command.writeMaterial(to: &writer)
        }
    }
}

extension SupervisorCommand {
    fileprivate func writeMaterial(to writer: inout JSONWriter) {
        switch self {
        case .capacitySet(let agent, let capacity):
            writer.elements("agent.setCapacity", agent.number, Int64(capacity))
        case .presenceSet(let agent, let presence, let reason):
            writer.elements("agent.setPresence", agent.number)
            writer.element(presence.rawValue)
            if let reason { writer.element(reason.number) }
        case .shiftEndSet(let agent, let end):
            writer.elements("agent.setShiftEnd", agent.number)
            if let end { writer.element(end.milliseconds) }
        case .profileSet(let agent, let profile):
            writer.elements("agent.setProfile", agent.number)
            writer.beginObject()
            profile.writeMembers(to: &writer)
            writer.endObject()
        case .conversationMove(let conversation, let queue, let overridesLimit):
            writer.elements("conversation.move", conversation.number, queue.number)
            // Only when it is said, so that what was stored before has the same form.
            if overridesLimit { writer.element("overrideLimit") }
        case .conversationAssign(let conversation, let agent, let overridesCapacity):
            writer.elements(
                "conversation.assign", conversation.number, agent.number, overridesCapacity ? 1 : 0)
        case .prioritySet(let conversation, let priority):
            writer.elements("conversation.setPriority", conversation.number)
            if let priority { writer.element(Int64(priority)) }
        case .needsSet(let conversation, let needs, let compartment):
            writer.elements(
                "conversation.setNeeds", conversation.number, compartment?.number ?? 0)
            writer.beginArray()
            for need in needs { need.write(to: &writer) }
            writer.endArray()
        case .customerLink(let conversation, let reference, let purpose):
            writer.elements("customer.link", conversation.number)
            writer.element(reference)
            writer.element(purpose.rawValue)
        case .queueClose(let queue, let until):
            writer.elements("queue.close", queue.number, until?.milliseconds ?? 0)
        case .queueOpen(let queue, let until):
            writer.elements("queue.open", queue.number, until?.milliseconds ?? 0)
        case .explain(let conversation):
            writer.elements("conversation.explain", conversation.number)
        }
    }
}

extension JSONWriter {
    /// A method's name, if one is given, and integers.
    fileprivate mutating func elements(_ method: String?, _ numbers: Int64...) {
        if let method { element(method) }
        for number in numbers { element(number) }
    }
}
