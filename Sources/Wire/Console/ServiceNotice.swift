public import Desk

/// Which queues are open and what is promised: unnumbered, told when it changed and at most once a
/// second.
public struct ServiceNotice: Equatable, Sendable {
    /// A queue that has hours, was closed by hand, or promises anything.
    public struct QueueCard: Equatable, Sendable {
        /// What changes about it.
        public var state: QueueState
        /// When it opens or closes next; `nil`: not as far as anybody knows.
        public var next: Instant?

        /// This queue.
        public init(state: QueueState, next: Instant?) {
            self.state = state
            self.next = next
        }
    }

    /// A promise that runs or was broken.
    public struct Promise: Equatable, Sendable {
        /// To the customer of this conversation.
        public var conversation: ConversationID
        /// What was promised, and how far it is.
        public var target: Target
        /// When it is broken, by the hours that are known; `nil`: later than that.
        public var deadline: Instant?

        /// This promise.
        public init(conversation: ConversationID, target: Target, deadline: Instant?) {
            self.conversation = conversation
            self.target = target
            self.deadline = deadline
        }
    }

    /// The queues, ascending.
    public var queues: [QueueCard]
    /// An agent's own promises, ascending by conversation; for a supervisor those that are near their
    /// end or broken, of every conversation.
    public var promises: [Promise]
    /// For a supervisor: the queues that nobody who works here could serve, or not all of them.
    public var unserved: [Unserved]

    /// A notice of these.
    public init(queues: [QueueCard], promises: [Promise], unserved: [Unserved] = []) {
        self.queues = queues
        self.promises = promises
        self.unserved = unserved
    }

    /// The notification.
    public func encode() -> [UInt8] {
        var writer = JSONWriter(capacity: 128 + 96 * (queues.count + promises.count))
        writer.beginObject()
        writer.member("jsonrpc", "2.0")
        writer.member("method", "service")
        writer.beginObject("params")
        writer.beginArray("queues")
        for queue in queues { queue.write(to: &writer) }
        writer.endArray()
        writer.beginArray("promises")
        for promise in promises { promise.write(to: &writer) }
        writer.endArray()
        if !unserved.isEmpty {
            writer.beginArray("unserved")
            for queue in unserved { queue.write(to: &writer) }
            writer.endArray()
        }
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }
}

extension ServiceNotice.QueueCard {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("queue", state.queue.number)
        writer.member("isOpen", state.isOpen)
        writer.member("hasHours", state.hours != nil)
        if let next { writer.member("next", next.milliseconds) }
        if let order = state.order { writer.member("orderedBy", order.by.number) }
        if let targets = state.targets {
            writer.member("since", targets.since.milliseconds)
            writer.member("met", targets.met)
            writer.member("late", targets.late)
        }
        writer.endObject()
    }
}

extension Unserved {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("queue", queue.number)
        writer.member("isWhole", isWhole)
        writer.member("waiting", waiting)
        writer.endObject()
    }
}

extension ServiceNotice.Promise {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("conversation", conversation.number)
        writer.member("kind", target.kind.rawValue)
        writer.member("stage", target.stage.rawValue)
        if let deadline { writer.member("deadline", deadline.milliseconds) }
        writer.endObject()
    }
}
