import Foundation
import Glibc
import LoopFixture
import Synchronization

/// A Unix socket in front of a server's, on threads of its own, that loses connections on purpose.
public final class FaultyProxy: Sendable {
    /// When to cut a connection, both ways.
    public enum Fault: Sendable {
        /// Never.
        case none
        /// When the server's answer holds these bytes: the answer is not passed on.
        case atAnswer(String)
        /// As soon as the client sends: its bytes are not passed on.
        case atRequest
        /// Never, but nothing is passed on to the client any more.
        case silence
    }

    /// Where clients connect: the `host` of a connection string.
    public let directory: String
    private let server: String
    private let listener: Int32
    private let fault = Mutex(Fault.none)

    /// Listens in front of the server whose socket is in `server`.
    public init(server: String) throws {
        self.server = server
        directory =
            FileManager.default.temporaryDirectory
            .appending(path: "ventanilla-proxy-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.address(directory)
        let isBound = unsafe Self.withAddress(&address) { unsafe bind(listener, $0, $1) }
        guard isBound == 0, listen(listener, 16) == 0 else {
            throw PostgresServer.Failure(description: "the proxy cannot listen")
        }
        startThread { [self] in
            defer { Glibc.close(listener) }
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                startThread { [self] in serve(client) }
            }
        }
    }

    /// Takes no more connections and removes the socket. Those that exist live on.
    public func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Sets what happens from now on, also to connections that exist.
    public func set(_ fault: Fault) {
        self.fault.withLock { $0 = fault }
    }

    private func serve(_ client: Int32) {
        let upstream = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer {
            Glibc.close(client)
            Glibc.close(upstream)
        }
        var address = Self.address(server)
        guard unsafe Self.withAddress(&address, { unsafe connect(upstream, $0, $1) }) == 0 else {
            return
        }
        var waits = [
            pollfd(fd: client, events: Int16(POLLIN), revents: 0),
            pollfd(fd: upstream, events: Int16(POLLIN), revents: 0),
        ]
        while unsafe poll(&waits, 2, -1) > 0 {
            if waits[0].revents != 0, !pass(from: client, to: upstream, isAnswer: false) { return }
            if waits[1].revents != 0, !pass(from: upstream, to: client, isAnswer: true) { return }
        }
    }

    /// False when the connection is to be cut.
    private func pass(from: Int32, to: Int32, isAnswer: Bool) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe read(from, &bytes, bytes.count)
        guard count > 0 else { return false }
        switch fault.withLock({ $0 }) {
        case .none:
            break
        case .silence:
            if isAnswer { return true }
        case .atRequest:
            if !isAnswer { return false }
        case .atAnswer(let text):
            if isAnswer, bytes[..<count].contains(Array(text.utf8)) { return false }
        }
        var sent = 0
        while sent < count {
            let written = unsafe bytes[sent..<count].withUnsafeBytes {
                unsafe send(to, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard written > 0 else { return false }
            sent += written
        }
        return true
    }

    private static func address(_ directory: String) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array("\(directory)/.s.PGSQL.5432".utf8)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { target in
            unsafe target.copyBytes(from: path)
        }
        return address
    }

    private static func withAddress<Answer>(
        _ address: inout sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Answer
    ) -> Answer {
        unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
