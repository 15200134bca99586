public import EventLoop
public import Logging
public import Wire

/// What a look at a customer's accounts came to.
public struct AccountLook: Sendable {
    /// What may be shown, masked.
    public let context: AccountContext
    /// The interaction ids of the calls that it was read by, for the record.
    public let interactions: [String]
}

/// Reads a bank and never anything else (promise P12): all that can be asked is in ``ReadOperation``.
/// What was read stays in this process's memory, for a short while, for one person in one conversation.
@LoopActor public final class BankReader {
    private typealias Key = ReadCache<BankList>.Key

    private let loop: Loop
    private let log: Logger
    private let client: HTTPClient
    private let caller: BankCaller
    private let tokens: StaffTokens
    private let pages: BankPages
    private var cache = ReadCache<BankList>()
    private let flights = Flights<ReadCache<BankList>.Key, Result<BankList, BankReadError>>()
    /// Reads under way whose grant has ended: they are not kept.
    private var ended: Set<ReadCache<BankList>.Key> = []
    private var sweeper: LoopTimer?

    /// How often what nothing shows any more is forgotten.
    private static let sweep = Duration.seconds(60)

    /// A reader of this bank, with connections of its own. Call ``close()`` before letting go of it.
    /// `observe` is told of each call when it ends.
    public init(
        loop: Loop, configuration: BankConfiguration, log: Logger,
        observe: @escaping @LoopActor (BankCall) -> Void
    ) {
        self.loop = loop
        self.log = log
        client = HTTPClient(loop: loop, configuration: configuration.http)
        caller = BankCaller(loop: loop, client: client, observe: observe)
        tokens = StaffTokens(loop: loop, client: client, configuration: configuration)
        pages = BankPages(loop: loop, base: configuration.base, caller: caller, tokens: tokens)
        sweeper = loop.every(Self.sweep) { [weak self] in
            guard let self else { return }
            self.cache.sweep(at: self.loop.monotonic)
        }
    }

    /// Reads the certificates that the bank is trusted by, before anybody waits for it.
    public func warm() async { await client.warm() }

    /// Ends all calls.
    public func close() {
        sweeper?.cancel()
        client.close()
    }

    /// The customer's accounts with their balances and latest transactions, masked. A part that the
    /// bank does not give in time is unavailable; one that was read a short while ago says when.
    public func look(_ ask: AccountAsk) async -> AccountLook {
        let deadline = loop.monotonic + ReadLimits.panel
        let day = loop.wallClock / CalendarDay.milliseconds - ReadLimits.transactionDays
        guard case .accounts(let found)? = await read(.accounts, ask, deadline) else {
            return AccountLook(context: AccountContext(accounts: .unavailable), interactions: [])
        }
        let shown = Array(found.rows.prefix(ReadLimits.accounts))
        let parts = await readParts(
            shown.flatMap { account in
                [
                    .balances(account: account.id),
                    .transactions(account: account.id, fromDay: day),
                ]
            }, ask, deadline)
        let accounts = shown.map { account in
            AccountContext.Account(
                account, balances: Self.balances(parts[.balances(account: account.id)]),
                transactions: Self.transactions(
                    parts[.transactions(account: account.id, fromDay: day)]))
        }
        return AccountLook(
            context: AccountContext(
                accounts: .read(
                    accounts, at: found.at,
                    hasMore: found.hasMore || found.rows.count > shown.count)),
            interactions: (found.interactions + parts.values.flatMap(\.interactions)).sorted())
    }

    /// Forgets tokens and reads of a conversation, but for those of the person who holds it now.
    public func forget(conversation: Int64, exceptOf person: Int64? = nil) {
        forget { $0.conversation == conversation && $0.person != person }
    }

    /// Forgets all tokens and reads.
    public func forgetAll() { forget { _ in true } }

    /// How it stands now.
    public var standing: BankStanding {
        BankStanding(
            breakers: ReadOperation.Group.allCases.map { group in
                (part: group.rawValue, state: caller.state(of: group).rawValue)
            }, inFlight: caller.inFlight)
    }

    /// Makes all that is held as old as it may be shown beside a failure: for tests, which cannot wait.
    func age() { cache.shift(by: ReadLimits.freshLists) }

    // MARK: Reads

    private func readParts(
        _ operations: [ReadOperation], _ ask: AccountAsk, _ deadline: Int64
    ) async -> [ReadOperation: BankList] {
        let gathered = Gathered()
        let reads = operations.map { operation in
            startOnLoop {
                gathered.parts[operation] = await self.read(operation, ask, deadline)
            }
        }
        for read in reads { await read.value }
        return gathered.parts
    }

    /// From memory while that is fresh, else from the bank; while the bank does not answer, from
    /// memory with its age, unless the bank said that this person may not see it.
    private func read(
        _ operation: ReadOperation, _ ask: AccountAsk, _ deadline: Int64
    ) async -> BankList? {
        let key = Key(grant: ask.grant, operation: operation)
        if let entry = cache.fresh(key, at: loop.monotonic) {
            return entry.value
        }
        let result = await flights.join(key) { await self.fetch(key, ask, deadline) }
        switch result {
        case .success(let list): return list
        case .failure(let error):
            log.notice(
                "the bank could not be read",
                metadata: [
                    "part": "\(operation.group.rawValue)", "reason": "\(error.rawValue)",
                    "conversation": "\(ask.grant.conversation)",
                ])
            guard !error.endsTheGrant else {
                forget { $0 == ask.grant }
                return nil
            }
            return cache.stale(key, at: loop.monotonic)?.value
        }
    }

    private func fetch(
        _ key: Key, _ ask: AccountAsk, _ deadline: Int64
    ) async -> Result<BankList, BankReadError> {
        let result = await pages.list(key.operation, for: ask, until: deadline)
        let isEnded = ended.remove(key) != nil
        if case .success(let list) = result, !isEnded {
            cache.keep(list, key, at: loop.monotonic)
        }
        return result
    }

    private func forget(_ isEnded: (BankGrant) -> Bool) {
        tokens.forget(isEnded)
        cache.purge(isEnded)
        for key in flights.keys where isEnded(key.grant) { ended.insert(key) }
    }

    // MARK: What is shown

    private static func balances(_ list: BankList?) -> AccountContext.Part<AccountContext.Balance> {
        guard case .balances(let found)? = list else { return .unavailable }
        return .read(
            found.rows.map(AccountContext.Balance.init), at: found.at, hasMore: found.hasMore)
    }

    /// The latest first; banks order them as they like. One without a readable time comes last.
    private static func transactions(
        _ list: BankList?
    ) -> AccountContext.Part<AccountContext.Transaction> {
        guard case .transactions(let found)? = list else { return .unavailable }
        let ordered = found.rows.enumerated().sorted { one, other in
            let times = (one.element.bookedAt ?? .min, other.element.bookedAt ?? .min)
            return times.0 == times.1 ? one.offset < other.offset : times.0 > times.1
        }
        return .read(
            ordered.prefix(ReadLimits.transactions).map {
                AccountContext.Transaction($0.element)
            }, at: found.at, hasMore: found.hasMore || ordered.count > ReadLimits.transactions)
    }
}

/// What several reads that run at the same time came to.
@LoopActor private final class Gathered {
    var parts: [ReadOperation: BankList] = [:]
}
