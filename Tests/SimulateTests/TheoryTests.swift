import Testing

@testable import simulate

/// The formulas against what others published.
@Suite struct FormulaTests {
    /// Erlang-B, from the table that every traffic handbook prints (for one, V. B. Iversen, Teletraffic
    /// Engineering Handbook, ITU-D, 2005): the load that so many lines carry at 1 % blocking.
    @Test(arguments: [(1, 0.0101), (5, 1.361), (10, 4.461), (30, 20.337), (100, 84.064)])
    func lossAgreesWithTheTrafficTable(lines: Int, load: Double) {
        #expect(abs(erlangB(agents: lines, load: load) - 0.01) < 0.0001)
    }

    /// Hillier and Lieberman, Introduction to Operations Research, chapter "Queueing Theory", the
    /// emergency room: two patients arrive an hour, a doctor treats three; one doctor or two. The
    /// table gives three decimals, one of them cut instead of rounded.
    @Test(arguments: [
        (1, 0.667, 0.6667, [0.404, 0.245]), (2, 0.167, 0.0417, [0.022, 0.003]),
    ])
    func waitsAgreeWithTheEmergencyRoom(
        doctors: Int, waits: Double, meanWait: Double, waitsLonger: [Double]
    ) {
        let room = ErlangC(agents: doctors, arrivalRate: 2, serviceRate: 3)
        #expect(abs(room.probabilityOfWaiting - waits) < 0.0005)
        #expect(abs(room.meanWait - meanWait) < 0.00005)
        #expect(abs(room.probabilityOfWait(longerThan: 0.5) - waitsLonger[0]) < 0.001)
        #expect(abs(room.probabilityOfWait(longerThan: 1) - waitsLonger[1]) < 0.001)
    }

    /// Garnett, Mandelbaum and Reiman, "Designing a Call Center with Impatient Customers",
    /// Manufacturing & Service Operations Management 4 (2002), the table of their introduction: 50
    /// agents, 48 calls a minute of one minute each, without impatience and with two minutes' patience.
    @Test func bothAgreeWithTheCallCentre() {
        let patient = ErlangC(agents: 50, arrivalRate: 48, serviceRate: 1)
        #expect(abs(patient.meanWait * 60 - 20.8) < 0.05)
        #expect(abs(patient.probabilityOfWait(longerThan: 58.1 / 60) - 0.1) < 0.0005)
        let impatient = ErlangA(
            agents: 50, arrivalRate: 48, serviceRate: 1, patienceRate: 0.5)
        #expect(abs(impatient.probabilityOfLeaving - 0.031) < 0.0005)
        #expect(abs(impatient.meanWait * 60 - 3.7) < 0.05)
        let busy = 48 * (1 - impatient.probabilityOfLeaving) / 50
        #expect(abs(busy - 0.93) < 0.005)
    }

    /// Abramowitz and Stegun, Handbook of Mathematical Functions, table 26.10, and the t table of any
    /// textbook: what is exceeded on either side.
    @Test(arguments: [
        (1, 0.01, 63.657), (2, 0.05, 4.303), (3, 0.01, 5.841), (10, 0.001, 4.587),
        (19, 0.01, 2.861), (30, 0.01, 2.750), (31, 0.05, 2.040), (60, 0.001, 3.460),
    ])
    func quantilesAgreeWithTheTable(degrees: Int, outside: Double, t: Double) {
        let quantile = StudentT(degreesOfFreedom: degrees).quantile(outside: outside)
        #expect(abs(quantile - t) < 0.0006)
    }
}

/// The formulas against each other, and against the chain of states that they sum up.
@Suite struct FormulaPropertyTests {
    @Test(arguments: [1, 2, 5, 10, 30, 100], [0.3, 0.8, 0.95])
    func endlessPatienceIsNoImpatience(agents: Int, load: Double) {
        let rate = Double(agents) * load
        let patient = ErlangC(agents: agents, arrivalRate: rate, serviceRate: 1)
        let impatient = ErlangA(
            agents: agents, arrivalRate: rate, serviceRate: 1, patienceRate: 1e-5)
        for time in [0, 0.1, 1] {
            let expected = patient.probabilityOfWait(longerThan: time)
            #expect(
                abs(impatient.probabilityOfWait(longerThan: time) - expected) < 0.01 * expected)
        }
    }

    /// The balance of births and deaths, summed state by state, knows nothing of the integral.
    @Test(arguments: [1, 2, 5, 10, 30, 100], [(0.5, 2.0), (1, 1), (1.3, 0.25), (2, 0.5)])
    func impatienceAgreesWithTheChainOfStates(agents: Int, loadAndPatience: (Double, Double)) {
        let (load, patience) = loadAndPatience
        let rate = Double(agents) * load
        var weights = [1.0]
        for state in 1...agents * 6 + 200 {
            let leaving =
                Double(min(state, agents)) + Double(max(state - agents, 0)) / patience
            weights.append(weights[state - 1] * rate / leaving)
        }
        let total = weights.reduce(0, +)
        let busy = weights[agents...].reduce(0, +) / total
        let queue = weights.indices.map { weights[$0] * Double(max($0 - agents, 0)) }
        let meanWait = queue.reduce(0, +) / total / rate
        let model = ErlangA(
            agents: agents, arrivalRate: rate, serviceRate: 1, patienceRate: 1 / patience)
        #expect(abs(model.probabilityOfWaiting - busy) < 1e-9)
        #expect(abs(model.meanWait - meanWait) < 1e-9)
        #expect(abs(model.probabilityOfLeaving - meanWait / patience) < 1e-9)
    }

    /// The mean of what is never negative is the integral of its tail.
    @Test(arguments: [
        Cell(agents: 3, load: 0.8), Cell(agents: 3, load: 1.2, patience: 0.7),
        Cell(agents: 40, load: 1, patience: 2),
    ])
    func theTailAddsUpToTheMean(cell: Cell) {
        let model = cell.model
        let step = Cell.meanService / 400
        var sum = model.probabilityOfWait(longerThan: 0) / 2
        var time = step
        while time < 40 * Cell.meanService {
            sum += model.probabilityOfWait(longerThan: time)
            time += step
        }
        #expect(abs(sum * step - model.meanWait) < 1e-4 * model.meanWait)
        #expect(
            abs(model.probabilityOfWait(longerThan: 0) - model.probabilityOfWaiting) < 1e-12)
    }
}

/// The comparison itself.
@Suite struct ComparisonTests {
    private let grid = Grid(
        cells: [Cell(agents: 3, load: 0.8), Cell(agents: 3, load: 1, patience: 1)], batches: 10,
        batchSize: 1_000)

    @Test func aSeedIsAWholeRun() {
        for place in grid.cells.indices {
            let runs = (0..<2).map { _ in grid.compare(place, seed: 7, plant: nil).map(\.measured) }
            #expect(runs[0] == runs[1])
            #expect(runs[0] != grid.compare(place, seed: 8, plant: nil).map(\.measured))
        }
    }

    /// The mean wait does not depend on the order of service, its distribution does: a check of the
    /// mean alone would pass a desk that serves the last first.
    @Test func theOrderOfServiceShowsInTheDistributionAlone() {
        for comparison in grid.compare(0, seed: 3, plant: .lastComeFirstServed) {
            switch comparison.figure {
            case .waits, .meanWait: #expect(comparison.isInside)
            case .waitsLong: #expect(!comparison.isInside)
            case .waitsVeryLong, .leaves: break
            }
        }
    }
}
