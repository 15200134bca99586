/// Writes a `JSONValue` as bytes.
struct JSONWriter {
    enum Style {
        /// What Meta puts on the wire: every character beyond ASCII escaped with lowercase hex
        /// digits (Webhooks page: "an escaped unicode version of the payload"), the slash as `\/`,
        /// and `<`, `@`, `%` escaped as seen in captured requests.
        case meta
        /// UTF-8, for logs, the control API and OpenID.
        case plain
    }

    private var bytes: [UInt8] = []
    private let style: Style

    static func bytes(_ value: JSONValue, _ style: Style) -> [UInt8] {
        var writer = JSONWriter(style: style)
        writer.write(value)
        return writer.bytes
    }

    private init(style: Style) {
        self.style = style
    }

    private mutating func write(_ value: JSONValue) {
        switch value {
        case .null: bytes += "null".utf8
        case .boolean(let truth): bytes += (truth ? "true" : "false").utf8
        case .integer(let number): bytes += String(number).utf8
        case .number(let number): bytes += (number.isFinite ? "\(number)" : "null").utf8
        case .string(let text): write(text)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                write(element)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                write(member.name)
                bytes.append(UInt8(ascii: ":"))
                write(member.value)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        switch style {
        case .meta: for unit in text.utf16 { writeEscaped(unit) }
        case .plain: for byte in text.utf8 { writePlain(byte) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func writePlain(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
        case 0..<0x20, 0x7f: writeHex(UInt16(byte), digits: "0123456789abcdef")
        case 0x20...0xff: bytes.append(byte)
        default: preconditionFailure("the cases above cover every byte")
        }
    }

    private mutating func writeEscaped(_ unit: UInt16) {
        switch unit {
        case 0x22, 0x5c, 0x2f: bytes += [UInt8(ascii: "\\"), UInt8(unit)]
        case 0x0a: bytes += "\\n".utf8
        case 0x0d: bytes += "\\r".utf8
        case 0x09: bytes += "\\t".utf8
        case 0x3c, 0x40, 0x25: writeHex(unit, digits: "0123456789ABCDEF")
        case 0x20..<0x7f: bytes.append(UInt8(unit))
        default: writeHex(unit, digits: "0123456789abcdef")
        }
    }

    private mutating func writeHex(_ unit: UInt16, digits: String) {
        let digits = Array(digits.utf8)
        bytes += "\\u".utf8
        for shift in [12, 8, 4, 0] { bytes.append(digits[Int(unit >> UInt16(shift)) & 15]) }
    }
}
