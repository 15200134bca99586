public import Desk

/// What an element of a webhook is about.
public enum MetaElementKind: Equatable, Sendable {
    /// The person wrote, sent something or tapped a button.
    case message(CustomerMessageKind)
    /// A message left the page ("message_echoes"), by whichever app; `metadata` is what its sender
    /// put along, `app` the platform's id of the app.
    case left(metadata: String?, app: String?)
    /// The person's device has everything up to this moment.
    case delivered(upTo: Instant?)
    /// The person has read everything up to this moment.
    case read(upTo: Instant?)
    /// The person reacted to a message or took it back.
    case reacted(isRemoved: Bool)
    /// The person changed a message.
    case edited
    /// The person deleted a message.
    case deleted
    /// Anything else, by the platform's name.
    case other(String)
    /// JSON by its brackets, but not an element that could be read.
    case unreadable(JSONError)
    /// It belongs to a page that is not this desk's.
    case foreignPage
}

/// One element of a webhook (or one message read back from the channel).
public struct MetaElement: Equatable, Sendable {
    /// Over what it came: the one that is read so far.
    public var channel = Channel.messenger
    /// The platform's id of the page; empty when it could not be read.
    public var page: String
    /// The platform's id of the person on that page; `nil` when the element is about nobody.
    public var person: String?
    /// What it is about.
    public var kind: MetaElementKind
    /// When, by the platform's clock; `nil` when it gave none that is usable.
    public var timestamp: Instant?
    /// When the platform made the envelope; differs between repetitions.
    public var envelopeTime: Instant?
    /// The platform's id of the message that it is about.
    public var messageID: String?
    /// What it says, if it says anything.
    public var document: MessageDocument?
    /// The element as it came.
    public var raw: ArraySlice<UInt8>
    /// Read back from the channel: ours is then known by its text, not by metadata.
    public var isReadBack = false

    /// The platform's name of the kind, for counting.
    public var kindName: String {
        switch kind {
        case .message(let kind): kind.rawValue
        case .left: "echo"
        case .delivered: "delivery"
        case .read: "read"
        case .reacted: "reaction"
        case .edited: "message_edit"
        case .deleted: "message_deleted"
        case .other(let name): name
        case .unreadable: "unreadable"
        case .foreignPage: "foreign_page"
        }
    }

    /// What recognises a repetition: object, account and kind with, for a message, its id; for every
    /// other kind its message id, if any, and the element itself (edits, reactions and deletions
    /// repeat the id of their message). The envelope's time is not in it: it differs between
    /// repetitions. An echo and a tapped button are messages: their ids are of one kind, and so they
    /// are read back from the channel.
    public var keyMaterial: [UInt8] {
        let isMessage: Bool
        let kindOfKey: String
        switch kind {
        case .message, .left:
            isMessage = messageID != nil
            kindOfKey = isMessage ? "message" : kindName
        case .delivered, .read, .reacted, .edited, .deleted, .other, .unreadable, .foreignPage:
            isMessage = false
            kindOfKey = kindName
        }
        var material: [UInt8] = []
        material.reserveCapacity(96 + (isMessage ? 0 : raw.count))
        for part in ["page", page, kindOfKey, messageID ?? ""] {
            material.append(contentsOf: part.utf8)
            material.append(0)
        }
        if !isMessage { material.append(contentsOf: raw) }
        return material
    }
}
