import EventLoop
import Foundation

/// One agent's console: signed in, said hello, available; counts what it is told.
@LoopActor final class ConsolePeer {
    /// How far it has come.
    enum Phase: Equatable {
        case ticket
        case upgrading
        case greeting
        case settingPresence
        case open
        /// Ended, and why.
        case failed(String)
    }

    private(set) var phase = Phase.ticket
    private let consoles: Consoles
    private let number: Int
    private var socket: ClientSocket?
    /// The latest request.
    private var latest = ""
    private var target: Target { consoles.target }

    init(consoles: Consoles, number: Int) {
        self.consoles = consoles
        self.number = number
    }

    /// Connections of one source address: below what the server allows one address.
    private static let perAddress = 500

    private var source: String {
        let index = 2 + number / Self.perAddress
        return "127.0.\(index / 250).\(index % 250 + 1)"
    }

    // MARK: From ticket to open

    func start() throws {
        try connect { $0.readTicket($1) }
        send(
            [
                "POST /desks/\(target.desk)/ws-ticket HTTP/1.1", "Content-Length: 0",
                "X-Ventanilla: 1", "Connection: close",
            ])
    }

    private func connect(_ read: @escaping @LoopActor (ConsolePeer, Span<UInt8>) -> Int) throws {
        socket = try ClientSocket(
            loop: consoles.loop, address: target.address, port: target.port, source: source,
            onBytes: { [weak self] in
                guard let self else { return $0.count }
                return read(self, $0)
            },
            onClose: { [weak self] in self?.fail("the connection ended") })
    }

    /// A request with the session's cookie.
    private func send(_ lines: [String]) {
        let secret = Persons.cookie(number, run: consoles.run)
        let common = [
            "Host: localhost", "Origin: \(target.origin)", "Cookie: ventanilla=\(secret)", "", "",
        ]
        socket?.send(Array((lines + common).joined(separator: "\r\n").utf8))
    }

    private func readTicket(_ bytes: Span<UInt8>) -> Int {
        guard let reply = HTTPReply.read(bytes) else { return 0 }
        let parts = String(decoding: bytes.copy(reply.body), as: UTF8.self).split(separator: "\"")
        guard reply.status == 200, let name = parts.firstIndex(of: "ticket"), name + 2 < parts.count
        else {
            fail("no ticket: status \(reply.status)")
            return bytes.count
        }
        socket?.close()
        phase = .upgrading
        do { try upgrade(ticket: String(parts[name + 2])) } catch { fail("\(error)") }
        return bytes.count
    }

    private func upgrade(ticket: String) throws {
        try connect { $0.readUpgrade($1) }
        send(
            [
                "GET /desks/\(target.desk)/console HTTP/1.1", "Upgrade: websocket",
                "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: \(Persons.webSocketKey)",
                "Sec-WebSocket-Protocol: ventanilla.console.v1, ticket.\(ticket)",
            ])
    }

    private func readUpgrade(_ bytes: Span<UInt8>) -> Int {
        if phase == .upgrading {
            guard let reply = HTTPReply.read(bytes) else { return 0 }
            guard reply.status == 101 else {
                fail("no socket: status \(reply.status)")
                return bytes.count
            }
            phase = .greeting
            request("hello", "{}")
            return reply.body.lowerBound
                + readFrames(bytes.extracting(reply.body.lowerBound..<bytes.count))
        }
        return readFrames(bytes)
    }

    private func request(_ method: String, _ parameters: String) {
        let id = UUID().uuidString.lowercased()
        latest = #"{"jsonrpc":"2.0","id":"\#(id)","method":"\#(method)","params":\#(parameters)}"#
        sendLatest()
    }

    private func sendLatest() {
        socket?.send(WebSocketFrames.masked(latest.utf8, opcode: WebSocketFrames.text))
    }

    /// What the desk could not answer in time is asked again under the same id, as the console does.
    private func askAgain() {
        consoles.askedAgain()
        consoles.loop.after(Self.pause) { [weak self] in self?.sendLatest() }
    }

    /// Before something is asked again.
    private static let pause = Duration.milliseconds(500)

    // MARK: Frames

    private func readFrames(_ bytes: Span<UInt8>) -> Int {
        var used = 0
        let now = consoles.tally?.now() ?? 0
        while let frame = WebSocketFrames.read(bytes, at: used) {
            used = frame.payload.upperBound
            switch frame.opcode {
            case WebSocketFrames.text: readText(bytes, frame.payload, now)
            case WebSocketFrames.ping:
                let payload = bytes.copy(frame.payload)
                socket?.send(WebSocketFrames.masked(payload, opcode: WebSocketFrames.pong))
            case WebSocketFrames.close:
                let code =
                    frame.payload.count < 2
                    ? 0
                    : Int(bytes[frame.payload.lowerBound]) << 8
                        | Int(bytes[frame.payload.lowerBound + 1])
                fail("closed by the server: \(code)")
                return bytes.count
            default: break
            }
        }
        return used
    }

    private static let messageReceived = Array(
        #"{"jsonrpc":"2.0","method":"message.received""#.utf8)
    private static let ownerChanged = Array(#"{"jsonrpc":"2.0","method":"owner.changed""#.utf8)
    private static let notification = Array(#"{"jsonrpc":"2.0","method":"#.utf8)

    private func begins(_ bytes: Span<UInt8>, _ payload: Range<Int>, with text: [UInt8]) -> Bool {
        guard payload.count >= text.count else { return false }
        for index in 0..<text.count where bytes[payload.lowerBound + index] != text[index] {
            return false
        }
        return true
    }

    private func readText(_ bytes: Span<UInt8>, _ payload: Range<Int>, _ now: Int64) {
        if begins(bytes, payload, with: Self.messageReceived) {
            guard let found = Customers.read(bytes, payload) else { return }
            consoles.tally?.delivered(found.sequence, sentAt: found.microseconds, now: now)
        } else if begins(bytes, payload, with: Self.ownerChanged) {
            consoles.tally?.conversationGiven()
            consoles.burst?.given(Burst.conversation(bytes, payload), to: number)
        } else if begins(bytes, payload, with: Self.notification) {
            consoles.otherPushes += 1
        } else {
            answered(String(decoding: bytes.copy(payload), as: UTF8.self))
        }
    }

    private func answered(_ text: String) {
        guard text.contains(#""result":"#) else {
            let isPassing = phase == .open && text.contains(#""code":"unavailable""#)
            return isPassing ? askAgain() : fail("refused: \(reason(text))")
        }
        switch phase {
        case .greeting where consoles.areAvailable:
            phase = .settingPresence
            request("presence.set", #"{"presence":"available"}"#)
        case .greeting, .settingPresence:
            phase = .open
            consoles.opened()
        case .open: consoles.answered()
        case .ticket, .upgrading, .failed: break
        }
    }

    /// Why a command was refused, without what is its own.
    private func reason(_ text: String) -> Substring {
        guard let error = text.firstRange(of: #""error""#) else { return text.prefix(200) }
        return text[error.lowerBound...].prefix(200)
    }

    /// From now on they take conversations.
    func becomeAvailable() { request("presence.set", #"{"presence":"available"}"#) }

    private func fail(_ reason: String) {
        if case .failed = phase { return }
        let wasOpen = phase == .open
        phase = .failed(reason)
        socket?.close()
        consoles.failed(reason, wasOpen: wasOpen)
    }
}

/// Every console of a run.
@LoopActor final class Consoles {
    let loop: Loop
    let target: Target
    /// Tells this run's sessions from earlier ones in the same tables.
    let run: Int64
    /// Whether each says that it takes conversations.
    let areAvailable: Bool
    /// Told what is delivered.
    let tally: Tally?
    /// Told which conversations are given to whom.
    var burst: Burst?
    private let count: Int
    private var all: [ConsolePeer] = []
    private var openCount = 0
    /// Why consoles ended, with how many.
    private(set) var failures: [String: Int] = [:]
    /// Pushes of other kinds than messages.
    var otherPushes = 0
    /// Answers to commands of open consoles.
    private(set) var answers = 0
    /// How often an open console was told to ask again, and did.
    private(set) var askedAgainCount = 0

    /// How many sign in at once: what is measured is not a rush at the door.
    private static let atOnce = 32

    init(loop: Loop, target: Target, count: Int, run: Int64, areAvailable: Bool, tally: Tally?) {
        self.loop = loop
        self.target = target
        self.count = count
        self.run = run
        self.areAvailable = areAvailable
        self.tally = tally
    }

    /// True when every console is open.
    var areOpen: Bool { openCount == count }

    /// How far those have come that are not open.
    var stages: String {
        let phases = Dictionary(grouping: all.map { "\($0.phase)" }, by: \.self)
        return phases.map { "\($0.key): \($0.value.count)" }.sorted().joined(separator: ", ")
    }

    /// Opens all; fails when one does not open.
    func open() async throws {
        for _ in 0..<min(Self.atOnce, count) { try startOne() }
        let deadline = loop.monotonic + Int64(10 + count / 50) * 1_000
        while !areOpen, failures.isEmpty {
            guard loop.monotonic < deadline else {
                throw Failure("consoles do not open: \(stages)")
            }
            await loop.sleep(for: .milliseconds(5))
        }
        guard failures.isEmpty else { throw Failure("consoles do not open: \(failures)") }
    }

    /// Every agent says at one moment that they take conversations.
    func becomeAvailable() {
        for console in all { console.becomeAvailable() }
    }

    func answered() { answers += 1 }

    func askedAgain() { askedAgainCount += 1 }

    private func startOne() throws {
        guard all.count < count else { return }
        let console = ConsolePeer(consoles: self, number: all.count)
        all.append(console)
        try console.start()
    }

    func opened() {
        openCount += 1
        startNext()
    }

    func failed(_ reason: String, wasOpen: Bool) {
        failures[reason, default: 0] += 1
        if !wasOpen { startNext() }
    }

    private func startNext() {
        do { try startOne() } catch { failures["\(error)", default: 0] += 1 }
    }
}
