import CEventLoop
import CLibwebsockets
import Glibc

/// libwebsockets' side of a server: sockets after their upgrade was examined.
@safe @LoopActor final class WebSocketHost {
    /// Bytes that libwebsockets reads of a socket at a time. It keeps a buffer of this size for each
    /// open socket: most of what an idle one costs. A longer message comes in several pieces.
    static let readBytes = 1_024

    weak var server: HTTPServer?
    private let configuration: HTTPServer.Configuration
    private let limits: HTTPServer.Limits
    private let admit: @LoopActor (WebSocketUpgrade) -> WebSocketAdmission
    private var sockets: [UInt64: WebSocketConnection] = [:]
    /// The socket that `adopt` is handing to the library right now.
    private var arriving: WebSocketConnection?
    private var virtualHost: OpaquePointer?
    private let loop: Loop
    private var visits: LoopTimer?
    /// The open sockets, by the second in which they are visited.
    private var buckets: [Set<UInt64>] = []
    private var second = 0
    /// Sockets that were told to close: when they are cut, in the loop's monotonic milliseconds.
    private var cuts: [UInt64: Int64] = [:]

    /// The library looks for a virtual host of the name in the Host header among all of them, so
    /// each has a name of its own and our handshakes carry it.
    private let name: String
    private static var lastHost = 0

    /// Numbers go on over all servers of the process, so that no socket is ever taken for another.
    private static var lastNumber: UInt64 = 0

    var isEmpty: Bool { sockets.isEmpty }

    /// Whether any peer has yet to take something that was sent to it.
    var isDelivering: Bool { sockets.values.contains(where: \.isDelivering) }

    init(
        loop: Loop, configuration: HTTPServer.Configuration,
        admit: @escaping @LoopActor (WebSocketUpgrade) -> WebSocketAdmission
    ) throws(LoopError) {
        self.loop = loop
        self.configuration = configuration
        limits = configuration.limits
        Self.lastHost += 1
        name = "server-\(Self.lastHost)"
        self.admit = admit
        for name in configuration.subprotocols {
            // The library copies an offered name into 64 bytes.
            guard !name.isEmpty, name.utf8.count < 64, name.utf8.allSatisfy(\.isTokenByte) else {
                throw .invalidConfiguration(field: "subprotocols")
            }
        }
        guard let context = loop.context, let pointer = unsafe context.pointer else {
            throw .unavailable(part: "libwebsockets")
        }
        let names = ["http"] + configuration.subprotocols
        // One more, all zero, ends the list.
        let protocols = unsafe context.keep(lws_protocols(), count: names.count + 1)
        for (index, name) in names.enumerated() {
            unsafe protocols[index].name = unsafe UnsafePointer(context.keep(name))
            unsafe protocols[index].callback = webSocketEvent
            unsafe protocols[index].per_session_data_size = MemoryLayout<UnsafeRawPointer?>.size
            unsafe protocols[index].rx_buffer_size = Self.readBytes
            // A whole message in one write; the default would cut it to the read size.
            unsafe protocols[index].tx_packet_size = Int(Int32.max / 2)
        }
        // All zero: the library's own pings sort every socket's timer into one list, which costs a
        // walk over all sockets at each ping. Ours stand in buckets: see `visit`.
        let idlePolicy = unsafe context.keep(lws_retry_bo_t(), count: 1)
        var info = unsafe lws_context_creation_info()
        unsafe info.port = CONTEXT_PORT_NO_LISTEN_SERVER
        unsafe info.protocols = unsafe UnsafePointer(protocols)
        unsafe info.vhost_name = unsafe UnsafePointer(context.keep(name))
        unsafe info.retry_and_idle_policy = unsafe UnsafePointer(idlePolicy)
        unsafe info.user = unsafe Unmanaged.passUnretained(self).toOpaque()
        // No extensions: compression costs 90 KiB for each socket.
        guard let host = unsafe lws_create_vhost(pointer, &info) else {
            throw .unavailable(part: "libwebsockets' virtual host")
        }
        unsafe virtualHost = unsafe host
        buckets = Array(repeating: [], count: max(1, limits.pingSeconds))
        visits = loop.every(.seconds(1)) { [weak self] in self?.visit() }
    }

    /// Each second: cuts whoever was told to close and had the time for it, and visits one bucket, so
    /// that every socket is visited once in `pingSeconds`: a silent one is pinged, one that stayed
    /// silent for `hangUpSeconds` is cut.
    private func visit() {
        second += 1
        let now = loop.monotonic
        for (number, due) in cuts.sorted(by: { $0.key < $1.key }) where due <= now {
            cuts[number] = nil
            sockets[number]?.cut()
        }
        for number in buckets[second % buckets.count] {
            sockets[number]?.visited(at: now, hangUpAfter: Int64(limits.hangUpSeconds) * 1_000)
        }
    }

    /// Gives a closing socket `seconds`, and at most one more, to be gone.
    func cut(_ number: UInt64, after seconds: Int) {
        cuts[number] = loop.monotonic + Int64(seconds) * 1_000
    }

    private func bucket(of number: UInt64) -> Int { Int(number % UInt64(buckets.count)) }

    // MARK: Opening

    enum Examination {
        case refused(status: Int)
        case accepted(handshake: [UInt8], any WebSocketHandler)
    }

    /// Checks an upgrade by RFC 6455 §4.2.1 and asks whether it is admitted. The handshake that
    /// libwebsockets is to read is written anew from what was checked.
    func examine(_ head: HTTPRequestHead) -> Examination {
        guard head.method == .get else { return .refused(status: 405) }
        guard head.header("sec-websocket-version") == "13" else { return .refused(status: 426) }
        guard head.count(of: "sec-websocket-key") == 1,
            let key = head.header("sec-websocket-key"), Self.isKey(key)
        else { return .refused(status: 400) }
        let offered = (head.header("sec-websocket-protocol") ?? "").split(separator: ",").map {
            String($0.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" })
        }
        guard let chosen = offered.first(where: configuration.subprotocols.contains) else {
            return .refused(status: 400)
        }
        guard head.count(of: "origin") <= 1 else { return .refused(status: 400) }
        switch admit(WebSocketUpgrade(head: head, subprotocols: offered)) {
        case .refuse(let status):
            return .refused(status: status)
        case .accept(let handler):
            let handshake = """
                GET / HTTP/1.1\r\nHost: \(name)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \(key)\r\n\
                Sec-WebSocket-Protocol: \(chosen)\r\n\r\n
                """
            return .accepted(handshake: Array(handshake.utf8), handler)
        }
    }

    /// Sixteen bytes in base64: 22 letters and "==".
    private static func isKey(_ key: String) -> Bool {
        let bytes = Array(key.utf8)
        return bytes.count == 24 && bytes.suffix(2).elementsEqual("==".utf8)
            && bytes.prefix(22).allSatisfy {
                $0.lowercased &- 0x61 < 26 || $0.isDigit || $0 == UInt8(ascii: "+")
                    || $0 == UInt8(ascii: "/")
            }
    }

    /// Hands a connected descriptor to libwebsockets, which first reads our handshake and what the
    /// peer sent `early`, behind its own.
    func adopt(
        descriptor: Int32, handshake: [UInt8], early: [UInt8], address: String?,
        handler: any WebSocketHandler
    ) {
        guard let host = unsafe virtualHost else {
            Glibc.close(descriptor)
            server?.counters.openConnections -= 1
            server?.givePlaceBack(of: address)
            return
        }
        Self.lastNumber += 1
        let socket = WebSocketConnection(
            host: self, number: Self.lastNumber, descriptor: descriptor, address: address,
            handler: handler)
        arriving = socket
        loop.upgraded[descriptor] = socket
        server?.counters.openSockets += 1
        // The library reads what came early at some later turn. So if a mask is missing there, nothing
        // of it is read: the socket is closed in this turn.
        let admitted = unsafe early.withUnsafeBytes { unsafe socket.admit($0) }
        let bytes = admitted == early.count ? handshake + early : handshake
        _ = unsafe bytes.withUnsafeBytes { buffer in
            unsafe lws_adopt_socket_vhost_readbuf(
                host, descriptor, buffer.baseAddress?.assumingMemoryBound(to: CChar.self),
                buffer.count)
        }
        if arriving != nil {
            // The library closed the descriptor: the peer was already gone.
            arriving = nil
            loop.upgraded[descriptor] = nil
            server?.socketClosed(address: address)
        }
    }

    fileprivate func established(_ wsi: OpaquePointer) -> WebSocketConnection? {
        guard let socket = arriving else { return nil }
        arriving = nil
        unsafe socket.wsi = unsafe wsi
        sockets[socket.number] = socket
        buckets[bucket(of: socket.number)].insert(socket.number)
        socket.heardAt = loop.monotonic
        server?.counters.openedSockets += 1
        return socket
    }

    fileprivate func closed(_ socket: WebSocketConnection) {
        unsafe socket.wsi = nil
        sockets[socket.number] = nil
        cuts[socket.number] = nil
        loop.upgraded[socket.descriptor] = nil
        buckets[bucket(of: socket.number)].remove(socket.number)
        server?.socketClosed(address: socket.address)
        socket.handler.closed(WebSocketID(number: socket.number))
    }

    // MARK: What the server asks

    func send(_ frame: OutgoingFrame, to socket: WebSocketID) {
        sockets[socket.number]?.send(frame, limit: limits.queuedBytes)
    }

    func close(_ socket: WebSocketID, code: UInt16, reason: String) {
        sockets[socket.number]?.close(code: code, reason: reason, within: limits.closeSeconds)
    }

    func queuedBytes(_ socket: WebSocketID) -> Int { sockets[socket.number]?.queuedBytes ?? 0 }

    func setReading(_ reads: Bool, of socket: WebSocketID) {
        guard let wsi = unsafe sockets[socket.number]?.wsi else { return }
        unsafe lws_rx_flow_control(wsi, reads ? 1 : 0)
    }

    func closeAll(code: UInt16) {
        for number in sockets.keys.sorted() {
            sockets[number]?.close(code: code, reason: "", within: limits.closeSeconds)
        }
    }

    func end() {
        guard let host = unsafe virtualHost else { return }
        unsafe virtualHost = nil
        visits?.cancel()
        // The library would go on waiting for answers to close frames, 5 s for each.
        for number in sockets.keys.sorted() { sockets[number]?.cut() }
        unsafe lws_vhost_destroy(host)
    }
}

/// libwebsockets calls this for everything that happens to its sockets.
private func webSocketEvent(
    _ wsi: OpaquePointer?, _ reason: lws_callback_reasons, _ session: UnsafeMutableRawPointer?,
    _ bytes: UnsafeMutableRawPointer?, _ count: Int
) -> Int32 {
    switch reason {
    case LWS_CALLBACK_ESTABLISHED, LWS_CALLBACK_RECEIVE, LWS_CALLBACK_SERVER_WRITEABLE,
        LWS_CALLBACK_CLOSED, LWS_CALLBACK_WS_PEER_INITIATED_CLOSE, LWS_CALLBACK_RECEIVE_PONG:
        break
    case LWS_CALLBACK_HTTP:
        // Nothing but our own handshake is ever given to the library to read.
        return -1
    default:
        return 0
    }
    guard let wsi = unsafe wsi, let session = unsafe session else { return -1 }
    // The library calls on the loop's thread, where all of these stay.
    nonisolated(unsafe) let socketPointer = unsafe wsi
    nonisolated(unsafe) let payload = unsafe bytes
    nonisolated(unsafe) let slot = unsafe session.assumingMemoryBound(
        to: Unmanaged<WebSocketConnection>?.self)
    return LoopActor.assume {
        if reason == LWS_CALLBACK_ESTABLISHED {
            guard let vhost = unsafe lws_get_vhost(socketPointer),
                let user = unsafe lws_vhost_user(vhost)
            else { return -1 }
            let host = unsafe Unmanaged<WebSocketHost>.fromOpaque(user).takeUnretainedValue()
            guard let socket = unsafe host.established(socketPointer) else { return -1 }
            unsafe slot.pointee = unsafe .passRetained(socket)
            socket.handler.opened(WebSocketID(number: socket.number))
            return socket.isBroken ? -1 : 0
        }
        guard let kept = unsafe slot.pointee else { return reason == LWS_CALLBACK_CLOSED ? 0 : -1 }
        let socket = unsafe kept.takeUnretainedValue()
        switch reason {
        case LWS_CALLBACK_RECEIVE_PONG:
            socket.heard()
            return 0
        case LWS_CALLBACK_RECEIVE:
            socket.heard()
            return unsafe socket.received(UnsafeRawBufferPointer(start: payload, count: count))
        case LWS_CALLBACK_SERVER_WRITEABLE:
            return socket.writable()
        case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
            socket.peerCloses()
            return 0
        default:
            unsafe slot.pointee = nil
            socket.host?.closed(socket)
            unsafe kept.release()
            return 0
        }
    }
}
