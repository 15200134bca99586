import Desk
import Engine

/// The way between a node and the database, with all that can happen on it. A request of a node that
/// crashed or was paused goes on by itself, as a transaction does on a server.
extension World {
    private func leaseTime() -> Int64 { generator.between(weather.shortestLease, 10_000) }

    func prefetch(_ request: PrefetchRequest, for node: Node) {
        let life = node.life
        let isLost = chance(weather.prefetchLost)
        after(latency()) { [self] in
            let isAway = isLost || database.awayUntil > now
            let prefetched = isAway ? nil : database.prefetch(request, plant)
            answer(node, life, .prefetched(prefetched))
        }
    }

    func commit(_ commit: Commit, from node: Node) {
        let life = node.life
        if chance(weather.commitRetry) {
            answer(node, life, .committed(.retry))
        } else if chance(weather.commitUnavailable) {
            answer(node, life, .committed(.unavailable))
        } else if chance(weather.commitUnknown) {
            answer(node, life, .committed(.unknown))
            guard generator.below(2) == 0 else { return }
            // Applied before the node hears of it, or long after it has raised the epoch.
            let delay = generator.below(2) == 0 ? 0 : generator.between(0, 2_500)
            after(delay) { [self] in _ = apply(commit, from: node) }
        } else {
            after(latency()) { [self] in
                let outcome = apply(commit, from: node)
                // What is set aside is the Engine's event: the desk learns of it by the reload after.
                if outcome == .ok, node.life == life, !commit.setsAside,
                    let desk = node.engine.desk
                {
                    auditor.compare(database.reread, with: desk.state)
                }
                answer(node, life, .committed(outcome), after: database.commits)
            }
        }
    }

    private func apply(_ commit: Commit, from node: Node) -> CommitOutcome {
        guard database.awayUntil <= now else { return .unavailable }
        let commit = plant?.retold(commit) ?? commit
        let outcome = database.apply(
            commit, from: node.name, at: now, leaseTime: leaseTime(), plant)
        let count = commit.entries.count
        trace("node \(node.name) commits \(count) in epoch \(commit.epoch): \(outcome)")
        tally.add("commits \(outcome)")
        if outcome == .ok {
            auditor.committed(commit)
        }
        return outcome
    }

    func reload(_ request: LeaseRequest, for node: Node) {
        let life = node.life
        let isLostBefore = chance(weather.reloadLost)
        let isLostAfter = chance(weather.reloadLost)
        after(latency()) { [self] in
            var happening = Happening.reloadFailed(.unavailable)
            if !isLostBefore, database.awayUntil <= now {
                let result = database.reload(
                    request, for: node.name, at: now, leaseTime: leaseTime(), plant)
                switch result {
                case .success(let reloaded): happening = .reloaded(reloaded)
                case .failure(let held):
                    happening = .reloadFailed(.held(askAgainIn: held.until - now))
                }
                if isLostAfter { happening = .reloadFailed(.unavailable) }
            }
            trace("node \(node.name) asked \(request), epoch \(database.lease.epoch)")
            answer(node, life, happening)
        }
    }

    /// The life of the node that asked hears the answer, no later one; of a commit with how many there
    /// were by then.
    private func answer(
        _ node: Node, _ life: Int, _ happening: Happening, after commits: Int? = nil
    ) {
        after(latency()) {
            guard node.life == life else { return }
            if let commits { node.call { node.knownCommits = commits } }
            node.happen(happening)
        }
    }
}
