import Desk
import Engine
import EventLoop
import Testing

@testable import Outbound

@Suite(.serialized) struct BackfillTests {
    private static func person(_ number: Int) -> String { "5550000000\(100_000 + number)" }

    /// Texts on record of a person, in the order of the transcript.
    @LoopActor private static func transcript(_ scene: Scene, _ person: String) -> [String] {
        scene.desk.recorded.enumerated().filter { $0.element.person == person }
            .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
            .map(\.element.text)
    }

    @LoopActor private static func ends(_ scene: Scene, with outcome: String) async -> Bool {
        await scene.desk.until { scene.logs.text.contains("outcome=\(outcome)") }
    }

    @Test("Every page of every conversation is read, and each message recorded once, in order")
    func everything() async throws {
        try await Scene.run { scene in
            let channel = PretendChannel(scene.graph)
            let start = scene.desk.now().adding(milliseconds: -3_600_000)
            var expected: [String: [String]] = [:]
            var told = 0
            for number in 0..<260 {
                for conversation in 0..<60 where number < (conversation == 7 ? 260 : conversation) {
                    let person = Self.person(conversation)
                    let text = "\(conversation): \(number)"
                    let at = start.adding(milliseconds: Int64(number) * 137)
                    let isOurs = number % 5 == 4
                    channel.write(person, text, at: at, isOurs: isOurs)
                    expected[person, default: []].append(text)
                    // Every third came by its webhook.
                    if number % 3 == 0, !isOurs {
                        told += 1
                        scene.desk.customerWrites(
                            person, text, mid: "m_\(person)_\(number)", at: at)
                    }
                }
            }
            try #require(await scene.desk.until { scene.desk.recorded.count == told })
            scene.resume()
            try #require(await Self.ends(scene, with: "complete"))
            for (person, texts) in expected { #expect(Self.transcript(scene, person) == texts) }
            #expect(scene.desk.recorded.count == expected.values.map(\.count).reduce(0, +))
            #expect(await scene.desk.until { scene.desk.isBackfillFinished })
            #expect(scene.desk.mark != nil)
            for secret in Secrets.all where secret != Secrets.text {
                #expect(!scene.logs.text.contains(secret))
            }
        }
    }

    @Test("Who has waited longest is entered first")
    func fairness() async throws {
        try await Scene.run { scene in
            let channel = PretendChannel(scene.graph)
            let start = scene.desk.now().adding(milliseconds: -3_600_000)
            for number in 0..<40 {
                channel.write(
                    Self.person(number), "first",
                    at: start.adding(milliseconds: Int64(number) * 1_000))
            }
            // The first of them writes again, which moves them to the front of the list.
            channel.write(Self.person(0), "again", at: start.adding(milliseconds: 60_000))
            scene.resume()
            try #require(await Self.ends(scene, with: "complete"))
            let order = scene.desk.recorded.filter { $0.text == "first" }.map(\.person)
            #expect(order == (0..<40).map { Self.person($0) })
        }
    }

    @Test("What is older than the mark and its margin is not read")
    func horizon() async throws {
        try await Scene.run { scene in
            let channel = PretendChannel(scene.graph)
            let now = scene.desk.now()
            let mark = now.adding(milliseconds: -1_800_000)
            scene.desk.mark = mark
            let edge = mark.adding(milliseconds: -BackfillLimits.margin)
            for number in 0..<80 {
                channel.write(
                    Self.person(1), "old",
                    at: edge.adding(milliseconds: -2_000 - 80 + Int64(number)))
            }
            channel.write(Self.person(1), "new", at: edge.adding(milliseconds: 2_000))
            for number in 2..<60 {
                channel.write(Self.person(number), "old", at: edge.adding(milliseconds: -60_000))
            }
            channel.write(Self.person(1), "newer", at: edge.adding(milliseconds: 3_000))
            scene.resume()
            try #require(await Self.ends(scene, with: "complete"))
            #expect(scene.desk.recorded.map(\.text) == ["new", "newer"])
            // The first answer shows that all the rest is older.
            #expect(scene.graph.reads.count == 1)
        }
    }

    @Test("A conversation that moves to the front while the list is read is found")
    func moving() async throws {
        try await Scene.run { scene in
            let channel = PretendChannel(scene.graph)
            let start = scene.desk.now().adding(milliseconds: -3_600_000)
            for number in 0..<60 { channel.write(Self.person(number), "lost", at: start) }
            channel.onRead = { number, _, _ in
                if number == 1 {
                    // Told by a webhook, but what was lost before is not.
                    let at = scene.desk.now()
                    channel.write(Self.person(3), "told", at: at)
                    scene.desk.customerWrites(
                        Self.person(3), "told", mid: "m_\(Self.person(3))_1", at: at)
                }
                return nil
            }
            scene.resume()
            try #require(await Self.ends(scene, with: "complete"))
            #expect(scene.desk.recorded.filter { $0.text == "lost" }.count == 60)
            #expect(Self.transcript(scene, Self.person(3)) == ["lost", "told"])
        }
    }

    /// An answer that comes in place of the right one, once.
    struct Failure: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let reaction: PretendGraph.Reaction
    }

    static let failures = [
        Failure(testDescription: "reset", reaction: .reset),
        Failure(testDescription: "500", reaction: .answer(HTTPResponse(status: 500))),
        Failure(
            testDescription: "temporary", reaction: .answer(PretendGraph.error(400, code: 2))),
        Failure(testDescription: "rate", reaction: .answer(PretendGraph.error(400, code: 613))),
        Failure(
            testDescription: "rate with a wait",
            reaction: .answer(PretendGraph.error(429, code: 4, retryAfter: "1"))),
        Failure(testDescription: "cut", reaction: .answer(.json(Array(#"{"data":[{"#.utf8)))),
    ]

    @Test("A failure that passes costs nothing", arguments: failures)
    func passing(_ failure: Failure) async throws {
        try await Scene.run { scene in
            let channel = PretendChannel(scene.graph)
            let start = scene.desk.now().adding(milliseconds: -3_600_000)
            for number in 0..<150 { channel.write(Self.person(1), "\(number)", at: start) }
            channel.onRead = { number, _, _ in number % 2 == 0 ? failure.reaction : nil }
            scene.resume()
            try #require(await Self.ends(scene, with: "complete"))
            #expect(Self.transcript(scene, Self.person(1)) == (0..<150).map { "\($0)" })
        }
    }

    @Test("An answer with conversations that cannot be read is read in smaller parts")
    func brokenList() async throws {
        try await Scene.run { scene in
            let channel = PretendChannel(scene.graph)
            let start = scene.desk.now().adding(milliseconds: -3_600_000)
            for number in 0..<30 { channel.write(Self.person(number), "lost", at: start) }
            channel.onRead = { _, path, query in
                let isFirst = path.hasSuffix("/conversations") && query["after"] == nil
                guard isFirst, query["fields"]?.contains("messages") == true else { return nil }
                return .answer(.json(Array(#"{"data":[}"#.utf8)))
            }
            scene.resume()
            try #require(await Self.ends(scene, with: "complete"))
            #expect(scene.desk.recorded.count == 30)
            #expect(scene.logs.text.contains("could not be read back"))
        }
    }

    @Test("Messages that cannot be read cost what is behind them in their conversation alone")
    func brokenMessages() async throws {
        try await Scene.run { scene in
            let channel = PretendChannel(scene.graph)
            let start = scene.desk.now().adding(milliseconds: -3_600_000)
            for number in 0..<60 {
                channel.write(Self.person(1), "\(number)", at: start)
                channel.write(Self.person(2), "\(number)", at: start)
            }
            channel.onRead = { _, path, _ in
                guard path.contains(Self.person(1)) else { return nil }
                return .answer(.json(Array("[]".utf8)))
            }
            scene.resume()
            try #require(await Self.ends(scene, with: "partial"))
            #expect(Self.transcript(scene, Self.person(1)) == (35..<60).map { "\($0)" })
            #expect(Self.transcript(scene, Self.person(2)) == (0..<60).map { "\($0)" })
            #expect(await scene.desk.until { scene.desk.isBackfillFinished })
        }
    }

    @Test("A conversation longer than the limit is read up to it, which is told")
    func limit() async throws {
        try await Scene.run { scene in
            let channel = PretendChannel(scene.graph)
            let start = scene.desk.now().adding(milliseconds: -3_600_000)
            for number in 0..<2_100 { channel.write(Self.person(1), "\(number)", at: start) }
            scene.resume()
            try #require(await Self.ends(scene, with: "partial"))
            #expect(Self.transcript(scene, Self.person(1)) == (75..<2_100).map { "\($0)" })
            #expect(scene.logs.text.contains("limit=message_pages"))
        }
    }

    @Test("A refused page keeps no mark, lets sends go on, and is read when it may be again")
    func refused() async throws {
        try await Scene.run { scene in
            let channel = PretendChannel(scene.graph)
            channel.write(
                Self.person(1), "lost", at: scene.desk.now().adding(milliseconds: -60_000))
            channel.onRead = { _, _, _ in .answer(PretendGraph.error(400, code: 190)) }
            scene.resume()
            try #require(await scene.desk.until { scene.desk.isBackfillFinished })
            #expect(scene.desk.mark == nil)
            #expect(scene.logs.text.contains("outcome=failed"))
            channel.onRead = { _, _, _ in nil }
            try #require(await Self.ends(scene, with: "complete"))
            #expect(scene.desk.recorded.map(\.text) == ["lost"])
            #expect(scene.desk.mark != nil)
        }
    }

    @Test("What the store refused is entered again, in order")
    func refusedByTheStore() async throws {
        try await Scene.run { scene in
            let channel = PretendChannel(scene.graph)
            let start = scene.desk.now().adding(milliseconds: -3_600_000)
            for number in 0..<20 { channel.write(Self.person(1), "\(number)", at: start) }
            scene.desk.refusals = 7
            scene.resume()
            try #require(await Self.ends(scene, with: "complete"))
            #expect(scene.desk.refused == 7)
            #expect(Self.transcript(scene, Self.person(1)) == (0..<20).map { "\($0)" })
        }
    }

    @Test("After inputs were refused while the desk went on, the channel is read back")
    func afterRefusals() async throws {
        try await Scene.run { scene in
            let channel = PretendChannel(scene.graph)
            scene.resume()
            try #require(await Self.ends(scene, with: "complete"))
            let mark = try #require(scene.desk.mark)
            let at = scene.desk.now()
            channel.write(Self.person(1), "refused", at: at)
            scene.desk.refusals = 1
            scene.desk.customerWrites(
                Self.person(1), "refused", mid: "m_\(Self.person(1))_0", at: at)
            try #require(await scene.desk.until { scene.desk.recorded.count == 1 })
            #expect(scene.desk.refused == 1)
            // And marks go on.
            try #require(await scene.desk.until { (scene.desk.mark ?? mark) > at })
        }
    }

    @Test("Marks stop while nothing is taken in, and a run of before is given up")
    func interrupted() async throws {
        try await Scene.run { scene in
            let channel = PretendChannel(scene.graph)
            channel.write(
                Self.person(1), "lost", at: scene.desk.now().adding(milliseconds: -60_000))
            channel.onRead = { _, _, _ in .later }
            scene.resume()
            try #require(await scene.desk.until { scene.graph.reads.count == 1 })
            scene.outbound.interrupted()
            channel.onRead = { _, _, _ in nil }
            await scene.loop.sleep(for: .milliseconds(60))
            #expect(scene.desk.mark == nil)
            #expect(!scene.desk.isBackfillFinished)
            scene.resume()
            try #require(await Self.ends(scene, with: "complete"))
            #expect(scene.desk.recorded.map(\.text) == ["lost"])
        }
    }
}
