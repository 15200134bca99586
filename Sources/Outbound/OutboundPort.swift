public import Desk
public import Engine
public import EventLoop

/// What one send needs, read from the store when it is about to leave.
public struct MessageToSend: Sendable {
    /// Where the customer is reached: Wire's address document.
    public let address: [UInt8]
    /// What to send: Wire's message document.
    public let body: [UInt8]

    /// Send this there.
    public init(address: [UInt8], body: [UInt8]) {
        self.address = address
        self.body = body
    }
}

/// Up to when everything that the channel has of a page is on record.
public enum ReadBackMark: Equatable, Sendable {
    /// Nothing is known: the page was never read.
    case never
    /// Everything that was written before this moment.
    case until(Instant)
}

/// What outbound work needs of the desk that it belongs to; the program wires it to the desk's runner
/// and its store.
@LoopActor public protocol OutboundPort: AnyObject {
    /// Now, by the desk's clock.
    func now() -> Instant
    /// Hands an input in; answered after the commit.
    func enter(
        _ input: Input, from source: Source, key: Digest?, content: Content?,
        answer: (@LoopActor (Answer) -> Void)?)
    /// What a job sends and to whom; `nil` when it could not be read.
    func order(for job: JobID) async -> MessageToSend?
    /// Stands for bytes, under the desk's key; `nil` before the key was read.
    func digest(domain: String, _ bytes: [UInt8]) -> Digest?
    /// Up to when a page is on record; `nil` when it could not be read.
    func readBackMark(of page: Digest) async -> ReadBackMark?
    /// Keeps that a page is on record up to this moment, if this node owns the desk. What was kept
    /// before and is later stays. When it cannot be kept, more is read back than need be.
    func keepReadBackMark(of page: Digest, until moment: Instant) async
    /// When the messages that stand for these platform ids were written, of those that are on
    /// record; `nil` when it could not be read.
    func writtenTimes(of messages: [Digest]) async -> [Digest: Instant]?
}
