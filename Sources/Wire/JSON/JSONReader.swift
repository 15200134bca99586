/// Reads JSON (RFC 8259) piece by piece from bytes, without building a tree.
///
/// The caller walks: `beginObject`, then `nextName` until `nil`, reading or skipping one value each.
/// Names must be unique within an object, nesting is bounded, integers must fit 64 bits, text must be
/// UTF-8. Strings come out storable: U+0000 and lone surrogates, which PostgreSQL and Swift cannot
/// hold, become U+FFFD. After an error the reader stands at the error and its path names the field.
public struct JSONReader: Sendable {
    /// What kind of value comes next, by its first byte.
    public enum Kind: Sendable {
        /// An object.
        case object
        /// An array.
        case array
        /// A string.
        case string
        /// A number.
        case number
        /// `true` or `false`.
        case bool
        /// `null`.
        case null
    }

    /// One open container: enough to find duplicate names and to tell the path.
    struct Container {
        var isObject: Bool
        var count = 0
        var firstName: Int
    }

    /// Where a name stands between its quotes.
    struct Name {
        var range: Range<Int>
        var hasEscapes: Bool
    }

    let bytes: [UInt8]
    let limit: Int
    let maximumDepth: Int
    var position: Int
    var containers: [Container] = []
    var names: [Name] = []

    /// Reads all of these bytes.
    public init(_ bytes: [UInt8], maximumDepth: Int = WireLimits.depth) {
        self.init(bytes, range: 0..<bytes.count, maximumDepth: maximumDepth)
    }

    /// Reads a part of these bytes, which must be within them.
    public init(_ bytes: [UInt8], range: Range<Int>, maximumDepth: Int = WireLimits.depth) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        self.bytes = bytes
        self.limit = range.upperBound
        self.maximumDepth = maximumDepth
        self.position = range.lowerBound
        containers.reserveCapacity(8)
        names.reserveCapacity(24)
    }

    // MARK: Walking

    /// What comes next.
    public mutating func peek() throws(JSONError) -> Kind {
        skipSpace()
        guard position < limit else { throw failure(.incomplete) }
        switch bytes[position] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: throw failure(.syntax)
        }
    }

    /// Enters an object.
    public mutating func beginObject() throws(JSONError) {
        guard try peek() == .object else { throw failure(.wrongType) }
        try enter(isObject: true)
    }

    /// Enters an array.
    public mutating func beginArray() throws(JSONError) {
        guard try peek() == .array else { throw failure(.wrongType) }
        try enter(isObject: false)
    }

    /// The next member's name, or `nil` after leaving the object.
    public mutating func nextName() throws(JSONError) -> String? {
        guard let name = try nextNameRange() else { return nil }
        return text(name.range, hasEscapes: name.hasEscapes)
    }

    /// Whether the array has another element; leaves it when not.
    public mutating func nextElement() throws(JSONError) -> Bool {
        let isFirst = containers[containers.count - 1].count == 0
        skipSpace()
        guard position < limit else { throw failure(.incomplete) }
        if bytes[position] == UInt8(ascii: "]") {
            leave()
            return false
        }
        if !isFirst { try expect(UInt8(ascii: ",")) }
        containers[containers.count - 1].count += 1
        return true
    }

    /// Checks that nothing follows.
    public mutating func end() throws(JSONError) {
        skipSpace()
        guard position == limit else { throw failure(.trailingBytes) }
    }

    /// Consumes a `null`, if one is next.
    public mutating func takeNull() throws(JSONError) -> Bool {
        guard try peek() == .null else { return false }
        try literal([UInt8]("null".utf8))
        return true
    }

    /// A boolean.
    public mutating func bool() throws(JSONError) -> Bool {
        guard try peek() == .bool else { throw failure(.wrongType) }
        let isTrue = bytes[position] == UInt8(ascii: "t")
        try literal([UInt8]((isTrue ? "true" : "false").utf8))
        return isTrue
    }

    /// Steps over a value, checking it as strictly as if it were read.
    public mutating func skip() throws(JSONError) {
        switch try peek() {
        case .object:
            try beginObject()
            while try nextNameRange() != nil { try skip() }
        case .array:
            try beginArray()
            while try nextElement() { try skip() }
        case .string: _ = try scanString()
        case .number: _ = try scanNumber()
        case .bool: _ = try bool()
        case .null: _ = try takeNull()
        }
    }

    /// Steps over a value as strictly; where it stands in the bytes.
    public mutating func raw() throws(JSONError) -> Range<Int> {
        skipSpace()
        let start = position
        try skip()
        return start..<position
    }

    // MARK: Errors

    /// An error of this kind at the field where the reader is.
    public func failure(_ code: JSONError.Code) -> JSONError {
        JSONError(code, field: path)
    }

    /// An error of this kind at a member of the object where the reader is.
    public func failure(_ code: JSONError.Code, at name: String) -> JSONError {
        let path = self.path
        return JSONError(code, field: path.isEmpty ? name : "\(path).\(name)")
    }

    /// The field where the reader is.
    public var path: String {
        var path = ""
        for (depth, container) in containers.enumerated() where container.count > 0 {
            guard container.isObject else {
                path += "[\(container.count - 1)]"
                continue
            }
            let next = depth + 1 < containers.count ? containers[depth + 1].firstName : names.count
            guard next > container.firstName else { continue }
            path += path.isEmpty ? "" : "."
            path += Self.presentable(bytes[names[next - 1].range])
        }
        return path
    }

    /// A name as it may stand in an error: names come from the peer too, so only plain ones do.
    private static func presentable(_ name: ArraySlice<UInt8>) -> String {
        let isPlain = name.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isPlain && name.count <= WireLimits.kindName else { return "?" }
        return String(decoding: name, as: UTF8.self)
    }

    // MARK: Inside

    mutating func skipSpace() {
        while position < limit {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    mutating func expect(_ byte: UInt8) throws(JSONError) {
        skipSpace()
        guard position < limit else { throw failure(.incomplete) }
        guard bytes[position] == byte else { throw failure(.syntax) }
        position += 1
    }

    private mutating func literal(_ expected: [UInt8]) throws(JSONError) {
        for byte in expected {
            guard position < limit else { throw failure(.incomplete) }
            guard bytes[position] == byte else { throw failure(.syntax) }
            position += 1
        }
    }

    private mutating func enter(isObject: Bool) throws(JSONError) {
        guard containers.count < maximumDepth else { throw failure(.tooDeep) }
        position += 1
        containers.append(Container(isObject: isObject, firstName: names.count))
    }

    private mutating func leave() {
        position += 1
        let container = containers.removeLast()
        names.removeLast(names.count - container.firstName)
    }

    mutating func nextNameRange() throws(JSONError) -> Name? {
        let container = containers[containers.count - 1]
        skipSpace()
        guard position < limit else { throw failure(.incomplete) }
        if bytes[position] == UInt8(ascii: "}") {
            leave()
            return nil
        }
        if container.count > 0 {
            try expect(UInt8(ascii: ","))
            skipSpace()
        }
        guard position < limit else { throw failure(.incomplete) }
        guard bytes[position] == UInt8(ascii: "\"") else { throw failure(.syntax) }
        let scanned = try scanString()
        let name = Name(range: scanned.range, hasEscapes: scanned.hasEscapes)
        guard container.count < WireLimits.membersPerObject else { throw failure(.tooManyMembers) }
        let isDuplicate = occurs(name, from: container.firstName)
        names.append(name)
        containers[containers.count - 1].count += 1
        guard !isDuplicate else { throw failure(.duplicateName) }
        try expect(UInt8(ascii: ":"))
        return name
    }

    /// Whether a name is among those of the innermost object. Most differ in length or first byte.
    private func occurs(_ name: Name, from first: Int) -> Bool {
        for index in first..<names.count {
            let other = names[index]
            if other.hasEscapes || name.hasEscapes {
                let isSame =
                    text(other.range, hasEscapes: other.hasEscapes)
                    == text(name.range, hasEscapes: name.hasEscapes)
                if isSame { return true }
            } else if isSame(other.range, name.range) {
                return true
            }
        }
        return false
    }

    private func isSame(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        guard left.count == right.count else { return false }
        let bytes = self.bytes.span
        for offset in 0..<left.count
        where bytes[left.lowerBound + offset] != bytes[right.lowerBound + offset] {
            return false
        }
        return true
    }
}
