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

    /// Looks for a planted fault; it passes when the auditor finds the promise broken.
    mutating func find(_ plant: Plant) {
        for seed in UInt64(1)...Self.plantedSeeds {
            let violations = World(seed: seed, plant: plant, isVerbose: false).run()
            let found = violations.first { $0.promise == plant.promise }
            guard let found else { continue }
            print(
                "planted \(plant.promise.rawValue) \(plant.rawValue): seed \(seed): \(found.text)")
            passed += 1
            return
        }
        print("planted \(plant.promise.rawValue) \(plant.rawValue): NOT FOUND")
        failed += 1
    }

    /// How many seeds a planted fault may hide from.
    private static let plantedSeeds: UInt64 = 100
}
