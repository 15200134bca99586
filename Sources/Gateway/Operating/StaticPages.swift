public import EventLoop
import FoundationEssentials

/// The console's static files, read into memory once at start. A request gets a file only by its exact
/// path in this list: no path of the peer's ever reaches the file system.
public struct StaticPages: Sendable {
    /// Why the console's files cannot be served.
    public enum Failure: Error, CustomStringConvertible {
        /// The folder cannot be read, or lacks `index.html`.
        case unreadable(directory: String)
        /// A file is larger than ``StaticPages/maximumFileBytes``.
        case tooLarge(file: String)

        /// In words, for the operator.
        public var description: String {
            switch self {
            case .unreadable(let directory):
                "console.directory: '\(directory)' holds no readable index.html"
            case .tooLarge(let file):
                "console.directory: '\(file)' is larger than \(StaticPages.maximumFileBytes) bytes"
            }
        }
    }

    /// One module or style sheet; the console has no build step and no large file.
    public static let maximumFileBytes = 512 * 1_024

    /// The page may load its own modules, styles and socket and nothing else, may not be framed, and
    /// may not turn a string into markup (W3C CSP 3, Trusted Types).
    static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        + "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
        + "require-trusted-types-for 'script'"

    private var responses: [String: HTTPResponse] = [:]

    /// Reads every page, module and style sheet under `directory`.
    public init(directory: String) throws(Failure) {
        let manager = FileManager.default
        guard let names = try? manager.subpathsOfDirectory(atPath: directory),
            names.contains("index.html")
        else { throw .unreadable(directory: directory) }
        for name in names.sorted() {
            guard let type = Self.mediaType(of: name) else { continue }
            guard let bytes = manager.contents(atPath: "\(directory)/\(name)") else {
                throw .unreadable(directory: directory)
            }
            guard bytes.count <= Self.maximumFileBytes else { throw .tooLarge(file: name) }
            let response = HTTPResponse(
                status: 200, headers: Self.headers(type), body: Array(bytes))
            responses["/console/\(name)"] = response
            if name == "index.html" { responses["/"] = response }
        }
    }

    /// The file at exactly this path.
    public subscript(path: String) -> HTTPResponse? { responses[path] }

    private static func mediaType(of name: String) -> String? {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "svg": "image/svg+xml"
        default: nil
        }
    }

    private static func headers(_ type: String) -> [(String, String)] {
        [
            ("content-type", type),
            ("content-security-policy", contentSecurityPolicy),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-cache"),
        ]
    }
}
