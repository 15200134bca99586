import Desk
import Engine

/// A webhook at a node: answered when all its elements are.
struct WebhookAtNode {
    let webhook: Webhook
    var open: Int
    var isRefused = false
}

/// Reading the page's threads back after an epoch began.
struct Backfill {
    var epoch: Int64 = 0
    /// Counts tries: what belongs to an earlier one is dropped.
    var run = 0
    var open = 0
    var isRefused = false
}

/// Where a node meets Messenger.
extension Node {
    // MARK: In

    func receive(_ webhook: Webhook) {
        guard isUp, !webhook.elements.isEmpty else { return }
        let id = webhook.id * 1_000 + webhook.tries
        webhooks[id] = WebhookAtNode(webhook: webhook, open: webhook.elements.count)
        if world.plant == .acknowledgeOnArrival { world.messenger?.acknowledged(webhook) }
        for element in webhook.elements {
            arrive(
                .input(element.input), .webhook, key: element.key, content: element.content,
                purpose: .webhook(id))
        }
    }

    func answerWebhook(_ id: Int, _ answer: Answer) {
        guard var state = webhooks[id] else { return }
        state.open -= 1
        if !answer.isStored { state.isRefused = true }
        webhooks[id] = state.open > 0 ? state : nil
        guard state.open == 0 else { return }
        world.messenger?.answered(state.webhook, isStored: !state.isRefused)
        // What is refused is tried again a few times at once and then never: it must be read back.
        if state.isRefused { startBackfill(epoch: backfill.epoch) }
    }

    // MARK: Out

    func post(_ job: JobID, attempt: Int) {
        let life = life
        if world.plant == .hastyRefusal {
            let again = Instant(milliseconds: world.now + 100)
            outboxHappen(.ended(job, attempt: attempt, .retry(notBefore: again), nil))
        }
        world.messenger?.post(job, attempt: attempt, from: self) { [self] outcome, trouble in
            guard self.life == life else { return }
            let isPlanted = world.plant == .unknownAsRetry && outcome == .unknown
            let again = Instant(milliseconds: world.now + 100)
            var told = isPlanted ? SendOutcome.retry(notBefore: again) : outcome
            if world.plant == .failureAsSent, case .failed = outcome { told = .sent }
            outboxHappen(.ended(job, attempt: attempt, told, trouble))
        }
    }

    func report(_ job: JobID, _ attempt: Int, _ outcome: SendOutcome) {
        var content: Content?
        if outcome == .sent {
            content = Content(platformMessage: world.messenger?.platformMessage(job, attempt))
        }
        arrive(
            .input(.sendingEnded(job, attempt: attempt, outcome)), .command, content: content,
            purpose: .report(job, attempt: attempt))
    }

    // MARK: Reading back

    func startBackfill(epoch: Int64) {
        backfill.run += 1
        backfill.epoch = epoch
        let (life, run) = (life, backfill.run)
        world.after(world.generator.between(50, 800)) { [self] in
            guard self.life == life, backfill.run == run else { return }
            call { [self] in if backfill.run == run { readBack() } }
        }
    }

    private func readBack() {
        let elements = world.messenger?.readBack() ?? []
        backfill.open = elements.count
        backfill.isRefused = false
        let run = backfill.run
        guard !elements.isEmpty else { return finishBackfill(run) }
        for element in elements {
            arrive(
                .input(element.input), .command, key: element.key, content: element.content,
                purpose: .backfilled(run: run))
        }
    }

    func backfilled(_ run: Int, isStored: Bool) {
        guard run == backfill.run else { return }
        backfill.open -= 1
        if !isStored { backfill.isRefused = true }
        guard backfill.open == 0 else { return }
        if backfill.isRefused { startBackfill(epoch: backfill.epoch) } else { finishBackfill(run) }
    }

    private func finishBackfill(_ run: Int) {
        arrive(.input(.backfillFinished), .command, purpose: .backfillFinished(run: run))
    }

    func backfillEnded(_ run: Int, isStored: Bool) {
        guard run == backfill.run, !isStored else { return }
        startBackfill(epoch: backfill.epoch)
    }
}
