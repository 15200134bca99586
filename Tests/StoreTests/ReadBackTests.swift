import Desk
import Engine
import EventLoop
import Testing

@testable import Store

@Suite struct ReadBackTests {
    private static func moment(_ second: Int64) -> Instant {
        Instant(milliseconds: 1_800_000_000_000 + second * 1_000)
    }

    @Test("A mark moves forward only, and only by the desk's owner")
    func marks() async throws {
        try await Scene.run { scene in
            let one = try await scene.node()
            let page = platform(1)
            #expect(try await one.store.readBackMark(of: page) == nil)
            for (kept, expected) in [(5, 5), (9, 9), (7, 9)] as [(Int64, Int64)] {
                try await one.store.keepReadBackMark(of: page, until: Self.moment(kept))
                #expect(try await one.store.readBackMark(of: page) == Self.moment(expected))
            }
            #expect(try await one.store.readBackMark(of: platform(2)) == nil)

            // Another process owns the desk: the first was paused and does not know.
            try await scene.sql("UPDATE desks SET expires_at = now() - interval '1 second'")
            try await one.store.keepReadBackMark(of: page, until: Self.moment(20))
            #expect(try await one.store.readBackMark(of: page) == Self.moment(9))
            let two = try await scene.node(holder: "two")
            try await one.store.keepReadBackMark(of: page, until: Self.moment(21))
            #expect(try await two.store.readBackMark(of: page) == Self.moment(9))
            try await two.store.keepReadBackMark(of: page, until: Self.moment(22))
            #expect(try await one.store.readBackMark(of: page) == Self.moment(22))
        }
    }

    @Test("Messages on record are found by the platform's id")
    func times() async throws {
        try await Scene.run { scene in
            let node = try await scene.node()
            #expect(
                try await node.commit([wrote(1, message: 5), wrote(2, message: 6)]) == .ok)
            #expect(
                try await node.store.writtenTimes(of: [platform(5), platform(6), platform(7)])
                    == [
                        platform(5): Instant(milliseconds: 1_700_000_000_005),
                        platform(6): Instant(milliseconds: 1_700_000_000_006),
                    ])
            #expect(try await node.store.writtenTimes(of: []).isEmpty)
            let many = (0...UInt64(StoreLimits.listedRows)).map { platform($0) }
            await #expect(throws: StoreError.self) {
                try await node.store.writtenTimes(of: many)
            }
        }
    }
}
