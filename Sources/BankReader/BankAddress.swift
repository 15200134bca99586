/// An absolute http or https address, taken apart strictly: no user information, no fragment, no
/// control or white characters, no backslash, no path segment that climbs.
struct BankAddress: Equatable, Sendable {
    let scheme: String
    /// In small letters.
    let host: String
    let port: Int
    /// Begins with a slash, or is empty.
    let path: String
    /// Without the question mark.
    let query: String?

    init?(_ text: String) {
        guard text.utf8.count <= ReadLimits.linkBytes,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }),
            !text.contains("#"), let colon = text.firstRange(of: "://")
        else { return nil }
        scheme = text[..<colon.lowerBound].lowercased()
        guard scheme == "https" || scheme == "http" else { return nil }
        let rest = text[colon.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard let authority = Self.authority(rest[..<end], scheme: scheme) else { return nil }
        (host, port) = authority
        let tail = rest[end...].split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = tail.first.map(String.init) ?? ""
        query = tail.count > 1 ? String(tail[1]) : nil
        guard Self.isPlain(path) else { return nil }
    }

    /// Scheme, host and port, as they are written in an address.
    var origin: String {
        let standard = scheme == "https" ? 443 : 80
        return "\(scheme)://\(host)" + (port == standard ? "" : ":\(port)")
    }

    /// Whether it is of this machine alone, where nobody listens on the way.
    var isLoopback: Bool { ["127.0.0.1", "[::1]", "localhost"].contains(host) }

    private static func authority(_ text: Substring, scheme: String) -> (String, Int)? {
        let hasBrackets = text.first == "["
        let hostEnd =
            hasBrackets
            ? text.firstIndex(of: "]").map { text.index(after: $0) } ?? text.endIndex
            : text.firstIndex(of: ":") ?? text.endIndex
        let host = text[..<hostEnd].lowercased()
        let isHost = host.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."): true
            case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ":"): hasBrackets
            default: false
            }
        }
        guard isHost, !host.isEmpty else { return nil }
        let portText = text[hostEnd...]
        guard !portText.isEmpty else { return (host, scheme == "https" ? 443 : 80) }
        let digits = portText.dropFirst()
        guard portText.first == ":", (1...5).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(digits),
            (1...65_535).contains(port)
        else { return nil }
        return (host, port)
    }

    /// No empty segment but the last, none that is `.` or `..` in any spelling.
    private static func isPlain(_ path: String) -> Bool {
        guard !path.isEmpty else { return true }
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        return segments.enumerated().allSatisfy { index, segment in
            let word = segment.lowercased().replacing("%2e", with: ".")
            let hidesASlash = word.contains("%2f") || word.contains("%5c")
            return word != "." && word != ".." && !hidesASlash
                && (!word.isEmpty || index == segments.count - 1)
        }
    }
}
