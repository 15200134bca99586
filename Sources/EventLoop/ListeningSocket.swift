import CEventLoop
import Glibc

/// A TCP socket that listens.
struct ListeningSocket {
    let descriptor: Int32
    let port: Int

    /// Connections that the kernel holds until we take them.
    private static let backlog: Int32 = 1_024

    init(address: String, port: Int) throws(LoopError) {
        guard (0...65_535).contains(port) else { throw .invalidConfiguration(field: "port") }
        var storage = sockaddr_storage()
        let length: socklen_t
        var four = sockaddr_in()
        var six = sockaddr_in6()
        if unsafe inet_pton(AF_INET, address, &four.sin_addr) == 1 {
            four.sin_family = sa_family_t(AF_INET)
            four.sin_port = UInt16(port).bigEndian
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
            unsafe memcpy(&storage, &four, Int(length))
        } else if unsafe inet_pton(AF_INET6, address, &six.sin6_addr) == 1 {
            six.sin6_family = sa_family_t(AF_INET6)
            six.sin6_port = UInt16(port).bigEndian
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            unsafe memcpy(&storage, &six, Int(length))
        } else {
            throw .invalidConfiguration(field: "address")
        }
        let family = Int32(storage.ss_family)
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else {
            throw .cannotListen(address: address, port: port, code: errno)
        }
        var yes: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, size)
        let bound = unsafe withUnsafePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, length)
            }
        }
        guard bound == 0, listen(descriptor, Self.backlog) == 0 else {
            let code = errno
            close(descriptor)
            throw .cannotListen(address: address, port: port, code: code)
        }
        self.descriptor = descriptor
        self.port = Self.port(of: descriptor)
    }

    private static func port(of descriptor: Int32) -> Int {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &length)
            }
        }
        guard result == 0 else { return 0 }
        // The port lies at the same place in both families' addresses.
        return unsafe withUnsafeBytes(of: &storage) { bytes in
            Int(unsafe bytes[2]) << 8 | Int(unsafe bytes[3])
        }
    }
}

/// The address without its port. IPv4 addresses that came over an IPv6 socket are told as IPv4.
func numericAddress(of storage: inout sockaddr_storage, length: socklen_t) -> String {
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let result = unsafe withUnsafePointer(to: &storage) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe getnameinfo($0, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        }
    }
    guard result == 0 else { return "unknown" }
    let name = String(
        decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return name.hasPrefix("::ffff:") && name.contains(".") ? String(name.dropFirst(7)) : name
}

/// The IPv4 or IPv6 address that `text` writes, as a peer's is written, so that equal addresses are
/// equal texts; nil if it is none.
func numericAddress(_ text: String) -> String? {
    var four = in_addr()
    // One way alone to write these is taken.
    if unsafe inet_pton(AF_INET, text, &four) == 1 { return text }
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    guard unsafe inet_pton(AF_INET6, text, &address.sin6_addr) == 1 else { return nil }
    var storage = sockaddr_storage()
    unsafe withUnsafeMutableBytes(of: &storage) { bytes in
        unsafe withUnsafeBytes(of: address) { unsafe bytes.copyMemory(from: $0) }
    }
    return numericAddress(of: &storage, length: socklen_t(MemoryLayout<sockaddr_in6>.size))
}
