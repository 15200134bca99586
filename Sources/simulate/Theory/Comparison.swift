/// One figure of one cell: what theory expects and what was measured.
struct Comparison {
    let cell: Cell
    let figure: Figure
    let expected: Double
    let measured: Double
    /// The measured mean lies within this of the true one, at the confidence of the whole grid.
    /// `nil` where it happens too rarely for an interval: then only far too much is a fault.
    let halfWidth: Double?
    let isInside: Bool
}

/// The grid, how long each cell is simulated, and how the figures are judged.
///
/// Means of consecutive batches are all but independent and normal when a batch is long compared with
/// the desk's memory and holds enough of what is counted; then their mean has Student's t distribution
/// (Law, Simulation Modeling and Analysis, 5th edition 2015, chapter 9). With m figures each
/// interval leaves out 1/m of what the whole grid may miss (Bonferroni).
struct Grid {
    /// A right desk passes the whole grid with at least this probability.
    static let confidence = 0.99
    /// A batch is at least this many times as long as the desk's memory, and so is the time cut off
    /// before the first.
    private static let memories = 40.0
    /// A batch must hold this many of what is counted to be near normal.
    private static let perBatch = 30.0

    let cells: [Cell]
    let batches: Int
    /// The least number of customers in a batch.
    let batchSize: Int

    /// What `ops/test` runs.
    static let small = Grid(
        cells: [2, 10, 30].flatMap { agents in
            [0.7, 0.9].map { Cell(agents: agents, load: $0) }
                + [Cell(agents: agents, load: 1.1, patience: 1)]
        }, batches: 20, batchSize: 4_000)

    /// What `ops/test --all` runs, and the table shows.
    static let full = Grid(
        cells: [2, 5, 10, 30, 100].flatMap { agents in
            [0.5, 0.6, 0.7, 0.8, 0.9, 0.95].map { Cell(agents: agents, load: $0) }
        }
            + [2, 5, 10, 30, 100].flatMap { agents in
                [0.8, 1, 1.2].flatMap { load in
                    [0.5, 2].map { Cell(agents: agents, load: load, patience: $0) }
                }
            }, batches: 32, batchSize: 10_000)

    /// What is compared in a cell.
    static func figures(of cell: Cell) -> [Figure] {
        Figure.allCases.filter { cell.patience != nil || $0 != .leaves }
    }

    /// The share of wrong alarms that each figure may have.
    var alarms: Double {
        (1 - Self.confidence) / Double(cells.map { Self.figures(of: $0).count }.reduce(0, +))
    }

    /// Simulates one cell and judges it. The place keeps the cells' chances apart.
    func compare(_ place: Int, seed: UInt64, plant: TheoryPlant?) -> [Comparison] {
        let cell = cells[place]
        let model = cell.model
        let figures = Self.figures(of: cell)
        let limits = figures.map { $0.limit(by: model) }
        let warmUp = Int((Self.memories * cell.memory).rounded(.up))
        let size = max(batchSize, warmUp)
        var sums = figures.map { _ in Array(repeating: 0.0, count: batches) }
        var generator = Generator(seed: seed)
        for _ in 0..<place { generator = Generator(seed: generator.next()) }
        var days = Days(
            cell: cell, customers: warmUp + batches * size, generator: &generator, plant: plant)
        days.run { visit in
            guard visit.number >= warmUp else { return }
            let batch = (visit.number - warmUp) / size
            for index in figures.indices {
                sums[index][batch] += figures[index].value(of: visit, limit: limits[index])
            }
        }
        return figures.indices.map { index in
            judge(figures[index], cell, model, sums[index].map { $0 / Double(size) }, size)
        }
    }

    private func judge(
        _ figure: Figure, _ cell: Cell, _ model: any WaitingModel, _ means: [Double], _ size: Int
    ) -> Comparison {
        let expected = figure.expected(by: model)
        let count = Double(means.count)
        let measured = means.reduce(0, +) / count
        guard figure.share(by: model) * Double(size) >= Self.perBatch else {
            // Markov's inequality: what is never negative exceeds k times its mean with a probability
            // of at most 1/k, however it is distributed.
            return Comparison(
                cell: cell, figure: figure, expected: expected, measured: measured, halfWidth: nil,
                isInside: measured <= expected / alarms)
        }
        let squares = means.map { ($0 - measured) * ($0 - measured) }.reduce(0, +)
        let deviation = (squares / (count - 1)).squareRoot()
        let quantile = StudentT(degreesOfFreedom: means.count - 1).quantile(outside: alarms)
        let halfWidth = quantile * deviation / count.squareRoot()
        return Comparison(
            cell: cell, figure: figure, expected: expected, measured: measured,
            halfWidth: halfWidth, isInside: abs(measured - expected) <= halfWidth)
    }
}
