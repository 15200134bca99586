import Desk
import EventLoop
import Logging
import Wire

/// Calls the Conversations API for one run over one page: not faster than the platform allows, again
/// after failures that may pass, never more often than one run may.
@LoopActor final class ChannelReader {
    /// What became of a call.
    enum Outcome<Page> {
        /// This was read.
        case page(Page)
        /// An answer came and could not be read, also not when asked for again.
        case unreadable
        /// The run is over.
        case ended(Cause)
    }

    /// Why no more can be read in this run.
    enum Cause {
        /// The platform refused the call, or did not answer for too long.
        case failed
        /// The calls of one run are used up.
        case spent
        /// Nobody wants the run any more.
        case superseded
    }

    private let loop: Loop
    private let client: HTTPClient
    private let log: Logger
    private let pauses: BackfillPauses
    private let address: (_ path: String, _ query: String) -> String
    private let isWanted: () -> Bool
    /// How many calls were made.
    private(set) var calls = 0
    /// By the loop's clock: the next call is not made before.
    private var nextCall: Int64 = 0

    init(
        loop: Loop, client: HTTPClient, log: Logger, pauses: BackfillPauses,
        isWanted: @escaping () -> Bool,
        address: @escaping (_ path: String, _ query: String) -> String
    ) {
        self.loop = loop
        self.client = client
        self.log = log
        self.pauses = pauses
        self.isWanted = isWanted
        self.address = address
    }

    /// Asks until there is an answer that says something for sure.
    func read<Page>(
        _ path: String, _ query: String, _ parse: ([UInt8]) -> Result<Page, WireError>
    ) async -> Outcome<Page> {
        var unreadable = 0
        for attempt in 0..<BackfillLimits.attempts {
            if let cause = await waitForTurn() { return .ended(cause) }
            switch await call(path, query) {
            case .answer(let body):
                if case .success(let page) = parse(body) { return .page(page) }
                unreadable += 1
                if unreadable == BackfillLimits.unreadableAttempts { return .unreadable }
            case .tooLarge:
                return .unreadable
            case .refused(let status):
                log.warning("the channel refused to be read", metadata: ["status": "\(status)"])
                return .ended(.failed)
            case .failed(let asked):
                // Calls are paced: the pause counts from here, whatever else is to be asked.
                let pause = pauses.first << Int64(attempt)
                wait(min(max(pause, asked), pauses.longest))
            }
        }
        log.warning("the channel could not be read")
        return .ended(.failed)
    }

    private enum Answer {
        case answer([UInt8])
        case tooLarge
        case refused(status: Int)
        case failed(waitMilliseconds: Int64)
    }

    private func call(_ path: String, _ query: String) async -> Answer {
        calls += 1
        let request = HTTPClientRequest(
            method: .get, url: address(path, query), idempotent: true,
            timeout: Outbound.answerWait, connectTimeout: Outbound.connectWait,
            maximumResponseBytes: BackfillLimits.answerLimit)
        do {
            let response = try await client.send(request)
            if response.status == 200 { return .answer(response.body) }
            guard ConversationsAPI.mayTryAgain(status: response.status, body: response.body)
            else { return .refused(status: response.status) }
            return .failed(
                waitMilliseconds: RetryAfter.milliseconds(response.header("retry-after")) ?? 0)
        } catch {
            return error == .responseTooLarge ? .tooLarge : .failed(waitMilliseconds: 0)
        }
    }

    private func waitForTurn() async -> Cause? {
        guard isWanted() else { return .superseded }
        guard calls < BackfillLimits.calls else { return .spent }
        let wait = nextCall - loop.monotonic
        if wait > 0 {
            await loop.sleep(for: .milliseconds(wait))
            guard isWanted() else { return .superseded }
        }
        self.wait(pauses.call)
        return nil
    }

    private func wait(_ milliseconds: Int64) { nextCall = loop.monotonic + milliseconds }
}
