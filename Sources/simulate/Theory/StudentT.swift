import Glibc

/// Student's t distribution with a whole number of degrees of freedom.
struct StudentT {
    let degreesOfFreedom: Int

    /// The probability of a value between −t and t: the finite series of Abramowitz and Stegun,
    /// Handbook of Mathematical Functions (1964), 26.7.3 and 26.7.4.
    func probability(within t: Double) -> Double {
        let angle = atan(t / Double(degreesOfFreedom).squareRoot())
        let square = cos(angle) * cos(angle)
        let isEven = degreesOfFreedom.isMultiple(of: 2)
        var term = isEven ? 1 : cos(angle)
        var sum = 0.0
        var step = isEven ? 0 : 1
        while step <= degreesOfFreedom - 2 {
            sum += term
            term *= square * Double(step + 1) / Double(step + 2)
            step += 2
        }
        return isEven ? sin(angle) * sum : 2 / Double.pi * (angle + sin(angle) * sum)
    }

    /// The t that a value exceeds on either side with this probability, by halving.
    func quantile(outside probability: Double) -> Double {
        precondition(probability > 0 && probability < 1, "no probability")
        var low = 0.0
        var high = 1.0
        while 1 - self.probability(within: high) > probability { high *= 2 }
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if 1 - self.probability(within: middle) > probability {
                low = middle
            } else {
                high = middle
            }
        }
        return high
    }
}
