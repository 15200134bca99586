extension JSONReader {
    /// A place to return to when what follows turns out to be broken.
    struct Mark {
        var position: Int
        var containers: Int
        var names: Int
        var count: Int
    }

    /// The place before the element of an array that comes next.
    mutating func mark() -> Mark {
        skipSpace()
        return Mark(
            position: position, containers: containers.count, names: names.count,
            count: containers.last?.count ?? 0)
    }

    /// Steps from a mark over a value that could not be read, checking no more than that strings end
    /// and brackets match, so that what follows can be read; where it stands.
    ///
    /// Refuses what leaves no doubt that all of the bytes are broken: brackets that do not match, an
    /// unfinished string, nesting beyond ``WireLimits/brokenElementDepth``.
    mutating func stepOverBroken(from mark: Mark) throws(JSONError) -> Range<Int> {
        position = mark.position
        containers.removeLast(containers.count - mark.containers)
        names.removeLast(names.count - mark.names)
        if !containers.isEmpty { containers[containers.count - 1].count = mark.count }
        var open: [UInt8] = []
        repeat {
            guard position < limit else { throw failure(.incomplete) }
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""): try stepOverBrokenString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard open.count < WireLimits.brokenElementDepth else { throw failure(.tooDeep) }
                open.append(byte)
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                // In ASCII a closing bracket comes two after its opening one.
                guard open.popLast() == byte - 2 else { throw failure(.syntax) }
                position += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                guard !open.isEmpty else { throw failure(.syntax) }
                position += 1
            default: position += 1
            }
        } while !open.isEmpty || !isAtEndOfElement
        return mark.position..<position
    }

    /// Whether a value that is no container is over: what follows separates or closes.
    private var isAtEndOfElement: Bool {
        guard position < limit else { return true }
        switch bytes[position] {
        case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"): return true
        default: return false
        }
    }

    private mutating func stepOverBrokenString() throws(JSONError) {
        position += 1
        while position < limit {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"): position += 2
            default: position += 1
            }
        }
        position = limit
        throw failure(.incomplete)
    }
}
