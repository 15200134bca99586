import Metrics

/// Limits of reading the channel back, each with its reason.
enum BackfillLimits {
    /// What is read reaches this far back before the moment up to which everything is surely on
    /// record: clocks differ, the platform repeats a webhook for a while, and what is known already
    /// costs little.
    static let margin: Int64 = 10 * 60_000
    /// How far back a page is read about which nothing is on record yet: the platform's standard
    /// window, within which a customer may still be answered ("Send API").
    static let firstReach: Int64 = 24 * 3_600_000
    /// What is older is not read: nobody may answer it any more ("Human Agent": 7 days).
    static let longestReach: Int64 = 7 * 24 * 3_600_000
    /// Conversations asked for at once, with the newest messages of each: a body of some hundred
    /// kilobytes.
    static let conversations = 25
    static let messages = 25
    /// Answers with conversations in one pass: 5,000 conversations that were written in.
    static let conversationPages = 200
    /// Further answers with messages of one conversation: 2,000 messages of one person.
    static let messagePages = 20
    /// Passes over the list of conversations. One that is written in while the list is read moves to
    /// its front, past the reader: another pass, over a list of seconds, finds it.
    static let passes = 3
    /// Another pass begins this long before the one before it, in milliseconds: clocks differ.
    static let passMargin: Int64 = 60_000
    /// Calls in one run: twenty minutes at the rate that is kept.
    static let calls = 2_000
    /// Tries of one call before the run is given up; with their pauses half a minute, after which
    /// sends of unknown outcome start to count their deadline all the same.
    static let attempts = 6
    /// An answer that cannot be read is asked for so often: it may have been cut on its way.
    static let unreadableAttempts = 2
    /// Missing messages held before they are entered, so that who has waited longest is entered
    /// first over as many conversations as memory allows (about 5 MB).
    static let held = 5_000
    /// Messages handed in at once: half of a batch, so that webhooks fit beside them.
    static let entered = 256
    static let answerLimit = 4 * 1_024 * 1_024
}

/// How long reading back waits for what, in milliseconds. Values, so that a test need not wait as long.
struct BackfillPauses {
    /// Between two calls: the platform allows two a second and page ("Rate limits").
    var call: Int64 = 600
    /// Before a call is repeated; doubled each time.
    var first: Int64 = 1_000
    /// The longest of those, also where the answer asks for more.
    var longest: Int64 = 60_000
    /// Between two tries to store.
    var store: Int64 = 5_000
    /// Before a run that failed is begun again.
    var again: Int64 = 300_000
    /// After inputs were refused while the desk went on: the platform has given up webhooks by then.
    var afterRefusal: Int64 = 30_000
    /// While everything is taken in, this is put on record so often.
    var mark: Int64 = 30_000
}

/// What an operator sees of reading back.
struct BackfillFigures {
    /// Which limit ended a part of a run.
    enum Limit: String, CaseIterable {
        /// ``BackfillLimits/longestReach``.
        case reach
        /// ``BackfillLimits/conversationPages``.
        case conversationPages = "conversation_pages"
        /// ``BackfillLimits/messagePages``.
        case messagePages = "message_pages"
        /// ``BackfillLimits/passes``.
        case passes
        /// ``BackfillLimits/calls``.
        case calls
    }

    /// What could not be read.
    enum Part: String, CaseIterable {
        /// A whole answer.
        case page
        /// The way on from an answer.
        case cursor
        /// A conversation or a message of an answer.
        case entry
    }

    private let runs = Self.counters(
        "ventanilla_backfills_total", "outcome", BackfillEnding.allCases)
    private let limits = Self.counters("ventanilla_backfill_limits_total", "limit", Limit.allCases)
    private let unreadable = Self.counters(
        "ventanilla_backfill_unreadable_total", "part", Part.allCases)
    private let messages = Counter(label: "ventanilla_backfill_messages_total")

    func ended(_ ending: BackfillEnding) { runs[ending]?.increment() }
    func reached(_ limit: Limit) { limits[limit]?.increment() }
    func couldNotRead(_ part: Part, _ count: Int = 1) { unreadable[part]?.increment(by: count) }
    func entered(_ count: Int) { messages.increment(by: count) }

    private static func counters<Name: RawRepresentable<String> & Hashable>(
        _ label: String, _ dimension: String, _ names: [Name]
    ) -> [Name: Counter] {
        Dictionary(
            uniqueKeysWithValues: names.map {
                ($0, Counter(label: label, dimensions: [(dimension, $0.rawValue)]))
            })
    }
}

/// How a run over one page ended.
enum BackfillEnding: String, CaseIterable {
    /// Everything that may have been missed is on record.
    case complete
    /// A limit was reached, or a part could not be read; the rest is on record.
    case partial
    /// The channel refused or did not answer, or the store was away: it is begun again.
    case failed
    /// The desk was read anew, or another run began.
    case superseded
}
