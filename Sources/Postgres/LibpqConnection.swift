import CLibpq
import EventLoop
import Glibc

/// libpq's connection, with its pointers inside. Nothing here blocks, once it is connected to an
/// address or a socket path.
@safe @LoopActor final class LibpqConnection {
    /// What `PQconnectPoll` waits for.
    enum Progress { case reading, writing, connected, failed }
    /// What came after `PQgetResult`.
    enum Flush { case done, pending, failed }

    private var pointer: OpaquePointer?
    private let notices = NoticeCount()
    /// Arguments of the calls that send, kept to be filled again.
    private var addresses: [UnsafePointer<CChar>?] = unsafe []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    /// Begins to connect; throws if the settings are unusable, or if the system refuses at once (a
    /// socket path where there is none).
    init(settings: [(keyword: String, value: String)]) throws(PostgresUnavailable) {
        guard let pointer = unsafe Self.start(settings) else { throw .invalidConfiguration }
        unsafe self.pointer = unsafe pointer
        guard unsafe PQstatus(pointer) != CONNECTION_BAD else {
            let reason = reasonOfFirstFailure
            finish()
            throw reason
        }
        // The message of a failed attempt then holds the SQLSTATE and no text of the server's.
        unsafe PQsetErrorVerbosity(pointer, PQERRORS_SQLSTATE)
        unsafe PQsetNoticeReceiver(
            pointer, receiveNotice, Unmanaged.passUnretained(notices).toOpaque())
    }

    /// libpq tells a wrong setting from a connection that failed by the first words of its message
    /// alone (`fe-connect.c`; they are English, as no program of ours sets a locale).
    private var reasonOfFirstFailure: PostgresUnavailable {
        guard let message = unsafe PQerrorMessage(pointer) else { return .invalidConfiguration }
        let isConnection = unsafe String(cString: message).hasPrefix("connection to server")
        return isConnection ? .unreachable : .invalidConfiguration
    }

    private static func start(_ settings: [(keyword: String, value: String)]) -> OpaquePointer? {
        // One block of C strings per list, which libpq copies.
        let keywords = CStrings(settings.map(\.keyword))
        let values = CStrings(settings.map(\.value))
        return unsafe keywords.withPointers { keywords in
            unsafe values.withPointers { values in
                unsafe PQconnectStartParams(keywords, values, 1)
            }
        }
    }

    /// Goes one step further; the descriptor may be another one afterwards.
    func poll() -> Progress {
        switch unsafe PQconnectPoll(pointer) {
        case PGRES_POLLING_READING: .reading
        case PGRES_POLLING_WRITING: .writing
        case PGRES_POLLING_OK: .connected
        default: .failed
        }
    }

    /// The code with which the server refused the connection, if it was a server that did.
    var refusal: SQLState? {
        guard let message = unsafe PQerrorMessage(pointer) else { return nil }
        let words = unsafe String(cString: message).split { $0 == " " || $0 == "\n" }
        guard let last = words.last, last.utf8.count == 5, words.dropLast().last == "FATAL:",
            last.utf8.allSatisfy({ (48...57).contains($0) || (65...90).contains($0) })
        else { return nil }
        return SQLState(String(last))
    }

    var descriptor: Int32 { unsafe PQsocket(pointer) }
    var backendProcess: Int32 { unsafe PQbackendPID(pointer) }
    var serverVersion: Int { unsafe Int(PQserverVersion(pointer)) }
    var isBroken: Bool { unsafe PQstatus(pointer) == CONNECTION_BAD }
    /// True if no transaction is open. Only meaningful outside a pipeline.
    var isOutsideTransaction: Bool { unsafe PQtransactionStatus(pointer) == PQTRANS_IDLE }

    /// Warnings and notices received.
    var noticeCount: Int { notices.count }

    /// True after the server said that it ends the session; the end of the stream follows.
    var isToldToEnd: Bool { notices.endWasAnnounced }

    /// True once after the server warned that a COMMIT did not wait for its standby.
    func takeReplicationWarning() -> Bool {
        defer { notices.replicationWaitWasCancelled = false }
        return notices.replicationWaitWasCancelled
    }

    /// Prepares for use after connecting; false if libpq refuses.
    func becomeReady() -> Bool {
        unsafe PQsetnonblocking(pointer, 1) == 0 && PQenterPipelineMode(pointer) == 1
    }

    // MARK: Sending

    /// Queues Parse.
    func prepare(name: [CChar], sql: String, types: [UInt32]) -> Bool {
        unsafe name.withUnsafeBufferPointer { name in
            unsafe types.withUnsafeBufferPointer { types in
                unsafe PQsendPrepare(
                    pointer, name.baseAddress, sql, Int32(types.count), types.baseAddress) == 1
            }
        }
    }

    /// Queues Bind, Describe and Execute of a prepared statement.
    func execute(name: [CChar], _ buffer: ParameterBuffer, _ slots: Range<Int>) -> Bool {
        fill(buffer, slots)
        return unsafe name.withUnsafeBufferPointer { name in
            unsafe PQsendQueryPrepared(
                pointer, name.baseAddress, Int32(slots.count), addresses, lengths, formats, 1) == 1
        }
    }

    /// Queues Parse, Bind, Describe and Execute of a statement used once.
    func execute(
        sql: String, types: [UInt32], _ buffer: ParameterBuffer, _ slots: Range<Int>
    ) -> Bool {
        fill(buffer, slots)
        return unsafe PQsendQueryParams(
            pointer, sql, Int32(slots.count), types, addresses, lengths, formats, 1) == 1
    }

    /// Ends a group of commands, and writes what the socket takes.
    func sync() -> Bool { unsafe PQpipelineSync(pointer) == 1 }

    /// Leaves the pipeline, for a script; only when nothing is outstanding.
    func leavePipeline() -> Bool { unsafe PQexitPipelineMode(pointer) == 1 }

    /// Enters the pipeline again after a script.
    func enterPipeline() -> Bool { unsafe PQenterPipelineMode(pointer) == 1 }

    /// Sends a script by the simple protocol.
    func send(script: String) -> Bool { unsafe PQsendQuery(pointer, script) == 1 }

    func flush() -> Flush {
        switch unsafe PQflush(pointer) {
        case 0: .done
        case 1: .pending
        default: .failed
        }
    }

    private func fill(_ buffer: ParameterBuffer, _ slots: Range<Int>) {
        unsafe addresses.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        for slot in buffer.slots[slots] {
            unsafe addresses.append(buffer.address(of: slot))
            lengths.append(max(slot.length, 0))
        }
        while formats.count < slots.count { formats.append(1) }
    }

    // MARK: Receiving

    /// Reads what arrived; false if the connection is lost. What was read before is still there.
    func consume() -> Bool { unsafe PQconsumeInput(pointer) == 1 }

    /// True if the next result is not complete; asking for it would block.
    var isBusy: Bool { unsafe PQisBusy(pointer) == 1 }

    func nextResult() -> ResultStorage? {
        guard let result = unsafe PQgetResult(pointer) else { return nil }
        return unsafe ResultStorage(owning: result)
    }

    // MARK: Ending

    /// What a cancel request needs, on whatever thread; nil when not connected.
    func makeCancellation() -> Cancellation? {
        guard let cancel = unsafe PQgetCancel(pointer) else { return nil }
        return unsafe Cancellation(owning: cancel)
    }

    /// Closes the socket without sending what libpq still holds: what was given up must not reach
    /// the server after all.
    func abandon() {
        guard unsafe pointer != nil else { return }
        shutdown(descriptor, Int32(SHUT_RDWR))
        finish()
    }

    /// Closes the socket and frees everything. Harmless when repeated.
    func finish() {
        guard let pointer = unsafe pointer else { return }
        unsafe self.pointer = nil
        unsafe PQfinish(pointer)
    }

    isolated deinit { finish() }
}
