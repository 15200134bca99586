import BankReader
public import EventLoop

/// How the desk's bank is reached, checked. The gateway alone reads a bank, so this is all that others
/// know of it.
public struct BankConnection: Sendable {
    /// What cannot be used.
    public enum Problem: Error, Sendable, CustomStringConvertible {
        /// The base under which accounts are read; why.
        case baseURL(String)
        /// The token endpoint; why.
        case tokenURL(String)
        /// Our client id there; why.
        case clientID(String)
        /// Our private key; why.
        case key(String)

        /// Why.
        public var description: String {
            switch self {
            case .baseURL(let reason), .tokenURL(let reason), .clientID(let reason),
                .key(let reason):
                reason
            }
        }
    }

    let configuration: BankConfiguration

    /// A bank: where its accounts are read, its token endpoint, our client id and private key there
    /// (PEM, P-256), the key's name if the bank wants one, and how to connect.
    public init(
        baseURL: String, tokenURL: String, clientID: String, key: String, keyID: String?,
        http: HTTPClient.Configuration
    ) throws(Problem) {
        do throws(BankConfigurationError) {
            configuration = try BankConfiguration(
                baseURL: baseURL, tokenURL: tokenURL, clientID: clientID, key: key, keyID: keyID,
                http: http)
        } catch {
            switch error {
            case .baseURL: throw .baseURL(error.description)
            case .tokenURL: throw .tokenURL(error.description)
            case .clientID: throw .clientID(error.description)
            case .key: throw .key(error.description)
            }
        }
    }
}
