public import Desk

/// What a digest stands for: digests of different domains never match.
public enum DigestDomain {
    /// A key that recognises a repetition.
    public static let key = "key"
    /// A page, for what is kept about reading it back.
    public static let page = "page"
    /// A page and a person there.
    public static let thread = "thread"
    /// The platform's id of a message.
    public static let platformMessage = "message"
    /// The text of a message, as ``MessageText/digestMaterial(_:)``.
    public static let text = "text"
    /// The parameters of a command, as ``ConsoleRequest/parameterMaterial``.
    public static let parameters = "parameters"
}

/// The text of a message as it is recognised.
public enum MessageText {
    /// The bytes whose digest recognises a text among messages that were read back: without the
    /// white space at both ends, which the platform drops.
    public static func digestMaterial(_ text: String) -> [UInt8] {
        let isSpace: (UInt8) -> Bool = { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        let start = text.utf8.drop(while: isSpace)
        guard let last = start.lastIndex(where: { !isSpace($0) }) else { return [] }
        return [UInt8](start[...last])
    }
}

/// The mark that our messages carry in their `metadata`, by which their echo is recognised.
public enum MessageMark {
    private static let prefix = "ventanilla"

    /// The mark of this job of this desk: `ventanilla:<desk>:<job>`.
    public static func make(desk: Int64, job: JobID) -> String { "\(prefix):\(desk):\(job.number)" }

    /// The job that the metadata names; `nil` when it is not a mark of this desk.
    public static func job(_ metadata: String?, desk: Int64) -> JobID? {
        let parts = metadata?.split(separator: ":", omittingEmptySubsequences: false) ?? []
        guard parts.count == 3, parts[0] == prefix, parts[1] == "\(desk)",
            let job = Int64(parts[2]), job > 0, "\(job)" == parts[2]
        else { return nil }
        return JobID(job)
    }
}

/// An element of the channel in the desk's terms, with all that travels beside it.
public struct ChannelArrival: Equatable, Sendable {
    /// Recognises a repetition.
    public let key: Digest
    /// What the desk must decide about.
    public let input: Input
    /// What to keep sealed: a ``MessageDocument``.
    public let body: [UInt8]?
    /// Stands for the platform's id of the message.
    public let platformMessage: Digest?
    /// Where the customer is reached, to be kept sealed: an ``AddressDocument``.
    public let address: [UInt8]?
    /// The channel's name of the kind, for counting.
    public let kind: String
}

extension MetaElement {
    /// Makes a digest of these bytes for a domain of ``DigestDomain``.
    public typealias Digester = (_ domain: String, _ bytes: [UInt8]) -> Digest

    /// The element in the desk's terms. `receivedAt` stands in where the platform gave no time.
    public func arrival(desk: Int64, receivedAt: Instant, digest: Digester) -> ChannelArrival {
        let at = timestamp ?? envelopeTime ?? receivedAt
        let key = digest(DigestDomain.key, keyMaterial)
        guard let person, let input = input(person, desk: desk, at: at, digest: digest) else {
            return ChannelArrival(
                key: key, input: .channelEventKept, body: keptBody, platformMessage: nil,
                address: nil, kind: kindName)
        }
        return ChannelArrival(
            key: key, input: input, body: document?.encode(),
            platformMessage: messageID.map {
                digest(DigestDomain.platformMessage, [UInt8]($0.utf8))
            },
            address: AddressDocument(page: page, person: person).encode(), kind: kindName)
    }

    private func input(
        _ person: String, desk: Int64, at: Instant, digest: Digester
    ) -> Input? {
        let thread = digest(DigestDomain.thread, [UInt8](page.utf8) + [0] + [UInt8](person.utf8))
        let message = messageID.map { digest(DigestDomain.platformMessage, [UInt8]($0.utf8)) }
        let origin = Origin(channel: channel, page: page)
        func report(_ kind: ChannelReport.Kind) -> Input {
            .channelReported(
                ChannelReport(
                    thread: thread, platformMessage: message, kind: kind, at: at, origin: origin))
        }
        switch kind {
        case .message(let kind):
            return .customerWrote(
                CustomerWrote(
                    thread: thread, platformMessage: message, kind: kind, writtenAt: at,
                    origin: origin))
        case .left(let metadata, _):
            let text = isReadBack ? document?.text.map(MessageText.digestMaterial) : nil
            return report(
                .messageLeft(
                    job: MessageMark.job(metadata, desk: desk),
                    textDigest: text.map { digest(DigestDomain.text, $0) }))
        case .delivered(let upTo): return report(.delivered(upTo: upTo ?? at))
        case .read(let upTo): return report(.read(upTo: upTo ?? at))
        case .reacted(let isRemoved): return report(.reacted(isRemoved: isRemoved))
        case .edited: return report(.edited)
        case .deleted: return report(.deleted)
        case .other: return report(.other)
        case .unreadable, .foreignPage: return nil
        }
    }

    /// The document of an element that is only kept: what came, as JSON if it is JSON, as text if not.
    private var keptBody: [UInt8] {
        var document = MessageDocument()
        document.kind = kindName
        if case .unreadable = kind {
            var writer = JSONWriter(capacity: raw.count + 2)
            writer.element(String(decoding: raw, as: UTF8.self))
            document.raw = writer.bytes
        } else {
            document.raw = [UInt8](raw)
        }
        return document.encode()
    }
}
