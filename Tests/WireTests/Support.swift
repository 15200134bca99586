import Desk
import Foundation

/// The root of the package, found from where this file was compiled.
let packageRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// A file below the package's root.
func read(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: packageRoot.appending(path: path)))
}

/// Bytes of a text.
func bytes(_ text: String) -> [UInt8] { [UInt8](text.utf8) }

/// A digest good enough for tests: equal for equal bytes (FNV-1a, twice).
func testDigest(domain: String, bytes: [UInt8]) -> Digest {
    func hash(_ seed: UInt64) -> UInt64 {
        (Array(domain.utf8) + [0] + bytes).reduce(seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
    return Digest(high: hash(0xcbf2_9ce4_8422_2325), low: hash(0x1234_5678_9abc_def1))
}

/// Parses JSON by code that is not ours.
func foreignParse(_ bytes: [UInt8]) throws -> Any {
    try JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed])
}

/// The same object by code that is not ours.
func foreignObject(_ bytes: [UInt8]) throws -> NSDictionary {
    guard let object = try foreignParse(bytes) as? NSDictionary else {
        throw CocoaError(.coderInvalidValue)
    }
    return object
}

/// A small generator whose seed reproduces a run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    /// The seed of this run: `WIRE_SEED`, or a fresh one, printed so that it can be repeated.
    static func seed(for test: String) -> UInt64 {
        let given = ProcessInfo.processInfo.environment["WIRE_SEED"].flatMap(UInt64.init)
        let seed = given ?? UInt64.random(in: 0...UInt64.max)
        print("\(test): WIRE_SEED=\(seed)")
        return seed
    }
}
