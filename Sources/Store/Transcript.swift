public import Desk

/// A part of a conversation's past, with what the channel told of all of it.
public struct Transcript: Equatable, Sendable {
    /// The entries, oldest first.
    public var messages: [TranscriptMessage] = []
    /// The customer's device has everything up to this moment; nil: nothing was told, or there are
    /// no messages.
    public var deliveredUpTo: Instant?
    /// The customer has read everything up to this moment; nil as above.
    public var readUpTo: Instant?
}

/// One entry of a conversation's past, opened.
public struct TranscriptMessage: Equatable, Sendable {
    /// What it is.
    public enum Kind: String, Sendable, CaseIterable {
        /// The customer's text, possibly with attachments.
        case text
        /// The customer's attachments alone.
        case attachment
        /// The customer tapped a button.
        case postback
        /// An agent's reply.
        case reply
        /// Sent to the customer by another app.
        case elsewhere
        /// Another event of the thread, kept as it came.
        case note
        /// What the desk itself told a waiting customer.
        case announcement
    }

    /// Something that happened to it later.
    public struct Change: Equatable, Sendable {
        /// The number of its event.
        public let event: Int64
        /// When it was recorded.
        public let at: Instant
        /// A reaction was taken back. Always false for an edit.
        public let isRemoved: Bool
        /// The document that travelled beside: the new text, the reaction. Nil: there was none, or it
        /// was erased.
        public let body: [UInt8]?
    }

    /// Its name.
    public let id: MessageID
    /// What it is.
    public let kind: Kind
    /// The agent who replied.
    public let author: AgentID?
    /// When, by the platform's clock.
    public let writtenAt: Instant
    /// When it was recorded.
    public let recordedAt: Instant
    /// The document that travelled beside it. Nil: there was none, or it was erased.
    public let body: [UInt8]?
    /// Stands for the platform's id, if it is known.
    public let platform: Digest?
    /// Edits, oldest first.
    public var edits: [Change] = []
    /// Reactions and their taking back, oldest first.
    public var reactions: [Change] = []
    /// Whether the customer deleted it.
    public var isDeleted = false
    /// The job that sends it, for a reply or an announcement.
    public let job: Job?
}

/// What it takes to send one message.
public struct SendOrder: Equatable, Sendable {
    /// The job.
    public let job: JobID
    /// The message it sends.
    public let message: MessageID
    /// The conversation.
    public let conversation: ConversationID
    /// To whom.
    public let customer: CustomerID
    /// Where the customer is reached, as the document that came with the first message.
    public let address: [UInt8]
    /// What to send, as the document that travelled beside the reply.
    public let body: [UInt8]
}
