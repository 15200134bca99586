import Desk

/// The numbers that stand for our words inside an event's body. They are part of the ledger's hash
/// and are never changed or given to another word.
protocol EventCode: CaseIterable, Equatable {
    var eventCode: Int64 { get }
}

extension EventCode {
    /// The word that this number stands for.
    init?(eventCode: Int64) {
        guard let word = Self.allCases.first(where: { $0.eventCode == eventCode }) else {
            return nil
        }
        self = word
    }
}

extension CustomerMessageKind: EventCode {
    var eventCode: Int64 {
        switch self {
        case .text: 1
        case .attachment: 2
        case .postback: 3
        }
    }
}

extension Presence: EventCode {
    var eventCode: Int64 {
        switch self {
        case .available: 1
        case .away: 2
        case .offline: 3
        case .busy: 4
        case .wrapUp: 5
        }
    }
}

extension HandoffReason: EventCode {
    var eventCode: Int64 {
        switch self {
        case .customerWrote: 1
        case .assigned: 2
        case .disconnected: 3
        case .wentOffline: 4
        case .closed: 5
        case .offerAccepted: 6
        case .taken: 7
        case .transferred: 8
        case .overflowed: 9
        case .moved: 10
        case .assignedBySupervisor: 11
        case .assignedOverCapacity: 12
        case .escalated: 13
        case .abandoned: 17
        case .movedOverLimit: 18
        case .botAbsent: 19
        }
    }
}

extension Target.Kind: EventCode {
    var eventCode: Int64 {
        switch self {
        case .firstResponse: 1
        case .reply: 2
        }
    }
}

extension DeclineReason: EventCode {
    var eventCode: Int64 {
        switch self {
        case .busy: 1
        case .notMyField: 2
        case .conflictOfInterest: 3
        case .other: 4
        }
    }
}

extension TurnOrder {
    /// The order's number in an event's body; the usual one is left out there.
    var eventCode: Int64 {
        switch self {
        case .leastUnits: 1
        case .leastShare: 2
        case .longestIdle: 3
        }
    }

    init?(eventCode: Int64) {
        guard let order = Self.allCases.first(where: { $0.eventCode == eventCode }) else {
            return nil
        }
        self = order
    }
}

extension Hindrance {
    /// The kind's number in an event's body.
    var eventCode: Int64 {
        switch self {
        case .barred: 1
        case .reservedForAnother: 2
        case .declined: 3
        case .roomIsReserved: 4
        }
    }

    /// The number of the agent that it names; 0 when it names none.
    var agentNumber: Int64 {
        switch self {
        case .reservedForAnother(let agent): agent.number
        case .barred, .declined, .roomIsReserved: 0
        }
    }

    /// The word by which a table names it.
    var name: String {
        switch self {
        case .barred: "barred"
        case .reservedForAnother: "reservedForAnother"
        case .declined: "declined"
        case .roomIsReserved: "roomIsReserved"
        }
    }

    init?(eventCode: Int64, agent: Int64) {
        switch (eventCode, agent) {
        case (1, 0): self = .barred
        case (2, 1...): self = .reservedForAnother(AgentID(agent))
        case (3, 0): self = .declined
        case (4, 0): self = .roomIsReserved
        default: return nil
        }
    }
}

extension OfferEnd {
    /// The kind's number in an event's body.
    var eventCode: Int64 {
        switch self {
        case .accepted: 1
        case .declined: 2
        case .timedOut: 3
        case .withdrawn: 4
        }
    }

    /// The number of the reason that goes with it; 0 for none.
    var reasonCode: Int64 {
        switch self {
        case .declined(let reason): reason.eventCode
        case .accepted, .timedOut, .withdrawn: 0
        }
    }

    init?(eventCode: Int64, reasonCode: Int64) {
        switch (eventCode, reasonCode) {
        case (1, 0): self = .accepted
        case (2, let code):
            guard let reason = DeclineReason(eventCode: code) else { return nil }
            self = .declined(reason)
        case (3, 0): self = .timedOut
        case (4, 0): self = .withdrawn
        default: return nil
        }
    }
}

extension SendFailure: EventCode {
    var eventCode: Int64 {
        switch self {
        case .outsideWindow: 1
        case .customerUnavailable: 2
        case .anotherAppInControl: 3
        case .refused: 4
        case .pageNotPermitted: 5
        case .attemptsExhausted: 6
        }
    }
}

extension Owner {
    /// The kind's number in an event's body.
    var eventCode: Int64 {
        switch self {
        case .nobody: 1
        case .bot: 2
        case .queue: 3
        case .agent: 4
        }
    }

    /// The kind's name in a state row.
    var name: String {
        switch self {
        case .nobody: "nobody"
        case .bot: "bot"
        case .queue: "queue"
        case .agent: "agent"
        }
    }

    /// The number of the queue or agent; 0 for nobody and the bot.
    var number: Int64 {
        switch self {
        case .nobody, .bot: 0
        case .queue(let queue): queue.number
        case .agent(let agent): agent.number
        }
    }

    init?(eventCode: Int64, number: Int64) {
        switch (eventCode, number) {
        case (1, 0): self = .nobody
        case (2, 0): self = .bot
        case (3, 1...): self = .queue(QueueID(number))
        case (4, 1...): self = .agent(AgentID(number))
        default: return nil
        }
    }

    init?(name: String, number: Int64) {
        switch (name, number) {
        case ("nobody", 0): self = .nobody
        case ("bot", 0): self = .bot
        case ("queue", 1...): self = .queue(QueueID(number))
        case ("agent", 1...): self = .agent(AgentID(number))
        default: return nil
        }
    }
}

extension JobState {
    /// The kind's number in an event's body.
    var eventCode: Int64 {
        switch self {
        case .queued: 1
        case .sending: 2
        case .unknown: 3
        case .sent: 4
        case .failed: 5
        case .unconfirmed: 6
        }
    }

    /// The kind's name in a state row.
    var name: String {
        switch self {
        case .queued: "queued"
        case .sending: "sending"
        case .unknown: "unknown"
        case .sent: "sent"
        case .failed: "failed"
        case .unconfirmed: "unconfirmed"
        }
    }

    /// The moment that goes with it, if any: not before, or the deadline.
    var dueAt: Instant? {
        switch self {
        case .queued(let notBefore): notBefore
        case .unknown(let deadline): deadline
        case .sending, .sent, .failed, .unconfirmed: nil
        }
    }

    /// Why it failed, if it did.
    var failure: SendFailure? {
        switch self {
        case .failed(let failure): failure
        case .queued, .sending, .unknown, .sent, .unconfirmed: nil
        }
    }

    init?(name: String, dueAt: Instant?, failure: String?) {
        switch (name, dueAt, failure) {
        case ("queued", let dueAt?, nil): self = .queued(notBefore: dueAt)
        case ("sending", nil, nil): self = .sending
        case ("unknown", _, nil): self = .unknown(deadline: dueAt)
        case ("sent", nil, nil): self = .sent
        case ("failed", nil, let failure?):
            guard let failure = SendFailure(rawValue: failure) else { return nil }
            self = .failed(failure)
        case ("unconfirmed", nil, nil): self = .unconfirmed
        default: return nil
        }
    }

    /// The value that goes with it in an event's body: an instant, or why it failed.
    var eventValue: Int64? { dueAt?.milliseconds ?? failure?.eventCode }

    init?(eventCode: Int64, value: Int64?) {
        let instant = value.map { Instant(milliseconds: $0) }
        switch (eventCode, value) {
        case (1, _?): self = .queued(notBefore: instant ?? Instant(milliseconds: 0))
        case (2, nil): self = .sending
        case (3, _): self = .unknown(deadline: instant)
        case (4, nil): self = .sent
        case (5, let value?):
            guard let failure = SendFailure(eventCode: value) else { return nil }
            self = .failed(failure)
        case (6, nil): self = .unconfirmed
        default: return nil
        }
    }
}
