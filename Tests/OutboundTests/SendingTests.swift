import Desk
import Engine
import EventLoop
import Testing

@testable import Outbound

/// One row of the table: what the channel does with a send, and what it comes to.
struct SendCase: Sendable, CustomTestStringConvertible {
    enum Expected: Sendable {
        case sent
        case failed(SendFailure)
        /// Tried again, not before so many milliseconds from now.
        case retry(ClosedRange<Int64>)
        case unknown
    }

    let testDescription: String
    let reaction: PretendGraph.Reaction
    let expected: Expected

    init(_ description: String, _ reaction: PretendGraph.Reaction, _ expected: Expected) {
        testDescription = description
        self.reaction = reaction
        self.expected = expected
    }

    private static func error(
        _ status: Int, _ code: Int, _ subcode: Int? = nil, retryAfter: String? = nil
    ) -> PretendGraph.Reaction {
        .answer(
            PretendGraph.error(status, code: code, subcode: subcode, retryAfter: retryAfter))
    }

    private static func plain(
        _ status: Int, _ body: String = "", retryAfter: String? = nil
    ) -> PretendGraph.Reaction {
        .answer(
            HTTPResponse(
                status: status, headers: retryAfter.map { [("Retry-After", $0)] } ?? [],
                body: Array(body.utf8)))
    }

    static let all: [SendCase] = [
        SendCase("taken", .answer(PretendGraph.taken(0)), .sent),
        SendCase("window closed", error(400, 10, 2_018_278), .failed(.outsideWindow)),
        SendCase("nobody there", error(400, 551, 1_545_041), .failed(.customerUnavailable)),
        SendCase("another app", error(400, 10, 2_018_300), .failed(.anotherAppInControl)),
        SendCase("wrong parameter", error(400, 100), .failed(.refused)),
        SendCase("unknown code", error(400, 31_337), .failed(.refused)),
        SendCase("too large", plain(413), .failed(.refused)),
        SendCase("token refused", error(400, 190), .failed(.pageNotPermitted)),
        SendCase("not permitted, no body", plain(403), .failed(.pageNotPermitted)),
        SendCase("refused on the way", plain(404), .retry(2_000...2_500)),
        SendCase(
            "refused on the way for a while", plain(404, retryAfter: "90"),
            .retry(90_000...90_500)),
        SendCase("thread busy", error(400, 10, 2_018_108), .retry(60_000...60_500)),
        SendCase("too many calls", error(400, 613), .retry(30_000...30_500)),
        SendCase(
            "too many calls, for long", error(400, 4, retryAfter: "120"),
            .retry(120_000...120_500)),
        SendCase("too many, no body", plain(429, retryAfter: "1"), .retry(30_000...30_500)),
        SendCase("temporary", error(400, 2), .unknown),
        SendCase("temporary, with a wait", error(503, 2, retryAfter: "1"), .unknown),
        SendCase("server error", plain(500), .unknown),
        SendCase("bad gateway", plain(502, "<html>"), .unknown),
        SendCase("success without a body", plain(200), .unknown),
        SendCase("success that cannot be read", plain(200, #"{"message_id":"#), .unknown),
        SendCase("success without an id", plain(200, #"{"recipient_id":"55"}"#), .unknown),
        SendCase(
            "success that is too long",
            plain(
                200, #"{"message_id":"m_1","x":""# + String(repeating: "x", count: 70_000) + #""}"#),
            .unknown),
        SendCase("no answer", .later, .unknown),
        SendCase("reset after the request", .reset, .unknown),
    ]
}

@Suite(.serialized) struct SendingTests {
    @Test("What the channel does decides what the desk hears", arguments: SendCase.all)
    func outcomes(_ row: SendCase) async throws {
        try await Scene.run { scene in
            scene.outbound.answerWait = .milliseconds(300)
            scene.graph.onPost = { _, _ in row.reaction }
            let conversation = try #require(await scene.desk.begin())
            scene.desk.reply(conversation)
            try #require(await scene.desk.until { scene.desk.changes.count >= 2 })
            let heard = scene.desk.now().milliseconds
            #expect(scene.desk.changes[0].state == .sending)
            switch (scene.desk.changes[1].state, row.expected) {
            case (.sent, .sent), (.unknown(.some), .unknown): break
            case (.failed(let failure), .failed(let expected)): #expect(failure == expected)
            case (.queued(let notBefore), .retry(let pause)):
                // The test may have seen it a little later than it was decided.
                let wait = notBefore.milliseconds - heard
                #expect(wait <= pause.upperBound + pause.upperBound / 4)
                #expect(wait >= pause.lowerBound - 2_000)
            case (let state, let expected): Issue.record("\(state), expected \(expected)")
            }
            // Whatever it was, it does not leave again by itself any time soon.
            await scene.loop.sleep(for: .milliseconds(60))
            #expect(scene.graph.posts.count == 1)
            #expect(scene.desk.changes.count == 2)
            let post = try #require(scene.graph.posts.first)
            #expect(post.path == "/v25.0/\(Secrets.page)/messages")
            #expect(post.person == Secrets.person)
            #expect(post.text == Secrets.text)
            #expect(post.query["access_token"] == Secrets.token)
            #expect(post.query["appsecret_proof"]?.count == 64)
            for secret in Secrets.all { #expect(!scene.logs.text.contains(secret)) }
        }
    }

    @Test("A channel that nobody can connect to is tried again, and nothing is in doubt")
    func unreachable() async throws {
        // A port of ours on which nobody listens any more.
        let gone = try await TestLoopPort.closed()
        try await Scene.run(graphURL: "http://127.0.0.1:\(gone)/v25.0") { scene in
            let conversation = try #require(await scene.desk.begin())
            scene.desk.reply(conversation)
            try #require(await scene.desk.until { scene.desk.changes.count >= 4 })
            let states = scene.desk.changes.map(\.state)
            #expect(states[0] == .sending && states[2] == .sending)
            for state in [states[1], states[3]] {
                guard case .queued = state else {
                    Issue.record("\(state)")
                    continue
                }
            }
            #expect(scene.desk.changes.map(\.attempts) == [1, 1, 2, 2])
        }
    }

    @Test("What could not be read from the store is not sent, and tried again")
    func unreadOrder() async throws {
        try await Scene.run { scene in
            let conversation = try #require(await scene.desk.begin())
            scene.desk.storeAnswers = false
            scene.desk.reply(conversation)
            try #require(await scene.desk.until { scene.desk.changes.count >= 2 })
            #expect(scene.graph.posts.isEmpty)
            scene.desk.storeAnswers = true
            try #require(await scene.desk.until { scene.desk.changes.last?.state == .sent })
            #expect(scene.graph.posts.count == 1)
        }
    }

    @Test(
        "Of one conversation one message is out at most; conversations do not wait for each other")
    func lines() async throws {
        try await Scene.run { scene in
            let people = (0..<4).map { "555000000000010\($0)" }
            var conversations: [ConversationID] = []
            for person in people {
                conversations.append(try #require(await scene.desk.begin(person)))
            }
            var out: [PretendGraph.Post] = []
            var most = 0
            scene.graph.onPost = { _, post in
                #expect(!out.contains { $0.person == post.person }, "two are out")
                out.append(post)
                most = max(most, out.count)
                return .later
            }
            for number in 0..<5 {
                for conversation in conversations { scene.desk.reply(conversation, "\(number)") }
            }
            for number in 0..<20 {
                try #require(
                    await scene.desk.until { out.count == min(4, 20 - number) || out.count == 4 })
                // Not in the order in which they came.
                let post = out.remove(at: (number * 7) % out.count)
                post.responder.respond(PretendGraph.taken(number))
            }
            try #require(
                await scene.desk.until {
                    scene.desk.changes.filter { $0.state == .sent }.count == 20
                })
            #expect(most == 4)
            for person in people {
                #expect(
                    scene.graph.posts.filter { $0.person == person }.map(\.text)
                        == (0..<5).map { "\($0)" })
            }
        }
    }

    @Test("A beginning that is not stored lets nothing leave")
    func refusedBeginning() async throws {
        try await Scene.run { scene in
            let conversation = try #require(await scene.desk.begin())
            scene.desk.reply(conversation)
            _ = await scene.desk.until { scene.graph.posts.count == 1 }
            // Of the next, the beginning is refused twice.
            _ = await scene.desk.until { scene.desk.changes.last?.state == .sent }
            scene.desk.reply(conversation, "second")
            await withCheckedContinuation { continuation in
                scene.loop.afterThisTurn {
                    scene.desk.refusals = 2
                    continuation.resume()
                }
            }
            try #require(await scene.desk.until { scene.desk.refused == 2 })
            #expect(scene.graph.posts.count == 1)
            try #require(await scene.desk.until { scene.desk.changes.count == 4 })
            #expect(scene.graph.posts.count == 2)
        }
    }

    @Test("Another node owns the desk: nothing more leaves, and what is out is not reported")
    func stoodBy() async throws {
        try await Scene.run { scene in
            let first = try #require(await scene.desk.begin())
            scene.graph.onPost = { _, _ in .later }
            scene.desk.reply(first, "out")
            scene.desk.reply(first, "behind it")
            try #require(await scene.desk.until { scene.graph.posts.count == 1 })
            scene.outbound.stoodBy()
            scene.graph.posts[0].responder.respond(PretendGraph.taken(0))
            await scene.loop.sleep(for: .milliseconds(100))
            #expect(scene.desk.changes.map(\.state) == [.sending])
            #expect(scene.graph.posts.count == 1)
        }
    }

    @Test("A drain sends what is queued and waits until its outcome is stored; then nothing begins")
    func drained() async throws {
        try await Scene.run { scene in
            let conversation = try #require(await scene.desk.begin())
            scene.graph.onPost = { _, _ in .later }
            scene.desk.reply(conversation, "out")
            scene.desk.reply(conversation, "behind it")
            try #require(await scene.desk.until { scene.graph.posts.count == 1 })
            var isDrained = false
            startOnLoop {
                await scene.outbound.drain(sending: .seconds(10), limit: .seconds(10))
                isDrained = true
            }
            await scene.loop.sleep(for: .milliseconds(50))
            #expect(!isDrained)
            // The outcome is refused once: the drain waits until it is told again.
            scene.desk.refusals = 1
            scene.graph.posts[0].responder.respond(PretendGraph.taken(0))
            try #require(await scene.desk.until { scene.graph.posts.count == 2 })
            #expect(!isDrained)
            scene.graph.posts[1].responder.respond(PretendGraph.taken(1))
            try #require(await scene.desk.until { isDrained })
            #expect(scene.desk.refused == 1)
            #expect(scene.desk.changes.map(\.state) == [.sending, .sent, .sending, .sent])
            // Nothing is out: a drain ends at once, and nothing begins any more.
            scene.desk.reply(conversation, "stays")
            await scene.outbound.drain(sending: .seconds(10), limit: .seconds(10))
            await scene.loop.sleep(for: .milliseconds(50))
            #expect(scene.graph.posts.count == 2)
        }
    }

    @Test("A page that is refused is not asked again by every message")
    func pageStopped() async throws {
        try await Scene.run { scene in
            let first = try #require(await scene.desk.begin())
            let other = try #require(await scene.desk.begin("5550000000000098"))
            scene.graph.onPost = { _, _ in .answer(PretendGraph.error(400, code: 190)) }
            scene.desk.reply(first, "finds out")
            try #require(
                await scene.desk.until {
                    scene.desk.changes.last?.state == .failed(.pageNotPermitted)
                })
            scene.desk.reply(other, "waits")
            await scene.loop.sleep(for: .milliseconds(100))
            #expect(scene.graph.posts.count == 1)
        }
    }
}

/// A port that was free a moment ago.
enum TestLoopPort {
    static func closed() async throws -> Int {
        try await Scene.run { scene in
            Int(scene.graph.url.split(separator: ":")[2].prefix { $0.isNumber }) ?? 0
        }
    }
}
