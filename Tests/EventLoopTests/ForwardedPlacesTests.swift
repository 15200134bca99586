import EventLoop
import LoopFixture
import Testing

/// How places are counted behind a trusted proxy.
@Suite struct ForwardedPlacesTests {
    /// The test's own address is the proxy's; a client has two places.
    private func withServer<Value: Sendable>(
        _ body: @escaping @Sendable (_ port: Int) -> Value
    ) async throws -> (value: Value, counters: HTTPServerCounters) {
        let test = try await TestLoop.run { loop in
            try TestServer.start(loop) {
                $0.trustedProxies = ["127.0.0.1"]
                $0.limits.connectionsPerAddress = 2
            }
        }
        let port = await test.port
        let value = await blocking { body(port) }
        let counters = await test.counters
        try await TestLoop.run { _ in await test.server?.shutDown() }
        return (value, counters)
    }

    /// Opens a socket on behalf of whom the header names; the status that it was answered.
    private static func open(
        _ port: Int, _ forwarded: String?, path: String = "/socket"
    ) -> (peer: WebSocketPeer, status: String) {
        let peer = WebSocketPeer(port: port)
        let header = forwarded.map { "\r\nX-Forwarded-For: \($0)\r\n\r\n" } ?? "\r\n\r\n"
        let upgrade = WebSocketPeer.upgrade.dropLast(4).dropFirst("GET /socket".count)
        peer.raw.write("GET \(path)\(upgrade)\(header)")
        let answer = peer.raw.read(until: "\r\n\r\n")
        return (peer, String(answer.dropFirst("HTTP/1.1 ".count).prefix(3)))
    }

    /// Two sockets are open for the first; what a third one is answered, and whom it counts for.
    @Test(
        arguments: [
            ("203.0.113.9", "203.0.113.9", "429"), ("203.0.113.9", "203.0.113.8", "101"),
            // What a client wrote itself stands before what the proxy appended.
            ("203.0.113.9", "198.51.100.1, 203.0.113.9", "429"),
            // One address, whatever way it is written.
            ("2001:db8::1", "2001:DB8:0::0001", "429"),
            ("203.0.113.9", "::ffff:203.0.113.9", "429"),
            // No address that can be read: a place of the proxy's own.
            (nil, nil, "429"), (nil, "evil", "429"),
            ("203.0.113.9:4711", "[2001:db8::1]", "429"), (nil, "127.0.0.1", "429"),
            (nil, "203.0.113.9", "101"), ("203.0.113.9", nil, "101"),
        ] as [(String?, String?, String)])
    func socketsTakePlacesOfTheForwardedAddress(
        _ holder: String?, _ newcomer: String?, _ status: String
    ) async throws {
        let (statuses, counters) = try await withServer { port in
            let held = (0..<2).map { _ in Self.open(port, holder) }
            return withExtendedLifetime(held) {
                held.map(\.status) + [Self.open(port, newcomer).status]
            }
        }
        #expect(statuses == ["101", "101", status])
        #expect(counters.refusedUpgrades == (status == "429" ? 1 : 0))
    }

    @Test func placesAreGivenBack() async throws {
        let (statuses, _) = try await withServer { port in
            var statuses: [String] = []
            // Refused for another reason: no place stays taken.
            for _ in 0..<3 { statuses.append(Self.open(port, "203.0.113.9", path: "/none").status) }
            for _ in 0..<3 {
                let (peer, status) = Self.open(port, "203.0.113.9")
                statuses.append(status)
                peer.raw.write(WebSocketPeer.frame(8, [0x03, 0xE8]))
                _ = peer.raw.readToEnd()
            }
            return statuses
        }
        #expect(statuses == ["404", "404", "404", "101", "101", "101"])
    }

    /// A proxy keeps connections and sends over each what comes next, whoever sent it.
    @Test func keptConnectionsOfAProxyAreNobodys() async throws {
        let (answers, counters) = try await withServer { port in
            let peers = (0..<5).map { _ in RawPeer(port: port) }
            return peers.flatMap { peer in
                ["203.0.113.9", "203.0.113.8"].map { client in
                    peer.write("GET /who HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: \(client)\r\n\r\n")
                    return peer.read(until: client).hasSuffix("\r\n\r\n\(client)")
                }
            }
        }
        #expect(answers == Array(repeating: true, count: 10))
        #expect(counters.refusedConnections == 0)
    }
}
