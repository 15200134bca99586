import Testing

@testable import simulate

/// The numbered list of what the auditor judges.
@Suite struct LineTests {
    @Test(arguments: Line.allCases)
    func aPlantedFaultBreaksEachLine(line: Line) {
        #expect(Plant.allCases.contains { $0.lines.contains(line) })
    }

    @Test(arguments: Plant.allCases)
    func eachPlantedFaultBreaksALine(plant: Plant) {
        #expect(!plant.lines.isEmpty)
    }

    @Test(arguments: Line.allCases)
    func eachLineNamesAPromiseAndSaysWhatIsJudged(line: Line) {
        let promises = (1...9).map { "P\($0)" } + ["P13", "liveness", "customer"]
        #expect(promises.contains(String(line.promise)))
        #expect(line.rawValue.count > line.promise.count + 10)
    }
}
