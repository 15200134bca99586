/// What shall go wrong with the next requests, in the order in which it was planned.
struct FaultPlan<Effect: RawRepresentable & CaseIterable & Sendable>: Sendable
where Effect.RawValue == String {
    struct Planned: Sendable {
        var effect: Effect
        var remaining: Int
        /// Only requests to this recipient; nil for all.
        var recipient: String?
        /// What is answered by the effects that answer an error.
        var error: GraphError
    }

    private(set) var planned: [Planned] = []

    mutating func add(_ document: JSONValue) throws(ControlError) {
        guard let effect = document["effect"]?.string.flatMap(Effect.init(rawValue:)) else {
            let known = Effect.allCases.map(\.rawValue).joined(separator: ", ")
            throw .wrong("effect", "must be one of \(known)")
        }
        let count = document["count"] ?? 1
        guard let count = count.integer, (1...Int64(Limits.plannedFaults)).contains(count) else {
            throw .wrong("count", "must be a number from 1 to \(Limits.plannedFaults)")
        }
        guard planned.count < Limits.plannedFaults else {
            throw ControlError(status: 409, message: "too many faults are planned already")
        }
        let status = document["status"]?.integer ?? 500
        guard (400...599).contains(status) else { throw .wrong("status", "must be 400 to 599") }
        let error = GraphError(
            status: Int(status),
            message: document["message"]?.string ?? "Service temporarily unavailable",
            code: document["code"]?.integer ?? 2, subcode: document["subcode"]?.integer)
        planned.append(
            Planned(
                effect: effect, remaining: Int(count),
                recipient: document["recipient"]?.identifier, error: error))
    }

    mutating func take(recipient: String? = nil) -> Planned? {
        guard
            let index = planned.firstIndex(where: {
                $0.recipient == nil || $0.recipient == recipient
            })
        else { return nil }
        let fault = planned[index]
        planned[index].remaining -= 1
        if planned[index].remaining == 0 { planned.remove(at: index) }
        return fault
    }

    mutating func clear() {
        planned = []
    }

    var json: JSONValue {
        .array(
            planned.map { fault in
                .members([
                    "effect": .string(fault.effect.rawValue),
                    "count": .integer(Int64(fault.remaining)),
                    "recipient": fault.recipient.map { .string($0) },
                    "status": .integer(Int64(fault.error.status)),
                    "code": .integer(fault.error.code),
                    "subcode": fault.error.subcode.map { .integer($0) },
                    "message": .string(fault.error.message),
                ])
            })
    }
}

/// What can go wrong with a call of the Send API.
enum SendEffect: String, CaseIterable, Sendable {
    /// Not accepted; the error is answered.
    case error
    /// Not accepted; the connection closes without an answer.
    case drop
    /// Not accepted; nothing is ever answered.
    case noAnswer = "no_answer"
    /// Accepted, with echo; the error is answered all the same.
    case acceptThenError = "accept_then_error"
    /// Accepted, with echo; the connection closes without an answer.
    case acceptThenDrop = "accept_then_drop"
    /// Accepted, with echo; nothing is ever answered.
    case acceptThenNoAnswer = "accept_then_no_answer"

    var accepts: Bool {
        switch self {
        case .error, .drop, .noAnswer: false
        case .acceptThenError, .acceptThenDrop, .acceptThenNoAnswer: true
        }
    }
}

/// What can go wrong with one attempt to deliver a webhook request.
enum WebhookEffect: String, CaseIterable, Sendable {
    /// Never leaves; counts as failed.
    case lost
    /// Leaves, and its answer is not seen: it counts as failed, and what was sent is repeated.
    case answerLost = "answer_lost"
    /// Leaves signed with another secret.
    case wrongSignature = "wrong_signature"
    /// Leaves with its last byte missing, under the signature of the whole.
    case truncated
}

/// How many calls may be made in a second, with one second's worth saved up at most.
struct CallRate: Sendable {
    private var saved: Double?
    private var asked: Int64 = 0

    mutating func take(perSecond rate: Int, at now: Int64) -> Bool {
        let full = Double(rate)
        let earned = Double(max(0, now - asked)) * full / 1_000
        asked = now
        let available = min(full, (saved ?? full) + earned)
        saved = available >= 1 ? available - 1 : available
        return available >= 1
    }
}
