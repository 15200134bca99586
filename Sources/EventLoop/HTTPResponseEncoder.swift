import Glibc

/// Writes responses. Keeps the Date header of the current second.
struct HTTPResponseEncoder {
    private var dateSecond: Int64 = -1
    private var date: [UInt8] = []

    /// The head of `response`, with an empty line at its end; nil if a header may not be sent.
    mutating func head(
        of response: HTTPResponse, closes: Bool, announcesLength: Bool, wallClock: Int64
    ) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256 + response.body.count.clampedToPiece)
        bytes.append(contentsOf: "HTTP/1.1 ".utf8)
        bytes.append(decimal: response.status)
        bytes.append(contentsOf: Self.reason(response.status).utf8)
        bytes.append(contentsOf: dateLine(wallClock / 1_000))
        for (name, value) in response.headers {
            guard !name.isEmpty, name.utf8.allSatisfy(\.isTokenByte),
                value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
            else { return nil }
            bytes.append(contentsOf: name.utf8)
            bytes.append(contentsOf: ": ".utf8)
            bytes.append(contentsOf: value.utf8)
            bytes.append(contentsOf: "\r\n".utf8)
        }
        if announcesLength {
            bytes.append(contentsOf: "Content-Length: ".utf8)
            bytes.append(decimal: response.body.count)
            bytes.append(contentsOf: "\r\n".utf8)
        }
        if closes { bytes.append(contentsOf: "Connection: close\r\n".utf8) }
        bytes.append(contentsOf: "\r\n".utf8)
        return bytes
    }

    /// `Date`, which RFC 9110 §6.6.1 asks of every server with a clock.
    private mutating func dateLine(_ second: Int64) -> [UInt8] {
        if second != dateSecond {
            dateSecond = second
            var time = time_t(second)
            var parts = unsafe tm()
            unsafe gmtime_r(&time, &parts)
            let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
            let months = [
                "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
            ]
            func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
            let day =
                unsafe "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)])"
            let clock = unsafe "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
            date = Array(unsafe "Date: \(day) \(parts.tm_year + 1_900) \(clock) GMT\r\n".utf8)
        }
        return date
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: " OK\r\n"
        case 201: " Created\r\n"
        case 202: " Accepted\r\n"
        case 204: " No Content\r\n"
        case 301: " Moved Permanently\r\n"
        case 302: " Found\r\n"
        case 303: " See Other\r\n"
        case 304: " Not Modified\r\n"
        case 307: " Temporary Redirect\r\n"
        case 308: " Permanent Redirect\r\n"
        case 400: " Bad Request\r\n"
        case 401: " Unauthorized\r\n"
        case 403: " Forbidden\r\n"
        case 404: " Not Found\r\n"
        case 405: " Method Not Allowed\r\n"
        case 409: " Conflict\r\n"
        case 411: " Length Required\r\n"
        case 413: " Content Too Large\r\n"
        case 415: " Unsupported Media Type\r\n"
        case 417: " Expectation Failed\r\n"
        case 422: " Unprocessable Content\r\n"
        case 426: " Upgrade Required\r\n"
        case 429: " Too Many Requests\r\n"
        case 431: " Request Header Fields Too Large\r\n"
        case 500: " Internal Server Error\r\n"
        case 501: " Not Implemented\r\n"
        case 502: " Bad Gateway\r\n"
        case 503: " Service Unavailable\r\n"
        case 504: " Gateway Timeout\r\n"
        case 505: " HTTP Version Not Supported\r\n"
        default: " Status\r\n"
        }
    }
}

extension Int {
    /// Room to reserve for a body that is sent together with its head.
    fileprivate var clampedToPiece: Int { self <= HTTPConnection.togetherBytes ? self : 0 }
}

extension [UInt8] {
    mutating func append(decimal number: Int) {
        append(contentsOf: String(number).utf8)
    }
}
