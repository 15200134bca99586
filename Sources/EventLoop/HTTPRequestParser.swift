/// Why a head is not accepted: the status that is answered before the connection is closed.
enum HTTPRefusal: Int, Error {
    case malformed = 400
    case lengthRequired = 411
    case bodyTooLarge = 413
    case targetTooLong = 414
    case expectationFailed = 417
    case headTooLarge = 431
    case notImplemented = 501
    case versionNotSupported = 505
}

/// Reads the head of a request by the letter of RFC 9112, and stricter where readers are known to
/// disagree, since a proxy in front that reads a request otherwise than we do lets one request be
/// smuggled inside another: bare line feeds, folded lines, blanks before a colon, transfer codings
/// and anything but one plain Content-Length are refused.
struct HTTPRequestParser {
    /// More headers than any browser or proxy sends.
    static let maximumHeaders = 100
    /// Digits of a Content-Length: 999 MB is above every limit that a route can set.
    static let maximumLengthDigits = 9

    /// A head that was accepted.
    struct Head {
        var head: HTTPRequestHead
        /// Where the body begins in the bytes that were parsed.
        var end: Int
        var contentLength: Int
        var keepsAlive: Bool
        var expectsContinue: Bool
        var upgradesToWebSocket: Bool
    }

    private let bytes: [UInt8]
    private var position: Int
    private let end: Int

    /// Finds where the head ends (behind its empty line), searching from `offset`; nil as long as it
    /// does not. A line feed without its carriage return is refused at once.
    static func endOfHead(in bytes: [UInt8], from offset: Int) throws(HTTPRefusal) -> Int? {
        var position = offset
        while position < bytes.count {
            if bytes[position] == 0x0A {
                guard position > 0, bytes[position - 1] == 0x0D else { throw .malformed }
                if position > 2, bytes[position - 2] == 0x0A, bytes[position - 3] == 0x0D {
                    return position + 1
                }
            }
            position += 1
        }
        return nil
    }

    /// Reads the head that ends at `end`.
    static func parse(
        _ bytes: [UInt8], end: Int, peerAddress: String
    ) throws(HTTPRefusal) -> Head {
        var parser = HTTPRequestParser(bytes: bytes, position: 0, end: end)
        return try parser.parse(peerAddress: peerAddress)
    }

    private mutating func parse(peerAddress: String) throws(HTTPRefusal) -> Head {
        let method = try method()
        let target = try target()
        let isCurrent = try version()
        let linesStart = position
        let facts = try headers()
        guard isCurrent ? facts.hosts == 1 : facts.hosts <= 1 else { throw .malformed }
        if facts.hasTransferEncoding { throw .malformed }
        if facts.contentLength == nil, method == .post || method == .put { throw .lengthRequired }
        let length = facts.contentLength ?? 0
        if length > 0, method == .get || method == .head || method == .options { throw .malformed }
        if facts.hasUnknownExpectation { throw .expectationFailed }
        let question = bytes[target].firstIndex(of: UInt8(ascii: "?"))
        let head = HTTPRequestHead(
            method: method,
            path: String(
                decoding: bytes[target.lowerBound..<(question ?? target.upperBound)], as: UTF8.self),
            query: question.map {
                String(decoding: bytes[($0 + 1)..<target.upperBound], as: UTF8.self)
            },
            peerAddress: peerAddress, bytes: bytes, linesStart: linesStart, linesEnd: end - 2)
        return Head(
            head: head, end: end, contentLength: length,
            keepsAlive: isCurrent ? !facts.saysClose : false,
            expectsContinue: facts.expectsContinue && isCurrent,
            upgradesToWebSocket: isCurrent && facts.saysUpgrade && facts.namesWebSocket)
    }

    private mutating func method() throws(HTTPRefusal) -> HTTPMethod {
        let start = position
        while bytes[position].isTokenByte { position += 1 }
        guard position > start, bytes[position] == 0x20 else { throw .malformed }
        let name = bytes[start..<position]
        position += 1
        for method in HTTPMethod.allCases where name.elementsEqual(method.rawValue.utf8) {
            return method
        }
        throw .notImplemented
    }

    /// Origin form only: "/" and visible ASCII. The absolute, authority and asterisk forms are for
    /// proxies, and a fragment is never sent.
    private mutating func target() throws(HTTPRefusal) -> Range<Int> {
        let start = position
        guard bytes[start] == UInt8(ascii: "/") else { throw .malformed }
        while bytes[position] > 0x20, bytes[position] < 0x7F, bytes[position] != UInt8(ascii: "#") {
            position += 1
        }
        guard bytes[position] == 0x20 else { throw .malformed }
        defer { position += 1 }
        return start..<position
    }

    /// True for 1.1, false for 1.0.
    private mutating func version() throws(HTTPRefusal) -> Bool {
        let name = bytes[position..<min(position + 8, end)]
        guard name.starts(with: "HTTP/".utf8), name.count == 8 else { throw .malformed }
        let isCurrent = name.elementsEqual("HTTP/1.1".utf8)
        guard isCurrent || name.elementsEqual("HTTP/1.0".utf8) else { throw .versionNotSupported }
        position += 8
        try lineEnd()
        return isCurrent
    }

    private mutating func lineEnd() throws(HTTPRefusal) {
        guard bytes[position] == 0x0D, bytes[position + 1] == 0x0A else { throw .malformed }
        position += 2
    }

    private struct Facts {
        var hosts = 0
        var contentLength: Int?
        var hasTransferEncoding = false
        var saysClose = false
        var saysUpgrade = false
        var namesWebSocket = false
        var expectsContinue = false
        var hasUnknownExpectation = false
    }

    private mutating func headers() throws(HTTPRefusal) -> Facts {
        var facts = Facts()
        var count = 0
        while position < end - 2 {
            count += 1
            guard count <= Self.maximumHeaders else { throw .headTooLarge }
            let name = position
            while bytes[position].isTokenByte { position += 1 }
            guard position > name, bytes[position] == UInt8(ascii: ":") else { throw .malformed }
            let nameRange = name..<position
            position += 1
            while bytes[position].isBlank { position += 1 }
            let value = position
            while bytes[position] >= 0x20 && bytes[position] != 0x7F || bytes[position] == 0x09 {
                position += 1
            }
            var valueEnd = position
            while valueEnd > value, bytes[valueEnd - 1].isBlank { valueEnd -= 1 }
            try lineEnd()
            try note(nameRange, value..<valueEnd, in: &facts)
        }
        return facts
    }

    private func note(
        _ name: Range<Int>, _ value: Range<Int>, in facts: inout Facts
    ) throws(HTTPRefusal) {
        // The lengths of the names we look at; all others are skipped by one comparison.
        switch name.count {
        case 4 where has(name, "host"):
            facts.hosts += 1
        case 6 where has(name, "expect"):
            if has(value, "100-continue") {
                facts.expectsContinue = true
            } else {
                facts.hasUnknownExpectation = true
            }
        case 7 where has(name, "upgrade"):
            facts.namesWebSocket = lists(value, "websocket")
        case 10 where has(name, "connection"):
            facts.saysClose = facts.saysClose || lists(value, "close")
            facts.saysUpgrade = facts.saysUpgrade || lists(value, "upgrade")
        case 14 where has(name, "content-length"):
            guard facts.contentLength == nil else { throw .malformed }
            facts.contentLength = try length(value)
        case 17 where has(name, "transfer-encoding"):
            facts.hasTransferEncoding = true
        default:
            break
        }
    }

    private func length(_ value: Range<Int>) throws(HTTPRefusal) -> Int {
        guard !value.isEmpty else { throw .malformed }
        var length = 0
        for byte in bytes[value] {
            guard byte.isDigit else { throw .malformed }
            guard value.count <= Self.maximumLengthDigits else { throw .bodyTooLarge }
            length = length * 10 + Int(byte - 0x30)
        }
        return length
    }

    /// Compares without regard to case; `text` is written small.
    private func has(_ range: Range<Int>, _ text: String) -> Bool {
        guard range.count == text.utf8.count else { return false }
        var position = range.lowerBound
        for byte in text.utf8 {
            guard bytes[position].lowercased == byte else { return false }
            position += 1
        }
        return true
    }

    /// Whether a comma-separated list holds `token`.
    private func lists(_ value: Range<Int>, _ token: String) -> Bool {
        bytes[value].split(separator: UInt8(ascii: ",")).contains { part in
            var first = part.startIndex
            var last = part.endIndex
            while first < last, bytes[first].isBlank { first += 1 }
            while last > first, bytes[last - 1].isBlank { last -= 1 }
            return has(first..<last, token)
        }
    }
}

extension UInt8 {
    /// RFC 9110 §5.6.2, `tchar`.
    var isTokenByte: Bool {
        if lowercased &- 0x61 < 26 || isDigit { return true }
        switch self {
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"),
            UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"),
            UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            return true
        default:
            return false
        }
    }
}
