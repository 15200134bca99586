import EventLoop
import Glibc
import LoopFixture
import Testing

@Suite struct HTTPServerTests {
    /// Starts a server, runs `peer` on a thread of its own, shuts the server down.
    private func withServer<Value: Sendable>(
        _ change: @escaping @Sendable (inout HTTPServer.Configuration) -> Void = { _ in },
        peer: @escaping @Sendable (_ port: Int) -> Value
    ) async throws -> Value {
        let test = try await TestLoop.run { try TestServer.start($0, change) }
        let port = await test.port
        let value = await blocking { peer(port) }
        try await TestLoop.run { _ in await test.server?.shutDown() }
        return value
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: String
        let answer: String
        var closes = true
        var testDescription: String { name }
        init(_ name: String, _ bytes: String, _ answer: String, closes: Bool = true) {
            self.name = name
            self.bytes = bytes
            self.answer = answer
            self.closes = closes
        }
    }

    /// Offending bytes and what they are answered. Whoever reads a request otherwise than a proxy
    /// in front of it lets one be smuggled inside another, so doubt ends the connection.
    static let offences: [Case] = [
        .init("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "501"),
        .init("CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", "501"),
        .init("TRACE", "TRACE /hello HTTP/1.1\r\nHost: a\r\n\r\n", "501"),
        .init("method in small letters", "get /hello HTTP/1.1\r\nHost: a\r\n\r\n", "501"),
        .init("no method", " /hello HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        .init("version 2.0", "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", "505"),
        .init("version 0.9", "GET /hello\r\n\r\n", "400"),
        .init("absolute form", "GET http://a/hello HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        .init("asterisk form", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        .init("fragment", "GET /hello#x HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        .init(
            "letter above ASCII in the path", "GET /h\u{e9}llo HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        .init("blank in the path", "GET /hel lo HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        .init("two blanks", "GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        .init("bare line feeds", "GET /hello HTTP/1.1\nHost: a\n\n", "400"),
        .init("one bare line feed", "GET /hello HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", "400"),
        .init("bare carriage return", "GET /hello HTTP/1.1\r\nHost: a\rb\r\n\r\n", "400"),
        .init("folded header", "GET /hello HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", "400"),
        .init("blank before the colon", "GET /hello HTTP/1.1\r\nHost : a\r\n\r\n", "400"),
        .init("header without a name", "GET /hello HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", "400"),
        .init("NUL in a header", "GET /hello HTTP/1.1\r\nHost: a\u{0}b\r\n\r\n", "400"),
        .init("no Host", "GET /hello HTTP/1.1\r\n\r\n", "400"),
        .init("two Hosts", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400"),
        .init(
            "chunked",
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "400"),
        .init(
            "chunked and length",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "400"),
        .init(
            "unknown coding", "GET /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n",
            "400"),
        .init("POST without length", "POST /echo HTTP/1.1\r\nHost: a\r\n\r\n", "411"),
        .init(
            "two lengths",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
            "400"),
        .init(
            "length list", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\na", "400"),
        .init(
            "signed length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na", "400"),
        .init(
            "negative length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\na",
            "400"),
        .init(
            "hex length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\na", "400"),
        .init("empty length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", "400"),
        .init(
            "length beyond all integers",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n",
            "413"),
        .init(
            "length over the route's limit",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n", "413"),
        .init(
            "GET with a body", "GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na", "400"
        ),
        .init(
            "unknown expectation",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: x\r\n\r\n",
            "417"),
        .init(
            "head over 16 KiB",
            "GET /hello HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 17_000))\r\n\r\n",
            "431"),
        .init("endless head", "GET /\(String(repeating: "x", count: 17_000))", "431"),
        .init(
            "101 headers",
            "GET /hello HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: y\r\n", count: 100))\r\n",
            "431"),
    ]

    @Test(arguments: offences) func offencesAreRefused(_ offence: Case) async throws {
        let (text, isClosed) = try await withServer { port in
            let peer = RawPeer(port: port)
            peer.write(offence.bytes)
            return peer.readToEnd()
        }
        #expect(text.hasPrefix("HTTP/1.1 \(offence.answer) "), "\(text.prefix(100))")
        #expect(text.contains("Connection: close"))
        #expect(isClosed)
    }

    /// Paths reach the route as they were sent, so a disguised path never equals a plain one.
    @Test(arguments: [
        "/%68ello", "//hello", "/./hello", "/x/../hello", "/..%2f..%2fetc/passwd", "/hello/",
        "/hello%00", "/hello;a=b", "/Hello",
    ]) func pathsAreNotDecoded(_ path: String) async throws {
        let test = try await TestLoop.run { try TestServer.start($0) }
        let port = await test.port
        let answer = await blocking {
            let peer = RawPeer(port: port)
            peer.write("GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return peer.readToEnd().text
        }
        #expect(answer.hasPrefix("HTTP/1.1 404 "))
        #expect(await test.seen == ["GET \(path)"])
        try await TestLoop.run { _ in await test.server?.shutDown() }
    }

    static let answers: [Case] = [
        .init(
            "GET", "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n", closes: false),
        .init(
            "close", "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "\r\n\r\nhello"),
        .init("1.0", "GET /hello HTTP/1.0\r\n\r\n", "\r\n\r\nhello"),
        .init(
            "HEAD", "HEAD /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "Content-Length: 5\r\n"),
        .init("query", "GET /query?a=%26&b=c HTTP/1.0\r\n\r\n", "\r\n\r\na=%26&b=c"),
        .init(
            "names in any case", "GET /headers HTTP/1.0\r\nX-ONE: 1\r\nx-one:  2 \r\n\r\n",
            "\r\n\r\n1, 2"),
        .init(
            "upgrade to HTTP/2 is ignored",
            "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
            "HTTP/1.1 200 OK\r\n"),
        .init(
            "odd upgrade is ignored",
            "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: xyz\r\n\r\n",
            "HTTP/1.1 200 OK\r\n"),
        .init(
            "forgotten by its handler", "POST /forgotten HTTP/1.0\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 500 "),
        .init("header with a line break", "GET /broken HTTP/1.0\r\n\r\n", "HTTP/1.1 500 "),
        .init(
            "empty body", "POST /echo HTTP/1.0\r\nContent-Length: 0\r\n\r\n",
            "Content-Length: 0\r\n"),
        .init("body", "POST /echo HTTP/1.0\r\nContent-Length: 3\r\n\r\nabcd", "\r\n\r\nabc"),
    ]

    @Test(arguments: answers) func requestsAreAnswered(_ request: Case) async throws {
        let text = try await withServer { port in
            let peer = RawPeer(port: port)
            peer.write(request.bytes)
            return request.closes ? peer.readToEnd().text : peer.read(until: "hello")
        }
        #expect(text.contains(request.answer), "\(text.prefix(200))")
        #expect(!text.contains("X-Evil"))
        if request.name == "HEAD" { #expect(text.hasSuffix("\r\n\r\n")) }
    }

    /// Requests sent at once are answered in order, also when one is answered late.
    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        let test = try await TestLoop.run { try TestServer.start($0) }
        let port = await test.port
        async let answer = blocking {
            let peer = RawPeer(port: port)
            peer.write(
                "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none"
                    + "POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ntwo"
                    + "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nthr"
            )
            usleep(20_000)
            peer.write("ee")
            return peer.readToEnd().text
        }
        try await TestLoop.run { loop in
            while test.parked.isEmpty { await loop.sleep(for: .milliseconds(1)) }
            await loop.sleep(for: .milliseconds(30))
            test.parked.removeFirst().respond(.text("late"))
        }
        let text = await answer
        let bodies = text.split(separator: "HTTP/1.1 200 OK\r\n").compactMap {
            $0.split(separator: "\r\n").last
        }
        #expect(bodies == ["one", "late", "three"])
        try await TestLoop.run { _ in await test.server?.shutDown() }
    }
}

/// What takes too long, is too much, or goes away.
@Suite struct HTTPServerLimitTests {
    @Test(arguments: [
        "", "GET /hello HT", "GET /hello HTTP/1.1\r\nHost: a\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc",
    ]) func slowPeersAreCut(_ bytes: String) async throws {
        let test = try await TestLoop.run { loop in
            try TestServer.start(loop) {
                $0.limits.headTime = .milliseconds(120)
                $0.limits.bodyTime = .milliseconds(120)
            }
        }
        let port = await test.port
        let isClosed = await blocking {
            let peer = RawPeer(port: port)
            peer.write(bytes)
            return peer.readToEnd().isClosed
        }
        #expect(isClosed)
        #expect(await test.counters.slowConnectionsCut == (bytes.isEmpty ? 0 : 1))
        #expect(await test.counters.openConnections == 0)
        try await TestLoop.run { _ in await test.server?.shutDown() }
    }

    /// A byte now and then does not prolong the deadline.
    @Test func drippingPeersAreCut() async throws {
        let test = try await TestLoop.run { loop in
            try TestServer.start(loop) { $0.limits.headTime = .milliseconds(150) }
        }
        let port = await test.port
        let sent = await blocking {
            let peer = RawPeer(port: port)
            var sent = 0
            for byte in Array("GET /hello HTTP/1.1\r\n".utf8) + [UInt8](repeating: 0x61, count: 980)
            {
                guard peer.write([byte]) else { break }
                sent += 1
                usleep(5_000)
            }
            return sent
        }
        #expect(sent < 1_000)
        #expect(await test.counters.slowConnectionsCut == 1)
        try await TestLoop.run { _ in await test.server?.shutDown() }
    }

    @Test func keptConnectionsThatStayIdleAreClosed() async throws {
        let test = try await TestLoop.run { loop in
            try TestServer.start(loop) { $0.limits.keepAliveTime = .milliseconds(100) }
        }
        let port = await test.port
        let (text, isClosed) = await blocking {
            let peer = RawPeer(port: port)
            peer.write("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            return peer.readToEnd()
        }
        #expect(text.hasSuffix("hello"))
        #expect(isClosed)
        #expect(await test.counters.slowConnectionsCut == 0)
        try await TestLoop.run { _ in await test.server?.shutDown() }
    }

    @Test func addressesHaveSoManyPlacesAndGetThemBack() async throws {
        let test = try await TestLoop.run { loop in
            try TestServer.start(loop) { $0.limits.connectionsPerAddress = 3 }
        }
        let port = await test.port
        let (answers, after) = await blocking {
            let peers = (0..<5).map { _ in WebSocketPeer(port: port) }
            let answers = peers.map { peer in
                peer.raw.write(WebSocketPeer.upgrade)
                return peer.raw.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 101 ")
            }
            for peer in peers {
                peer.raw.write(WebSocketPeer.frame(8, [0x03, 0xE8]))
                _ = peer.closeCode()
            }
            usleep(50_000)
            return (answers, WebSocketPeer.open(port: port).answer.hasPrefix("HTTP/1.1 101 "))
        }
        #expect(answers == [true, true, true, false, false])
        #expect(after)
        #expect(await test.counters.refusedConnections == 2)
        try await TestLoop.run { _ in await test.server?.shutDown() }
    }

    @Test func thereAreSoManyPlacesInAll() async throws {
        let test = try await TestLoop.run { loop in
            try TestServer.start(loop) { $0.limits.connections = 1 }
        }
        let port = await test.port
        let isClosed = await blocking {
            let first = RawPeer(port: port)
            first.write("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = first.read(until: "hello")
            return RawPeer(port: port).readToEnd() == ("", true)
        }
        #expect(isClosed)
        try await TestLoop.run { _ in await test.server?.shutDown() }
    }

    /// What a trusted proxy appended is believed, and nothing that came before it.
    @Test(arguments: [
        (["127.0.0.1"], "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        (["127.0.0.1", "198.51.100.7"], "203.0.113.9, 198.51.100.7", "203.0.113.9"),
        (["127.0.0.1"], "evil", "127.0.0.1"), (["127.0.0.1"], "2001:db8::1", "2001:db8::1"),
        ([], "203.0.113.9", "127.0.0.1"),
    ]) func proxiesAreBelievedAsFarAsTheyAreTrusted(
        _ trusted: [String], _ told: String, _ address: String
    ) async throws {
        let test = try await TestLoop.run { loop in
            try TestServer.start(loop) { $0.trustedProxies = trusted }
        }
        let port = await test.port
        let text = await blocking {
            let peer = RawPeer(port: port)
            peer.write("GET /who HTTP/1.0\r\nX-Forwarded-For: \(told)\r\n\r\n")
            return peer.readToEnd().text
        }
        #expect(text.hasSuffix("\r\n\r\n\(address)"))
        try await TestLoop.run { _ in await test.server?.shutDown() }
    }

    /// 8 MB go in pieces, as the peer takes them.
    @Test func largeResponsesArriveWhole() async throws {
        let test = try await TestLoop.run { try TestServer.start($0) }
        let port = await test.port
        let (text, isClosed) = await blocking {
            let peer = RawPeer(port: port)
            peer.write("GET /large HTTP/1.0\r\n\r\n")
            usleep(50_000)
            return peer.readToEnd()
        }
        #expect(isClosed)
        #expect(text.contains("Content-Length: 8000000\r\n"))
        #expect(text.utf8.count > 8_000_000 && text.hasSuffix("aaaa"))
        try await TestLoop.run { _ in await test.server?.shutDown() }
    }

    @Test func peersThatReadNothingOfAResponseAreCut() async throws {
        let test = try await TestLoop.run { loop in
            try TestServer.start(loop) { $0.limits.writeTime = .milliseconds(150) }
        }
        let port = await test.port
        let peer = await blocking {
            let peer = RawPeer(port: port)
            peer.write("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            return peer
        }
        try await TestLoop.run { loop in
            for _ in 0..<500 where test.counters.slowConnectionsCut == 0 {
                await loop.sleep(for: .milliseconds(10))
            }
        }
        #expect(await test.counters.slowConnectionsCut == 1)
        #expect(await test.counters.openConnections == 0)
        try await TestLoop.run { _ in await test.server?.shutDown() }
        _ = peer
    }

    /// A peer that leaves while its request is handled: the handler can know, and its answer is lost.
    @Test func peersMayLeaveBeforeTheyAreAnswered() async throws {
        let test = try await TestLoop.run { try TestServer.start($0) }
        let port = await test.port
        await blocking {
            RawPeer(port: port).write(
                "POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            usleep(20_000)
        }
        let gone = try await TestLoop.run { loop in
            for _ in 0..<500 where test.parked.first?.isGone != true {
                await loop.sleep(for: .milliseconds(5))
            }
            let gone = test.parked.first?.isGone
            test.parked.removeFirst().respond(.text("too late"))
            return gone
        }
        #expect(gone == true)
        #expect(await test.counters.peersGone >= 1)
        try await TestLoop.run { _ in await test.server?.shutDown() }
    }

    @Test func continueIsSaidOnlyForABodyThatIsWanted() async throws {
        let test = try await TestLoop.run { try TestServer.start($0) }
        let port = await test.port
        let (wanted, unwanted) = await blocking {
            let head =
                "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n"
            let first = RawPeer(port: port)
            first.write(head + "Content-Length: 3\r\n\r\n")
            let interim = first.read(until: "\r\n\r\n")
            first.write("abc")
            let second = RawPeer(port: port)
            second.write(head + "Content-Length: 100001\r\n\r\n")
            return (interim + first.readToEnd().text, second.readToEnd().text)
        }
        #expect(wanted.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"))
        #expect(wanted.hasSuffix("abc"))
        #expect(unwanted.hasPrefix("HTTP/1.1 413 "))
        try await TestLoop.run { _ in await test.server?.shutDown() }
    }

    /// A peer that goes on sending a refused body still gets to read why it was refused.
    @Test func aRefusalIsReadAlsoByWhoGoesOnSending() async throws {
        let test = try await TestLoop.run { try TestServer.start($0) }
        let port = await test.port
        let text = await blocking {
            let peer = RawPeer(port: port)
            peer.write("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
            peer.write([UInt8](repeating: 0x61, count: 1_000_000))
            return peer.readToEnd().text
        }
        #expect(text.hasPrefix("HTTP/1.1 413 "))
        try await TestLoop.run { _ in await test.server?.shutDown() }
    }

    /// Drained connections are told so by their last response.
    @Test func drainingClosesAfterTheResponse() async throws {
        let test = try await TestLoop.run { try TestServer.start($0) }
        let port = await test.port
        async let answer = blocking {
            let peer = RawPeer(port: port)
            peer.write("POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            return peer.readToEnd()
        }
        try await TestLoop.run { loop in
            while test.parked.isEmpty { await loop.sleep(for: .milliseconds(1)) }
            test.server?.stopListening()
            test.parked.removeFirst().respond(.text("last"))
        }
        let (text, isClosed) = await answer
        #expect(text.contains("Connection: close\r\n") && text.hasSuffix("last"))
        #expect(isClosed)
        try await TestLoop.run { _ in await test.server?.shutDown() }
    }

    @Test(arguments: [
        ("nowhere", 0, LoopError.invalidConfiguration(field: "address")),
        ("127.0.0.1", 70_000, .invalidConfiguration(field: "port")),
        ("203.0.113.1", 0, .cannotListen(address: "203.0.113.1", port: 0, code: EADDRNOTAVAIL)),
    ]) func impossibleAddressesAreToldToTheOperator(
        _ address: String, _ port: Int, _ error: LoopError
    ) async throws {
        let thrown = try await TestLoop.run { loop -> LoopError? in
            do throws(LoopError) {
                _ = try TestServer.start(loop) {
                    $0.address = address
                    $0.port = port
                }
                return nil
            } catch {
                return error
            }
        }
        #expect(thrown == error)
    }
}
