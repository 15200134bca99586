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
    /// Say whether one is there; who is away may say why.
    case presenceSet(Presence, reason: AwayReasonID? = nil)
    /// Write longer about what was let go of.
    case wrapUpExtend
    /// Say when one's shift ends; `nil`: it is open.
    case shiftEndSet(Instant?)
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
    /// Take the conversation that is offered.
    case offerAccept(ConversationID)
    /// Do not take the conversation that is offered.
    case offerDecline(ConversationID, DeclineReason)
    /// Take a waiting conversation from the list of its queue.
    case conversationTake(ConversationID)
    /// Pass the conversation on.
    case conversationTransfer(ConversationID, TransferTarget)
    /// Who is on duty, to pass a conversation on to. Changes nothing.
    case colleaguesRead
    /// Look at the accounts of the customer whose conversation one holds.
    case accountsRead(ConversationID, AccountPurpose)
    /// What a supervisor orders or asks; refused to everybody else.
    case supervise(SupervisorCommand)
}

/// What a supervisor orders or asks.
public enum SupervisorCommand: Equatable, Sendable {
    /// Set an agent's capacity, in units of work.
    case capacitySet(AgentID, capacity: Int)
    /// Set an agent's presence, and why they are to be away.
    case presenceSet(AgentID, Presence, reason: AwayReasonID? = nil)
    /// Say when an agent's shift ends; `nil`: it is open.
    case shiftEndSet(AgentID, Instant?)
    /// Set what an agent is for.
    case profileSet(AgentID, Profile)
    /// Move a conversation to a queue; to its own: take it back from its agent.
    case conversationMove(ConversationID, QueueID, overridesLimit: Bool)
    /// Give a conversation to an agent; beyond their capacity only when that is said.
    case conversationAssign(ConversationID, AgentID, overridesCapacity: Bool)
    /// Set a conversation's priority; `nil`: that of its queue.
    case prioritySet(ConversationID, Int?)
    /// Set what a conversation asks for itself, and its compartment.
    case needsSet(ConversationID, [SkillLevel], CompartmentID?)
    /// Tie the customer of a conversation to the bank's name for them: 1 to
    /// ``WireLimits/bankReference`` visible ASCII characters.
    case customerLink(ConversationID, reference: String, AccountPurpose)
    /// Close a queue, until then or until somebody opens it.
    case queueClose(QueueID, until: Instant?)
    /// Open a queue: its hours count again, or it is kept open until then or until they open it.
    case queueOpen(QueueID, until: Instant?)
    /// Explain why a conversation waits, or with whom it is. Changes nothing.
    case explain(ConversationID)
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
}
