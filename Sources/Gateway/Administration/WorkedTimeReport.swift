import Desk
import DeskRunner
import EventLoop
import Store
import Wire

/// The report of who was there, as what, and for how long: for supervisors and the operator.
extension AdministrationRoutes {
    static let workedTimePath = "reports/worked-time"

    func workedTime(_ head: HTTPRequestHead) async -> HTTPResponse {
        let now = runner.now()
        switch await door.person(head, isChange: false, at: now) {
        case .success: break
        case .failure(let problem): return refuse(problem)
        }
        do {
            let asked = try WorkedTimeQuery(head.query, now: now)
            let times = try await door.store.workedTime(
                from: asked.from, to: asked.to, of: asked.agent)
            let names = try await door.store.names(of: times.map(\.agent))
            return answer(
                WorkedTimeDocument(
                    from: asked.from, to: asked.to, lines: times.map { $0.line(names[$0.agent]) }),
                as: asked.form)
        } catch let problem as Problem {
            return refuse(problem)
        } catch {
            return refuse(.unavailable)
        }
    }

    private func answer(
        _ document: WorkedTimeDocument, as form: WorkedTimeQuery.Form
    ) -> HTTPResponse {
        switch form {
        case .json: return .document(document.encode())
        case .csv:
            var response = HTTPResponse.document(document.encodeLines())
            response.headers[0] = ("content-type", "text/csv; charset=utf-8; header=present")
            response.headers.append(
                ("content-disposition", "attachment; filename=\"worked-time.csv\""))
            return response
        }
    }
}

/// What is asked for: `from` and `to` in milliseconds, `agent` and `format` if wanted.
private struct WorkedTimeQuery {
    enum Form: String { case json, csv }

    let from: Instant
    let to: Instant
    let agent: AgentID?
    let form: Form

    /// What has not passed yet is not counted.
    init(_ query: String?, now: Instant) throws(Problem) {
        guard let values = FormEncoding.decode(query ?? "") else {
            throw Problem(.invalidRequest, field: "query")
        }
        from = Instant(milliseconds: try Self.number(values["from"], "from"))
        let end = Instant(milliseconds: try Self.number(values["to"], "to"))
        to = min(end, now)
        guard from < to else { throw Problem(.invalidRequest, field: "from") }
        guard to.milliseconds - from.milliseconds <= StoreLimits.reportRange else {
            throw Problem(.invalidRequest, field: "to")
        }
        agent = try values["agent"].map { value throws(Problem) in
            AgentID(try Self.number(value, "agent"))
        }
        guard let form = Form(rawValue: values["format"] ?? Form.json.rawValue) else {
            throw Problem(.invalidRequest, field: "format")
        }
        self.form = form
    }

    /// Digits alone; what a calendar of ours can say.
    private static func number(_ text: String?, _ field: String) throws(Problem) -> Int64 {
        guard let text, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int64(text), (1...253_402_300_799_999).contains(number)
        else { throw Problem(.invalidRequest, field: field) }
        return number
    }
}

extension WorkedTime {
    fileprivate func line(_ name: String?) -> WorkedTimeDocument.Line {
        WorkedTimeDocument.Line(
            agent: agent, name: name ?? "Agent \(agent.number)",
            shares: shares.map {
                WorkedTimeDocument.Share(
                    presence: $0.presence, awayReason: $0.awayReason, time: $0.time)
            }, onDuty: onDuty, held: held)
    }
}
