/// What the desk tells waiting customers by itself. Each has a stored moment at which it is looked
/// whether there is something new; nothing walks over all that wait.
extension Desk {
    /// Tells those whose moment has come, at most ``Limits/looksPerInput`` at once: who is left is due
    /// with the next input or tick of the clock.
    mutating func announce(_ minutes: inout Minutes) {
        for _ in 0..<Limits.looksPerInput {
            guard let due = looks.first, due.rank <= minutes.at,
                minutes.records.count < Limits.eventsAtOnce
            else { return }
            look(at: due.member, &minutes)
        }
    }

    /// When it is to be looked whether this conversation's customer is to be told something.
    func nextLook(of conversation: Conversation) -> Instant? {
        guard announcing(to: conversation) != nil else { return nil }
        return conversation.routing.announced?.nextLook ?? conversation.waitingSince
    }

    /// How its queue announces to a conversation that waits and is offered to nobody.
    private func announcing(to conversation: Conversation) -> Announcing? {
        announcingQueue(of: conversation)?.announcing
    }

    /// The queue in which it waits so, if that announces.
    private func announcingQueue(of conversation: Conversation) -> Queue? {
        guard case .queue(let id) = conversation.owner, conversation.routing.offer == nil,
            let queue = configuration.queue(id), queue.announcing != nil
        else { return nil }
        return queue
    }

    /// What a change of owner does to what was told: a new queue is told of as soon as the interval
    /// allows, and who was served in between is told anew.
    func noteAnnounced(_ owner: Owner, _ conversation: inout Conversation, _ at: Instant) {
        let told = conversation.routing.announced
        switch owner {
        case .queue(let queue):
            guard let announcing = configuration.queue(queue)?.announcing else {
                return conversation.routing.announced = told.map { forgetting($0) }
            }
            let allowed = told?.at?.adding(milliseconds: announcing.interval) ?? at
            conversation.routing.announced = Announced(
                said: told?.said, at: told?.at, nextLook: max(allowed, at))
        case .agent, .bot, .nobody:
            // Who was told nothing has nothing to remember.
            conversation.routing.announced = told?.at == nil ? nil : told.map { forgetting($0) }
        }
    }

    private func forgetting(_ told: Announced) -> Announced {
        Announced(said: nil, at: told.at, nextLook: told.nextLook)
    }

    /// A queue closed, opened or is closed for another time: who waits in it is told as soon as the
    /// interval allows, and not when it would have been looked at next.
    mutating func lookAgain(in queue: QueueID, _ at: Instant) {
        // Without words for a closing there is nothing to tell at it, nor to take back after it.
        guard let announcing = configuration.queue(queue)?.announcing, announcing.closed != nil
        else { return }
        for id in waitingLines.members(of: queue) {
            guard var conversation = conversations[id],
                var told = conversation.routing.announced
            else { continue }
            let allowed = told.at?.adding(milliseconds: announcing.interval) ?? at
            guard max(allowed, at) < told.nextLook else { continue }
            told.nextLook = max(allowed, at)
            conversation.routing.announced = told
            put(conversation)
        }
    }

    private mutating func look(
        at id: ConversationID, _ minutes: inout Minutes
    ) {
        guard var conversation = conversations[id],
            let queue = announcingQueue(of: conversation), let announcing = queue.announcing,
            let line = waitingLines.line(of: id)
        else { return looks.set(id, rank: nil) }
        let told = conversation.routing.announced
        var next = Announced(
            said: told?.said, at: told?.at,
            nextLook: minutes.at.adding(milliseconds: announcing.interval))
        let announcement = announcement(to: conversation, announcing, line, minutes.at)
        if let allowed = told?.at?.adding(milliseconds: announcing.interval), minutes.at < allowed {
            next.nextLook = allowed
        } else if let announcement, matters(announcement, after: told?.said, announcing),
            isReachable(conversation, minutes.at), !isAnnouncing(to: id), hasRoomForJob(id),
            let wording = minutes.composer?(announcement, queue)
        {
            write(announcement, wording, to: id, &minutes)
            next.said = announcement
            next.at = minutes.at
        }
        conversation.routing.announced = next
        put(conversation)
    }

    // MARK: What to tell

    private func announcement(
        to conversation: Conversation, _ announcing: Announcing, _ line: Int, _ at: Instant
    ) -> Announcement? {
        guard isOpen(conversation.queue) else {
            return announcing.closed == nil ? nil : closing(of: conversation.queue, at)
        }
        let position = position(of: conversation, in: line)
        let there = waitingLines[line].there
        let barred = waitingLines.barredAgents[conversation.customer] ?? []
        guard there.count > barred.count(where: there.contains) else {
            return .nobodyThere(position: position)
        }
        let wait = expectedWait(in: conversation.queue, at: position, announcing, at)
        // Rounded up: nobody is served before they were told.
        let minutes = max(1, (wait + 59_999) / 60_000)
        return .waiting(position: position, minutes: Int(clamping: minutes))
    }

    /// That a closed queue is closed, and until when; `nil` as long as its hours were not told, and
    /// when it is to open at once: then there is something truer to tell in a moment.
    private func closing(of queue: QueueID, _ at: Instant) -> Announcement? {
        guard let state = queueStates[queue], state.knowsItself(at: at), !state.isOpen(at: at)
        else { return nil }
        return .closed(opens: state.nextChange(after: at))
    }

    /// The place among all who wait in its queue, whatever they ask for; 1 is the first.
    private func position(of conversation: Conversation, in line: Int) -> Int {
        guard let rank = waitingLines[line].waiting.rank(of: conversation.id) else { return 1 }
        return countBefore(conversation.id, rank, inQueue: conversation.queue) + 1
    }

    /// How many wait in a queue before one of this rank, whatever they ask for. Costs one addition
    /// per piece of the queue's lines.
    func countBefore(_ id: ConversationID, _ rank: Instant, inQueue queue: QueueID) -> Int {
        waitingLines.all.reduce(0) { sum, line in
            guard line.name.queue == queue else { return sum }
            return sum + line.waiting.count(before: id, rank)
        }
    }

    /// Whether this is news.
    private func matters(
        _ announcement: Announcement, after said: Announcement?, _ announcing: Announcing
    ) -> Bool {
        switch (announcement, said) {
        case (.waiting(let position, let minutes), .waiting(let former, let formerMinutes)?):
            abs(position - former) >= announcing.positionStep
                || abs(minutes - formerMinutes) >= announcing.minutesStep
        case (.nobodyThere, .nobodyThere?): false
        // Another opening than was told.
        case (.closed(let opens), .closed(let former)?): opens != former
        case (.waiting, _), (.nobodyThere, _), (.closed, _): true
        }
    }

    // MARK: Writing

    /// Whether the platform still takes free text for the customer (Messenger Platform, "Send a
    /// message": the standard messaging window).
    private func isReachable(_ conversation: Conversation, _ at: Instant) -> Bool {
        at < conversation.customerWroteAt.adding(milliseconds: Limits.messagingWindow)
    }

    /// Whether an earlier announcement is not settled yet: what was overtaken is not said as well.
    private func isAnnouncing(to id: ConversationID) -> Bool {
        unsettledJobs(of: id).contains { $0.agent == nil }
    }

    /// The message is on record, and a job will send it. It is no answer: neither the waiting clock nor
    /// what is unread changes.
    private mutating func write(
        _ announcement: Announcement, _ wording: Wording, to id: ConversationID,
        _ minutes: inout Minutes
    ) {
        let job = Job(
            id: JobID(upcoming), conversation: id, message: MessageID(upcoming), agent: nil,
            textDigest: wording.textDigest, state: .queued(notBefore: minutes.at), attempts: 0)
        put(job)
        minutes.write(Written(message: job.message, body: wording.body))
        note(.announcementWritten(id, job.message, job.id, announcement), in: &minutes)
    }
}
