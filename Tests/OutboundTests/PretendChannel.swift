import Desk
import EventLoop
import Foundation

/// Conversations that can be read back from the pretend Graph, paged as the real one pages them.
@LoopActor final class PretendChannel {
    struct Message {
        let id: String
        let text: String
        let at: Int64
        let isOurs: Bool
    }

    struct Thread {
        let person: String
        var messages: [Message] = []
        /// Its place in the list: what changed last has the highest.
        var changed = 0
    }

    private(set) var threads: [String: Thread] = [:]
    private var clock = 0
    /// Looks at each read before it is answered, and may answer instead.
    var onRead:
        (_ number: Int, _ path: String, _ query: [String: String]) -> PretendGraph.Reaction? = {
            _, _, _ in nil
        }
    private var reads = 0

    init(_ graph: PretendGraph) {
        graph.onRead = { [unowned self] path, query in
            reads += 1
            return onRead(reads - 1, path, query) ?? .answer(.json(answer(path, query)))
        }
    }

    /// Somebody writes; the conversation goes to the front of the list.
    func write(_ person: String, _ text: String, at: Instant, isOurs: Bool = false) {
        clock += 1
        var thread = threads["t_\(person)"] ?? Thread(person: person)
        thread.messages.append(
            Message(
                id: "m_\(person)_\(thread.messages.count)", text: text, at: at.milliseconds,
                isOurs: isOurs))
        thread.changed = clock
        threads["t_\(person)"] = thread
    }

    private func answer(_ path: String, _ query: [String: String]) -> [UInt8] {
        let parts = path.split(separator: "/")
        let limit = min(Int(query["limit"] ?? "") ?? 25, 100)
        let document: [String: Any]
        if parts.last == "conversations" {
            document = conversations(limit, query)
        } else {
            document = messages(String(parts[1]), limit, after: query["after"])
        }
        return [UInt8]((try? JSONSerialization.data(withJSONObject: document)) ?? Data())
    }

    private func conversations(_ limit: Int, _ query: [String: String]) -> [String: Any] {
        let fields = query["fields"] ?? ""
        let inner = fields.firstMatch(of: /messages\.limit\((\d+)\)/).flatMap { Int($0.1) }
        // As Graph does, a cursor is a place in time: what moved to the front is not seen again.
        let listed = threads.sorted { $0.value.changed > $1.value.changed }
            .filter { entry in
                query["after"].flatMap { Int($0) }.map { entry.value.changed < $0 } ?? true
            }
        let shown = listed.prefix(limit).map { id, thread -> [String: Any] in
            var entry: [String: Any] = [
                "id": id, "updated_time": Self.time(thread.messages.last?.at ?? 0),
            ]
            if let inner { entry["messages"] = messages(id, inner, after: nil) }
            return entry
        }
        return page(
            shown, more: listed.count > limit,
            after: listed.prefix(limit).last.map { String($0.value.changed) })
    }

    private func messages(_ id: String, _ limit: Int, after: String?) -> [String: Any] {
        guard let thread = threads[id] else { return [:] }
        let end = after.flatMap { Int($0) } ?? thread.messages.count
        let first = max(0, end - limit)
        let shown = thread.messages[first..<end].reversed().map { message -> [String: Any] in
            let (from, to) =
                message.isOurs ? (Secrets.page, thread.person) : (thread.person, Secrets.page)
            return [
                "id": message.id, "created_time": Self.time(message.at),
                "from": ["id": from], "to": ["data": [["id": to]]], "message": message.text,
            ]
        }
        return page(shown, more: first > 0, after: String(first))
    }

    private func page(_ data: [[String: Any]], more: Bool, after: String?) -> [String: Any] {
        var paging: [String: Any] = ["cursors": ["before": "b", "after": after ?? ""]]
        if more { paging["next"] = "https://graph.invalid/?access_token=\(Secrets.token)" }
        return ["data": data, "paging": paging]
    }

    private static func time(_ milliseconds: Int64) -> String {
        let date = Date(timeIntervalSince1970: Double(milliseconds / 1_000))
        return date.formatted(.iso8601).dropLast() + "+0000"
    }
}
