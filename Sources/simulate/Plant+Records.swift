import Desk
import Engine

/// What planted faults on the way to the store make of what was decided.
extension Plant {
    private var isOfRecords: Bool {
        [
            Plant.misplace, .misopen, .overlookClosing, .hidePassedOver, .mistimeWrapUps,
            .misgiveReasons, .mistakeAcceptance, .dropChoices, .relaxOneMore, .mistakeOverflows,
            .leaveToTheBot, .dropAudience, .misnameOffers, .hideOfferEnds, .skipSteps,
            .mixCustomers, .ageMessages,
        ].contains(self)
    }

    func retold(_ commit: Commit) -> Commit {
        guard isOfRecords else { return commit }
        let entries = commit.entries.map { entry in
            CommitEntry(
                key: entry.key, parameters: entry.parameters, result: entry.result,
                content: entry.content, records: entry.records.map(retold), written: entry.written)
        }
        return Commit(
            epoch: commit.epoch, at: commit.at, lastEvent: commit.lastEvent, entries: entries,
            changes: commit.changes)
    }

    private func retold(_ record: EventRecord) -> EventRecord {
        let isHidden = self == .dropAudience && record.number.isMultiple(of: 13)
        return EventRecord(
            number: record.number, at: record.at, epoch: record.epoch, event: retold(record),
            audience: isHidden ? [] : record.audience)
    }

    private func retold(_ record: EventRecord) -> Event {
        switch (self, record.event) {
        case (.misplace, .announcementWritten(let id, let message, let job, .nobodyThere(let at))):
            .announcementWritten(id, message, job, .nobodyThere(position: at + 1))
        case (.misopen, .announcementWritten(let id, let message, let job, .closed(let opens))):
            .announcementWritten(
                id, message, job,
                .closed(opens: (opens ?? record.at).adding(milliseconds: 60_000)))
        case (.overlookClosing, .announcementWritten(let id, let message, let job, .closed)):
            .announcementWritten(id, message, job, .nobodyThere(position: 1))
        case (.mistimeWrapUps, .wrapUpChanged(let agent, let until))
        where record.number.isMultiple(of: 2):
            .wrapUpChanged(agent, until: until.adding(milliseconds: -5_000))
        case (.misgiveReasons, .ownerChanged(let handoff)) where handoff.to.agent != nil:
            .ownerChanged(handoff.retold(.moved, handoff.choice))
        case (.mistakeAcceptance, .ownerChanged(let handoff)) where handoff.reason == .assigned:
            .ownerChanged(handoff.retold(.offerAccepted, nil))
        case (.mistakeOverflows, .ownerChanged(let handoff)) where handoff.reason == .overflowed:
            .ownerChanged(handoff.retold(.escalated, nil))
        case (.relaxOneMore, .needsRelaxed(let id, let steps)):
            .needsRelaxed(id, steps: steps + 1)
        case (.leaveToTheBot, .ownerChanged(let handoff)) where handoff.reason == .closed:
            .ownerChanged(
                Handoff(
                    conversation: handoff.conversation, number: handoff.number,
                    from: handoff.from, to: .bot, reason: .transferred, by: handoff.by))
        case (.dropChoices, .ownerChanged(let handoff)):
            .ownerChanged(handoff.retold(handoff.reason, nil))
        case (.hidePassedOver, .ownerChanged(let handoff)):
            .ownerChanged(handoff.retold(handoff.reason, handoff.choice?.passingOverNobody))
        case (.mixCustomers, .conversationOpened(let id, _, let queue)):
            .conversationOpened(id, CustomerID(id.number % 2 + 1), queue)
        case (.ageMessages, .messageReceived(let id, let message, let kind, let writtenAt)):
            .messageReceived(
                id, message, kind, writtenAt: writtenAt.adding(milliseconds: -90_000_000))
        case (.misnameOffers, .offerMade(let id, let offer, let choice)):
            .offerMade(
                id, Offer(agent: offer.agent, deadline: offer.deadline, isTransfer: true), choice)
        case (.hideOfferEnds, .offerEnded) where record.number.isMultiple(of: 5):
            .channelEventKept(nil)
        case (.skipSteps, .jobChanged(let job, let id, let message, .sending, let attempts)):
            .jobChanged(job, id, message, .unconfirmed, attempts: attempts)
        default: record.event
        }
    }
}

extension Handoff {
    fileprivate func retold(_ reason: HandoffReason, _ choice: Choice?) -> Handoff {
        Handoff(
            conversation: conversation, number: number, from: from, to: to, reason: reason, by: by,
            choice: choice)
    }
}

extension Choice {
    fileprivate var passingOverNobody: Choice {
        guard let others else { return self }
        return Choice(
            version: version, waiting: waiting, onDuty: onDuty, ready: ready, relaxed: relaxed,
            runnerUp: runnerUp, order: order,
            others: Choice.Others(
                unfit: others.unfit, ahead: others.ahead, passedOverCount: 0, passedOver: []))
    }
}
