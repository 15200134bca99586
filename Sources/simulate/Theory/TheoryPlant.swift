/// A fault put on purpose between the desk and the simulated people, to prove that the comparison
/// finds it. The real desk carries no switch for it.
enum TheoryPlant: String, CaseIterable {
    /// Whoever came last is served first: the mean wait stays as it was, its distribution does not.
    case lastComeFirstServed
    /// One in ten is served out of turn.
    case oneInTenOutOfTurn
    /// One agent never says that they take work.
    case idleAgent
    /// The desk hears of each closing late, by 2 % of the mean service.
    case lateClosing

    /// Whether this assignment serves who came last instead of whose turn it is.
    func isOutOfTurn(_ assignment: Int) -> Bool {
        switch self {
        case .lastComeFirstServed: true
        case .oneInTenOutOfTurn: assignment.isMultiple(of: 10)
        case .idleAgent, .lateClosing: false
        }
    }
}
