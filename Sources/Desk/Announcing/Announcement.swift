/// What the desk tells a waiting customer: decided by the desk, put into words outside of it.
public enum Announcement: Equatable, Sendable, Codable {
    /// Their place in the queue, 1 for the next to be served, and the expected wait in minutes, at
    /// least 1.
    case waiting(position: Int, minutes: Int)
    /// Nobody is there who could serve them; their place in the queue.
    case nobodyThere(position: Int)
    /// Their queue is closed until this moment; `nil`: nobody knows until when.
    case closed(opens: Instant?)
}

/// What a customer was told of their wait, and when there may be something new to tell.
public struct Announced: Equatable, Sendable, Codable {
    /// What they were told last since they came into the queue; `nil`: nothing yet.
    public var said: Announcement?
    /// When they were told anything last, in this wait or an earlier one.
    public var at: Instant?
    /// When to look whether there is anything to tell. Stored, so that a reload neither hurries nor
    /// forgets it.
    public var nextLook: Instant

    /// Told this, then.
    public init(said: Announcement?, at: Instant?, nextLook: Instant) {
        self.said = said
        self.at = at
        self.nextLook = nextLook
    }
}

/// The words of a message that the desk wrote.
public struct Wording: Equatable, Sendable {
    /// Stands for the text, as that of a reply does.
    public let textDigest: Digest
    /// The document to be kept sealed and sent; opaque to the desk.
    public let body: [UInt8]

    /// These words.
    public init(textDigest: Digest, body: [UInt8]) {
        self.textDigest = textDigest
        self.body = body
    }
}

/// Puts an announcement into words by the templates of its queue, and moments into the time of its
/// place. A pure function; `nil`: the text must not leave, and then nothing is announced.
public typealias Composer = @Sendable (Announcement, Queue) -> Wording?

/// A message that the desk wrote, with its words: they travel beside the event into the same commit.
public struct Written: Equatable, Sendable {
    /// The message.
    public let message: MessageID
    /// Its document.
    public let body: [UInt8]

    /// This message with this document.
    public init(message: MessageID, body: [UInt8]) {
        self.message = message
        self.body = body
    }
}
