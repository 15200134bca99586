import Desk
import Engine

/// Whom an answer is for.
enum Purpose {
    case webhook(Int)
    case command(ConnectionID, Command)
    case connect(ConnectionID)
    case view(ConnectionID)
    case leave
    case begin(JobID)
    case report(JobID, attempt: Int)
    case backfilled(run: Int)
    case backfillFinished(run: Int)
}

/// What leaves a node.
extension Node {
    func release(_ entry: ReleasedEntry) {
        push(entry.records)
        if !entry.records.isEmpty { outboxHappen(.released(entry.records)) }
        guard let ticket = entry.ticket, let purpose = tickets.removeValue(forKey: ticket) else {
            return
        }
        switch purpose {
        case .webhook(let id): answerWebhook(id, entry.answer)
        case .command(let socket, let command):
            answer(command, entry.answer, to: socket)
        case .connect(let socket): connected(socket, entry.answer)
        case .view(let socket): viewed(socket, entry.answer)
        case .leave: break
        case .begin(let job): began(job, entry)
        case .report(let job, let attempt):
            outboxHappen(.reported(job, attempt: attempt, isStored: entry.answer.isStored))
        case .backfilled(let run): backfilled(run, isStored: entry.answer.isStored)
        case .backfillFinished(let run): backfillEnded(run, isStored: entry.answer.isStored)
        }
    }

    private func answer(_ command: Command, _ answer: Answer, to socket: ConnectionID) {
        if world.plant == .loseAnswers, command.key.low.isMultiple(of: 10) { return }
        var told = answer
        if world.plant == .misanswer, case .repeated(let result) = answer {
            told = .repeated(result: result + 1)
        }
        sockets[socket]?.toConsole(.answer(command.key, told))
    }

    func push(_ records: [EventRecord]) {
        if world.plant == .resendByMachine { resend(records) }
        for delivery in feeds.released(records) {
            if world.plant == .losePush, delivery.record.number.isMultiple(of: 97) { continue }
            for recipient in delivery.recipients {
                sockets[recipient.socket]?.toConsole(
                    .push(
                        delivery.record, previous: recipient.previous,
                        state: state(beside: delivery.record)))
            }
        }
    }

    /// What a push shows of the conversation beside its event.
    private func state(beside record: EventRecord) -> Conversation? {
        guard case .ownerChanged(let handoff) = record.event else { return nil }
        return world.plant == .showTheDesk
            ? engine.desk?.conversation(handoff.conversation)
            : committed.conversation(handoff.conversation)
    }

    /// A planted fault: what failed is sent again, and no person said so.
    private func resend(_ records: [EventRecord]) {
        for record in records {
            guard case .jobChanged(let job, _, _, .failed, _) = record.event,
                let agent = world.database.jobs[job]?.agent
            else { continue }
            arrive(.input(.resendOrdered(agent, job)), .command, purpose: .leave)
        }
    }

    /// A planted fault: everybody sees what was decided and is not committed.
    func showUncommitted() {
        guard let desk = engine.desk else { return }
        for id in sockets.keys.sorted() {
            guard let socket = sockets[id] else { continue }
            let (person, sees) = (socket.console.person, socket.console.isSupervisor)
            let seen = desk.view(for: person, isSupervisor: sees)
            socket.toConsole(
                .snapshot(
                    View(
                        number: desk.lastEvent, epoch: engine.epoch,
                        conversations: seen.conversations, agents: seen.agents, jobs: seen.jobs)))
        }
    }

    private func began(_ job: JobID, _ entry: ReleasedEntry) {
        guard case .accepted = entry.answer else { return outboxHappen(.beginRefused(job)) }
        for record in entry.records {
            guard case .jobChanged(job, _, _, .sending, let attempts) = record.event else {
                continue
            }
            return outboxHappen(.began(job, attempt: attempts))
        }
        outboxHappen(.beginRefused(job))
    }

    // MARK: Sockets

    /// A console connects; it asks to go on after what it saw, if anything.
    func accept(_ socket: Socket) {
        guard isUp, engine.isOwner else { return socket.breakOff() }
        sockets[socket.id] = socket
        let input = Input.agentConnected(socket.console.person, socket.id)
        arrive(.input(input), .connection, purpose: .connect(socket.id))
    }

    private func connected(_ id: ConnectionID, _ answer: Answer) {
        guard let socket = sockets[id] else { return }
        world.trace("node \(name) entered socket \(id.number): \(answer)")
        guard case .accepted = answer else { return drop(id) }
        guard let seen = socket.resumesAfter else { return look(id) }
        let resumption = feeds.subscribe(
            id, person: socket.console.person, isSupervisor: seesAll(socket.console),
            after: seen.number, epoch: seen.epoch)
        go(on: socket, after: seen.number, resumption)
    }

    private func seesAll(_ console: Console) -> Bool {
        console.isSupervisor || world.plant == .stayOnFeed
    }

    private func look(_ id: ConnectionID) {
        guard let socket = sockets[id] else { return }
        let console = socket.console
        arrive(
            .view(console.person, isSupervisor: console.isSupervisor), .command, purpose: .view(id))
    }

    private func viewed(_ id: ConnectionID, _ answer: Answer) {
        guard let socket = sockets[id] else { return }
        guard case .view(var view) = answer else { return drop(id) }
        if world.plant == .loseSnapshots, socket.console.isSupervisor { return }
        if world.plant == .shortenSnapshots {
            view = View(
                number: view.number, epoch: view.epoch,
                conversations: Array(view.conversations.dropFirst()), agents: view.agents,
                jobs: view.jobs)
        }
        world.trace("node \(name) shows socket \(id.number) the state at \(view.number)")
        socket.toConsole(.snapshot(view))
        let resumption = feeds.subscribe(
            id, person: socket.console.person, isSupervisor: seesAll(socket.console),
            after: view.number, epoch: view.epoch)
        go(on: socket, after: view.number, resumption)
    }

    private func go(on socket: Socket, after number: Int64, _ resumption: Resumption) {
        switch resumption {
        case .snapshotNeeded: look(socket.id)
        case .records(let records): pushMissed(records, after: number, to: socket)
        }
    }

    private func pushMissed(_ records: [EventRecord], after number: Int64, to socket: Socket) {
        var previous = number
        for (index, record) in records.enumerated() {
            if index > 0 || world.plant != .skipAtResume {
                socket.toConsole(
                    .push(record, previous: previous, state: state(beside: record)))
            }
            previous = record.number
        }
    }

    /// The console's side is closed.
    func closed(_ id: ConnectionID) {
        guard let socket = sockets[id] else { return }
        if world.plant == .forgetClosedSocket { return }
        drop(socket.id)
    }

    private func drop(_ id: ConnectionID) {
        guard let socket = sockets.removeValue(forKey: id) else { return }
        world.trace("node \(name) drops socket \(id.number)")
        socket.breakOff()
        feeds.unsubscribe(id)
        let input = Input.agentDisconnected(socket.console.person, id)
        arrive(.input(input), .connection, purpose: .leave)
    }

    func commanded(_ command: Command, _ id: ConnectionID) {
        guard sockets[id] != nil else { return }
        if world.plant == .writeBeside,
            case .conversationAssigned(let conversation, let agent, _, _) = command.input
        {
            world.database.overwrite(conversation, owner: .agent(agent))
        }
        if world.plant == .answerOnArrival {
            sockets[id]?.toConsole(.answer(command.key, .accepted(result: 0)))
        }
        arrive(
            .input(world.plant?.mistaken(command.input) ?? command.input), .command,
            key: command.key, parameters: command.parameters,
            content: command.content, purpose: .command(id, command))
    }

    // MARK: Reloads

    func resume(_ reloaded: Reloaded) {
        committed.resumed(reloaded)
        for (id, resumption) in feeds.resumed(reloaded) {
            guard let socket = sockets[id] else { continue }
            switch resumption {
            case .snapshotNeeded: look(id)
            case .records(let records):
                pushMissed(records, after: socket.lastPushed, to: socket)
            }
        }
        outboxHappen(.resumed(reloaded.state.jobs))
        if reloaded.epoch > backfill.epoch { startBackfill(epoch: reloaded.epoch) }
    }

    func standBy() {
        for id in sockets.keys.sorted() { sockets[id]?.breakOff() }
        sockets = [:]
        tickets = [:]
        webhooks = [:]
        feeds.standBy()
        committed = CommittedState()
        knownCommits = nil
        outboxHappen(.standBy)
        backfill.run += 1
    }
}

extension Answer {
    /// Whether nothing needs to be entered again.
    var isStored: Bool {
        switch self {
        case .accepted, .repeated, .rejected, .quarantined, .view, .explanation: true
        case .unavailable: false
        }
    }
}
