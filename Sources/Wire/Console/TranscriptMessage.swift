public import Desk

/// What an entry of a transcript is.
public enum TranscriptKind: String, Sendable, CaseIterable {
    /// The customer's text.
    case text
    /// The customer's attachments.
    case attachment
    /// A button that the customer tapped.
    case postback
    /// An agent's reply.
    case reply
    /// Written by another app of the page.
    case elsewhere
    /// Another event of the channel.
    case note
    /// What the desk itself told a waiting customer.
    case announcement
}

/// One entry of a transcript as a console shows it.
public struct TranscriptMessage: Equatable, Sendable {
    /// The job that sends a reply.
    public struct Sending: Equatable, Sendable {
        /// Its name.
        public var job: JobID
        /// How far it has come.
        public var state: JobState

        /// A job in this state.
        public init(job: JobID, state: JobState) {
            self.job = job
            self.state = state
        }
    }

    /// Its name.
    public var id: MessageID
    /// What it is.
    public var kind: TranscriptKind
    /// When it was written, by the platform's clock.
    public var writtenAt: Instant
    /// When it was recorded.
    public var recordedAt: Instant
    /// The agent who wrote it.
    public var author: AgentID?
    /// Its opened document. Not shown once the customer deleted the message.
    public var document: [UInt8]?
    /// The opened document of its latest edit, whose text replaces its own.
    public var edit: [UInt8]?
    /// The message that it answers, if it is one that we have recorded.
    public var replyTo: MessageID?
    /// Whether the customer deleted it.
    public var isDeleted: Bool
    /// The customer's reactions that were not taken back.
    public var reactions: [String]
    /// How far its sending has come.
    public var sending: Sending?

    /// An entry with these parts.
    public init(
        id: MessageID, kind: TranscriptKind, writtenAt: Instant, recordedAt: Instant,
        author: AgentID? = nil, document: [UInt8]? = nil, edit: [UInt8]? = nil,
        replyTo: MessageID? = nil, isDeleted: Bool = false, reactions: [String] = [],
        sending: Sending? = nil
    ) {
        self.id = id
        self.kind = kind
        self.writtenAt = writtenAt
        self.recordedAt = recordedAt
        self.author = author
        self.document = document
        self.edit = edit
        self.replyTo = replyTo
        self.isDeleted = isDeleted
        self.reactions = reactions
        self.sending = sending
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", id.number)
        writer.member("kind", kind.rawValue)
        writer.member("writtenAt", writtenAt.milliseconds)
        writer.member("recordedAt", recordedAt.milliseconds)
        if let author { writer.member("author", author.number) }
        if isDeleted {
            writer.member("deleted", true)
        } else {
            var parts = DocumentParts(document)
            if edit != nil { parts.text = DocumentParts(edit).text }
            parts.writeContent(to: &writer)
            if kind == .note, let event = parts.kind { writer.member("event", raw: event) }
        }
        if let replyTo { writer.member("replyTo", replyTo.number) }
        if edit != nil { writer.member("edited", true) }
        if !reactions.isEmpty {
            writer.beginArray("reactions")
            for reaction in reactions { writer.element(reaction) }
            writer.endArray()
        }
        if let sending {
            writer.beginObject("job")
            writer.member("id", sending.job.number)
            sending.state.writeMembers(to: &writer)
            writer.endObject()
        }
        writer.endObject()
    }
}
