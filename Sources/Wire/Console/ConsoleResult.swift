public import Desk

/// Answers to a console's requests.
public enum ConsoleResult {
    /// Done; there is no more to tell.
    public static func done(id: String) -> [UInt8] {
        frame(id) { _ in }
    }

    /// A reply was recorded as this message.
    public static func message(id: String, _ message: MessageID) -> [UInt8] {
        frame(id) { $0.member("message", message.number) }
    }

    /// A part of a transcript, whether there is more before it, and up to which moments the customer
    /// has the conversation's messages and has read them, as far as the channel told.
    public static func transcript(
        id: String, _ messages: [TranscriptMessage], more: Bool, deliveredUpTo: Instant?,
        readUpTo: Instant?
    ) -> [UInt8] {
        frame(id, capacity: 256 + 256 * messages.count) { writer in
            writer.beginArray("messages")
            for message in messages { message.write(to: &writer) }
            writer.endArray()
            writer.member("more", more)
            if let deliveredUpTo { writer.member("deliveredUpTo", deliveredUpTo.milliseconds) }
            if let readUpTo { writer.member("readUpTo", readUpTo.milliseconds) }
        }
    }

    /// The answer to `hello`. With a snapshot the console begins anew; without one it goes on, and
    /// what it missed follows as notifications.
    public static func hello(
        id: String, epoch: Int64, seq: Int64, person: PersonCard, desk: DeskCard,
        snapshot: ConsoleSnapshot?
    ) -> [UInt8] {
        frame(id, capacity: 512 + 256 * (snapshot?.conversations.count ?? 0)) { writer in
            writer.member("mode", snapshot == nil ? "resumed" : "snapshot")
            writer.member("epoch", epoch)
            writer.member("seq", seq)
            person.write(to: &writer)
            desk.write(to: &writer)
            snapshot?.write(to: &writer)
        }
    }

    /// Who is on duty, in the order in which they are shown.
    public static func colleagues(id: String, _ people: [(id: AgentID, name: String)]) -> [UInt8] {
        frame(id, capacity: 64 + 48 * people.count) { writer in
            writer.beginArray("colleagues")
            for person in people {
                writer.beginObject()
                writer.member("id", person.id.number)
                writer.member("name", person.name)
                writer.endObject()
            }
            writer.endArray()
        }
    }

    /// A customer's accounts, masked: to the console that asked, and to no other.
    public static func accounts(id: String, _ answer: AccountAnswer) -> [UInt8] {
        frame(id, capacity: 4_096) { writer in
            switch answer {
            case .unconfigured: writer.member("state", "unconfigured")
            case .unlinked: writer.member("state", "unlinked")
            case .read(let context):
                writer.member("state", "read")
                context.writeMembers(to: &writer)
            }
        }
    }

    /// Why a conversation waits, or with whom it is.
    public static func explanation(id: String, _ document: ExplanationDocument) -> [UInt8] {
        let count = document.explanation.candidates.count
        return frame(id, capacity: 256 + 64 * min(count, WireLimits.candidates)) { writer in
            document.writeMembers(to: &writer)
        }
    }

    private static func frame(
        _ id: String, capacity: Int = 96, _ write: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        JSONWriter.frame("id", id, "result", capacity: capacity, write)
    }
}

/// Notifications that are no events: unnumbered.
public enum ConsoleNotice {
    /// The node ends: connect again after this long, in milliseconds.
    public static func draining(reconnectAfterMilliseconds: Int64) -> [UInt8] {
        frame("server.draining") { $0.member("reconnectAfterMs", reconnectAfterMilliseconds) }
    }

    /// The database is away, or back again: until then commands wait and nothing new is pushed.
    public static func interrupted(_ isInterrupted: Bool) -> [UInt8] {
        frame("server.interrupted") { $0.member("interrupted", isInterrupted) }
    }

    /// The desk routes by something else from now on.
    public static func deskChanged(_ desk: DeskCard) -> [UInt8] {
        frame("desk.changed", capacity: 512) { desk.write(to: &$0) }
    }

    /// Who waits, in order, in the queues that an agent takes from: all that they may take. Told when
    /// it changed, at most once a second.
    public static func takeable(_ conversations: [Conversation]) -> [UInt8] {
        frame("takeable", capacity: 64 + 96 * conversations.count) { writer in
            writer.beginArray("conversations")
            for conversation in conversations {
                writer.beginObject()
                writer.member("id", conversation.id.number)
                writer.member("queue", conversation.queue.number)
                writer.member("waitingSince", conversation.waitingSince.milliseconds)
                if let priority = conversation.routing.priority {
                    writer.member("priority", priority)
                }
                writer.endObject()
            }
            writer.endArray()
        }
    }

    /// The console begins anew from this state: what it missed is no longer at hand.
    public static func snapshot(
        epoch: Int64, seq: Int64, person: PersonCard, desk: DeskCard, _ snapshot: ConsoleSnapshot
    ) -> [UInt8] {
        frame("snapshot", capacity: 512 + 256 * snapshot.conversations.count) { writer in
            writer.member("epoch", epoch)
            writer.member("seq", seq)
            person.write(to: &writer)
            desk.write(to: &writer)
            snapshot.write(to: &writer)
        }
    }

    private static func frame(
        _ method: String, capacity: Int = 96, _ write: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        JSONWriter.frame("method", method, "params", capacity: capacity, write)
    }
}

extension JSONWriter {
    /// A JSON-RPC 2.0 object with one naming member and one object.
    fileprivate static func frame(
        _ naming: String, _ name: String, _ object: String, capacity: Int,
        _ write: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: capacity)
        writer.beginObject()
        writer.member("jsonrpc", "2.0")
        writer.member(naming, name)
        writer.beginObject(object)
        write(&writer)
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }
}
