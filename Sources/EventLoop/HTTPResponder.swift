/// Answers one request: once, now or later.
@LoopActor public final class HTTPResponder {
    private let connection: HTTPConnection
    private let number: UInt64
    private var isAnswered = false

    init(connection: HTTPConnection, number: UInt64) {
        self.connection = connection
        self.number = number
    }

    /// True once the peer went away; what is answered then goes nowhere.
    public var isGone: Bool { !connection.isServing(number) }

    /// Answers. Only the first answer counts. A header that could break out of its line (it holds a
    /// control character) is never sent: the answer becomes a 500.
    public func respond(_ response: HTTPResponse) {
        guard !isAnswered else { return }
        isAnswered = true
        connection.respond(response, to: number)
    }

    /// Closes the connection without an answer, as a server does that ends in the middle of its work.
    public func disconnect() {
        guard !isAnswered else { return }
        isAnswered = true
        connection.disconnect(number)
    }

    isolated deinit {
        // A handler that forgot its request must not leave the peer waiting for ever.
        if !isAnswered { connection.respondToForgotten(number) }
    }
}
