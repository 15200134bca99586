internal import DequeModule
internal import Desk

extension Engine {
    /// Starts what can be started while nothing is under way. Loops because a batch that changes
    /// nothing is over at once.
    mutating func advance(_ steps: inout [Step]) {
        while phase == .idle {
            formBatch()
            if batch.isEmpty {
                giveHeldRelease(&steps)
                if isDraining {
                    finish(&steps)
                } else if isRenewalDue {
                    commit([], Changes(), &steps)
                }
                return
            }
            let request = prefetchRequest()
            if request.keys.isEmpty && request.needs.isEmpty {
                decide(Prefetched(), &steps)
            } else {
                phase = .prefetching
                steps.append(.prefetch(request))
            }
        }
    }

    /// What is decided next: the start of the epoch, or what is due and then what arrived.
    private mutating func formBatch() {
        batch = []
        guard isEpochBegun else {
            batch.append(.own(.epochBegan))
            for agent in connections.keys.sorted() {
                guard let open = connections[agent] else { continue }
                batch.append(.own(.agentConnections(agent, open)))
            }
            return
        }
        if isClockDue {
            batch.append(.own(.clockReached))
            if isolated > 0 { return }
        }
        let count = min(waiting.count, isolated > 0 ? 1 : EngineLimits.batchSize)
        batch.append(contentsOf: waiting.prefix(count).map(Item.arrived))
        waiting.removeFirst(count)
    }

    /// Whether something is due by time. Decided once per moment, so that a deadline that deciding did
    /// not clear cannot keep the Engine from everything else.
    private var isClockDue: Bool {
        guard let deadline = desk?.nextDeadline else { return false }
        return isEpochBegun && deadline <= now && clockDecidedAt != now
    }

    /// What fell due while the store was asked goes first: a decision at this moment must not find
    /// somebody in place whose time is over.
    private mutating func bringClock() {
        if isClockDue, !batch.contains(where: \.isClock) {
            batch.insert(.own(.clockReached), at: 0)
        }
        clockDecidedAt = now
    }

    private func prefetchRequest() -> PrefetchRequest {
        var keys: [Digest] = []
        var asked: Set<Digest> = []
        var needs = Needs()
        for input in arrivalsOfBatch {
            if let key = input.arrival.key, asked.insert(key).inserted { keys.append(key) }
            guard case .input(let wanted) = input.arrival.request else { continue }
            Desk.needs(of: wanted, into: &needs)
        }
        return PrefetchRequest(keys: keys, needs: desk?.lacking(needs) ?? needs)
    }

    /// Has the desk decide the batch, then commits it; a batch that changed nothing is released as it
    /// is, because then the state that it was answered from is the committed one.
    mutating func decide(_ prefetched: Prefetched, _ steps: inout [Step]) {
        var keys = prefetched.keys
        var entries: [CommitEntry] = []
        shares = []
        bringClock()
        var events = 0
        for (place, item) in batch.enumerated() {
            if events >= EngineLimits.batchEvents, case .arrived = item {
                postpone(from: place)
                break
            }
            switch item {
            case .own(let input):
                let (handled, entry) = handle(input, nil, prefetched.known)
                if let entry { entries.append(entry) }
                let answer = answer(to: handled.decision)
                shares.append(share(nil, answer, handled))
            case .arrived(let input):
                let (share, entry) = decide(input.arrival, prefetched.known, &keys)
                if let entry { entries.append(entry) }
                shares.append(share)
            }
            events += shares.last?.records.count ?? 0
        }
        changes = desk?.takeChanges() ?? Changes()
        if entries.isEmpty, changes == Changes(), !isRenewalDue {
            giveHeldRelease(&steps)
            release(&steps)
        } else {
            commit(entries, changes, &steps)
            giveHeldRelease(&steps)
        }
    }

    /// Leaves the rest of the batch to the next, in its order; but what its sender was told is
    /// undecided stays so.
    private mutating func postpone(from place: Int) {
        let rest = batch[place...].compactMap { item -> Waiting? in
            guard case .arrived(let input) = item, !input.isAnswered else { return nil }
            return input
        }
        batch.removeSubrange(place...)
        waiting.prepend(contentsOf: rest)
    }

    /// Whether the lease should be renewed. Until then no other node can have taken the desk; an owner
    /// that was paused for longer asks the database before it answers even a look.
    private var isRenewalDue: Bool {
        leaseRenewedAt.adding(milliseconds: EngineLimits.leaseRenewal) <= now
    }

    private mutating func decide(
        _ arrival: Arrival, _ known: Known, _ keys: inout [Digest: KnownKey]
    ) -> (ReleasedEntry, CommitEntry?) {
        let input: Input
        switch arrival.request {
        case .view(let person, let isSupervisor):
            return (share(arrival, .view(view(for: person, isSupervisor))), nil)
        case .explanation(let conversation):
            return (share(arrival, .explanation(desk?.explain(conversation))), nil)
        case .input(let wanted):
            input = wanted
        }
        guard let key = arrival.key, let first = keys[key] else {
            let (handled, entry) = handle(input, arrival, known)
            if let key = arrival.key, case .accepted(let result) = handled.decision {
                keys[key] = KnownKey(parameters: arrival.parameters, result: result)
            }
            return (share(arrival, answer(to: handled.decision), handled), entry)
        }
        guard first.parameters == arrival.parameters else {
            counters.rejected[.keyReused, default: 0] += 1
            return (share(arrival, .rejected(Rejection(.keyReused, field: "id"))), nil)
        }
        counters.repeated += 1
        let answer: Answer =
            first.result == KnownKey.quarantinedResult
            ? .quarantined : .repeated(result: first.result)
        guard case .channelReported(let report) = input,
            case .messageLeft(job: .some, textDigest: _) = report.kind
        else { return (share(arrival, answer), nil) }
        // The echo of our own message proves that it left. It may have been stored as somebody else's
        // before the job was known here, so it is decided also when it is not new; its key stays.
        let (handled, entry) = handle(
            input, Arrival(repeating: arrival), known)
        return (share(arrival, answer, handled), entry)
    }

    private mutating func handle(_ input: Input, _ arrival: Arrival?, _ known: Known) -> (
        Handled, CommitEntry?
    ) {
        counters.decided += 1
        guard
            let handled = desk?.handle(
                input, known: known, epoch: epoch, at: now, composer: composer)
        else { preconditionFailure("an owner has a desk") }
        switch handled.decision {
        case .rejected(let rejection):
            counters.rejected[rejection.code, default: 0] += 1
            return (handled, nil)
        case .accepted(let result):
            guard arrival?.key != nil || !handled.records.isEmpty else { return (handled, nil) }
            let entry = CommitEntry(
                key: arrival?.key, parameters: arrival?.parameters, result: result,
                content: arrival?.content, records: handled.records,
                written: handled.written)
            return (handled, entry)
        }
    }

    private func answer(to decision: Decision) -> Answer {
        switch decision {
        case .accepted(let result): .accepted(result: result)
        case .rejected(let rejection): .rejected(rejection)
        }
    }

    private func share(
        _ arrival: Arrival?, _ answer: Answer, _ handled: Handled? = nil
    ) -> ReleasedEntry {
        let records = handled?.records ?? []
        return ReleasedEntry(
            ticket: arrival?.ticket, answer: answer, records: records,
            content: records.isEmpty ? nil : arrival?.content, written: handled?.written ?? [])
    }

    private func view(for person: AgentID, _ isSupervisor: Bool) -> View {
        guard let desk else { preconditionFailure("an owner has a desk") }
        let seen = desk.view(for: person, isSupervisor: isSupervisor)
        return View(
            number: desk.lastEvent, epoch: epoch, conversations: seen.conversations,
            agents: seen.agents, jobs: seen.jobs, configuration: desk.configuration,
            loads: seen.agents.map { desk.load(of: $0.id) },
            takeable: desk.takeable(by: person))
    }

    /// Hands the batch to the store.
    func makeCommit(_ entries: [CommitEntry], _ changes: Changes) -> Commit {
        guard let desk else { preconditionFailure("an owner has a desk") }
        let decided = entries.reduce(0) { $0 + $1.records.count }
        return Commit(
            epoch: epoch, at: now, lastEvent: desk.lastEvent - Int64(decided), entries: entries,
            changes: changes)
    }

    private mutating func commit(
        _ entries: [CommitEntry], _ changes: Changes, _ steps: inout [Step]
    ) {
        phase = .committing
        askedAt = now
        commitHasEntries = !entries.isEmpty
        steps.append(.commit(makeCommit(entries, changes)))
    }

    /// The batch is committed, or changed nothing: its answers, pushes and jobs may leave.
    mutating func release(_ steps: inout [Step]) {
        var entries: [ReleasedEntry] = []
        entries.reserveCapacity(batch.count)
        for (item, share) in zip(batch, shares) {
            switch item {
            case .own(let input):
                note(input, share.answer)
                if !share.records.isEmpty { entries.append(share) }
            case .arrived(let input):
                if case .input(let wanted) = input.arrival.request { note(wanted, share.answer) }
                if isolated > 0 { isolated -= 1 }
                if !input.isAnswered {
                    entries.append(share)
                } else if !share.records.isEmpty {
                    entries.append(
                        ReleasedEntry(
                            ticket: nil, answer: share.answer, records: share.records,
                            content: share.content, written: share.written))
                }
            }
        }
        let release = Release(epoch: epoch, entries: entries, changes: changes)
        batch = []
        shares = []
        changes = Changes()
        phase = .idle
        guard !entries.isEmpty || release.changes != Changes() else { return }
        if isWorthHolding(release) {
            held = (release, until: now.adding(milliseconds: EngineLimits.releaseHold))
        } else {
            steps.append(.release(release))
        }
        phase = .gathering
        steps.append(.gather)
    }

    /// Whether the next batch is to go to the database before this is given out. Fewer inputs than a
    /// quarter of the batch before would be a small commit of their own, for which everybody who is
    /// answered now and asks again would have to wait (measured: half does less, an eighth no more).
    private func isWorthHolding(_ release: Release) -> Bool {
        let given = release.entries.reduce(0) { $0 + max(1, $1.records.count) }
        return given >= largeRelease && isolated == 0
            && waiting.count >= max(1, release.entries.count / 4)
    }

    /// Gives out what waited for the batch after it.
    mutating func giveHeldRelease(_ steps: inout [Step]) {
        guard let release = held?.release else { return }
        held = nil
        steps.append(.release(release))
    }

    /// Remembers what is committed but lives in no row.
    private mutating func note(_ input: Input, _ answer: Answer) {
        guard case .accepted = answer else { return }
        switch input {
        case .epochBegan:
            isEpochBegun = true
        case .agentConnected(let agent, let connection):
            connections[agent, default: []].insert(connection)
        case .agentDisconnected(let agent, let connection):
            connections[agent]?.remove(connection)
            if connections[agent]?.isEmpty == true { connections[agent] = nil }
        case .agentConnections(let agent, let open):
            connections[agent] = open.isEmpty ? nil : open
        case .customerWrote, .channelReported, .channelEventKept, .backfillFinished, .presenceSet,
            .capacitySet, .agentReplied, .resendOrdered, .conversationRead, .conversationClosed,
            .offerAccepted, .offerDeclined, .conversationTaken, .transferOrdered,
            .configurationSet, .profileSet, .presenceOrdered, .wrapUpExtended, .shiftEndSet,
            .conversationMoved,
            .conversationAssigned, .prioritySet, .needsSet, .queueClosed, .queueOpened,
            .hoursComputed, .sendingBegan, .sendingEnded,
            .clockReached:
            break
        }
    }
}

extension Arrival {
    /// The same arrival without a key of its own: the key is stored already.
    fileprivate init(repeating arrival: Arrival) {
        self.init(
            ticket: arrival.ticket, source: arrival.source, key: nil, request: arrival.request,
            content: arrival.content)
    }
}
