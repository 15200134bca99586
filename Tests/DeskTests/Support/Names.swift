import Desk

// The people of the tests, and short ways to say what they do.

let ana = AgentID(11)
let ben = AgentID(12)
let sofia = AgentID(19)
let maria = Digest(high: 0, low: 101)
let jorge = Digest(high: 0, low: 102)
let paula = Digest(high: 0, low: 103)
let queue = QueueID(1)

func text(_ number: UInt64) -> Digest { Digest(high: 1, low: number) }
func platform(_ number: UInt64) -> Digest { Digest(high: 2, low: number) }
func socket(_ number: Int64) -> ConnectionID { ConnectionID(number) }
func conversation(_ number: Int64) -> ConversationID { ConversationID(number) }
func message(_ number: Int64) -> MessageID { MessageID(number) }
func job(_ number: Int64) -> JobID { JobID(number) }
func moment(_ milliseconds: Int64) -> Instant { Instant(milliseconds: milliseconds) }

/// By what somebody writes: Paula by Instagram, on the page 5; the others by Messenger.
func origin(of thread: Digest) -> Origin {
    thread == paula ? Origin(channel: .instagram, page: "5") : Origin()
}

extension Input {
    static func wrote(
        _ thread: Digest, _ id: UInt64? = nil, at: Int64 = 500, kind: CustomerMessageKind = .text
    ) -> Input {
        .customerWrote(
            CustomerWrote(
                thread: thread, platformMessage: id.map(platform), kind: kind,
                writtenAt: moment(at), origin: origin(of: thread)))
    }

    static func told(
        _ thread: Digest, _ kind: ChannelReport.Kind, _ id: UInt64? = nil, at: Int64 = 600
    ) -> Input {
        .channelReported(
            ChannelReport(
                thread: thread, platformMessage: id.map(platform), kind: kind, at: moment(at),
                origin: origin(of: thread)))
    }

    static func connected(_ agent: AgentID, _ number: Int64 = 1) -> Input {
        .agentConnected(agent, socket(number))
    }

    static func disconnected(_ agent: AgentID, _ number: Int64 = 1) -> Input {
        .agentDisconnected(agent, socket(number))
    }

    static func replied(_ agent: AgentID, _ number: Int64, _ digest: UInt64 = 1) -> Input {
        .agentReplied(agent, conversation(number), textDigest: text(digest))
    }

    static func ended(_ number: Int64, _ attempt: Int, _ outcome: SendOutcome) -> Input {
        .sendingEnded(job(number), attempt: attempt, outcome)
    }
}

extension Event {
    static func handed(
        _ id: Int64, _ number: Int, _ from: Owner, _ to: Owner, _ reason: HandoffReason
    ) -> Event {
        .ownerChanged(
            Handoff(
                conversation: conversation(id), number: number, from: from, to: to, reason: reason))
    }

    /// A change of the job `id` that sends the message of the same number.
    static func job(
        _ id: Int64, of conversation: Int64, _ state: JobState, attempts: Int
    ) -> Event {
        .jobChanged(
            JobID(id), ConversationID(conversation), MessageID(id), state, attempts: attempts)
    }
}

/// Words an announcement by its numbers.
let wording: Composer = { announcement, _ in
    let body = Array("\(announcement)".utf8)
    return Wording(textDigest: Digest(high: 9, low: UInt64(body.count)), body: body)
}
