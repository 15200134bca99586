/// One place of the grid: how many agents, how much work, and how long customers stay.
struct Cell {
    /// A conversation lasts five minutes on average; everything else is a multiple of it.
    static let meanService = 300.0

    let agents: Int
    /// Work that arrives, per agent: the utilisation if nobody leaves.
    let load: Double
    /// Mean patience as a multiple of the mean service; `nil` where nobody leaves.
    var patience: Double?

    var arrivalRate: Double { Double(agents) * load / Self.meanService }
    var meanPatience: Double? { patience.map { $0 * Self.meanService } }

    var model: any WaitingModel {
        guard let meanPatience else {
            return ErlangC(
                agents: agents, arrivalRate: arrivalRate, serviceRate: 1 / Self.meanService)
        }
        return ErlangA(
            agents: agents, arrivalRate: arrivalRate, serviceRate: 1 / Self.meanService,
            patienceRate: 1 / meanPatience)
    }

    /// How many customers come while the desk forgets its past (its relaxation time). Without
    /// impatience 1 / (cμ(1 − √ρ)²) as for one fast server, and a whole service as with agents without
    /// number: the sum bounds both. With it no state outlives the slower of service and patience.
    var memory: Double {
        guard let patience else {
            let rest = 1 - load.squareRoot()
            return load / (rest * rest) + Double(agents) * load
        }
        return Double(agents) * load * max(1, patience)
    }
}

/// What is compared.
enum Figure: CaseIterable {
    /// Who has to wait.
    case waits
    /// The mean wait, in seconds.
    case meanWait
    /// Who waits more than half the mean wait of those who wait.
    case waitsLong
    /// Who waits more than twice that.
    case waitsVeryLong
    /// Who leaves unserved.
    case leaves

    /// The limits of the two long waits, as multiples of the mean wait of those who wait. The mean
    /// alone would not tell in what order people are served; the distribution does.
    private static let long = 0.5
    private static let veryLong = 2.0

    /// What theory expects.
    func expected(by model: any WaitingModel) -> Double {
        switch self {
        case .waits: model.probabilityOfWaiting
        case .meanWait: model.meanWait
        case .waitsLong, .waitsVeryLong: model.probabilityOfWait(longerThan: limit(by: model))
        case .leaves: model.probabilityOfLeaving
        }
    }

    /// The wait that counts as long.
    func limit(by model: any WaitingModel) -> Double {
        switch self {
        case .waits, .meanWait, .leaves: 0
        case .waitsLong: Self.long * model.meanWaitOfTheWaiting
        case .waitsVeryLong: Self.veryLong * model.meanWaitOfTheWaiting
        }
    }

    /// How likely one customer is to have a share in it.
    func share(by model: any WaitingModel) -> Double {
        switch self {
        case .meanWait: model.probabilityOfWaiting
        case .waits, .waitsLong, .waitsVeryLong, .leaves: expected(by: model)
        }
    }

    /// What one customer adds to it.
    func value(of visit: Visit, limit: Double) -> Double {
        switch self {
        case .waits, .waitsLong, .waitsVeryLong: visit.wait > limit ? 1 : 0
        case .meanWait: visit.wait
        case .leaves: visit.hasLeft ? 1 : 0
        }
    }
}

/// What became of one customer.
struct Visit {
    /// 0, 1, 2 … in the order of arrival.
    let number: Int
    /// How long they waited, in seconds; until they left if they did.
    let wait: Double
    /// Whether their patience ended before an agent took them.
    let hasLeft: Bool
}
