import EventLoop
import Logging
import Postgres

/// The one connection that writes what the Engine decides.
extension Store {
    /// What the writer's session is set to. Plans are made once: every statement here, the triggers'
    /// included, finds its rows by index whatever the values, and a plan made while a table was empty
    /// must not scan or hash it when it has millions of rows. A node that stops in the middle of a
    /// transaction must not keep the desk locked (its successor ends the session as well).
    /// `synchronous_commit` may be stricter than `on`, never `off`: what is acknowledged is durable
    /// (promise P1).
    private var sessionSettings: String {
        """
        SET lock_timeout = \(configuration.lockTimeout);
        SET idle_in_transaction_session_timeout = '10s';
        SET enable_seqscan = off;
        SET enable_hashjoin = off;
        SET enable_mergejoin = off;
        SET plan_cache_mode = force_generic_plan;
        SET jit = off;
        SELECT set_config('synchronous_commit', 'on', false)
         WHERE current_setting('synchronous_commit') = 'off';
        """
    }

    /// Connects the writer if it is not connected; false if that does not succeed now.
    func connectWriter() async -> Bool {
        if writer.isConnected { return true }
        do throws(PostgresError) {
            try await writer.connect()
            try await writer.script(sessionSettings, deadline: configuration.readDeadline)
            return true
        } catch {
            log.warning(
                "the desk's writer cannot connect",
                metadata: ["desk": "\(desk)", "reason": "\(error)"])
            // A session that is not set up as intended must not write.
            writer.close()
            return false
        }
    }
}
