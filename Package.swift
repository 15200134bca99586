// swift-tools-version: 6.2
import PackageDescription

/// What every room of ours is compiled with: Swift 6 mode, warnings as errors, and every import
/// internal and explicit, so that the layout of DESIGN §4 is visible in each file's head.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
]

let collections = Target.Dependency.product(name: "Collections", package: "swift-collections")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let jwt = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")

func room(
    _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}
func program(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [],
    resources: [Resource]? = nil
) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, exclude: exclude, resources: resources,
        swiftSettings: strict)
}
func fixture(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: strict)
}
func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

let package = Package(
    name: "ventanilla",
    dependencies: [
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/vapor/jwt-kit", exact: "5.7.1"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CLibwebsockets", pkgConfig: "libwebsockets",
            providers: [.apt(["libwebsockets-dev", "libwebsockets-evlib-uv"])]),
        .systemLibrary(name: "CLibuv", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
        .systemLibrary(
            name: "CLibcurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),

        room("Desk", exclude: ["Decisions"]),
        room("Engine", ["Desk", collections]),
        room("Guard", exclude: ["Decisions"]),
        room("Wire", ["Desk", "Guard", crypto]),
        .target(name: "CEventLoop", dependencies: ["CLibwebsockets", "CLibcurl"]),
        room(
            "EventLoop", ["CEventLoop", "CLibwebsockets", "CLibuv", "CLibcurl"],
            exclude: ["Decisions"]),
        room("Postgres", ["EventLoop", "CLibpq", log]),
        room("Store", ["Desk", "Engine", "EventLoop", "Postgres", crypto, log]),
        room(
            "BankReader", ["Guard", "Wire", "EventLoop", jwt, crypto, log], exclude: ["Decisions"]),
        room("DeskRunner", ["Desk", "Engine", "EventLoop", "Store", collections, log, metrics]),
        room("Outbound", ["Desk", "Engine", "Wire", "EventLoop", log, metrics]),
        room(
            "Gateway",
            [
                "Desk", "Guard", "Engine", "Wire", "EventLoop", "Store", "BankReader", "DeskRunner",
                jwt, crypto, log, metrics,
            ]),

        program(
            "ventanilla",
            [
                "Gateway", "Outbound", "DeskRunner", "Store", "Postgres", "Wire", "EventLoop",
                "Engine", "Desk", arguments, configuration, log, metrics,
            ]),
        program(
            "simulate", ["Engine", "Desk", arguments], exclude: ["PEERS.md", "Theory/README.md"]),
        program(
            "sandbox", ["EventLoop", arguments, crypto, log],
            resources: [
                .embedInCode("Pages/index.html"), .embedInCode("Pages/sandbox.css"),
                .embedInCode("Pages/sandbox.js"),
            ]),
        program("bench", ["EventLoop", "Postgres", arguments, crypto, log]),

        tests("DeskTests", ["Desk"]),
        tests("EngineTests", ["Engine", "Desk"]),
        tests("GuardTests", ["Guard"]),
        tests(
            "WireTests", ["Wire", "Desk", "Guard"],
            exclude: ["Fixtures", "fixture-effects.tsv"]),
        // What several test targets share: the one loop of the test process, a private database.
        fixture("LoopFixture", ["EventLoop"]),
        fixture("PostgresFixture", ["Postgres", "EventLoop", "LoopFixture"]),
        .target(name: "CSlowResolver", path: "Tests/CSlowResolver"),
        tests("EventLoopTests", ["EventLoop", "LoopFixture", "CSlowResolver"]),
        tests(
            "PostgresTests",
            ["Postgres", "EventLoop", "LoopFixture", "PostgresFixture", "CSlowResolver"]),
        tests(
            "StoreTests",
            [
                "Store", "Engine", "Desk", "Postgres", "EventLoop", "LoopFixture",
                "PostgresFixture",
            ]),
        tests(
            "OutboundTests",
            ["Outbound", "Engine", "Desk", "Wire", "EventLoop", "LoopFixture", log]),
        tests("SimulateTests", ["simulate"]),
        tests("BenchTests", ["bench", "EventLoop", "LoopFixture"]),
        tests(
            "DeskRunnerTests",
            [
                "DeskRunner", "Store", "Engine", "Desk", "Postgres", "EventLoop", "LoopFixture",
                "PostgresFixture", log,
            ]),
        tests("BankReaderTests", ["BankReader", "Wire", "EventLoop", "LoopFixture", jwt, log]),
        tests("LayoutTests", []),
    ]
)
