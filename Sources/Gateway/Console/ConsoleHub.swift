import BankReader
import Desk
import DeskRunner
import Engine
import EventLoop
import Guard
import Logging
import Metrics
import Store
import Wire

/// All console sockets of one desk: admits them, hands their commands to the desk, and gives each its
/// feed. What it pushes was committed; whom a conversation belongs to it knows from commits alone.
@LoopActor final class ConsoleHub: DeskListener {
    let loop: Loop
    let runner: DeskRunner
    let store: Store
    let desk: Int64
    let log: Logger
    let origins: Set<String>
    let people: People
    let cookies: SessionCookie
    /// Where customers' accounts are read; `nil`: the desk has no bank.
    let bank: BankReader?
    /// Looks at accounts under way.
    var looks = 0
    private(set) var server: HTTPServer?
    var sockets: [ConnectionID: ConsoleSocket] = [:]
    var feeds = Feeds()
    /// What is committed: shown beside events, and what a read of the past is allowed by.
    var committed = CommittedState()
    /// What the desk routes by, by the latest commit.
    var configuration = Configuration()
    /// Whether agents may find other conversations to take than they were told last.
    var listsChanged = false
    /// Agents who are still to be told theirs, the next first.
    var untoldLists: ArraySlice<AgentID> = []
    /// Whether queues or promises may be other than consoles were told last.
    var serviceChanged = false
    /// How many waited for nobody when supervisors were told last.
    var unservedShown = 0
    let targetFigures = TargetFigures()
    private var lastConnection: Int64
    private var isDraining = false
    /// Whether the consoles were told that nothing can be stored.
    var isInterrupted = false
    private let open = Meter(label: "ventanilla_console_sockets")
    let pushes = Counter(label: "ventanilla_console_pushes_total")
    let refusals = Counter(label: "ventanilla_console_commands_refused_total")
    /// Replies held back, by what was found in them: one that holds two kinds is counted under both.
    let guarded = Dictionary(
        uniqueKeysWithValues: Finding.Kind.allCases.map {
            (
                $0,
                Counter(
                    label: "ventanilla_replies_guarded_total", dimensions: [("kind", $0.rawValue)])
            )
        })

    /// Sockets closed by the desk, by code. What the server itself closes it counts itself.
    private let closes = Dictionary(
        uniqueKeysWithValues: ConsoleClose.allCases.filter(\.isTheDesks).map {
            (
                $0,
                Counter(
                    label: "ventanilla_console_closes_total",
                    dimensions: [("code", "\($0.rawValue)")])
            )
        })

    init(
        loop: Loop, runner: DeskRunner, store: Store, desk: Int64, origins: Set<String>,
        people: People, cookies: SessionCookie, bank: BankReader?, log: Logger
    ) {
        self.loop = loop
        self.runner = runner
        self.store = store
        self.desk = desk
        self.origins = origins
        self.people = people
        self.cookies = cookies
        self.bank = bank
        self.log = log
        // Connections of an earlier run of this node are never mistaken for ours.
        lastConnection = loop.wallClock * 1_000
    }

    /// The server that the sockets belong to; told once, when it listens.
    func serve(on server: HTTPServer) {
        self.server = server
        _ = loop.every(ConsoleLimits.sessionCheck) { [weak self] in self?.checkSessions() }
        _ = loop.every(ConsoleLimits.listPause) { [weak self] in self?.tellTakeable() }
        _ = loop.every(ConsoleLimits.listPause) { [weak self] in self?.tellService() }
    }

    // MARK: Sockets

    /// A handler for a socket that is about to open.
    func handler(for upgrade: WebSocketUpgrade) -> ConsoleSocket {
        lastConnection += 1
        return ConsoleSocket(
            hub: self, connection: ConnectionID(lastConnection), upgrade: upgrade)
    }

    func opened(_ console: ConsoleSocket) {
        sockets[console.connection] = console
        open.set(Double(sockets.count))
        guard !isDraining else { return close(console, .draining) }
        guard runner.isOwner else { return close(console, .notOwner) }
        console.deadline = loop.after(ConsoleLimits.helloWait) { [weak self, weak console] in
            if let console { self?.close(console, .helloMissing) }
        }
        startOnLoop { await self.redeemTicket(of: console) }
    }

    func received(_ console: ConsoleSocket, text: [UInt8]) {
        switch console.phase {
        case .admitting:
            guard console.early.count < ConsoleLimits.earlyFrames else {
                return close(console, .tooManyRequests)
            }
            console.early.append(text)
        case .greeting: greet(console, frame: text)
        case .joining, .live: command(console, frame: text)
        case .closed: break
        }
    }

    func closed(_ console: ConsoleSocket) {
        let hadJoined = console.phase == .joining || console.phase == .live || console.wasJoined
        console.phase = .closed
        console.deadline?.cancel()
        sockets[console.connection] = nil
        feeds.unsubscribe(console.connection)
        open.set(Double(sockets.count))
        guard hadJoined, console.isAgent, let person = console.person else { return }
        runner.submit(
            .input(.agentDisconnected(person, console.connection)), from: .connection)
    }

    func close(_ console: ConsoleSocket, _ code: ConsoleClose) {
        guard console.phase != .closed else { return }
        console.wasJoined = console.phase == .joining || console.phase == .live
        console.phase = .closed
        feeds.unsubscribe(console.connection)
        closes[code]?.increment()
        guard let socket = console.socket else { return }
        server?.close(socket, code: code.rawValue, reason: code.reason)
    }

    func send(_ bytes: [UInt8], to console: ConsoleSocket) {
        guard console.phase != .closed, let socket = console.socket else { return }
        server?.send(OutgoingFrame(bytes), to: socket)
    }

    /// Closes every socket of a session at once: its person signed out, or may not be here any more.
    func endSession(_ session: SessionDigest) {
        for console in inOrder() where console.session?.digest == session {
            close(console, .signedOut)
        }
    }

    /// Tells every console to come back later, and takes no new one.
    func drain(reconnectAfter milliseconds: Int64) {
        isDraining = true
        let notice = ConsoleNotice.draining(reconnectAfterMilliseconds: milliseconds)
        for console in inOrder() {
            send(notice, to: console)
            close(console, .draining)
        }
    }

    func inOrder() -> [ConsoleSocket] {
        sockets.values.sorted { $0.connection < $1.connection }
    }

    /// Sessions end in the database; another node may have ended one whose socket is open here.
    private func checkSessions() {
        let open = inOrder().compactMap { $0.session?.digest }
        guard !open.isEmpty else { return }
        startOnLoop {
            guard let ended = try? await self.store.ended(among: open, at: self.runner.now())
            else { return }
            for session in ended { self.endSession(session) }
        }
    }
}

extension ConsoleClose {
    /// Codes from 4000 are an application's own (RFC 6455 §7.4.2).
    fileprivate var isTheDesks: Bool { rawValue >= 4_000 }
}
