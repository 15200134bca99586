import Foundation
import Testing

@testable import BankReader

/// Promise P12: what can be asked, and of whom.
@Suite struct RequestTests {
    private let base = "https://bank.example:8443/open-banking/v3.1/aisp"

    @Test func operationsHaveTheirAddresses() throws {
        let bank = try #require(BankBase(base))
        #expect(try bank.url(of: .accounts) == "\(base)/accounts")
        #expect(try bank.url(of: .balances(account: "22289")) == "\(base)/accounts/22289/balances")
        #expect(
            try bank.url(of: .transactions(account: "a b?#%", fromDay: 20_779))
                == "\(base)/accounts/a%20b%3F%23%25/transactions?fromBookingDateTime=2026-11-22T00:00:00"
        )
    }

    @Test(
        arguments: [
            (0, "1970-01-01"), (-1, "1969-12-31"), (11_016, "2000-02-29"), (11_017, "2000-03-01"),
            (20_779, "2026-11-22"), (20_818, "2026-12-31"), (20_819, "2027-01-01"),
        ] as [(Int64, String)])
    func days(day: Int64, text: String) { #expect(CalendarDay.text(day) == text) }

    @Test(arguments: [
        "http://bank.example/aisp", "ftp://bank.example", "https://user@bank.example",
        "https://user:p@bank.example/x", "https://bank.example/aisp/", "https://bank.example/a?b",
        "https://bank.example/a/../b", "https://bank.example/%2e%2e/b", "https://",
        "https://bank.example:0", "https://bank.example:99999", "https://bank.example/a\r\nb",
        "https://bank.example/a b", "https://bank.example#f", "https://bank\u{e9}.example", "",
    ])
    func basesThatAreRefused(text: String) { #expect(BankBase(text) == nil) }

    @Test(arguments: [
        "https://bank.example", "https://BANK.example:8443/aisp", "http://127.0.0.1:9/x",
        "http://[::1]:9", "http://localhost/x",
    ])
    func basesThatAreTaken(text: String) { #expect(BankBase(text) != nil) }

    @Test(arguments: ["", ".", "..", "a/b", "a\\b", "a\r\nX: y", "a\u{0}", "a\tb"])
    func namesThatAreRefused(name: String) throws {
        let bank = try #require(BankBase(base))
        #expect(throws: BankReadError.badName) { try bank.url(of: .balances(account: name)) }
    }

    @Test(arguments: [
        "https://bank.example:8443/open-banking/v3.1/aisp/accounts?page=2",
        "https://BANK.example:8443/open-banking/v3.1/aisp/accounts/?page=2&x=%20",
    ])
    func linksThatAreFollowed(link: String) throws {
        let bank = try #require(BankBase(base))
        let url = try bank.url(of: .accounts, next: link)
        #expect(url.hasPrefix("https://bank.example:8443/open-banking/v3.1/aisp/accounts"))
    }

    @Test(arguments: [
        "https://evil.example/open-banking/v3.1/aisp/accounts?page=2",
        "//evil.example/open-banking/v3.1/aisp/accounts", "/open-banking/v3.1/aisp/accounts?p=2",
        "http://bank.example:8443/open-banking/v3.1/aisp/accounts",
        "https://bank.example/open-banking/v3.1/aisp/accounts",
        "https://bank.example:8443@evil.example/open-banking/v3.1/aisp/accounts",
        "https://bank.example:8443/open-banking/v3.1/pisp/payments",
        "https://bank.example:8443/open-banking/v3.1/aisp/accounts/../../pisp/x",
        "https://bank.example:8443/open-banking/v3.1/aisp/accounts/%2e%2e/x",
        "https://bank.example:8443/open-banking/v3.1/aisp/accounts/1/transactions",
        "https://bank.example:8443/open-banking/v3.1/aisp/accounts#x",
        "https://bank.example:8443/open-banking/v3.1/aisp/accounts?a\r\nX: y",
        "javascript:alert(1)", "",
    ])
    func linksThatAreNotFollowed(link: String) throws {
        let bank = try #require(BankBase(base))
        #expect(throws: BankReadError.foreignLink) { try bank.url(of: .accounts, next: link) }
    }

    /// Whatever names and links a bank makes up, an address that is built is one of the bank's.
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func everyAddressIsTheBanks(seed: UInt64) throws {
        var random = Seeded(seed: seed)
        let bank = try #require(BankBase(base))
        let pieces = [
            "..", ".", "/", "//", "\\", "%2e", "%2F", "\r\n", "\u{0}", "@", "evil.example", "?",
            "#", ":", " ", "é", "22289", "https:", base, "/accounts", "x",
        ]
        var built = 0
        for _ in 0..<3_000 {
            let words = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }
            let text = words.joined()
            let operation: ReadOperation =
                switch Int.random(in: 0...2, using: &random) {
                case 0: .accounts
                case 1: .balances(account: text)
                default: .transactions(account: text, fromDay: 20_000)
                }
            let links = [text, base + text, base + "/accounts" + text]
            let urls =
                [try? bank.url(of: operation)]
                + links.map { try? bank.url(of: operation, next: $0) }
            for url in urls.compactMap({ $0 }) {
                built += 1
                let parts = try #require(URLComponents(string: url), "seed \(seed)")
                #expect(parts.scheme == "https" && parts.host == "bank.example")
                #expect(parts.port == 8_443 && parts.user == nil && parts.fragment == nil)
                #expect(parts.percentEncodedPath.hasPrefix("/open-banking/v3.1/aisp/accounts"))
                #expect(!url.utf8.contains { $0 <= 0x20 || $0 >= 0x7F })
                #expect(!parts.path.split(separator: "/").contains { $0 == ".." || $0 == "." })
            }
        }
        #expect(built > 500)
    }

    /// The room names the methods that it sends once each: a read, and the token endpoint's form.
    @Test func theRoomNamesEachMethodOnce() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sources/BankReader")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let sources = try names.filter { $0.hasSuffix(".swift") }.map { name in
            (name, try String(contentsOf: folder.appending(path: name), encoding: .utf8))
        }
        let found = sources.flatMap { name, text in
            text.matches(of: /method:\s*([\w.]+)/).map { (name, String($0.1)) }
        }.sorted { $0.0 < $1.0 }
        #expect(found.map(\.0) == ["BankPages.swift", "StaffTokens.swift"])
        #expect(found.map(\.1) == [".get", ".post"])
        for (name, text) in sources {
            #expect(!text.contains("HTTPMethod"), "\(name)")
        }
    }
}
