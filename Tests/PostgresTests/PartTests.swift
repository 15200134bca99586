import Testing

@testable import Postgres

/// Parts that need no server.
@Suite struct PartTests {
    @Test(
        arguments: [
            ("00000000-0000-0000-0000-000000000001", 0, 1),
            ("F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6", 0xf81d_4fae_7dec_11d0, 0xa765_00a0_c91e_6bf6),
        ] as [(String, UInt64, UInt64)])
    func uuidsAreReadAndWritten(text: String, high: UInt64, low: UInt64) {
        let uuid = PostgresUUID(text)
        #expect(uuid == PostgresUUID(high: high, low: low))
        #expect(uuid?.description == text.lowercased())
    }

    @Test(arguments: [
        "", "f81d4fae7dec11d0a76500a0c91e6bf6", "f81d4fae-7dec-11d0-a765-00a0c91e6bf",
        "g81d4fae-7dec-11d0-a765-00a0c91e6bf6", "f81d4fae-7dec-11d0-a76500-a0c91e6bf6",
    ])
    func whatIsNoUUIDIsRefused(text: String) {
        #expect(PostgresUUID(text) == nil)
    }

    @Test(
        arguments: [
            ("01000", "SyncRepWaitForLSN", "translated", true),
            ("57P01", "SyncRepWaitForLSN", nil, true),
            ("01000", nil, "canceling wait for synchronous replication due to user request", true),
            (
                "57P01", nil,
                "canceling the wait for synchronous replication and terminating connection due to "
                    + "administrator command", true
            ),
            ("01000", "exec_stmt_raise", "something else", false),
            ("25P01", "EndTransactionBlock", "there is no transaction in progress", false),
            (nil, nil, nil, false),
        ] as [(String?, String?, String?, Bool)])
    func theReplicationWarningIsKnown(
        state: String?, routine: String?, text: String?, expected: Bool
    ) {
        #expect(
            NoticeCount.isReplicationWarning(state: state, routine: routine, text: text)
                == expected)
    }

    @Test(
        arguments: [
            ("host=/run/postgresql", nil), ("host=@abstract", nil), ("host=127.0.0.1", nil),
            ("host=::1", nil), ("host=db.bank hostaddr=10.0.0.1", nil), ("user=x", nil),
            ("host=db.bank", "db.bank"), ("postgresql://db.bank/x", "db.bank"),
        ] as [(String, String?)])
    func onlyNamesNeedResolving(string: String, name: String?) throws {
        let host = try #require(ConnectionString(string)?.hosts?.first)
        #expect(host.nameToResolve == name)
    }

    @Test func whatTheStringSaysWinsOverOurDefaultsButNotOverTheEncoding() throws {
        let string = try #require(
            ConnectionString("host=a keepalives_idle=77 client_encoding=LATIN1 password=p"))
        let host = try #require(string.hosts?.first)
        let configuration = PostgresConfiguration(connectionString: "", applicationName: "desk")
        let settings = Dictionary(
            uniqueKeysWithValues: string.settings(
                for: host, address: "10.0.0.1", among: 1, configuration
            ).map { ($0.keyword, $0.value) })
        #expect(settings["keepalives_idle"] == "77")
        #expect(settings["client_encoding"] == "UTF8")
        #expect(settings["gssencmode"] == "disable")
        #expect(settings["tcp_user_timeout"] == "10000")
        #expect(settings["application_name"] == "desk")
        #expect(settings["hostaddr"] == "10.0.0.1")
        #expect(settings["password"] == "p")
    }

    /// Against an array that does the same slowly.
    @Test func theQueueKeepsItsOrder() {
        var generator = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: 0...UInt64.max, using: &generator)
        var state = seed
        var queue = Fifo<Int>()
        var model: [Int] = []
        for number in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            switch state >> 61 {
            case 0...3:
                queue.append(number)
                model.append(number)
            case 4...6:
                let expected = model.isEmpty ? nil : model.removeFirst()
                #expect(queue.removeFirst() == expected, "seed \(seed)")
            default:
                let divisor = Int(state >> 33 & 7) + 2
                let gone = model.filter { $0 % divisor == 0 }
                model.removeAll { $0 % divisor == 0 }
                #expect(queue.remove { $0 % divisor == 0 } == gone, "seed \(seed)")
            }
            guard queue.count == model.count, queue.first == model.first,
                queue.isEmpty == model.isEmpty
            else {
                Issue.record("differs at \(number), seed \(seed)")
                return
            }
        }
        #expect(queue.all == model)
    }

    /// A large command's memory is given back, and what follows is encoded as if it had never been.
    @Test func theScratchMemoryIsUsedAgain() {
        let buffer = ParameterBuffer()
        buffer.append([.bytea([UInt8](repeating: 1, count: 3_000_000)), .null, .int8(5)])
        #expect(buffer.slots.map(\.length) == [3_000_000, -1, 8])
        #expect(buffer.count == 3_000_008)
        buffer.reset()
        buffer.append([.text("é"), .int8Array([]), .int8OptionalArray([nil])])
        #expect(buffer.slots.map(\.length) == [2, 12, 24])
        #expect(buffer.slots.map(\.offset) == [0, 2, 14])
        #expect(!buffer.isTooLarge)
    }
}
