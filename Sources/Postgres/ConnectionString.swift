import CLibpq
import Glibc

/// A connection string taken apart by libpq's own parser.
struct ConnectionString {
    /// One place to try. Nil stands for what libpq chooses by itself (environment, default socket).
    struct Host: Equatable {
        let name: String?
        let address: String?
        let port: String?
    }

    private let settings: [String: String]

    /// Nil if libpq does not understand the string. Its message is dropped: it quotes the string.
    init?(_ text: String) {
        var message: UnsafeMutablePointer<CChar>?
        defer { unsafe PQfreemem(message) }
        guard let first = unsafe PQconninfoParse(text, &message) else { return nil }
        defer { unsafe PQconninfoFree(first) }
        var settings: [String: String] = [:]
        var option = unsafe first
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                let name = unsafe String(cString: keyword)
                unsafe settings[name] = String(cString: value)
            }
            unsafe option += 1
        }
        self.settings = settings
    }

    /// The hosts in order, by libpq's rules: `host`, `hostaddr` and `port` are lists of the same
    /// length, but one port may serve all. Nil if they do not match up.
    var hosts: [Host]? {
        let names = Self.list(settings["host"])
        let addresses = Self.list(settings["hostaddr"])
        let ports = Self.list(settings["port"])
        let count = max(names.count, addresses.count, 1)
        guard names.isEmpty || names.count == count,
            addresses.isEmpty || addresses.count == count,
            ports.count <= 1 || ports.count == count
        else { return nil }
        let hosts = (0..<count).map { index in
            Host(
                name: names.isEmpty ? nil : names[index],
                address: addresses.isEmpty ? nil : addresses[index],
                port: ports.count == 1 ? ports[0] : ports.isEmpty ? nil : ports[index])
        }
        // One of several must say where it is; a single one may leave it to libpq.
        let isComplete = hosts.allSatisfy { $0.name != nil || $0.address != nil }
        return isComplete || count == 1 ? hosts : nil
    }

    /// The settings with which libpq is to try one host: ours where the string says nothing, the
    /// string's, and what must not be changed.
    func settings(
        for host: Host, address: String?, among hostCount: Int,
        _ configuration: PostgresConfiguration
    ) -> [(keyword: String, value: String)] {
        var all = [
            "gssencmode": "disable",
            "keepalives": "1",
            "keepalives_idle": "10",
            "keepalives_interval": "5",
            "keepalives_count": "3",
            "tcp_user_timeout": String(configuration.unacknowledgedTimeout.wholeMilliseconds),
            "application_name": configuration.applicationName,
        ]
        all.merge(settings) { _, given in given }
        all["host"] = host.name
        all["hostaddr"] = address
        all["port"] = host.port ?? (hostCount > 1 ? Self.defaultPort : nil)
        all["client_encoding"] = "UTF8"
        return all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// PostgreSQL's registered port.
    private static let defaultPort = "5432"

    /// What may be logged.
    var maskedDescription: String {
        var parts: [String] = []
        for keyword in ["host", "hostaddr", "port", "dbname", "user", "target_session_attrs"] {
            if let value = settings[keyword] { parts.append("\(keyword)=\(value)") }
        }
        return parts.joined(separator: " ")
    }

    private static func list(_ text: String?) -> [String?] {
        guard let text, !text.isEmpty else { return [] }
        return text.split(separator: ",", omittingEmptySubsequences: false).map {
            $0.isEmpty ? nil : String($0)
        }
    }
}

extension ConnectionString.Host {
    /// The name that must be resolved before libpq gets it, because libpq would block the loop over
    /// it; nil for socket directories (they begin with `/`, or `@` for abstract ones), for numeric
    /// addresses and where an address was given.
    var nameToResolve: String? {
        guard address == nil, let name, !name.hasPrefix("/"), !name.hasPrefix("@") else {
            return nil
        }
        var number = in6_addr()
        let isNumeric = [AF_INET, AF_INET6].contains { family in
            unsafe inet_pton(family, name, &number) == 1
        }
        return isNumeric ? nil : name
    }
}
