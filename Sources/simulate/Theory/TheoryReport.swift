/// Runs a grid and tells what came of it.
struct TheoryReport {
    let grid: Grid
    let seed: UInt64

    /// Compares every cell; a line for each as it is done.
    func compareAll(isTold: Bool) async -> [Comparison] {
        if isTold { print("seed \(seed), \(grid.cells.count) cells") }
        // Each cell has days of its own: they run side by side, and are told in order.
        let cells = grid.cells.indices.map { place in
            Task { grid.compare(place, seed: seed, plant: nil) }
        }
        var all: [Comparison] = []
        for (cell, running) in zip(grid.cells, cells) {
            let comparisons = await running.value
            if isTold {
                let verdicts = comparisons.map { $0.verdict }.joined(separator: ", ")
                print("  \(cell): \(verdicts)")
            }
            all += comparisons
        }
        return all
    }

    /// Looks for a planted fault, cell by cell, until a figure lies outside its interval.
    func find(_ plant: TheoryPlant) -> Comparison? {
        for place in grid.cells.indices {
            let comparisons = grid.compare(place, seed: seed, plant: plant)
            if let found = comparisons.first(where: { !$0.isInside }) { return found }
        }
        return nil
    }

    // MARK: The table

    /// The page that is kept beside the code.
    func page(_ comparisons: [Comparison], _ calibration: Calibration) -> String {
        let judged = comparisons.filter { $0.halfWidth != nil }.count
        let outside = comparisons.filter { !$0.isInside }.count
        return """
            # Waiting, as theory has it and as the desk does it

            Written by `simulate --theory --table`; `ops/test theory` compares it with what the program
            writes now.

            Simulated days drive the real rules (`Sources/Desk`) in virtual time: customers come by chance
            (Poisson), conversations last \(Int(Cell.meanService)) s on average (exponential), agents hold one at a
            time. Each figure is *theory* / *measured ± half of its confidence interval*; a figure outside
            is marked **✗**. All intervals hold together with a probability of at least \
            \(Int((Grid.confidence * 100).rounded())) %
            (Student's t over \(grid.batches) batches, Bonferroni over \(comparisons.count) figures). "Rare" is what
            happens too seldom for an interval in so many customers: there only far too much would be a
            fault.

            Seed \(seed): \(comparisons.count) figures, \(judged) with an interval, \(outside) outside.

            ## Nobody leaves (Erlang-C)

            Long is a wait above 0.5 times, very long one above 2 times the mean wait of those who wait.

            \(table(comparisons.filter { $0.cell.patience == nil }))

            ## Customers leave (Erlang-A)

            A conversation whose customer has gone is closed at once by the agent who is given it: today's
            rules have no input for a customer who leaves the queue, and the others wait the same.
            Patience is exponential; its mean is given in mean services.

            \(table(comparisons.filter { $0.cell.patience != nil }))

            \(calibration.section)
            """
    }

    private func table(_ comparisons: [Comparison]) -> String {
        guard let first = comparisons.first else { return "" }
        let figures = Grid.figures(of: first.cell)
        let hasPatience = first.cell.patience != nil
        let heads =
            ["agents", "load"] + (hasPatience ? ["patience"] : []) + figures.map(\.title)
        var lines = [heads, heads.map { _ in "---:" }].map(Self.row)
        var rest = comparisons[...]
        while let cell = rest.first?.cell {
            let own = rest.prefix(figures.count)
            rest = rest.dropFirst(figures.count)
            lines.append(
                Self.row(
                    ["\(cell.agents)", cell.load.fixed(2)]
                        + (cell.patience.map { [$0.fixed(1)] } ?? []) + own.map(\.entry)))
        }
        return lines.joined(separator: "\n")
    }

    private static func row(_ entries: [String]) -> String {
        "| " + entries.joined(separator: " | ") + " |"
    }
}

extension Cell: CustomStringConvertible {
    var description: String {
        let patience = patience.map { ", patience \($0.fixed(1))" } ?? ""
        return "\(agents) agents, load \(load.fixed(2))\(patience)"
    }
}

extension Figure {
    fileprivate var title: String {
        switch self {
        case .waits: "waits, %"
        case .meanWait: "mean wait, s"
        case .waitsLong: "long, %"
        case .waitsVeryLong: "very long, %"
        case .leaves: "leaves, %"
        }
    }

    /// Probabilities are shown in per cent.
    fileprivate var scale: Double { self == .meanWait ? 1 : 100 }
}

extension Comparison: CustomStringConvertible {
    var description: String { "\(cell): \(figure.title): \(entry)" }

    fileprivate var entry: String {
        let values = [expected, measured].map { ($0 * figure.scale).fixed(2) }
        let interval = halfWidth.map { "± " + ($0 * figure.scale).fixed(2) } ?? "rare"
        return "\(values[0]) / \(values[1]) \(interval)" + (isInside ? "" : " **✗**")
    }

    fileprivate var verdict: String {
        guard isInside else { return "\(figure.title) \(entry)" }
        return halfWidth == nil ? "rare" : "ok"
    }
}

extension Double {
    /// With this many digits after the point.
    func fixed(_ digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let whole = Int64((magnitude * scale).rounded())
        let fraction = String(whole % Int64(scale))
        let zeros = String(repeating: "0", count: digits - fraction.count)
        let sign = self < 0 && whole > 0 ? "-" : ""
        return "\(sign)\(whole / Int64(scale)).\(zeros)\(fraction)"
    }
}
