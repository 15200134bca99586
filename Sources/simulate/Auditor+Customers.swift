import Desk
import Engine

/// What customers who wait are told, and when they are given up.
extension Auditor {
    /// An announcement is true when it is written, comes no more often than its queue allows, and only
    /// to who waits, can be reached and is not being told something already.
    func announced(_ said: Announcement, to id: ConversationID, _ record: EventRecord) {
        guard let conversation = ledger.conversations[id],
            let announcing = ledger.queue(conversation.queue)?.announcing
        else {
            return violated(.toldWhereAsked, "conversation \(id.number) is told of a wait unasked")
        }
        require(
            conversation.isWaiting, .toldWhileWaiting,
            "conversation \(id.number) is told of a wait and does not wait")
        if let last = conversation.toldAt {
            require(
                last.adding(milliseconds: announcing.interval) <= record.at, .toldSeldom,
                "conversation \(id.number) is told of its wait too often")
        }
        let window: Int64 = 24 * 60 * 60 * 1_000
        require(
            record.at.milliseconds < conversation.wroteAt.milliseconds + window, .toldWithinWindow,
            "conversation \(id.number) is told of its wait outside the platform's window")
        let isTold = ledger.lines[id]?.dropLast().contains { job in
            ledger.jobs[job].map { $0.agent == nil && !$0.state.isSettled } ?? false
        }
        require(
            isTold != true, .toldOneAtATime,
            "conversation \(id.number) has two announcements on their way")
        checkTruth(of: said, to: id, conversation, at: record.at)
        ledger.conversations[id]?.toldAt = record.at
        checkWords(of: said)
    }

    /// Only who waits unanswered and has been silent for long enough is given up.
    func checkGivenUp(_ conversation: Ledger.Conversation, _ handoff: Handoff) {
        require(
            ledger.hasGone(conversation), .givenUpInTime,
            "conversation \(handoff.conversation.number) is given up and may not be")
    }

    private func checkTruth(
        of said: Announcement, to id: ConversationID, _ conversation: Ledger.Conversation,
        at: Instant
    ) {
        let isClosed = ledger.closed.contains(conversation.queue)
        let (position, isPromised): (Int, Bool)
        switch said {
        case .waiting(let place, _): (position, isPromised) = (place, true)
        case .nobodyThere(let place): (position, isPromised) = (place, false)
        case .closed(let opens):
            let opening = ledger.doors[conversation.queue]?.opening(after: at)
            return require(
                isClosed && opens == opening, .toldClosingIsTrue,
                "conversation \(id.number) is told \(said), closed: \(isClosed), opens: "
                    + "\(opening.map { "\($0.milliseconds)" } ?? "nobody knows")")
        }
        require(
            !isClosed, .toldWhileOpen,
            "conversation \(id.number) is told \(said) while its queue is closed")
        let rank = ledger.rank(of: id)
        let before = ledger.conversations.count { other, known in
            known.isWaiting && known.queue == conversation.queue && ledger.rank(of: other) < rank
        }
        let isSomebodyThere = ledger.agents.contains { agent, known in
            [.available, .wrapUp].contains(known.presence) && !known.isFinishing
                && ledger.fits(agent, conversation)
                && ledger.mayServe(agent, conversation)
        }
        if case .waiting(let position, let minutes) = said,
            let wait = ledger.expectedWait(conversation.queue, position, at)
        {
            let expected = max(1, wait / 60_000 + (wait % 60_000 > 0 ? 1 : 0))
            require(
                Int64(minutes) == expected, .toldWaitIsTrue,
                "conversation \(id.number) is told \(minutes) min, expected are \(expected)")
        }
        require(
            position == before + 1, .toldPlaceIsTrue,
            "conversation \(id.number) is told place \(position) and has place \(before + 1)")
        require(
            isPromised == isSomebodyThere, .toldPresenceIsTrue,
            "conversation \(id.number) is told \(said), somebody is there: \(isSomebodyThere)")
    }

    /// What left in words is what was decided.
    private func checkWords(of said: Announcement) {
        guard let words = wordsOfEntry.popFirst() else {
            return violated(.toldInItsWords, "an announcement has no words")
        }
        require(
            words.body == Wordings.text(of: said), .toldInItsWords,
            "an announcement says something else than was decided")
    }
}

/// The expected wait, estimated a second time.
extension Ledger {
    /// A queue that begins to announce begins with its usual pace.
    mutating func beginPaces(insteadOf former: Configuration) {
        for queue in configuration.queues {
            let was = former.queues.first { $0.id == queue.id }?.announcing
            guard was == nil, let usual = queue.announcing?.usualPace else { continue }
            paces[queue.id] = (usual, isWaited(in: queue.id) ? 0 : nil)
        }
    }

    /// In a queue that begins to give customers up, silence begins.
    mutating func beginSilences(insteadOf former: Configuration) {
        for (id, known) in conversations where known.silence == nil {
            guard case .queue(let queue) = known.owner, endsSilence(queue),
                former.queues.first(where: { $0.id == queue })?.abandonment == nil
            else { continue }
            conversations[id]?.silence = 0
        }
    }

    mutating func notePace(_ handoff: Handoff, waitingSince: Instant, at: Instant) {
        if case .queue(let queue) = handoff.from, let pace = paces[queue] {
            var (mean, waited) = pace
            if handoff.to.agent != nil {
                if let waited, waitingSince < at {
                    let week: Int64 = 604_800_000
                    mean = (15 * mean + min(waited, week) + 8) / 16
                }
                waited = 0
            }
            paces[queue] = (mean, isWaited(in: queue) ? waited : nil)
        }
        if case .queue(let queue) = handoff.to, let pace = paces[queue] {
            paces[queue] = (pace.mean, pace.waited ?? 0)
        }
    }

    func expectedWait(_ queue: QueueID, _ position: Int, _ at: Instant) -> Int64? {
        guard let pace = paces[queue] else { return nil }
        let week: Int64 = 604_800_000
        let sofar = min(pace.waited ?? 0, week)
        let mean = sofar > pace.mean ? (15 * pace.mean + sofar + 8) / 16 : pace.mean
        let wait = min(mean * Int64(position), week)
        guard let door = doors[queue], let served = door.moment(after: at, open: wait) else {
            return wait
        }
        return min(served.milliseconds - at.milliseconds, week)
    }

    private func isWaited(in queue: QueueID) -> Bool {
        conversations.values.contains { $0.owner == .queue(queue) }
    }
}

/// How the pretend shell words what the desk announces.
enum Wordings {
    /// Its numbers, so that they can be read back.
    static func text(of announcement: Announcement) -> [UInt8] {
        Array("\(announcement)".utf8)
    }

    static func composer(_ plant: Plant?) -> Composer {
        { announcement, _ in
            var said = announcement
            if plant == .misquote, case .waiting(let position, let minutes) = said {
                said = .waiting(position: position, minutes: minutes + 1)
            }
            let body = text(of: said)
            // The same words have the same digest, as from the real shell.
            let sum = body.reduce(UInt64(7)) { $0 &* 31 &+ UInt64($1) }
            return Wording(textDigest: Digest(high: 6, low: sum), body: body)
        }
    }
}
