/// What theory says about waiting in one queue before equal agents who hold one conversation each,
/// when customers come by chance (Poisson), take exponential time and are served in order.
/// Times are in seconds, rates per second.
protocol WaitingModel {
    /// The probability that a customer finds every agent busy.
    var probabilityOfWaiting: Double { get }
    /// The mean wait of all customers, those included who do not wait and those who leave.
    var meanWait: Double { get }
    /// The probability that a customer waits longer than this, whether served or not.
    func probabilityOfWait(longerThan time: Double) -> Double
    /// The probability that a customer leaves unserved.
    var probabilityOfLeaving: Double { get }
}

extension WaitingModel {
    /// The mean wait of those who wait at all.
    var meanWaitOfTheWaiting: Double { meanWait / probabilityOfWaiting }
}

/// The probability that all agents are busy where nobody waits (Erlang's loss formula, or Erlang-B).
///
/// By the recursion over the number of agents (V. B. Iversen, Teletraffic Engineering Handbook,
/// ITU-D, 2005, chapter 7), which neither overflows nor loses digits.
///
/// - Parameter load: the offered load in erlangs: rate of arrival times mean service.
func erlangB(agents: Int, load: Double) -> Double {
    var blocking = 1.0
    for busy in stride(from: 1, through: agents, by: 1) {
        blocking = load * blocking / (Double(busy) + load * blocking)
    }
    return blocking
}
