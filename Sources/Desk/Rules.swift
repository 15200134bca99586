/// What a node lets its desks be run by; the same while an epoch lasts. What they route by is a
/// ``Configuration``.
public struct Rules: Equatable, Sendable {
    /// How many conversations an agent may hold who was never given another capacity.
    public var defaultCapacity: Int
    /// How long an agent who lost the last connection keeps their conversations, in milliseconds.
    public var disconnectGrace: Int64
    /// How long the desk waits for an echo before a send of unknown outcome is shown as unconfirmed,
    /// in milliseconds.
    public var confirmationWait: Int64
    /// For this long after an epoch began no grace runs out, so that everybody can reconnect first;
    /// in milliseconds.
    public var settlingTime: Int64
    /// How often sending one message is tried at most.
    public var maximumAttempts: Int

    /// Rules with the usual values.
    public init(
        defaultCapacity: Int = 3, disconnectGrace: Int64 = 60_000, confirmationWait: Int64 = 60_000,
        settlingTime: Int64 = 5_000, maximumAttempts: Int = 8
    ) {
        self.defaultCapacity = defaultCapacity
        self.disconnectGrace = disconnectGrace
        self.confirmationWait = confirmationWait
        self.settlingTime = settlingTime
        self.maximumAttempts = maximumAttempts
    }
}

/// Limits of the desk's rules, each with its reason.
public enum Limits {
    /// Events after which an input brings about nothing more that can wait: it is due at once, as an
    /// input of the clock, and goes into the next commit. A queue of 100,000 that is opened for
    /// thousands of agents would otherwise be one commit of many seconds.
    public static let eventsAtOnce = 2_000
    /// No person follows more than this many conversations at once.
    public static let maximumCapacity = 100
    /// A desk has some dozens of skills, queues or grades; each is looked through at a change.
    public static let configurationParts = 500
    /// A name of a queue or a skill, in Unicode scalars.
    public static let nameLength = 100
    /// How well somebody does something.
    public static let levels = 1...5
    /// Beyond a few steps nobody can foresee what is asked for.
    public static let relaxations = 10
    /// From usual to most urgent.
    public static let priorities = 0...10
    /// How long an offer may stand, in milliseconds: a second is no time to read, and after a quarter
    /// of an hour the customer has gone.
    public static let offerTimes: ClosedRange<Int64> = 1_000...900_000
    /// How long a wrap-up may be planned and be extended to, in milliseconds: a second is none, and
    /// who writes for an hour does something else.
    public static let wrapUpTimes: ClosedRange<Int64> = 1_000...3_600_000
    /// A wait of a week is a mistake in a configuration, in milliseconds.
    public static let longestWait: Int64 = 7 * 24 * 3_600_000
    /// A template with its numbers filled in must fit a message (Messenger Platform, "Send API": less
    /// than 2,000 characters), with room to spare. In Unicode scalars.
    public static let templateLength = 1_000
    /// How often a customer is told of their wait, in milliseconds: more often is a nuisance.
    public static let announcementIntervals: ClosedRange<Int64> = 5_000...longestWait
    /// After how much silence a waiting customer is given up, in milliseconds: a minute's silence is a
    /// pause. The test of a whole desk waits for it, so it is not longer.
    public static let abandonments: ClosedRange<Int64> = 5_000...longestWait
    /// After the customer wrote, the platform takes free text for so long, in milliseconds (Messenger
    /// Platform, "Send a message": the standard messaging window).
    public static let messagingWindow: Int64 = 24 * 3_600_000
    /// Conversations looked at for something to tell while one input is decided: after an hour's outage
    /// all are due at once, and agents must not wait for them.
    public static let looksPerInput = 64
    /// More than a million waiting is a mistake in a configuration.
    public static let longestQueue = 1_000_000
    /// An agent's family and friends, not a list of customers.
    public static let barredCustomers = 200
    /// Agents of whom a choice keeps by what they were passed over: whoever asks wants to know who came
    /// first and why; the rest are counted.
    public static let passedOver = 8
    /// What an agent sees of the lists that they take from: more than anybody looks through.
    public static let takeable = 100
    /// Opening periods of a week: half a dozen a day are more than any branch has.
    public static let weeklyPeriods = 42
    /// Opening periods of one day.
    public static let periodsOfADay = 6
    /// Holidays that are entered for a queue: those of some years.
    public static let holidays = 366
    /// Opening periods that a queue knows ahead: a month of the busiest weeks.
    public static let openPeriods = 200
    /// For how long a supervisor's order about a queue may last that ends by itself, in milliseconds;
    /// what lasts longer belongs into its hours.
    public static let longestOrder: Int64 = 31 * 24 * 3_600_000
    /// Over this long a time kept and broken promises are counted, in milliseconds: a day.
    public static let countedTargets: Int64 = 24 * 3_600_000
    /// What one conversation asks for itself.
    public static let ownNeeds = 10
    /// A person has a few tabs and devices; more is a client gone wild.
    public static let connectionsPerAgent = 16
    /// Messages of one conversation that are not settled yet. They leave one after the other; nobody
    /// means to say this much before the customer has read any of it.
    public static let unsettledJobsPerConversation = 100
}
