/// First in, first out, with constant-time removal at the front.
struct Fifo<Element> {
    private var elements: [Element?] = []
    private var head = 0

    var count: Int { elements.count - head }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    mutating func popFirst() -> Element? {
        guard head < elements.count, let element = elements[head] else { return nil }
        elements[head] = nil
        head += 1
        // Half of the array is spent: move the rest down, at most once per that many removals.
        if head > 64, head * 2 > elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    mutating func popLast() -> Element? {
        guard !isEmpty, let element = elements.popLast() else { return nil }
        return element
    }

    mutating func removeAll() {
        elements = []
        head = 0
    }
}

extension Fifo: Sendable where Element: Sendable {}
