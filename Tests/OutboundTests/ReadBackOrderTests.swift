import Desk
import Testing

@testable import Outbound
@testable import Wire

@Suite struct ReadBackOrderTests {
    /// A message of the list, its true moment, and whether a webhook brought it.
    struct Message: Sendable {
        let at: Int64
        let isRecorded: Bool
    }

    /// The order of the transcript after the missing ones were placed; messages by their true place.
    private static func transcript(
        _ messages: [Message], since: Int64 = 0, enteredLastFirst: Bool = false
    ) -> [Int] {
        func name(_ place: Int) -> String { "m_\(place)" }
        let elements = messages.indices.map { place in
            var element = MetaElement(page: "1", person: "2", kind: .message(.text), raw: [])
            element.messageID = name(place)
            let at = messages[place].at
            element.timestamp = Instant(milliseconds: at - at % 1_000)
            return element
        }
        let recorded = messages.indices.filter { messages[$0].isRecorded }
        let missing = ReadBackOrder.missing(
            in: elements.reversed(), since: Instant(milliseconds: since)
        ) { element in
            recorded.first { name($0) == element.messageID }
                .map { Instant(milliseconds: messages[$0].at) }
        }
        // Recorded first those of webhooks, then those that were read back.
        var written = recorded.map { (place: $0, at: messages[$0].at) }
        for element in enteredLastFirst ? missing.reversed() : missing {
            guard let place = messages.indices.first(where: { name($0) == element.messageID }),
                let at = element.timestamp?.milliseconds
            else { continue }
            #expect(at / 1_000 == messages[place].at / 1_000, "it stays within its second")
            written.append((place, at))
        }
        return written.enumerated()
            .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
            .map(\.element.place)
    }

    static let seeds: [UInt64] = [1, 2, 3, UInt64.random(in: 4...UInt64.max)]

    @Test("Whatever came by webhooks, the transcript is in the order of the list", arguments: seeds)
    func order(seed: UInt64) {
        var state = seed
        func random(below bound: UInt64) -> Int64 {
            // SplitMix64.
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int64((value ^ (value >> 31)) % bound)
        }
        for _ in 0..<300 {
            var at: Int64 = 1_800_000_000_000 + random(below: 1_000)
            let messages = (0..<30).map { _ in
                // Mostly several within one second.
                at += 1 + random(below: random(below: 4) == 0 ? 3_000 : 200)
                return Message(at: at, isRecorded: random(below: 2) == 0)
            }
            let isInOrder = Self.transcript(messages) == Array(messages.indices)
            #expect(isInOrder, "seed \(seed)")
            guard isInOrder else { return }
        }
    }

    @Test("Where there is room, the order in which they are stored does not matter")
    func entering() {
        let messages = (0..<20).map { Message(at: 5_000 + $0 * 40, isRecorded: $0 % 7 == 3) }
        let expected = Array(messages.indices)
        #expect(Self.transcript(messages, enteredLastFirst: true) == expected)
        #expect(Self.transcript(messages) == expected)
    }

    static let table: [(String, [Message], Int64, [Int])] = [
        (
            "none recorded",
            [.init(at: 5_100, isRecorded: false), .init(at: 5_900, isRecorded: false)], 0, [0, 1]
        ),
        (
            "before all of its second",
            [.init(at: 5_100, isRecorded: false), .init(at: 5_900, isRecorded: true)], 0, [0, 1]
        ),
        (
            "behind all of its second",
            [.init(at: 5_100, isRecorded: true), .init(at: 5_900, isRecorded: false)], 0, [0, 1]
        ),
        (
            "in the same millisecond as the one before",
            [.init(at: 5_100, isRecorded: true), .init(at: 5_100, isRecorded: false)], 0, [0, 1]
        ),
        (
            "the one before stands later than its second: it stays within its own",
            [.init(at: 9_000, isRecorded: true), .init(at: 5_100, isRecorded: false)], 0, [1, 0]
        ),
        (
            "no room before the next",
            [
                .init(at: 5_100, isRecorded: true), .init(at: 5_100, isRecorded: false),
                .init(at: 5_101, isRecorded: false), .init(at: 5_101, isRecorded: true),
            ], 0, [0, 1, 2, 3]
        ),
        (
            "older than what is wanted",
            [.init(at: 4_900, isRecorded: false), .init(at: 5_100, isRecorded: false)], 5_000, [1]
        ),
    ]

    @Test(arguments: table)
    func places(_ name: String, _ messages: [Message], _ since: Int64, _ expected: [Int]) {
        #expect(Self.transcript(messages, since: since) == expected)
    }
}
