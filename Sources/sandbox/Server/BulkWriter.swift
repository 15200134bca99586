import EventLoop

/// Lets many customers write at a given rate. It slows down while the webhook queue is full, so
/// that no message is lost between the customer and the queue.
@LoopActor
final class BulkWriter {
    struct Order: Sendable {
        var page: String
        var firstCustomer: Int64
        var customers: Int64
        var messages: Int64
        var perSecond: Int64
        var text: String

        init(_ document: JSONValue, page: String) throws(ControlError) {
            func number(_ name: String, _ fallback: Int64, _ range: ClosedRange<Int64>)
                throws(ControlError) -> Int64
            {
                guard let number = (document[name] ?? .integer(fallback)).integer,
                    range.contains(number)
                else {
                    throw .wrong(
                        name, "must be a number from \(range.lowerBound) to \(range.upperBound)")
                }
                return number
            }
            self.page = page
            self.firstCustomer = try number(
                "first_customer", 7_000_000_000_000_000, 1...8_000_000_000_000_000_000)
            self.customers = try number("customers", 10, 1...Int64(Limits.bulkCustomers))
            self.messages = try number("messages", 100, 1...Int64(Limits.bulkMessages))
            self.perSecond = try number(
                "per_second", 100, 1...Int64(Limits.bulkMessagesPerSecond))
            self.text = document["text"]?.string ?? "Bulk message"
        }
    }

    private let loop: Loop
    private var timer: LoopTimer?
    private var order: Order?
    private var written: Int64 = 0
    private var began: Int64 = 0
    /// Why the order ended early.
    private var problem: String?
    /// Milliseconds between two rounds of writing.
    private static let round = 10

    init(loop: Loop) {
        self.loop = loop
    }

    /// Begins at once; an order under way is replaced.
    func start(
        _ order: Order,
        write: @escaping @LoopActor (CustomerDraft, ThreadKey) throws(ControlError) -> Void
    ) {
        stop()
        self.order = order
        written = 0
        problem = nil
        began = loop.monotonic
        timer = loop.every(.milliseconds(BulkWriter.round)) { [weak self] in
            self?.writeDue(order, write)
        }
    }

    func stop() {
        timer?.cancel()
        timer = nil
    }

    private func writeDue(
        _ order: Order, _ write: @LoopActor (CustomerDraft, ThreadKey) throws(ControlError) -> Void
    ) {
        let due = min(order.messages, (loop.monotonic - began) * order.perSecond / 1_000 + 1)
        while written < due {
            let customer = order.firstCustomer + written % order.customers
            let draft = CustomerDraft(text: "\(order.text) \(written)")
            do throws(ControlError) {
                try write(draft, ThreadKey(page: order.page, customer: String(customer)))
            } catch {
                // A full queue empties: the next round tries the same message. Any other refusal
                // would come again.
                if error.status != 503 {
                    problem = error.message
                    stop()
                }
                return
            }
            written += 1
        }
        if written == order.messages { stop() }
    }

    var json: JSONValue {
        [
            "running": .boolean(timer != nil), "written": .integer(written),
            "messages": .integer(order?.messages ?? 0),
            "problem": problem.map { .string($0) } ?? .null,
        ]
    }
}
