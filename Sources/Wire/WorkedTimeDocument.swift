public import Desk

/// The report of who was there, as what, and for how long: as JSON, and as lines for a spreadsheet.
public struct WorkedTimeDocument: Equatable, Sendable {
    /// The time of one presence, and of one reason where they were away.
    public struct Share: Equatable, Sendable {
        /// What they were.
        public let presence: Presence
        /// Why they were away, if they said so.
        public let awayReason: AwayReasonID?
        /// In milliseconds.
        public let time: Int64

        /// This presence, for so long.
        public init(presence: Presence, awayReason: AwayReasonID?, time: Int64) {
            self.presence = presence
            self.awayReason = awayReason
            self.time = time
        }
    }
    /// One agent's times.
    public struct Line: Equatable, Sendable {
        /// Who.
        public let agent: AgentID
        /// Their name for people.
        public let name: String
        /// Each presence that they had.
        public let shares: [Share]
        /// How long they were on duty, in milliseconds.
        public let onDuty: Int64
        /// How long of that they held at least one conversation, in milliseconds.
        public let held: Int64

        /// An agent with these times.
        public init(agent: AgentID, name: String, shares: [Share], onDuty: Int64, held: Int64) {
            self.agent = agent
            self.name = name
            self.shares = shares
            self.onDuty = onDuty
            self.held = held
        }
    }

    /// From when on.
    public let from: Instant
    /// Until when, as far as that has passed.
    public let to: Instant
    /// The agents who were there.
    public let lines: [Line]

    /// The report of these.
    public init(from: Instant, to: Instant, lines: [Line]) {
        self.from = from
        self.to = to
        self.lines = lines
    }

    /// The report as JSON.
    public func encode() -> [UInt8] {
        var writer = JSONWriter(capacity: 64 + 256 * lines.count)
        writer.beginObject()
        writer.member("from", from.milliseconds)
        writer.member("to", to.milliseconds)
        writer.beginArray("agents")
        for line in lines {
            writer.beginObject()
            writer.member("agent", line.agent.number)
            writer.member("name", line.name)
            writer.member("onDuty", line.onDuty)
            writer.member("held", line.held)
            writer.beginArray("presences")
            for share in line.shares {
                writer.beginObject()
                writer.member("presence", share.presence.rawValue)
                if let reason = share.awayReason { writer.member("awayReason", reason.number) }
                writer.member("time", share.time)
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// The report as comma-separated values (RFC 4180), one line for each time.
    public func encodeLines() -> [UInt8] {
        var text = "agent,name,time,awayReason,milliseconds\r\n"
        for line in lines {
            let head = "\(line.agent.number),\(Self.field(line.name)),"
            for share in line.shares {
                let reason = share.awayReason.map { "\($0.number)" } ?? ""
                text += "\(head)\(share.presence.rawValue),\(reason),\(share.time)\r\n"
            }
            text += "\(head)onDuty,,\(line.onDuty)\r\n\(head)held,,\(line.held)\r\n"
        }
        return Array(text.utf8)
    }

    /// A name is somebody's own: a spreadsheet must not take it for a formula (OWASP, CSV Injection).
    private static func field(_ name: String) -> String {
        let isFormula = name.utf8.first.map("=+-@\t\r".utf8.contains) ?? false
        let quoted = name.replacing("\"", with: "\"\"")
        return "\"\(isFormula ? "'" : "")\(quoted)\""
    }
}
