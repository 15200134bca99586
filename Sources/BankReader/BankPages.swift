import EventLoop
import Wire

/// Reads whole lists: page after page, each call with a token, an interaction id of its own and at most
/// one repetition.
@LoopActor final class BankPages {
    private let loop: Loop
    private let base: BankBase
    private let caller: BankCaller
    private let tokens: StaffTokens

    init(loop: Loop, base: BankBase, caller: BankCaller, tokens: StaffTokens) {
        self.loop = loop
        self.base = base
        self.caller = caller
        self.tokens = tokens
    }

    /// The list of an operation, or why there is none.
    func list(
        _ operation: ReadOperation, for ask: AccountAsk, until deadline: Int64
    ) async -> Result<BankList, BankReadError> {
        do throws(BankReadError) {
            switch operation {
            case .accounts:
                return .success(
                    .accounts(
                        try await all(
                            operation, ask, deadline, BankDocument.accounts, account: { _ in nil },
                            name: \.id)))
            case .balances:
                return .success(
                    .balances(
                        try await all(
                            operation, ask, deadline, BankDocument.balances, account: \.account,
                            name: { _ in nil })))
            case .transactions:
                return .success(
                    .transactions(
                        try await all(
                            operation, ask, deadline, BankDocument.transactions,
                            account: \.account, name: \.id)))
            }
        } catch {
            return .failure(error)
        }
    }

    private func all<Row: Equatable & Sendable>(
        _ operation: ReadOperation, _ ask: AccountAsk, _ deadline: Int64,
        _ decode: ([UInt8]) -> Result<BankPage<Row>, JSONError>,
        account: (Row) -> String?, name: (Row) -> String?
    ) async throws(BankReadError) -> Listing<Row> {
        var listing = Listing<Row>(at: loop.wallClock)
        var url = try base.url(of: operation)
        for page in 1...ReadLimits.pages {
            let body = try await read(
                url, operation, ask, deadline, into: &listing.interactions)
            guard case .success(let found) = decode(body) else { throw .unreadable }
            // Whose rows these are is the bank's word alone: another account's are never shown.
            if let asked = operation.account {
                guard found.rows.allSatisfy({ account($0) == asked }) else {
                    throw .anotherAccount
                }
            }
            listing.add(found, name: name)
            guard let next = found.next else { return listing }
            url = try base.url(of: operation, next: next)
            if page == ReadLimits.pages || listing.rows.count >= ReadLimits.rows {
                listing.hasMore = true
                return listing
            }
        }
        return listing
    }

    private func read(
        _ url: String, _ operation: ReadOperation, _ ask: AccountAsk, _ deadline: Int64,
        into interactions: inout [String]
    ) async throws(BankReadError) -> [UInt8] {
        let token = try await tokens.token(for: ask) { request in
            await self.caller.send(request, .token, for: ask.grant.customer, until: deadline)
                .map(\.body).mapError { $0 == .forbidden ? .forbidden : .tokenUnavailable }
        }
        do throws(BankReadError) {
            return try await once(url, operation, ask, deadline, token, into: &interactions)
        } catch {
            guard error.isWorthRepeating else { throw error }
            await loop.sleep(
                for: .milliseconds(Int64.random(in: ReadLimits.repetitionPause)))
            return try await once(url, operation, ask, deadline, token, into: &interactions)
        }
    }

    /// One call. The bank plays the interaction id back (Read/Write Data API Specification v3.1.11,
    /// "Headers"); an answer that names another is the answer to another call.
    private func once(
        _ url: String, _ operation: ReadOperation, _ ask: AccountAsk, _ deadline: Int64,
        _ token: String, into interactions: inout [String]
    ) async throws(BankReadError) -> [UInt8] {
        let interaction = BankNames.uuid()
        interactions.append(interaction)
        let response = try await caller.send(
            HTTPClientRequest(
                method: .get, url: url,
                headers: [
                    ("authorization", "Bearer \(token)"), ("accept", "application/json"),
                    ("x-fapi-interaction-id", interaction),
                ],
                idempotent: true, timeout: .milliseconds(operation.patience),
                connectTimeout: ReadLimits.connect,
                maximumResponseBytes: ReadLimits.answerBytes),
            operation.group, for: ask.grant.customer, until: deadline
        ).get()
        if let played = response.header("x-fapi-interaction-id"),
            played.lowercased() != interaction
        {
            throw .unreadable
        }
        return response.body
    }
}
