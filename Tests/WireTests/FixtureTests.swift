import Desk
import Foundation
import Testing

@testable import Wire

private let shared = packageRoot.deletingLastPathComponent()
    .appending(path: "shared/fixtures/messenger")
private let own = packageRoot.appending(path: "Tests/WireTests/Fixtures")

private func isPresent(_ directory: URL) -> Bool {
    FileManager.default.fileExists(atPath: directory.path)
}

/// Every body of a table does what the table says, and every body has a row.
@Suite struct FixtureTests {
    private func check(_ row: FixtureEffects.Row, pages: Set<String>) throws {
        let body = [UInt8](try Data(contentsOf: URL(fileURLWithPath: row.path)))
        switch MetaWebhook.parse(body, pages: pages) {
        case .success(let elements):
            #expect(row.status == 200, "\(row.path)")
            #expect(FixtureEffects.effects(of: elements) == row.effects, "\(row.path)")
            for element in elements { try checkBytes(of: element) }
        case .failure(let error):
            #expect(error.problem.status == row.status, "\(row.path)")
            #expect(error.problem.field == row.field, "\(row.path)")
        }
    }

    /// What would be stored can be read again, by us and by others, and holds no raw U+0000.
    private func checkBytes(of element: MetaElement) throws {
        let arrival = element.arrival(
            desk: 1, receivedAt: Instant(milliseconds: 0), digest: testDigest)
        if let body = arrival.body {
            _ = try MessageDocument.parse(body).get()
            _ = try foreignParse(body)
        }
        if let address = arrival.address { _ = try AddressDocument.parse(address).get() }
    }

    private func names(in directory: URL, under folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(
            atPath: directory.appending(path: folder).path
        ).map { directory.appending(path: folder).appending(path: $0).path }
    }

    @Test(
        "Bodies of real shape have their documented effect",
        .enabled(if: isPresent(shared), "../shared/fixtures/messenger is not here"))
    func sharedFixtures() throws {
        let table = try FixtureEffects(
            table: "Tests/WireTests/fixture-effects.tsv", files: shared)
        let files = try names(in: shared, under: "page") + names(in: shared, under: "hostile")
        #expect(Set(table.rows.map(\.path)) == Set(files))
        for row in table.rows { try check(row, pages: table.pages) }
    }

    @Test("Our own bodies have their documented effect")
    func ownFixtures() throws {
        let table = try FixtureEffects(table: "Tests/WireTests/Fixtures/effects.tsv", files: own)
        let files = try names(in: own, under: "").filter { $0.hasSuffix(".json") }
        #expect(Set(table.rows.map(\.path)) == Set(files))
        for row in table.rows { try check(row, pages: table.pages) }
    }

    @Test("A body cut at any place gives elements or an error, never a crash")
    func truncated() throws {
        let table = try FixtureEffects(table: "Tests/WireTests/Fixtures/effects.tsv", files: own)
        for row in table.rows {
            let body = [UInt8](try Data(contentsOf: URL(fileURLWithPath: row.path)))
            for end in body.indices {
                let result = MetaWebhook.parse([UInt8](body[..<end]), pages: table.pages)
                // The last byte closes the body: without it nothing may be taken.
                if row.status == 200, case .success = result {
                    Issue.record("\(row.path) was taken when cut at \(end)")
                }
            }
        }
    }
}
