import EventLoop
import Glibc
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
