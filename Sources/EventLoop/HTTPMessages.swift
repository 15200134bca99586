/// The methods that a server of ours answers; any other is refused before a route is asked.
public enum HTTPMethod: String, Sendable, CaseIterable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
    case head = "HEAD"
    case options = "OPTIONS"
}

/// The request line and headers, as they came.
public struct HTTPRequestHead: Sendable {
    /// What is asked for.
    public let method: HTTPMethod
    /// The path as sent: not decoded, without the query. It begins with "/" and holds visible ASCII
    /// only; "%2f", "..", "//" and the like are still in it, so a route that compares it exactly
    /// never meets a disguised path.
    public let path: String
    /// What follows the first "?", as sent, if there is one.
    public let query: String?
    /// The peer's address without a port: the TCP peer's, or what a trusted proxy says of it.
    public internal(set) var peerAddress: String

    /// The bytes of the whole head; the header lines begin at `linesStart` and end before `linesEnd`.
    let bytes: [UInt8]
    let linesStart: Int
    let linesEnd: Int

    /// The value of header `lowercaseName` without surrounding blanks; several of one name are
    /// joined by ", " (RFC 9110 §5.3), cookies by "; ". Nil if it did not come.
    public func header(_ lowercaseName: String) -> String? {
        var joined: String?
        var start = linesStart
        while let (value, next) = nextValue(of: lowercaseName, from: start) {
            let text = String(decoding: bytes[value], as: UTF8.self)
            if let before = joined {
                joined = before + (lowercaseName == "cookie" ? "; " : ", ") + text
            } else {
                joined = text
            }
            start = next
        }
        return joined
    }

    /// The bytes of the first header `lowercaseName`, for code that has no use for a string.
    public func headerBytes(_ lowercaseName: String) -> ArraySlice<UInt8>? {
        nextValue(of: lowercaseName, from: linesStart).map { bytes[$0.value] }
    }

    /// How many headers carry this name.
    func count(of lowercaseName: String) -> Int {
        var count = 0
        var start = linesStart
        while let found = nextValue(of: lowercaseName, from: start) {
            count += 1
            start = found.next
        }
        return count
    }

    private func nextValue(
        of lowercaseName: String, from start: Int
    ) -> (value: Range<Int>, next: Int)? {
        let name = lowercaseName.utf8
        var line = start
        while line < linesEnd {
            var end = line
            while bytes[end] != UInt8(ascii: "\r") { end += 1 }
            if matches(name, at: line, end: end) {
                var first = line + name.count + 1
                var last = end
                while first < last, bytes[first].isBlank { first += 1 }
                while last > first, bytes[last - 1].isBlank { last -= 1 }
                return (first..<last, end + 2)
            }
            line = end + 2
        }
        return nil
    }

    private func matches(_ name: String.UTF8View, at line: Int, end: Int) -> Bool {
        guard line + name.count < end, bytes[line + name.count] == UInt8(ascii: ":") else {
            return false
        }
        var position = line
        for byte in name {
            guard bytes[position].lowercased == byte else { return false }
            position += 1
        }
        return true
    }
}

/// A whole request.
public struct HTTPRequest: Sendable {
    /// Request line and headers.
    public let head: HTTPRequestHead
    /// The body, empty if none came.
    public let body: [UInt8]
}

/// What is answered.
public struct HTTPResponse: Sendable {
    /// The status code, 200 to 599.
    public var status: Int
    /// Headers besides Date, Content-Length and Connection, which the server writes itself.
    public var headers: [(String, String)]
    /// The body; its length is announced.
    public var body: [UInt8]

    /// A response of these parts.
    public init(status: Int, headers: [(String, String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A plain text (UTF-8).
    public static func text(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: [("Content-Type", "text/plain; charset=utf-8")],
            body: Array(text.utf8))
    }

    /// A JSON document, already encoded.
    public static func json(_ body: [UInt8], status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: [("Content-Type", "application/json")], body: body)
    }
}

extension UInt8 {
    @inline(__always) var isBlank: Bool { self == 0x20 || self == 0x09 }

    @inline(__always) var isDigit: Bool { self &- 0x30 < 10 }

    /// ASCII letters become small, everything else stays.
    @inline(__always) var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
}
