/// Everything the sandbox keeps or waits for has a bound with a reason; those taken from Meta's
/// pages say so.
enum Limits {
    // Rules of the Send API (Messenger Platform, "Send API" and "Error codes" pages).

    /// "Less than 2000 characters"; counted in Unicode scalars.
    static let textScalars = 2_000
    /// "Less than 1000 characters".
    static let metadataScalars = 1_000
    /// Quick replies a message may carry.
    static let quickReplies = 13
    /// Characters of a quick reply's title.
    static let quickReplyTitleScalars = 20
    /// The standard messaging window after the person's last action.
    static let standardWindow: Int64 = 24 * 3_600_000
    /// The window of the tag HUMAN_AGENT.
    static let humanAgentWindow: Int64 = 7 * 24 * 3_600_000
    /// Calls of the Send API a page may make per second.
    static let sendCallsPerSecond = 300
    /// Calls of the Conversations API a page may make per second.
    static let conversationCallsPerSecond = 2
    /// Updates that one webhook request may carry.
    static let updatesPerWebhook = 1_000
    /// A webhook must be answered within this time.
    static let webhookAnswer = 5_000
    /// Entries of a page of the Conversations API, unless the caller says otherwise.
    static let pageOfEntriesDefault = 25
    /// The most entries one page of the Conversations API may hold.
    static let pageOfEntries = 100

    // Memory of this process.

    /// Messages kept over all customers; the oldest are forgotten first.
    static let storedMessages = 500_000
    /// What is read of an earlier run's log at start, so that a start stays quick.
    static let replayedBytes = 8 << 20
    /// Customers over all pages, enough for a load test of a large desk.
    static let customers = 200_000
    /// Webhook events waiting for delivery; a customer cannot write while this is full.
    static let waitingEvents = 200_000
    /// Faults that may be planned ahead.
    static let plannedFaults = 1_000
    /// Customers of the pretended bank.
    static let bankCustomers = 10_000
    /// Rows of one page of the pretended bank's lists: the least that the dialect asks for.
    static let bankPage = 25
    /// Sign-ins that may be under way, and access tokens that may be valid, at one time.
    static let signIns = 10_000
    /// A request of any kind.
    static let requestBytes = 1 << 20
    /// A webhook body given to the control API (Meta's own bound is 3 MB, so that too large
    /// bodies can be tried).
    static let injectedBytes = 8 << 20
    /// What is read of a callback's answer.
    static let callbackAnswerBytes = 64 << 10
    /// Customers and messages that one bulk order may name.
    static let bulkCustomers = 100_000
    static let bulkMessages = 1_000_000
    static let bulkMessagesPerSecond = 20_000
    /// Webhook requests that may be under way at one time.
    static let parallelDeliveries = 256
    /// The longest delay that a setting may ask for, in milliseconds.
    static let settingDelay = 600_000

    // Times of the OpenID provider, in milliseconds.

    /// An authorization code is exchanged at once by its client.
    static let codeLifetime: Int64 = 60_000
    /// Identity and access tokens.
    static let tokenLifetime: Int64 = 300_000
}
