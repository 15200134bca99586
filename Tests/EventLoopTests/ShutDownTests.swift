import EventLoop
import Glibc
import LoopFixture
import Testing

/// How long a server waits for its sockets when it shuts down.
@Suite struct ShutDownTests {
    /// More than the kernel takes for a peer that does not read. Made here and not on the loop, which
    /// all tests share.
    private static let length = 8_000_000
    private let large = OutgoingFrame([UInt8](repeating: 0x78, count: length))

    /// Shuts the server down; how long it took, in milliseconds.
    private func shutDown(_ test: TestServer) async throws -> Int64 {
        try await TestLoop.run { loop in
            let begun = loop.monotonic
            await test.server?.shutDown()
            return loop.monotonic - begun
        }
    }

    /// A peer that has our close frame and does not answer it holds nothing up for long.
    @Test func whoDoesNotAnswerIsNotWaitedForLong() async throws {
        let test = try await TestLoop.run { loop in
            try TestServer.start(loop) { $0.limits.closeSeconds = 30 }
        }
        let port = await test.port
        let peer = await blocking { WebSocketPeer.open(port: port).peer }
        #expect(try await (900...4_000).contains(shutDown(test)))
        #expect(await blocking { peer.closeCode() } == 1001)
        #expect(await test.closed.count == 1)
    }

    /// A peer that is still reading what it was sent gets all of it and the close frame.
    @Test func whoIsStillReadingIsWaitedFor() async throws {
        let test = try await TestLoop.run { loop in
            try TestServer.start(loop) { $0.limits.closeSeconds = 30 }
        }
        await test.sendWhenOpen(large)
        let port = await test.port
        let peer = await blocking { WebSocketPeer.open(port: port).peer }
        async let milliseconds = shutDown(test)
        let (length, code) = await blocking {
            // Longer than the wait for an answer.
            usleep(1_800_000)
            return (peer.text()?.utf8.count, peer.closeCode())
        }
        #expect(length == Self.length)
        #expect(code == 1001)
        #expect(try await (1_500...20_000).contains(milliseconds))
    }

    /// Whoever takes nothing is cut in the end, also where it was told to close before.
    @Test(arguments: [false, true]) func whoReadsNothingIsCut(isClosing: Bool) async throws {
        let test = try await TestLoop.run { loop in
            try TestServer.start(loop) { $0.limits.closeSeconds = 2 }
        }
        await test.sendWhenOpen(large)
        let port = await test.port
        let peer = await blocking { WebSocketPeer.open(port: port).peer }
        if isClosing {
            try await TestLoop.run { loop in
                test.server?.close(test.opened[0], code: 4_001)
                await loop.sleep(for: .milliseconds(500))
            }
        }
        // Its time began when it was told, half a second before in one of the two.
        let least: Int64 = isClosing ? 1_000 : 1_500
        #expect(try await (least...10_000).contains(shutDown(test)))
        #expect(await test.closed.count == 1)
        _ = peer
    }
}
