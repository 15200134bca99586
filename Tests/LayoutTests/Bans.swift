/// What may not appear in a room, whatever it imports. Each ban names its reason.
struct Ban {
    let reason: String
    let rooms: (String) -> Bool
    let pattern: Regex<Substring>

    /// The lines of the room's file that break the ban; comments do not count.
    func violations(room: String, text: String) -> [String] {
        guard rooms(room) else { return [] }
        return Source.lines(text).filter { $0.contains(pattern.wordBoundaryKind(.simple)) }.map {
            "\(room): \(reason): \($0)"
        }
    }

    static var all: [Ban] {
        let pure: (String) -> Bool = { ["Desk", "Engine"].contains($0) }
        let outsideTheLoop: (String) -> Bool = { !["EventLoop", "Postgres"].contains($0) }
        return [
            Ban(
                reason: "time arrives with the input",
                rooms: pure,
                pattern: /\b(?:ContinuousClock|SuspendingClock|Date|clock_gettime|gettimeofday)\b/),
            Ban(
                reason: "nothing random is decided here",
                rooms: pure,
                pattern:
                    /\b(?:SystemRandomNumberGenerator|randomElement|shuffled?|arc4random|UUID)\b|\.random\(/
            ),
            Ban(
                reason: "a decision never waits",
                rooms: pure,
                pattern: /\b(?:async|await|Task|actor|DispatchQueue|Thread)\b/),
            Ban(
                reason: "unsafe code lives in the two rooms that wrap C",
                rooms: outsideTheLoop,
                pattern:
                    /\bunsafe\b|\bUnsafe(?:Mutable|Raw|Buffer|Pointer|MutableRaw)\w*|\bUnmanaged\b|unsafeBitCast|@unchecked|withUnsafe/
            ),
            Ban(
                reason: "a peer, an operator or a database may not end the process",
                rooms: { _ in true },
                pattern: /\btry!|\bfatalError\(/),
        ]
    }
}

/// Loops of the Desk over hashed collections: their order differs from process to process, so it must
/// never reach an event. A loop over a `Set` or `Dictionary` that the same file declares, or that the
/// desk itself stores, has to say `.sorted`.
enum HashOrder {
    static func violations(text: String, stored: String = "") -> [String] {
        let declared =
            /(?:var|let)\s+(\w+)\s*(?::\s*(?:Set<|\[[^\]]+:[^\]]+\])|=\s*(?:Set<|Set\(|\[[^\]]+:\s*[^\]]+\]\())/
        let names = Set(
            Source.lines(text + "\n" + stored).compactMap { line in
                line.firstMatch(of: declared).map { String($0.1) }
            })
        let loop = /\bfor\s+.+\s+in\s+([\w.]+)\s*(?:where\b.*)?\{/
        return Source.lines(text).filter { line in
            guard let match = line.firstMatch(of: loop) else { return false }
            return match.1.split(separator: ".").contains { names.contains(String($0)) }
        }.map { "Desk: hash order may reach an event: \($0)" }
    }
}

enum Source {
    /// The lines without comments.
    static func lines(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: true).map { line in
            let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line[...]
            return String(code)
        }.filter { !$0.allSatisfy { $0 == " " } }
    }
}
