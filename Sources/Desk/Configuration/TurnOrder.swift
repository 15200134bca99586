/// Whose turn it is among the agents who may be given a conversation (decision 22). What differs is by
/// what agents are ordered first; equals go by who has been idle longest, then by the lowest id.
public enum TurnOrder: String, Sendable, CaseIterable, Codable {
    /// By the units of work that they have.
    case leastUnits
    /// By the share of their capacity that they have: who may hold twice as much is given twice as much.
    case leastShare
    /// By nothing else: who has been idle longest, whatever they have.
    case longestIdle

    /// The order where nothing is configured.
    public static let usual = TurnOrder.leastUnits

    /// What agents are ordered by first, ascending. Shares are in millionths: two that differ at all
    /// differ by more, since no capacity is above ``Limits/maximumCapacity``, and so are equal or not
    /// as the shares are.
    ///
    /// - Parameter capacity: above 0, since an agent without any has no turn.
    package func burden(ofLoad load: Int, capacity: Int) -> Int {
        switch self {
        case .leastUnits: load
        case .leastShare: load * 1_000_000 / max(1, capacity)
        case .longestIdle: 0
        }
    }
}

extension Configuration {
    /// Whose turn it is.
    public var orderOfTurns: TurnOrder { turnOrder ?? .usual }
}
