/// The pages of the pretended identity provider: plain HTML without scripts.
enum SignInPage {
    /// One link per person: the same authorization request with a login hint.
    static func people(_ request: FormText) -> String {
        let fields = request.fields.filter { $0.name != "login_hint" }.map { ($0.name, $0.value) }
        let links = Person.demo.map { person in
            let address = FormText.encode(fields + [("login_hint", person.subject)])
            return """
                <li><a class="person" href="authorize?\(escape(address))">
                <strong>\(escape(person.name))</strong>
                <span>\(escape(person.roles.joined(separator: ", ")))</span></a></li>
                """
        }
        return page(
            "Sign in",
            "<p>This identity provider is pretended. Who are you?</p><ul class=\"people\">"
                + links.joined() + "</ul>")
    }

    static func refusal(_ reason: String) -> String {
        page("Sign-in refused", "<p role=\"alert\">\(escape(reason))</p>")
    }

    static let signedOut = page("Signed out", "<p>You are signed out.</p>")

    private static func page(_ title: String, _ content: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(escape(title)) · sandbox</title>
        <link rel="stylesheet" href="/pages/sandbox.css">
        </head>
        <body class="narrow"><main class="card"><h1>\(escape(title))</h1>\(content)</main></body>
        </html>

        """
    }

    private static func escape(_ text: String) -> String {
        text.map { character in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            case "'": "&#39;"
            default: String(character)
            }
        }.joined()
    }
}
