/// Runs seeds and tells what came of them.
struct Runner {
    private(set) var passed = 0
    private(set) var failed = 0

    /// Runs each seed without a planted fault.
    mutating func run(_ seeds: some Sequence<UInt64>, _ title: String) async {
        var count = 0
        var bad = 0
        var tally = Tally()
        let clock = ContinuousClock()
        let begun = clock.now
        // A world has nothing in common with any other: they run side by side, and are told in order.
        let runs = seeds.map { seed in Task { Run(seed) } }
        for run in runs {
            count += 1
            if count.isMultiple(of: 100) { print("  … \(title), \(count) seeds") }
            let ended = await run.value
            tally.add(ended.tally)
            if ended.violations.isEmpty { continue }
            bad += 1
            print("seed \(ended.seed) failed:")
            for violation in ended.violations.prefix(3) { print("  \(violation)") }
        }
        passed += count - bad
        failed += bad
        let rate = Double(count) / (Double((clock.now - begun).components.seconds) + 0.001)
        print("\(title): \(count) seeds, \(bad) failed, \(Int(rate.rounded())) seeds/s")
        if count > 0 { print("  on average: \(tally.averages(over: count))") }
    }

    /// Looks for planted faults; each passes when the auditor finds each line broken that it breaks.
    mutating func find(_ plants: [Plant]) async {
        let searches = plants.map { plant in Task { Search(for: plant) } }
        for search in searches {
            let ended = await search.value
            for (seed, violation) in ended.found {
                passed += 1
                print("planted \(ended.plant.rawValue): seed \(seed): \(violation)")
            }
            for line in ended.hidden {
                failed += 1
                print(
                    "planted \(ended.plant.rawValue): line \(line.number) (\(line.rawValue)): NOT FOUND"
                )
            }
        }
    }
}

/// What came of one seed without a planted fault.
private struct Run: Sendable {
    let seed: UInt64
    let violations: [Violation]
    let tally: Tally

    init(_ seed: UInt64) {
        let world = World(seed: seed, plant: nil, isVerbose: false)
        self.seed = seed
        violations = world.run()
        var tally = Tally()
        tally.add(world)
        self.tally = tally
    }
}

/// The first seeds that find a planted fault, for each line that it breaks.
private struct Search: Sendable {
    let plant: Plant
    let found: [(seed: UInt64, violation: Violation)]
    /// The lines that no seed found broken.
    let hidden: [Line]

    /// How many seeds a planted fault may hide from: so much is drawn by now that what few runs are about
    /// comes seldom.
    private static let seeds: ClosedRange<UInt64> = 1...100

    init(for plant: Plant) {
        var left = Set(plant.lines)
        var found: [(seed: UInt64, violation: Violation)] = []
        for seed in Self.seeds where !left.isEmpty {
            let world = World(seed: seed, plant: plant, isVerbose: false, sought: left)
            for violation in world.run() {
                left.remove(violation.line)
                found.append((seed, violation))
            }
        }
        self.plant = plant
        self.found = found
        hidden = plant.lines.filter(left.contains)
    }
}
