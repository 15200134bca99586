public import Desk

/// A place in a feed from which a console goes on.
public struct ResumePoint: Equatable, Sendable {
    /// The epoch of the last push that it saw.
    public let epoch: Int64
    /// The number of the last push that it saw.
    public let seq: Int64

    /// This place.
    public init(epoch: Int64, seq: Int64) {
        self.epoch = epoch
        self.seq = seq
    }
}

/// What a console asks for.
public enum ConsoleCommand: Equatable, Sendable {
    /// The first frame: begin, or go on from a place.
    case hello(resume: ResumePoint?)
    /// Say whether one is there.
    case presenceSet(Presence)
    /// Reply to the customer. 1 to ``WireLimits/messageLength`` characters, not all white space.
    case messageSend(ConversationID, text: String)
    /// Send an unconfirmed or failed message again.
    case messageResend(JobID)
    /// Everything so far was read.
    case conversationRead(ConversationID)
    /// Close the conversation.
    case conversationClose(ConversationID)
    /// Read messages of the past, newest first: at most `limit`, before a message if one is named.
    case transcriptRead(ConversationID, before: MessageID?, limit: Int)
    /// Set an agent's capacity (a supervisor).
    case capacitySet(AgentID, capacity: Int)
}

/// One request of a console: JSON-RPC 2.0, whose id is a UUID chosen by the client and the key by
/// which a repetition is recognised.
public struct ConsoleRequest: Equatable, Sendable {
    /// The id, in lower case.
    public let id: String
    /// What is asked for.
    public let command: ConsoleCommand

    /// A request with this id.
    public init(id: String, command: ConsoleCommand) {
        self.id = id
        self.command = command
    }

    /// Reads a frame. Unknown members are ignored; batches and notifications are refused.
    public static func parse(_ frame: [UInt8]) -> Result<ConsoleRequest, ConsoleProblem> {
        var parser = ConsoleRequestParser(frame)
        do throws(ConsoleProblem) {
            return .success(try parser.parse())
        } catch {
            return .failure(error)
        }
    }

    /// The method with its parameters in one fixed form: its digest, stored with the id, tells a
    /// repetition from another use of the same id.
    public var parameterMaterial: [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        switch command {
        case .hello(let resume):
            writer.element("hello")
            if let resume {
                writer.element(resume.epoch)
                writer.element(resume.seq)
            }
        case .presenceSet(let presence):
            writer.element("presence.set")
            writer.element(presence.rawValue)
        case .messageSend(let conversation, let text):
            writer.element("message.send")
            writer.element(conversation.number)
            writer.element(text)
        case .messageResend(let job):
            writer.element("message.resend")
            writer.element(job.number)
        case .conversationRead(let conversation):
            writer.element("conversation.read")
            writer.element(conversation.number)
        case .conversationClose(let conversation):
            writer.element("conversation.close")
            writer.element(conversation.number)
        case .transcriptRead(let conversation, let before, let limit):
            writer.element("transcript.read")
            writer.element(conversation.number)
            writer.element(before?.number ?? 0)
            writer.element(Int64(limit))
        case .capacitySet(let agent, let capacity):
            writer.element("agent.setCapacity")
            writer.element(agent.number)
            writer.element(Int64(capacity))
        }
        writer.endArray()
        return writer.bytes
    }
}
