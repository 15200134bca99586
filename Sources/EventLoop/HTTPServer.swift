import CEventLoop
import Glibc

/// An HTTP/1.1 and WebSocket server on the loop.
///
/// Requests are read here, strictly; libwebsockets 4.1.6 never meets a byte of a peer's head, since
/// its own reader is trusting (it decodes and folds paths, passes chunked bodies on undecoded,
/// touches freed memory on an odd Upgrade header, and speaks HTTP/2 with a known hole). It gets the
/// socket after the upgrade was examined, together with a handshake that we wrote, and does what it
/// does well: frames, masks, UTF-8, pings, closing.
@LoopActor public final class HTTPServer {
    let loop: Loop
    let configuration: Configuration
    var limits: Limits { configuration.limits }
    let route: @LoopActor (HTTPRequestHead) -> HTTPRouteDecision
    private(set) var webSockets: WebSocketHost
    var encoder = HTTPResponseEncoder()

    /// The port that is listened on.
    public private(set) var port: Int
    /// What happened so far.
    public internal(set) var counters = HTTPServerCounters()
    /// True once `stopListening` was called: each response closes its connection.
    public private(set) var isDraining = false

    private var listener: Int32
    private var listenerWatch: DescriptorWatch?
    private var sweeper: LoopTimer?
    private var connections: [Int32: HTTPConnection] = [:]
    private var places: [String: Int] = [:]
    private let trustedProxies: Set<String>
    /// Where every connection's bytes arrive first, so that idle ones need no buffer of their own.
    private var scratch = [UInt8](repeating: 0, count: 64 * 1_024)
    private var isShutDown = false

    /// Listens at once. `route` is asked for each request's head, `admit` for each socket; both are
    /// called on the loop and must not wait.
    public init(
        loop: Loop, configuration: Configuration,
        route: @escaping @LoopActor (HTTPRequestHead) -> HTTPRouteDecision,
        admit: @escaping @LoopActor (WebSocketUpgrade) -> WebSocketAdmission
    ) throws(LoopError) {
        guard !loop.isClosed else { throw .unavailable(part: "the loop") }
        self.loop = loop
        self.configuration = configuration
        self.route = route
        trustedProxies = Set(configuration.trustedProxies.map { numericAddress($0) ?? $0 })
        let listening = try ListeningSocket(
            address: configuration.address, port: configuration.port)
        listener = listening.descriptor
        port = listening.port
        do throws(LoopError) {
            webSockets = try WebSocketHost(loop: loop, configuration: configuration, admit: admit)
        } catch {
            Glibc.close(listening.descriptor)
            throw error
        }
        webSockets.server = self
        listenerWatch = DescriptorWatch(loop: loop, descriptor: listener) { [unowned self] _, _ in
            acceptAll()
        }
        listenerWatch?.want(readable: true, writable: false)
        sweeper = loop.every(sweepInterval) { [unowned self] in sweep() }
        loop.atEnd[ObjectIdentifier(self)] = { self.end() }
    }

    // MARK: WebSockets

    /// Sends a message: at once if nothing waits before it and the peer takes it, else when the peer
    /// is ready. A socket whose queue grows over its limit is closed with 1013 and counted. Nothing
    /// happens if the socket is closing or gone.
    public func send(_ frame: OutgoingFrame, to socket: WebSocketID) {
        webSockets.send(frame, to: socket)
    }

    /// Closes a socket: what is queued is dropped, the peer is told `code` and `reason` (at most
    /// 123 bytes, RFC 6455 §5.5), and `closed` is called when it is gone.
    public func close(_ socket: WebSocketID, code: UInt16, reason: String = "") {
        webSockets.close(socket, code: code, reason: reason)
    }

    /// Payload bytes that wait for the peer; 0 if the socket is gone.
    public func queuedBytes(_ socket: WebSocketID) -> Int { webSockets.queuedBytes(socket) }

    /// Stops reading from a socket until `resumeReading`: whoever cannot keep up with a peer lets it
    /// wait in its own kernel.
    public func pauseReading(_ socket: WebSocketID) { webSockets.setReading(false, of: socket) }

    /// Ends `pauseReading`.
    public func resumeReading(_ socket: WebSocketID) { webSockets.setReading(true, of: socket) }

    /// Whether `text` is an IPv4 or IPv6 address, as ``Configuration/trustedProxies`` wants them.
    public nonisolated static func isAddress(_ text: String) -> Bool { numericAddress(text) != nil }

    // MARK: Ending

    /// Takes no new connections. Those that are open live on; each closes after its next response,
    /// and sockets stay.
    public func stopListening() {
        isDraining = true
        guard listener >= 0 else { return }
        listenerWatch?.stop()
        listenerWatch = nil
        Glibc.close(listener)
        listener = -1
        for connection in Array(connections.values) where connection.isIdle { connection.close() }
    }

    /// Stops listening, closes sockets with 1001 ("going away"), lets responses under way finish for
    /// the time that limits give a closing socket, and returns when everything is closed. Sockets
    /// whose peers have all that was sent, and only do not answer, are waited for less.
    public func shutDown() async {
        stopListening()
        webSockets.closeAll(code: 1001)
        let begun = loop.monotonic
        let patience = begun + Int64(limits.closeSeconds) * 1_000
        let courtesy = begun + Int64(limits.closeAnswerSeconds) * 1_000
        while !(connections.isEmpty && webSockets.isEmpty) && loop.monotonic < patience {
            if connections.isEmpty, loop.monotonic >= courtesy, !webSockets.isDelivering { break }
            await loop.sleep(for: .milliseconds(5))
        }
        end()
        // Sockets that did not answer in time close with the virtual host, over the next turns.
        while !webSockets.isEmpty { await loop.sleep(for: .milliseconds(1)) }
    }

    private func end() {
        guard !isShutDown else { return }
        isShutDown = true
        stopListening()
        sweeper?.cancel()
        for connection in Array(connections.values) { connection.close() }
        webSockets.end()
        loop.atEnd[ObjectIdentifier(self)] = nil
    }

    // MARK: Connections

    private func acceptAll() {
        // Bounded, so that a flood of connections does not hold everybody else up.
        for _ in 0..<64 {
            var address = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let descriptor = unsafe withUnsafeMutablePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe eventLoopAccept(listener, $0, &length)
                }
            }
            if descriptor < 0 {
                if errno == EMFILE || errno == ENFILE { pauseAccepting() }
                if errno == ECONNABORTED || errno == EINTR { continue }
                return
            }
            accept(descriptor, from: numericAddress(of: &address, length: length))
        }
    }

    /// Without descriptors the listener would be readable for ever and take the whole processor.
    private func pauseAccepting() {
        counters.refusedConnections += 1
        listenerWatch?.want(readable: false, writable: false)
        loop.after(.milliseconds(100)) { [weak self] in
            self?.listenerWatch?.want(readable: true, writable: false)
        }
    }

    private func accept(_ descriptor: Int32, from address: String) {
        let counted = trustedProxies.contains(address) ? nil : address
        guard counters.openConnections < limits.connections, takePlace(of: counted) else {
            counters.refusedConnections += 1
            Glibc.close(descriptor)
            return
        }
        var yes: Int32 = 1
        unsafe setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        counters.acceptedConnections += 1
        counters.openConnections += 1
        let connection = HTTPConnection(server: self, descriptor: descriptor, peerAddress: address)
        connection.countedAddress = counted
        connections[descriptor] = connection
    }

    /// Takes one of an address's places.
    ///
    /// A connection takes one of its peer's, but for a trusted proxy's: over one kept connection it
    /// sends requests of many clients, so that such a connection is nobody's and only the total bounds
    /// them. A WebSocket through a proxy is one client's as long as it lasts: it takes a place of the
    /// forwarded address when it opens (429 if none is left). Where none was forwarded that can be
    /// read it takes one of the proxy's, so that a proxy that does not tell is bounded as any peer is.
    func takePlace(of address: String?) -> Bool {
        guard let address else { return true }
        let taken = places[address, default: 0]
        guard taken < limits.connectionsPerAddress else { return false }
        places[address] = taken + 1
        return true
    }

    func givePlaceBack(of address: String?) {
        guard let address, let taken = places[address] else { return }
        places[address] = taken > 1 ? taken - 1 : nil
    }

    /// A connection has closed.
    func forget(_ connection: HTTPConnection) {
        handOver(connection)
        counters.openConnections -= 1
        givePlaceBack(of: connection.countedAddress)
    }

    /// A connection has become a socket; its place goes with it.
    func handOver(_ connection: HTTPConnection) {
        connections[connection.descriptor] = nil
    }

    /// A socket has closed.
    func socketClosed(address: String?) {
        counters.openConnections -= 1
        counters.openSockets -= 1
        givePlaceBack(of: address)
    }

    /// Puts the address that a trusted proxy tells in place of its own: the last one in
    /// X-Forwarded-For that is not itself a trusted proxy, since only what our own proxies appended
    /// can be believed. Without one that can be read the address stays the proxy's.
    func believeProxy(_ head: inout HTTPRequestHead) {
        guard trustedProxies.contains(head.peerAddress), let told = head.header("x-forwarded-for")
        else { return }
        for part in told.split(separator: ",").reversed() {
            let text = part.drop { $0 == " " }.prefix { $0 != " " }
            guard let address = numericAddress(String(text)) else { return }
            head.peerAddress = address
            if !trustedProxies.contains(head.peerAddress) { return }
        }
    }

    // MARK: Time

    func deadline(after time: Duration) -> Int64 {
        loop.monotonic + Int64(clamping: time.millisecondsRoundedUp)
    }

    /// Deadlines are kept to within a quarter of the shortest.
    private var sweepInterval: Duration {
        let shortest = [limits.headTime, limits.bodyTime, limits.keepAliveTime, limits.writeTime]
            .reduce(limits.lingerTime, min)
        return max(.milliseconds(10), min(.seconds(1), shortest / 4))
    }

    private func sweep() {
        let now = loop.monotonic
        let late = connections.values.filter { $0.deadline < now }
        for connection in late { connection.deadlinePassed() }
    }

    // MARK: Bytes

    /// Reads into the shared buffer: the number of bytes, 0 if there are none now, nil if the peer
    /// has ended or failed.
    func receive(_ descriptor: Int32) -> Int? {
        let count = unsafe scratch.withUnsafeMutableBytes { buffer in
            unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
        }
        if count > 0 { return count }
        if count == 0 { return nil }
        return isTemporary(errno) ? 0 : nil
    }

    func appendReceived(_ count: Int, to input: inout [UInt8]) {
        input.append(contentsOf: scratch[..<count])
    }
}
