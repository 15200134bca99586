import Desk

// What decides who may take a conversation, as consoles see it.

extension Routing {
    /// Whether there is anything to show.
    var isShown: Bool {
        offer != nil || priority != nil || relaxed > 0 || !needs.isEmpty || compartment != nil
            || reservation != nil
    }

    func writeMembers(to writer: inout JSONWriter) {
        if let offer {
            writer.beginObject("offer")
            offer.writeMembers(to: &writer)
            writer.endObject()
        }
        if let priority { writer.member("priority", priority) }
        if relaxed > 0 { writer.member("relaxed", relaxed) }
        if !needs.isEmpty { needs.write("needs", to: &writer) }
        if let compartment { writer.member("compartment", compartment.number) }
        if let reservation {
            writer.beginObject("reservation")
            writer.member("agent", reservation.agent.number)
            writer.member("until", reservation.until.milliseconds)
            writer.endObject()
        }
    }
}

extension Offer {
    func writeMembers(to writer: inout JSONWriter) {
        writer.member("agent", agent.number)
        writer.member("deadline", deadline.milliseconds)
        writer.member("isTransfer", isTransfer)
    }
}

extension OfferEnd {
    func writeMembers(to writer: inout JSONWriter) {
        switch self {
        case .accepted: writer.member("end", "accepted")
        case .declined(let reason):
            writer.member("end", "declined")
            writer.member("reason", reason.rawValue)
        case .timedOut: writer.member("end", "timedOut")
        case .withdrawn: writer.member("end", "withdrawn")
        }
    }
}

extension Choice {
    func write(to writer: inout JSONWriter) {
        writer.beginObject("choice")
        writer.member("version", version)
        writer.member("waiting", waiting)
        writer.member("onDuty", onDuty)
        writer.member("ready", ready)
        writer.member("relaxed", relaxed)
        writer.member("order", order.rawValue)
        if let runnerUp { writer.member("runnerUp", runnerUp.number) }
        writer.endObject()
    }
}

extension SkillLevel {
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("skill", skill.number)
        writer.member("level", level)
        writer.member("isFirm", isFirm)
        writer.endObject()
    }
}

extension Array<SkillLevel> {
    func write(_ name: String, to writer: inout JSONWriter) {
        writer.beginArray(name)
        for level in self { level.write(to: &writer) }
        writer.endArray()
    }
}

extension Profile {
    func writeMembers(to writer: inout JSONWriter) {
        if let grade { writer.member("grade", grade.number) }
        if let queues { queues.write("queues", to: &writer) }
        skills.write("skills", to: &writer)
        compartments.write("compartments", to: &writer)
        barred.write("barred", to: &writer)
    }
}

extension Array {
    fileprivate func write<Kind>(_ name: String, to writer: inout JSONWriter)
    where Element == Identifier<Kind> {
        writer.beginArray(name)
        for id in self { writer.element(id.number) }
        writer.endArray()
    }
}
