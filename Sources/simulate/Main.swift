import ArgumentParser

/// Drives the real Engine, Desk, Outbox and Feeds through everything that can go wrong.
@main
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Runs the desk's machinery on pretend databases and networks, seed by seed.",
        discussion: """
            Without options: 1,000 fixed seeds, 200 fresh ones, and the planted faults. With --theory: \
            the desk's waits on simulated days against queueing theory.
            """)

    @Option(help: "A range of seeds, as in 1-50.")
    var seeds: String?
    @Option(help: "One seed, told step by step.")
    var seed: UInt64?
    @Option(help: "How many fresh seeds to run; their first is printed.")
    var fresh: UInt64?
    @Flag(help: "Look for each planted fault and tell the first seed that finds it.")
    var planted = false
    @Flag(help: "Tell what is judged, line by line, with the planted faults that break each.")
    var lines = false
    @Option(help: "Look for this planted fault, or plant it in the one seed.")
    var plant: String?
    @Flag(help: "Compare waits with Erlang's formulas; --seed and --planted go with it.")
    var theory = false
    @Flag(help: "The few cells of the grid that take seconds.")
    var small = false
    @Flag(help: "Write the comparison as a page in Markdown.")
    var table = false
    @Option(
        name: .customLong("case"),
        help: "Play this case of several queues and skills, and write who came and waited how long."
    )
    var skillCase: String?

    func validate() throws {
        guard theory else {
            guard !small, !table, skillCase == nil else {
                throw ValidationError("small, table and case go with theory alone")
            }
            return
        }
        guard seeds == nil, fresh == nil, !(table && planted), plant == nil || skillCase != nil
        else { throw ValidationError("theory takes seed, small, and one of table and planted") }
        guard skillCase == nil || !(small || table || planted) else {
            throw ValidationError("a case takes seed and plant alone")
        }
    }

    func run() async throws {
        if let skillCase { return try play(skillCase) }
        if theory { return try await compareWithTheory() }
        if lines { return tellLines() }
        let fault = try plant.map(named)
        if let seed {
            let violations = World(seed: seed, plant: fault, isVerbose: true).run()
            for violation in violations { print("\(violation)") }
            if !violations.isEmpty { throw ExitCode.failure }
            return
        }
        var runner = Runner()
        if let fault {
            await runner.find([fault])
        } else {
            try await runAll(&runner)
        }
        print("\(runner.passed) passed, \(runner.failed) failed")
        if runner.failed > 0 { throw ExitCode.failure }
    }

    private func runAll(_ runner: inout Runner) async throws {
        let isDefault = seeds == nil && fresh == nil && !planted
        if isDefault || seeds != nil {
            await runner.run(PastFailures.seeds.map(\.seed), "past failures")
            await runner.run(try seeds.map(range) ?? 1...1_000, "fixed")
        }
        if isDefault || fresh != nil {
            let base = UInt64.random(in: 1_000_000...UInt64(UInt32.max))
            print("fresh seeds begin with \(base)")
            await runner.run(base..<base + (fresh ?? 200), "fresh")
        }
        if isDefault || planted {
            await runner.find(Plant.allCases)
        }
    }

    /// The seed of the page that is kept; any other must pass as well.
    private static let theorySeed: UInt64 = 1

    private func compareWithTheory() async throws {
        let report = TheoryReport(grid: small ? .small : .full, seed: seed ?? Self.theorySeed)
        if planted {
            return try await findPlanted(report)
        }
        let comparisons = await report.compareAll(isTold: !table)
        let calibration = Calibration(seed: report.seed)
        let outside =
            comparisons.filter { !$0.isInside }.count + (calibration.isSound ? 0 : 1)
        if !table { print("announced waits: \(calibration.isSound ? "ok" : calibration.section)") }
        print(
            table
                ? report.page(comparisons, calibration)
                : "\(comparisons.count) figures, \(outside) outside their intervals",
            terminator: table ? "" : "\n")
        if outside > 0 { throw ExitCode.failure }
    }

    private func findPlanted(_ report: TheoryReport) async throws {
        let faults = TheoryPlant.allCases.map { fault in
            Task { (fault.rawValue, report.find(fault).map { "\($0)" }) }
        }
        let forecasts = Calibration.Fault.allCases.map { fault in
            Task {
                let isSound = Calibration(seed: report.seed, fault: fault).isSound
                return (fault.rawValue, isSound ? nil : "announced waits")
            }
        }
        var hidden = 0
        for search in faults + forecasts {
            let (name, found) = await search.value
            if found == nil { hidden += 1 }
            print("planted \(name): \(found ?? "NOT FOUND")")
        }
        if hidden > 0 { throw ExitCode.failure }
    }

    /// Plays a case for `Tests/theory/compare_with_ciw.py`.
    private func play(_ name: String) throws {
        guard let item = SkillCase.all.first(where: { $0.name == name }) else {
            let names = SkillCase.all.map(\.name).joined(separator: ", ")
            throw ValidationError("case: none is named \(name); there are \(names)")
        }
        let fault = try plant.map { name in
            guard let fault = SkillPlant(rawValue: name) else {
                let names = SkillPlant.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("plant: no fault is named \(name); there are \(names)")
            }
            return fault
        }
        var days = SkillDays(item, seed: seed ?? Self.theorySeed, plant: fault)
        days.run()
        print(days.file, terminator: "")
    }

    private func tellLines() {
        for line in Line.allCases {
            let faults = Plant.allCases.filter { $0.lines.contains(line) }.map(\.rawValue)
            print("\(line.number). \(line.rawValue) (\(faults.joined(separator: ", ")))")
        }
    }

    private func named(_ name: String) throws -> Plant {
        guard let plant = Plant(rawValue: name) else {
            let names = Plant.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("plant: no fault is named \(name); there are \(names)")
        }
        return plant
    }

    private func range(_ text: String) throws -> ClosedRange<UInt64> {
        let ends = text.split(separator: "-").compactMap { UInt64($0) }
        guard ends.count == 2, ends[0] <= ends[1] else {
            throw ValidationError("seeds: \(text) is not a range such as 1-50")
        }
        return ends[0]...ends[1]
    }
}
