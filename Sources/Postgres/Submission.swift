import EventLoop

/// What somebody asked a connection to do, before it is sent.
struct Submission {
    typealias QueryEnd = @LoopActor (Result<PostgresResult, PostgresError>) -> Void
    typealias TransactionEnd = @LoopActor (PostgresTransactionOutcome) -> Void
    typealias ScriptEnd = @LoopActor (Result<Void, PostgresError>) -> Void

    enum Work {
        case query(PostgresCommand, QueryEnd)
        case transaction([PostgresCommand], TransactionEnd)
        case script(String, ScriptEnd)
    }

    let work: Work
    /// When it must be over, on the loop's monotonic clock.
    let deadline: Int64

    /// Tells that it was not sent.
    @LoopActor func fail(_ error: PostgresError) {
        switch work {
        case .query(_, let end): end(.failure(error))
        case .transaction(_, let end): end(.notSent(error))
        case .script(_, let end): end(.failure(error))
        }
    }
}

/// What was sent up to one sync, and what has been answered so far.
final class SentGroup {
    enum Purpose {
        case preparation(PreparedStatements.Version)
        case query(Submission.QueryEnd)
        case transaction(Submission.TransactionEnd)
        /// Ends the transaction block that a failed transaction leaves open.
        case rollback
    }

    let purpose: Purpose
    let deadline: Int64
    /// Bytes of the values it carries.
    let bytes: Int
    /// Commands before the sync.
    let commandCount: Int
    /// How each command was sent; empty for preparations and rollbacks.
    var choices: [PreparedStatements.Choice] = []
    private(set) var results: [PostgresResult] = []
    private(set) var answered = 0
    /// The first error and the command it belongs to; later commands were skipped by the server.
    private(set) var failure: (error: PostgresServerError, command: Int)?

    init(_ purpose: Purpose, commandCount: Int, bytes: Int, deadline: Int64) {
        self.purpose = purpose
        self.commandCount = commandCount
        self.bytes = bytes
        self.deadline = deadline
    }

    func succeed(_ result: PostgresResult) {
        answered += 1
        results.append(result)
    }

    func skip() {
        answered += 1
    }

    /// An error after the last command belongs to the sync: a deferred constraint of a statement
    /// that is its own transaction.
    func fail(_ error: PostgresServerError) {
        if failure == nil { failure = (error, answered) }
        answered += 1
    }

    /// How the command that is answered next was sent.
    var currentVersion: PreparedStatements.Version? {
        answered < choices.count ? choices[answered].version : nil
    }

    /// True when the server answered every command.
    var isComplete: Bool { answered >= commandCount }
}

/// A first-in-first-out queue on an array; taking from the front does not move the rest each time.
struct Fifo<Element> {
    private var elements: [Element?] = []
    private var head = 0

    var isEmpty: Bool { head == elements.count }
    var count: Int { elements.count - head }
    var first: Element? { isEmpty ? nil : elements[head] }

    /// All elements, the first in front.
    var all: [Element] { elements[head...].compactMap { $0 } }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    mutating func removeFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = elements[head]
        elements[head] = nil
        head += 1
        if head == elements.count {
            elements.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 64 && head > elements.count / 2 {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    /// Removes and returns the elements that fulfil `isWanted`.
    mutating func remove(where isWanted: (Element) -> Bool) -> [Element] {
        var taken: [Element] = []
        var kept: [Element?] = []
        for element in all {
            if isWanted(element) { taken.append(element) } else { kept.append(element) }
        }
        elements = kept
        head = 0
        return taken
    }
}
