/// Rows by their name, with those that changed since they were last taken.
struct Table<Name: Hashable & Comparable & Sendable, Row: Sendable>: Sendable {
    private var rows: [Name: Row] = [:]
    private var changed: Set<Name> = []

    /// The row of this name.
    subscript(name: Name) -> Row? { rows[name] }

    /// Whether there is no row.
    var isEmpty: Bool { rows.isEmpty }

    /// Every name, ascending.
    var names: [Name] { rows.keys.sorted() }

    /// Keeps a row as it was read back: no change.
    mutating func load(_ row: Row, as name: Name) { rows[name] = row }

    /// Keeps a row. `isChange` is false when nothing of it that is stored differs.
    mutating func put(_ row: Row, as name: Name, isChange: Bool = true) {
        rows[name] = row
        if isChange { changed.insert(name) }
    }

    /// Forgets the row of this name.
    mutating func forget(_ name: Name) { rows[name] = nil }

    /// The rows that changed since the last call, ascending by name.
    mutating func takeChanged() -> [Row] {
        let taken = changed.sorted().compactMap { rows[$0] }
        changed.removeAll(keepingCapacity: changed.capacity < 1_024)
        return taken
    }
}
