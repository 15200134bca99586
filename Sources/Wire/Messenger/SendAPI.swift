public import Desk

/// Whether a send was taken, as far as the platform's answer tells.
public enum SendVerdict: Equatable, Sendable {
    /// Taken.
    case sent
    /// Surely not taken; worth another try, not before this long from now.
    case retry(afterMilliseconds: Int64)
    /// Surely not taken and never will be.
    case failed(SendFailure)
    /// It may have been taken: never sent again by itself (promise P8).
    case unknown
}

/// What an answer tells about the page as a whole.
public enum SendTrouble: Equatable, Sendable {
    /// The page sends too much: nothing for this long.
    case rateLimited(pauseMilliseconds: Int64)
    /// The page's token, permission or standing is not valid: nothing until an operator acted.
    case notPermitted
}

/// What came of one send.
public struct SendResult: Equatable, Sendable {
    /// Whether it was taken.
    public var verdict: SendVerdict
    /// What it tells about the page.
    public var trouble: SendTrouble?
    /// The platform's id of the message.
    public var platformMessage: String?

    /// A result with these parts.
    public init(
        _ verdict: SendVerdict, trouble: SendTrouble? = nil, platformMessage: String? = nil
    ) {
        self.verdict = verdict
        self.trouble = trouble
        self.platformMessage = platformMessage
    }
}

/// The Send API of the Messenger Platform ("Send API reference", "Error codes").
public enum SendAPI {
    /// After an answer that asks for patience without saying how much, in milliseconds.
    private static let pause: Int64 = 2_000
    /// When this person's thread cannot take a message right now, in milliseconds.
    private static let threadPause: Int64 = 60_000
    /// When the page has sent too much: limits count by the hour, calls come back within a minute or
    /// so; in milliseconds.
    private static let ratePause: Int64 = 30_000

    /// The body that sends a text in answer to a person. Its `metadata` names the job: the echo that
    /// carries it proves the send, also when the answer was lost.
    public static func request(
        recipient: String, text: String, desk: Int64, job: JobID
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: 192 + text.utf8.count)
        writer.beginObject()
        writer.beginObject("recipient")
        writer.member("id", recipient)
        writer.endObject()
        writer.member("messaging_type", "RESPONSE")
        writer.beginObject("message")
        writer.member("text", text)
        writer.member("metadata", MessageMark.make(desk: desk, job: job))
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    /// What an answer means. Whatever leaves a doubt is `unknown`: a success without a message id, a
    /// server error, "temporary" errors (codes 1 and 2), since the Send API has no key by which a
    /// repetition would be recognised.
    ///
    /// `retryAfter` is the value of the answer's header of that name, if it has one (RFC 9110
    /// §10.2.3; the platform promises none, proxies in front of it do): where a retry is allowed at
    /// all, it makes a pause longer, never shorter.
    public static func result(
        status: Int, body: [UInt8], retryAfter: String? = nil
    ) -> SendResult {
        var result = result(status: status, body: body)
        guard let asked = RetryAfter.milliseconds(retryAfter) else { return result }
        if case .retry(let pause) = result.verdict {
            result.verdict = .retry(afterMilliseconds: max(pause, asked))
        }
        if case .rateLimited(let pause) = result.trouble {
            result.trouble = .rateLimited(pauseMilliseconds: max(pause, asked))
        }
        return result
    }

    private static func result(status: Int, body: [UInt8]) -> SendResult {
        let answer = GraphAnswer(body)
        if let code = answer.code {
            return result(status: status, code: code, subcode: answer.subcode)
        }
        switch status {
        case 200..<300:
            guard let message = answer.messageID else { return SendResult(.unknown) }
            return SendResult(.sent, platformMessage: message)
        case 429:
            return SendResult(
                .retry(afterMilliseconds: ratePause),
                trouble: .rateLimited(pauseMilliseconds: ratePause))
        case 401, 403: return SendResult(.failed(.pageNotPermitted), trouble: .notPermitted)
        case 408: return SendResult(.unknown)
        case 413: return SendResult(.failed(.refused))
        // Refused before it reached the platform's own rules (a proxy, a wrong path): not taken.
        case 300..<500: return SendResult(.retry(afterMilliseconds: pause))
        default: return SendResult(.unknown)
        }
    }

    private static func result(status: Int, code: Int64, subcode: Int64?) -> SendResult {
        if let known = result(subcode: subcode ?? code) { return known }
        switch code {
        case 1, 2: return SendResult(.unknown)
        case 4, 17, 32, 613:
            return SendResult(
                .retry(afterMilliseconds: ratePause),
                trouble: .rateLimited(pauseMilliseconds: ratePause))
        case 10 where subcode == nil, 190, 200, 210, 230, 368:
            return SendResult(.failed(.pageNotPermitted), trouble: .notPermitted)
        case 100 where subcode == 33: return SendResult(.failed(.customerUnavailable))
        case 551: return SendResult(.failed(.customerUnavailable))
        default:
            // An error that is not in the table: refused for good, unless the server itself failed.
            return SendResult((400..<500).contains(status) ? .failed(.refused) : .unknown)
        }
    }

    /// The subcodes that decide whatever the code is. Some also come as a bare code.
    private static func result(subcode: Int64) -> SendResult? {
        switch subcode {
        case 2_018_278, 2_018_065, 2_534_022: SendResult(.failed(.outsideWindow))
        case 2_018_001, 1_545_041: SendResult(.failed(.customerUnavailable))
        case 2_018_300, 2_534_037: SendResult(.failed(.anotherAppInControl))
        case 2_018_108, 2_018_321: SendResult(.retry(afterMilliseconds: threadPause))
        case 2_534_040, 2_018_338:
            SendResult(
                .retry(afterMilliseconds: ratePause),
                trouble: .rateLimited(pauseMilliseconds: ratePause))
        case 1_893_063, 2_018_028:
            SendResult(.failed(.pageNotPermitted), trouble: .notPermitted)
        case 2_018_008, 2_018_047, 2_018_074, 2_018_109, 2_018_294: SendResult(.failed(.refused))
        default: nil
        }
    }
}

/// How long an answer asks to wait (RFC 9110 §10.2.3).
public enum RetryAfter {
    /// A longer wait is cut to this, in milliseconds: limits of the platform count by the hour, and
    /// whatever asks for more must not silence a page.
    static let longest: Int64 = 3_600_000

    /// The pause that the header's value asks for; `nil` for none and for anything but whole seconds
    /// (a date would need a clock that both sides agree on).
    public static func milliseconds(_ value: String?) -> Int64? {
        guard let value, !value.isEmpty,
            value.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        let seconds = JSONReader.integer([UInt8](value.utf8)[...]) ?? .max
        return min(seconds, longest / 1_000) * 1_000
    }
}

/// What an answer of the Graph API says, as far as it can be read.
struct GraphAnswer {
    var messageID: String?
    var code: Int64?
    var subcode: Int64?

    init(_ body: [UInt8]) {
        var reader = JSONReader(body)
        do throws(JSONError) {
            try read(&reader)
            try reader.end()
        } catch {
            // What cannot be read to its end says nothing for sure.
            messageID = nil
            code = nil
        }
    }

    private mutating func read(_ reader: inout JSONReader) throws(JSONError) {
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case "message_id": messageID = try reader.stringOrNull()
            case "error": try readError(&reader)
            default: try reader.skip()
            }
        }
    }

    private mutating func readError(_ reader: inout JSONReader) throws(JSONError) {
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case "code": code = try reader.integer()
            case "error_subcode": subcode = try reader.takeNull() ? nil : try reader.integer()
            default: try reader.skip()
            }
        }
    }
}
