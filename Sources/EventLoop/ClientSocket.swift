import CEventLoop
import Glibc

/// A plain TCP connection that this process opens: bytes out, bytes in, nothing read into them.
///
/// For programs that play many peers at once on one loop, each as cheap as a socket can be. What the
/// peer has not taken yet and what the reader has not used yet is kept; both are bounded. It lives until
/// it ends or is closed, whether or not somebody keeps it.
@LoopActor public final class ClientSocket {
    /// Bytes that may wait for a peer that does not read; above it the connection is closed.
    public static let maximumOutputBytes = 1_024 * 1_024
    /// Bytes that may wait for a reader who wants more of them; above it the connection is closed.
    public static let maximumInputBytes = 4 * 1_024 * 1_024
    private static let readBytes = 64 * 1_024
    /// What a read takes in, shared by all sockets: an idle one holds no buffer.
    private static var shared = [UInt8](repeating: 0, count: readBytes)

    private let descriptor: Int32
    private var watch: DescriptorWatch?
    private var output: [UInt8] = []
    private var input: [UInt8] = []
    private let onBytes: @LoopActor (Span<UInt8>) -> Int
    private let onClose: @LoopActor () -> Void

    /// Begins to connect to a numeric IPv4 address, from the source address `source` if given.
    ///
    /// `onBytes` gets what has come and was not used before, and says how much of it it has used.
    /// `onClose` is called once when the connection could not be made or has ended by itself, not
    /// after `close()`.
    public init(
        loop: Loop, address: String, port: Int, source: String? = nil,
        onBytes: @escaping @LoopActor (Span<UInt8>) -> Int,
        onClose: @escaping @LoopActor () -> Void
    ) throws(LoopError) {
        self.onBytes = onBytes
        self.onClose = onClose
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = socket(AF_INET, type, 0)
        guard descriptor >= 0 else {
            throw .cannotConnect(address: address, port: port, code: errno)
        }
        do throws(LoopError) {
            try Self.connect(descriptor, address: address, port: port, source: source)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        watch = DescriptorWatch(loop: loop, descriptor: descriptor) {
            self.ready(readable: $0, writable: $1)
        }
        watch?.want(readable: true, writable: false)
    }

    private static func connect(
        _ descriptor: Int32, address: String, port: Int, source: String?
    ) throws(LoopError) {
        var yes: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, size)
        if let source {
            // The port is chosen by `connect`, which may then use one towards several peers.
            unsafe setsockopt(descriptor, Int32(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, &yes, size)
            let bound = try unsafe withAddress(source, port: 0) { unsafe bind(descriptor, $0, $1) }
            guard bound == 0 else {
                throw .cannotConnect(address: source, port: 0, code: errno)
            }
        }
        let connected = try unsafe withAddress(address, port: port) {
            unsafe Glibc.connect(descriptor, $0, $1)
        }
        guard connected == 0 || errno == EINPROGRESS else {
            throw .cannotConnect(address: address, port: port, code: errno)
        }
    }

    private static func withAddress(
        _ address: String, port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(LoopError) -> Int32 {
        var four = sockaddr_in()
        guard let port = UInt16(exactly: port) else { throw .invalidConfiguration(field: "port") }
        guard unsafe inet_pton(AF_INET, address, &four.sin_addr) == 1 else {
            throw .invalidConfiguration(field: "address")
        }
        four.sin_family = sa_family_t(AF_INET)
        four.sin_port = port.bigEndian
        return unsafe withUnsafePointer(to: &four) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// False once it has ended.
    public var isOpen: Bool { watch != nil }

    /// Sends bytes, at once as far as the kernel takes them. Nothing happens on an ended connection.
    public func send(_ bytes: [UInt8]) {
        guard isOpen else { return }
        var sent = 0
        if output.isEmpty {
            sent = unsafe bytes.withUnsafeBytes { unsafe write($0) }
            guard sent >= 0 else { return end() }
        }
        guard sent < bytes.count else { return }
        guard output.count + bytes.count - sent <= Self.maximumOutputBytes else { return end() }
        output.append(contentsOf: bytes[sent...])
        watch?.want(readable: true, writable: true)
    }

    /// Ends the connection; nothing is called any more.
    public func close() {
        guard let watch else { return }
        watch.stop()
        self.watch = nil
        Glibc.close(descriptor)
    }

    private func end() {
        guard isOpen else { return }
        close()
        onClose()
    }

    private func ready(readable: Bool, writable: Bool) {
        if writable, isOpen { flush() }
        if readable, isOpen { receive() }
    }

    private func flush() {
        let sent = unsafe output.withUnsafeBytes { unsafe write($0) }
        guard sent >= 0 else { return end() }
        output.removeFirst(sent)
        if output.isEmpty { watch?.want(readable: true, writable: false) }
    }

    /// How many bytes the kernel took; negative: the connection has failed.
    private func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        let sent = unsafe Glibc.send(
            descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        if sent >= 0 { return sent }
        // While it connects, the kernel says so by EAGAIN (Linux, tcp_sendmsg).
        return errno == EAGAIN || errno == EINTR ? 0 : -1
    }

    private func receive() {
        let count = unsafe recv(descriptor, &Self.shared, Self.readBytes, 0)
        guard count > 0 else {
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            return end()
        }
        guard input.isEmpty else {
            input.append(contentsOf: Self.shared[..<count])
            let used = onBytes(input.span)
            input.removeFirst(used)
            if input.count > Self.maximumInputBytes { end() }
            return
        }
        let used = onBytes(Self.shared.span.extracting(first: count))
        if used < count, isOpen { input = Array(Self.shared[used..<count]) }
    }
}
