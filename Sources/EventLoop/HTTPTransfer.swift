import CEventLoop
import CLibcurl

/// One request of the client on its way.
@LoopActor @safe final class HTTPTransfer {
    /// Header bytes of a response; no API of ours answers with a tenth of it.
    private static let maximumHeaderBytes = 64 * 1_024

    let number: UInt64
    private let request: HTTPClientRequest
    private unowned let client: HTTPClient
    var continuation: UnsafeContinuation<Result<HTTPClientResponse, HTTPClientError>, Never>?
    private(set) var handle: CurlHandle?
    private var lines: UnsafeMutablePointer<curl_slist>?
    private var response = HTTPClientResponse()
    private var isTooLarge = false
    private var headerBytes = 0
    /// True from the moment the first byte may leave.
    private(set) var isSent = false
    var isLookingUp = false

    init(request: HTTPClientRequest, number: UInt64, client: HTTPClient) {
        self.request = request
        self.number = number
        self.client = client
    }

    func resume(_ result: Result<HTTPClientResponse, HTTPClientError>) {
        guard let waiting = unsafe continuation else { return }
        unsafe continuation = nil
        unsafe waiting.resume(returning: result)
    }

    /// Frees what the handle was given; call when the library has let go of it.
    func release() {
        handle = nil
        unsafe curl_slist_free_all(lines)
        unsafe lines = nil
    }

    // MARK: Options

    /// Sets every option; false if the library refuses one.
    func prepare(_ handle: CurlHandle, _ configuration: HTTPClient.Configuration) -> Bool {
        self.handle = handle
        let easy = unsafe handle.pointer
        let isAccepted =
            unsafe setTarget(easy) && setConnection(easy, configuration)
            && setTrust(easy, configuration) && setBody(easy) && setHeaders(easy)
            && setCallbacks(easy)
        if !isAccepted { release() }
        return isAccepted
    }

    private func setTarget(_ easy: UnsafeMutableRawPointer) -> Bool {
        unsafe all([
            eventLoopSetText(easy, CURLOPT_URL, request.url),
            eventLoopSetText(easy, CURLOPT_PROTOCOLS_STR, "http,https"),
            // The empty text also turns off what http_proxy and its like say.
            eventLoopSetText(easy, CURLOPT_PROXY, ""),
            eventLoopSetLong(easy, CURLOPT_FOLLOWLOCATION, 0),
            eventLoopSetLong(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1),
            eventLoopSetLong(easy, CURLOPT_NOBODY, request.method == .head ? 1 : 0),
        ])
    }

    private func setConnection(
        _ easy: UnsafeMutableRawPointer, _ configuration: HTTPClient.Configuration
    ) -> Bool {
        let isOnce = request.idempotent ? 0 : 1
        return unsafe all([
            eventLoopSetLong(easy, CURLOPT_FRESH_CONNECT, isOnce),
            eventLoopSetLong(easy, CURLOPT_FORBID_REUSE, isOnce),
            eventLoopSetLong(easy, CURLOPT_TIMEOUT_MS, request.timeout.curlMilliseconds),
            eventLoopSetLong(
                easy, CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout.curlMilliseconds),
            eventLoopSetLong(easy, CURLOPT_NOSIGNAL, 1),
            // Without it, ending a request joins the thread that looks its name up: seconds.
            eventLoopSetLong(easy, CURLOPT_QUICK_EXIT, 1),
            eventLoopSetLong(easy, CURLOPT_DNS_CACHE_TIMEOUT, configuration.addressSeconds),
            eventLoopSetLong(easy, CURLOPT_MAXAGE_CONN, configuration.idleSeconds),
            eventLoopSetOffset(easy, CURLOPT_MAXFILESIZE_LARGE, request.maximumResponseBytes),
        ])
    }

    private func setTrust(
        _ easy: UnsafeMutableRawPointer, _ configuration: HTTPClient.Configuration
    ) -> Bool {
        var codes = unsafe [
            eventLoopSetLong(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2),
            eventLoopSetText(easy, CURLOPT_CAINFO, configuration.certificateAuthorities),
            // With a directory of certificates the library caches none of them and reads the whole
            // file again for each connection.
            eventLoopSetText(easy, CURLOPT_CAPATH, nil),
        ]
        if let mine = configuration.clientCertificate {
            unsafe codes.append(eventLoopSetText(easy, CURLOPT_SSLCERT, mine.certificate))
            unsafe codes.append(eventLoopSetText(easy, CURLOPT_SSLKEY, mine.key))
        }
        return all(codes)
    }

    private func setBody(_ easy: UnsafeMutableRawPointer) -> Bool {
        var codes: [CURLcode] = []
        if let body = request.body {
            // The size first: without it the copy would end at the first zero byte.
            unsafe codes.append(eventLoopSetOffset(easy, CURLOPT_POSTFIELDSIZE_LARGE, body.count))
            let bytes = body.isEmpty ? [0] : body
            unsafe bytes.withUnsafeBytes { bytes in
                let first = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress)
                unsafe codes.append(eventLoopSetPointer(easy, CURLOPT_COPYPOSTFIELDS, first))
            }
        }
        let usual: HTTPMethod = request.body == nil ? .get : .post
        if request.method != usual, request.method != .head {
            let method = request.method.rawValue
            unsafe codes.append(eventLoopSetText(easy, CURLOPT_CUSTOMREQUEST, method))
        }
        return all(codes)
    }

    private func setHeaders(_ easy: UnsafeMutableRawPointer) -> Bool {
        // The library would wait up to a second for a "100 Continue" that few servers send, and
        // would call a body a form if nobody says what it is.
        var texts = ["Expect:"]
        if !request.headers.contains(where: { $0.0.utf8.map(\.lowercased) == contentType }) {
            texts.append("Content-Type:")
        }
        for (name, value) in request.headers {
            texts.append(value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        for text in texts {
            guard let longer = unsafe curl_slist_append(lines, text) else { return false }
            unsafe lines = unsafe longer
        }
        return unsafe eventLoopSetPointer(easy, CURLOPT_HTTPHEADER, lines) == CURLE_OK
    }

    private func setCallbacks(_ easy: UnsafeMutableRawPointer) -> Bool {
        // The client's table keeps this object as long as the library has the handle.
        let me = unsafe Unmanaged.passUnretained(self).toOpaque()
        return unsafe all([
            eventLoopSetBytesCallback(easy, CURLOPT_WRITEFUNCTION, bodyCame),
            eventLoopSetPointer(easy, CURLOPT_WRITEDATA, me),
            eventLoopSetBytesCallback(easy, CURLOPT_HEADERFUNCTION, headerCame),
            eventLoopSetPointer(easy, CURLOPT_HEADERDATA, me),
            eventLoopSetBeforeRequestCallback(easy, requestLeaves),
            eventLoopSetPointer(easy, CURLOPT_PREREQDATA, me),
            eventLoopSetResolverCallback(easy, lookupStarts),
            eventLoopSetPointer(easy, CURLOPT_RESOLVER_START_DATA, me),
            eventLoopSetSocketMadeCallback(easy, socketMade),
            eventLoopSetPointer(easy, CURLOPT_SOCKOPTDATA, me),
            eventLoopSetPointer(
                easy, CURLOPT_PRIVATE, UnsafeMutableRawPointer(bitPattern: UInt(number))),
        ])
    }

    private func all(_ codes: [CURLcode]) -> Bool { codes.allSatisfy { $0 == CURLE_OK } }

    // MARK: What comes

    fileprivate func leaves() {
        isSent = true
        client.lookupEnded(self)
    }

    fileprivate func lookupBegins() -> Bool { client.lookupStarts(self) }

    fileprivate func connects() { client.lookupEnded(self) }

    fileprivate func received(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard response.body.count + bytes.count <= request.maximumResponseBytes else {
            isTooLarge = true
            return false
        }
        unsafe response.body.append(contentsOf: bytes)
        return true
    }

    fileprivate func receivedHeader(_ line: [UInt8]) -> Bool {
        headerBytes += line.count
        guard headerBytes <= Self.maximumHeaderBytes else {
            isTooLarge = true
            return false
        }
        noteHeader(line)
        return true
    }

    private func noteHeader(_ line: [UInt8]) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
            // A status line: an interim answer (1xx) is followed by the real one.
            if line.starts(with: "HTTP/".utf8) { response.headers = [] }
            return
        }
        var first = colon + 1
        var last = line.count
        while first < last, line[first].isBlank { first += 1 }
        while last > first, line[last - 1] <= 0x20 { last -= 1 }
        response.headers.append(
            (
                name: String(decoding: line[..<colon].map(\.lowercased), as: UTF8.self),
                value: String(decoding: line[first..<last], as: UTF8.self)
            ))
    }

    // MARK: The end

    func result(_ code: CURLcode) -> Result<HTTPClientResponse, HTTPClientError> {
        if isTooLarge || code == CURLE_FILESIZE_EXCEEDED { return .failure(.responseTooLarge) }
        switch code {
        case CURLE_OK:
            var status = 0
            if let handle {
                unsafe eventLoopGetLong(handle.pointer, CURLINFO_RESPONSE_CODE, &status)
            }
            response.status = status
            return .success(response)
        case CURLE_OPERATION_TIMEDOUT:
            return .failure(.timedOut(requestMayHaveBeenSent: isSent))
        case _ where isSent:
            // Whatever went wrong on a second connection, on the first one the request had left.
            return .failure(.disconnected(requestMayHaveBeenSent: true))
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
            return .failure(.invalidRequest(field: "url"))
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_ABORTED_BY_CALLBACK:
            return .failure(.unresolved)
        case CURLE_COULDNT_CONNECT:
            return .failure(.refused)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR:
            return .failure(.untrusted)
        default:
            return .failure(.disconnected(requestMayHaveBeenSent: false))
        }
    }
}

private let contentType = Array("content-type".utf8)

extension Duration {
    /// At least 1, since libcurl takes 0 for "no limit".
    fileprivate var curlMilliseconds: Int { max(1, Int(clamping: millisecondsRoundedUp)) }
}

extension HTTPClientRequest {
    /// What could break out of its place in the request is refused.
    func check() throws(HTTPClientError) {
        let isPlain = url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        guard isPlain, url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw .invalidRequest(field: "url")
        }
        for (name, value) in headers {
            let isText = value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
            guard !name.isEmpty, name.utf8.allSatisfy(\.isTokenByte), isText else {
                throw .invalidRequest(field: "headers")
            }
        }
        guard maximumResponseBytes >= 0 else {
            throw .invalidRequest(field: "maximumResponseBytes")
        }
    }
}

private func transfer(_ pointer: UnsafeMutableRawPointer) -> HTTPTransfer {
    unsafe Unmanaged<HTTPTransfer>.fromOpaque(pointer).takeUnretainedValue()
}

private func bodyCame(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
    _ me: UnsafeMutableRawPointer?
) -> Int {
    guard let me = unsafe me else { return 0 }
    let transfer = unsafe transfer(me)
    nonisolated(unsafe) let bytes = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    // Taking less than was offered ends the transfer.
    return LoopActor.assume { unsafe transfer.received(bytes) ? size * count : 0 }
}

private func headerCame(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
    _ me: UnsafeMutableRawPointer?
) -> Int {
    guard let me = unsafe me else { return 0 }
    let transfer = unsafe transfer(me)
    let line = unsafe Array(UnsafeRawBufferPointer(start: bytes, count: size * count))
    return LoopActor.assume { transfer.receivedHeader(line) ? size * count : 0 }
}

private func requestLeaves(
    _ me: UnsafeMutableRawPointer?, _ theirAddress: UnsafeMutablePointer<CChar>?,
    _ ourAddress: UnsafeMutablePointer<CChar>?, _ theirPort: Int32, _ ourPort: Int32
) -> Int32 {
    guard let me = unsafe me else { return CURL_PREREQFUNC_ABORT }
    let transfer = unsafe transfer(me)
    LoopActor.assume { transfer.leaves() }
    return CURL_PREREQFUNC_OK
}

private func lookupStarts(
    _ resolver: UnsafeMutableRawPointer?, _ reserved: UnsafeMutableRawPointer?,
    _ me: UnsafeMutableRawPointer?
) -> Int32 {
    guard let me = unsafe me else { return 1 }
    let transfer = unsafe transfer(me)
    return LoopActor.assume { transfer.lookupBegins() ? 0 : 1 }
}

private func socketMade(
    _ me: UnsafeMutableRawPointer?, _ descriptor: Int32, _ purpose: curlsocktype
) -> Int32 {
    guard let me = unsafe me else { return CURL_SOCKOPT_ERROR }
    let transfer = unsafe transfer(me)
    LoopActor.assume { transfer.connects() }
    return CURL_SOCKOPT_OK
}
