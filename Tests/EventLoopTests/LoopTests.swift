import EventLoop
import Glibc
import LoopFixture
import Synchronization
import Testing

private func resumesOnLoop() async -> Bool { LoopActor.shared.executor.isOnLoop }
@concurrent private func runsOnPool() async -> Bool { LoopActor.shared.executor.isOnLoop }

@Suite struct LoopTests {
    /// Every way in which a task can come back from an await must come back on the loop's thread,
    /// and not by way of the thread pool.
    @Test func everythingResumesOnTheLoop() async throws {
        let places = try await TestLoop.run { loop -> [String: Bool] in
            let executor = LoopActor.shared.executor
            var places: [String: Bool] = ["start": executor.isOnLoop]
            places["nonisolated async function"] = await resumesOnLoop()
            places["concurrent function, under the preference"] = await runsOnPool()
            await withCheckedContinuation { continuation in
                startThread { continuation.resume() }
            }
            places["continuation of another thread"] = executor.isOnLoop
            await startOnLoop { places["task"] = executor.isOnLoop }.value
            places["task value"] = executor.isOnLoop
            async let child = resumesOnLoop()
            places["child task"] = await child
            await withTaskGroup(of: Bool.self) { group in
                group.addTask { await resumesOnLoop() }
                for await value in group { places["group"] = value }
            }
            await loop.sleep(for: .milliseconds(1))
            places["sleep"] = executor.isOnLoop
            return places
        }
        #expect(places.count == 9)
        #expect(places.filter { !$0.value }.isEmpty)
    }

    /// libuv runs timers and then waits; with nothing else going on, a job made by the timer's
    /// callback would lie there until the next socket event.
    @Test func aJobQueuedByATimerRunsAtOnce() async throws {
        let waited = try await TestLoop.run { loop -> Int64 in
            let started = loop.monotonic
            return await withCheckedContinuation { continuation in
                loop.after(.milliseconds(5)) {
                    startOnLoop {
                        await Task.yield()
                        continuation.resume(returning: loop.monotonic - started)
                    }
                }
            }
        }
        #expect(waited < 2_000)
    }

    @Test func timersFireInOrderAndNotAfterTheyAreCancelled() async throws {
        let fired = try await TestLoop.run { loop -> [Int] in
            var fired: [Int] = []
            loop.after(.milliseconds(30)) { fired.append(3) }
            loop.after(.milliseconds(1)) { fired.append(1) }
            let cancelled = loop.after(.milliseconds(10)) { fired.append(2) }
            cancelled.cancel()
            cancelled.cancel()
            var ticks = 0
            var ticker: LoopTimer?
            ticker = loop.every(.milliseconds(1)) {
                ticks += 1
                if ticks == 3 { ticker?.cancel() }
            }
            for _ in 0..<2_000 where ticks < 3 || fired.count < 2 {
                await loop.sleep(for: .milliseconds(1))
            }
            await loop.sleep(for: .milliseconds(20))
            #expect(ticks == 3)
            return fired
        }
        #expect(fired == [1, 3])
    }

    @Test func aCancelledSleepReturnsEarly() async throws {
        let waited = try await TestLoop.run { loop -> Int64 in
            let started = loop.monotonic
            let sleeper = startOnLoop { await loop.sleep(for: .seconds(60)) }
            await loop.sleep(for: .milliseconds(1))
            sleeper.cancel()
            await sleeper.value
            return loop.monotonic - started
        }
        #expect(waited < 10_000)
    }

    @Test func theEndOfATurnSeesTheWholeBatch() async throws {
        let batches = try await TestLoop.run { loop -> [Int] in
            var pending = 0
            var batches: [Int] = []
            for _ in 0..<100 {
                startOnLoop {
                    if pending == 0 {
                        loop.afterThisTurn {
                            batches.append(pending)
                            pending = 0
                        }
                    }
                    pending += 1
                }
            }
            await loop.sleep(for: .milliseconds(5))
            return batches
        }
        #expect(batches == [100])
    }

    @Test func jobsThatMakeJobsDoNotStarveTimers() async throws {
        let ended = try await TestLoop.run { loop -> Bool in
            var isOver = false
            loop.after(.milliseconds(2)) { isOver = true }
            while !isOver { await Task.yield() }
            return isOver
        }
        #expect(ended)
    }

    @Test func aDescriptorTellsWhenItIsReady() async throws {
        var ends: [Int32] = [0, 0]
        unsafe #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let (mine, theirs) = (ends[0], ends[1])
        let seen = try await TestLoop.run { loop -> [String] in
            var seen: [String] = []
            var watch: DescriptorWatch?
            watch = DescriptorWatch(loop: loop, descriptor: mine) { readable, writable in
                seen.append("\(readable) \(writable)")
                watch?.want(readable: true, writable: false)
                if readable { watch?.stop() }
            }
            watch?.want(readable: true, writable: true)
            await loop.sleep(for: .milliseconds(5))
            close(theirs)
            await loop.sleep(for: .milliseconds(20))
            return seen
        }
        close(mine)
        #expect(seen == ["false true", "true false"])
    }

    @Test func theWallClockIsUTC() async throws {
        let (wall, real) = try await TestLoop.run { loop in
            var now = timespec()
            unsafe clock_gettime(CLOCK_REALTIME, &now)
            return (loop.wallClock, Int64(now.tv_sec) * 1_000)
        }
        #expect(abs(wall - real) < 60_000)
    }

    @Test func signalsArriveOnTheLoop() async throws {
        let number = try await TestLoop.run { loop -> Int in
            var count = 0
            loop.onSignal(SIGUSR2) { count += 1 }
            kill(getpid(), SIGUSR2)
            await loop.sleep(for: .milliseconds(50))
            return count
        }
        #expect(number == 1)
    }

    /// One loop at a time: the second is told so.
    @Test func aSecondLoopIsRefused() async throws {
        _ = try await TestLoop.run { _ in true }
        #expect(throws: LoopError.alreadyRunning) { try Loop.run { $0.stop() } }
    }

    /// Without the plugin libwebsockets would use `poll`, whose cost grows with every idle socket.
    @Test func aMissingLibuvPluginIsToldToTheOperator() {
        var configuration = Loop.Configuration()
        configuration.pluginDirectory = "/nowhere"
        let path = "/nowhere/libwebsockets-evlib_uv.so"
        #expect(throws: LoopError.libuvPluginMissing(path: path)) {
            try Loop.run(configuration) { $0.stop() }
        }
        let sentence = LoopError.libuvPluginMissing(path: path).description
        #expect(sentence.contains("apt-get install libwebsockets-evlib-uv"))
    }
}
