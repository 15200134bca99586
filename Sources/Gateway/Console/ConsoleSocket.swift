import Desk
import Engine
import EventLoop
import Store
import Wire

/// One open console socket: who it is, how far it has come, and what waits until a read is done.
@LoopActor final class ConsoleSocket: WebSocketHandler {
    /// How far a socket has come.
    enum Phase: Equatable {
        /// Its ticket is being looked up. Goes to `greeting`.
        case admitting
        /// The person is known; the first frame must be `hello`. Goes to `joining`.
        case greeting
        /// The desk was told and its view asked for. Goes to `live`.
        case joining
        /// Gets its feed and may command.
        case live
        /// Closed by either side; answers that arrive late are dropped.
        case closed
    }

    /// Set when the socket opens.
    private(set) var socket: WebSocketID?
    let connection: ConnectionID
    let upgrade: WebSocketUpgrade
    private weak var hub: ConsoleHub?
    var phase = Phase.admitting
    var session: Session?
    /// Frames that came before the ticket was looked up.
    var early: [[UInt8]] = []
    /// Ends the socket when hello does not come, and later when its session ends.
    var deadline: LoopTimer?
    /// While texts are read back for a resume, what is pushed meanwhile waits here, in order.
    var backlog: [OutgoingFrame]?
    var allowance = CommandAllowance()
    /// The list of who may be taken, as it was told last.
    var takeable: [UInt8]?
    /// What it was told last of queues and promises.
    var service: [UInt8]?
    /// Whether the desk was told of this connection, so that its end must be told too.
    var wasJoined = false

    init(hub: ConsoleHub, connection: ConnectionID, upgrade: WebSocketUpgrade) {
        self.hub = hub
        self.connection = connection
        self.upgrade = upgrade
    }

    func opened(_ socket: WebSocketID) {
        self.socket = socket
        hub?.opened(self)
    }
    func received(_ socket: WebSocketID, text: [UInt8]) { hub?.received(self, text: text) }
    func closed(_ socket: WebSocketID) { hub?.closed(self) }

    var person: AgentID? { session?.person }
    var isSupervisor: Bool { session?.roles.contains(Role.supervisor.rawValue) ?? false }
    var isAgent: Bool { session?.roles.contains(Role.agent.rawValue) ?? false }
}

/// Limits of a console socket, each with its reason.
enum ConsoleLimits {
    /// How long a new socket may take to say hello.
    static let helloWait = Duration.seconds(10)
    /// Frames kept while the ticket is looked up: hello alone is expected.
    static let earlyFrames = 4
    /// Commands a person can give in one second by hand, many times over.
    static let commandsPerSecond: Int64 = 50
    /// Commands at once after a quiet time: a console that reconnects sends what was pending.
    static let commandBurst: Int64 = 200
    /// Pushes kept for a socket while its missed texts are read back; more and it gets a snapshot.
    static let backlog = 4_096
    /// Texts read back for one resume; whoever missed more gets a snapshot, which is less. As frames
    /// they fit into a socket's queue.
    static let missedTexts = 512
    /// How long missed texts are asked for, in milliseconds: as long as a command waits for the
    /// database. Then the console comes back for them.
    static let missedTextsWait = EngineLimits.commandWait
    /// Between two tries of that: as between two tries to reach an absent database.
    static let missedTextsPause = Duration.milliseconds(EngineLimits.retryPause)
    /// How often open sessions are looked up again, so that one that was ended elsewhere closes here.
    static let sessionCheck = Duration.seconds(30)
    /// Colleagues shown to an agent at once: nobody looks through more.
    static let colleagues = 500
    /// Looks at accounts under way at once. Each may wait for the bank for some seconds and holds what
    /// was read meanwhile.
    static let looks = 256
    /// Promises near their end or broken that a supervisor is shown at once: the longest running.
    static let promises = 200
    /// How often the lists that agents take from are told anew, if they changed.
    static let listPause = Duration.seconds(1)
    /// To how many agents at a time: some ten milliseconds of the desk.
    static let listsAtOnce = 1_000
}

/// A bucket of commands that fills with time.
struct CommandAllowance {
    private var left = ConsoleLimits.commandBurst * 1_000
    private var readAt: Int64 = 0

    /// Takes one command out; `false` when none is left at this time (monotonic milliseconds).
    mutating func take(at now: Int64) -> Bool {
        if readAt != 0 {
            left = min(
                ConsoleLimits.commandBurst * 1_000,
                left + (now - readAt) * ConsoleLimits.commandsPerSecond)
        }
        readAt = now
        guard left >= 1_000 else { return false }
        left -= 1_000
        return true
    }
}
