import Glibc

/// The queue M/M/c+M: customers lose patience after an exponential time (C. Palm, 1957).
///
/// In the form of Zeltyn and Mandelbaum, "Call centers with impatient customers: many-server
/// asymptotics of the M/M/n+G queue", Queueing Systems 51 (2005): everything follows from the
/// integral J(t) of exp(λ ∫₀ˣ P(patience > u) du − cμx) over x ≥ t. With exponential patience J
/// is an incomplete gamma function, summed here by its series of positive terms (Digital Library of
/// Mathematical Functions, 8.7.1).
struct ErlangA: WaitingModel {
    private let agents: Double
    private let arrivalRate: Double
    private let serviceRate: Double
    private let patienceRate: Double
    /// J(0) and what it is divided by.
    private let whole: Double
    private let norm: Double

    /// - Parameter patienceRate: one over the mean patience.
    init(agents: Int, arrivalRate: Double, serviceRate: Double, patienceRate: Double) {
        self.agents = Double(agents)
        self.arrivalRate = arrivalRate
        self.serviceRate = serviceRate
        self.patienceRate = patienceRate
        whole = Self.integral(
            from: 0, arrivalRate: arrivalRate, capacity: Double(agents) * serviceRate,
            patienceRate: patienceRate)
        norm =
            1 / erlangB(agents: agents - 1, load: arrivalRate / serviceRate) + arrivalRate * whole
    }

    private static func integral(
        from time: Double, arrivalRate: Double, capacity: Double, patienceRate: Double
    ) -> Double {
        let stays = exp(-patienceRate * time)
        let argument = arrivalRate / patienceRate * stays
        var sum = 0.0
        var divisor = capacity / patienceRate
        var term = 1 / divisor
        // The terms rise while the divisor is below the argument and fall from there on.
        while term > sum * 1e-17 {
            sum += term
            divisor += 1
            term *= argument / divisor
        }
        let exponent = arrivalRate * (1 - stays) / patienceRate - capacity * time
        return sum * exp(exponent) / patienceRate
    }

    var probabilityOfWaiting: Double { arrivalRate * whole / norm }

    var probabilityOfLeaving: Double {
        (1 + (arrivalRate - agents * serviceRate) * whole) / norm
    }

    /// Who waits leaves at the rate of patience, so the two go together.
    var meanWait: Double { probabilityOfLeaving / patienceRate }

    func probabilityOfWait(longerThan time: Double) -> Double {
        let rest = Self.integral(
            from: time, arrivalRate: arrivalRate, capacity: agents * serviceRate,
            patienceRate: patienceRate)
        return exp(-patienceRate * time) * arrivalRate * rest / norm
    }
}
