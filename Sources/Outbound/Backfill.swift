import Desk
import Engine
import EventLoop
import Wire

/// When the channel is read back: after the desk's state was read, because what was written while the
/// desk was away reached nobody (the platform repeats a webhook a few times at once and then never
/// again); and after webhooks were refused, for the same reason.
///
/// While everything is taken in, that is put on record for each page from time to time: the next run,
/// on whichever node, reads back to there. A mark is kept only once a run that began in this epoch has
/// ended well, and no longer than until something is refused.
extension Outbound {
    /// What is known about reading back.
    struct Backfill {
        /// Counts runs, and what ends them: a later one supersedes those before it.
        var run = 0
        /// The desk is not this node's, or takes nothing in.
        var isIdle = true
        var isRunning = false
        /// Pages of which everything is on record, as far as this node can tell.
        var complete: Set<String> = []
        /// Pages to be read again, and when; by the loop's clock.
        var owed: Set<String> = []
        var owedAt: Int64?
        var alarm: LoopTimer?
        /// Puts marks on record.
        var marker: LoopTimer?
        let figures = BackfillFigures()
    }

    /// Reads back all pages, then lets sends of unknown outcome count their deadlines.
    func beginBackfill() {
        endBackfill()
        if backfill.marker == nil {
            backfill.marker = loop.every(.milliseconds(pauses.mark)) { [weak self] in
                self?.keepMarks()
            }
        }
        readBack(configuration.pages)
    }

    /// The desk takes nothing in for now: what is refused meanwhile is read back when it does again.
    func endBackfill() {
        backfill.run += 1
        backfill.isIdle = true
        backfill.isRunning = false
        backfill.complete = []
        backfill.owed = []
        backfill.owedAt = nil
        backfill.alarm?.cancel()
    }

    /// Somebody was told that their input could not be stored: it may have been a webhook.
    func noteRefusals(_ release: Release) {
        guard !backfill.isIdle, release.entries.contains(where: { $0.answer == .unavailable })
        else { return }
        backfill.complete = []
        owe(configuration.pages, after: pauses.afterRefusal)
    }

    private func owe(_ pages: [String], after delay: Int64) {
        backfill.owed.formUnion(pages)
        let moment = loop.monotonic + delay
        if let owedAt = backfill.owedAt, owedAt <= moment { return }
        backfill.owedAt = moment
        backfill.alarm?.cancel()
        backfill.alarm = loop.after(.milliseconds(delay)) { [weak self] in self?.readOwed() }
    }

    /// Reads what is owed when it is time; a run under way is not cut short, or refusals that go on
    /// would never let one end.
    private func readOwed() {
        guard let owedAt = backfill.owedAt, owedAt <= loop.monotonic, !backfill.isRunning else {
            return
        }
        let pages = backfill.owed.sorted()
        backfill.owed = []
        backfill.owedAt = nil
        readBack(pages)
    }

    private func readBack(_ pages: [String]) {
        backfill.run += 1
        backfill.isIdle = false
        backfill.isRunning = true
        let run = backfill.run
        startOnLoop {
            var failed: [String] = []
            for page in pages {
                switch await self.readBack(page, run) {
                case .complete, .partial: break
                case .failed: failed.append(page)
                case .superseded: return
                }
            }
            guard run == self.backfill.run else { return }
            self.backfill.isRunning = false
            self.finishBackfill(run)
            if !failed.isEmpty { self.owe(failed, after: self.pauses.again) }
            self.readOwed()
        }
    }

    private func readBack(_ page: String, _ run: Int) async -> BackfillEnding {
        let isWanted = { run == self.backfill.run }
        let began = port.now()
        let reader = ChannelReader(
            loop: loop, client: client, log: log, pauses: pauses, isWanted: isWanted,
            address: { self.url($0, query: $1) })
        let ending = await PageBackfill(
            page: page, port: port, loop: loop, log: log, desk: configuration.desk,
            reader: reader, pauses: pauses, figures: backfill.figures, isWanted: isWanted
        ).run()
        switch ending {
        case .complete, .partial:
            guard isWanted() else { return .superseded }
            // What was refused since it began will be read by the run that is to come.
            if !backfill.owed.contains(page) { backfill.complete.insert(page) }
            await keepMark(page, until: began)
        case .failed, .superseded: break
        }
        return ending
    }

    private func keepMarks() {
        let now = port.now()
        for page in backfill.complete.sorted() {
            startOnLoop { await self.keepMark(page, until: now) }
        }
    }

    private func keepMark(_ page: String, until moment: Instant) async {
        guard let digest = port.digest(domain: DigestDomain.page, Array(page.utf8)) else { return }
        await port.keepReadBackMark(of: digest, until: moment)
    }

    /// Entered until it is stored: without it sends of unknown outcome would wait for ever.
    private func finishBackfill(_ run: Int) {
        port.enter(.backfillFinished, from: .command, key: nil, content: nil) { answer in
            guard case .unavailable = answer, run == self.backfill.run else { return }
            _ = self.loop.after(.milliseconds(self.pauses.store)) {
                guard run == self.backfill.run else { return }
                self.finishBackfill(run)
            }
        }
    }
}
