import Desk
import Engine

/// A command with the key that its console chose.
struct Command {
    let key: Digest
    let parameters: Digest
    let input: Input
    let content: Content?
    /// Whether it is a person's order to send something again.
    var isResend: Bool { if case .resendOrdered = input { true } else { false } }
}

/// What a node tells a console.
enum Frame {
    case snapshot(View)
    /// With the conversation that changed hands, if one did, as the node shows it.
    case push(EventRecord, previous: Int64, state: Conversation?)
    case answer(Digest, Answer)
}

/// A connection between a console and a node, in order, until either side is gone.
final class Socket {
    let id: ConnectionID
    unowned let console: Console
    let node: Node
    let life: Int
    /// What the console saw before, if it wants to go on from there.
    let resumesAfter: (epoch: Int64, number: Int64)?
    private(set) var isOpen = true
    /// The number of what was pushed last.
    private(set) var lastPushed: Int64 = 0
    private var busyUntil: Int64 = 0

    init(console: Console, node: Node, resumesAfter: (epoch: Int64, number: Int64)?) {
        id = console.world.newConnection()
        self.console = console
        self.node = node
        life = node.life
        self.resumesAfter = resumesAfter
        lastPushed = resumesAfter?.number ?? 0
    }

    /// Whether the node has ended since, or begun anew.
    var isDead: Bool { !node.isUp || node.life != life }

    func toConsole(_ frame: Frame) {
        switch frame {
        case .push(let record, previous: _, state: let state):
            lastPushed = record.number
            if let state { console.world.auditor.left(state) }
        case .snapshot(let view): lastPushed = view.number
        case .answer: break
        }
        let world = console.world
        busyUntil = max(busyUntil, world.now + world.latency())
        world.at(busyUntil) { [self] in if isOpen { console.receive(frame) } }
    }

    func toNode(_ action: @escaping (Node) -> Void) {
        let world = console.world
        busyUntil = max(busyUntil, world.now + world.latency())
        world.at(busyUntil) { [self] in
            guard !isDead else { return breakOff() }
            node.call { [self] in action(node) }
        }
    }

    /// The node's side is gone; the console notices some time later.
    func breakOff() {
        let world = console.world
        world.after(world.generator.between(1, 1_500)) { [self] in
            if isOpen {
                isOpen = false
                console.lost(self)
            }
        }
    }

    /// The console's side is gone.
    func close() {
        console.world.trace("console \(console.index) closes socket \(id.number)")
        isOpen = false
        toNode { [self] in $0.closed(id) }
    }
}

/// A pretend console: connects, goes on after what it saw, gives commands and repeats them under
/// their keys until they are answered.
final class Console {
    private static let patience: Int64 = 2_500

    let index: Int
    let person: AgentID
    let isSupervisor: Bool
    unowned let world: World
    private(set) var socket: Socket?
    private var seen: (epoch: Int64, number: Int64)?
    private var holdings: Set<ConversationID> = []
    private(set) var offers: Set<ConversationID> = []
    private var resendable: Set<JobID> = []
    private var presence = Presence.offline
    private(set) var unanswered: [Command] = []
    private var answered: [(Command, Int64)] = []
    private var commandCount: UInt64 = 0
    /// Whether this person went home for good when the weather cleared.
    private(set) var isGone = false

    init(index: Int, person: AgentID, isSupervisor: Bool, world: World) {
        self.index = index
        self.person = person
        self.isSupervisor = isSupervisor
        self.world = world
    }

    var isConnected: Bool { socket?.isOpen == true }
    var lastSeen: Int64? { seen?.number }

    func start() {
        connect()
        act()
    }

    /// One agent stays away for good: what they hold must come back to the queue.
    func calmDown() {
        guard person == AgentID(4) else { return }
        isGone = true
        unanswered = []
        disconnect()
    }

    // MARK: Connecting

    private func connect() {
        world.after(world.generator.between(20, 400)) { [self] in
            guard socket == nil, !isGone else { return }
            guard let node = world.findOwner() else { return connect() }
            let isFresh = seen == nil || world.generator.below(6) == 0
            let socket = Socket(console: self, node: node, resumesAfter: isFresh ? nil : seen)
            if isFresh { seen = nil }
            world.auditor.connected(self, isFresh: isFresh)
            world.trace("console \(index) opens socket \(socket.id.number) to node \(node.name)")
            self.socket = socket
            socket.toNode { $0.accept(socket) }
            watch(socket)
            for command in unanswered { send(command) }
        }
    }

    /// A console that hears nothing at all gives the socket up and looks for the owner again. A node
    /// that died before it took the socket could not break it off.
    private func watch(_ socket: Socket) {
        world.after(Self.patience) { [self] in
            guard self.socket === socket else { return }
            let isOfUse = seen != nil && !socket.isDead && socket.node.answersAsOwner
            if isOfUse { watch(socket) } else { disconnect() }
        }
    }

    private func disconnect() {
        socket?.close()
        socket = nil
        connect()
    }

    func lost(_ socket: Socket) {
        world.trace("console \(index) lost socket \(socket.id.number)")
        guard self.socket === socket else { return }
        self.socket = nil
        connect()
    }

    // MARK: What it sees

    func receive(_ frame: Frame) {
        switch frame {
        case .snapshot(let view):
            world.auditor.saw(view, self)
            seen = (view.epoch, view.number)
            holdings = Set(view.conversations.filter { $0.owner == .agent(person) }.map(\.id))
            offers = Set(
                view.conversations.filter { $0.routing.offer?.agent == person }.map(\.id))
            presence = view.agents.first { $0.id == person }?.presence ?? .offline
        case .push(let record, let previous, state: _):
            world.auditor.saw(record, previous: previous, self)
            seen = (record.epoch, record.number)
            note(record.event)
        case .answer(let key, let answer):
            take(key, answer)
        }
    }

    private func note(_ event: Event) {
        switch event {
        case .ownerChanged(let handoff) where handoff.to == .agent(person):
            holdings.insert(handoff.conversation)
        case .ownerChanged(let handoff):
            holdings.remove(handoff.conversation)
        case .offerMade(let conversation, let offer, _) where offer.agent == person:
            offers.insert(conversation)
        case .offerEnded(let conversation, person, _):
            offers.remove(conversation)
        case .presenceChanged(person, let presence, _, _):
            self.presence = presence
        case .jobChanged(let job, _, _, .unconfirmed, _), .jobChanged(let job, _, _, .failed, _):
            resendable.insert(job)
        case .customerMet, .conversationOpened, .messageReceived, .messageSentElsewhere,
            .messageWritten, .announcementWritten, .messagesDelivered, .messagesRead,
            .messageReacted, .messageEdited,
            .messageDeleted, .channelEventKept, .conversationRead, .agentEntered, .agentConnected,
            .agentDisconnected, .presenceChanged, .wrapUpChanged, .shiftEndChanged, .shiftEnded,
            .capacityChanged, .profileChanged,
            .configurationChanged, .offerMade, .offerEnded, .needsRelaxed, .needsChanged,
            .priorityChanged, .jobChanged, .epochBegan, .queueTurned, .queueHoursSet, .targetWarned,
            .targetBreached, .targetMet,
            .inputQuarantined:
            break
        }
    }

    private func take(_ key: Digest, _ answer: Answer) {
        world.auditor.answered(key, answer)
        switch answer {
        case .accepted(let result), .repeated(let result):
            if let command = unanswered.first(where: { $0.key == key }) {
                answered = (answered + [(command, result)]).suffix(8)
            }
            unanswered.removeAll { $0.key == key }
        case .rejected, .quarantined, .view, .explanation:
            unanswered.removeAll { $0.key == key }
        case .unavailable:
            break
        }
    }

    // MARK: What it does

    private func act() {
        world.after(world.generator.between(30, world.isCalm ? 900 : 700)) { [self] in
            if world.chance(world.weather.disconnect), socket != nil { disconnect() }
            if isConnected, seen != nil {
                if unanswered.isEmpty {
                    if !world.isAtRest, let command = choose() { give(command) }
                } else if world.generator.below(4) == 0 {
                    for command in unanswered { send(command) }
                }
            }
            act()
        }
    }

    private func give(_ command: Command) {
        unanswered.append(command)
        world.auditor.gave(command)
        send(command)
    }

    private func send(_ command: Command) {
        guard let socket else { return }
        socket.toNode { $0.commanded(command, socket.id) }
    }

    private func choose() -> Command? {
        if world.isCalm { return chooseCalmly() }
        if world.chance(world.weather.duplicate), let (command, _) = world.generator.pick(answered)
        {
            return twist(command)
        }
        let conversation = world.generator.pick(holdings.sorted())
        guard !isSupervisor else {
            if world.generator.below(3) > 0 { return supervise() }
            let agent = AgentID(world.generator.between(1, 4))
            return new(.capacitySet(agent, capacity: world.generator.below(5), by: person))
        }
        switch world.generator.below(22) {
        case 20: return presence == .wrapUp ? new(.wrapUpExtended(person)) : nil
        case 21: return world.generator.below(6) == 0 ? sayShiftEnd(of: person, by: nil) : nil
        case 0:
            return sayPresence()
        case 1...3:
            return isAtWork ? nil : new(.presenceSet(person, .available))
        case 4...7: return conversation.flatMap(reply)
        case 8: return conversation.map { new(.conversationRead(person, $0)) }
        case 9, 19: return conversation.map { new(.conversationClosed(person, $0)) }
        case 10: return resend()
        case 11...15: return answerOffer()
        case 16: return conversation.map(passOn)
        case 17...18: return takeFromList()
        default: return nil
        }
    }

    /// Works off what there is.
    private var isAtWork: Bool {
        switch presence {
        case .available: true
        case .wrapUp: world.generator.below(3) > 0
        case .busy: world.generator.below(2) > 0
        case .away, .offline: false
        }
    }

    private func chooseCalmly() -> Command? {
        if isSupervisor { return superviseCalmly() }
        // Most wrap-ups run to their end.
        if presence == .wrapUp, world.generator.below(4) > 0 { return nil }
        if presence != .available { return new(.presenceSet(person, .available)) }
        if let offer = offers.min() { return new(.offerAccepted(person, offer)) }
        guard let conversation = holdings.min() else { return takeFromList() }
        if world.generator.below(3) == 0 { return reply(conversation) }
        return new(.conversationClosed(person, conversation))
    }

    private func reply(_ conversation: ConversationID) -> Command {
        // Few texts, so that a message read back is not always known by its text.
        let isCommon = world.generator.below(3) == 0
        let text = Digest(high: 5, low: isCommon ? 1 : world.generator.next())
        return new(.agentReplied(person, conversation, textDigest: text))
    }

    private func resend() -> Command? {
        guard let job = world.generator.pick(resendable.sorted()) else { return nil }
        resendable.remove(job)
        return new(.resendOrdered(person, job))
    }

    func new(_ input: Input) -> Command {
        commandCount += 1
        let key = Digest(high: 2, low: UInt64(index) << 32 | commandCount)
        let isPoison = world.chance(world.weather.poison)
        let content = Content(body: [6], kind: isPoison ? Database.poison : nil)
        return Command(
            key: key, parameters: Digest(high: 3, low: key.low), input: input, content: content)
    }

    /// The same command once more, or its key with other parameters, which must be refused.
    private func twist(_ command: Command) -> Command {
        guard world.generator.below(2) == 0 else { return command }
        let other = Digest(high: 33, low: command.parameters.low)
        return Command(
            key: command.key, parameters: other, input: command.input, content: command.content)
    }
}
