import EventLoop
import Foundation

/// The pretended identity provider's addresses, all under `/openid`:
/// `.well-known/openid-configuration`, `jwks`, `authorize`, `token`, `userinfo`, `end-session`.
/// `authorize` shows the demo people; `login_hint` (a subject such as `ana`) signs in without a
/// click.
extension Sandbox {
    func openID(_ request: HTTPRequest, _ path: [String]) -> HTTPResponse {
        let query = FormText(request.head.query ?? "")
        switch (request.head.method, path.joined(separator: "/")) {
        case (.get, ".well-known/openid-configuration"): return Answers.json(provider.discovery)
        case (.get, "jwks"): return Answers.json(provider.keys)
        case (.get, "authorize"): return authorize(query)
        case (.post, "authorize"): return authorize(FormText(request.body))
        case (.post, "token"): return token(request)
        case (.get, "userinfo"), (.post, "userinfo"): return userInfo(request)
        case (.get, "end-session"): return endSession(query)
        default: return Answers.json(["error": "not_found"], status: 404)
        }
    }

    private func authorize(_ request: FormText) -> HTTPResponse {
        let checked: OpenIDProvider.AuthorizationRequest
        do throws(OpenIDProvider.Refusal) {
            checked = try provider.check(request)
        } catch {
            return Answers.page(SignInPage.refusal(error.description), status: 400)
        }
        if let refusal = checked.refusal {
            return sendBack(
                checked, [("error", refusal.code), ("error_description", refusal.description)])
        }
        guard let hint = request["login_hint"], let person = Person.named(hint) else {
            // The client asked for no page, and nobody is signed in here between two requests.
            if request["prompt"] == "none" {
                return sendBack(checked, [("error", "login_required")])
            }
            return Answers.page(SignInPage.people(request))
        }
        let code = Sandbox.randomName()
        provider.grant(request, checked, to: person, code: code, at: loop.wallClock)
        return sendBack(checked, [("code", code)])
    }

    /// Back to the client, with its state and our name (RFC 9207).
    private func sendBack(
        _ checked: OpenIDProvider.AuthorizationRequest, _ fields: [(String, String)]
    ) -> HTTPResponse {
        let state = checked.state.map { [("state", $0)] } ?? []
        let mark = checked.redirectAddress.contains("?") ? "&" : "?"
        return Answers.redirect(
            to: checked.redirectAddress + mark
                + FormText.encode(fields + state + [("iss", provider.issuer)]))
    }

    private func token(_ request: HTTPRequest) -> HTTPResponse {
        let form = FormText(request.body)
        var id = form["client_id"]
        var secret = form["client_secret"]
        if let header = request.head.header("authorization"), header.hasPrefix("Basic "),
            let data = Data(base64Encoded: String(header.dropFirst(6)))
        {
            let parts = String(decoding: data, as: UTF8.self)
                .split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            // Two ways at once are forbidden (RFC 6749 §2.3); the name alone may be repeated.
            guard parts.count == 2, secret == nil else {
                return refuse(
                    .init(code: "invalid_request", description: "two client authentications"))
            }
            id = FormText.decode(parts[0])
            secret = FormText.decode(parts[1])
        }
        do throws(OpenIDProvider.Refusal) {
            return Answers.json(
                try provider.exchange(
                    form, clientID: id, clientSecret: secret, accessToken: Sandbox.randomName(),
                    at: loop.wallClock))
        } catch {
            return refuse(error)
        }
    }

    private func refuse(_ refusal: OpenIDProvider.Refusal) -> HTTPResponse {
        Answers.json(refusal.json, status: refusal.status)
    }

    private func userInfo(_ request: HTTPRequest) -> HTTPResponse {
        let header = request.head.header("authorization") ?? ""
        let token = header.hasPrefix("Bearer ") ? String(header.dropFirst(7)) : nil
        guard let info = provider.userInfo(accessToken: token, at: loop.wallClock) else {
            var response = Answers.json(["error": "invalid_token"], status: 401)
            response.headers.append(("www-authenticate", "Bearer error=\"invalid_token\""))
            return response
        }
        return Answers.json(info)
    }

    /// Nobody stays signed in here, so there is only the way back (OpenID Connect RP-Initiated
    /// Logout 1.0), to addresses that the client may name for a sign-in as well.
    private func endSession(_ query: FormText) -> HTTPResponse {
        guard let address = query["post_logout_redirect_uri"] else {
            return Answers.page(SignInPage.signedOut)
        }
        guard provider.client.mayEndSession(at: address) else {
            return Answers.page(
                SignInPage.refusal("post_logout_redirect_uri is not registered"), status: 400)
        }
        let state = query["state"].map { FormText.encode([("state", $0)]) }
        let mark = address.contains("?") ? "&" : "?"
        return Answers.redirect(to: address + (state.map { mark + $0 } ?? ""))
    }
}
