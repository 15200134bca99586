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

enum Source {
    /// The lines without comments.
    static func lines(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: true).map { line in
            let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line[...]
            return String(code)
        }.filter { !$0.allSatisfy { $0 == " " } }
    }
}
