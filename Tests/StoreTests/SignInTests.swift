import Desk
import EventLoop
import Testing

@testable import Store

extension StoreTests {
    /// Who gets in, once, and for how long.
    @Suite struct SignInTests {
        private let now = Instant(milliseconds: 1_800_000_000_000)
        private func later(_ seconds: Int64) -> Instant {
            now.adding(milliseconds: seconds * 1_000)
        }

        @LoopActor private func open(_ scene: Scene) async throws -> Store {
            let store = try scene.store()
            try await store.open()
            return store
        }

        private func ana(name: String = "Ana") -> Identity {
            Identity(issuer: "https://id.bank", subject: "7", name: name, roles: ["agent"])
        }

        @Test func aPersonIsIssuerAndSubject() async throws {
            try await Scene.run { scene in
                let store = try await open(scene)
                let ana = try await store.enter(ana(), at: now)
                #expect(try await store.enter(self.ana(name: "Ana María"), at: later(1)) == ana)
                let namesake = Identity(
                    issuer: "https://other", subject: "7", name: "Ana", roles: [])
                let other = try await store.enter(namesake, at: now)
                #expect(other != ana)
                #expect(
                    try await store.names(of: [ana, other, AgentID(99)])
                        == [ana: "Ana María", other: "Ana"])
            }
        }

        @Test func firstSignInsAtOnceGetDifferentNumbers() async throws {
            try await Scene.run { scene in
                let store = try await open(scene)
                let people = (0..<2).map { number in
                    startOnLoopWithResult {
                        try await store.enter(
                            Identity(issuer: "i", subject: "\(number)", name: "n", roles: []),
                            at: now)
                    }
                }
                var numbers: Set<AgentID> = []
                for person in people { numbers.insert(try await person.value) }
                #expect(numbers.count == people.count)
            }
        }

        @Test func aSignInIsTakenOnce() async throws {
            try await Scene.run { scene in
                let store = try await open(scene)
                try await store.beginSignIn(state: [1], secrets: [9, 9], expiresAt: later(10))
                try await store.beginSignIn(state: [2], secrets: [8], expiresAt: later(10))
                #expect(try await store.takeSignIn(state: [3], at: now) == nil)
                #expect(try await store.takeSignIn(state: [1], at: now) == [9, 9])
                #expect(try await store.takeSignIn(state: [1], at: now) == nil)
                #expect(try await store.takeSignIn(state: [2], at: later(10)) == nil)
                #expect(try await store.takeSignIn(state: [2], at: now) == nil)
            }
        }

        @Test func aSessionEndsByTimeOrBySignOut() async throws {
            try await Scene.run { scene in
                let store = try await open(scene)
                let person = try await store.enter(ana(), at: now)
                for secret: UInt8 in [1, 2] {
                    try await store.createSession(
                        [secret], person: person, roles: ["agent"], at: now, expiresAt: later(100))
                }
                let session = try #require(try await store.session([1], at: now))
                #expect(session.person == person && session.roles == ["agent"])
                #expect(session.name == "Ana" && session.digest == SessionDigest(of: [1]))
                #expect(try await store.session([3], at: now) == nil)
                #expect(try await store.session([1], at: later(100)) == nil)
                #expect(try await store.revokeSession([1], at: later(1)) == session.digest)
                #expect(try await store.revokeSession([3], at: now) == nil)
                #expect(try await store.session([1], at: later(1)) == nil)
                let all = [1, 2, 3].map { SessionDigest(of: [$0]) }
                #expect(try await store.ended(among: all, at: now) == [all[0], all[2]])
                #expect(try await store.ended(among: all, at: later(100)) == Set(all))
                #expect(
                    try await store.createTicket(
                        [5], session: [1], at: now, expiresAt: later(30)) == false)
            }
        }

        @Test func aTicketOpensOneSocket() async throws {
            try await Scene.run { scene in
                let store = try await open(scene)
                let person = try await store.enter(ana(), at: now)
                try await store.createSession(
                    [1], person: person, roles: [], at: now, expiresAt: later(100))
                for ticket: UInt8 in 5...7 {
                    #expect(
                        try await store.createTicket(
                            [ticket], session: [1], at: now, expiresAt: later(30)))
                }
                #expect(try await store.burnTicket([9], at: now) == nil)
                #expect(try await store.burnTicket([6], at: later(30)) == nil)
                #expect(try await store.burnTicket([6], at: now) == nil)
                let second = try scene.store(holder: "two")
                try await second.open()
                let burning = (0..<20).map { number in
                    startOnLoopWithResult {
                        try await (number % 2 == 0 ? store : second).burnTicket([5], at: now)
                    }
                }
                var winners: [Session] = []
                for attempt in burning {
                    if let session = try await attempt.value { winners.append(session) }
                }
                #expect(winners.map(\.person) == [person])
                _ = try await store.revokeSession([1], at: now)
                #expect(try await store.burnTicket([7], at: now) == nil)
            }
        }

        @Test func secretsAreNotKept() async throws {
            try await Scene.run { scene in
                let store = try await open(scene)
                let person = try await store.enter(ana(), at: now)
                let secret = Array("session secret".utf8)
                try await store.createSession(
                    secret, person: person, roles: [], at: now, expiresAt: later(100))
                _ = try await store.createTicket(
                    Array("ticket secret".utf8), session: secret, at: now, expiresAt: later(9))
                let found = try await scene.number(
                    """
                    SELECT (SELECT count(*) FROM sessions
                             WHERE position('secret'::bytea IN session) > 0)
                         + (SELECT count(*) FROM tickets
                             WHERE position('secret'::bytea IN ticket) > 0)
                    """)
                #expect(found == 0)
            }
        }
    }
}
