/// The order of a `Set` or `Dictionary` differs from process to process, so it must never reach an event:
/// what goes through one in the Desk has to say `.sorted`, or in a comment why `any order:` will do.
///
/// It reads words, not types. A name is hashed in a file that declares it so; in a file that declares it
/// not at all, if any other file of the room declares it so.
enum HashOrder {
    /// What is wrong in this file of a room that declares these names hashed elsewhere.
    static func violations(text: String, elsewhere: Set<String> = []) -> [String] {
        let here = names(in: text)
        let suspects = here.hashed.union(elsewhere.subtracting(here.otherwise))
        let loop = /\bfor\s+.+?\s+in\s+([\w.]+)\s*(?:where\b.*)?\{/
        let step =
            /\b([\w.]+?)\.(?:map|flatMap|compactMap|forEach|filter|first|prefix|dropFirst|popFirst|reduce|enumerated|lazy)\b/
        return statements(text).filter { statement in
            let walked =
                statement.matches(of: loop).map { $0.1[...] }
                + statement.matches(of: step).filter { match in
                    !statement[match.range.upperBound...].contains(".sorted")
                }.map { $0.1[...] }
            return walked.contains { path in
                path.split(separator: ".").last { !["keys", "values"].contains($0) }
                    .map { suspects.contains(String($0)) } ?? false
            }
        }.map { "Desk: hash order may reach an event: \($0)" }
    }

    /// What a file declares, parameters too.
    static func names(in text: String) -> (hashed: Set<String>, otherwise: Set<String>) {
        let stored =
            /\b(?:var|let)\s+(\w+)\s*(?::\s*(?:Set<|Dictionary<|\[[^\]]+:[^\]]+\])|=\s*(?:Set<|Set\(|Dictionary[<(]|\[[^\]]+:\s*[^\]]+\]\())/
        let passed =
            /\b(\w+)\s*:\s*(?:inout\s+|borrowing\s+)?(?:Set<|Dictionary<|\[\w[\w.<>]*\s*:\s*[^\]]+\])/
        let any = /\b(?:var|let)\s+(\w+)/
        let lines = Source.lines(text)
        let hashed = Set(
            lines.flatMap { line in
                line.matches(of: stored).map { String($0.1) }
                    + line.matches(of: passed).map { String($0.1) }
            })
        let all = Set(lines.flatMap { $0.matches(of: any).map { String($0.1) } })
        return (hashed, all.subtracting(hashed))
    }

    /// The lines without comments, each with those that go on from it by a point; without those that
    /// say why any order will do.
    private static func statements(_ text: String) -> [String] {
        var statements: [String] = []
        for line in text.split(separator: "\n") where !line.contains(/\/\/ any order: \w/) {
            guard let code = Source.lines(String(line)).first else { continue }
            let words = code.drop { $0 == " " }
            if words.hasPrefix("."), let last = statements.popLast() {
                statements.append(last + words)
            } else {
                statements.append(code)
            }
        }
        return statements
    }
}
