import Foundation
import Logging
import Synchronization

/// Writes each log line as one JSON object to standard error: time, level, message, metadata. Messages
/// are constant texts; what differs is metadata, which never holds customer text, account data, tokens
/// or platform ids.
struct LogLines: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    let label: String

    /// Lines that could not be written (a full disk, a closed pipe) are dropped and counted here.
    static let dropped = Atomic<Int>(0)

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line: [String: String] = [:]
        for (key, value) in metadata { line[key] = "\(value)" }
        for (key, value) in event.metadata ?? [:] { line[key] = "\(value)" }
        line["time"] = Date().formatted(
            .iso8601.year().month().day().time(includingFractionalSeconds: true).timeZone(
                separator: .omitted))
        line["level"] = event.level.rawValue
        line["logger"] = label
        line["message"] = event.message.description
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard var bytes = try? encoder.encode(line) else { return }
        bytes.append(0x0A)
        do { try FileHandle.standardError.write(contentsOf: bytes) } catch {
            Self.dropped.wrappingAdd(1, ordering: .relaxed)
        }
    }
}
