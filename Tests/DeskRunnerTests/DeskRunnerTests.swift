import Desk
import DeskRunner
import Engine
import EventLoop
import Postgres
import PostgresFixture
import Testing

/// The runner with a real store; what the Engine decides is the simulator's to check.
@Suite(.serialized) struct DeskRunnerTests {
    private static let agent = AgentID(1)

    @Test("Nothing is told before the commit has ended, and listeners hear before who asked")
    func acknowledgement() async throws {
        try await Scene.run { scene in
            let node = try scene.start("one")
            try #require(await scene.until { node.runner.isOwner })
            let before = node.heard.count
            // Whoever holds the desk's row holds up its commits: until the test lets go, but for less
            // than a commit may take. The lock of number 1 says that it is held.
            let holding = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 1"
            startOnLoop {
                try? await scene.sql(
                    """
                    DO $$ BEGIN
                        PERFORM FROM desks FOR UPDATE;
                        PERFORM pg_advisory_xact_lock(1);
                        FOR turn IN 1..250 LOOP
                            EXIT WHEN to_regclass('let_go') IS NOT NULL;
                            PERFORM pg_sleep(0.01);
                        END LOOP;
                    END $$
                    """)
            }
            let end = scene.loop.monotonic + 5_000
            while try await scene.number(holding) == 0, scene.loop.monotonic < end {
                await scene.loop.sleep(for: .milliseconds(10))
            }
            node.customerWrites(1)
            await scene.loop.sleep(for: .milliseconds(200))
            let heard = node.heard.count
            let isHeld = try await scene.number(holding) == 1
            #expect(isHeld, "the machine is too slow for this test to say anything")
            #expect(heard == before)
            try await scene.sql("CREATE TABLE let_go ()")
            try #require(await scene.until { node.answers[1] != nil })
            #expect(try await scene.number("SELECT count(*) FROM messages") == 1)
            #expect(node.answers[1]?.isStored == true)
            #expect(node.heard.suffix(2) == ["released", "answered 1"])
        }
    }

    @Test("A webhook waits 4 s for a database that is away; what may wait longer is stored then")
    func away() async throws {
        try await Scene.run { scene in
            let proxy = try FaultyProxy(server: scene.database.server.directory)
            defer { proxy.stop() }
            let node = try scene.start("one", through: proxy.directory)
            try #require(await scene.until { node.runner.isOwner })
            let epoch = node.runner.epoch
            proxy.set(.silence)
            let began = scene.loop.monotonic
            node.customerWrites(1)
            node.customerWrites(2, from: .command)
            try #require(await scene.until { node.answers[1] != nil })
            let waited = scene.loop.monotonic - began
            #expect(node.answers[1] == .unavailable)
            // Two clocks: the machine's wall clock decided.
            #expect(waited >= EngineLimits.webhookWait - 50)
            #expect(waited < 5_000, "the platform wants an answer within 5 s")
            #expect(node.answers[2] == nil)
            #expect(node.count("interrupted") == 1)
            #expect(!node.runner.isOwner)

            proxy.set(.none)
            try #require(await scene.until { node.answers[2] != nil })
            #expect(node.answers[2]?.isStored == true)
            #expect(node.runner.epoch > epoch)
            // Who was told to ask again does so, under the same key.
            node.customerWrites(1)
            try #require(await scene.until { node.answers[1]?.isStored == true })
            #expect(try await scene.number("SELECT count(*) FROM messages") == 2)
        }
    }

    @Test("A commit whose end is lost is asked about anew: stored once, answered once")
    func lostCommit() async throws {
        try await Scene.run { scene in
            let proxy = try FaultyProxy(server: scene.database.server.directory)
            defer { proxy.stop() }
            let node = try scene.start("one", through: proxy.directory)
            try #require(await scene.until { node.runner.isOwner })
            let epoch = node.runner.epoch
            // Only a commit locks the desk: what is read before it comes through.
            proxy.set(.atAnswer("lock_desk"))
            for number in 1...3 { node.customerWrites(UInt64(number)) }
            try #require(await scene.until { node.count("interrupted") == 1 })
            #expect(node.answers.isEmpty)
            // Applied, all in one batch since they arrived in one turn of the loop; nobody here knows.
            #expect(try await scene.number("SELECT count(*) FROM messages") == 3)
            proxy.set(.none)
            try #require(await scene.until { node.answers.count == 3 })
            #expect(node.answers.values.allSatisfy { $0.isStored })
            #expect(try await scene.number("SELECT count(*) FROM messages") == 3)
            #expect(node.heard.filter { $0.hasPrefix("answered") }.count == 3)
            #expect(node.runner.epoch > epoch)
            #expect(node.count("resumed") == 2)
        }
    }

    @Test("The second of two large batches is decided first, and given out last")
    func largeBatches() async throws {
        try await Scene.run { scene in
            let node = try scene.start("one")
            try #require(await scene.until { node.runner.isOwner })
            // What the start of the epoch brought about is over.
            await scene.loop.sleep(for: .milliseconds(100))
            let before = (decided: node.runner.counters.decided, releases: node.decided.count)
            let size: UInt64 = 64
            for number in 1...size { node.customerWrites(number) }
            // The first batch is on its way by then, and cannot be committed yet.
            scene.loop.afterThisTurn {
                for number in size + 1...2 * size { node.customerWrites(number) }
            }
            try #require(await scene.until { node.answers.count == 2 * Int(size) })
            #expect(node.answers.values.allSatisfy { $0.isStored })
            #expect(
                node.heard.filter { $0.hasPrefix("answered") }
                    == (1...2 * size).map { "answered \($0)" })
            #expect(
                node.decided.dropFirst(before.releases).map { $0 - before.decided }
                    == [2 * Int(size), 2 * Int(size)])
            #expect(try await scene.number("SELECT count(*) FROM messages") == 2 * Int64(size))
        }
    }

    @Test("What falls due is done without anything else happening")
    func deadline() async throws {
        try await Scene.run { scene in
            let rules = Rules(disconnectGrace: 300, settlingTime: 0)
            let node = try scene.start("one", rules: rules)
            try #require(await scene.until { node.runner.isOwner })
            node.enter(.agentConnected(Self.agent, ConnectionID(1)), from: .connection)
            node.enter(.presenceSet(Self.agent, .available))
            node.customerWrites(1)
            try #require(await scene.until { node.handoffs(.assigned) == 1 })
            let left = scene.loop.monotonic
            node.enter(.agentDisconnected(Self.agent, ConnectionID(1)), from: .connection)
            try #require(await scene.until { node.handoffs(.disconnected) == 1 })
            #expect(scene.loop.monotonic - left >= 300)
            #expect(
                try await scene.number("SELECT count(*) FROM conversations WHERE owner = 'queue'")
                    == 1)
        }
    }

    @Test("An idle owner keeps its lease")
    func renewal() async throws {
        try await Scene.run { scene in
            let node = try scene.start("one")
            try #require(await scene.until { node.runner.isOwner })
            let expiry = "SELECT (extract(epoch FROM expires_at) * 1000)::bigint FROM desks"
            let first = try await scene.number(expiry)
            await scene.loop.sleep(for: .milliseconds(EngineLimits.leaseRenewal + 700))
            let second = try await scene.number(expiry)
            #expect(second - first >= EngineLimits.leaseRenewal - 500)
        }
    }

    @Test("A drain stores and answers what was taken in, then gives the lease back")
    func drain() async throws {
        try await Scene.run { scene in
            let node = try scene.start("one")
            try #require(await scene.until { node.runner.isOwner })
            // More than one batch.
            let inputs = UInt64(EngineLimits.batchSize) + 100
            for number in 1...inputs { node.customerWrites(number, from: .command) }
            await node.runner.drain()
            #expect(node.runner.hasEnded)
            #expect(node.answers.count == Int(inputs))
            #expect(node.answers.values.allSatisfy { $0.isStored })
            #expect(try await scene.number("SELECT count(*) FROM messages") == Int64(inputs))
            #expect(
                try await scene.number("SELECT count(*) FROM desks WHERE holder IS NULL") == 1)
            node.customerWrites(inputs + 1)
            #expect(node.answers[inputs + 1] == .unavailable)
            await node.runner.drain()

            let next = try scene.start("two")
            try #require(await scene.until { next.runner.isOwner })
            next.customerWrites(inputs + 1)
            try #require(await scene.until { next.answers[inputs + 1]?.isStored == true })
        }
    }

    @Test("A runner whose desk another took stands by, and takes it again when it is free")
    func fenced() async throws {
        try await Scene.run { scene in
            let old = try scene.start("one")
            try #require(await scene.until { old.runner.isOwner })
            old.customerWrites(1)
            try #require(await scene.until { old.answers[1] != nil })
            // As after a pause in which the lease ran out; its session is out of the other's reach.
            try await scene.sql(
                "UPDATE desks SET expires_at = now(), backend_pid = NULL, backend_start = NULL")
            let new = try scene.start("two")
            try #require(await scene.until { new.runner.isOwner })
            #expect(new.runner.epoch == old.runner.epoch + 1)

            old.customerWrites(2)
            try #require(await scene.until { old.answers[2] != nil })
            #expect(old.answers[2] == .unavailable)
            #expect(old.count("stoodBy") == 1)
            #expect(!old.runner.isOwner && old.runner.epoch == 0)
            #expect(!old.runner.hasEnded)
            new.customerWrites(2)
            try #require(await scene.until { new.answers[2]?.isStored == true })
            #expect(try await scene.number("SELECT count(*) FROM messages") == 2)

            await new.runner.drain()
            try #require(await scene.until { old.runner.isOwner })
            old.customerWrites(3)
            try #require(await scene.until { old.answers[3]?.isStored == true })
            let epoch = try await scene.number("SELECT epoch FROM desks")
            #expect(epoch == old.runner.epoch)
        }
    }
}
