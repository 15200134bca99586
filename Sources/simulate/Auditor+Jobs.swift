import Desk
import Engine

/// What the messages to customers must obey.
extension Auditor {
    func change(_ id: JobID, to state: JobState, _ attempts: Int, _ byPerson: Bool) {
        guard var job = ledger.jobs[id] else {
            return violated(.jobStepIsKnown, "job \(id.number) changed and was never ordered")
        }
        switch (job.state, state) {
        case (.queued, .sending):
            require(
                attempts == job.attempts + 1, .attemptsCounted,
                "job \(id.number) miscounts its attempts")
            checkTurn(of: id, job)
        case (.sending, .queued), (.unknown, .queued):
            job.denied.insert(job.attempts)
            let isTaken = takenAttempts[id]?.contains(job.attempts) ?? false
            require(
                !isTaken, .takenNotQueuedAgain,
                "job \(id.number) was taken and is queued again by the machine")
        case (.unconfirmed, .queued), (.failed, .queued):
            require(
                byPerson, .resentByPersonAlone,
                "job \(id.number) is sent again without a person's order")
            job.excused = job.attempts
        case (.sending, .unknown), (.unknown, .unknown), (.unknown, .unconfirmed),
            (.sending, .failed), (.unknown, .failed):
            break
        case (_, .sent):
            require(
                takenAttempts[id] != nil || mayBeMistaken(job), .sentWasTaken,
                "job \(id.number) counts as sent and was never taken")
        case (.queued, _), (.sending, _), (.unknown, _), (.sent, _), (.failed, _),
            (.unconfirmed, _):
            violated(.jobStepIsKnown, "job \(id.number) went from \(job.state) to \(state)")
        }
        job.state = state
        job.attempts = attempts
        ledger.jobs[id] = job
    }

    /// A message that was read back is known by its text alone; two with the same text of one
    /// conversation cannot be told apart.
    private func mayBeMistaken(_ job: Ledger.Job) -> Bool {
        let common = Digest(high: 5, low: 1)
        let line = ledger.lines[job.conversation] ?? []
        return line.contains { database.jobs[$0]?.textDigest == common }
    }

    /// Of a conversation one message at a time leaves, in order.
    private func checkTurn(of id: JobID, _ job: Ledger.Job) {
        for other in ledger.lines[job.conversation] ?? [] where other != id {
            switch ledger.jobs[other]?.state {
            case .sending, .unknown:
                violated(
                    .jobsLeaveOneAtATime,
                    "job \(id.number) overtakes job \(other.number), which is under way")
            case .queued:
                require(
                    other > id, .jobsLeaveInOrder,
                    "job \(id.number) leaves before job \(other.number)")
            case .sent, .failed, .unconfirmed, nil:
                break
            }
        }
    }

    /// A post arrived at Messenger.
    func posted(_ id: JobID, attempt: Int) {
        let job = ledger.jobs[id]
        require(
            job.map { $0.attempts >= attempt } ?? false, .postedOnceBegun,
            "job \(id.number) left before its beginning was committed")
        let isFirst = postedAttempts[id, default: []].insert(attempt).inserted
        require(isFirst, .postedOncePerAttempt, "job \(id.number) left twice in attempt \(attempt)")
        let earlier = (takenAttempts[id] ?? []).filter { $0 < attempt }
        let isExcused = earlier.allSatisfy { $0 <= job?.excused ?? 0 }
        require(
            isExcused, .takenNotResent, "job \(id.number) was taken and is resent by the machine")
    }

    /// Messenger took it: the customer has it.
    func took(_ id: JobID, attempt: Int) {
        takenAttempts[id, default: []].append(attempt)
        let isDenied = ledger.jobs[id]?.denied.contains(attempt) ?? false
        require(
            !isDenied, .refusedWasNotTaken,
            "job \(id.number) was taken after it was said to be refused")
    }
}
