import Desk
import Foundation
import Guard
import Testing

@testable import Wire

/// What `Schemas/` says and what the code does are the same.
@Suite struct SchemaTests {
    private static func codes() throws -> NSDictionary {
        try foreignObject(try read("Schemas/codes.json"))
    }

    private static func rows(_ name: String) throws -> [NSDictionary] {
        try #require(try codes()[name] as? [NSDictionary])
    }

    @Test func consoleErrors() throws {
        let expected = ConsoleErrorCode.allCases.map { code -> NSDictionary in
            [
                "code": code.rawValue, "name": code.name, "message": code.message,
                "repetition": code.repetition.rawValue,
            ]
        }
        #expect(try Self.rows("consoleErrors") == expected)
        let described = try #require(try Self.codes()["repetitions"] as? [String: String])
        #expect(
            Set(described.keys) == Set(ConsoleErrorCode.Repetition.allCases.map(\.rawValue)))
    }

    @Test func consoleCloses() throws {
        let expected = ConsoleClose.allCases.map { close -> NSDictionary in
            ["code": Int(close.rawValue), "reason": close.reason, "next": close.next.rawValue]
        }
        #expect(try Self.rows("consoleCloses") == expected)
        let described = try #require(try Self.codes()["nexts"] as? [String: String])
        #expect(Set(described.keys) == Set(ConsoleClose.Next.allCases.map(\.rawValue)))
        // RFC 6455 §5.5: the payload of a close frame is at most 125 bytes, two of them the code.
        #expect(ConsoleClose.allCases.allSatisfy { $0.reason.utf8.count <= 123 })
    }

    @Test func problems() throws {
        let expected = ProblemCode.allCases.map { code -> NSDictionary in
            [
                "code": code.rawValue, "status": code.status, "temporary": code.isTemporary,
                "detail": code.detail,
            ]
        }
        #expect(try Self.rows("problems") == expected)
        #expect(ProblemCode.allCases.allSatisfy { ProblemCode.title($0.status) != "Error" })
    }

    @Test("Every push has its schema, and every schema its push")
    func pushes() throws {
        let schema = try foreignObject(try read("Schemas/console.json"))
        let definitions = try #require(schema["$defs"] as? [String: Any])
        let pushes = definitions.keys.filter { $0.hasPrefix("push.") }
        #expect(
            Set(pushes) == Set(ConsoleFrameTests.pushes.map { "push." + $0.0.method }))
        let requests = definitions.keys.filter { $0.hasPrefix("request.") }
        #expect(
            Set(requests) == Set(ConsoleRequestTests.accepted.map { "request." + $0.0 }))
    }

    @Test("Every frame of the tests is valid by the schema, judged by code that is not ours")
    func frames() throws {
        var frames: [[UInt8]] = []
        for (event, context, _) in ConsoleFrameTests.pushes {
            let record = EventRecord(
                number: 42, at: Instant(milliseconds: 1_000), epoch: 3, event: event,
                audience: [])
            frames.append(ConsolePush(record, context: context).frame(prev: 41))
        }
        let id = "0b7c2a54-93d1-4c9e-8f27-5d1d0a3c6e10"
        frames += ConsoleErrorCode.allCases.map {
            ConsoleProblem(id: id, code: $0, field: "params.text").encode()
        }
        frames.append(ConsoleProblem(id: nil, code: .parseError).encode())
        frames.append(ConsoleProblem(id: id, guarded: Finding.Kind.allCases).encode())
        frames += ConsoleFrameTests.answers
        let problem = Judge.validate(frames, definition: "toConsole")
        let requests = ConsoleRequestTests.accepted
            .filter { $0.2 != .supervise(.capacitySet(AgentID(2), capacity: -1)) }
            .map { ConsoleRequestTests.frame($0.0, $0.1) }
        let refused = ConsoleRequestTests.refused.map { ConsoleRequestTests.frame($0.0, $0.1) }
            .filter { (try? foreignParse($0)) != nil }
        guard let problem else {
            print("python3 with jsonschema is not here: frames were not judged by the schema")
            return
        }
        #expect(problem.isEmpty, "\(problem)")
        #expect(Judge.validate(requests, definition: "fromConsole") == "")
        let accepted = Judge.validate(refused, definition: "fromConsole") ?? ""
        #expect(accepted.split(separator: "\n").count >= refused.count - 2)
    }
}

/// Python's jsonschema as judge.
private enum Judge {
    private static let script = """
        import json, sys
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import ValidationError
        schema = json.load(open(sys.argv[1]))
        Draft202012Validator.check_schema(schema)
        judge = Draft202012Validator({**schema, "anyOf": [{"$ref": "#/$defs/" + sys.argv[2]}]})
        for line in sys.stdin:
            if not judge.is_valid(json.loads(line)): print(line.strip())
        """

    /// The frames that the definition refuses, one a line; `nil` where the judge is absent.
    static func validate(_ frames: [[UInt8]], definition: String) -> String? {
        guard run(["-c", "import jsonschema"], input: Data()) != nil else { return nil }
        var input = Data()
        for frame in frames {
            input.append(contentsOf: frame.map { $0 == 0x0A ? 0x20 : $0 })
            input.append(0x0A)
        }
        let schema = packageRoot.appending(path: "Schemas/console.json").path
        return run(["-c", script, schema, definition], input: input) ?? "the judge failed"
    }

    private static func run(_ arguments: [String], input: Data) -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        let file = FileManager.default.temporaryDirectory
            .appending(path: "wire-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let output = Pipe()
        do {
            try input.write(to: file)
            process.standardInput = try FileHandle(forReadingFrom: file)
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            try process.run()
        } catch {
            return nil
        }
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return process.terminationStatus == 0 ? text : nil
    }
}
