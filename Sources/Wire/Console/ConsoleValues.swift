public import Desk

/// A person as a console shows them.
public struct PersonCard: Equatable, Sendable {
    /// Their name within the desk.
    public var id: AgentID
    /// Their name for people.
    public var name: String
    /// What they may do: `agent`, `supervisor`.
    public var roles: [String]

    /// A person.
    public init(id: AgentID, name: String, roles: [String]) {
        self.id = id
        self.name = name
        self.roles = roles
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject("person")
        writer.member("id", id.number)
        writer.member("name", name)
        writer.beginArray("roles")
        for role in roles { writer.element(role) }
        writer.endArray()
        writer.endObject()
    }
}

/// An agent as a snapshot shows them.
public struct AgentCard: Equatable, Sendable {
    /// The agent.
    public var agent: Agent
    /// Their name for people.
    public var name: String
    /// How many units of work they have, offers included.
    public var load: Int

    /// An agent with their name and load.
    public init(agent: Agent, name: String, load: Int) {
        self.agent = agent
        self.name = name
        self.load = load
    }
}

/// The state that a person may see at one moment.
public struct ConsoleSnapshot: Equatable, Sendable {
    /// Conversations.
    public var conversations: [Conversation]
    /// Agents.
    public var agents: [AgentCard]
    /// Unsettled jobs of those conversations.
    public var jobs: [Job]

    /// A snapshot of these.
    public init(conversations: [Conversation], agents: [AgentCard], jobs: [Job]) {
        self.conversations = conversations
        self.agents = agents
        self.jobs = jobs
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject("snapshot")
        writer.beginArray("conversations")
        for conversation in conversations {
            writer.beginObject()
            conversation.writeMembers(to: &writer)
            writer.endObject()
        }
        writer.endArray()
        writer.beginArray("agents")
        for card in agents { card.write(to: &writer) }
        writer.endArray()
        writer.beginArray("jobs")
        for job in jobs {
            writer.beginObject()
            writer.member("id", job.id.number)
            writer.member("conversation", job.conversation.number)
            writer.member("message", job.message.number)
            writer.member("attempts", job.attempts)
            job.state.writeMembers(to: &writer)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}

extension AgentCard {
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", agent.id.number)
        writer.member("name", name)
        writer.member("presence", agent.presence.rawValue)
        writer.member("connected", agent.isConnected)
        writer.member("capacity", agent.capacity)
        writer.member("load", load)
        if let deadline = agent.disconnectDeadline {
            writer.member("disconnectDeadline", deadline.milliseconds)
        }
        writer.member("idleSince", agent.idleSince.milliseconds)
        writer.member("presenceSince", agent.presenceSince.milliseconds)
        agent.attendance.writeMembers(to: &writer)
        writer.beginObject("profile")
        agent.profile.writeMembers(to: &writer)
        writer.endObject()
        writer.endObject()
    }
}

extension Attendance {
    /// What there is of it.
    fileprivate func writeMembers(to writer: inout JSONWriter) {
        if let awayReason { writer.member("awayReason", awayReason.number) }
        if let wrapUp {
            writer.beginObject("wrapUp")
            writer.member("until", wrapUp.until.milliseconds)
            writer.member("latest", wrapUp.latest.milliseconds)
            writer.endObject()
        }
        if let shiftEnd { writer.member("shiftEnd", shiftEnd.milliseconds) }
        if hasShiftEnded { writer.member("shiftEnded", true) }
    }
}

extension Conversation {
    func writeMembers(to writer: inout JSONWriter) {
        writer.member("id", id.number)
        writer.member("customer", customer.number)
        switch origin.channel {
        case .messenger: break
        case .instagram, .whatsApp: writer.member("channel", origin.channel.rawValue)
        }
        writer.member("queue", queue.number)
        owner.write("owner", to: &writer)
        writer.member("waitingSince", waitingSince.milliseconds)
        writer.member("openedAt", openedAt.milliseconds)
        writer.member("lastMessageAt", lastMessageAt.milliseconds)
        writer.member("customerWroteAt", customerWroteAt.milliseconds)
        writer.member("unread", unread)
        writer.member("handoffs", handoffs)
        guard routing.isShown else { return }
        writer.beginObject("routing")
        routing.writeMembers(to: &writer)
        writer.endObject()
    }
}

extension Owner {
    func write(_ name: String, to writer: inout JSONWriter) {
        writer.beginObject(name)
        switch self {
        case .nobody: writer.member("kind", "nobody")
        case .bot: writer.member("kind", "bot")
        case .queue(let queue):
            writer.member("kind", "queue")
            writer.member("id", queue.number)
        case .agent(let agent):
            writer.member("kind", "agent")
            writer.member("id", agent.number)
        }
        writer.endObject()
    }
}

extension JobState {
    /// The state as a word, with what else there is to tell.
    func writeMembers(to writer: inout JSONWriter) {
        switch self {
        case .queued(let notBefore):
            writer.member("state", "queued")
            writer.member("notBefore", notBefore.milliseconds)
        case .sending: writer.member("state", "sending")
        case .unknown(let deadline):
            writer.member("state", "unknown")
            if let deadline { writer.member("deadline", deadline.milliseconds) }
        case .sent: writer.member("state", "sent")
        case .failed(let failure):
            writer.member("state", "failed")
            writer.member("failure", failure.rawValue)
        case .unconfirmed: writer.member("state", "unconfirmed")
        }
    }
}
