import EventLoop
import Foundation
import LoopFixture
import Testing
import Wire

@testable import BankReader

/// The reader against a bank that is one.
@Suite struct ReaderTests {
    private func accounts(_ look: AccountLook) -> [AccountContext.Account]? {
        guard case .read(let accounts, _, _) = look.context.accounts else { return nil }
        return accounts
    }

    private func text(_ look: AccountLook) -> String {
        String(decoding: ConsoleResult.accounts(id: "i", .read(look.context)), as: UTF8.self)
    }

    @Test func aLookReadsAllPartsAsTheAgent() async throws {
        try await TestLoop.run { loop in
            try await Desk.run(loop) { desk in
                let look = await desk.look()
                #expect(look.context.isWhole)
                #expect(accounts(look)?.count == 2)
                #expect(desk.bank.reads.count == 5)
                #expect(desk.bank.reads.allSatisfy { $0.hasPrefix("GET /aisp/accounts") })
                // Each call has an id of its own, and all of them are for the record.
                let ids = desk.bank.asked.compactMap { $0.headers["x-fapi-interaction-id"] }
                #expect(ids.count == 5 && Set(ids) == Set(look.interactions))
                #expect(
                    desk.bank.asked.filter { $0.target.hasPrefix("/aisp") }.allSatisfy {
                        $0.headers["authorization"] == "Bearer t1"
                            && $0.headers["content-type"] == nil
                            && $0.host == "127.0.0.1:\(desk.bank.port)"
                    })
                // One token for all of it.
                #expect(desk.bank.tokens.count == 1)
                let form = try #require(desk.bank.tokens.first?.form)
                #expect(form["scope"] == "accounts")
                #expect(
                    form["grant_type"] == "urn:ietf:params:oauth:grant-type:token-exchange")
                #expect(claim("sub", of: form["subject_token"]) == "C-1001")
                #expect(claim("sub", of: form["actor_token"]) == "ana")
                #expect(claim("purpose", of: form["actor_token"]) == "payment_dispute")
                #expect(claim("sub", of: form["client_assertion"]) == "desk")
            }
        }
    }

    private func claim(_ name: String, of token: String?) -> String? {
        let parts = (token ?? "").split(separator: ".")
        guard parts.count == 3 else { return nil }
        var body = parts[1].replacing("-", with: "+").replacing("_", with: "/")
        while body.count % 4 != 0 { body += "=" }
        guard let data = Data(base64Encoded: String(body)),
            let claims = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        else { return nil }
        return claims[name] as? String
    }

    @Test(arguments: [
        #"{"access_token":"t","token_type":"Bearer","expires_in":300,"scope":"accounts payments"}"#,
        #"{"access_token":"t","token_type":"Bearer","expires_in":300,"scope":"payments"}"#,
        #"{"access_token":"t","token_type":"Bearer","expires_in":300}"#,
        #"{"access_token":"t","token_type":"Bearer","expires_in":3600,"scope":"accounts"}"#,
        #"{"access_token":"t","token_type":"Bearer","scope":"accounts"}"#,
        #"{"access_token":"t\r\nX: y","token_type":"Bearer","expires_in":300,"scope":"accounts"}"#,
        #"{"access_token":"t","token_type":"mac","expires_in":300,"scope":"accounts"}"#,
        "<html>", "",
    ])
    func aTokenThatIsNotWhatWasAskedForIsNotUsed(answer: String) async throws {
        try await TestLoop.run { loop in
            try await Desk.run(loop) { desk in
                desk.bank.tokenAnswer = answer
                let look = await desk.look()
                #expect(look.context.accounts == .unavailable)
                #expect(desk.bank.reads == [])
            }
        }
    }

    @Test func whatWasReadAMomentAgoIsNotAskedForAgain() async throws {
        try await TestLoop.run { loop in
            try await Desk.run(loop) { desk in
                let first = await desk.look()
                let second = await desk.look()
                #expect(first.context == second.context)
                #expect(second.interactions == first.interactions)
                #expect(desk.bank.reads.count == 5)
                // Another person, or the same one in another conversation, asks for themselves.
                _ = await desk.look(Desk.ask(person: 9))
                #expect(desk.bank.reads.count == 10 && desk.bank.tokens.count == 2)
                // The owner changed: nothing of it is held.
                desk.reader.forget(conversation: 3, exceptOf: 9)
                _ = await desk.look(Desk.ask(person: 9))
                #expect(desk.bank.reads.count == 10)
                _ = await desk.look()
                #expect(desk.bank.reads.count == 15 && desk.bank.tokens.count == 3)
            }
        }
    }

    @Test func looksAtTheSameTimeShareTheirReads() async throws {
        try await TestLoop.run { loop in
            try await Desk.run(loop) { desk in
                desk.bank.delay = 30
                async let first = desk.look()
                async let second = desk.look()
                let looks = await [first, second]
                #expect(looks.allSatisfy { $0.context.isWhole })
                #expect(desk.bank.reads.count == 5 && desk.bank.tokens.count == 1)
            }
        }
    }

    /// Read while the conversation changed hands: not kept.
    @Test func aReadThatEndsTooLateIsNotKept() async throws {
        try await TestLoop.run { loop in
            try await Desk.run(loop) { desk in
                desk.bank.delay = 50
                async let late = desk.look()
                await loop.sleep(for: .milliseconds(30))
                desk.reader.forget(conversation: 3)
                _ = await late
                let before = desk.bank.reads.count { $0 == "GET /aisp/accounts" }
                _ = await desk.look()
                #expect(desk.bank.reads.count { $0 == "GET /aisp/accounts" } == before + 1)
            }
        }
    }

    @Test func pagesAreFollowedWithinBoundsAndRowsComeOnce() async throws {
        try await TestLoop.run { loop in
            try await Desk.run(loop) { desk in
                let base = desk.bank.base
                desk.bank.onRead = { path, query in
                    guard path == "/accounts/A1/transactions" else {
                        return PretendBank.usual(path)
                    }
                    let page = query.flatMap { Int($0.replacing("page=", with: "")) } ?? 1
                    let rows = (0..<3).map { row in
                        // The last row of a page comes again as the first of the next.
                        PretendBank.transaction(of: "A1", named: "T\(page * 2 + row)", at: 10)
                    }
                    return PretendBank.list(
                        "Transaction", rows.joined(separator: ","),
                        next: "\(base)\(path)?page=\(page + 1)")
                }
                let look = await desk.look()
                let pages = desk.bank.reads.count { $0.contains("A1/transactions") }
                #expect(pages == ReadLimits.pages)
                guard case .read(let rows, _, let hasMore)? = accounts(look)?.first?.transactions
                else {
                    Issue.record("the transactions are not there")
                    return
                }
                #expect(rows.count == ReadLimits.pages * 2 + 1)
                #expect(hasMore)
            }
        }
    }

    /// What a bank can do that must not be shown, followed or trusted.
    @Test(arguments: [
        #"{"Data":{"Transaction":[]},"Links":{"Next":"http://127.0.0.1:1/aisp/accounts/A1/transactions?page=2"}}"#,
        #"{"Data":{"Transaction":[]},"Links":{"Next":"//evil.example/aisp/accounts/A1/transactions"}}"#,
        #"{"Data":{"Transaction":[{"AccountId":"A2","CreditDebitIndicator":"Debit","Status":"BOOK","Amount":{"Amount":"9.99","Currency":"EUR"}}]}}"#,
        "<html>welcome</html>", #"{"Data":{}}"#, "",
    ])
    func aBadAnswerCostsItsPartAlone(body: String) async throws {
        try await TestLoop.run { loop in
            try await Desk.run(loop) { desk in
                desk.bank.onRead = { path, _ in
                    path == "/accounts/A1/transactions"
                        ? .json(Array(body.utf8)) : PretendBank.usual(path)
                }
                let look = await desk.look()
                let found = try #require(accounts(look))
                #expect(found[0].transactions == .unavailable)
                #expect(found[0].balances != .unavailable && found[1].transactions != .unavailable)
                #expect(!text(look).contains("9.99"))
                #expect(desk.bank.asked.allSatisfy { $0.method == "GET" || $0.target == "/token" })
            }
        }
    }

    @Test(arguments: [
        (502, 2), (503, 2), (504, 2), (500, 1), (429, 1), (400, 1), (401, 1), (403, 1), (302, 1),
        (204, 1),
    ])
    func whatIsAskedAgain(status: Int, calls: Int) async throws {
        try await TestLoop.run { loop in
            try await Desk.run(loop) { desk in
                desk.bank.onRead = { _, _ in
                    HTTPResponse(
                        status: status, headers: [("location", "\(desk.bank.base)/elsewhere")])
                }
                let look = await desk.look()
                #expect(look.context.accounts == .unavailable)
                #expect(
                    desk.bank.reads == Array(repeating: "GET /aisp/accounts", count: calls))
            }
        }
    }

    /// While a bank fails, what was read before is shown with its age; once it says no, nothing is.
    @Test(arguments: [(500, true), (401, false), (403, false)])
    func oldReads(status: Int, areShown: Bool) async throws {
        try await TestLoop.run { loop in
            try await Desk.run(loop) { desk in
                _ = await desk.look()
                desk.reader.age()
                desk.bank.onRead = { _, _ in HTTPResponse(status: status) }
                let look = await desk.look()
                #expect((accounts(look) != nil) == areShown)
                let calls = desk.bank.tokens.count
                _ = await desk.look()
                // The token of a bank that says no is not used again.
                #expect((desk.bank.tokens.count > calls) == !areShown)
            }
        }
    }

    @Test func aSlowBankCostsThePanelsTimeAndNoMore() async throws {
        try await TestLoop.run { loop in
            try await Desk.run(loop) { desk in
                desk.bank.onRead = { path, _ in
                    path.hasSuffix("/balances") ? nil : PretendBank.usual(path)
                }
                let began = loop.monotonic
                let look = await desk.look()
                #expect(loop.monotonic - began < ReadLimits.panel + 500)
                let found = try #require(accounts(look))
                #expect(found.allSatisfy { $0.balances == .unavailable })
                #expect(found.allSatisfy { $0.transactions != .unavailable })
                #expect(desk.calls.ended.contains("balances timedOut"))
            }
        }
    }

    @Test func aFailingBankIsLeftAlone() async throws {
        try await TestLoop.run { loop in
            try await Desk.run(loop) { desk in
                desk.bank.onRead = { _, _ in HTTPResponse(status: 500) }
                for _ in 0..<ReadLimits.judgedCalls + 5 { _ = await desk.look() }
                #expect(desk.bank.reads.count == ReadLimits.judgedCalls)
                #expect(desk.calls.ended.contains("accounts breakerOpen"))
                #expect(desk.reader.standing.breakers.contains { $0 == ("accounts", 2) })
            }
        }
    }

    @Test func anAnswerToAnotherCallIsNotTaken() async throws {
        try await TestLoop.run { loop in
            try await Desk.run(loop) { desk in
                desk.bank.onRead = { path, _ in
                    var response = PretendBank.usual(path)
                    response.headers.append(
                        ("x-fapi-interaction-id", "00000000-0000-4000-8000-000000000000"))
                    return response
                }
                #expect(await desk.look().context.accounts == .unavailable)
            }
        }
    }

    /// A failure that holds an account's name or a token would reach a log.
    @Test func failuresNameNothingOfTheBanks() {
        for error in BankReadError.allCases {
            #expect(error.rawValue.utf8.allSatisfy { (0x41...0x7A).contains($0) })
        }
    }
}
