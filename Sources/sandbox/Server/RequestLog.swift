import EventLoop
import Foundation

/// The durable record that test checkers read: one JSON document per line, handed to the operating
/// system before the request it tells of is answered, so that it survives the end of this process.
///
/// Kinds of line:
/// - `send`: one call of the Send API: `time`, `page`, `recipient`, `text`, `attachment`,
///   `metadata`, `action`, `outcome` (`accepted` or `refused`), `mid`, `status`, `code`, `subcode`
///   (of the answer; null status when none is given), `fault`.
/// - `customer_wrote`: `time`, `page`, `customer`, `mid`, `text`.
/// - `customer`: a customer was described: `page`, `customer`, `first_name`, `last_name`.
/// - `webhook`: one attempt to deliver: `time` (of its end), `delivery`, `attempt`, `status`,
///   `error`, `fault`, `repeated`, `outcome` (`delivered`, `failed`, or `given_up` with the last
///   attempt), `events`, `mids` of its messages and echoes.
/// - `bank`: one call of the pretended bank: `time`, `method`, `path`, `interaction`.
/// - `handshake`: one verification of the callback: `time`, `status`, `verified`.
@LoopActor
final class RequestLog {
    private let file: FileHandle?
    /// Called once when the record cannot be written; the sandbox then stops, since a record with
    /// holes is worse than none.
    private let onFailure: @LoopActor () -> Void

    init(path: String?, onFailure: @escaping @LoopActor () -> Void) throws {
        self.onFailure = onFailure
        guard let path else {
            self.file = nil
            return
        }
        if !FileManager.default.fileExists(atPath: path),
            !FileManager.default.createFile(atPath: path, contents: nil)
        {
            throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path])
        }
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        _ = try file.seekToEnd()
        self.file = file
    }

    func append(_ entry: JSONValue) {
        guard let file else { return }
        do {
            try file.write(contentsOf: Data(JSONWriter.bytes(entry, .plain) + [0x0a]))
        } catch {
            onFailure()
        }
    }
}
