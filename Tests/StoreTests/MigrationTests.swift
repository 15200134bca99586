import EventLoop
import Foundation
import LoopFixture
import Postgres
import PostgresFixture
import Testing

@testable import Store

extension StoreTests {
    /// The schema's history: forward only, without a gap, never changed.
    @Suite struct MigrationTests {
        @Test func ourOwnAreAppliedOnce() async throws {
            try await Scene.run { scene in
                let migrations = try Migrations(directory: migrationsDirectory)
                let database = scene.database.configuration()
                #expect(try await migrations.apply(to: database, loop: scene.loop) == 0)
                try await migrations.check(database, loop: scene.loop)
                let count = Int64(migrations.files.count)
                #expect(try await scene.number("SELECT count(*) FROM schema_migrations") == count)
            }
        }

        @Test func theListOfKindsIsTheOneInTheSchema() async throws {
            try await Scene.run { scene in
                let rows = try await scene.query(
                    "SELECT kind::bigint, name, numbers FROM event_kinds ORDER BY kind")
                #expect(rows.rowCount == EventSamples.all.count)
                for (row, event) in EventSamples.all.enumerated() {
                    let stored = StoredEvent(event)
                    #expect(try rows.int8(row, 0) == stored.kind)
                    let name = try rows.text(row, 1)
                    #expect("\(event)".hasPrefix(name), "\(event)")
                    let numbers = try rows.text(row, 2)
                    // What stands in brackets may be missing at the end.
                    let parts = numbers.split(separator: "[").map { $0.split(separator: ",").count }
                    let listed = (0...parts.count).map { parts.prefix($0).reduce(0, +) }
                    #expect(listed.dropFirst(min(parts.count, 1)).contains(stored.numbers.count))
                }
            }
        }

        @Test(arguments: [
            (["0002_b.sql"], StoreError.migration(.gap(version: 1))),
            (["0001_a.sql", "0003_c.sql"], .migration(.gap(version: 2))),
            (["0001_a.sql", "0001_b.sql"], .migration(.gap(version: 2))),
            ([], .migration(.gap(version: 1))),
        ])
        func aGapIsRefused(names: [String], error: StoreError) throws {
            try withFiles(names.map { ($0, "SELECT 1") }) { directory in
                #expect(throws: error) { try Migrations(directory: directory) }
            }
        }

        @Test(arguments: ["1_a.sql", "0001.sql", "0001-a.sql", "0001_A.sql", "000x_a.sql"])
        func aWrongNameIsRefused(name: String) throws {
            try withFiles([(name, "SELECT 1")]) { directory in
                #expect(throws: StoreError.file(path: "\(directory)/\(name)", reason: .misnamed)) {
                    try Migrations(directory: directory)
                }
            }
        }

        @Test func whatIsNotTextIsRefused() throws {
            try withFiles([("0001_a.sql", "SELECT 1;\u{0}")]) { directory in
                let path = "\(directory)/0001_a.sql"
                #expect(throws: StoreError.file(path: path, reason: .notText)) {
                    try Migrations(directory: directory)
                }
            }
        }

        @Test func aChangedFileIsRefused() async throws {
            try await expect(
                ["CREATE TABLE a ()"], then: ["CREATE TABLE a (b int)"],
                .migration(.changed(version: 1)))
        }

        @Test func aNewerDatabaseIsRefused() async throws {
            try await expect(
                ["CREATE TABLE a ()", "CREATE TABLE b ()"], then: ["CREATE TABLE a ()"],
                .migration(.databaseIsNewer(version: 2)))
        }

        @Test func anOlderDatabaseIsTold() async throws {
            let database = try await TestDatabase()
            try await TestLoop.run { loop in
                let migrations = try Migrations(files: Self.files(["CREATE TABLE a ()"]))
                await #expect(throws: StoreError.migration(.databaseIsOlder(version: 0))) {
                    try await migrations.check(database.configuration(), loop: loop)
                }
            }
        }

        /// The file that fails leaves nothing, and those before it stay.
        @Test func aFailedFileLeavesNothing() async throws {
            let database = try await TestDatabase()
            try await TestLoop.run { loop in
                let wrong = try Migrations(
                    files: Self.files(["CREATE TABLE a ()", "CREATE TABLE b (); SELECT 1/0"]))
                let failed = StoreError.migration(.failed(version: 2, sqlState: "22012"))
                await #expect(throws: failed) {
                    _ = try await wrong.apply(to: database.configuration(), loop: loop)
                }
                let right = try Migrations(
                    files: Self.files(["CREATE TABLE a ()", "CREATE TABLE b ()"]))
                #expect(try await right.apply(to: database.configuration(), loop: loop) == 1)
            }
        }

        @Test func severalNodesMayMigrateAtOnce() async throws {
            let database = try await TestDatabase()
            try await TestLoop.run { loop in
                let migrations = try Migrations(directory: migrationsDirectory)
                let nodes = (0..<4).map { _ in
                    startOnLoopWithResult {
                        try await migrations.apply(to: database.configuration(), loop: loop)
                    }
                }
                var applied = 0
                for node in nodes { applied += try await node.value }
                #expect(applied == migrations.files.count)
            }
        }

        private static func files(_ texts: [String]) -> [Migrations.File] {
            texts.enumerated().map {
                Migrations.File(
                    version: $0.offset + 1, name: "000\($0.offset + 1)_a", sql: $0.element)
            }
        }

        private func expect(
            _ texts: [String], then others: [String], _ error: StoreError
        ) async throws {
            let database = try await TestDatabase()
            try await TestLoop.run { loop in
                let configuration = database.configuration()
                let first = try Migrations(files: Self.files(texts))
                #expect(try await first.apply(to: configuration, loop: loop) == texts.count)
                let second = try Migrations(files: Self.files(others))
                await #expect(throws: error) {
                    _ = try await second.apply(to: configuration, loop: loop)
                }
                await #expect(throws: error) {
                    try await second.check(configuration, loop: loop)
                }
            }
        }

        private func withFiles(
            _ files: [(String, String)], _ body: (String) throws -> Void
        ) throws {
            let directory = FileManager.default.temporaryDirectory
                .appending(path: "ventanilla-migrations-\(UUID().uuidString)")
            try FileManager.default.createDirectory(
                at: directory, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: directory) }
            for (name, text) in files {
                try Data(text.utf8).write(to: directory.appending(path: name))
            }
            try body(directory.path)
        }
    }
}
