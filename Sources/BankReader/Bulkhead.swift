/// Bounds how many calls are under way, in all and for one customer, and how many wait for their turn.
/// A value: who waits is told by whoever drives it.
struct Bulkhead {
    /// One call's place.
    struct Ticket: Hashable {
        fileprivate let number: Int64
        fileprivate let customer: Int64
    }

    /// What becomes of a call.
    enum Entry: Equatable {
        /// It is made now; ``leave`` follows.
        case goes(Ticket)
        /// It waits until it is named by a ``leave``, or gives up.
        case waits(Ticket)
        /// Too many wait.
        case refused
    }

    private let total: Int
    private let perCustomer: Int
    private let room: Int
    private var last: Int64 = 0
    private var inside: Set<Ticket> = []
    private var perCustomerInside: [Int64: Int] = [:]
    private var queue: [Ticket] = []

    init(
        total: Int = ReadLimits.inFlight, perCustomer: Int = ReadLimits.inFlightPerCustomer,
        waiting: Int = ReadLimits.waiting
    ) {
        self.total = total
        self.perCustomer = perCustomer
        room = waiting
    }

    /// Calls under way.
    var inFlight: Int { inside.count }
    /// Calls that wait.
    var waiting: Int { queue.count }

    /// A call of a customer's wants to be made.
    mutating func enter(_ customer: Int64) -> Entry {
        last += 1
        let ticket = Ticket(number: last, customer: customer)
        if mayGo(ticket) {
            go(ticket)
            return .goes(ticket)
        }
        guard queue.count < room else { return .refused }
        queue.append(ticket)
        return .waits(ticket)
    }

    /// A call ended; those that go now, first come first served among those that may.
    mutating func leave(_ ticket: Ticket) -> [Ticket] {
        guard inside.remove(ticket) != nil else { return [] }
        let left = (perCustomerInside[ticket.customer] ?? 0) - 1
        perCustomerInside[ticket.customer] = left > 0 ? left : nil
        var gone: [Ticket] = []
        var rest: [Ticket] = []
        for waiting in queue {
            guard mayGo(waiting) else {
                rest.append(waiting)
                continue
            }
            go(waiting)
            gone.append(waiting)
        }
        queue = rest
        return gone
    }

    /// A call does not wait any more; false if it goes already.
    mutating func giveUp(_ ticket: Ticket) -> Bool {
        guard let index = queue.firstIndex(of: ticket) else { return false }
        queue.remove(at: index)
        return true
    }

    private func mayGo(_ ticket: Ticket) -> Bool {
        inside.count < total && (perCustomerInside[ticket.customer] ?? 0) < perCustomer
    }

    private mutating func go(_ ticket: Ticket) {
        inside.insert(ticket)
        perCustomerInside[ticket.customer, default: 0] += 1
    }
}
