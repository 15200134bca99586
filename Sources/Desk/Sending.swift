extension Desk {
    /// Moves a job on; whoever holds its conversation and whoever wrote the message are told.
    mutating func set(_ job: Job, to state: JobState, _ minutes: inout Minutes) {
        var job = job
        job.state = state
        put(job)
        let event = Event.jobChanged(
            job.id, job.conversation, job.message, state, attempts: job.attempts)
        note(event, to: job.agent, conversations[job.conversation]?.owner.agent, in: &minutes)
    }

    /// The job as the batch left it, or as the store knew it before.
    func job(_ id: JobID, _ minutes: Minutes) -> Job? { jobs[id] ?? minutes.known.jobs[id] }

    // MARK: People

    /// The owner replied: the message is on record, and a job will send it.
    mutating func reply(
        _ agent: AgentID, _ id: ConversationID, _ textDigest: Digest, _ minutes: inout Minutes
    ) throws(Rejection) -> Int64 {
        var conversation = try conversation(id, ownedBy: agent, minutes)
        guard hasRoomForJob(id) else { throw Rejection(.tooManyUnsettled, field: "conversation") }
        let hadUnread = conversation.unread > 0
        conversation.unread = 0
        conversation.lastMessageAt = minutes.at
        conversation.routing.silentSince = nil
        let promises = keepPromise(in: &conversation, &minutes)
        put(conversation)
        let job = Job(
            id: JobID(upcoming), conversation: id, message: MessageID(upcoming), agent: agent,
            textDigest: textDigest, state: .queued(notBefore: minutes.at), attempts: 0)
        put(job)
        note(.messageWritten(id, job.message, agent, job.id), to: agent, in: &minutes)
        if hadUnread { note(.conversationRead(id, agent), to: agent, in: &minutes) }
        for event in promises { note(event, to: agent, in: &minutes) }
        return job.message.number
    }

    /// A person decided that a message which may not have arrived be sent again (promise P8).
    mutating func resend(
        _ agent: AgentID, _ id: JobID, _ minutes: inout Minutes
    ) throws(Rejection) -> Int64 {
        guard let job = job(id, minutes) else { throw Rejection(.notFound, field: "job") }
        // Every open conversation is held: one that is not was closed earlier.
        guard let conversation = conversations[job.conversation], conversation.isOpen else {
            throw Rejection(.conversationClosed, field: "job")
        }
        guard conversation.owner == .agent(agent) else { throw Rejection(.notOwner, field: "job") }
        // What the desk announced was true then.
        guard job.agent != nil else { throw Rejection(.wrongState, field: "job") }
        switch job.state {
        case .failed, .unconfirmed: break
        case .queued, .sending, .unknown, .sent: throw Rejection(.wrongState, field: "job")
        }
        guard hasRoomForJob(job.conversation) else {
            throw Rejection(.tooManyUnsettled, field: "job")
        }
        set(job, to: .queued(notBefore: minutes.at), &minutes)
        return id.number
    }

    /// Whether one more message of the conversation may wait to be sent (promise P14).
    func hasRoomForJob(_ conversation: ConversationID) -> Bool {
        unsettledJobs(of: conversation).count < Limits.unsettledJobsPerConversation
    }

    // MARK: The outbox

    /// A job may leave when nothing of its conversation is in flight and it is the first in line.
    /// Tells which attempt this is.
    mutating func beginSending(
        _ id: JobID, _ minutes: inout Minutes
    ) throws(Rejection) -> Int64 {
        guard var job = jobs[id], case .queued = job.state else {
            throw Rejection(.wrongState, field: "job")
        }
        let line = unsettledJobs(of: job.conversation)
        // One that was resent stands before those that were written after it, of which one may be in
        // flight already.
        guard line.first?.id == id, !line.contains(where: \.state.isInFlight)
        else { throw Rejection(.wrongState, field: "job") }
        job.attempts += 1
        set(job, to: .sending, &minutes)
        return Int64(job.attempts)
    }

    /// What came of an attempt. Late and repeated reports change nothing: by then an echo, a new
    /// epoch or a person has decided otherwise.
    mutating func endSending(
        _ id: JobID, _ attempt: Int, _ outcome: SendOutcome, _ minutes: inout Minutes
    ) {
        guard let job = jobs[id], job.attempts == attempt, job.state.isInFlight else { return }
        switch outcome {
        case .sent:
            set(job, to: .sent, &minutes)
        case .retry(let notBefore):
            let isLast = job.attempts >= rules.maximumAttempts
            let next = isLast ? JobState.failed(.attemptsExhausted) : .queued(notBefore: notBefore)
            set(job, to: next, &minutes)
        case .failed(let failure):
            set(job, to: .failed(failure), &minutes)
        case .unknown:
            // One that is unknown already keeps its deadline, or the lack of one until the channel
            // has been read back.
            guard job.state == .sending else { return }
            let deadline = minutes.at.adding(milliseconds: rules.confirmationWait)
            set(job, to: .unknown(deadline: deadline), &minutes)
        }
    }
}

extension JobState {
    /// Whether it may have left and nothing has told yet.
    var isInFlight: Bool {
        switch self {
        case .sending, .unknown: true
        case .queued, .sent, .failed, .unconfirmed: false
        }
    }
}
