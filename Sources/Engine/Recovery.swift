internal import DequeModule
internal import Desk

/// What is done when something does not end OK: forget the state, read it anew, decide what is
/// undecided again. There is no code that takes a decision back.
extension Engine {
    /// Asks for the state, with the lease taken, raised or kept.
    mutating func ask(_ request: LeaseRequest, _ steps: inout [Step]) {
        askedAt = now
        counters.reloads += 1
        switch request {
        case .take: phase = .acquiring
        case .raise, .keep: phase = .reloading(request)
        }
        steps.append(.reload(request))
    }

    /// Forgets the state and asks for it.
    mutating func recover(_ request: LeaseRequest, _ steps: inout [Step]) {
        putBack()
        desk = nil
        ask(request, &steps)
    }

    /// The commit under way ended.
    mutating func committed(_ outcome: CommitOutcome, _ steps: inout [Step]) {
        if case .quarantining(let isSecondTry) = phase {
            quarantined(outcome, isSecondTry, &steps)
            return
        }
        precondition(phase == .committing, "no commit under way")
        switch outcome {
        case .ok:
            leaseRenewedAt = askedAt
            // The start of an epoch proves little while what failed before it still waits.
            if waiting.isEmpty || !arrivalsOfBatch.isEmpty { retries = 0 }
            release(&steps)
        case .fenced:
            standBy(&steps)
        case .unavailable, .unknown:
            raise(&steps)
        case .retry:
            repeatBatch(&steps)
        case .poison:
            isolate(&steps)
        }
    }

    /// Begins a new epoch: at once the first time, then after pauses that grow. A database may well
    /// answer and grant the epoch and still not store: its disk is full.
    mutating func raise(_ steps: inout [Step]) {
        retries += 1
        if retries == 1 {
            recover(.raise(from: epoch), &steps)
        } else {
            putBack()
            desk = nil
            pause(.raise(from: epoch), doubled: retries - 2)
        }
    }

    /// The database asked to repeat: at once, but never in a tight loop.
    private mutating func repeatBatch(_ steps: inout [Step]) {
        retries += 1
        if retries <= EngineLimits.immediateRetries {
            recover(.keep(epoch), &steps)
        } else {
            putBack()
            desk = nil
            pause(.keep(epoch))
        }
    }

    private mutating func pause(_ request: LeaseRequest, doubled times: Int = 0) {
        let pause = EngineLimits.retryPause << min(times, EngineLimits.pauseDoublings)
        phase = .pausing(request, until: now.adding(milliseconds: pause))
    }

    /// The database refused the batch as data: find the input that it refuses, or stop when it is one
    /// of ours.
    private mutating func isolate(_ steps: inout [Step]) {
        let arrived = arrivalsOfBatch
        guard commitHasEntries, !arrived.isEmpty else {
            stop(&steps)
            return
        }
        if batch.count == 1 {
            culprit = arrived[0]
            batch = []
            shares = []
            desk = nil
            ask(.keep(epoch), &steps)
        } else {
            isolated = arrived.count
            recover(.keep(epoch), &steps)
        }
    }

    // MARK: Setting an input aside

    /// Writes the refused input's key and one event about it in a commit of its own.
    private mutating func quarantine(_ input: Waiting, isSecondTry: Bool, _ steps: inout [Step]) {
        phase = .quarantining(isSecondTry: isSecondTry)
        askedAt = now
        shares = [
            ReleasedEntry(
                ticket: input.isAnswered ? nil : input.arrival.ticket, answer: .quarantined,
                records: [quarantineRecord], content: nil)
        ]
        let entry = CommitEntry(
            key: input.arrival.key, parameters: input.arrival.parameters,
            result: KnownKey.quarantinedResult,
            content: isSecondTry ? nil : input.arrival.content, records: [quarantineRecord])
        steps.append(
            .commit(
                Commit(
                    epoch: epoch, at: now, lastEvent: quarantineRecord.number - 1, entries: [entry],
                    changes: Changes())))
    }

    /// The event has the number after the desk's last; the desk learns of it by the reload that
    /// follows.
    private var quarantineRecord: EventRecord {
        guard let desk else { preconditionFailure("an owner has a desk") }
        return EventRecord(
            number: desk.lastEvent + 1, at: askedAt, epoch: epoch, event: .inputQuarantined,
            audience: [])
    }

    private mutating func quarantined(
        _ outcome: CommitOutcome, _ isSecondTry: Bool, _ steps: inout [Step]
    ) {
        guard let input = culprit else { preconditionFailure("nothing is being set aside") }
        switch outcome {
        case .ok:
            leaseRenewedAt = askedAt
            counters.quarantined += 1
            if isolated > 0 { isolated -= 1 }
            var share = shares
            if input.isAnswered {
                share = share.map {
                    ReleasedEntry(
                        ticket: nil, answer: $0.answer, records: $0.records, content: nil)
                }
            }
            steps.append(.release(Release(epoch: epoch, entries: share)))
            culprit = nil
            recover(.keep(epoch), &steps)
        case .fenced:
            standBy(&steps)
        case .unavailable, .unknown:
            raise(&steps)
        case .retry:
            repeatBatch(&steps)
        case .poison:
            // What travelled beside may be what cannot be stored.
            if isSecondTry {
                stop(&steps)
            } else {
                quarantine(input, isSecondTry: true, &steps)
            }
        }
    }

    // MARK: Reloads

    mutating func reloaded(_ reloaded: Reloaded, _ steps: inout [Step]) {
        switch phase {
        case .acquiring, .reloading(.take):
            connections = [:]
            beginEpoch(reloaded, &steps)
        case .reloading(.raise(let old)):
            // An epoch that was not raised proves nothing about what was under way.
            guard reloaded.epoch > old else {
                standBy(&steps)
                return
            }
            beginEpoch(reloaded, &steps)
        case .reloading(.keep(let epoch)):
            precondition(reloaded.epoch == epoch, "a kept epoch is the same")
            take(reloaded, connections: connections, &steps)
            if let culprit { quarantine(culprit, isSecondTry: false, &steps) }
        case .starting, .standby, .idle, .prefetching, .committing, .gathering, .quarantining,
            .pausing, .ended, .stopped:
            preconditionFailure("no reload under way")
        }
    }

    private mutating func beginEpoch(_ reloaded: Reloaded, _ steps: inout [Step]) {
        epoch = reloaded.epoch
        isEpochBegun = false
        take(reloaded, connections: [:], &steps)
        if isDraining && waiting.isEmpty { finish(&steps) }
    }

    private mutating func take(
        _ reloaded: Reloaded, connections: [AgentID: Set<ConnectionID>], _ steps: inout [Step]
    ) {
        var state = reloaded.state
        for index in state.agents.indices {
            state.agents[index].connections = connections[state.agents[index].id] ?? []
        }
        desk = Desk(state: state, rules: rules)
        leaseRenewedAt = askedAt
        clockDecidedAt = nil
        phase = .gathering
        steps += [.resume(reloaded), .gather]
    }

    mutating func reloadFailed(_ failure: ReloadFailure, _ steps: inout [Step]) {
        if isDraining {
            finish(&steps)
            return
        }
        switch (phase, failure) {
        case (.acquiring, .held(let askAgainIn)):
            let wait = min(max(askAgainIn, EngineLimits.retryPause), EngineLimits.leaseTime)
            phase = .standby(askAt: now.adding(milliseconds: wait))
        case (.acquiring, .unavailable):
            phase = .standby(askAt: now.adding(milliseconds: EngineLimits.retryPause))
        case (.reloading, .held):
            standBy(&steps)
        case (.reloading, .unavailable):
            // Whether the connection that was to check the lease still did is not known either.
            putBack()
            pause(.raise(from: epoch))
        case (.starting, _), (.standby, _), (.idle, _), (.prefetching, _), (.committing, _),
            (.gathering, _), (.quarantining, _), (.pausing, _), (.ended, _), (.stopped, _):
            preconditionFailure("no reload under way")
        }
    }

    // MARK: Time and ends

    mutating func clockReached(_ steps: inout [Step]) {
        giveUpOverdue(&steps)
        if let held, held.until <= now { giveHeldRelease(&steps) }
        switch phase {
        case .standby(let askAt) where askAt <= now:
            ask(.take, &steps)
        case .pausing(let request, let until) where until <= now:
            ask(request, &steps)
        case .starting, .standby, .acquiring, .idle, .prefetching, .committing, .gathering,
            .quarantining, .reloading, .pausing, .ended, .stopped:
            break
        }
    }

    mutating func drain(_ steps: inout [Step]) {
        isDraining = true
        switch phase {
        case .starting, .standby, .pausing:
            finish(&steps)
        case .acquiring, .idle, .prefetching, .committing, .gathering, .quarantining, .reloading,
            .ended, .stopped:
            break
        }
    }

    /// Drops everything undecided and tells its senders.
    private mutating func dropAll(_ steps: inout [Step]) {
        putBack()
        refuse(Array(waiting), &steps)
        waiting = []
        earliestGiveUp = nil
        desk = nil
        connections = [:]
        isolated = 0
        retries = 0
    }

    /// Another node owns the desk, or may.
    private mutating func standBy(_ steps: inout [Step]) {
        dropAll(&steps)
        steps.append(.standBy)
        if isDraining {
            finish(&steps)
        } else {
            phase = .standby(askAt: now.adding(milliseconds: EngineLimits.retryPause))
        }
    }

    mutating func finish(_ steps: inout [Step]) {
        dropAll(&steps)
        phase = .ended
        steps.append(.giveLeaseBack(epoch: epoch))
    }

    private mutating func stop(_ steps: inout [Step]) {
        dropAll(&steps)
        phase = .stopped
        steps.append(.stop)
    }
}
