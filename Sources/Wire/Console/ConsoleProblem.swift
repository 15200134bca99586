public import Desk
public import Guard

/// Why a request of a console was not done; each is in `Schemas/codes.json`. The first are JSON-RPC
/// 2.0's own (its §5.1), the others ours.
public enum ConsoleErrorCode: Int, Sendable, CaseIterable {
    /// The frame is not JSON.
    case parseError = -32700
    /// The frame is JSON, but not a request with a UUID as its id.
    case invalidRequest = -32600
    /// There is no such method.
    case unknownMethod = -32601
    /// A parameter is missing, has the wrong type or is out of bounds.
    case invalidParameters = -32602
    /// No such conversation, agent or job here.
    case notFound = 4001
    /// Only the owner may do this.
    case notOwner = 4002
    /// The conversation is closed.
    case conversationClosed = 4003
    /// The value is out of range.
    case outOfRange = 4004
    /// The job, or the agent, is not in a state that allows it.
    case wrongState = 4005
    /// Too many sockets of one person.
    case tooManyConnections = 4006
    /// The same id was used before with other parameters.
    case keyReused = 4007
    /// Only a supervisor may do this.
    case forbidden = 4008
    /// Not decided, or not known whether it was: ask again with the same id.
    case unavailable = 4009
    /// The database would not take it: set aside, on record.
    case quarantined = 4010
    /// Too many requests: wait, then ask again with the same id.
    case tooManyRequests = 4011
    /// Too many messages of the conversation are not settled yet.
    case tooManyUnsettled = 4012
    /// The text holds what may not go out through a channel: `data.kinds` says what.
    case guarded = 4013
    /// The offer does not stand any more, or is another's.
    case offerEnded = 4014
    /// The agent is not on duty.
    case notOnDuty = 4015
    /// The agent has no room for it, or the queue is full: the field says which.
    case noRoom = 4016
    /// The agent may not take it: another queue, a missing skill, a conflict of interest.
    case notEligible = 4017
    /// The same name twice.
    case duplicated = 4018
    /// A step that never comes, or never changes anything.
    case neverEnds = 4019
    /// It leads back to where it began.
    case circular = 4020
    /// Nobody could serve it.
    case unservable = 4021
    /// The queue is closed.
    case queueClosed = 4022
    /// Hours without any.
    case neverOpens = 4023
    /// Two periods of one day share some time.
    case overlapping = 4024
    /// No bot answers at this desk.
    case noBot = 4025

    /// The code of a refusal by the desk.
    public init(_ rejection: Rejection.Code) {
        self =
            switch rejection {
            case .notFound: .notFound
            case .notOwner: .notOwner
            case .conversationClosed: .conversationClosed
            case .outOfRange: .outOfRange
            case .wrongState: .wrongState
            case .tooManyConnections: .tooManyConnections
            case .tooManyUnsettled: .tooManyUnsettled
            case .offerEnded: .offerEnded
            case .notOnDuty: .notOnDuty
            case .noRoom: .noRoom
            case .notEligible: .notEligible
            case .duplicated: .duplicated
            case .neverEnds: .neverEnds
            case .circular: .circular
            case .unservable: .unservable
            case .queueClosed: .queueClosed
            case .neverOpens: .neverOpens
            case .overlapping: .overlapping
            case .noBot: .noBot
            case .keyReused: .keyReused
            }
    }

    /// Whether a client asks again.
    public enum Repetition: String, Sendable, CaseIterable {
        /// No: it would be refused again.
        case never
        /// Yes, with the same id: whether it was done is not known, and it is done at most once.
        case sameId
        /// Yes, with the same id, after a pause.
        case sameIdLater
    }

    /// Whether a client asks again.
    public var repetition: Repetition {
        switch self {
        case .parseError, .invalidRequest, .unknownMethod, .invalidParameters, .notFound,
            .notOwner, .conversationClosed, .outOfRange, .wrongState, .tooManyConnections,
            .keyReused, .forbidden, .quarantined, .tooManyUnsettled, .guarded, .offerEnded,
            .notOnDuty, .noRoom, .notEligible, .duplicated, .neverEnds, .circular, .unservable,
            .queueClosed, .neverOpens, .overlapping, .noBot:
            .never
        case .unavailable: .sameId
        case .tooManyRequests: .sameIdLater
        }
    }

    /// The code as a word: what a client branches on.
    public var name: String {
        switch self {
        case .parseError: "parseError"
        case .invalidRequest: "invalidRequest"
        case .unknownMethod: "unknownMethod"
        case .invalidParameters: "invalidParameters"
        case .notFound: "notFound"
        case .notOwner: "notOwner"
        case .conversationClosed: "conversationClosed"
        case .outOfRange: "outOfRange"
        case .wrongState: "wrongState"
        case .tooManyConnections: "tooManyConnections"
        case .keyReused: "keyReused"
        case .forbidden: "forbidden"
        case .unavailable: "unavailable"
        case .quarantined: "quarantined"
        case .tooManyRequests: "tooManyRequests"
        case .tooManyUnsettled: "tooManyUnsettled"
        case .guarded: "guarded"
        case .offerEnded: "offerEnded"
        case .notOnDuty: "notOnDuty"
        case .noRoom: "noRoom"
        case .notEligible: "notEligible"
        case .duplicated: "duplicated"
        case .neverEnds: "neverEnds"
        case .circular: "circular"
        case .unservable: "unservable"
        case .queueClosed: "queueClosed"
        case .neverOpens: "neverOpens"
        case .overlapping: "overlapping"
        case .noBot: "noBot"
        }
    }

    /// The words that go with it: constant.
    public var message: String {
        switch self {
        case .parseError: "The frame is not JSON."
        case .invalidRequest: "The frame is not a request."
        case .unknownMethod: "There is no such method."
        case .invalidParameters: "A parameter is not valid."
        case .notFound: "There is no such thing here."
        case .notOwner: "The conversation belongs to somebody else."
        case .conversationClosed: "The conversation is closed."
        case .outOfRange: "The value is out of range."
        case .wrongState: "This is not possible in this state."
        case .tooManyConnections: "Too many connections of one person."
        case .keyReused: "The id was used before for something else."
        case .forbidden: "This is not allowed."
        case .unavailable: "The desk cannot answer now. Ask again with the same id."
        case .quarantined: "The request was set aside for an operator."
        case .tooManyRequests: "Too many requests. Please wait."
        case .tooManyUnsettled: "Too many messages of the conversation are still to be sent."
        case .guarded: "The text holds what may not be sent to the customer."
        case .offerEnded: "The offer does not stand any more."
        case .notOnDuty: "The agent is not on duty."
        case .noRoom: "There is no room for it."
        case .notEligible: "The agent may not take it."
        case .duplicated: "The same name occurs twice."
        case .neverEnds: "A step never comes, or never changes anything."
        case .circular: "It leads back to where it began."
        case .unservable: "Nobody could serve it."
        case .queueClosed: "The queue is closed."
        case .neverOpens: "These hours never open."
        case .overlapping: "Two periods of one day overlap."
        case .noBot: "No bot answers at this desk."
        }
    }
}

/// A request of a console that was not done, as its answer.
public struct ConsoleProblem: Error, Equatable, Sendable {
    /// The id of the request; `nil` when it could not be read.
    public let id: String?
    /// Why.
    public let code: ConsoleErrorCode
    /// The field that was wrong, as its path from the frame's root: `params.text`, `method`.
    public let field: String?
    /// What was found in a text that may not go out; empty for any other problem.
    public let kinds: [Finding.Kind]

    /// A problem with a request.
    public init(id: String?, code: ConsoleErrorCode, field: String? = nil) {
        self.init(id: id, code: code, field: field, kinds: [])
    }

    /// A text that may not go out, because of what was found in it.
    public init(id: String, guarded kinds: [Finding.Kind]) {
        self.init(id: id, code: .guarded, field: "params.text", kinds: kinds)
    }

    private init(id: String?, code: ConsoleErrorCode, field: String?, kinds: [Finding.Kind]) {
        self.id = id
        self.code = code
        self.field = field
        self.kinds = kinds
    }

    /// A request that the desk refused. The desk names the value that was wrong: each but the id,
    /// which the Engine judges, is a parameter of the same name.
    public init(id: String, rejection: Rejection) {
        let field = rejection.field == "id" ? "id" : "params.\(rejection.field)"
        self.init(id: id, code: ConsoleErrorCode(rejection.code), field: field)
    }

    /// The frame.
    public func encode() -> [UInt8] {
        var writer = JSONWriter(capacity: 224)
        writer.beginObject()
        writer.member("jsonrpc", "2.0")
        writer.name("id")
        if let id { writer.element(id) } else { writer.null() }
        writer.beginObject("error")
        writer.member("code", code.rawValue)
        writer.member("message", code.message)
        writer.beginObject("data")
        writer.member("code", code.name)
        if let field { writer.member("field", field) }
        if !kinds.isEmpty {
            writer.beginArray("kinds")
            for kind in kinds { writer.element(kind.rawValue) }
            writer.endArray()
        }
        writer.endObject()
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }
}
