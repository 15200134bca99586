import Desk
import DeskRunner
import EventLoop
import Store
import Wire

/// The report of how customers waited, by queue and day: for supervisors and the operator.
extension AdministrationRoutes {
    static let waitsPath = "reports/waits"

    func waits(_ head: HTTPRequestHead) async -> HTTPResponse {
        let now = runner.now()
        switch await door.person(head, isChange: false, at: now) {
        case .success: break
        case .failure(let problem): return refuse(problem)
        }
        do throws(Problem) {
            let asked = try WaitsQuery(head.query, now: now)
            let waits: [QueueWaits]
            do throws(StoreError) {
                waits = try await door.store.waits(from: asked.from, to: asked.to)
            } catch {
                throw .unavailable
            }
            let document = WaitsDocument(
                from: asked.from, to: asked.to, lines: waits.map(\.line),
                expected: runner.expectedWaits)
            return .document(document.encode())
        } catch {
            return refuse(error)
        }
    }
}

/// What is asked for: `from` and `to` in milliseconds.
private struct WaitsQuery {
    let from: Instant
    let to: Instant

    /// What has not passed yet is not counted.
    init(_ query: String?, now: Instant) throws(Problem) {
        guard let values = FormEncoding.decode(query ?? "") else {
            throw Problem(.invalidRequest, field: "query")
        }
        from = try Self.moment(values["from"], "from")
        to = min(try Self.moment(values["to"], "to"), now)
        guard from < to else { throw Problem(.invalidRequest, field: "from") }
        guard to.milliseconds - from.milliseconds <= StoreLimits.waitsRange else {
            throw Problem(.invalidRequest, field: "to")
        }
    }

    /// Digits alone; what a calendar of ours can say (up to the year 9999).
    private static func moment(_ text: String?, _ field: String) throws(Problem) -> Instant {
        guard let text, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int64(text), (1...253_402_300_799_999).contains(number)
        else { throw Problem(.invalidRequest, field: field) }
        return Instant(milliseconds: number)
    }
}

extension QueueWaits {
    fileprivate var line: WaitsDocument.Line {
        WaitsDocument.Line(
            queue: queue, day: day, began: began, untilAssigned: untilAssigned.document,
            untilAnswered: untilAnswered.document, abandoned: abandoned,
            announcements: announcements)
    }
}

extension QueueWaits.Times {
    fileprivate var document: WaitsDocument.Times {
        WaitsDocument.Times(
            count: count, mean: mean, median: median, percentile95: percentile95)
    }
}
