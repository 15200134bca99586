import EventLoop

/// The head of an HTTP/1.1 response, as far as this driver needs it.
struct HTTPReply {
    let status: Int
    /// Where the body begins and ends in what was read.
    let body: Range<Int>

    /// The response that `bytes` begin with; nil while part of it is missing.
    ///
    /// The server under load frames every body by `content-length`; a response without one has none.
    static func read(_ bytes: Span<UInt8>) -> HTTPReply? {
        guard let end = endOfHead(bytes) else { return nil }
        var status = 0
        for index in 9..<12 { status = status * 10 + Int(bytes[index] &- UInt8(ascii: "0")) }
        let body = end..<(end + contentLength(bytes, headEnd: end))
        guard body.upperBound <= bytes.count else { return nil }
        return HTTPReply(status: status, body: body)
    }

    private static func endOfHead(_ bytes: Span<UInt8>) -> Int? {
        guard bytes.count >= 16 else { return nil }
        var index = 15
        while index < bytes.count {
            if bytes[index] == 0x0A, bytes[index - 1] == 0x0D, bytes[index - 2] == 0x0A {
                return index + 1
            }
            index += 1
        }
        return nil
    }

    private static let lengthName = Array("\ncontent-length:".utf8)

    private static func contentLength(_ bytes: Span<UInt8>, headEnd: Int) -> Int {
        var index = 12
        while index + lengthName.count < headEnd {
            if bytes[index] == 0x0A, matches(bytes, at: index) {
                return Digits.read(bytes, from: index + lengthName.count, skippingSpaces: true)
            }
            index += 1
        }
        return 0
    }

    private static func matches(_ bytes: Span<UInt8>, at start: Int) -> Bool {
        for (offset, expected) in lengthName.enumerated() {
            // Header names may have any case; the letters differ in one bit, `-` and `:` have it set.
            let byte = bytes[start + offset]
            guard byte | (expected == 0x0A ? 0 : 0x20) == expected else { return false }
        }
        return true
    }
}

/// Numbers as decimal digits among bytes.
enum Digits {
    /// The number whose digits begin at `start`.
    static func read(_ bytes: Span<UInt8>, from start: Int, skippingSpaces: Bool = false) -> Int {
        var index = start
        if skippingSpaces { while index < bytes.count, bytes[index] == 0x20 { index += 1 } }
        var number = 0
        while index < bytes.count, (0x30...0x39).contains(bytes[index]), number < 1 << 55 {
            number = number * 10 + Int(bytes[index] - 0x30)
            index += 1
        }
        return number
    }

    /// Writes a number over the `count` bytes at `start`, with zeros in front.
    static func write(_ number: Int, over bytes: inout [UInt8], at start: Int, count: Int) {
        var rest = number
        var index = start + count
        while index > start {
            index -= 1
            bytes[index] = UInt8(0x30 + rest % 10)
            rest /= 10
        }
    }
}

extension Span<UInt8> {
    /// A copy of these bytes.
    func copy(_ range: Range<Int>) -> [UInt8] {
        var copy: [UInt8] = []
        copy.reserveCapacity(range.count)
        for index in range { copy.append(self[index]) }
        return copy
    }
}
