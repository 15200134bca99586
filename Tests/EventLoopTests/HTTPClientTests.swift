import CSlowResolver
import EventLoop
import Glibc
import LoopFixture
import Testing

@Suite(.serialized) struct HTTPClientTests {
    private func withClient<Value: Sendable>(
        _ change: @escaping @Sendable (inout HTTPClient.Configuration) -> Void = { _ in },
        _ body: @escaping @LoopActor (Loop, HTTPClient) async throws -> Value
    ) async throws -> Value {
        try await TestLoop.run { loop in
            var configuration = HTTPClient.Configuration()
            change(&configuration)
            let client = HTTPClient(loop: loop, configuration: configuration)
            defer { client.close() }
            return try await body(loop, client)
        }
    }

    private static func get(_ url: String, idempotent: Bool = true) -> HTTPClientRequest {
        HTTPClientRequest(method: .get, url: url, idempotent: idempotent)
    }

    @Test func requestAndResponseCrossWhole() async throws {
        let server = RawServer { server, peer in
            while let request = peer.request() {
                server.note(request)
                peer.answerOK("hello", "X-One: 1\r\nX-ONE:  2\r\n")
            }
        }
        defer { server.stop() }
        let port = server.port
        let response = try await withClient { _, client in
            try await client.send(
                HTTPClientRequest(
                    method: .post, url: "http://127.0.0.1:\(port)/a?b=%20",
                    headers: [("Authorization", "Bearer x"), ("Content-Type", "application/json")],
                    body: Array("{\"a\":\"\u{0}\"}".utf8), idempotent: false))
        }
        #expect(response.status == 200)
        #expect(response.body == Array("hello".utf8))
        #expect(response.header("x-one") == "2")
        let request = try #require(server.notes.first)
        #expect(request.hasPrefix("POST /a?b=%20 HTTP/1.1\r\n"))
        #expect(request.contains("\r\nAuthorization: Bearer x\r\n"))
        #expect(request.contains("\r\nContent-Length: 9\r\n"))
        #expect(request.hasSuffix("\r\n\r\n{\"a\":\"\u{0}\"}"))
        #expect(!request.lowercased().contains("expect:"))
    }

    /// A kept connection that dies under a request makes libcurl send it again, silently.
    @Test(arguments: [false, true])
    func onlyAnIdempotentRequestMayReachTheServerTwice(_ idempotent: Bool) async throws {
        let server = RawServer { server, peer in
            // Answers a connection's first request and hangs up on its second, having read it.
            guard peer.request() != nil else { return }
            peer.answerOK()
            if let second = peer.request() { server.note(String(second.prefix(4))) }
        }
        defer { server.stop() }
        let port = server.port
        let outcome = try await withClient { _, client in
            var outcomes: [String] = []
            for _ in 0..<2 {
                do throws(HTTPClientError) {
                    _ = try await client.send(
                        HTTPClientRequest(
                            method: idempotent ? .get : .post, url: "http://127.0.0.1:\(port)/",
                            body: idempotent ? nil : [1], idempotent: idempotent))
                    outcomes.append("ok")
                } catch {
                    outcomes.append("\(error)")
                }
            }
            return outcomes
        }
        // Not idempotent: no request ever shares a connection, so none meets the hang-up.
        #expect(outcome == ["ok", "ok"])
        #expect(server.notes == (idempotent ? ["GET "] : []))
    }

    @Test func aPostWhoseConnectionDiesIsSentOnceAndSaysSo() async throws {
        let server = RawServer { server, peer in
            if let request = peer.request() { server.note(String(request.prefix(4))) }
        }
        defer { server.stop() }
        let port = server.port
        let failure = try await withClient { loop, client -> HTTPClientError? in
            do throws(HTTPClientError) {
                _ = try await client.send(
                    HTTPClientRequest(
                        method: .post, url: "http://127.0.0.1:\(port)/", body: [1],
                        idempotent: false))
                return nil
            } catch {
                await loop.sleep(for: .milliseconds(100))
                return error
            }
        }
        #expect(failure == .disconnected(requestMayHaveBeenSent: true))
        #expect(server.notes == ["POST"])
    }

    struct Failure: Sendable, CustomTestStringConvertible {
        let name: String
        var change: @Sendable (inout HTTPClientRequest) -> Void
        let error: HTTPClientError
        var testDescription: String { name }
    }

    /// Each request that cannot be answered, its error, and whether a byte of it may have left.
    static let failures: [Failure] = [
        .init(
            name: "file", change: { $0.url = "file:///etc/passwd" },
            error: .invalidRequest(field: "url")),
        .init(
            name: "blank in the address", change: { $0.url += "a b" },
            error: .invalidRequest(field: "url")),
        .init(
            name: "line break in the address", change: { $0.url += "\r\nX: y" },
            error: .invalidRequest(field: "url")),
        .init(
            name: "no host", change: { $0.url = "http://" }, error: .invalidRequest(field: "url")),
        .init(
            name: "line break in a header", change: { $0.headers = [("A", "b\r\nC: d")] },
            error: .invalidRequest(field: "headers")),
        .init(
            name: "colon in a header's name", change: { $0.headers = [("A:", "b")] },
            error: .invalidRequest(field: "headers")),
        .init(name: "nobody listens", change: { $0.url = "http://127.0.0.1:1/" }, error: .refused),
        .init(
            name: "no such name", change: { $0.url = "http://nobody.invalid/" }, error: .unresolved),
        .init(
            name: "no TLS on the port",
            change: { $0.url = $0.url.replacing("http:", with: "https:") }, error: .untrusted),
        .init(
            name: "silent", change: { $0.url += "silent" },
            error: .timedOut(requestMayHaveBeenSent: true)),
        .init(
            name: "hangs up", change: { $0.url += "hangup" },
            error: .disconnected(requestMayHaveBeenSent: true)),
        .init(
            name: "not HTTP", change: { $0.url += "garbage" },
            error: .disconnected(requestMayHaveBeenSent: true)),
        .init(
            name: "too large, announced", change: { $0.url += "large" }, error: .responseTooLarge),
        .init(
            name: "too large, endless", change: { $0.url += "endless" }, error: .responseTooLarge),
        .init(name: "too many headers", change: { $0.url += "headers" }, error: .responseTooLarge),
    ]

    @Test(arguments: failures) func failuresAreToldApart(_ failure: Failure) async throws {
        let server = RawServer { _, peer in
            guard let request = peer.request() else { return }
            let path = request.split(separator: " ").dropFirst().first ?? ""
            switch path {
            case "/silent": peer.waitForEnd()
            case "/garbage": peer.answer("what?\r\n\r\n")
            case "/large": peer.answerOK(String(repeating: "x", count: 2_000))
            case "/endless":
                peer.answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                while peer.answer("3e8\r\n\(String(repeating: "x", count: 1_000))\r\n") {}
            case "/headers":
                peer.answer("HTTP/1.1 200 OK\r\n")
                while peer.answer("X: \(String(repeating: "x", count: 1_000))\r\n") {}
            default: return
            }
        }
        defer { server.stop() }
        let port = server.port
        let error = try await withClient { _, client -> HTTPClientError? in
            var request = HTTPClientRequest(
                method: .get, url: "http://127.0.0.1:\(port)/", idempotent: false,
                timeout: .milliseconds(1_500), maximumResponseBytes: 1_000)
            if failure.name == "silent" { request.timeout = .milliseconds(150) }
            failure.change(&request)
            do throws(HTTPClientError) {
                _ = try await client.send(request)
                return nil
            } catch {
                return error
            }
        }
        #expect(error == failure.error)
    }

    /// A request goes where its address says: what the environment names as a proxy would read the
    /// tokens and the customers' texts.
    @Test(arguments: ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
    func aProxyOfTheEnvironmentIsIgnored(name: String) async throws {
        let server = RawServer { server, peer in
            if let request = peer.request() {
                server.note(String(request.prefix { $0 != "\r\n" }))
                peer.answerOK("direct")
            }
        }
        let proxy = RawServer { proxy, peer in
            proxy.note("reached")
            if peer.request() != nil { peer.answerOK("by the proxy") }
        }
        defer {
            server.stop()
            proxy.stop()
        }
        let (port, address) = (server.port, "http://127.0.0.1:\(proxy.port)")
        unsafe setenv(name, address, 1)
        defer { unsafe unsetenv(name) }
        let response = try await withClient { _, client in
            try await client.send(Self.get("http://127.0.0.1:\(port)/there"))
        }
        #expect(response.body == Array("direct".utf8))
        #expect(server.notes == ["GET /there HTTP/1.1"])
        #expect(proxy.notes == [])
    }

    /// A redirect is handed back: whoever asked decides whether another address may see the request.
    @Test(arguments: [301, 302, 303, 307, 308])
    func aRedirectIsHandedBack(status: Int) async throws {
        let elsewhere = RawServer { server, peer in
            server.note("reached")
            if peer.request() != nil { peer.answerOK() }
        }
        let place = "http://127.0.0.1:\(elsewhere.port)/elsewhere"
        let server = RawServer { server, peer in
            while let request = peer.request() {
                server.note(String(request.prefix { $0 != "\r\n" }))
                peer.answer(
                    "HTTP/1.1 \(status) Moved\r\nLocation: \(place)\r\nContent-Length: 0\r\n\r\n")
            }
        }
        defer {
            server.stop()
            elsewhere.stop()
        }
        let port = server.port
        let response = try await withClient { _, client in
            try await client.send(Self.get("http://127.0.0.1:\(port)/here"))
        }
        #expect(response.status == status)
        #expect(response.header("location") == place)
        #expect(server.notes == ["GET /here HTTP/1.1"])
        #expect(elsewhere.notes == [])
    }

    /// While a name is looked up for a second, the loop turns and other requests are served; ending
    /// the request does not wait for the look-up.
    @Test func aSlowResolverDoesNotHoldTheLoop() async throws {
        let server = RawServer { _, peer in
            while peer.request() != nil { peer.answerOK() }
        }
        defer { server.stop() }
        let port = server.port
        let before = slowLookups()
        let (ticks, error, answered) = try await withClient { loop, client in
            var ticks = 0
            let ticker = loop.every(.milliseconds(5)) { ticks += 1 }
            defer { ticker.cancel() }
            async let slow = client.send(
                HTTPClientRequest(
                    method: .get, url: "http://slow-name:\(port)/", idempotent: true,
                    connectTimeout: .milliseconds(300)))
            var answered = 0
            for _ in 0..<10 {
                answered +=
                    try await client.send(Self.get("http://127.0.0.1:\(port)/")).status / 200
            }
            let started = loop.monotonic
            do {
                _ = try await slow
                return (ticks, HTTPClientError?.none, answered)
            } catch {
                #expect(loop.monotonic - started < 900)
                return (ticks, error as? HTTPClientError, answered)
            }
        }
        #expect(slowLookups() == before + 1)
        #expect(error == .timedOut(requestMayHaveBeenSent: false))
        #expect(answered == 10)
        #expect(ticks >= 20)
    }

    @Test func lookupsAreBoundedAlsoWhenNobodyWaitsForThemAnyMore() async throws {
        let errors = try await withClient({
            $0.lookups = 2
            $0.abandonedLookup = .milliseconds(1_100)
        }) { loop, client in
            func ask(_ number: Int) async -> HTTPClientError? {
                do throws(HTTPClientError) {
                    _ = try await client.send(
                        HTTPClientRequest(
                            method: .get, url: "http://slow-\(number):1/", idempotent: true,
                            connectTimeout: .milliseconds(30)))
                    return nil
                } catch {
                    return error
                }
            }
            var errors: [HTTPClientError?] = []
            for number in 0..<3 { errors.append(await ask(number)) }
            await loop.sleep(for: .milliseconds(1_300))
            errors.append(await ask(3))
            return errors
        }
        #expect(errors[0] == .timedOut(requestMayHaveBeenSent: false))
        #expect(errors[1] == .timedOut(requestMayHaveBeenSent: false))
        #expect(errors[2] == .unresolved)
        #expect(errors[3] == .timedOut(requestMayHaveBeenSent: false))
    }

    /// After the store was read once, its file is not needed any more.
    @Test func theCertificateStoreIsReadOnce() async throws {
        let path = "/tmp/certificates-\(getpid())-\(UInt64.random(in: 0..<UInt64.max)).pem"
        let copied = await blocking {
            copyFile("/etc/ssl/certs/ca-certificates.crt", path)
        }
        try #require(copied)
        let server = RawServer { _, peer in peer.waitForEnd() }
        defer { server.stop() }
        let port = server.port
        let outcomes = try await withClient({ $0.certificateAuthorities = path }) { _, client in
            var outcomes: [HTTPClientError?] = []
            for isWarm in [false, true] {
                if isWarm { await client.warm() }
                if isWarm { unsafe unlink(path) }
                do throws(HTTPClientError) {
                    _ = try await client.send(
                        HTTPClientRequest(
                            method: .get, url: "https://127.0.0.1:\(port)/", idempotent: false,
                            timeout: .milliseconds(200)))
                    outcomes.append(nil)
                } catch {
                    outcomes.append(error)
                }
            }
            return outcomes
        }
        // Silent in the handshake both times; without its file an unread store would be untrusted.
        #expect(
            outcomes == [
                .timedOut(requestMayHaveBeenSent: false), .timedOut(requestMayHaveBeenSent: false),
            ])
        let cold = try await withClient({ $0.certificateAuthorities = path }) { _, client in
            do throws(HTTPClientError) {
                _ = try await client.send(Self.get("https://127.0.0.1:\(port)/"))
                return HTTPClientError?.none
            } catch {
                return error
            }
        }
        #expect(cold == .untrusted)
    }

    @Test func cancellingEndsARequestAtOnceAndLeavesNothing() async throws {
        let server = RawServer { _, peer in
            _ = peer.request()
            peer.waitForEnd()
        }
        defer { server.stop() }
        let port = server.port
        try await withClient { loop, client in
            for wait in [0, 1, 30] {
                var outcome: HTTPClientError?
                let task = startOnLoop {
                    do throws(HTTPClientError) {
                        _ = try await client.send(Self.get("http://127.0.0.1:\(port)/"))
                    } catch {
                        outcome = error
                    }
                }
                await loop.sleep(for: .milliseconds(wait))
                let started = loop.monotonic
                task.cancel()
                await task.value
                #expect(loop.monotonic - started < 2_000)
                guard case .cancelled = outcome else {
                    Issue.record("\(String(describing: outcome))")
                    continue
                }
                if wait == 30 { #expect(outcome?.requestMayHaveBeenSent == true) }
            }
        }
    }

    @Test func closingEndsEverything() async throws {
        let server = RawServer { _, peer in
            _ = peer.request()
            peer.waitForEnd()
        }
        defer { server.stop() }
        let port = server.port
        try await withClient { loop, client in
            var outcomes: [HTTPClientError] = []
            let tasks = (0..<3).map { _ in
                startOnLoop {
                    do throws(HTTPClientError) {
                        _ = try await client.send(Self.get("http://127.0.0.1:\(port)/"))
                    } catch {
                        outcomes.append(error)
                    }
                }
            }
            await loop.sleep(for: .milliseconds(30))
            client.close()
            for task in tasks { await task.value }
            #expect(outcomes == Array(repeating: .closed(requestMayHaveBeenSent: true), count: 3))
            await #expect(throws: HTTPClientError.closed(requestMayHaveBeenSent: false)) {
                try await client.send(Self.get("http://127.0.0.1:\(port)/"))
            }
        }
    }
}

private func copyFile(_ from: String, _ to: String) -> Bool {
    let source = unsafe open(from, O_RDONLY)
    let target = unsafe open(to, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    defer {
        close(source)
        close(target)
    }
    guard source >= 0, target >= 0 else { return false }
    return sendfile(target, source, nil, 16 * 1_024 * 1_024) > 0
}
