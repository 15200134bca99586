import CEventLoop
import CLibcurl
import Glibc

/// An HTTP/1.1 client on the loop: libcurl's multi interface, woken by the loop's watches and timers.
///
/// Inside libcurl's callbacks nothing is started, ended or resumed: the library is not re-entrant.
/// They note what happened; `act` acts on it once the library has returned.
@LoopActor @safe public final class HTTPClient {
    private let loop: Loop
    private let configuration: Configuration
    private let multi: UnsafeMutableRawPointer?
    private var timer: LoopTimer?
    private var watches: [Int32: DescriptorWatch] = [:]
    private var transfers: [UInt64: HTTPTransfer] = [:]
    private var lastNumber: UInt64 = 0
    private var isClosed = false
    /// Name look-ups whose threads may be running.
    private var lookups = 0
    private var spare: [CurlHandle] = []

    /// Handles kept for later requests: making one costs more than resetting it.
    private static let spareHandles = 32
    private static let globalStart: CURLcode = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    /// A client on `loop`. Call `close` before letting go of it.
    public init(loop: Loop, configuration: Configuration = Configuration()) {
        self.loop = loop
        self.configuration = configuration
        unsafe multi = Self.globalStart == CURLE_OK && !loop.isClosed ? curl_multi_init() : nil
        guard let multi = unsafe multi else {
            isClosed = true
            return
        }
        let me = unsafe Unmanaged.passUnretained(self).toOpaque()
        let codes = unsafe [
            eventLoopSetMultiSocketCallback(multi, socketChanged),
            eventLoopSetMultiPointer(multi, CURLMOPT_SOCKETDATA, me),
            eventLoopSetMultiTimerCallback(multi, timerChanged),
            eventLoopSetMultiPointer(multi, CURLMOPT_TIMERDATA, me),
            eventLoopSetMultiLong(
                multi, CURLMOPT_MAX_HOST_CONNECTIONS, configuration.connectionsPerHost),
            eventLoopSetMultiLong(
                multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, configuration.connections),
            eventLoopSetMultiLong(multi, CURLMOPT_MAXCONNECTS, configuration.idleConnections),
        ]
        precondition(codes.allSatisfy { $0 == CURLM_OK }, "libcurl lacks an option of 7.88")
        loop.atEnd[ObjectIdentifier(self)] = { self.close() }
    }

    /// Sends a request and waits for the whole response. Cancelling the task ends it at once.
    public func send(
        _ request: HTTPClientRequest
    ) async throws(HTTPClientError) -> HTTPClientResponse {
        guard !isClosed else { throw .closed(requestMayHaveBeenSent: false) }
        guard transfers.count < configuration.requests else { throw .overloaded }
        try request.check()
        lastNumber += 1
        let number = lastNumber
        let transfer = HTTPTransfer(request: request, number: number, client: self)
        let result: Result<HTTPClientResponse, HTTPClientError>
        result = await withTaskCancellationHandler {
            unsafe await withUnsafeContinuation { continuation in
                unsafe transfer.continuation = unsafe continuation
                if Task.isCancelled {
                    transfer.resume(.failure(.cancelled(requestMayHaveBeenSent: false)))
                } else {
                    start(transfer)
                }
            }
        } onCancel: {
            // A job runs between the library's calls, never inside one.
            startOnLoop { self.cancel(number) }
        }
        return try result.get()
    }

    /// Reads the trusted certificates now, so that the first request over TLS does not hold the loop
    /// for the 20 to 35 ms that takes.
    public func warm() async {
        // The library reads them when a TLS handshake begins; nobody has to answer it.
        guard let silent = try? ListeningSocket(address: "127.0.0.1", port: 0) else { return }
        let request = HTTPClientRequest(
            method: .head, url: "https://127.0.0.1:\(silent.port)/", idempotent: false,
            timeout: .milliseconds(50), connectTimeout: .milliseconds(50))
        _ = try? await send(request)
        Glibc.close(silent.descriptor)
    }

    /// Ends all requests (`closed`) and connections.
    public func close() {
        guard !isClosed else { return }
        isClosed = true
        loop.atEnd[ObjectIdentifier(self)] = nil
        for number in transfers.keys.sorted() {
            guard let transfer = transfers[number] else { continue }
            finish(transfer, .failure(.closed(requestMayHaveBeenSent: transfer.isSent)))
        }
        spare = []
        unsafe curl_multi_cleanup(multi)
        timer?.cancel()
        for watch in watches.values { watch.stop() }
        watches = [:]
    }

    // MARK: Transfers

    private func start(_ transfer: HTTPTransfer) {
        guard let handle = spare.popLast() ?? CurlHandle() else {
            return transfer.resume(.failure(.overloaded))
        }
        guard transfer.prepare(handle, configuration) else {
            return transfer.resume(.failure(.invalidRequest(field: "url")))
        }
        transfers[transfer.number] = transfer
        guard unsafe curl_multi_add_handle(multi, handle.pointer) == CURLM_OK else {
            return finish(transfer, .failure(.overloaded))
        }
    }

    private func cancel(_ number: UInt64) {
        guard let transfer = transfers[number] else { return }
        finish(transfer, .failure(.cancelled(requestMayHaveBeenSent: transfer.isSent)))
    }

    private func finish(
        _ transfer: HTTPTransfer, _ result: Result<HTTPClientResponse, HTTPClientError>
    ) {
        transfers[transfer.number] = nil
        if let handle = transfer.handle {
            unsafe curl_multi_remove_handle(multi, handle.pointer)
            transfer.release()
            if spare.count < Self.spareHandles, !isClosed {
                unsafe curl_easy_reset(handle.pointer)
                spare.append(handle)
            }
        }
        if transfer.isLookingUp { lookupAbandoned(transfer) }
        transfer.resume(result)
    }

    /// Lets the library work, then ends what it has finished.
    private func act(_ descriptor: Int32, _ events: Int32) {
        guard !isClosed else { return }
        var count: Int32 = 0
        unsafe curl_multi_socket_action(multi, descriptor, events, &count)
        while let message = unsafe curl_multi_info_read(multi, &count) {
            guard unsafe message.pointee.msg == CURLMSG_DONE,
                let easy = unsafe message.pointee.easy_handle
            else { continue }
            // Removing the handle frees the message.
            let code = unsafe eventLoopResult(message)
            var number: UnsafeMutableRawPointer?
            unsafe eventLoopGetPointer(easy, CURLINFO_PRIVATE, &number)
            guard let transfer = transfers[UInt64(UInt(bitPattern: number))] else { continue }
            finish(transfer, transfer.result(code))
        }
    }

    // MARK: Look-ups

    /// Called when a name is about to be looked up; false refuses it.
    func lookupStarts(_ transfer: HTTPTransfer) -> Bool {
        guard !transfer.isLookingUp else { return true }
        guard lookups < configuration.lookups else { return false }
        lookups += 1
        transfer.isLookingUp = true
        return true
    }

    func lookupEnded(_ transfer: HTTPTransfer) {
        guard transfer.isLookingUp else { return }
        transfer.isLookingUp = false
        lookups -= 1
    }

    /// The library does not wait for the look-up's thread (nor do we want it to), so it counts on.
    private func lookupAbandoned(_ transfer: HTTPTransfer) {
        transfer.isLookingUp = false
        guard !isClosed else { return }
        loop.after(configuration.abandonedLookup) { [weak self] in self?.lookups -= 1 }
    }

    // MARK: What libcurl asks of the loop

    fileprivate func watch(_ descriptor: Int32, _ what: Int32) {
        if what == CURL_POLL_REMOVE {
            watches.removeValue(forKey: descriptor)?.stop()
            return
        }
        let watch: DescriptorWatch
        if let known = watches[descriptor] {
            watch = known
        } else {
            watch = DescriptorWatch(loop: loop, descriptor: descriptor) {
                [unowned self] readable, writable in
                let events =
                    (readable ? Int32(CURL_CSELECT_IN) : 0)
                    | (writable ? Int32(CURL_CSELECT_OUT) : 0)
                act(descriptor, events)
            }
            watches[descriptor] = watch
        }
        watch.want(
            readable: what & CURL_POLL_IN != 0, writable: what & CURL_POLL_OUT != 0)
    }

    fileprivate func setTimer(_ milliseconds: Int) {
        timer?.cancel()
        timer = nil
        guard milliseconds >= 0, !isClosed else { return }
        timer = loop.after(.milliseconds(milliseconds)) { [unowned self] in
            act(CURL_SOCKET_TIMEOUT, 0)
        }
    }
}

/// A handle of libcurl's, freed with its last owner.
@safe final class CurlHandle {
    let pointer: UnsafeMutableRawPointer

    init?() {
        guard let handle = unsafe curl_easy_init() else { return nil }
        unsafe pointer = unsafe handle
    }

    deinit { unsafe curl_easy_cleanup(pointer) }
}

private func socketChanged(
    _ easy: UnsafeMutableRawPointer?, _ descriptor: Int32, _ what: Int32,
    _ client: UnsafeMutableRawPointer?, _ unused: UnsafeMutableRawPointer?
) -> Int32 {
    guard let client = unsafe client else { return 0 }
    let owner = unsafe Unmanaged<HTTPClient>.fromOpaque(client).takeUnretainedValue()
    LoopActor.assume { owner.watch(descriptor, what) }
    return 0
}

private func timerChanged(
    _ multi: UnsafeMutableRawPointer?, _ milliseconds: Int, _ client: UnsafeMutableRawPointer?
) -> Int32 {
    guard let client = unsafe client else { return 0 }
    let owner = unsafe Unmanaged<HTTPClient>.fromOpaque(client).takeUnretainedValue()
    LoopActor.assume { owner.setTimer(milliseconds) }
    return 0
}
