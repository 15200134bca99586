import Desk
import Foundation

@testable import Wire

/// A table of what webhook bodies do: see the head of `fixture-effects.tsv`.
struct FixtureEffects {
    struct Row: Sendable {
        var path: String
        var status: Int
        var field: String?
        var effects: [String]
    }

    var pages: Set<String> = []
    var rows: [Row] = []

    init(table: String, files: URL) throws {
        let text = String(decoding: try read(table), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let cells = line.split(separator: "\t").map(String.init)
            if cells[0] == "#pages" {
                pages = Set(cells[1].split(separator: " ").map(String.init))
            } else if !line.hasPrefix("#"), cells[0] != "file", let status = Int(cells[1]) {
                rows.append(
                    Row(
                        path: files.appending(path: cells[0]).path, status: status,
                        field: cells[2] == "-" ? nil : cells[2],
                        effects: cells[3] == "-"
                            ? [] : cells[3].split(separator: " ").map(String.init)))
            }
        }
    }

    /// What a body does, in the table's words.
    static func effects(of elements: [MetaElement]) -> [String] {
        var seen: Set<Digest> = []
        return elements.map { element in
            let arrival = element.arrival(
                desk: 1, receivedAt: Instant(milliseconds: 1_760_000_001_000), digest: testDigest)
            return seen.insert(arrival.key).inserted ? effect(of: arrival) : "repeated"
        }
    }

    private static func effect(of arrival: ChannelArrival) -> String {
        switch arrival.input {
        case .customerWrote(let wrote): "received:\(wrote.kind.rawValue)"
        case .channelEventKept: "kept:\(arrival.kind)"
        case .channelReported(let report): effect(of: report, kind: arrival.kind)
        default: "not an input of the channel"
        }
    }

    private static func effect(of report: ChannelReport, kind: String) -> String {
        switch report.kind {
        case .messageLeft(let job?, _): "ours:\(job.number)"
        case .messageLeft(nil, _): "elsewhere"
        case .delivered: "delivered"
        case .read: "read"
        case .reacted(let isRemoved): isRemoved ? "unreacted" : "reacted"
        case .edited: "edited"
        case .deleted: "deleted"
        case .other: "noted:\(kind)"
        }
    }
}
