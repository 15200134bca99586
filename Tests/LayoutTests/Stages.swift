import Foundation

/// The stages of `ops/test` as text: which tests they name whole. A single suite or file of a target or
/// folder does not stand for the rest of it.
enum Stages {
    /// The test targets of a package's description.
    static func targets(_ package: String) -> [String] {
        package.matches(of: /\btests\(\s*"(\w+)"/).map { String($0.1) }
    }

    /// The folders that hold tests for pytest.
    static func pythonFolders(of folder: URL) throws -> [String] {
        let files = FileManager.default
        return try files.contentsOfDirectory(atPath: folder.path).sorted().filter { name in
            let path = folder.appending(path: name).path
            let within = (try? files.contentsOfDirectory(atPath: path)) ?? []
            return within.contains { $0.hasPrefix("test_") && $0.hasSuffix(".py") }
        }
    }

    static func withoutTargets(_ targets: [String], stages: String) -> [String] {
        let named = bodies(stages).flatMap {
            $0.matches(of: /swift_tests(?:_together)? '?([\w|]+)(?:'|;|\s)/)
        }
        .flatMap { $0.1.split(separator: "|").map(String.init) }
        return targets.filter { !named.contains($0) }
    }

    static func withoutFolders(_ folders: [String], stages: String) -> [String] {
        let named = bodies(stages).flatMap {
            $0.matches(of: /python_tests(?:_together)? Tests\/([\w-]+)(?:;|\s)/)
        }
        .map { String($0.1) }
        return folders.filter { !named.contains($0) }
    }

    /// The stages' lines, which begin with a stage's name or are indented below it.
    private static func bodies(_ stages: String) -> [Substring] {
        var isStage = false
        return stages.split(separator: "\n").filter { line in
            if !line.hasPrefix(" ") { isStage = line.hasPrefix("stage_") }
            return isStage
        }
    }
}
