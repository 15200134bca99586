import Foundation
import Testing

private let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

private func sources(of room: String) throws -> [(name: String, text: String)] {
    let folder = root.appending(path: "Sources/\(room)")
    guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    return try (files?.allObjects ?? []).compactMap { $0 as? URL }
        .filter { $0.pathExtension == "swift" }
        .map { ($0.lastPathComponent, try String(contentsOf: $0, encoding: .utf8)) }
}

@Suite struct LayoutTests {
    @Test(arguments: Layout.rooms.map(\.name))
    func roomImportsWhatItsRowNames(name: String) throws {
        let room = try #require(Layout.rooms.first { $0.name == name })
        for file in try sources(of: name) {
            #expect(Layout.importViolations(room: room, text: file.text) == [], "\(file.name)")
        }
    }

    @Test(arguments: Layout.rooms.map(\.name))
    func roomKeepsTheBans(name: String) throws {
        for file in try sources(of: name) {
            for ban in Ban.all {
                #expect(ban.violations(room: name, text: file.text) == [], "\(file.name)")
            }
        }
    }

    @Test func deskNeverLetsHashOrderReachAnEvent() throws {
        let files = try sources(of: "Desk")
        let elsewhere = Set(files.flatMap { HashOrder.names(in: $0.text).hashed })
        #expect(elsewhere.contains("threads"))
        for file in files {
            let found = HashOrder.violations(text: file.text, elsewhere: elsewhere)
            #expect(found == [], "\(file.name)")
        }
    }

    /// A room that stands on disk and in no row, or the other way round, would escape the table.
    @Test func everyFolderIsARoom() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: root.appending(path: "Sources").path)
        let known = Set(
            Layout.rooms.map(\.name) + Layout.rooms.flatMap(\.touchesC) + ["Console"])
        #expect(folders.filter { !known.contains($0) } == [])
    }

    /// A target that no stage names is compiled and never run, a folder that none names never at all.
    @Test func everyTestIsInAStage() throws {
        let stages = try String(contentsOf: root.appending(path: "ops/test"), encoding: .utf8)
        let package = try String(
            contentsOf: root.appending(path: "Package.swift"), encoding: .utf8)
        let targets = Stages.targets(package)
        #expect(targets.contains("LayoutTests"))
        #expect(Stages.withoutTargets(targets, stages: stages) == [])
        let folders = try Stages.pythonFolders(of: root.appending(path: "Tests"))
        #expect(folders.contains("net"))
        #expect(Stages.withoutFolders(folders, stages: stages) == [])
    }

    @Test func topLevelIsFixed() throws {
        let fixed: Set = ["Package.swift", "Sources", "Tests", "Schemas", "ops", "README.md"]
        let entries = try FileManager.default.contentsOfDirectory(atPath: root.path)
        #expect(
            entries.filter { !$0.hasPrefix(".") && !fixed.contains($0) && $0 != "Package.resolved" }
                == [])
    }

    /// Every rule above is shown to bite.
    @Test(arguments: [
        ("Desk", "import Engine"), ("Desk", "public import Foundation"),
        ("Engine", "import Store"), ("Wire", "import EventLoop"), ("EventLoop", "import Wire"),
        ("Postgres", "import Desk"), ("Store", "import Wire"), ("Outbound", "import Store"),
        ("ventanilla", "import BankReader"), ("Outbound", "import BankReader"),
        ("BankReader", "import Store"), ("BankReader", "import Desk"),
        ("Gateway", "import Postgres"), ("Gateway", "import Outbound"),
        ("sandbox", "import Wire"), ("simulate", "import Store"),
        ("Gateway", "@preconcurrency import CLibwebsockets"),
        ("DeskRunner", "internal import struct Wire.JSONReader"),
    ])
    func plantedImportIsFound(name: String, line: String) throws {
        let room = try #require(Layout.rooms.first { $0.name == name })
        #expect(Layout.importViolations(room: room, text: "import Desk\n\(line)\n").count >= 1)
    }

    @Test(arguments: [
        ("Desk", "let now = ContinuousClock().now"), ("Engine", "let d = Date()"),
        ("Desk", "let a = agents.randomElement()"), ("Engine", "Int.random(in: 0...1)"),
        ("Engine", "func run() async {"), ("Desk", "await store.read()"),
        ("Gateway", "bytes.withUnsafeBytes { _ in }"), ("Store", "unsafe pointer.pointee"),
        ("Wire", "final class A: @unchecked Sendable {}"), ("Gateway", "try! parse()"),
        ("EventLoop", "fatalError(\"no\")"),
    ])
    func plantedBreachIsFound(room: String, line: String) {
        #expect(Ban.all.flatMap { $0.violations(room: room, text: line) }.count == 1)
        #expect(Ban.all.flatMap { $0.violations(room: room, text: "// \(line)") } == [])
    }

    @Test(arguments: [
        ("var open: [Int64: Agent] = [:]", "for agent in open.values {"),
        ("let seen: Set<Int64> = []", "for one in seen {"),
        ("var changed = Set<Int64>()", "for one in self.changed {"),
        ("var changed: Set<Int64> = []", "let first = changed.first"),
        ("let load: [Int64: Int]", "let all = load.map { $0.key }"),
        ("let load: [Int64: Int]", "let all = desk.load.values.reduce(0) { $0 * 2 + $1 }"),
        ("let load = Dictionary<Int64, Int>()", "load.keys.forEach { release($0) }"),
        ("func take(_ held: Set<Int64>) {", "events += held.filter { $0 > 7 }.map(Event.closed)"),
        ("func take(held: inout [Int64: Agent]) {", "let free = held.compactMap { free($0) }"),
        ("let seen: Set<Int64>", "let events = seen\n    .map(Event.closed)"),
    ])
    func plantedHashOrderIsFound(declaration: String, use: String) {
        let names = HashOrder.names(in: declaration).hashed
        // Declared in the file itself, and in another of the room.
        #expect(HashOrder.violations(text: "\(declaration)\n\(use)").count == 1)
        #expect(HashOrder.violations(text: use, elsewhere: names).count == 1)
        // In an order that is the same everywhere.
        let sorted =
            use.hasPrefix("for")
            ? use.replacing(" {", with: ".sorted() {") : use + "\n    .sorted()"
        #expect(HashOrder.violations(text: "\(declaration)\n\(sorted)") == [])
        // With a reason, and not without one.
        #expect(HashOrder.violations(text: "\(declaration)\n\(use) // any order: a sum") == [])
        #expect(HashOrder.violations(text: "\(declaration)\n\(use) // any order:").count == 1)
        // Another thing of that name.
        let name = declaration.firstMatch(of: /(\w+)\s*[:=]/)?.1 ?? ""
        #expect(
            HashOrder.violations(
                text: "let \(name): [Int64]\n\(use)", elsewhere: names) == [])
    }

    @Test(arguments: [
        "stage_unit() { prepare build && swift_tests 'AbcTests'; }",
        "stage_unit() { prepare build && swift_tests 'AbcXyzTests|XyzTestsAbc'; }",
        "# stage_unit() { prepare build && swift_tests 'AbcTests|XyzTests'; }",
        "stage_histories() { VENTANILLA=5 swift_tests 'XyzTests\\.Few'; }",
        "sanitized() { swift_tests XyzTests; }",
    ])
    func plantedTargetOutsideOfStagesIsFound(stages: String) {
        let targets = Stages.targets("tests(\"XyzTests\", [\"Xyz\"]),")
        #expect(Stages.withoutTargets(targets, stages: stages) == ["XyzTests"])
        #expect(
            Stages.withoutTargets(targets, stages: "stage_xyz() { swift_tests 'A|XyzTests'; }")
                == [])
    }

    @Test(arguments: [
        "stage_net() { python_tests Tests/net; }", "stage_xyz() { python_tests Tests/xyz-more; }",
        "stage_xyz() { python_tests Tests/xyz/test_one.py; }",
        "# stage_xyz() { python_tests Tests/xyz; }",
    ])
    func plantedFolderOutsideOfStagesIsFound(stages: String) {
        #expect(Stages.withoutFolders(["xyz"], stages: stages) == ["xyz"])
        #expect(
            Stages.withoutFolders(["xyz"], stages: "stage_xyz() { python_tests Tests/xyz; }") == [])
        let together = "stage_xyz() { python_tests_together Tests/xyz; }"
        #expect(Stages.withoutFolders(["xyz"], stages: together) == [])
    }
}
