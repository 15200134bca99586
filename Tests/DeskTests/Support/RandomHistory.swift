import Desk

/// Draws inputs that are likely to matter in a scene, and some that are refused.
struct RandomHistory {
    private var random: Random
    private let agents = (1...4).map { AgentID($0) }
    private let customers = (1...5).map { Digest(high: 0, low: $0) }

    init(seed: UInt64) { random = Random(seed: seed) }

    /// How much time passes before the next input, in milliseconds.
    mutating func pause() -> Int64 {
        random.below(12) == 0 ? Int64(random.below(80_000)) : Int64(random.below(40))
    }

    mutating func chance(of one: Int) -> Bool { random.below(one) == 0 }

    mutating func next(in scene: Scene) -> Input {
        switch random.below(20) {
        case 0...3: wrote()
        case 4...7: people(scene)
        case 8...11: conversations(scene)
        case 12...15: sending(scene)
        case 16, 17: report(scene)
        case 18: chance(of: 10) ? .epochBegan : .backfillFinished
        default: .clockReached
        }
    }

    private mutating func wrote() -> Input {
        .customerWrote(
            CustomerWrote(
                thread: random.pick(customers),
                platformMessage: chance(of: 5) ? nil : platform(random.next()),
                kind: random.pick(CustomerMessageKind.allCases),
                writtenAt: moment(Int64(random.below(100_000)))))
    }

    private mutating func people(_ scene: Scene) -> Input {
        let agent = random.pick(agents)
        switch random.below(7) {
        case 0: return .connected(agent, Int64(random.below(3)))
        case 1: return .disconnected(agent, Int64(random.below(3)))
        case 2:
            let count = random.below(4)
            return .agentConnections(agent, Set((0..<count).map { socket(Int64($0)) }))
        case 3: return .capacitySet(agent, capacity: random.below(5) - 1, by: sofia)
        case 4, 5: return .presenceSet(agent, .available)
        default: return .presenceSet(agent, random.pick(Presence.allCases))
        }
    }

    private mutating func conversations(_ scene: Scene) -> Input {
        let known = scene.shelf.conversations.values.sorted { $0.id < $1.id }
        let row = known.isEmpty ? nil : random.pick(known)
        let id = row?.id ?? conversation(1)
        var agent = random.pick(agents)
        if case .agent(let owner)? = row?.owner, !chance(of: 8) { agent = owner }
        switch random.below(5) {
        case 0: return .conversationRead(agent, id)
        case 1: return .conversationClosed(agent, id)
        default: return .agentReplied(agent, id, textDigest: text(UInt64(random.below(3))))
        }
    }

    private mutating func sending(_ scene: Scene) -> Input {
        let known = scene.shelf.jobs.values.sorted { $0.id < $1.id }
        guard !known.isEmpty else { return .sendingBegan(job(1)) }
        let row = random.pick(Array(known.suffix(12)))
        let isResend = row.state.isSettled && chance(of: 2)
        if isResend {
            var agent = row.agent
            if case .agent(let owner)? = scene.shelf.conversations[row.conversation]?.owner {
                agent = owner
            }
            return .resendOrdered(agent, row.id)
        }
        switch row.state {
        case .queued:
            return .sendingBegan(row.id)
        case .sending, .unknown, .sent, .failed, .unconfirmed:
            let outcomes: [SendOutcome] = [
                .sent, .unknown, .unknown, .retry(notBefore: scene.now), .failed(.refused),
            ]
            let attempt = chance(of: 6) ? row.attempts - 1 : row.attempts
            return .sendingEnded(row.id, attempt: attempt, random.pick(outcomes))
        }
    }

    private mutating func report(_ scene: Scene) -> Input {
        let thread = random.pick(customers)
        let recorded = scene.shelf.messages.keys.sorted()
        let about =
            recorded.isEmpty || chance(of: 3) ? platform(random.next()) : random.pick(recorded)
        let kind: ChannelReport.Kind
        switch random.below(9) {
        case 0: kind = .delivered(upTo: scene.now)
        case 1: kind = .read(upTo: scene.now)
        case 2: kind = .reacted(isRemoved: chance(of: 2))
        case 3: kind = .edited
        case 4: kind = .deleted
        case 5: kind = .other
        default: return departure(scene, about, thread)
        }
        return .channelReported(
            ChannelReport(thread: thread, platformMessage: about, kind: kind, at: scene.now))
    }

    private mutating func departure(
        _ scene: Scene, _ about: Digest, _ thread: Digest
    ) -> Input {
        let known = scene.shelf.jobs.values.sorted { $0.id < $1.id }
        let row = known.isEmpty || chance(of: 4) ? nil : random.pick(known)
        var digest = row?.textDigest
        // A job that turned unconfirmed is matched by its text for as long as its batch lasts, so
        // this alone would depend on where batches end.
        if known.contains(where: { $0.state == .unconfirmed && $0.textDigest == digest }) {
            digest = nil
        }
        let named = row != nil && chance(of: 2)
        let home = row.flatMap { scene.shelf.conversations[$0.conversation]?.thread }
        return .channelReported(
            ChannelReport(
                thread: home ?? thread, platformMessage: about,
                kind: .messageLeft(job: named ? row?.id : nil, textDigest: named ? nil : digest),
                at: scene.now))
    }
}
