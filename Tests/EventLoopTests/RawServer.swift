import Glibc
import LoopFixture
import Synchronization

/// A server that does what its script says, on threads of its own.
final class RawServer: Sendable {
    let port: Int
    private let listener: Int32
    private let state = Mutex<[String]>([])

    /// What was noted, in order.
    var notes: [String] { state.withLock { $0 } }

    func note(_ text: String) { state.withLock { $0.append(text) } }

    /// `serve` is called on a thread of its own for each connection, which is closed afterwards.
    init(_ serve: @escaping @Sendable (RawServer, RawConnection) -> Void) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(listener, $0, length)
                listen(listener, 64)
                unsafe getsockname(listener, $0, &length)
            }
        }
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        startThread { [self] in
            while true {
                let descriptor = accept(listener, nil, nil)
                if descriptor < 0 { return }
                startThread { serve(self, RawConnection(descriptor: descriptor)) }
            }
        }
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }
}

/// A connection of a `RawServer`.
final class RawConnection: Sendable {
    private let descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Reads a request without caring for its body's length: its head and what came with it. The
    /// beginning of a TLS handshake (record type 22) is returned as it is.
    func request() -> String? {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !text.contains("\r\n\r\n"), text.utf8.first != 22 {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe recv(descriptor, bytes.baseAddress, bytes.count, 0)
            }
            if count <= 0 { return nil }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        return text
    }

    @discardableResult func answer(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return unsafe bytes.withUnsafeBytes { buffer in
            unsafe send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
        } == bytes.count
    }

    func answerOK(_ body: String = "ok", _ headers: String = "") {
        answer("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)")
    }

    /// Waits until the peer closes.
    func waitForEnd() {
        var byte: UInt8 = 0
        while unsafe recv(descriptor, &byte, 1, 0) > 0 {}
    }
}
