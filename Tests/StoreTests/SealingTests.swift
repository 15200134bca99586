import Desk
import Engine
import EventLoop
import Foundation
import PostgresFixture
import Testing

@testable import Store

extension StoreTests {
    /// What was said and by whom is nowhere to be read without the wrapping key.
    @Suite struct SealingTests {
        @Test func noTextAndNoPlatformIdLiesInTheOpen() async throws {
            let canary = "canary-\(UInt64.random(in: .min ... .max))"
            try await Scene.run { scene in
                let node = try await scene.node()
                try await node.commit(arrives(7))
                var order = wrote(1, message: 1, text: "text \(canary)")
                order.content?.address = Array("address \(canary)".utf8)
                try await node.commit([order])
                let conversation = try await node.conversation(of: 1)
                try await node.commit([replied(7, conversation, text: "reply \(canary)")])
                let about = ChannelReport(
                    thread: thread(1), platformMessage: platform(1), kind: .edited, at: node.now)
                let raw = Content(body: Array("raw \(canary)".utf8))
                try await node.commit([
                    Node.Order(input: .channelReported(about), content: raw),
                    Node.Order(input: .channelEventKept, content: raw),
                ])
                try await node.store.beginSignIn(
                    state: Array("state \(canary)".utf8), secrets: Array("nonce \(canary)".utf8),
                    expiresAt: node.now)
                try await scene.sql("CHECKPOINT")
                let page = try await node.store.transcript(of: conversation, limit: 10).messages
                #expect(
                    page.map(\.body) == [
                        Array("text \(canary)".utf8), Array("reply \(canary)".utf8),
                    ])
                #expect(page[0].edits.map(\.body) == [Array("raw \(canary)".utf8)])

                let server = scene.database.server.directory
                let number = try await scene.number(
                    "SELECT oid::bigint FROM pg_database WHERE datname = current_database()")
                #expect(
                    try files(of: number, under: "\(server)/data", holding: Array(canary.utf8))
                        == [])
                // The search finds what is there.
                try await scene.sql("CREATE TABLE open AS SELECT 'open \(canary)'; CHECKPOINT")
                #expect(
                    try files(of: number, under: "\(server)/data", holding: Array(canary.utf8))
                        != [])
            }
        }

        /// Every file of the database, and the write-ahead log of all.
        private func files(
            of database: Int64, under directory: String, holding bytes: [UInt8]
        ) throws -> [String] {
            let needle = Data(bytes)
            let found = try #require(FileManager.default.enumerator(atPath: directory))
            return found.compactMap { $0 as? String }.filter { name in
                guard name.hasPrefix("base/\(database)/") || name.hasPrefix("pg_wal/") else {
                    return false
                }
                let path = directory + "/" + name
                guard let data = FileManager.default.contents(atPath: path) else { return false }
                return data.range(of: needle) != nil
            }
        }

        @Test func aValueOpensOnlyInItsPlace() async throws {
            try await Scene.run { scene in
                let node = try await scene.node()
                try await node.commit([wrote(1, message: 1), wrote(1, message: 2)])
                let conversation = try await node.conversation(of: 1)
                #expect(
                    try await node.store.transcript(of: conversation, limit: 9).messages.count == 2)
                try await scene.sql(
                    """
                    UPDATE messages SET sealed_body = other.sealed_body FROM messages AS other
                     WHERE messages.message <> other.message
                    """)
                await #expect(throws: StoreError.unreadable) {
                    try await node.store.transcript(of: conversation, limit: 9)
                }
            }
        }

        @Test func anErasedKeyLeavesTheRowsWithoutText() async throws {
            try await Scene.run { scene in
                let node = try await scene.node()
                try await node.commit([wrote(1, message: 1), wrote(2, message: 2)])
                try await scene.sql(
                    "UPDATE customers SET wrapping_key = NULL, sealed_key = NULL WHERE customer = 1"
                )
                let (first, second) = (
                    try await node.conversation(of: 1), try await node.conversation(of: 2)
                )
                #expect(
                    try await node.store.transcript(of: first, limit: 9).messages.map(\.body) == [
                        nil
                    ])
                #expect(
                    try await node.store.transcript(of: second, limit: 9).messages.map(\.body)
                        == [Array("hello".utf8)])
            }
        }

        /// After a reload the keys of the conversations that the desk holds come with the prefetch; one
        /// that cannot be read costs its own conversation alone.
        @Test func keysOfHeldConversationsArePrefetched() async throws {
            try await Scene.run { scene in
                let node = try await scene.node()
                try await node.commit((1...3).map { wrote($0, message: $0) })
                try await scene.sql(
                    """
                    UPDATE customers SET sealed_key = decode(repeat('00', 60), 'hex')
                     WHERE thread = (SELECT thread FROM conversations ORDER BY conversation LIMIT 1)
                    """)
                try await node.reload(.keep(node.epoch))
                #expect(node.store.keyRing.count == 0)
                var needs = Needs()
                needs.held = Set(node.desk.state.conversations.map(\.id))
                let request = PrefetchRequest(keys: [key(1)], needs: needs)
                #expect(await node.store.prefetch(request)?.keys.count == 1)
                #expect(node.store.keyRing.count == 2)
                #expect(try await node.commit([wrote(2, message: 4)]) == .ok)
                #expect(try await node.commit([wrote(1, message: 5)]) == .poison)
            }
        }

        @Test func wrappingKeysRotate() async throws {
            try await Scene.run { scene in
                let before = try await scene.node(keys: wrappingKeys(1))
                for customer in 1...5 {
                    try await before.commit([wrote(UInt64(customer), message: UInt64(customer))])
                }
                let conversation = try await before.conversation(of: 1)
                let digest = try #require(before.store.digester).digest("d", [1])
                await before.store.giveLeaseBack(epoch: before.epoch)
                before.store.close()

                let during = try await scene.node(keys: wrappingKeys(2, old: [1]))
                try await during.commit([wrote(6, message: 6)])
                #expect(try await during.store.rewrapKeys(limit: 3) == 5)
                #expect(try await during.store.rewrapKeys(limit: 3) == 2)
                #expect(try await during.store.rewrapKeys(limit: 3) == 0)
                await during.store.giveLeaseBack(epoch: during.epoch)
                during.store.close()

                let after = try await scene.node(keys: wrappingKeys(2))
                #expect(
                    try await after.store.transcript(of: conversation, limit: 9).messages.map(
                        \.body)
                        == [Array("hello".utf8)])
                #expect(after.store.digester?.digest("d", [1]) == digest)
                #expect(try await after.commit([wrote(1, message: 7)]) == .ok)
                await #expect(throws: StoreError.unreadable) {
                    try await scene.store(keys: wrappingKeys(1)).open()
                }
            }
        }

        @Test func digestsDifferByDomainAndByWhereThePartsEnd() async throws {
            try await Scene.run { scene in
                let store = try scene.store()
                #expect(store.digester == nil)
                try await store.open()
                let digester = try #require(store.digester)
                let all = [
                    digester.digest("a", [1, 2], [3]), digester.digest("a", [1], [2, 3]),
                    digester.digest("a", [1, 2, 3]), digester.digest("b", [1, 2, 3]),
                    digester.digest("a", [1, 2, 3], []), digester.digest("", [1, 2, 3]),
                ]
                #expect(Set(all).count == all.count)
                #expect(digester.digest("a", [1, 2], [3]) == all[0])
            }
        }
    }

    /// Wrapping keys as files.
    @Suite struct WrappingKeyTests {
        private let raw = (0..<32).map { UInt8($0) }

        @Test(
            arguments: [
                (32, 0o600, nil), (32, 0o400, nil), (32, 0o440, nil),
                (32, 0o604, StoreError.FileProblem.openToOthers), (32, 0o620, .openToOthers),
                (31, 0o600, .notThirtyTwoBytes), (33, 0o600, .notThirtyTwoBytes),
                (0, 0o600, .notThirtyTwoBytes),
            ] as [(Int, Int, StoreError.FileProblem?)])
        func aFileIsExactlyThirtyTwoBytesForItsOwner(
            count: Int, mode: Int, problem: StoreError.FileProblem?
        ) throws {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            try withFile(bytes, mode: mode) { path in
                guard let problem else {
                    let keys = try WrappingKeys(currentFile: path)
                    #expect(try keys.current.name == name(raw))
                    return
                }
                #expect(throws: StoreError.file(path: path, reason: problem)) {
                    try WrappingKeys(currentFile: path)
                }
            }
        }

        @Test(arguments: ["", "\n", "\r\n"])
        func base64IsTheSameKey(end: String) throws {
            let text = Data(raw).base64EncodedString() + end
            try withFile(Array(text.utf8), mode: 0o600) { path in
                let keys = try WrappingKeys(currentFile: path)
                #expect(try keys.current.name == name(raw))
            }
        }

        @Test func whatIsMissingIsNamed() {
            #expect(throws: StoreError.file(path: "/nowhere/key", reason: .unreadable)) {
                try WrappingKeys(currentFile: "/nowhere/key")
            }
            #expect(throws: StoreError.invalid(field: "wrappingKeys")) {
                try WrappingKeys(current: [1])
            }
        }

        private func name(_ bytes: [UInt8]) throws -> [UInt8] {
            try WrappingKeys(current: bytes).current.name
        }

        private func withFile(
            _ bytes: [UInt8], mode: Int, _ body: (String) throws -> Void
        ) throws {
            let path = FileManager.default.temporaryDirectory
                .appending(path: "ventanilla-key-\(UUID().uuidString)").path
            try #require(FileManager.default.createFile(atPath: path, contents: Data(bytes)))
            defer { try? FileManager.default.removeItem(atPath: path) }
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            try body(path)
        }
    }
}
