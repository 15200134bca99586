import Foundation

/// Brings back customers and transcripts from the log of an earlier run, so that a sandbox that
/// was started again can still be answered, and read back from, as Meta could.
struct LogReplay {
    private var platform: MessengerPlatform
    private var keys: [String: ThreadKey] = [:]

    static func restored(_ platform: MessengerPlatform, from path: String?) -> MessengerPlatform {
        guard let path, let lines = tail(of: path) else { return platform }
        var replay = LogReplay(platform: platform)
        for line in lines { replay.apply(line) }
        return replay.platform
    }

    private init(platform: MessengerPlatform) {
        self.platform = platform
    }

    /// The last lines of the file. A line that was cut, by us or by the end of the earlier run,
    /// is no JSON and is passed over.
    private static func tail(of path: String) -> [[UInt8]]? {
        guard let file = FileHandle(forReadingAtPath: path), let size = try? file.seekToEnd() else {
            return nil
        }
        let bound = UInt64(Limits.replayedBytes)
        guard (try? file.seek(toOffset: size > bound ? size - bound : 0)) != nil,
            let data = try? file.readToEnd()
        else { return nil }
        return Array(data).split(separator: 0x0a).map(Array.init)
    }

    private mutating func apply(_ line: [UInt8]) {
        guard let entry = JSONValue(parsing: line) else { return }
        switch entry["kind"]?.string {
        case "customer": describe(entry)
        case "customer_wrote": add(entry, author: .customer, customer: entry["customer"])
        case "send" where entry["outcome"] == "accepted":
            add(entry, author: .page, customer: entry["recipient"])
        case "webhook": note(entry)
        default: return
        }
    }

    private mutating func describe(_ entry: JSONValue) {
        guard let page = entry["page"]?.string, let customer = entry["customer"]?.string else {
            return
        }
        // A page that is no longer configured keeps its customers to itself.
        try? platform.describe(ThreadKey(page: page, customer: customer)) { customer in
            customer.firstName = entry["first_name"]?.string ?? customer.firstName
            customer.lastName = entry["last_name"]?.string ?? customer.lastName
        }
    }

    private mutating func add(
        _ entry: JSONValue, author: StoredMessage.Author, customer: JSONValue?
    ) {
        guard let page = entry["page"]?.string, let customer = customer?.string,
            let id = entry["mid"]?.string, let time = entry["time"]?.integer
        else { return }
        let key = ThreadKey(page: page, customer: customer)
        keys[id] = key
        platform.restore(
            StoredMessage(
                id: id, number: 0, time: time, author: author, text: entry["text"]?.string,
                attachments: entry["attachment"].map { [$0] } ?? [],
                metadata: entry["metadata"]?.string),
            key)
    }

    private mutating func note(_ entry: JSONValue) {
        let delivery: StoredMessage.Delivery
        switch entry["outcome"] {
        case "delivered": delivery = .delivered
        case "given_up": delivery = .failed
        default: return
        }
        for id in entry["mids"]?.array ?? [] {
            guard let id = id.string, let key = keys[id] else { continue }
            platform.note(delivery, of: id, key)
        }
    }
}
