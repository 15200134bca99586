import EventLoop

extension Session {
    func send(_ submission: Submission) {
        switch submission.work {
        case .query(let command, let end):
            guard encode([command]) else { return refuse(submission) }
            sendGroup([command], .query(end), submission.deadline)
        case .transaction(let commands, let end):
            guard encode(commands) else { return refuse(submission) }
            isTransactionUnderWay = true
            sendGroup(
                [Self.begin] + commands + [Self.commit], .transaction(end), submission.deadline)
        case .script(let sql, let end):
            guard !sql.utf8.contains(0) else { return submission.fail(.refused(.invalidText)) }
            start(Script(deadline: submission.deadline, end: end), sql)
        }
        flush()
    }

    /// Encodes the values of all commands; false if they cannot be sent.
    private func encode(_ commands: [PostgresCommand]) -> Bool {
        buffer.reset()
        for command in commands {
            guard command.values.count <= PostgresLimits.valuesPerCommand,
                !command.statement.hasZero
            else { return false }
            buffer.append(command.values)
        }
        return !buffer.isTooLarge
    }

    /// Says why `encode` failed. Nothing was sent.
    private func refuse(_ submission: Submission) {
        let commands: [PostgresCommand] =
            switch submission.work {
            case .query(let command, _): [command]
            case .transaction(let commands, _): commands
            case .script: []
            }
        if buffer.isTooLarge {
            submission.fail(.refused(.tooLarge))
        } else if commands.contains(where: { $0.statement.hasZero }) {
            submission.fail(.refused(.invalidText))
        } else {
            submission.fail(.refused(.tooManyValues))
        }
    }

    /// Sends commands whose values are encoded, with one sync behind the last.
    private func sendGroup(
        _ commands: [PostgresCommand], _ purpose: SentGroup.Purpose, _ deadline: Int64
    ) {
        let choices = commands.map { statements.choose($0) }
        var isSent = true
        for choice in choices where isSent {
            if case .toPrepare(let version) = choice { isSent = prepare(version, deadline) }
        }
        let group = SentGroup(
            purpose, commandCount: commands.count, bytes: buffer.count, deadline: deadline)
        group.choices = choices
        outstandingBytes += group.bytes
        // Before the first byte: whatever fails from here on is no longer "not sent".
        groups.append(group)
        var slot = 0
        for (command, choice) in zip(commands, choices) where isSent {
            let slots = slot..<slot + command.values.count
            slot = slots.upperBound
            isSent = execute(command, choice, slots)
        }
        guard isSent, libpq.sync() else { return end(.lost) }
    }

    private func execute(
        _ command: PostgresCommand, _ choice: PreparedStatements.Choice, _ slots: Range<Int>
    ) -> Bool {
        switch choice {
        case .prepared(let version), .toPrepare(let version):
            libpq.execute(name: version.name, buffer, slots)
        case .unprepared(let types):
            libpq.execute(sql: command.statement.sql, types: types, buffer, slots)
        }
    }

    private func prepare(_ version: PreparedStatements.Version, _ deadline: Int64) -> Bool {
        groups.append(
            SentGroup(.preparation(version), commandCount: 1, bytes: 0, deadline: deadline))
        return libpq.prepare(
            name: version.name, sql: version.statement.sql, types: version.types)
            && libpq.sync()
    }

    /// Ends the block of a failed transaction. Sent before anything that waited behind it.
    func sendRollback() {
        guard !hasEnded else { return }
        buffer.reset()
        let deadline = loop.instant(after: Self.rollbackDeadline)
        groups.append(SentGroup(.rollback, commandCount: 1, bytes: 0, deadline: deadline))
        guard libpq.execute(sql: "ROLLBACK", types: [], buffer, 0..<0), libpq.sync() else {
            return end(.lost)
        }
        arm(deadline)
        flush()
    }

    private func start(_ script: Script, _ sql: String) {
        self.script = script
        guard libpq.leavePipeline(), libpq.send(script: sql) else { return end(.lost) }
    }
}
