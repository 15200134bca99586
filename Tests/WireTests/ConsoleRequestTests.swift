import Desk
import Foundation
import Testing

@testable import Wire

private let id = "0b7c2a54-93d1-4c9e-8f27-5d1d0a3c6e10"

@Suite struct ConsoleRequestTests {
    static func frame(_ method: String, _ parameters: String) -> [UInt8] {
        bytes(#"{"jsonrpc":"2.0","id":"\#(id)","method":"\#(method)","params":\#(parameters)}"#)
    }

    static let accepted = ownAccepted + RoutingRequests.accepted
    private static let ownAccepted: [(String, String, ConsoleCommand)] = [
        ("hello", "{}", .hello(resume: nil)),
        ("hello", #"{"resume":null}"#, .hello(resume: nil)),
        (
            "hello", #"{"resume":{"epoch":3,"seq":0}}"#,
            .hello(resume: ResumePoint(epoch: 3, seq: 0))
        ),
        ("presence.set", #"{"presence":"away","unknown":[{}]}"#, .presenceSet(.away)),
        ("presence.set", #"{"presence":"busy"}"#, .presenceSet(.busy)),
        (
            "presence.set", #"{"presence":"away","awayReason":2}"#,
            .presenceSet(.away, reason: AwayReasonID(2))
        ),
        ("wrapUp.extend", "{}", .wrapUpExtend),
        ("shift.setEnd", "{}", .shiftEndSet(nil)),
        (
            "shift.setEnd", #"{"shiftEnd":1800000000000}"#,
            .shiftEndSet(Instant(milliseconds: 1_800_000_000_000))
        ),
        (
            "message.send", #"{"conversation":5,"text":"¡Hola!\n"}"#,
            .messageSend(ConversationID(5), text: "¡Hola!\n")
        ),
        (
            "message.send", #"{"text":"a\u0000\ud800","conversation":5}"#,
            .messageSend(ConversationID(5), text: "a\u{FFFD}\u{FFFD}")
        ),
        ("message.resend", #"{"job":9}"#, .messageResend(JobID(9))),
        ("conversation.read", #"{"conversation":5}"#, .conversationRead(ConversationID(5))),
        ("conversation.close", #"{"conversation":5}"#, .conversationClose(ConversationID(5))),
        (
            "transcript.read", #"{"conversation":5}"#,
            .transcriptRead(ConversationID(5), before: nil, limit: 100)
        ),
        (
            "transcript.read", #"{"conversation":5,"before":8,"limit":20}"#,
            .transcriptRead(ConversationID(5), before: MessageID(8), limit: 20)
        ),
        (
            "agent.setCapacity", #"{"agent":2,"capacity":-1}"#,
            .supervise(.capacitySet(AgentID(2), capacity: -1))
        ),
    ]

    @Test(arguments: accepted)
    func accepts(_ method: String, _ parameters: String, _ command: ConsoleCommand) {
        #expect(
            ConsoleRequest.parse(Self.frame(method, parameters))
                == .success(ConsoleRequest(id: id, command: command)))
    }

    static let refused = ownRefused + RoutingRequests.refused
    private static let ownRefused: [(String, String, ConsoleErrorCode, String)] = [
        ("dance", "{}", .unknownMethod, "method"),
        ("presence.set", "{}", .invalidParameters, "params.presence"),
        ("presence.set", #"{"presence":"asleep"}"#, .invalidParameters, "params.presence"),
        ("presence.set", #"{"presence":1}"#, .invalidParameters, "params.presence"),
        ("message.send", #"{"text":"a"}"#, .invalidParameters, "params.conversation"),
        (
            "message.send", #"{"conversation":"5","text":"a"}"#, .invalidParameters,
            "params.conversation"
        ),
        (
            "message.send", #"{"conversation":0,"text":"a"}"#, .invalidParameters,
            "params.conversation"
        ),
        ("message.send", #"{"conversation":5}"#, .invalidParameters, "params.text"),
        ("message.send", #"{"conversation":5,"text":""}"#, .invalidParameters, "params.text"),
        (
            "message.send", #"{"conversation":5,"text":" \n\t "}"#, .invalidParameters,
            "params.text"
        ),
        (
            "message.send",
            #"{"conversation":5,"text":"\#(String(repeating: "x", count: 2_000))"}"#,
            .invalidParameters, "params.text"
        ),
        ("message.send", #"{"text":"a","text":"b"}"#, .invalidParameters, "params.text"),
        ("message.resend", #"{"job":9223372036854775808}"#, .invalidParameters, "params.job"),
        (
            "transcript.read", #"{"conversation":5,"limit":101}"#, .invalidParameters,
            "params.limit"
        ),
        ("transcript.read", #"{"conversation":5,"limit":0}"#, .invalidParameters, "params.limit"),
        (
            "transcript.read", #"{"conversation":5,"before":-1}"#, .invalidParameters,
            "params.before"
        ),
        ("agent.setCapacity", #"{"agent":2}"#, .invalidParameters, "params.capacity"),
        (
            "agent.setCapacity", #"{"agent":2,"capacity":1.5}"#, .invalidParameters,
            "params.capacity"
        ),
        ("hello", #"{"resume":{"epoch":1}}"#, .invalidParameters, "params.resume.seq"),
        ("hello", #"{"resume":{"epoch":0,"seq":1}}"#, .invalidParameters, "params.resume.epoch"),
        ("hello", #"{"resume":{"epoch":"a"}}"#, .invalidParameters, "params.resume.epoch"),
        ("hello", "[]", .invalidRequest, "params"),
        ("hello", "{,}", .parseError, "params"),
    ]

    @Test(arguments: refused)
    func refuses(
        _ method: String, _ parameters: String, _ code: ConsoleErrorCode, _ field: String
    ) {
        #expect(
            ConsoleRequest.parse(Self.frame(method, parameters))
                == .failure(ConsoleProblem(id: id, code: code, field: field)))
    }

    static let malformed: [(String, ConsoleErrorCode, String?)] = [
        ("", .parseError, nil),
        ("hello", .parseError, nil),
        ("[]", .invalidRequest, nil),
        ("{}", .invalidRequest, "jsonrpc"),
        (#"{"jsonrpc":"1.0","id":"\#(id)"}"#, .invalidRequest, "jsonrpc"),
        (#"{"jsonrpc":"2.0","method":"hello"}"#, .invalidRequest, "id"),
        (#"{"jsonrpc":"2.0","id":7,"method":"hello"}"#, .invalidRequest, "id"),
        (#"{"jsonrpc":"2.0","id":"7","method":"hello"}"#, .invalidRequest, "id"),
        (#"{"jsonrpc":"2.0","id":null,"method":"hello"}"#, .invalidRequest, "id"),
        (#"{"jsonrpc":"2.0","id":"\#(id.replacing("-", with: "_"))"}"#, .invalidRequest, "id"),
        (#"{"jsonrpc":"2.0","id":"\#(id)"}"#, .invalidRequest, "method"),
        (#"{"jsonrpc":"2.0","id":"\#(id)","method":["hello"]}"#, .invalidRequest, "method[0]"),
    ]

    @Test(arguments: malformed.dropLast())
    func refusesFrame(_ frame: String, _ code: ConsoleErrorCode, _ field: String?) {
        guard case .failure(let problem) = ConsoleRequest.parse(bytes(frame)) else {
            Issue.record("taken: \(frame)")
            return
        }
        #expect(problem.code == code)
        #expect(problem.field == field)
    }

    @Test func idInAnyCase() throws {
        let frame = #"{"jsonrpc":"2.0","id":"\#(id.uppercased())","method":"hello"}"#
        #expect(try ConsoleRequest.parse(bytes(frame)).get().id == id)
    }

    @Test("The longest text is taken, counted as the platform counts")
    func longest() {
        for (text, fits) in [
            (String(repeating: "x", count: 1_999), true),
            (String(repeating: "😀", count: 999), true),
            (String(repeating: "😀", count: 1_000), false),
        ] {
            let frame = Self.frame("message.send", #"{"conversation":5,"text":"\#(text)"}"#)
            let isTaken = (try? ConsoleRequest.parse(frame).get()) != nil
            #expect(isTaken == fits)
        }
    }

    @Test("Parameters are told apart by what they say, not by how they are spelt")
    func parameterMaterial() throws {
        func material(_ parameters: String) throws -> [UInt8] {
            try ConsoleRequest.parse(Self.frame("message.send", parameters)).get()
                .parameterMaterial
        }
        let one = try material(#"{"conversation":5,"text":"é"}"#)
        #expect(try material(#"{ "text" : "\u00e9" , "conversation":5,"more":1}"#) == one)
        #expect(try material(#"{"conversation":5,"text":"e"}"#) != one)
        #expect(try material(#"{"conversation":6,"text":"é"}"#) != one)
        let all = try Self.accepted.map {
            try ConsoleRequest.parse(Self.frame($0.0, $0.1)).get()
        }
        for left in all {
            for right in all {
                #expect(
                    (left.parameterMaterial == right.parameterMaterial)
                        == (left.command == right.command))
            }
        }
    }

    @Test("A frame cut at any place or damaged anywhere never crashes")
    func damaged() {
        var generator = SeededGenerator(seed: SeededGenerator.seed(for: "damaged"))
        for (method, parameters, _) in Self.accepted {
            let frame = Self.frame(method, parameters)
            for end in frame.indices {
                guard case .failure = ConsoleRequest.parse([UInt8](frame[..<end])) else {
                    Issue.record("taken when cut at \(end)")
                    return
                }
            }
            for _ in 0..<300 {
                var damaged = frame
                let index = Int.random(in: 0..<damaged.count, using: &generator)
                damaged[index] = UInt8.random(in: 0...255, using: &generator)
                if case .failure(let problem) = ConsoleRequest.parse(damaged) {
                    #expect((try? foreignParse(problem.encode())) != nil)
                }
            }
        }
    }
}
