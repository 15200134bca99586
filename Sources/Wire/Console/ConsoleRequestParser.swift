import Desk

/// Reads a frame in two steps: its members, so that an error can be answered under its id, then the
/// parameters by the method.
struct ConsoleRequestParser {
    private var reader: JSONReader
    private var id: String?
    private var parameters = ConsoleParameters()

    init(_ frame: [UInt8]) { reader = JSONReader(frame) }

    mutating func parse() throws(ConsoleProblem) -> ConsoleRequest {
        var method: String?
        var version: String?
        do throws(JSONError) {
            try reader.beginObject()
            while let name = try reader.nextName() {
                switch name {
                case "jsonrpc": version = try reader.string()
                case "id": id = try uuid()
                case "method": method = try reader.string()
                case "params": try parameters.read(&reader)
                default: try reader.skip()
                }
            }
            try reader.end()
        } catch {
            throw problem(of: error)
        }
        guard version == "2.0" else { throw invalid("jsonrpc") }
        guard let id else { throw invalid("id") }
        guard let method else { throw invalid("method") }
        guard let command = try command(method) else {
            throw ConsoleProblem(id: id, code: .unknownMethod, field: "method")
        }
        return ConsoleRequest(id: id, command: command)
    }

    private func invalid(_ field: String) -> ConsoleProblem {
        ConsoleProblem(id: id, code: .invalidRequest, field: field)
    }

    /// What an error of the JSON means: a parameter of the wrong type is another thing than a frame
    /// that is no JSON.
    private func problem(of error: JSONError) -> ConsoleProblem {
        let field = error.field.isEmpty ? nil : error.field
        switch error.code {
        case .syntax, .incomplete, .trailingBytes, .tooDeep:
            return ConsoleProblem(id: id, code: .parseError, field: field)
        case .duplicateName, .tooManyMembers, .wrongType, .outOfRange, .missing:
            let isParameter = error.field.hasPrefix("params.")
            return ConsoleProblem(
                id: id, code: isParameter ? .invalidParameters : .invalidRequest, field: field)
        }
    }

    /// A UUID in its text form (RFC 9562 §4), in lower case.
    private mutating func uuid() throws(JSONError) -> String {
        let text = try reader.string().lowercased()
        let isUUID =
            text.utf8.count == 36
            && text.utf8.enumerated().allSatisfy { index, byte in
                switch index {
                case 8, 13, 18, 23: byte == UInt8(ascii: "-")
                default: (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
                }
            }
        guard isUUID else { throw reader.failure(.wrongType) }
        return text
    }

    private func command(_ method: String) throws(ConsoleProblem) -> ConsoleCommand? {
        switch method {
        case "hello": return .hello(resume: try resume())
        case "presence.set":
            return .presenceSet(try presence(), reason: try awayReason())
        case "wrapUp.extend": return .wrapUpExtend
        case "shift.setEnd": return .shiftEndSet(shiftEnd())
        case "message.send": return .messageSend(try conversation(), text: try text())
        case "message.resend": return .messageResend(JobID(try positive(parameters.job, "job")))
        case "conversation.read": return .conversationRead(try conversation())
        case "conversation.close": return .conversationClose(try conversation())
        case "transcript.read":
            let before = try parameters.before.map { value throws(ConsoleProblem) in
                MessageID(try positive(value, "before"))
            }
            return .transcriptRead(try conversation(), before: before, limit: try limit())
        case "offer.accept": return .offerAccept(try conversation())
        case "offer.decline":
            let word = try need(parameters.reason, "reason")
            return .offerDecline(
                try conversation(), try need(DeclineReason(rawValue: word), "reason"))
        case "conversation.take": return .conversationTake(try conversation())
        case "conversation.transfer":
            return .conversationTransfer(try conversation(), try target())
        case "accounts.read": return .accountsRead(try conversation(), try purpose())
        case "colleagues.read": return .colleaguesRead
        default: return try supervision(method).map { .supervise($0) }
        }
    }

    // The desk judges every range; here a number need only fit.
    private func supervision(_ method: String) throws(ConsoleProblem) -> SupervisorCommand? {
        switch method {
        case "agent.setCapacity":
            let capacity = try need(parameters.capacity, "capacity")
            return .capacitySet(try agent(), capacity: Int(clamping: capacity))
        case "agent.setPresence":
            return .presenceSet(try agent(), try presence(), reason: try awayReason())
        case "agent.setShiftEnd": return .shiftEndSet(try agent(), shiftEnd())
        case "agent.setProfile":
            return .profileSet(try agent(), try need(parameters.profile, "profile"))
        case "conversation.move":
            let queue = QueueID(try positive(parameters.queue, "queue"))
            return .conversationMove(
                try conversation(), queue, overridesLimit: parameters.overrideLimit ?? false)
        case "conversation.assign":
            return .conversationAssign(
                try conversation(), try agent(),
                overridesCapacity: parameters.overrideCapacity ?? false)
        case "conversation.setPriority":
            return .prioritySet(try conversation(), parameters.priority.map { Int(clamping: $0) })
        case "conversation.setNeeds":
            let compartment = try parameters.compartment.map { value throws(ConsoleProblem) in
                CompartmentID(try positive(value, "compartment"))
            }
            return .needsSet(
                try conversation(), try need(parameters.needs, "needs"), compartment)
        case "customer.link":
            return .customerLink(
                try conversation(), reference: try reference(), try purpose())
        case "queue.close": return .queueClose(try queue(), until: until)
        case "queue.open": return .queueOpen(try queue(), until: until)
        case "conversation.explain": return .explain(try conversation())
        default: return nil
        }
    }

    private func queue() throws(ConsoleProblem) -> QueueID {
        QueueID(try positive(parameters.queue, "queue"))
    }

    private var until: Instant? { parameters.until.map { Instant(milliseconds: $0) } }

    private func target() throws(ConsoleProblem) -> TransferTarget {
        let target = try need(parameters.target, "to")
        switch try need(target.kind, "to.kind") {
        case "agent":
            let agent = AgentID(try positive(target.id, "to.id"))
            return .agent(agent, isWarm: target.isWarm ?? false)
        case "queue": return .queue(QueueID(try positive(target.id, "to.id")))
        case "bot": return .bot
        default: throw wrong("to.kind")
        }
    }

    private func presence() throws(ConsoleProblem) -> Presence {
        let word = try need(parameters.presence, "presence")
        return try need(Presence(rawValue: word), "presence")
    }

    private func awayReason() throws(ConsoleProblem) -> AwayReasonID? {
        try parameters.awayReason.map { value throws(ConsoleProblem) in
            AwayReasonID(try positive(value, "awayReason"))
        }
    }

    private func shiftEnd() -> Instant? {
        parameters.shiftEnd.map { Instant(milliseconds: $0) }
    }

    private func agent() throws(ConsoleProblem) -> AgentID {
        AgentID(try positive(parameters.agent, "agent"))
    }

    private func resume() throws(ConsoleProblem) -> ResumePoint? {
        guard parameters.hasResume else { return nil }
        let epoch = try positive(parameters.epoch, "resume.epoch")
        let seq = try need(parameters.seq, "resume.seq")
        guard seq >= 0 else { throw wrong("resume.seq") }
        return ResumePoint(epoch: epoch, seq: seq)
    }

    private func conversation() throws(ConsoleProblem) -> ConversationID {
        ConversationID(try positive(parameters.conversation, "conversation"))
    }

    private func text() throws(ConsoleProblem) -> String {
        let text = try need(parameters.text, "text")
        guard text.utf16.count <= WireLimits.messageLength,
            !text.allSatisfy(\.isWhitespace)
        else { throw wrong("text") }
        return text
    }

    private func purpose() throws(ConsoleProblem) -> AccountPurpose {
        let word = try need(parameters.purpose, "purpose")
        return try need(AccountPurpose(rawValue: word), "purpose")
    }

    private func reference() throws(ConsoleProblem) -> String {
        let reference = try need(parameters.reference, "reference")
        guard (1...WireLimits.bankReference).contains(reference.utf8.count),
            reference.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw wrong("reference") }
        return reference
    }

    private func limit() throws(ConsoleProblem) -> Int {
        let limit = parameters.limit ?? Int64(WireLimits.transcriptPage)
        guard (1...Int64(WireLimits.transcriptPage)).contains(limit) else { throw wrong("limit") }
        return Int(limit)
    }

    private func positive(_ value: Int64?, _ field: String) throws(ConsoleProblem) -> Int64 {
        let value = try need(value, field)
        guard value > 0 else { throw wrong(field) }
        return value
    }

    private func need<Value>(
        _ value: Value?, _ field: String
    ) throws(ConsoleProblem) -> Value {
        guard let value else { throw wrong(field) }
        return value
    }

    private func wrong(_ field: String) -> ConsoleProblem {
        ConsoleProblem(id: id, code: .invalidParameters, field: "params.\(field)")
    }
}
