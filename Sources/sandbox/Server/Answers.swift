import EventLoop

/// The answers of this program.
enum Answers {
    /// Scripts, styles and calls of this origin alone; nothing inline.
    static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    /// As the Graph API writes: ASCII only.
    static func graph(_ value: JSONValue, status: Int = 200) -> HTTPResponse {
        response(
            status, "application/json; charset=UTF-8", JSONWriter.bytes(value, .meta))
    }

    static func json(_ value: JSONValue, status: Int = 200) -> HTTPResponse {
        response(status, "application/json", JSONWriter.bytes(value, .plain))
    }

    static func refusal(_ error: ControlError) -> HTTPResponse {
        json(["error": .string(error.message)], status: error.status)
    }

    static func page(_ html: String, status: Int = 200) -> HTTPResponse {
        file(Array(html.utf8), type: "text/html; charset=utf-8", status: status)
    }

    static func file(_ bytes: [UInt8], type: String, status: Int = 200) -> HTTPResponse {
        response(
            status, type, bytes,
            [
                ("content-security-policy", contentSecurityPolicy),
                ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"),
            ])
    }

    static func redirect(to address: String) -> HTTPResponse {
        response(
            302, "text/plain", [], [("location", address), ("referrer-policy", "no-referrer")])
    }

    private static func response(
        _ status: Int, _ type: String, _ body: [UInt8], _ headers: [(String, String)] = []
    ) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: [("content-type", type), ("cache-control", "no-store")] + headers, body: body)
    }
}
