import Desk

/// What a reload would read is what the desk has: whatever it decides by is in the rows.
extension Auditor {
    func compare(_ rows: DeskState, with desk: DeskState) {
        require(rows == desk, .reloadIsTheState, difference(of: rows, from: desk))
    }

    private func difference(of rows: DeskState, from desk: DeskState) -> String {
        let parts = [
            ("the last event", rows.lastEvent != desk.lastEvent),
            ("the configuration", rows.configuration != desk.configuration),
            ("a conversation", rows.conversations != desk.conversations),
            ("an agent", rows.agents != desk.agents),
            ("a queue", rows.queueStates != desk.queueStates),
            ("a job", rows.jobs != desk.jobs), ("a pace", rows.paces != desk.paces),
        ]
        let different = parts.filter(\.1).map(\.0).joined(separator: ", ")
        return "a reload would not read what the desk has: \(different)"
    }
}
