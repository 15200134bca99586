import Desk

/// Keeps rows as a database would: by what commits say, never by asking the desk.
struct Shelf: Equatable {
    private(set) var lastEvent: Int64 = 0
    private(set) var conversations: [ConversationID: Conversation] = [:]
    private(set) var agents: [AgentID: Agent] = [:]
    private(set) var jobs: [JobID: Job] = [:]
    private(set) var messages: [Digest: MessageID] = [:]
    private(set) var configuration = Configuration()
    private(set) var paces: [QueueID: QueuePace] = [:]
    private(set) var queueStates: [QueueID: QueueState] = [:]

    /// What a reload would find.
    var state: DeskState {
        var state = DeskState()
        state.lastEvent = lastEvent
        state.conversations = conversations.values.filter(\.isOpen).sorted { $0.id < $1.id }
        state.configuration = configuration
        state.paces = paces.values.sorted { $0.queue < $1.queue }
        state.queueStates = queueStates.values.sorted { $0.queue < $1.queue }
        state.agents = agents.values.sorted { $0.id < $1.id }
        state.jobs = jobs.values.filter { !$0.state.isSettled }.sorted { $0.id < $1.id }
        return state
    }

    /// What a prefetch of these inputs would find: all of it, or what this desk lacks.
    func known(for inputs: [Input], lackedBy desk: Desk? = nil) -> Known {
        var needs = Needs()
        for input in inputs { Desk.needs(of: input, into: &needs) }
        if let desk { needs = desk.lacking(needs) }
        var known = Known()
        for conversation in conversations.values where needs.threads.contains(conversation.thread) {
            known.threads[conversation.thread] = conversation
        }
        for id in needs.conversations where conversations[id]?.isOpen == false {
            known.conversations[id] = conversations[id]
        }
        for digest in needs.messages { known.messages[digest] = messages[digest] }
        for id in needs.jobs where jobs[id]?.state.isSettled == true { known.jobs[id] = jobs[id] }
        return known
    }

    mutating func write(_ records: [EventRecord], of input: Input) {
        for record in records {
            lastEvent = record.number
            guard let platform = input.platformMessage else { continue }
            switch record.event {
            case .messageReceived(_, let message, _, _), .messageSentElsewhere(_, let message, _):
                messages[platform] = message
            case .jobChanged(_, _, let message, .sent, _):
                messages[platform] = message
            default:
                break
            }
        }
    }

    mutating func write(_ changes: Changes) {
        for var row in changes.conversations {
            if let former = conversations[row.id] { row.activity = former.activity }
            conversations[row.id] = row
        }
        for row in changes.activities { conversations[row.conversation]?.activity = row }
        for row in changes.agents { agents[row.id] = row }
        for row in changes.queueStates { queueStates[row.queue] = row }
        for row in changes.jobs { jobs[row.id] = row }
        for row in changes.paces { paces[row.queue] = row }
        if let changed = changes.configurations.last { configuration = changed }
    }
}

extension Input {
    fileprivate var platformMessage: Digest? {
        switch self {
        case .customerWrote(let message): message.platformMessage
        case .channelReported(let report): report.platformMessage
        default: nil
        }
    }
}
