import Glibc

/// The queue M/M/c: nobody ever leaves (A. K. Erlang, 1917; Cooper, Introduction to Queueing Theory,
/// 2nd edition 1981, chapter 3).
struct ErlangC: WaitingModel {
    let probabilityOfWaiting: Double
    /// The rate at which the whole desk, busy, gets ahead of the arrivals.
    private let drain: Double

    /// - Precondition: the agents can serve more than arrives; otherwise the queue grows for ever.
    init(agents: Int, arrivalRate: Double, serviceRate: Double) {
        precondition(arrivalRate < Double(agents) * serviceRate, "more arrives than can be served")
        let load = arrivalRate / serviceRate
        let blocking = erlangB(agents: agents, load: load)
        let count = Double(agents)
        probabilityOfWaiting = count * blocking / (count - load * (1 - blocking))
        drain = count * serviceRate - arrivalRate
    }

    var meanWait: Double { probabilityOfWaiting / drain }

    func probabilityOfWait(longerThan time: Double) -> Double {
        probabilityOfWaiting * exp(-drain * time)
    }

    var probabilityOfLeaving: Double { 0 }
}
