/// Runs seeds and tells what came of them.
struct Runner {
    private(set) var passed = 0
    private(set) var failed = 0

    /// Runs each seed without a planted fault.
    mutating func run(_ seeds: some Sequence<UInt64>, _ title: String) {
        var count = 0
        var bad: [UInt64] = []
        var tally = Tally()
        let clock = ContinuousClock()
        let time = clock.measure {
            for seed in seeds {
                count += 1
                if count.isMultiple(of: 100) { print("  … \(title), \(count) seeds") }
                let world = World(seed: seed, plant: nil, isVerbose: false)
                let violations = world.run()
                tally.add(world)
                if violations.isEmpty { continue }
                bad.append(seed)
                print("seed \(seed) failed:")
                for violation in violations.prefix(3) { print("  \(violation)") }
            }
        }
        passed += count - bad.count
        failed += bad.count
        let rate = Double(count) / (Double(time.components.seconds) + 0.001)
        print("\(title): \(count) seeds, \(bad.count) failed, \(Int(rate.rounded())) seeds/s")
        if count > 0 { print("  on average: \(tally.averages(over: count))") }
    }

    /// Looks for a planted fault; it passes when the auditor finds each line broken that it breaks.
    mutating func find(_ plant: Plant) {
        var left = Set(plant.lines)
        for seed in UInt64(1)...Self.plantedSeeds where !left.isEmpty {
            let world = World(seed: seed, plant: plant, isVerbose: false, sought: left)
            for violation in world.run() {
                left.remove(violation.line)
                passed += 1
                print("planted \(plant.rawValue): seed \(seed): \(violation)")
            }
        }
        for line in plant.lines where left.contains(line) {
            failed += 1
            print("planted \(plant.rawValue): line \(line.number) (\(line.rawValue)): NOT FOUND")
        }
    }

    /// How many seeds a planted fault may hide from: so much is drawn by now that what few runs are about
    /// comes seldom.
    private static let plantedSeeds: UInt64 = 400
}
