import BankReader
import CoreMetrics
import Desk
import DeskRunner
import Engine
import EventLoop
import Logging
import Store
import Wire

/// What was committed, to those who may see it.
extension ConsoleHub {
    func released(_ release: Release) {
        // What was read may still not be what can be written: the first commit is what ends it.
        if isInterrupted, runner.isOwner {
            isInterrupted = false
            tellInterruption()
        }
        committed.released(release)
        if let latest = release.changes.configurations.last { learn(latest) }
        for entry in release.entries where !entry.records.isEmpty {
            forgetAccounts(entry.records)
            noteTakeable(entry.records)
            noteService(entry.records)
            targetFigures.count(entry.records)
            for delivery in feeds.released(entry.records) {
                push(delivery, document: entry.document(of: delivery.record))
            }
        }
    }

    func resumed(_ reloaded: Reloaded) {
        committed.resumed(reloaded)
        bank?.forgetAll()
        learn(reloaded.state.configuration)
        listsChanged = true
        serviceChanged = true
        var positions: [ConnectionID: Int64] = [:]
        for console in inOrder() where console.phase == .live {
            positions[console.connection] = feeds.position(of: console.connection)
        }
        tellConnections(to: reloaded.state.agents)
        for (connection, resumption) in feeds.resumed(reloaded) {
            guard let console = sockets[connection], console.phase == .live else { continue }
            switch resumption {
            case .records(let missed) where mayCatchUp(missed):
                catchUp(console, missed: missed, after: positions[connection] ?? 0)
            case .records, .snapshotNeeded:
                // Nothing is pushed until the snapshot is there.
                feeds.unsubscribe(connection)
                sendView(to: console) { epoch, number, snapshot, desk, card in
                    ConsoleNotice.snapshot(
                        epoch: epoch, seq: number, person: card, desk: desk, snapshot)
                }
            }
        }
        people.read(reloaded.state.agents.map(\.id))
    }

    /// Told once, although the engine asks for the database again and again.
    func interrupted() {
        guard !isInterrupted else { return }
        isInterrupted = true
        tellInterruption()
    }

    private func tellInterruption() {
        let notice = ConsoleNotice.interrupted(isInterrupted)
        for console in inOrder() where console.phase == .live { send(notice, to: console) }
    }

    func stoodBy() {
        isInterrupted = false
        committed = CommittedState()
        bank?.forgetAll()
        feeds.standBy()
        for console in inOrder() { close(console, .notOwner) }
    }

    /// After a reload each person's open connections are told as a set: also the empty one, of those
    /// whose last socket closed while the desk could not be told.
    private func tellConnections(to agents: [Agent]) {
        var open: [AgentID: Set<ConnectionID>] = [:]
        for agent in agents where agent.presence != .offline { open[agent.id] = [] }
        for console in inOrder() where console.isAgent {
            guard console.phase == .live || console.phase == .joining, let person = console.person
            else { continue }
            open[person, default: []].insert(console.connection)
        }
        for (person, connections) in open.sorted(by: { $0.key < $1.key }) {
            runner.submit(.input(.agentConnections(person, connections)), from: .connection)
        }
    }

    private func forgetAccounts(_ records: [EventRecord]) {
        for record in records {
            guard case .ownerChanged(let handoff) = record.event else { continue }
            forgetAccounts(of: handoff.conversation, owner: handoff.to)
        }
    }

    /// Tells every console the names in force before it is told of anything that has them.
    private func learn(_ configuration: Configuration) {
        guard self.configuration != configuration else { return }
        self.configuration = configuration
        listsChanged = true
        let notice = ConsoleNotice.deskChanged(DeskCard(configuration))
        for console in inOrder() where console.phase == .live { send(notice, to: console) }
    }

    private func push(_ delivery: Delivery, document: [UInt8]?) {
        let push = ConsolePush(
            delivery.record, context: context(delivery.record, document: document))
        var frame: OutgoingFrame?
        var framePrevious: Int64 = -1
        for recipient in delivery.recipients {
            guard let console = sockets[recipient.socket] else { continue }
            if frame == nil || framePrevious != recipient.previous {
                frame = OutgoingFrame(push.frame(prev: recipient.previous))
                framePrevious = recipient.previous
            }
            if let frame { give(frame, to: console) }
        }
        pushes.increment(by: delivery.recipients.count)
    }

    private func give(_ frame: OutgoingFrame, to console: ConsoleSocket) {
        guard console.phase == .live, let socket = console.socket else { return }
        guard console.backlog != nil else {
            server?.send(frame, to: socket)
            return
        }
        console.backlog?.append(frame)
        if console.backlog?.count ?? 0 > ConsoleLimits.backlog { close(console, .slowConsumer) }
    }

    private func context(_ record: EventRecord, document: [UInt8]?) -> PushContext {
        var context = PushContext(document: document)
        switch record.event {
        case .agentEntered(let agent, _): context.agentName = people.name(of: agent)
        case .ownerChanged(let handoff):
            context.state = committed.conversation(handoff.conversation)
        case .offerMade(let conversation, _, _), .needsChanged(let conversation, _):
            context.state = committed.conversation(conversation)
        case .profileChanged(let agent, _): context.profile = committed.profile(of: agent)
        default: break
        }
        return context
    }

    /// Whether what was missed is little enough to be told one by one.
    func mayCatchUp(_ missed: [EventRecord]) -> Bool {
        missed.lazy.compactMap(\.messageWithText).count <= ConsoleLimits.missedTexts
    }

    /// Gives a socket what it missed: its texts are read back first, under the rights of now, while
    /// what is pushed meanwhile waits behind it.
    func catchUp(_ console: ConsoleSocket, missed: [EventRecord], after number: Int64) {
        guard !missed.isEmpty else { return }
        let texts = missed.compactMap(\.messageWithText)
        // Texts are being read back already (the desk was read anew meanwhile): what is missed now
        // would come before the backlog of that reading. The console resumes from what it has.
        guard console.backlog == nil else { return close(console, .slowConsumer) }
        guard !texts.isEmpty else { return give(missed, bodies: [:], after: number, to: console) }
        console.backlog = []
        startOnLoop {
            guard let bodies = await self.bodies(of: texts, for: console) else {
                // Without the texts the feed would show holes: the console comes back for all of it.
                return self.close(console, .notOwner)
            }
            let backlog = console.backlog ?? []
            console.backlog = nil
            self.give(missed, bodies: bodies, after: number, to: console)
            for frame in backlog { self.give(frame, to: console) }
        }
    }

    /// Reads texts back, again and again for a limited time: after an outage the desk may work before
    /// the connections for reads do, and a socket that has outlived the outage need not end then.
    private func bodies(
        of texts: [MessageID], for console: ConsoleSocket
    ) async -> [MessageID: [UInt8]]? {
        let end = loop.monotonic + ConsoleLimits.missedTextsWait
        while true {
            do {
                return try await store.bodies(of: texts)
            } catch {
                guard console.phase == .live else { return nil }
                guard loop.monotonic < end else {
                    log.warning(
                        "what a console missed cannot be read back",
                        metadata: ["reason": "\(error)"])
                    return nil
                }
                await loop.sleep(for: ConsoleLimits.missedTextsPause)
            }
        }
    }

    private func give(
        _ missed: [EventRecord], bodies: [MessageID: [UInt8]], after number: Int64,
        to console: ConsoleSocket
    ) {
        var previous = number
        for record in missed {
            let document = record.messageWithText.flatMap {
                mayRead(record, console) ? bodies[$0] : nil
            }
            let push = ConsolePush(record, context: context(record, document: document))
            give(OutgoingFrame(push.frame(prev: previous)), to: console)
            previous = record.number
        }
        pushes.increment(by: missed.count)
    }

    /// An event of the past is told to who was its audience, its text only to who may read it now.
    private func mayRead(_ record: EventRecord, _ console: ConsoleSocket) -> Bool {
        guard let conversation = record.conversation else { return false }
        return mayRead(conversation, console)
    }

    /// The owner reads a conversation, and a supervisor any.
    func mayRead(_ conversation: ConversationID, _ console: ConsoleSocket) -> Bool {
        guard let person = console.person else { return false }
        return console.isSupervisor || holds(conversation, person)
    }

    /// Whether the conversation is this agent's, as committed.
    func holds(_ conversation: ConversationID, _ person: AgentID) -> Bool {
        committed.conversation(conversation)?.owner == .agent(person)
    }
}

extension ReleasedEntry {
    /// What an event of it says in words: what travelled beside, or what the desk wrote itself.
    fileprivate func document(of record: EventRecord) -> [UInt8]? {
        guard case .announcementWritten(_, let message, _, _) = record.event else {
            return content?.body
        }
        return written.first { $0.message == message }?.body
    }
}

extension EventRecord {
    /// The message whose text a push of this event shows; an edit's and a reaction's text is kept
    /// under the event's own number.
    fileprivate var messageWithText: MessageID? {
        switch event {
        case .messageReceived(_, let message, _, _): message
        case .messageSentElsewhere(_, let message, _): message
        case .messageWritten(_, let message, _, _): message
        case .announcementWritten(_, let message, _, _): message
        case .messageEdited, .messageReacted: MessageID(number)
        case .customerMet, .conversationOpened, .messagesDelivered, .messagesRead, .messageDeleted,
            .channelEventKept, .ownerChanged, .conversationRead, .agentEntered, .agentConnected,
            .agentDisconnected, .presenceChanged, .wrapUpChanged, .shiftEndChanged, .shiftEnded,
            .capacityChanged, .profileChanged,
            .configurationChanged, .offerMade, .offerEnded, .needsRelaxed, .needsChanged,
            .priorityChanged, .jobChanged, .epochBegan, .queueTurned, .queueHoursSet, .targetWarned,
            .targetBreached, .targetMet,
            .inputQuarantined:
            nil
        }
    }

    fileprivate var conversation: ConversationID? {
        switch event {
        case .messageReceived(let conversation, _, _, _),
            .messageSentElsewhere(let conversation, _, _),
            .messageWritten(let conversation, _, _, _),
            .announcementWritten(let conversation, _, _, _), .messageEdited(let conversation, _),
            .messageReacted(let conversation, _, _):
            conversation
        default: nil
        }
    }
}
