import EventLoop

/// What one load is made of.
@LoopActor final class Load {
    let loop: Loop
    let target: Target
    let tally: Tally
    var customers: Customers
    /// Messages that may still be sent; posters stop at 0.
    private var allowance = 0
    private var posters: [Poster] = []
    /// Connections that ended although they should not have.
    private(set) var brokenPosters = 0

    init(loop: Loop, target: Target, customers: Customers) {
        self.loop = loop
        self.target = target
        self.customers = customers
        tally = Tally(openings: customers.count)
    }

    /// Opens the posters' connections.
    func open(posters count: Int) throws {
        for _ in 0..<count {
            let poster = Poster(load: self)
            try poster.connect()
            posters.append(poster)
        }
    }

    /// Lets `amount` more messages go out, as fast as they are answered.
    func begin(_ amount: Int) {
        allowance = amount
        for poster in posters { poster.next() }
    }

    /// Nothing more goes out.
    func end() { allowance = 0 }

    /// True when all that was sent is answered.
    var isQuiet: Bool { tally.unanswered == 0 }

    func takeOne() -> Bool {
        guard allowance > 0 else { return false }
        allowance -= 1
        return true
    }

    func posterBroke() { brokenPosters += 1 }
}

/// One keep-alive connection on which messages follow each other, each after the answer before.
@LoopActor final class Poster {
    private unowned let load: Load
    private var socket: ClientSocket?
    private var sentAt: Int64?

    init(load: Load) { self.load = load }

    func connect() throws {
        socket = try ClientSocket(
            loop: load.loop, address: load.target.address, port: load.target.port,
            onBytes: { [weak self] in self?.read($0) ?? $0.count },
            onClose: { [weak self] in self?.load.posterBroke() })
    }

    /// Sends the next message, if there is one and none is under way.
    func next() {
        guard sentAt == nil, let socket, socket.isOpen, load.takeOne() else { return }
        let tally = load.tally
        let now = tally.now()
        let request = load.customers.request(
            tally.nextSequence(), microseconds: now, milliseconds: load.loop.wallClock)
        sentAt = now
        socket.send(request)
    }

    private func read(_ bytes: Span<UInt8>) -> Int {
        guard let reply = HTTPReply.read(bytes), let began = sentAt else { return 0 }
        sentAt = nil
        load.tally.answered(status: reply.status, sentAt: began)
        next()
        return reply.body.upperBound
    }
}
