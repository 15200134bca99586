import Glibc
import LoopFixture

/// A peer that sends exactly the bytes it is told to: a plain blocking socket.
final class RawPeer: @unchecked Sendable {
    let descriptor: Int32

    init(port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // No test may hang: a read that waits longer than this ends as if the peer were silent.
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Sends; false if the connection is gone.
    @discardableResult func write(_ bytes: [UInt8]) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe send(
                    descriptor, buffer.baseAddress.map { unsafe $0 + offset },
                    buffer.count - offset, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            offset += count
        }
        return true
    }

    @discardableResult func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    /// What can be read now, at least a byte; empty at the end of the stream, nil if nothing came in
    /// time or the connection was reset.
    func read() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe recv(descriptor, bytes.baseAddress, bytes.count, 0)
        }
        return count < 0 ? nil : Array(buffer[..<count])
    }

    /// Everything until the peer closes; `isClosed` is false if it did not within the patience.
    func readToEnd() -> (text: String, isClosed: Bool) {
        var all: [UInt8] = []
        while let bytes = read() {
            if bytes.isEmpty { return (String(decoding: all, as: UTF8.self), true) }
            all += bytes
        }
        return (String(decoding: all, as: UTF8.self), errno == ECONNRESET)
    }

    /// Reads until `text` has come, and not a byte more.
    func read(until text: String) -> String {
        let wanted = Array(text.utf8)
        var all: [UInt8] = []
        var byte: UInt8 = 0
        while !all.suffix(wanted.count).elementsEqual(wanted),
            unsafe recv(descriptor, &byte, 1, 0) == 1
        {
            all.append(byte)
        }
        return String(decoding: all, as: UTF8.self)
    }

    /// Each write becomes a packet of its own, as far as the peer reads it in time.
    func sendAtOnce() {
        var yes: Int32 = 1
        unsafe setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    func endWriting() { shutdown(descriptor, Int32(SHUT_WR)) }
}

/// Runs blocking code on a thread of its own: Swift's pool has no thread to spare for waiting.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        startThread { continuation.resume(returning: body()) }
    }
}
