import CEventLoop
import Glibc

/// One TCP connection that speaks HTTP/1.1, one request at a time.
///
/// While a request is handled nothing more is read, so that a peer who sends faster than it is
/// answered waits in its own kernel. An idle connection holds no buffer.
@LoopActor final class HTTPConnection {
    /// A body up to this size leaves in the same write as its head.
    nonisolated static let togetherBytes = 16 * 1_024
    /// What is read and thrown away of a peer that goes on sending after a closing response.
    static let lingerBytes = 4 * 1_024 * 1_024

    private enum Phase {
        case head
        case body(HTTPRequestParser.Head, @LoopActor (HTTPRequest, HTTPResponder) -> Void)
        /// The handler has the request.
        case handling
        case writing
        /// Answered for the last time; whatever still comes is thrown away.
        case lingering
        case closed
    }

    private let server: HTTPServer
    let descriptor: Int32
    /// The address whose places this connection takes, if they are counted.
    var countedAddress: String?
    private let peerAddress: String
    private var watch: DescriptorWatch?
    private var phase = Phase.head
    private var input: [UInt8] = []
    /// Bytes of `input` in which the end of the head was looked for in vain.
    private var searched = 0
    /// When to cut the connection, on the loop's monotonic clock.
    private(set) var deadline: Int64
    private var isReadingPaused = false
    private var isProcessing = false

    // The request at hand.
    private var number: UInt64 = 0
    private var method = HTTPMethod.get
    private var keepsAlive = true
    /// Bytes of the request's body that are counted as in memory, until it is answered.
    private var heldBytes = 0

    // The response that waits for the peer.
    private var output: [UInt8] = []
    private var outputBody: [UInt8] = []
    private var outputOffset = 0
    private var lingered = 0

    init(server: HTTPServer, descriptor: Int32, peerAddress: String) {
        self.server = server
        self.descriptor = descriptor
        self.peerAddress = peerAddress
        deadline = server.deadline(after: server.limits.headTime)
        watch = DescriptorWatch(loop: server.loop, descriptor: descriptor) { [unowned self] in
            ready(readable: $0, writable: $1)
        }
        watch?.want(readable: true, writable: false)
    }

    func isServing(_ number: UInt64) -> Bool {
        guard case .handling = phase else { return false }
        return number == self.number
    }

    /// True between requests, when nothing is lost by closing.
    var isIdle: Bool {
        if case .head = phase { return input.isEmpty }
        return false
    }

    // MARK: Reading

    private func ready(readable: Bool, writable: Bool) {
        if writable, case .writing = phase { flush() }
        guard readable else { return }
        switch phase {
        case .head, .body:
            guard let count = server.receive(descriptor) else { return close() }
            if count > 0 {
                if case .head = phase, input.isEmpty { startHead() }
                if case .body = phase, !hold(count) { return refuseBody() }
                server.appendReceived(count, to: &input)
                process()
            }
        case .handling, .writing:
            watchPeerWhileBusy()
        case .lingering:
            guard let count = server.receive(descriptor) else { return close() }
            lingered += count
            if lingered > Self.lingerBytes { close() }
        case .closed:
            break
        }
    }

    private func startHead() {
        deadline = server.deadline(after: server.limits.headTime)
    }

    /// Something came while we are busy: the next request, which can wait, or the peer's end.
    private func watchPeerWhileBusy() {
        var byte: UInt8 = 0
        let count = unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK))
        if count > 0 {
            isReadingPaused = true
            watch?.want(readable: false, writable: isWriting)
        } else if count == 0 || !isTemporary(errno) {
            server.counters.peersGone += 1
            close()
        }
    }

    private var isWriting: Bool {
        if case .writing = phase { return true }
        return false
    }

    /// Works through what has been read: several requests, if the peer sent them at once.
    private func process() {
        // A handler that answers at once comes back here from inside; the outer loop goes on then.
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        while !input.isEmpty {
            switch phase {
            case .head:
                guard readHead() else { return }
            case .body(let head, let handler):
                guard input.count >= head.contentLength else { return }
                takeBody(head, handler)
            case .handling, .writing, .lingering, .closed:
                return
            }
        }
    }

    /// Reads a head; false if there is more to come.
    private func readHead() -> Bool {
        do throws(HTTPRefusal) {
            guard let end = try HTTPRequestParser.endOfHead(in: input, from: searched) else {
                guard input.count < server.limits.headBytes else { throw .headTooLarge }
                searched = input.count
                return false
            }
            guard end <= server.limits.headBytes else { throw .headTooLarge }
            let parsed = try HTTPRequestParser.parse(input, end: end, peerAddress: peerAddress)
            searched = 0
            accept(parsed)
            return true
        } catch {
            refuse(error.rawValue)
            return true
        }
    }

    private func accept(_ parsed: HTTPRequestParser.Head) {
        var parsed = parsed
        server.believeProxy(&parsed.head)
        number += 1
        method = parsed.head.method
        keepsAlive = parsed.keepsAlive && !server.isDraining
        input = input.count == parsed.end ? [] : Array(input[parsed.end...])
        if parsed.upgradesToWebSocket {
            upgrade(parsed.head)
            return
        }
        switch server.route(parsed.head) {
        case .respond(let response):
            server.counters.requests += 1
            // What is announced is not read: the connection ends, so that it is not taken for a request.
            if parsed.contentLength > 0 { keepsAlive = false }
            phase = .handling
            respond(response, to: number)
        case .handle(let maximum, let handler):
            guard parsed.contentLength <= maximum else {
                return refuse(HTTPRefusal.bodyTooLarge.rawValue)
            }
            guard hold(min(input.count, parsed.contentLength)) else { return refuseBody() }
            if parsed.contentLength == 0 || input.count >= parsed.contentLength {
                takeBody(parsed, handler)
                return
            }
            if parsed.expectsContinue, input.isEmpty { sendContinue() }
            deadline = server.deadline(after: server.limits.bodyTime)
            input.reserveCapacity(parsed.contentLength)
            phase = .body(parsed, handler)
        }
    }

    private func takeBody(
        _ parsed: HTTPRequestParser.Head,
        _ handler: @LoopActor (HTTPRequest, HTTPResponder) -> Void
    ) {
        let length = parsed.contentLength
        let body: [UInt8]
        if input.count == length {
            body = input
            input = []
        } else {
            body = Array(input[..<length])
            input = Array(input[length...])
        }
        phase = .handling
        deadline = .max
        server.counters.requests += 1
        handler(
            HTTPRequest(head: parsed.head, body: body),
            HTTPResponder(connection: self, number: number))
    }

    /// Counts what came of a body as in memory; `false` if all bodies together have no room for it.
    private func hold(_ count: Int) -> Bool {
        guard server.counters.openBodyBytes + count <= server.limits.bodyBytes else { return false }
        server.counters.openBodyBytes += count
        heldBytes += count
        return true
    }

    private func letGo() {
        server.counters.openBodyBytes -= heldBytes
        heldBytes = 0
    }

    private func refuseBody() {
        server.counters.refusedBodies += 1
        refuse(503, headers: [("Retry-After", "1")])
    }

    private func sendContinue() {
        let line = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
        _ = unsafe line.withUnsafeBytes { bytes in
            unsafe send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        }
    }

    // MARK: Answering

    private func refuse(_ status: Int, headers: [(String, String)] = []) {
        number += 1
        keepsAlive = false
        input = []
        phase = .handling
        respond(HTTPResponse(status: status, headers: headers), to: number)
    }

    func respondToForgotten(_ number: UInt64) {
        guard isServing(number) else { return }
        server.counters.unansweredRequests += 1
        respond(HTTPResponse(status: 500), to: number)
    }

    func disconnect(_ number: UInt64) {
        guard isServing(number) else { return }
        close()
    }

    func respond(_ response: HTTPResponse, to number: UInt64) {
        guard isServing(number) else {
            server.counters.peersGone += 1
            return
        }
        letGo()
        let hasBody = response.status >= 200 && response.status != 204 && response.status != 304
        keepsAlive = keepsAlive && !server.isDraining
        guard
            var head = server.encoder.head(
                of: response, closes: !keepsAlive, announcesLength: hasBody,
                wallClock: server.loop.wallClock)
        else { return respond(HTTPResponse(status: 500), to: number) }
        if response.status >= 400 {
            server.counters.refusedRequests[response.status, default: 0] += 1
        }
        let body = hasBody && method != .head ? response.body : []
        if body.count <= Self.togetherBytes {
            head.append(contentsOf: body)
        } else {
            outputBody = body
        }
        output = head
        outputOffset = 0
        phase = .writing
        deadline = server.deadline(after: server.limits.writeTime)
        flush()
    }

    /// Writes what the peer takes; the rest goes when it is ready for more.
    private func flush() {
        while true {
            let isBody = outputOffset >= output.count
            let skipped = isBody ? outputOffset - output.count : outputOffset
            let source = isBody ? outputBody : output
            guard skipped < source.count else { break }
            let flags = Int(MSG_NOSIGNAL) | (isBody || outputBody.isEmpty ? 0 : Int(MSG_MORE))
            let count = unsafe source.withUnsafeBytes { bytes in
                unsafe send(
                    descriptor, bytes.baseAddress.map { unsafe $0 + skipped },
                    bytes.count - skipped, Int32(flags))
            }
            if count < 0 {
                guard isTemporary(errno) else {
                    server.counters.peersGone += 1
                    return close()
                }
                watch?.want(readable: !isReadingPaused, writable: true)
                return
            }
            outputOffset += count
            deadline = server.deadline(after: server.limits.writeTime)
        }
        finish()
    }

    private func finish() {
        output = []
        outputBody = []
        guard keepsAlive else { return linger() }
        phase = .head
        deadline = server.deadline(
            after: input.isEmpty ? server.limits.keepAliveTime : server.limits.headTime)
        isReadingPaused = false
        watch?.want(readable: true, writable: false)
        process()
    }

    /// Closes our half and throws away what still comes: closing at once with unread bytes would make
    /// the kernel reset the connection, and the peer could lose the response.
    private func linger() {
        phase = .lingering
        input = []
        deadline = server.deadline(after: server.limits.lingerTime)
        shutdown(descriptor, Int32(SHUT_WR))
        watch?.want(readable: true, writable: false)
    }

    /// Called by the server when `deadline` has passed.
    func deadlinePassed() {
        switch phase {
        case .head:
            if input.isEmpty { return close() }
            server.counters.slowConnectionsCut += 1
            close()
        case .body, .writing:
            server.counters.slowConnectionsCut += 1
            close()
        case .handling, .lingering, .closed:
            close()
        }
    }

    func close() {
        if case .closed = phase { return }
        phase = .closed
        letGo()
        watch?.stop()
        watch = nil
        input = []
        output = []
        outputBody = []
        Glibc.close(descriptor)
        server.forget(self)
    }

    // MARK: Becoming a WebSocket

    private func upgrade(_ head: HTTPRequestHead) {
        if countedAddress == nil {
            guard server.takePlace(of: head.peerAddress) else { return refuseUpgrade(429) }
            // Given back when this connection ends, also if the upgrade is refused.
            countedAddress = head.peerAddress
        }
        switch server.webSockets.examine(head) {
        case .refused(let status):
            refuseUpgrade(status)
        case .accepted(let handshake, let handler):
            // libwebsockets takes the descriptor over, with what the peer sent ahead.
            phase = .closed
            watch?.stop()
            watch = nil
            let rest = input
            input = []
            server.handOver(self)
            server.webSockets.adopt(
                descriptor: descriptor, handshake: handshake, early: rest,
                address: countedAddress, handler: handler)
        }
    }

    private func refuseUpgrade(_ status: Int) {
        server.counters.refusedUpgrades += 1
        keepsAlive = false
        phase = .handling
        respond(HTTPResponse(status: status), to: number)
    }
}

/// Errors after which the same call may succeed later.
func isTemporary(_ code: Int32) -> Bool { code == EAGAIN || code == EINTR }
