/// What is to happen, by time and then by the order in which it was scheduled: a binary heap.
struct Schedule {
    private struct Entry {
        let time: Int64
        let order: Int
        let action: () -> Void

        func isBefore(_ other: Entry) -> Bool {
            time != other.time ? time < other.time : order < other.order
        }
    }

    private var heap: [Entry] = []
    private var count = 0

    mutating func add(at time: Int64, _ action: @escaping () -> Void) {
        count += 1
        heap.append(Entry(time: time, order: count, action: action))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the next action, if it is not later than this.
    mutating func next(until end: Int64) -> (time: Int64, action: () -> Void)? {
        guard let first = heap.first, first.time <= end else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return (first.time, first.action)
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].isBefore(heap[least]) {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
