/// A number that names one thing of a kind within one desk.
///
/// The desk mints it: it is the number of the event that brought the thing about, so it is unique
/// without a counter of its own and two replays mint the same. It says nothing about a person.
public struct Identifier<Kind>: Hashable, Comparable, Sendable, Codable {
    /// The number itself; positive, but for the few that are built in.
    public let number: Int64

    /// Names the thing with this number.
    public init(_ number: Int64) { self.number = number }

    /// Reads it as a bare number.
    public init(from decoder: any Decoder) throws {
        number = try decoder.singleValueContainer().decode(Int64.self)
    }

    /// Writes it as a bare number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(number)
    }

    /// Orders by number, which is the order of arrival.
    public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

/// What an identifier of an agent (or supervisor) is for; minted at first sign-in, not by the desk.
public enum Person {}
/// What an identifier of a customer is for.
public enum Customer {}
/// What an identifier of a message is for.
public enum Message {}
/// What an identifier of a socket is for; the shell mints it, unique within one run of a node.
public enum Connection {}

/// Names an agent or a supervisor.
public typealias AgentID = Identifier<Person>
extension Identifier where Kind == Person {
    /// The operator, who is no person of the desk and changes what it routes by from outside.
    public static var `operator`: Self { Self(0) }
}

/// Names a reason for being away; those that supervisors name are positive.
public typealias AwayReasonID = Identifier<AwayReason>
extension Identifier where Kind == AwayReason {
    /// They let several offers pass.
    public static var missedOffers: Self { Self(-1) }
    /// A supervisor set them away and gave no reason.
    public static var setBySupervisor: Self { Self(-2) }
    /// They have come and not said yet that they take work.
    public static var arrived: Self { Self(-3) }
}

/// Names a queue.
public typealias QueueID = Identifier<Queue>
/// Names a skill.
public typealias SkillID = Identifier<Skill>
/// Names a kind of work.
public typealias WorkKindID = Identifier<WorkKind>
/// Names a grade of agents.
public typealias GradeID = Identifier<Grade>
/// Names a compartment: customers whom only some agents may serve.
public typealias CompartmentID = Identifier<Compartment>
/// Names a customer: one person on one page. Surrogate for the platform's id.
public typealias CustomerID = Identifier<Customer>
/// Names a conversation.
public typealias ConversationID = Identifier<Conversation>
/// Names a message of a transcript; its number is that of the event that recorded it.
public typealias MessageID = Identifier<Message>
/// Names a job.
public typealias JobID = Identifier<Job>
/// Names one open socket of a person.
public typealias ConnectionID = Identifier<Connection>

/// A moment in milliseconds since 1970-01-01T00:00:00Z. The desk never reads a clock: time arrives
/// with each input.
public struct Instant: Hashable, Comparable, Sendable, Codable {
    /// Milliseconds since 1970, UTC.
    public let milliseconds: Int64

    /// The moment this many milliseconds after 1970 began.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Reads it as a bare number.
    public init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    /// Writes it as a bare number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }

    /// Orders by time.
    public static func < (left: Self, right: Self) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// The moment this long after (or before, when negative).
    public func adding(milliseconds: Int64) -> Instant {
        Instant(milliseconds: self.milliseconds + milliseconds)
    }
}

/// Sixteen bytes that stand for something the desk must recognise but not know: a platform id, a
/// client's UUID, the parameters of a command, a text. The shell computes it as an HMAC-SHA256 under
/// an erasable key, cut to 128 bits (collisions among 2^40 values: below 2^-48).
public struct Digest: Hashable, Comparable, Sendable {
    /// The first eight bytes, big-endian.
    public let high: UInt64
    /// The last eight bytes, big-endian.
    public let low: UInt64

    /// The digest with these halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Orders as bytes do.
    public static func < (left: Self, right: Self) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}
