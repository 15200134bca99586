extension Desk {
    /// Takes down what the channel told about a thread.
    mutating func record(_ report: ChannelReport, _ minutes: inout Minutes) -> Int64 {
        switch report.kind {
        case .messageLeft(let job, let textDigest):
            return recordDeparture(report, job, textDigest, &minutes)
        case .delivered(let upTo):
            note(on: latest(of: report.thread, minutes), &minutes) {
                .messagesDelivered($0, upTo: upTo)
            }
        case .read(let upTo):
            note(on: latest(of: report.thread, minutes), &minutes) { .messagesRead($0, upTo: upTo) }
        case .reacted(let isRemoved):
            let message = message(report, minutes)
            note(on: met(report, &minutes), &minutes) {
                .messageReacted($0, message, isRemoved: isRemoved)
            }
        case .edited:
            let message = message(report, minutes)
            note(on: met(report, &minutes), &minutes) { .messageEdited($0, message) }
        case .deleted:
            let message = message(report, minutes)
            note(on: met(report, &minutes), &minutes) { .messageDeleted($0, message) }
        case .other:
            note(on: met(report, &minutes), &minutes) { .channelEventKept($0) }
        }
        return 0
    }

    /// Notes an event of a conversation, open or closed; of none, it is kept without one.
    private mutating func note(
        on conversation: Conversation?, _ minutes: inout Minutes,
        _ event: (ConversationID) -> Event
    ) {
        guard let conversation else { return _ = note(.channelEventKept(nil), in: &minutes) }
        note(event(conversation.id), to: conversation.owner.agent, in: &minutes)
    }

    /// The thread's conversation; when there is none, one that begins closed, so that nothing of a
    /// customer is lost.
    private mutating func met(
        _ report: ChannelReport, _ minutes: inout Minutes
    ) -> Conversation {
        latest(of: report.thread, minutes) ?? open(report.thread, by: report.origin, &minutes)
    }

    /// The message that a report is about, if it was recorded.
    private func message(_ report: ChannelReport, _ minutes: Minutes) -> MessageID? {
        report.platformMessage.flatMap { recorded[$0] ?? minutes.known.messages[$0] }
    }

    // MARK: A message left the page

    /// A message left the page: one of ours is proved sent by it, any other is taken down.
    private mutating func recordDeparture(
        _ report: ChannelReport, _ named: JobID?, _ textDigest: Digest?, _ minutes: inout Minutes
    ) -> Int64 {
        let conversation = latest(of: report.thread, minutes)
        if let job = named.flatMap({ job($0, minutes) }),
            conversation == nil || conversation?.id == job.conversation
        {
            confirm(job, by: report, &minutes)
            return 0
        }
        guard message(report, minutes) == nil else { return 0 }
        if named == nil, let textDigest, let conversation {
            switch counterpart(of: textDigest, in: conversation.id) {
            case .mayHaveLeft(let job):
                confirm(job, by: report, &minutes)
                return 0
            case .isLeaving:
                return 0
            case .none:
                break
            }
        }
        return recordElsewhere(report, &minutes)
    }

    /// An echo is proof, whatever was believed before.
    private mutating func confirm(_ job: Job, by report: ChannelReport, _ minutes: inout Minutes) {
        guard job.state != .sent else { return }
        if let platform = report.platformMessage { recorded[platform] = job.message }
        set(job, to: .sent, &minutes)
    }

    private enum Counterpart {
        /// The message is taken as the proof that this one left.
        case mayHaveLeft(Job)
        /// One with this text is leaving right now and its outcome will come: taking the message for
        /// it could hide a failure, taking it for another app's would show it twice.
        case isLeaving
        /// It is nothing that we know of.
        case none
    }

    /// The job that a message without our mark is, judged by its text.
    private func counterpart(of textDigest: Digest, in conversation: ConversationID) -> Counterpart
    {
        let line = (lines[conversation] ?? []).compactMap { jobs[$0] }
            .filter { $0.textDigest == textDigest }
        for job in line {
            switch job.state {
            case .unknown, .unconfirmed: return .mayHaveLeft(job)
            case .queued, .sending, .sent, .failed: continue
            }
        }
        return line.contains { $0.state == .sending } ? .isLeaving : .none
    }

    private mutating func recordElsewhere(
        _ report: ChannelReport, _ minutes: inout Minutes
    ) -> Int64 {
        var conversation = met(report, &minutes)
        conversation.lastMessageAt = minutes.at
        put(conversation)
        let id = MessageID(upcoming)
        note(
            .messageSentElsewhere(conversation.id, id, writtenAt: report.at),
            to: conversation.owner.agent, in: &minutes)
        if let platform = report.platformMessage { recorded[platform] = id }
        return id.number
    }
}
