import EventLoop
import Glibc
import LoopFixture
import Testing

@Suite struct WebSocketTests {
    /// Starts a server, runs `peer` on a thread of its own, waits until the sockets are closed, and
    /// hands back what the server saw.
    private func withServer<Value: Sendable>(
        _ change: @escaping @Sendable (inout HTTPServer.Configuration) -> Void = { _ in },
        prepare: @escaping @LoopActor (TestServer) -> Void = { _ in },
        peer: @escaping @Sendable (_ port: Int) -> Value
    ) async throws -> (value: Value, test: TestServer) {
        let test = try await TestLoop.run { loop in
            let test = try TestServer.start(loop, change)
            prepare(test)
            return test
        }
        let port = await test.port
        let value = await blocking { peer(port) }
        try await TestLoop.run { _ in
            await test.server?.shutDown()
            // They hold the test's server, which holds them.
            test.onOpen = nil
            test.onText = nil
        }
        return (value, test)
    }

    @Test func aSocketOpensSpeaksAndCloses() async throws {
        let (texts, test) = try await withServer(prepare: { test in
            test.onOpen = { test.server?.send(OutgoingFrame(Array("welcome".utf8)), to: $0) }
            test.onText = { test.server?.send(OutgoingFrame($1), to: $0) }
        }) { port in
            let (peer, answer) = WebSocketPeer.open(port: port)
            var texts = [answer.contains("Sec-WebSocket-Protocol: desk.v1\r\n") ? "desk" : answer]
            texts.append(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") ? "accept" : answer)
            texts.append(peer.text() ?? "")
            peer.send("one")
            texts.append(peer.text() ?? "")
            peer.raw.write(WebSocketPeer.frame(8, [0x03, 0xE8]))
            texts.append(String(peer.closeCode()))
            return texts
        }
        #expect(texts == ["desk", "accept", "welcome", "one", "1000"])
        #expect(await test.opened.count == 1)
        #expect(await test.closed == test.opened)
        #expect(await test.upgrades.first?.subprotocols == ["desk.v1", "ticket.abc"])
        #expect(await test.counters.openConnections == 0)
        #expect(await test.counters.openSockets == 0)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let name: String
        let from: String
        let to: String
        let answer: String
        var testDescription: String { name }
    }

    static let refusals: [Refusal] = [
        .init(
            name: "no subprotocol", from: "Sec-WebSocket-Protocol: desk.v1, ticket.abc\r\n", to: "",
            answer: "400"),
        .init(
            name: "unknown subprotocol", from: "desk.v1, ticket", to: "desk.v2, ticket",
            answer: "400"),
        .init(name: "other path", from: "/socket", to: "/other", answer: "404"),
        .init(name: "encoded path", from: "/socket", to: "/%73ocket", answer: "404"),
        .init(
            name: "other origin", from: "Host: a\r\n",
            to: "Host: a\r\nOrigin: https://evil.example\r\n", answer: "403"),
        .init(
            name: "two origins", from: "Host: a\r\n",
            to: "Host: a\r\nOrigin: https://desk.example\r\nOrigin: https://evil.example\r\n",
            answer: "400"),
        .init(name: "version 8", from: "Version: 13", to: "Version: 8", answer: "426"),
        .init(name: "no version", from: "Sec-WebSocket-Version: 13\r\n", to: "", answer: "426"),
        .init(
            name: "no key", from: "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", to: "",
            answer: "400"),
        .init(name: "short key", from: "dGhlIHNhbXBsZSBub25jZQ==", to: "dGhl", answer: "400"),
        .init(
            name: "POST", from: "GET /socket HTTP/1.1\r\n",
            to: "POST /socket HTTP/1.1\r\nContent-Length: 0\r\n", answer: "405"),
        .init(
            name: "no Connection: Upgrade", from: "Connection: Upgrade", to: "Connection: close",
            answer: "404"),
        .init(name: "HTTP/1.0", from: "HTTP/1.1", to: "HTTP/1.0", answer: "404"),
        .init(name: "h2c", from: "Upgrade: websocket", to: "Upgrade: h2c", answer: "404"),
        .init(
            name: "Upgrade without a value", from: "Upgrade: websocket", to: "Upgrade:",
            answer: "404"),
    ]

    @Test(arguments: refusals) func upgradesAreRefused(_ refusal: Refusal) async throws {
        let (answer, test) = try await withServer { port in
            let peer = RawPeer(port: port)
            peer.write(WebSocketPeer.upgrade.replacing(refusal.from, with: refusal.to))
            return peer.read(until: "\r\n\r\n")
        }
        #expect(answer.hasPrefix("HTTP/1.1 \(refusal.answer) "), "\(answer.prefix(60))")
        #expect(await test.opened.isEmpty)
    }

    struct Offence: Sendable, CustomTestStringConvertible {
        let name: String
        let frames: [[UInt8]]
        let code: Int
        var testDescription: String { name }
    }

    static let offences: [Offence] = [
        .init(
            name: "message over 64 KiB",
            frames: [WebSocketPeer.frame(1, [UInt8](repeating: 97, count: 65_537))], code: 1009),
        .init(
            name: "announced over 64 KiB",
            frames: [WebSocketPeer.frame(1, [97], announces: 1 << 40)], code: 1009),
        .init(
            name: "over 64 KiB in fragments",
            frames: [
                WebSocketPeer.frame(1, [UInt8](repeating: 97, count: 40_000), isFinal: false),
                WebSocketPeer.frame(0, [UInt8](repeating: 97, count: 40_000)),
            ], code: 1009),
        .init(
            name: "65 fragments",
            frames: [WebSocketPeer.frame(1, [97], isFinal: false)]
                + Array(repeating: WebSocketPeer.frame(0, [97], isFinal: false), count: 64),
            code: 1009),
        .init(name: "binary", frames: [WebSocketPeer.frame(2, [1, 2, 3])], code: 1003),
        .init(name: "not UTF-8", frames: [WebSocketPeer.frame(1, [0xC3, 0x28])], code: 1007),
        .init(name: "cut UTF-8", frames: [WebSocketPeer.frame(1, [0xE2, 0x82])], code: 1007),
        .init(
            name: "lone surrogate", frames: [WebSocketPeer.frame(1, [0xED, 0xA0, 0x80])], code: 1007
        ),
        .init(name: "compressed bit", frames: [[0xC1, 0x80, 1, 2, 3, 4]], code: 1002),
        .init(name: "unknown opcode", frames: [WebSocketPeer.frame(3, [])], code: 1002),
        .init(name: "continuation of nothing", frames: [WebSocketPeer.frame(0, [97])], code: 1002),
        .init(
            name: "message inside a message",
            frames: [WebSocketPeer.frame(1, [97], isFinal: false), WebSocketPeer.frame(1, [97])],
            code: 1002),
        .init(
            name: "fragmented ping", frames: [WebSocketPeer.frame(9, [97], isFinal: false)],
            code: 1002),
    ]

    @Test(arguments: offences) func offencesCloseTheSocket(_ offence: Offence) async throws {
        let (code, test) = try await withServer { port in
            let peer = WebSocketPeer.open(port: port).peer
            for frame in offence.frames { peer.raw.write(frame) }
            return peer.closeCode()
        }
        #expect(code == offence.code)
        #expect(await test.messages.isEmpty)
        #expect(await test.closed.count == 1)
    }

    /// What is just within the limits is received whole, however it is cut.
    @Test func messagesComeWhole() async throws {
        let largest = [UInt8](repeating: 0x78, count: 65_536)
        let (_, test) = try await withServer { port in
            let peer = WebSocketPeer.open(port: port).peer
            peer.raw.write(WebSocketPeer.frame(1, largest))
            // In 64 fragments, the euro sign cut in the middle, a ping between two fragments.
            let euros = Array(String(repeating: "\u{20AC}", count: 64).utf8)
            for index in 0..<64 {
                let part = Array(euros[(index * 3)..<(index * 3 + 3)])
                peer.raw.write(
                    WebSocketPeer.frame(index == 0 ? 1 : 0, part, isFinal: index == 63))
                if index == 5 { peer.raw.write(WebSocketPeer.frame(9, [1])) }
            }
            peer.raw.write(WebSocketPeer.frame(1, []))
            // Byte by byte.
            for byte in WebSocketPeer.frame(1, Array("slow".utf8)) { peer.raw.write([byte]) }
            peer.raw.write(WebSocketPeer.frame(8, [0x03, 0xE8]))
            return peer.closeCode()
        }
        let messages = await test.messages
        try #require(messages.count == 4)
        #expect(messages[0] == largest)
        #expect(messages[1] == Array(String(repeating: "\u{20AC}", count: 64).utf8))
        #expect(messages[2].isEmpty)
        #expect(messages[3] == Array("slow".utf8))
    }

    /// What the peer sent together with its upgrade is not lost.
    @Test func framesSentWithTheUpgradeArrive() async throws {
        let (text, _) = try await withServer(prepare: { test in
            test.onText = { test.server?.send(OutgoingFrame($1), to: $0) }
        }) { port in
            let peer = WebSocketPeer(port: port)
            peer.raw.write(
                Array(WebSocketPeer.upgrade.utf8) + WebSocketPeer.frame(1, Array("early".utf8)))
            _ = peer.raw.read(until: "\r\n\r\n")
            return peer.text()
        }
        #expect(text == "early")
    }

    /// A peer that reads nothing is cut when its queue is full, and nobody else is disturbed.
    @Test func aSlowReaderIsCut() async throws {
        let frame = OutgoingFrame([UInt8](repeating: 0x61, count: 50_000))
        let test = try await TestLoop.run { loop in
            try TestServer.start(loop) {
                $0.limits.queuedBytes = 200_000
                $0.limits.closeSeconds = 1
            }
        }
        let port = await test.port
        let slow = await blocking { WebSocketPeer.open(port: port).peer }
        let quick = await blocking { WebSocketPeer.open(port: port).peer }
        let (queued, received) = try await TestLoop.run { loop in
            let (first, second) = (test.opened[0], test.opened[1])
            var queued = 0
            for _ in 0..<2_000 {
                test.server?.send(frame, to: first)
                queued = max(queued, test.server?.queuedBytes(first) ?? 0)
                if test.counters.slowSocketsCut > 0 { break }
            }
            test.server?.send(OutgoingFrame(Array("still here".utf8)), to: second)
            let received = await blocking { quick.text() }
            let begun = loop.monotonic
            while test.closed.isEmpty { await loop.sleep(for: .milliseconds(10)) }
            #expect(test.closed == [first])
            // The second that it was given and the one until the next look, and room for a busy
            // machine: the library alone would go on for 5 s more and then for 20.
            #expect(loop.monotonic - begun < 5_000)
            #expect(test.server?.queuedBytes(first) == 0)
            return (queued, received)
        }
        #expect(queued <= 200_000)
        #expect(queued > 0)
        #expect(received == "still here")
        #expect(await test.counters.slowSocketsCut == 1)
        try await TestLoop.run { _ in await test.server?.shutDown() }
        _ = slow
    }

    /// A reader that is only slow gets everything, in order.
    @Test func aBacklogArrivesWholeAndInOrder() async throws {
        let (count, _) = try await withServer {
            $0.limits.queuedBytes = 64 * 1_024 * 1_024
        } prepare: { test in
            test.onOpen = { socket in
                for number in 0..<400 {
                    let text = "\(number) " + String(repeating: "x", count: 20_000)
                    test.server?.send(OutgoingFrame(Array(text.utf8)), to: socket)
                }
            }
        } peer: { port in
            let peer = WebSocketPeer.open(port: port).peer
            usleep(50_000)
            var count = 0
            while count < 400, let text = peer.text(), text.hasPrefix("\(count) ") { count += 1 }
            return count
        }
        #expect(count == 400)
    }

    @Test func closingTellsCodeAndReasonAndHappensOnce() async throws {
        let (close, test) = try await withServer(prepare: { test in
            test.onText = { socket, _ in
                test.server?.close(socket, code: 4_001, reason: "signed out")
                test.server?.close(socket, code: 4_002)
                test.server?.send(OutgoingFrame([97]), to: socket)
            }
        }) { port in
            let peer = WebSocketPeer.open(port: port).peer
            peer.send("x")
            peer.send("y")
            var last: [UInt8] = []
            while let frame = peer.frame() { last = [frame.opcode] + frame.payload }
            return last
        }
        #expect(close == [8, 0x0F, 0xA1] + Array("signed out".utf8))
        #expect(await test.closed.count == 1)
        #expect(await test.messages.count == 1)
    }

    @Test func namesAreNeverUsedAgain() async throws {
        let (_, test) = try await withServer { port in
            for _ in 0..<5 {
                let peer = WebSocketPeer.open(port: port).peer
                peer.raw.write(WebSocketPeer.frame(8, [0x03, 0xE8]))
                _ = peer.closeCode()
            }
        }
        #expect(await Set(test.opened).count == 5)
        #expect(await Set(test.closed) == Set(test.opened))
    }

    @Test func idlePeersArePingedAndSilentOnesCut() async throws {
        let test = try await TestLoop.run { loop in
            try TestServer.start(loop) {
                $0.limits.pingSeconds = 1
                $0.limits.hangUpSeconds = 2
            }
        }
        let port = await test.port
        async let lively = blocking {
            let peer = WebSocketPeer.open(port: port).peer
            var pings = 0
            // Answers each ping; stays as long as the silent one is there and longer.
            while pings < 3, let frame = peer.frame() {
                guard frame.opcode == 9 else { continue }
                pings += 1
                peer.raw.write(WebSocketPeer.frame(10, frame.payload))
            }
            return pings
        }
        async let silent = blocking {
            let peer = WebSocketPeer.open(port: port).peer
            while peer.frame() != nil {}
            return true
        }
        #expect(await silent)
        #expect(await lively == 3)
        try await TestLoop.run { _ in await test.server?.shutDown() }
    }

    @Test func aPausedSocketWaitsInItsKernel() async throws {
        let test = try await TestLoop.run { try TestServer.start($0) }
        let port = await test.port
        let peer = await blocking { WebSocketPeer.open(port: port).peer }
        let (before, after) = try await TestLoop.run { loop in
            let socket = test.opened[0]
            test.server?.pauseReading(socket)
            peer.send("one")
            await loop.sleep(for: .milliseconds(50))
            let before = test.messages.count
            test.server?.resumeReading(socket)
            for _ in 0..<500 where test.messages.isEmpty { await loop.sleep(for: .milliseconds(5)) }
            return (before, test.messages.count)
        }
        #expect(before == 0)
        #expect(after == 1)
        try await TestLoop.run { _ in await test.server?.shutDown() }
    }

    @Test func shuttingDownClosesSocketsWithGoingAway() async throws {
        let test = try await TestLoop.run { try TestServer.start($0) }
        let port = await test.port
        let peer = await blocking { WebSocketPeer.open(port: port).peer }
        async let code = blocking { peer.closeCode() }
        try await TestLoop.run { _ in await test.server?.shutDown() }
        #expect(await code == 1001)
        #expect(await test.closed.count == 1)
        // Nobody listens any more.
        let (answer, _) = await blocking { RawPeer(port: port).readToEnd() }
        #expect(answer.isEmpty)
    }
}
