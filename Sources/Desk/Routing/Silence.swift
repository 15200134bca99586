/// Customers who have gone: who waits unanswered and falls silent for as long as the queue says is
/// given up. Silence is counted on the queue's clock of opening time, as promises are: nobody is given
/// up at night for not having written at night.
extension Desk {
    /// The waiting clock begins: from now on the customer is silent.
    func beginSilence(of conversation: inout Conversation, _ at: Instant) {
        let ends = configuration.queue(conversation.queue)?.abandonment != nil
        conversation.routing.silentSince = ends ? openTime(of: conversation.queue, at: at) : nil
    }

    /// The customer wrote.
    func noteHeard(_ conversation: inout Conversation, _ at: Instant) {
        guard conversation.routing.silentSince != nil else { return }
        conversation.routing.silentSince = openTime(of: conversation.queue, at: at)
    }

    /// Silence goes along to another queue, whatever that one's clock shows. Where the former gave
    /// nobody up, it begins now.
    func carrySilence(of conversation: inout Conversation, to queue: QueueID, _ at: Instant) {
        let former = conversation.queue
        if let since = conversation.routing.silentSince {
            let passed = openTime(of: former, at: at) - since
            conversation.routing.silentSince = openTime(of: queue, at: at) - passed
        } else if configuration.queue(former)?.abandonment == nil,
            configuration.queue(queue)?.abandonment != nil
        {
            conversation.routing.silentSince = openTime(of: queue, at: at)
        }
    }

    /// Who waits in a queue that from now on gives customers up is silent from now on.
    mutating func beginSilences(insteadOf former: Configuration, at moment: Instant) {
        for id in conversations.names {
            guard var conversation = conversations[id], case .queue(let queue) = conversation.owner,
                conversation.routing.silentSince == nil,
                configuration.queue(queue)?.abandonment != nil,
                former.queue(queue)?.abandonment == nil
            else { continue }
            beginSilence(of: &conversation, moment)
            put(conversation)
        }
    }

    // MARK: What falls due

    /// Keeps when a conversation's customer counts as gone in its queue's order.
    mutating func indexSilence(of conversation: Conversation, insteadOf former: Conversation?) {
        let since = conversation.routing.silentSince
        guard since != nil || former?.routing.silentSince != nil else { return }
        if let former, former.queue != conversation.queue {
            silences[former.queue]?.set(former.id, rank: nil)
            armSilence(of: former.queue)
        }
        let queue = conversation.queue
        silences[queue, default: RankedQueue()].set(
            conversation.id, rank: endOfSilence(of: conversation))
        armSilence(of: queue)
    }

    /// What its queue's clock shows when the customer of a conversation counts as gone, unless they
    /// write before; `nil`: never, or not as long as it is with somebody or offered to somebody.
    private func endOfSilence(of conversation: Conversation) -> Int64? {
        guard case .queue(let queue) = conversation.owner, conversation.routing.offer == nil,
            let since = conversation.routing.silentSince,
            let silence = configuration.queue(queue)?.abandonment
        else { return nil }
        return since + silence
    }

    /// The deadline at which the first of a queue's silent customers counts as gone.
    mutating func armSilence(of queue: QueueID) {
        guard let all = silences[queue] else { return }
        let next = all.first.flatMap { moment(ofOpenTime: $0.rank, in: queue) }
        deadlines.set(.silence(queue), rank: next)
    }

    /// Gives up the first of a queue's silent customers. Those behind have their own moment.
    mutating func giveUpSilent(in queue: QueueID, _ minutes: inout Minutes) {
        guard let id = silences[queue]?.first?.member, let conversation = conversations[id] else {
            return
        }
        pass(conversation, to: .nobody, .abandoned, &minutes)
    }
}
