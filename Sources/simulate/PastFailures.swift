/// Seeds that once failed, by what was wrong: they are always run. The name tells the fault; what a
/// seed plays changes with the simulator, so each fault found has a test of its own as well.
enum PastFailures {
    static let seeds: [(name: String, seed: UInt64)] = []
}
