public import EventLoop
import JWTKit

/// A bank's configuration that cannot be used; names what is wrong with it, never a value.
public enum BankConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The base is not https (http only on this machine), or has a query or a slash at its end.
    case baseURL
    /// The same of the token endpoint.
    case tokenURL
    /// There is no client id.
    case clientID
    /// The key is no private key for ES256 in PEM.
    case key

    /// One sentence for the operator.
    public var description: String {
        switch self {
        case .baseURL: "must be https without query and slash at its end (http only on loopback)"
        case .tokenURL: "must be https (http only on loopback)"
        case .clientID: "is missing"
        case .key: "is not a private key of the curve P-256 in PEM"
        }
    }
}

/// How a bank is reached and what we are to it.
public struct BankConfiguration: Sendable {
    let base: BankBase
    let tokenURL: String
    let clientID: String
    let key: ES256PrivateKey
    let keyID: String?
    let http: HTTPClient.Configuration

    /// A bank. `key` is in PEM; `keyID` names it to the bank, if it asks for a name; `http` says whom
    /// to trust and by which certificate we are known.
    public init(
        baseURL: String, tokenURL: String, clientID: String, key: String, keyID: String?,
        http: HTTPClient.Configuration
    ) throws(BankConfigurationError) {
        guard let base = BankBase(baseURL) else { throw .baseURL }
        guard let token = BankAddress(tokenURL), token.scheme == "https" || token.isLoopback else {
            throw .tokenURL
        }
        guard !clientID.isEmpty else { throw .clientID }
        do { self.key = try ES256PrivateKey(pem: key) } catch { throw .key }
        self.base = base
        self.tokenURL = tokenURL
        self.clientID = clientID
        self.keyID = keyID
        self.http = http
    }
}
