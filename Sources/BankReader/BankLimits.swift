/// Limits of reading a bank, each with its reason. They begin where measured banks are: a call takes
/// 0.3 to 0.75 s on average, and the Australian rules ask for 95 % within 1 to 1.5 s.
enum ReadLimits {
    /// For the name look-up, the connection and the TLS handshake.
    static let connect = Duration.seconds(1)
    /// One call, in milliseconds.
    static let call: Int64 = 1_500
    /// One call for transactions, which banks answer more slowly, in milliseconds.
    static let transactionsCall: Int64 = 2_500
    /// All of what one look at the accounts waits for, in milliseconds: what is not there by then is
    /// shown as unavailable.
    static let panel: Int64 = 4_000
    /// The pause before the one repetition, in milliseconds: not all at once after a hiccup.
    static let repetitionPause: ClosedRange<Int64> = 50...150
    /// The body of one answer: 1,000 rows of 1 KB each.
    static let answerBytes = 1 << 20
    /// The body of a token endpoint's answer.
    static let tokenAnswerBytes = 64 << 10
    /// Pages of one list that are followed.
    static let pages = 4
    /// Rows of one list that are kept.
    static let rows = 100
    /// Accounts of one customer that are shown: each costs two calls.
    static let accounts = 8
    /// Transactions of one account that are shown: what an agent looks through.
    static let transactions = 20
    /// For how many days back transactions are asked for.
    static let transactionDays: Int64 = 30
    /// Bytes of an address that a bank names: browsers and proxies stop at 2,000 to 8,000.
    static let linkBytes = 2_048

    /// Calls under way at one bank.
    static let inFlight = 32
    /// Calls under way for one customer: the Australian rules allow 10 a second.
    static let inFlightPerCustomer = 4
    /// Calls that wait for their turn; more are refused at once.
    static let waiting = 64

    /// Seconds that a token may live at most: one conversation's reads, not a day's.
    static let tokenSeconds: Int64 = 300
    /// A token is not used in its last milliseconds: it would end on the way.
    static let tokenMargin: Int64 = 10_000
    /// Seconds that one of our own assertions is valid: it is used at once.
    static let assertionSeconds: Int64 = 60
    /// Tokens held at once: several times the conversations that a desk's agents hold.
    static let tokens = 2_000

    /// How long a read is shown again without asking, in milliseconds.
    static let freshBalances: Int64 = 15_000
    /// The same for accounts and transactions.
    static let freshLists: Int64 = 30_000
    /// How old a read may be that is shown, with its age, while the bank does not answer.
    static let stale: Int64 = 300_000
    /// Reads held at once. They are whole lists: at 100 rows each some 100 MB at the worst.
    static let cached = 1_000

    /// Over how many milliseconds the breaker looks back.
    static let window: Int64 = 10_000
    /// Calls in that window below which it does not judge: a desk makes few.
    static let judgedCalls = 10
    /// Calls of the window that are remembered: more say nothing more.
    static let rememberedCalls = 256
    /// An answer that takes longer counts as a failure, in milliseconds.
    static let slow: Int64 = 2_000
    /// For how long the breaker opens first, in milliseconds; each time twice as long.
    static let firstOpening: Int64 = 5_000
    /// For how long it opens at most, in milliseconds.
    static let longestOpening: Int64 = 60_000
}
