import Desk
public import Engine
import EventLoop
import Logging
import Postgres

/// The Engine's port: called by one caller, one call at a time.
extension Store {
    // MARK: Prefetch

    /// What a batch may touch, in one round trip; nil when the database did not answer.
    public func prefetch(_ request: PrefetchRequest) async -> Prefetched? {
        let unsealed = request.needs.held.filter { keyRing.key(of: $0) == nil }.sorted()
        let asked = PrefetchStatements.asked(desk: desk, request, unsealed: unsealed)
        guard !asked.isEmpty else { return Prefetched() }
        guard writer.isConnected, let results = await results(of: asked.map(\.command)) else {
            return nil
        }
        do throws(StoreError) {
            return try taken(from: results, asked.map(\.part))
        } catch {
            logUnreadable("a prefetch", error)
            return nil
        }
    }

    /// The results of commands that only read, nil if one failed. A single one, as is usual, is a
    /// transaction by itself.
    private func results(of commands: [PostgresCommand]) async -> [PostgresResult]? {
        let refusal: PostgresServerError
        if commands.count == 1 {
            do throws(PostgresError) {
                return [
                    try await writer.query(
                        commands[0].statement, commands[0].values,
                        deadline: configuration.readDeadline)
                ]
            } catch {
                guard case .server(let error) = error else { return nil }
                refusal = error
            }
        } else {
            switch await writer.transaction(commands, deadline: configuration.readDeadline) {
            case .committed(let results): return results
            case .failed(let error, _): refusal = error
            case .notSent, .unknown: return nil
            }
        }
        log.warning(
            "the database refused a prefetch",
            metadata: ["desk": "\(desk)", "sqlState": "\(refusal.sqlState)"])
        return nil
    }

    private func taken(
        from results: [PostgresResult], _ parts: [PrefetchStatements.Part]
    ) throws(StoreError) -> Prefetched {
        var prefetched = Prefetched()
        for (part, result) in zip(parts, results) {
            switch part {
            case .keys:
                for row in 0..<result.rowCount {
                    let (key, known) = try value { () throws(PostgresError) in
                        (try result.digest(row, 0), try result.knownKey(row))
                    }
                    prefetched.keys[key] = known
                }
            case .threads:
                for conversation in try conversations(result) {
                    prefetched.known.threads[conversation.thread] = conversation
                }
            case .conversations:
                for conversation in try conversations(result) {
                    prefetched.known.conversations[conversation.id] = conversation
                }
            case .messages:
                for row in 0..<result.rowCount {
                    let (platform, message) = try value { () throws(PostgresError) in
                        (try result.digest(row, 0), try result.id(row, 1) as MessageID)
                    }
                    prefetched.known.messages[platform] = message
                }
            case .jobs:
                for job in try value({ () throws(PostgresError) in
                    try result.all { row throws(PostgresError) in try result.job(row) }
                }) {
                    prefetched.known.jobs[job.id] = job
                }
            case .customerKeys:
                _ = try value { () throws(PostgresError) in try takeCustomerKeys(from: result) }
            }
        }
        return prefetched
    }

    /// Conversations with their customers' keys, which go into the key ring.
    private func conversations(_ result: PostgresResult) throws(StoreError) -> [Conversation] {
        var all: [Conversation] = []
        all.reserveCapacity(result.rowCount)
        for row in 0..<result.rowCount {
            let conversation = try value { () throws(PostgresError) in
                try result.conversation(row)
            }
            all.append(conversation)
            guard keyRing.key(of: conversation.id) == nil,
                let key = try customerKey(
                    result, row, conversation.customer,
                    column: PrefetchStatements.conversationKeyColumn)
            else { continue }
            keyRing.insert(
                CustomerKey(customer: conversation.customer, key: key), for: conversation.id)
        }
        return all
    }

    /// The customer's key from the two columns at `column`; nil if it was erased.
    func customerKey(
        _ result: PostgresResult, _ row: Int, _ customer: CustomerID, column: Int
    ) throws(StoreError) -> ContentKey? {
        let wrapped = try value { () throws(PostgresError) -> ([UInt8], [UInt8])? in
            guard let name = try result.optionalBytes(row, column) else { return nil }
            return (name, try result.bytes(row, column + 1))
        }
        guard let wrapped else { return nil }
        return try ContentKey.unwrap(
            name: wrapped.0, sealed: wrapped.1, configuration.wrappingKeys,
            at: place(.customerKey, customer.number))
    }

    func logUnreadable(_ what: Logger.MetadataValue, _ error: StoreError) {
        log.error(
            "the database holds what cannot be read",
            metadata: ["desk": "\(desk)", "what": what, "reason": "\(error)"])
    }

    // MARK: Commit

    /// Writes a batch in one transaction, or renews the lease if it is empty.
    public func commit(_ commit: Commit) async -> CommitOutcome {
        guard writer.isConnected, let deskKey else { return .unavailable }
        guard let keys = await customerKeys(for: commit) else { return .unavailable }
        var builder = CommitBuilder(
            desk: desk, deskKey: deskKey, wrappingKeys: configuration.wrappingKeys,
            customerKeys: keys, lastHash: lastHash)
        let commands: [PostgresCommand]
        do throws(StoreError) {
            for entry in commit.entries { try builder.add(entry) }
            for configuration in commit.changes.configurations {
                try builder.add(configuration, at: commit.at)
            }
            commands = try builder.rows.commands(
                desk: desk, at: commit.at, wrappingKey: configuration.wrappingKeys.current.name,
                changes: commit.changes, refusal: lastRefusal)
        } catch {
            // A conversation without a customer's key: erased, or a wrong Desk.
            log.error(
                "a batch cannot be sealed", metadata: ["desk": "\(desk)", "reason": "\(error)"])
            lastRefusal = nil
            return .poison
        }
        let transaction = await writer.transaction(
            [lockCommand(commit)] + commands, deadline: configuration.commitDeadline)
        let outcome = CommitOutcome(transaction)
        switch outcome {
        case .ok:
            lastHash = builder.lastHash
            for conversation in builder.openedConversations {
                guard let key = builder.customerKeys[conversation] else { continue }
                keyRing.insert(key, for: conversation)
            }
        case .poison, .retry, .unavailable:
            noteRefusal(transaction, outcome)
        case .unknown:
            noteDoubt(transaction)
        case .fenced:
            break
        }
        return outcome
    }

    private func lockCommand(_ commit: Commit) -> PostgresCommand {
        PostgresCommand(
            CommitStatements.lock,
            [
                .int8(desk), .bytea(incarnation), .int8(commit.epoch), .int8(commit.lastEvent),
                .int8(configuration.leaseTime),
            ])
    }

    private func noteRefusal(
        _ transaction: PostgresTransactionOutcome, _ outcome: CommitOutcome
    ) {
        guard case .failed(let error, let command) = transaction else { return }
        if outcome == .poison {
            lastRefusal = Refusal(
                sqlState: error.sqlState.rawValue, constraint: error.constraint)
        }
        log.warning(
            "the database refused a commit",
            metadata: [
                "desk": "\(desk)", "outcome": "\(outcome)", "sqlState": "\(error.sqlState)",
                "constraint": "\(error.constraint ?? "")", "table": "\(error.table ?? "")",
                "command": "\(command ?? -1)",
            ])
        // Only a writer that was demoted is read-only: the next connection finds the new primary.
        if error.sqlState == .readOnlyTransaction { writer.close() }
    }

    private func noteDoubt(_ transaction: PostgresTransactionOutcome) {
        guard case .unknown(let reason) = transaction else { return }
        log.warning(
            "nobody can tell whether a commit is durable",
            metadata: ["desk": "\(desk)", "reason": "\(reason)"])
    }

    /// The customers' keys that the commit needs; nil when the database did not answer. A prefetch
    /// has usually put them into the ring; otherwise they are read now.
    private func customerKeys(for commit: Commit) async -> [ConversationID: CustomerKey]? {
        var keys: [ConversationID: CustomerKey] = [:]
        var missing: [Int64] = []
        for conversation in CommitBuilder.conversationsToSeal(commit).sorted() {
            if let key = keyRing.key(of: conversation) {
                keys[conversation] = key
            } else {
                missing.append(conversation.number)
            }
        }
        guard !missing.isEmpty else { return keys }
        do throws(PostgresError) {
            let result = try await writer.query(
                PrefetchStatements.customerKeys, [.int8(desk), .int8Array(missing)],
                deadline: configuration.readDeadline)
            for (conversation, key) in try takeCustomerKeys(from: result) {
                keys[conversation] = key
            }
            return keys
        } catch {
            return nil
        }
    }

    /// Conversations with their customers' keys, which also go into the key ring; without those whose
    /// key was erased or cannot be read.
    private func takeCustomerKeys(
        from result: PostgresResult
    ) throws(PostgresError) -> [(ConversationID, CustomerKey)] {
        var taken: [(ConversationID, CustomerKey)] = []
        for row in 0..<result.rowCount {
            let conversation: ConversationID = try result.id(row, 0)
            let customer: CustomerID = try result.id(row, 1)
            do throws(StoreError) {
                guard let key = try customerKey(result, row, customer, column: 2) else { continue }
                let owned = CustomerKey(customer: customer, key: key)
                keyRing.insert(owned, for: conversation)
                taken.append((conversation, owned))
            } catch {
                logUnreadable("a customer's key", error)
            }
        }
        return taken
    }
}

extension SQLState {
    /// 25006 read_only_sql_transaction.
    static let readOnlyTransaction = SQLState("25006")
}

extension PostgresResult {
    fileprivate func knownKey(_ row: Int) throws(PostgresError) -> KnownKey {
        KnownKey(
            parameters: isNull(row, 1) ? nil : try digest(row, 1), result: try int8(row, 2))
    }
}
