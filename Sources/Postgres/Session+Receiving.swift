import CLibpq
import EventLoop

extension Session {
    /// Takes the results that are complete. A completion may submit more or close the connection.
    func receive() {
        var nothings = 0
        // Asking whether libpq is busy also makes it read notices and changed parameters.
        while !hasEnded, !libpq.isBusy {
            if script != nil {
                receiveScript()
                continue
            }
            if groups.isEmpty { return }
            guard let result = libpq.nextResult() else {
                // One nothing ends the results of each command; two in a row: there is no more.
                nothings += 1
                if nothings == 2 { return }
                continue
            }
            nothings = 0
            take(result)
        }
    }

    private func take(_ result: ResultStorage) {
        guard let group = groups.first else { return end(.lost) }
        switch result.status {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            group.succeed(PostgresResult(storage: result))
        case PGRES_PIPELINE_ABORTED:
            group.skip()
        case PGRES_FATAL_ERROR:
            // libpq's own errors, without a code, say that the connection is lost.
            guard let error = result.serverError else { return end(.lost) }
            if result.endsSession { return end(.terminated(error.sqlState)) }
            group.fail(judge(error, of: group, isStale: result.saysStatementIsStale))
        case PGRES_PIPELINE_SYNC:
            guard group.isComplete else { return end(.lost) }
            finish(group)
        default:
            // COPY, which this room does not speak, or a server that breaks the protocol.
            end(.lost)
        }
    }

    /// Finds the cause of an error that a prepared statement brought about.
    private func judge(
        _ error: PostgresServerError, of group: SentGroup, isStale: Bool
    ) -> PostgresServerError {
        guard let version = group.currentVersion else { return error }
        if error.sqlState == .invalidStatementName {
            statements.forget(version)
            return version.failure ?? error
        }
        if isStale { statements.forget(version) }
        return error
    }

    private func finish(_ group: SentGroup) {
        _ = groups.removeFirst()
        outstandingBytes -= group.bytes
        let isUncertain = libpq.takeReplicationWarning()
        switch group.purpose {
        case .preparation(let version):
            if let failure = group.failure {
                version.failure = failure.error
                statements.forget(version)
            }
        case .query(let end):
            end(group.queryResult(isUncertain: isUncertain))
        case .transaction(let end):
            isTransactionUnderWay = false
            // Whatever failed behind BEGIN leaves the block open. (If COMMIT itself did, it is
            // closed, and ROLLBACK does nothing but warn.)
            if let failure = group.failure, failure.command > 0 { sendRollback() }
            end(group.outcome(isUncertain: isUncertain))
        case .rollback:
            // A session whose state is not known is of no use.
            if group.failure != nil { self.end(.lost) }
        }
        sendWaiting()
    }

    // MARK: Scripts

    private func receiveScript() {
        guard let result = libpq.nextResult() else { return finishScript() }
        switch result.status {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            break
        case PGRES_FATAL_ERROR:
            guard let error = result.serverError else { return end(.lost) }
            if result.endsSession { return end(.terminated(error.sqlState)) }
            if script?.failure == nil { script?.failure = error }
        default:
            end(.lost)
        }
    }

    private func finishScript() {
        guard let script else { return }
        self.script = nil
        let isUncertain = libpq.takeReplicationWarning()
        let leftTransactionOpen = !libpq.isOutsideTransaction
        guard libpq.enterPipeline() else {
            self.script = script
            return end(.lost)
        }
        if leftTransactionOpen { sendRollback() }
        if let failure = script.failure {
            script.end(.failure(.server(failure)))
        } else if leftTransactionOpen {
            script.end(.failure(.server(PostgresServerError(sqlState: .activeTransaction))))
        } else if isUncertain {
            script.end(.failure(.lost(requestMayHaveBeenProcessed: true)))
        } else {
            script.end(.success(()))
        }
        sendWaiting()
    }
}

extension SentGroup {
    /// The answer to a single query. Its sync was answered, so what it did is committed.
    fileprivate func queryResult(isUncertain: Bool) -> Result<PostgresResult, PostgresError> {
        if let failure { return .failure(.server(failure.error)) }
        guard !isUncertain, let result = results.first else {
            return .failure(.lost(requestMayHaveBeenProcessed: true))
        }
        return .success(result)
    }

    /// The outcome of BEGIN, the commands and COMMIT.
    fileprivate func outcome(isUncertain: Bool) -> PostgresTransactionOutcome {
        let commands = 1..<commandCount - 1
        if let failure {
            let index = commands.contains(failure.command) ? failure.command - 1 : nil
            return .failed(failure.error, command: index)
        }
        switch results.last?.commandTag {
        case "COMMIT":
            guard !isUncertain else { return .unknown(.replicationUncertain) }
            return .committed(Array(results[commands]))
        case "ROLLBACK":
            return .failed(PostgresServerError(sqlState: .transactionRollback), command: nil)
        default:
            return .unknown(.connectionLost)
        }
    }
}
