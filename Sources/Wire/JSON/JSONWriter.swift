/// Writes JSON by appending to bytes. Separators are put where they belong; the caller opens and
/// closes containers and gives names that need no escaping.
public struct JSONWriter: Sendable {
    /// What was written so far.
    public private(set) var bytes: [UInt8]

    /// Nothing written, with room for this many bytes.
    public init(capacity: Int = 512) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Goes on from bytes that were written before, with room for this many more.
    init(continuing head: [UInt8], room: Int) {
        bytes = []
        bytes.reserveCapacity(head.count + room)
        bytes += head
    }

    // MARK: Containers

    /// Opens an object.
    public mutating func beginObject() {
        separate()
        bytes.append(UInt8(ascii: "{"))
    }

    /// Closes an object.
    public mutating func endObject() { bytes.append(UInt8(ascii: "}")) }

    /// Opens an array.
    public mutating func beginArray() {
        separate()
        bytes.append(UInt8(ascii: "["))
    }

    /// Closes an array.
    public mutating func endArray() { bytes.append(UInt8(ascii: "]")) }

    /// Names the member whose value follows. The name is one of ours and needs no escaping.
    public mutating func name(_ name: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: name.utf8)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    /// Opens an object as a member.
    public mutating func beginObject(_ name: String) {
        self.name(name)
        bytes.append(UInt8(ascii: "{"))
    }

    /// Opens an array as a member.
    public mutating func beginArray(_ name: String) {
        self.name(name)
        bytes.append(UInt8(ascii: "["))
    }

    // MARK: Members

    /// A member with an integer.
    public mutating func member(_ name: String, _ value: Int64) {
        self.name(name)
        digits(value)
    }

    /// A member with an integer.
    public mutating func member(_ name: String, _ value: Int) { member(name, Int64(value)) }

    /// A member with text.
    public mutating func member(_ name: String, _ value: String) {
        self.name(name)
        quote(value)
    }

    /// A member with a boolean.
    public mutating func member(_ name: String, _ value: Bool) {
        self.name(name)
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// A member with a number; one that JSON cannot say is `null`.
    public mutating func member(_ name: String, _ value: Double) {
        self.name(name)
        bytes.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
    }

    /// A member with JSON that was checked before.
    public mutating func member(_ name: String, raw value: ArraySlice<UInt8>) {
        self.name(name)
        bytes.append(contentsOf: value)
    }

    // MARK: Elements

    /// Text as an element.
    public mutating func element(_ value: String) {
        separate()
        quote(value)
    }

    /// An integer as an element.
    public mutating func element(_ value: Int64) {
        separate()
        digits(value)
    }

    /// JSON that was written or checked before, as an element or as the value of a name.
    public mutating func element(raw value: ArraySlice<UInt8>) {
        separate()
        bytes.append(contentsOf: value)
    }

    /// A `null`.
    public mutating func null() {
        separate()
        bytes.append(contentsOf: "null".utf8)
    }

    // MARK: Inside

    /// A comma, unless the value is the first of its container or follows its name.
    private mutating func separate() {
        switch bytes.last {
        case nil, UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"): return
        default: bytes.append(UInt8(ascii: ","))
        }
    }

    private mutating func digits(_ value: Int64) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        var rest = value.magnitude
        repeat {
            bytes.append(0x30 + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    private mutating func quote(_ value: String) {
        bytes.append(UInt8(ascii: "\""))
        let needsEscapes = value.utf8.contains { byte in
            byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
        }
        if needsEscapes {
            for byte in value.utf8 { escape(byte) }
        } else {
            bytes.append(contentsOf: value.utf8)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
        case UInt8(ascii: "\\"): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
        case 0x0A: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
        case 0x00..<0x20:
            let hexadecimal = [UInt8]("0123456789abcdef".utf8)
            bytes.append(contentsOf: "\\u00".utf8)
            bytes.append(hexadecimal[Int(byte >> 4)])
            bytes.append(hexadecimal[Int(byte & 15)])
        default: bytes.append(byte)
        }
    }
}
