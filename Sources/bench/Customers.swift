import Crypto

/// The customers' messages: signed webhook bodies made by writing a few digits over a template.
struct Customers {
    /// Marks sequence and time in a text, as in `~0000000042~0001758000000000000~`.
    static let mark = UInt8(ascii: "~")
    static let sequenceDigits = 10
    static let timeDigits = 19

    /// How many write, in turns.
    let count: Int
    private let key: SymmetricKey
    private var body: [UInt8]
    private var head: [UInt8]
    private let placeOfPerson: Int
    private let placeOfTime: Int
    private let placeOfMessage: Int
    private let placeOfText: Int
    private let placeOfSignature: Int

    private static let personDigits = 16
    private static let hexadecimal = Array("0123456789abcdef".utf8)

    /// - Parameter run: tells the messages of this run from those of earlier ones in the same tables.
    init(count: Int, page: String, desk: Int, secret: [UInt8], textBytes: Int, run: Int64) {
        self.count = count
        key = SymmetricKey(data: secret)
        let zeros = { (digits: Int) in String(repeating: "0", count: digits) }
        let marks = "~\(zeros(Self.sequenceDigits))~\(zeros(Self.timeDigits))~"
        let filler = String(repeating: "Buenos días, ¿me ayuda? ", count: textBytes / 20 + 1)
        let text =
            marks
            + String(
                decoding: Array(filler.utf8.prefix(max(0, textBytes - marks.utf8.count))),
                as: UTF8.self)
        var parts = Template()
        parts.add(#"{"object":"page","entry":[{"id":"\#(page)","time":"#)
        placeOfTime = parts.add(zeros(13))
        parts.add(#","messaging":[{"sender":{"id":""#)
        placeOfPerson = parts.add(zeros(Self.personDigits))
        parts.add(
            #""},"recipient":{"id":"\#(page)"},"timestamp":1760000000000,"message":{"mid":"m_bench\#(run)-"#
        )
        placeOfMessage = parts.add(zeros(Self.sequenceDigits))
        parts.add(#"","text":""#)
        placeOfText = parts.add(text)
        parts.add(#""}}]}]}"#)
        body = parts.bytes

        var lines = Template()
        lines.add("POST /desks/\(desk)/webhooks/meta HTTP/1.1\r\nHost: localhost\r\n")
        lines.add("Content-Type: application/json\r\nUser-Agent: facebookexternalua\r\n")
        lines.add("X-Hub-Signature-256: sha256=")
        placeOfSignature = lines.add(zeros(64))
        lines.add("\r\nContent-Length: \(body.count)\r\n\r\n")
        head = lines.bytes
    }

    /// Bytes of one webhook's body.
    var bodyBytes: Int { body.count }

    /// The whole request with message `sequence`, written by its customer now (microseconds of any
    /// clock for the text, milliseconds since 1970 for the envelope).
    mutating func request(_ sequence: Int, microseconds: Int64, milliseconds: Int64) -> [UInt8] {
        let person = 7_000_000_000_000_000 + sequence % count
        Digits.write(person, over: &body, at: placeOfPerson, count: Self.personDigits)
        Digits.write(Int(milliseconds), over: &body, at: placeOfTime, count: 13)
        Digits.write(sequence, over: &body, at: placeOfMessage, count: Self.sequenceDigits)
        Digits.write(sequence, over: &body, at: placeOfText + 1, count: Self.sequenceDigits)
        Digits.write(
            Int(microseconds), over: &body, at: placeOfText + 2 + Self.sequenceDigits,
            count: Self.timeDigits)
        var place = placeOfSignature
        for byte in HMAC<SHA256>.authenticationCode(for: body, using: key) {
            head[place] = Self.hexadecimal[Int(byte >> 4)]
            head[place + 1] = Self.hexadecimal[Int(byte & 0xF)]
            place += 2
        }
        return head + body
    }

    /// Sequence and microseconds of the text in a push; nil if it is not one of ours.
    static func read(
        _ bytes: Span<UInt8>, _ payload: Range<Int>
    ) -> (sequence: Int, microseconds: Int64)? {
        var index = payload.lowerBound
        while index < payload.upperBound, bytes[index] != mark { index += 1 }
        let second = index + 1 + sequenceDigits
        let third = second + 1 + timeDigits
        guard third < payload.upperBound, bytes[second] == mark, bytes[third] == mark else {
            return nil
        }
        return (
            Digits.read(bytes, from: index + 1), Int64(Digits.read(bytes, from: second + 1))
        )
    }
}

/// Bytes put together from parts, remembering where each begins.
private struct Template {
    var bytes: [UInt8] = []

    @discardableResult
    mutating func add(_ text: String) -> Int {
        defer { bytes.append(contentsOf: text.utf8) }
        return bytes.count
    }
}
