import EventLoop
import Glibc
import LoopFixture
import Testing

/// Bodies of all connections share one room: 150 bytes here.
@Suite struct BodyRoomTests {
    private func withServer<Value: Sendable>(
        bodyTime: Duration = .seconds(20),
        _ body: @escaping @Sendable (_ port: Int, _ test: TestServer) async -> Value
    ) async throws -> (value: Value, counters: HTTPServerCounters) {
        let test = try await TestLoop.run { loop in
            try TestServer.start(loop) {
                $0.limits.bodyBytes = 150
                $0.limits.bodyTime = bodyTime
            }
        }
        let value = await body(await test.port, test)
        let counters = await test.counters
        try await TestLoop.run { _ in await test.server?.shutDown() }
        return (value, counters)
    }

    /// Announces a body of 100 bytes and sends so many.
    private static func post(_ port: Int, _ path: String = "/echo", bytes: Int = 100) -> RawPeer {
        let peer = RawPeer(port: port)
        peer.write("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
        peer.write([UInt8](repeating: 0x61, count: bytes))
        return peer
    }

    private static func status(_ peer: RawPeer) -> String {
        String(peer.read(until: "\r\n\r\n").dropFirst("HTTP/1.1 ".count).prefix(3))
    }

    /// What the first does with its body, and so what the second is answered and the third, later.
    enum First: CaseIterable, Sendable {
        case sendsHalf, ends, leaves, isCut
    }

    @Test(arguments: First.allCases)
    func roomIsTakenByWhatCameAndGivenBack(_ first: First) async throws {
        let bodyTime: Duration = first == .isCut ? .milliseconds(400) : .seconds(20)
        let (statuses, counters) = try await withServer(bodyTime: bodyTime) { port, _ in
            await blocking {
                var peer: RawPeer? = Self.post(port, bytes: first == .sendsHalf ? 50 : 99)
                usleep(50_000)
                // What is announced takes no room, only what came.
                let second = Self.status(Self.post(port))
                switch first {
                case .sendsHalf: break
                case .ends:
                    peer?.write("a")
                    if let peer { #expect(Self.status(peer) == "200") }
                case .leaves:
                    peer = nil
                    usleep(50_000)
                case .isCut: usleep(700_000)
                }
                let third = Self.status(Self.post(port))
                return withExtendedLifetime(peer) { [second, third] }
            }
        }
        #expect(statuses == [first == .sendsHalf ? "200" : "503", "200"])
        #expect(counters.refusedBodies == (first == .sendsHalf ? 0 : 1))
        #expect(counters.refusedRequests[503] == (first == .sendsHalf ? nil : 1))
    }

    /// A body is in memory until its request is answered.
    @Test func whatIsBeingHandledTakesRoom() async throws {
        let (statuses, counters) = try await withServer { port, test in
            let parked = await blocking {
                let peer = Self.post(port, "/later")
                usleep(50_000)
                return peer
            }
            let full = await blocking { Self.post(port).read(until: "\r\n\r\n") }
            await test.answerParked()
            let answers = await blocking { [Self.status(parked), Self.status(Self.post(port))] }
            return [full.contains("503 ") && full.contains("Retry-After: 1\r\n") ? "503" : full]
                + answers
        }
        #expect(statuses == ["503", "200", "200"])
        #expect(counters.openBodyBytes == 0)
    }

    /// One whose next bytes find no room is refused, also when it was let in before.
    @Test func theRoomHoldsWhileBodiesGrow() async throws {
        let (statuses, counters) = try await withServer { port, _ in
            await blocking {
                let peers = (0..<2).map { _ in Self.post(port, bytes: 70) }
                usleep(50_000)
                for peer in peers {
                    peer.write([UInt8](repeating: 0x61, count: 30))
                    usleep(20_000)
                }
                return peers.map(Self.status)
            }
        }
        #expect(Set(statuses) == ["503", "200"])
        #expect(counters.refusedBodies == 1)
        #expect(counters.openBodyBytes == 0)
    }
}
