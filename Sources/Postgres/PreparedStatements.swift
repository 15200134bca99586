/// What one session keeps prepared. A new session has a new one: the server forgets with the session.
///
/// A statement is prepared by a group of its own, sent just before the group that first uses it and
/// without waiting for the answer. So it fails only by its own fault, never because a command before
/// it failed, and whoever used it meanwhile gets 26000, which is told as the error of the preparation.
struct PreparedStatements {
    /// One statement with the types it was prepared for. Statements are usually used with the same
    /// types; another version is made where they are not.
    final class Version {
        let statement: PostgresStatement
        let types: [UInt32]
        /// The name on the server, with its ending zero. Never used twice in a session.
        let name: [CChar]
        /// Why preparing it failed.
        var failure: PostgresServerError?

        init(statement: PostgresStatement, types: [UInt32], number: Int) {
            self.statement = statement
            self.types = types
            name = Array("s\(number)".utf8CString)
        }

        /// NULL has no type and fits any.
        func accepts(_ values: [PostgresValue]) -> Bool {
            guard values.count == types.count else { return false }
            for index in types.indices {
                let type = values[index].typeNumber
                if type != types[index] && type != TypeNumber.unspecified { return false }
            }
            return true
        }
    }

    /// How to send a command.
    enum Choice {
        /// It is prepared, or will be when the server gets to it.
        case prepared(Version)
        /// Prepare it first.
        case toPrepare(Version)
        /// The limit is reached: send the text.
        case unprepared(types: [UInt32])

        /// Nil for a command that is sent as text.
        var version: Version? {
            switch self {
            case .prepared(let version), .toPrepare(let version): version
            case .unprepared: nil
            }
        }
    }

    private var versions: [PostgresStatement: [Version]] = [:]
    private var count = 0
    private var lastNumber = 0

    /// Decides how to send a command; one to prepare counts as prepared from now on.
    mutating func choose(_ command: PostgresCommand) -> Choice {
        let known = versions[command.statement]
        if let version = known?.first(where: { $0.accepts(command.values) }) {
            return .prepared(version)
        }
        let types = command.values.map(\.typeNumber)
        guard count < PostgresLimits.preparedStatements else { return .unprepared(types: types) }
        lastNumber += 1
        count += 1
        let version = Version(statement: command.statement, types: types, number: lastNumber)
        versions[command.statement, default: []].append(version)
        return .toPrepare(version)
    }

    /// Forgets a version that failed or that the server no longer accepts, so that the next use
    /// prepares it anew.
    mutating func forget(_ version: Version) {
        guard var known = versions[version.statement],
            let index = known.firstIndex(where: { $0 === version })
        else { return }
        known.remove(at: index)
        versions[version.statement] = known.isEmpty ? nil : known
        count -= 1
    }
}
