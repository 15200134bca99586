import EventLoop

/// The cookie that carries a session's secret. `__Host-` binds it to this host, to https and to every
/// path (RFC 6265bis §4.1.3.2); browsers refuse that prefix over plain http, so only a public URL on
/// loopback over http uses the plain name.
struct SessionCookie: Sendable {
    private let name: String
    private let isSecure: Bool

    /// For a server with this public URL.
    init(publicURL: PublicURL) {
        isSecure = publicURL.isSecure
        name = isSecure ? "__Host-ventanilla" : "ventanilla"
    }

    /// The secret in a request's `Cookie` header, if there is exactly one.
    func secret(in header: String?) -> [UInt8]? {
        let found = (header ?? "").split(separator: ";").compactMap { pair -> String? in
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0].trimmed == name else { return nil }
            return parts[1].trimmed
        }
        guard found.count == 1 else { return nil }
        return Base64URL.decode(found[0]).flatMap { $0.count == Secret.length ? $0 : nil }
    }

    /// `Set-Cookie` for a new session. Lax, not Strict: the browser comes back from the identity
    /// provider's site, and Strict would withhold the cookie on the page shown right then; every
    /// changing request needs a header of its own besides.
    func setting(_ secret: [UInt8], seconds: Int64) -> String {
        "\(name)=\(Base64URL.encode(secret)); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Lax"
            + (isSecure ? "; Secure" : "")
    }

    /// `Set-Cookie` that removes it.
    var clearing: String { setting([], seconds: 0) }
}

/// What browsers call this server.
public struct PublicURL: Equatable, Sendable {
    /// Scheme, host and port: what an `Origin` header must equal.
    public let origin: String
    /// Whether it is https.
    public let isSecure: Bool

    /// An absolute http or https URL without a path. Plain http is allowed on loopback alone.
    public init?(_ text: String) {
        let isSecure = text.hasPrefix("https://")
        guard isSecure || text.hasPrefix("http://") else { return nil }
        let authority = text.dropFirst(isSecure ? 8 : 7)
        let host =
            authority.hasPrefix("[")
            ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
        guard !host.isEmpty, !authority.contains(where: { "/?#@ ".contains($0) }) else {
            return nil
        }
        guard isSecure || ["localhost", "127.0.0.1", "[::1]"].contains(host) else { return nil }
        origin = text
        self.isSecure = isSecure
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
