/// What can keep the loop, a server or a client from starting. Nothing here is caused by a peer.
public enum LoopError: Error, Equatable, CustomStringConvertible {
    /// libwebsockets cannot load its libuv plugin. Without it the library would fall back to
    /// `poll`, whose cost per message grows with every open socket.
    case libuvPluginMissing(path: String)
    /// A loop already turns in this process: there is one, because `LoopActor` is one.
    case alreadyRunning
    /// A library refused to start; `part` names it.
    case unavailable(part: String)
    /// The address cannot be listened on; `code` is the operating system's error number.
    case cannotListen(address: String, port: Int, code: Int32)
    /// A connection to the address cannot be begun; `code` is the operating system's error number.
    case cannotConnect(address: String, port: Int, code: Int32)
    /// A setting is impossible; `field` names it.
    case invalidConfiguration(field: String)

    /// One sentence for the operator.
    public var description: String {
        switch self {
        case .libuvPluginMissing(let path):
            "libwebsockets' libuv plugin cannot be loaded from \(path): "
                + "apt-get install libwebsockets-evlib-uv"
        case .alreadyRunning:
            "an event loop is already running in this process"
        case .unavailable(let part):
            "\(part) could not be started"
        case .cannotListen(let address, let port, let code):
            "cannot listen on \(address) port \(port): error \(code)"
        case .cannotConnect(let address, let port, let code):
            "cannot connect to \(address) port \(port): error \(code)"
        case .invalidConfiguration(let field):
            "the setting \(field) is impossible"
        }
    }
}
