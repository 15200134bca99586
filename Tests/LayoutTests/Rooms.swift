/// DESIGN §4 as data: what each room may import. `packages` are modules of other people's packages;
/// `system` modules are free to all unless a ban names them.
struct Room {
    let name: String
    let rooms: Set<String>
    let packages: Set<String>
    /// May hold `unsafe` expressions and import C modules.
    var touchesC: [String] = []
}

enum Layout {
    static let rooms: [Room] = [
        Room(name: "Desk", rooms: [], packages: collections),
        Room(name: "Engine", rooms: ["Desk"], packages: collections),
        Room(name: "Guard", rooms: [], packages: []),
        Room(
            name: "Wire", rooms: ["Desk", "Guard"], packages: ["Crypto", "FoundationEssentials"]),
        Room(
            name: "EventLoop", rooms: [], packages: [],
            touchesC: ["CLibwebsockets", "CLibuv", "CLibcurl", "CEventLoop"]),
        Room(name: "Postgres", rooms: ["EventLoop"], packages: ["Logging"], touchesC: ["CLibpq"]),
        Room(
            name: "Store", rooms: ["Desk", "Engine", "EventLoop", "Postgres"],
            packages: ["Crypto", "Logging", "FoundationEssentials"]),
        Room(
            name: "BankReader", rooms: ["Guard", "Wire", "EventLoop"],
            packages: ["JWTKit", "Crypto", "Logging"]),
        Room(
            name: "DeskRunner", rooms: ["Desk", "Engine", "EventLoop", "Store"],
            packages: collections.union([
                "Logging", "Metrics", "FoundationEssentials", "FoundationInternationalization",
            ])),
        Room(
            name: "Outbound", rooms: ["Desk", "Engine", "Wire", "EventLoop"],
            packages: ["Logging", "Metrics"]),
        Room(
            name: "Gateway",
            rooms: [
                "Desk", "Guard", "Engine", "Wire", "EventLoop", "Store", "BankReader", "DeskRunner",
            ],
            packages: [
                "JWTKit", "Crypto", "Logging", "Metrics", "CoreMetrics", "FoundationEssentials",
            ]),
        Room(
            name: "ventanilla",
            rooms: [
                "Desk", "Guard", "Engine", "Wire", "EventLoop", "Postgres", "Store", "DeskRunner",
                "Outbound", "Gateway",
            ],
            packages: [
                "ArgumentParser", "Configuration", "Logging", "Metrics", "CoreMetrics",
                "Foundation",
                "FoundationEssentials", "SystemPackage", "Crypto",
            ]),
        Room(
            name: "simulate", rooms: ["Desk", "Engine"],
            packages: collections.union(["ArgumentParser"])),
        Room(
            name: "sandbox", rooms: ["EventLoop"],
            packages: ["ArgumentParser", "Crypto", "JWTKit", "Logging", "Foundation"]),
        Room(
            name: "bench", rooms: ["EventLoop", "Postgres"],
            packages: ["ArgumentParser", "Crypto", "Logging", "Foundation", "FoundationEssentials"]),
    ]

    static let collections: Set<String> = [
        "Collections", "HeapModule", "OrderedCollections", "DequeModule", "BasicContainers",
    ]
    /// Modules of the toolchain that any room may import: no clock, no randomness by themselves.
    static let toolchain: Set<String> = ["Synchronization"]
    /// The C library, for rooms that deal with the machine itself.
    static let machine: [String: Set<String>] = [
        "EventLoop": ["Glibc"], "Postgres": ["Glibc", "Dispatch"], "ventanilla": ["Glibc"],
        "Store": ["Glibc"], "simulate": ["Glibc"], "sandbox": ["Glibc"], "bench": ["Glibc"],
        "Gateway": [],
    ]

    /// What the room's file imports and may not.
    static func importViolations(room: Room, text: String) -> [String] {
        imports(in: text).filter { module in
            !room.rooms.contains(module) && !room.packages.contains(module)
                && !room.touchesC.contains(module) && !toolchain.contains(module)
                && !(machine[room.name] ?? []).contains(module)
        }.map { "\(room.name) may not import \($0)" }
    }

    static func imports(in text: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            var words = line.split(separator: " ")
            while let first = words.first,
                first.hasPrefix("@")
                    || ["public", "package", "internal", "private", "fileprivate"].contains(first)
            {
                words.removeFirst()
            }
            guard words.first == "import", words.count >= 2 else { return nil }
            let kinds: Set<Substring> = [
                "struct", "class", "enum", "func", "protocol", "typealias",
            ]
            let module = kinds.contains(words[1]) && words.count >= 3 ? words[2] : words[1]
            return String(module.prefix { $0 != "." })
        }
    }
}
