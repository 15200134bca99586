import CEventLoop
import CLibwebsockets

/// One open WebSocket. There are thousands, most of them idle: an idle one holds no buffer.
@safe @LoopActor final class WebSocketConnection {
    weak var host: WebSocketHost?
    let number: UInt64
    let descriptor: Int32
    let address: String?
    let handler: any WebSocketHandler
    /// libwebsockets' socket, nil once it is gone.
    var wsi: OpaquePointer?

    private var queue: [OutgoingFrame] = []
    private var queueStart = 0
    private(set) var queuedBytes = 0
    private var assembled: [UInt8] = []
    private var fragments = 0
    /// Set when nothing more is to be read or sent but the close frame.
    private var isClosing = false
    private var isTold = false
    private var closeCode: UInt16 = 0
    private var closeReason = ""
    /// A write failed: the library wants to be told so by the return value of its callback.
    private(set) var isBroken = false
    /// When the peer last sent anything, in the loop's monotonic milliseconds.
    var heardAt: Int64 = 0
    /// Whether the peer sent anything since the last visit.
    private var isHeard = true
    /// What was seen of the peer's frames before the library read them, and how much of their
    /// payload it gave out.
    private var masks = FrameMasks()
    private var givenBytes: UInt64 = 0

    init(
        host: WebSocketHost, number: UInt64, descriptor: Int32, address: String?,
        handler: any WebSocketHandler
    ) {
        self.host = host
        self.number = number
        self.descriptor = descriptor
        self.address = address
        self.handler = handler
    }

    // MARK: Sending

    func send(_ frame: OutgoingFrame, limit: Int) {
        guard !isClosing, let wsi = unsafe wsi else { return }
        host?.server?.counters.messagesSent += 1
        host?.server?.counters.bytesSent += frame.count
        // What the kernel does not take, the library keeps: at most one message.
        if queueStart == queue.count, unsafe lws_partial_buffered(wsi) == 0 {
            if unsafe !write(frame, wsi) { unsafe fail(wsi) }
            return
        }
        guard queuedBytes + frame.count <= limit else {
            host?.server?.counters.slowSocketsCut += 1
            close(code: 1013, reason: "", within: host?.server?.limits.closeSeconds ?? 1)
            return
        }
        queue.append(frame)
        queuedBytes += frame.count
        unsafe lws_callback_on_writable(wsi)
    }

    private func write(_ frame: OutgoingFrame, _ wsi: OpaquePointer) -> Bool {
        unsafe lws_write(wsi, frame.storage.payload, frame.count, LWS_WRITE_TEXT) >= 0
    }

    private func fail(_ wsi: OpaquePointer) {
        isBroken = true
        dropEverything()
        // The library closes it on its next turn; from here it may be inside one of its callbacks.
        unsafe lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC)
    }

    private func dropEverything() {
        isClosing = true
        queue = []
        queueStart = 0
        queuedBytes = 0
        assembled = []
    }

    /// The peer takes more: one write, then the next turn.
    func writable() -> Int32 {
        guard let wsi = unsafe wsi, !isBroken else { return -1 }
        if isClosing { return unsafe closeNow(wsi) }
        guard queueStart < queue.count else { return 0 }
        let frame = queue[queueStart]
        queueStart += 1
        queuedBytes -= frame.count
        if queueStart == queue.count {
            queue = []
            queueStart = 0
        } else {
            unsafe lws_callback_on_writable(wsi)
            if queueStart >= 256 {
                queue.removeFirst(queueStart)
                queueStart = 0
            }
        }
        return unsafe write(frame, wsi) ? 0 : -1
    }

    // MARK: Silence

    /// The peer sent a message or answered a ping.
    func heard() { isHeard = true }

    /// Pings a peer, and cuts one that was silent too long.
    func visited(at now: Int64, hangUpAfter limit: Int64) {
        if isHeard {
            isHeard = false
            heardAt = now
        }
        guard !isClosing, let wsi = unsafe wsi else { return }
        guard now - heardAt < limit else {
            unsafe fail(wsi)
            return
        }
        // While something waits to be taken, the peer shows by taking it that it is there, or is cut
        // for its silence; a control frame must not come between the parts of a message.
        guard queueStart == queue.count, unsafe lws_partial_buffered(wsi) == 0 else { return }
        if unsafe lws_write(wsi, Self.ping.storage.payload, Self.ping.count, LWS_WRITE_PING) < 0 {
            unsafe fail(wsi)
        }
    }

    /// Not empty: the library does not tell of an answer without payload.
    private static let ping = OutgoingFrame([0x76])

    // MARK: Receiving

    /// How many of the peer's next bytes the library may read: those before a missing mask.
    func admit(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard !masks.isBroken else { return 0 }
        let admitted = unsafe masks.admit(bytes)
        if masks.isBroken {
            // The library is about to read what came before; that is handled first.
            host?.server?.loop.afterThisTurn { [weak self] in self?.refuseUnmasked() }
        }
        return admitted
    }

    private func refuseUnmasked() {
        guard !isClosing, let server = host?.server else { return }
        server.counters.offendingSocketsCut += 1
        close(code: 1002, reason: "frames must be masked", within: server.limits.closeSeconds)
    }

    func received(_ bytes: UnsafeRawBufferPointer) -> Int32 {
        guard !isClosing, let wsi = unsafe wsi, let server = host?.server else { return 0 }
        let remaining = unsafe Int(clamping: lws_remaining_packet_payload(wsi))
        givenBytes &+= UInt64(bytes.count)
        // The library read by a call that we do not see: whether the mask was there is not known.
        guard givenBytes <= masks.payloadBytes else { return tell(1011, "frame not examined") }
        if unsafe lws_frame_is_binary(wsi) != 0 {
            server.counters.offendingSocketsCut += 1
            return tell(1003, "text only")
        }
        if unsafe lws_is_first_fragment(wsi) != 0 {
            assembled = []
            fragments = 0
        }
        guard assembled.count + bytes.count + remaining <= server.limits.messageBytes else {
            server.counters.offendingSocketsCut += 1
            return tell(1009, "message too long")
        }
        if remaining == 0 {
            fragments += 1
            guard fragments <= server.limits.messageFragments else {
                server.counters.offendingSocketsCut += 1
                return tell(1009, "too many fragments")
            }
        }
        guard remaining == 0, unsafe lws_is_final_fragment(wsi) != 0 else {
            unsafe assembled.append(contentsOf: bytes)
            return 0
        }
        let text: [UInt8]
        if assembled.isEmpty {
            text = unsafe Array(bytes)
        } else {
            text = unsafe assembled + bytes
            assembled = []
        }
        server.counters.messagesReceived += 1
        server.counters.bytesReceived += text.count
        handler.received(WebSocketID(number: number), text: text)
        return isBroken ? -1 : 0
    }

    // MARK: Closing

    /// Whether the peer's machine has yet to take something, the close frame included.
    var isDelivering: Bool {
        guard let wsi = unsafe wsi, isTold else { return true }
        if unsafe lws_partial_buffered(wsi) != 0 { return true }
        return eventLoopUnacknowledgedBytes(descriptor) > 0
    }

    /// The peer said goodbye; the library answers it.
    func peerCloses() { dropEverything() }

    func close(code: UInt16, reason: String, within seconds: Int) {
        guard !isClosing, let wsi = unsafe wsi else { return }
        dropEverything()
        closeCode = code
        closeReason = reason
        unsafe lws_callback_on_writable(wsi)
        // A peer that takes nothing never becomes writable. The library's own timeouts would go on
        // from there for another 25 s.
        host?.cut(number, after: seconds)
    }

    /// Ends the connection at once. Not to be called from one of the library's callbacks.
    func cut() {
        dropEverything()
        guard let wsi = unsafe wsi else { return }
        // What it has begun to send, the library would first try to deliver to the end. Whoever has all
        // of it is not reset: some systems would throw away what was not read yet.
        if isDelivering { eventLoopAbandon(descriptor) }
        unsafe lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC)
    }

    /// From a callback that says the peer takes more, the return value closes twice when the loop is
    /// libuv's (libwebsockets 4.1.6, `lws_service_fd_tsi`), and the second time cuts the connection
    /// before the close frame is written. So it is closed from here, once.
    private func closeNow(_ wsi: OpaquePointer) -> Int32 {
        guard !isTold else { return 0 }
        _ = tell(closeCode, closeReason)
        unsafe lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC)
        return 0
    }

    /// Names the close code and asks the library, by what is returned, to close.
    private func tell(_ code: UInt16, _ reason: String) -> Int32 {
        dropEverything()
        guard let wsi = unsafe wsi, !isTold else { return -1 }
        isTold = true
        if code != 0 {
            // RFC 6455 §5.5: a close frame holds at most 125 bytes, the code included.
            var reason = Array(reason.utf8.prefix(123))
            unsafe reason.withUnsafeMutableBufferPointer { bytes in
                unsafe lws_close_reason(
                    wsi, lws_close_status(UInt32(code)), bytes.baseAddress, bytes.count)
            }
        }
        return -1
    }
}
