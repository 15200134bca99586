internal import DequeModule
internal import Desk

/// An input on its way through the Engine.
struct Waiting: Equatable, Sendable {
    /// What arrived.
    let arrival: Arrival
    /// When its sender is told that it could not be decided; `nil` when it waits as long as it takes.
    let giveUpAt: Instant?
    /// Whether its sender was told so already: it is decided only if its batch is under way.
    var isAnswered = false
}

/// One place in a batch.
enum Item: Equatable, Sendable {
    /// The Engine's own input.
    case own(Input)
    /// An input that arrived.
    case arrived(Waiting)

    /// Whether it is the clock's.
    var isClock: Bool {
        if case .own(.clockReached) = self { true } else { false }
    }
}

extension Engine {
    /// Takes an input in, or tells its sender at once that it cannot be decided here and now.
    mutating func arrive(_ arrival: Arrival, _ steps: inout [Step]) {
        counters.arrived += 1
        guard takesInputs, hasRoom(for: arrival) else {
            refuse([Waiting(arrival: arrival, giveUpAt: nil)], &steps)
            return
        }
        let giveUpAt = giveUpMoment(of: arrival.source)
        waiting.append(Waiting(arrival: arrival, giveUpAt: giveUpAt))
        if let giveUpAt { earliestGiveUp = min(earliestGiveUp ?? giveUpAt, giveUpAt) }
    }

    private var takesInputs: Bool {
        switch phase {
        case .idle, .prefetching, .committing, .gathering, .quarantining, .reloading, .pausing:
            !isDraining
        case .starting, .standby, .acquiring, .ended, .stopped: false
        }
    }

    /// A closed socket must never be forgotten, or its agent would count as there for ever; those are
    /// bounded by the opened ones that were let in.
    private func hasRoom(for arrival: Arrival) -> Bool {
        if case .input(.agentDisconnected) = arrival.request { return true }
        return undecided < EngineLimits.waitingInputs
    }

    private func giveUpMoment(of source: Source) -> Instant? {
        switch source {
        case .webhook: now.adding(milliseconds: EngineLimits.webhookWait)
        case .command: now.adding(milliseconds: EngineLimits.commandWait)
        case .connection, .internal: nil
        }
    }

    /// Tells these senders that their inputs are not decided.
    mutating func refuse(_ refused: [Waiting], _ steps: inout [Step]) {
        let entries = refused.filter { !$0.isAnswered }.map {
            ReleasedEntry(
                ticket: $0.arrival.ticket, answer: .unavailable, records: [], content: nil)
        }
        guard !entries.isEmpty else { return }
        counters.unavailable += entries.count
        steps.append(.release(Release(epoch: epoch, entries: entries)))
    }

    /// Tells everybody who has waited long enough. What already is in a batch stays there: its commit
    /// may be under way, and if it ends OK its events are pushed like any other.
    mutating func giveUpOverdue(_ steps: inout [Step]) {
        guard let earliest = earliestGiveUp, earliest <= now else { return }
        func isOverdue(_ input: Waiting) -> Bool {
            guard let giveUpAt = input.giveUpAt, !input.isAnswered else { return false }
            return giveUpAt <= now
        }
        var overdue: [Waiting] = []
        for index in batch.indices {
            guard case .arrived(var input) = batch[index], isOverdue(input) else { continue }
            overdue.append(input)
            input.isAnswered = true
            batch[index] = .arrived(input)
        }
        if let input = culprit, isOverdue(input) {
            overdue.append(input)
            culprit?.isAnswered = true
        }
        overdue.append(contentsOf: waiting.filter(isOverdue))
        waiting.removeAll(where: isOverdue)
        refuse(overdue, &steps)
        earliestGiveUp = (arrivalsOfBatch + waiting).compactMap {
            $0.isAnswered ? nil : $0.giveUpAt
        }
        .min()
    }

    /// The inputs of the batch that arrived from outside.
    var arrivalsOfBatch: [Waiting] {
        batch.compactMap { item in
            switch item {
            case .arrived(let input): input
            case .own: nil
            }
        }
    }

    /// Returns the batch to the head of the line, in its order, to be decided anew; what was refused
    /// alone is decided alone again.
    mutating func putBack() {
        if culprit != nil { isolated = max(isolated, 1) }
        let returned = ([culprit].compactMap { $0 } + arrivalsOfBatch).filter { !$0.isAnswered }
        waiting.prepend(contentsOf: returned)
        culprit = nil
        batch = []
        shares = []
    }
}
