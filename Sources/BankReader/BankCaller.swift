import EventLoop

/// Makes one call to the bank when it may be made: behind the breaker of its part and the bulkhead,
/// within a deadline, and counts how it ended.
@LoopActor final class BankCaller {
    /// How one request ended.
    typealias Answer = Result<HTTPClientResponse, BankReadError>

    private let loop: Loop
    private let client: HTTPClient
    private var bulkhead = Bulkhead()
    private var waiting: [Bulkhead.Ticket: CheckedContinuation<Bool, Never>] = [:]
    private var breakers: [ReadOperation.Group: Breaker] = [:]
    private let observe: @LoopActor (BankCall) -> Void

    /// `observe` is told of each call when it ends.
    init(loop: Loop, client: HTTPClient, observe: @escaping @LoopActor (BankCall) -> Void) {
        self.loop = loop
        self.client = client
        self.observe = observe
    }

    /// How the breaker of a part stands.
    func state(of group: ReadOperation.Group) -> Breaker.State {
        breakers[group]?.state ?? .closed
    }

    /// Calls under way.
    var inFlight: Int { bulkhead.inFlight }

    /// Sends a request for a customer, no later than `deadline` (monotonic milliseconds); its own time
    /// limit is cut to what is left.
    func send(
        _ request: HTTPClientRequest, _ group: ReadOperation.Group, for customer: Int64,
        until deadline: Int64
    ) async -> Answer {
        guard let ticket = await turn(of: customer, until: deadline) else {
            return counted(.failure(.overloaded), group, began: loop.monotonic)
        }
        let began = loop.monotonic
        let answer = await admitted(request, group, until: deadline)
        for next in bulkhead.leave(ticket) {
            waiting.removeValue(forKey: next)?.resume(returning: true)
        }
        return counted(answer, group, began: began)
    }

    private func admitted(
        _ request: HTTPClientRequest, _ group: ReadOperation.Group, until deadline: Int64
    ) async -> Answer {
        let began = loop.monotonic
        guard deadline > began else { return .failure(.timedOut) }
        guard let permit = breakers[group, default: Breaker()].admit(at: began) else {
            return .failure(.breakerOpen)
        }
        var limited = request
        limited.timeout = min(request.timeout, .milliseconds(deadline - began))
        let answer = await sent(limited)
        breakers[group]?.ended(
            permit, well: Self.isOfAWorkingBank(answer), after: loop.monotonic - began,
            at: loop.monotonic)
        return answer
    }

    private func sent(_ request: HTTPClientRequest) async -> Answer {
        do throws(HTTPClientError) {
            let response = try await client.send(request)
            switch response.status {
            case 200: return .success(response)
            case 401: return .failure(.unauthorized)
            case 403: return .failure(.forbidden)
            case 429: return .failure(.limited)
            case 502, 503, 504: return .failure(.unavailable)
            case 500...: return .failure(.failed)
            default: return .failure(.refused)
            }
        } catch {
            switch error {
            case .timedOut: return .failure(.timedOut)
            case .responseTooLarge: return .failure(.tooLarge)
            case .overloaded: return .failure(.overloaded)
            case .invalidRequest: return .failure(.badName)
            case .unresolved, .refused, .untrusted: return .failure(.unreachable)
            case .disconnected, .cancelled, .closed: return .failure(.disconnected)
            }
        }
    }

    private static func isOfAWorkingBank(_ answer: Answer) -> Bool {
        switch answer {
        case .success: true
        case .failure(let error): error.isOfAWorkingBank
        }
    }

    private func turn(of customer: Int64, until deadline: Int64) async -> Bulkhead.Ticket? {
        switch bulkhead.enter(customer) {
        case .goes(let ticket): return ticket
        case .refused: return nil
        case .waits(let ticket):
            let timer = loop.after(.milliseconds(max(0, deadline - loop.monotonic))) {
                guard self.bulkhead.giveUp(ticket) else { return }
                self.waiting.removeValue(forKey: ticket)?.resume(returning: false)
            }
            let goes = await withCheckedContinuation { waiting[ticket] = $0 }
            timer.cancel()
            return goes ? ticket : nil
        }
    }

    private func counted(
        _ answer: Answer, _ group: ReadOperation.Group, began: Int64
    ) -> Answer {
        let outcome: String
        switch answer {
        case .success: outcome = "ok"
        case .failure(let error): outcome = error.rawValue
        }
        observe(
            BankCall(
                part: group.rawValue, outcome: outcome, milliseconds: loop.monotonic - began))
        return answer
    }
}
