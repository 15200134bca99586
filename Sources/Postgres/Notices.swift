import CLibpq

/// What is kept of warnings and notices: how many, and the one that changes the meaning of COMMIT.
/// Touched on the loop's thread alone, because libpq calls the receiver from within our calls.
final class NoticeCount {
    var count = 0
    /// COMMIT was or will be answered as if all were well, but it did not wait for the standby.
    var replicationWaitWasCancelled = false

    /// The server said, unasked, that it ends the session.
    var endWasAnnounced = false

    fileprivate func receive(_ notice: OpaquePointer?) {
        count += 1
        let severity = unsafe ResultStorage.diagnostic(UInt8(ascii: "V"), of: notice)
        let routine = unsafe ResultStorage.diagnostic(UInt8(ascii: "R"), of: notice)
        let text = unsafe ResultStorage.diagnostic(UInt8(ascii: "M"), of: notice)
        let state = unsafe ResultStorage.diagnostic(UInt8(ascii: "C"), of: notice)
        if Self.isReplicationWarning(state: state, routine: routine, text: text) {
            replicationWaitWasCancelled = true
        }
        if Self.isEnd(severity: severity, state: state) { endWasAnnounced = true }
    }

    /// To an idle session PostgreSQL says FATAL when it is terminated or the server stops, and WARNING
    /// with 57P01 or 57P02 when the server stops at once or another of its processes crashed
    /// (`quickdie` in `postgres.c`).
    static func isEnd(severity: String?, state: String?) -> Bool {
        severity == "FATAL" || severity == "PANIC" || state == SQLState.adminShutdown.rawValue
            || state == SQLState.crashShutdown.rawValue
    }

    /// PostgreSQL's `SyncRepWaitForLSN` (`syncrep.c`) warns with 01000 "canceling wait for
    /// synchronous replication due to user request" when the wait is cancelled, and with 57P01
    /// "canceling the wait for synchronous replication and terminating connection …" when the
    /// backend is told to stop. The routine's name is never translated; the text is judged as well
    /// for servers that leave out the routine.
    static func isReplicationWarning(state: String?, routine: String?, text: String?) -> Bool {
        guard state == SQLState.warning.rawValue || state == SQLState.adminShutdown.rawValue else {
            return false
        }
        if let routine, routine.hasPrefix("SyncRep") { return true }
        guard let text else { return false }
        return text.hasPrefix("canceling wait for synchronous replication")
            || text.hasPrefix("canceling the wait for synchronous replication")
    }
}

/// libpq's notice receiver. The default one would print the message, with what it quotes.
func receiveNotice(_ context: UnsafeMutableRawPointer?, _ notice: OpaquePointer?) {
    guard let context = unsafe context else { return }
    unsafe Unmanaged<NoticeCount>.fromOpaque(context).takeUnretainedValue().receive(notice)
}
