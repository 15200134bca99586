import Desk
import DeskRunner
import Engine
import EventLoop
import Store
import Wire

/// Encodes a snapshot with its epoch, its number, the desk and the person.
typealias SnapshotFrame =
    @LoopActor (Int64, Int64, ConsoleSnapshot, DeskCard, PersonCard) -> [UInt8]

/// From an upgrade to a live feed: origin, ticket, hello, view.
extension ConsoleHub {
    /// Judges an upgrade before anything is accepted. The ticket, which needs the database, is judged
    /// right after.
    func admit(_ upgrade: WebSocketUpgrade) -> WebSocketAdmission {
        guard let origin = upgrade.origin, origins.contains(origin) else {
            return .refuse(status: 403)
        }
        guard upgrade.subprotocols.contains(Self.subprotocol), ticket(in: upgrade) != nil else {
            return .refuse(status: 400)
        }
        return .accept(handler(for: upgrade))
    }

    static let subprotocol = "ventanilla.console.v1"
    private static let ticketPrefix = "ticket."

    private func ticket(in upgrade: WebSocketUpgrade) -> String? {
        let tickets = upgrade.subprotocols.filter { $0.hasPrefix(Self.ticketPrefix) }
        guard tickets.count == 1 else { return nil }
        return String(tickets[0].dropFirst(Self.ticketPrefix.count))
    }

    /// Burns the ticket; the session it names must be the one of the cookie that came along.
    func redeemTicket(of console: ConsoleSocket) async {
        guard let ticket = ticket(in: console.upgrade).flatMap(Base64URL.decode),
            let cookie = cookies.secret(in: console.upgrade.cookie)
        else { return close(console, .signedOut) }
        let ticketed: Session?
        let session: Session?
        do {
            ticketed = try await store.burnTicket(ticket, at: runner.now())
            session = try await store.session(cookie, at: runner.now())
        } catch {
            return close(console, .notOwner)
        }
        guard console.phase == .admitting else { return }
        guard let session, session.digest == ticketed?.digest else {
            return close(console, .signedOut)
        }
        people.learn(session)
        console.session = session
        console.phase = .greeting
        let early = console.early
        console.early = []
        for frame in early { received(console, text: frame) }
    }

    /// The first frame: hello, with or without the place to resume from.
    func greet(_ console: ConsoleSocket, frame: [UInt8]) {
        guard case .success(let request) = ConsoleRequest.parse(frame),
            case .hello(let resume) = request.command, let session = console.session
        else { return close(console, .badFirstFrame) }
        console.phase = .joining
        console.deadline?.cancel()
        let left = max(0, session.expiresAt.milliseconds - loop.wallClock)
        console.deadline = loop.after(.milliseconds(left)) { [weak self, weak console] in
            if let console { self?.close(console, .signedOut) }
        }
        if console.isAgent {
            runner.submit(
                .input(.agentConnected(session.person, console.connection)), from: .connection
            ) { [weak self, weak console] answer in
                guard case .rejected = answer, let console else { return }
                self?.close(console, .tooManyRequests)
            }
        }
        if let resume { return self.resume(console, request: request.id, from: resume) }
        sendView(to: console) { epoch, number, snapshot, desk, card in
            ConsoleResult.hello(
                id: request.id, epoch: epoch, seq: number, person: card, desk: desk,
                snapshot: snapshot)
        }
    }

    /// Continues the feed where the console left it, or answers with a snapshot.
    private func resume(_ console: ConsoleSocket, request: String, from point: ResumePoint) {
        guard let session = console.session else { return }
        let resumption = feeds.subscribe(
            console.connection, person: session.person, isSupervisor: console.isSupervisor,
            after: point.seq, epoch: point.epoch)
        guard case .records(let missed) = resumption, mayCatchUp(missed) else {
            feeds.unsubscribe(console.connection)
            return sendView(to: console) { epoch, number, snapshot, desk, card in
                ConsoleResult.hello(
                    id: request, epoch: epoch, seq: number, person: card, desk: desk,
                    snapshot: snapshot)
            }
        }
        console.phase = .live
        let card = people.card(session)
        send(
            ConsoleResult.hello(
                id: request, epoch: feeds.epoch, seq: point.seq, person: card,
                desk: DeskCard(configuration), snapshot: nil),
            to: console)
        listsChanged = true
        serviceChanged = true
        catchUp(console, missed: missed, after: point.seq)
    }

    /// Asks the desk for what the person may see, as an input among the others, and subscribes the
    /// socket to all that follows it.
    func sendView(
        to console: ConsoleSocket, as frame: @escaping SnapshotFrame
    ) {
        guard let session = console.session else { return }
        runner.submit(
            .view(session.person, isSupervisor: console.isSupervisor), from: .command
        ) { [weak self, weak console] answer in
            guard let self, let console, console.phase != .closed else { return }
            guard case .view(let view) = answer else { return self.close(console, .notOwner) }
            self.viewed(view, by: console, session: session, as: frame)
        }
    }

    private func viewed(
        _ view: View, by console: ConsoleSocket, session: Session, as frame: SnapshotFrame
    ) {
        let resumption = feeds.subscribe(
            console.connection, person: session.person, isSupervisor: console.isSupervisor,
            after: view.number, epoch: view.epoch)
        // The feeds were told of this commit before the answer came, so they know the view's number.
        guard case .records(let missed) = resumption else { return close(console, .notOwner) }
        console.phase = .live
        let snapshot = ConsoleSnapshot(
            conversations: view.conversations,
            agents: zip(view.agents, view.loads).map { agent, load in
                AgentCard(agent: agent, name: people.name(of: agent.id), load: load)
            },
            jobs: view.jobs)
        let desk = DeskCard(view.configuration)
        send(frame(view.epoch, view.number, snapshot, desk, people.card(session)), to: console)
        tell(view.takeable, to: console)
        serviceChanged = true
        catchUp(console, missed: missed, after: view.number)
    }
}
