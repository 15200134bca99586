import EventLoop
import Glibc
import LoopFixture
import Testing

/// RFC 6455 §5.1: "The server MUST close the connection upon receiving a frame that is not masked."
@Suite struct MaskTests {
    struct Stream: Sendable, CustomTestStringConvertible {
        let name: String
        /// What comes first, and is good.
        let good: [[UInt8]]
        /// The bytes of a frame without a mask.
        let bad: [UInt8]
        /// The messages that are received all the same.
        let messages: [String]
        var testDescription: String { name }
    }

    private static func text(_ text: String, isMasked: Bool = true) -> [UInt8] {
        WebSocketPeer.frame(1, Array(text.utf8), isMasked: isMasked)
    }

    private static let long = String(repeating: "x", count: 300)
    private static let longest = String(repeating: "y", count: 65_536)

    static let streams: [Stream] = [
        .init(name: "text", good: [], bad: text("two", isMasked: false), messages: []),
        .init(name: "empty text", good: [], bad: text("", isMasked: false), messages: []),
        .init(name: "two length bytes", good: [], bad: text(long, isMasked: false), messages: []),
        .init(
            name: "eight length bytes", good: [], bad: text(longest, isMasked: false), messages: []),
        .init(
            name: "ping", good: [], bad: WebSocketPeer.frame(9, [1], isMasked: false), messages: []),
        .init(
            name: "pong", good: [], bad: WebSocketPeer.frame(10, [], isMasked: false), messages: []),
        .init(
            name: "close", good: [],
            bad: WebSocketPeer.frame(8, [0x03, 0xE8], isMasked: false), messages: []),
        .init(
            name: "behind a masked text", good: [text("one")],
            bad: text("two", isMasked: false), messages: ["one"]),
        .init(
            name: "behind masked texts of all lengths",
            good: [text(""), text(long), text(longest)],
            bad: text("two", isMasked: false), messages: ["", long, longest]),
        .init(
            name: "behind a masked ping",
            good: [WebSocketPeer.frame(9, [1, 2]), WebSocketPeer.frame(10, [])],
            bad: text("two", isMasked: false), messages: []),
        .init(
            name: "second fragment",
            good: [text("one"), WebSocketPeer.frame(1, [97], isFinal: false)],
            bad: WebSocketPeer.frame(0, [98], isMasked: false), messages: ["one"]),
    ]

    /// What a failure shows of a message.
    private func brief(_ text: String) -> String { "\(text.prefix(5)) (\(text.utf8.count))" }

    /// Lets `send` send, and gives the close code and the messages that were received.
    private func outcome(
        _ send: @escaping @Sendable (WebSocketPeer) -> Void
    ) async throws -> (code: Int, messages: [String], offences: Int) {
        let test = try await TestLoop.run { try TestServer.start($0) }
        let port = await test.port
        let code = await blocking {
            let peer = WebSocketPeer(port: port)
            send(peer)
            return peer.closeCode()
        }
        try await TestLoop.run { _ in await test.server?.shutDown() }
        let messages = await test.messages.map { brief(String(decoding: $0, as: UTF8.self)) }
        #expect(await test.closed.count == 1)
        return (code, messages, await test.counters.offendingSocketsCut)
    }

    @Test(arguments: streams) func aFrameWithoutMaskClosesTheSocket(
        _ stream: Stream
    ) async throws {
        let (code, messages, offences) = try await outcome { peer in
            peer.raw.write(WebSocketPeer.upgrade)
            _ = peer.raw.read(until: "\r\n\r\n")
            // What follows the offence is good again, and must not be read.
            peer.raw.write(stream.good.reduce([], +) + stream.bad + Self.text("three"))
        }
        #expect(code == 1002)
        #expect(messages == stream.messages.map(brief))
        #expect(offences == 1)
    }

    /// The same together with the upgrade, before there is a socket. Of what came in the
    /// same packet nothing is read, so that messages may be missing at the end.
    @Test(arguments: streams) func alsoWhenItCameWithTheUpgrade(_ stream: Stream) async throws {
        let (code, messages, offences) = try await outcome { peer in
            peer.raw.write(
                Array(WebSocketPeer.upgrade.utf8) + stream.good.reduce([], +) + stream.bad)
            _ = peer.raw.read(until: "\r\n\r\n")
        }
        #expect(code == 1002)
        #expect(stream.messages.map(brief).starts(with: messages))
        #expect(offences == 1)
    }

    /// Wherever the stream is cut into packets.
    @Test func aFrameWithoutMaskIsSeenInPieces() async throws {
        let whole =
            Self.text("one") + WebSocketPeer.frame(1, [97], isFinal: false)
            + WebSocketPeer.frame(0, [98], isMasked: false) + Self.text("three")
        for size in 1...whole.count {
            let (code, messages, offences) = try await outcome { peer in
                peer.raw.sendAtOnce()
                peer.raw.write(WebSocketPeer.upgrade)
                _ = peer.raw.read(until: "\r\n\r\n")
                for start in stride(from: 0, to: whole.count, by: size) {
                    peer.raw.write(Array(whole[start..<min(start + size, whole.count)]))
                    usleep(1_000)
                }
            }
            #expect(code == 1002, "pieces of \(size)")
            #expect(messages == [brief("one")], "pieces of \(size)")
            #expect(offences == 1, "pieces of \(size)")
        }
    }
}
