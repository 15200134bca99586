import Foundation

/// Names and values of a query string or of a form body (`application/x-www-form-urlencoded`).
struct FormText: Sendable {
    private(set) var fields: [(name: String, value: String)] = []

    init(_ text: String) {
        for pair in text.split(separator: "&", omittingEmptySubsequences: true) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? parts[1] : ""
            fields.append((FormText.decode(parts[0]), FormText.decode(value)))
        }
    }

    init(_ bytes: [UInt8]) {
        self.init(String(decoding: bytes, as: UTF8.self))
    }

    /// The value of a field that stands exactly once; a repeated field counts as absent, since two
    /// readers may disagree about which one is meant.
    subscript(name: String) -> String? {
        let values = fields.filter { $0.name == name }
        return values.count == 1 ? values[0].value : nil
    }

    /// The fields as a Graph call reads them: values that are JSON objects or lists are parsed.
    var parameters: JSONValue {
        .object(
            fields.map { field in
                guard field.value.hasPrefix("{") || field.value.hasPrefix("["),
                    let parsed = JSONValue(parsing: Array(field.value.utf8))
                else { return .init(name: field.name, value: .string(field.value)) }
                return .init(name: field.name, value: parsed)
            })
    }

    /// Encodes everything but RFC 3986's unreserved characters.
    static func encode(_ text: String) -> String {
        let unreserved = CharacterSet(
            charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
        return text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
    }

    static func encode(_ fields: [(String, String)]) -> String {
        fields.map { encode($0.0) + "=" + encode($0.1) }.joined(separator: "&")
    }

    static func decode(_ text: some StringProtocol) -> String {
        let spaced = text.replacingOccurrences(of: "+", with: " ")
        return spaced.removingPercentEncoding ?? spaced
    }
}
