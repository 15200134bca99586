import Desk
import DeskRunner
import Engine
import EventLoop
import Logging
import Outbound
import Store

/// Gives outbound work what it needs of the desk, without either room knowing the other.
@LoopActor final class DeskPort: OutboundPort {
    private let runner: DeskRunner
    private let store: Store

    init(runner: DeskRunner, store: Store) {
        self.runner = runner
        self.store = store
    }

    func now() -> Instant { runner.now() }

    func enter(
        _ input: Input, from source: Source, key: Digest?, content: Content?,
        answer: (@LoopActor (Answer) -> Void)?
    ) {
        runner.submit(.input(input), from: source, key: key, content: content, answer: answer)
    }

    func order(for job: JobID) async -> MessageToSend? {
        guard let found = try? await store.sendOrder(for: job) else { return nil }
        return MessageToSend(address: found.address, body: found.body)
    }

    func digest(domain: String, _ bytes: [UInt8]) -> Digest? {
        store.digester?.digest(domain, bytes)
    }

    func readBackMark(of page: Digest) async -> ReadBackMark? {
        do { return try await store.readBackMark(of: page).map { .until($0) } ?? .never } catch {
            return nil
        }
    }

    func keepReadBackMark(of page: Digest, until moment: Instant) async {
        // The next one will be kept.
        try? await store.keepReadBackMark(of: page, until: moment)
    }

    func writtenTimes(of messages: [Digest]) async -> [Digest: Instant]? {
        try? await store.writtenTimes(of: messages)
    }
}

/// Tells outbound work what the desk did.
@LoopActor final class OutboundListener: DeskListener {
    private let outbound: Outbound

    init(_ outbound: Outbound) { self.outbound = outbound }

    func released(_ release: Release) { outbound.released(release) }
    func resumed(_ reloaded: Reloaded) { outbound.resumed(reloaded) }
    func interrupted() { outbound.interrupted() }
    func stoodBy() { outbound.stoodBy() }
}

/// Removes what is no longer needed, a little at a time.
@LoopActor final class Housekeeper {
    /// A command's key is kept this long: a console resends what was pending within minutes, and Meta
    /// gives up after an hour at most. Two days leave room for a backfill.
    static let keyLife: Int64 = 48 * 3_600_000
    /// Raw events of kinds that are not acted on are kept this long.
    static let keptEventLife: Int64 = 30 * 24 * 3_600_000
    /// Who was there as what, and for how long, is kept this long: a report of a whole year can still
    /// be read in the month after it, and nobody's day is kept for longer.
    static let presenceLife: Int64 = 400 * 24 * 3_600_000
    /// Rows removed at once, so that no delete holds a lock for long.
    static let rows = 5_000

    private let store: Store
    private let loop: Loop
    private let log: Logger
    private var isBusy = false

    init(loop: Loop, store: Store, log: Logger) {
        self.loop = loop
        self.store = store
        self.log = log
    }

    func cleanUp() {
        guard !isBusy else { return }
        isBusy = true
        startOnLoop {
            defer { self.isBusy = false }
            let now = Instant(milliseconds: self.loop.wallClock)
            do {
                let removed = try await self.store.purge(
                    keysBefore: now.adding(milliseconds: -Self.keyLife),
                    keptEventsBefore: now.adding(milliseconds: -Self.keptEventLife),
                    presenceBefore: now.adding(milliseconds: -Self.presenceLife), at: now,
                    limit: Self.rows)
                let rewrapped = try await self.store.rewrapKeys(limit: Self.rows)
                self.log.debug(
                    "cleaned up", metadata: ["removed": "\(removed)", "rewrapped": "\(rewrapped)"])
            } catch { self.log.notice("could not clean up; will try again") }
        }
    }
}
