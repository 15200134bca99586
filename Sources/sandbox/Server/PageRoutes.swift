import EventLoop

/// The page at `/`, on which a person can be a customer. Its files lie in `Pages` and are compiled
/// into the program, so that it can be started from anywhere.
extension Sandbox {
    func page(named name: String) -> HTTPResponse {
        switch name {
        case "index.html":
            Answers.file(PackageResources.index_html, type: "text/html; charset=utf-8")
        case "sandbox.css":
            Answers.file(PackageResources.sandbox_css, type: "text/css; charset=utf-8")
        case "sandbox.js":
            Answers.file(PackageResources.sandbox_js, type: "text/javascript; charset=utf-8")
        default: Answers.json(["error": "not found"], status: 404)
        }
    }
}
