/// Follows the frames of one peer just far enough to see whether each of them is masked.
///
/// RFC 6455 §5.1: "The server MUST close the connection upon receiving a frame that is not masked."
/// libwebsockets 4.1.6 takes such frames like any other and tells nobody; see `Decisions/0002`.
struct FrameMasks {
    /// What the next byte is (RFC 6455 §5.2).
    private enum Part: UInt8 { case opcode, length, extendedLength, mask, payload, nothing }

    private var part = Part.opcode
    /// Bytes to come of the extended length, or of the mask.
    private var rest: UInt8 = 0
    /// Payload bytes to come of this frame.
    private var payload: UInt64 = 0
    /// Payload bytes seen, of all frames.
    private(set) var payloadBytes: UInt64 = 0

    /// True once a frame without a mask came. What is behind its first byte belongs to nobody.
    var isBroken: Bool { part == .nothing }

    /// Takes the stream's next bytes, however it is cut, and gives the number of those that stand
    /// before the first missing mask: all of them, if none is missing.
    mutating func admit(_ bytes: UnsafeRawBufferPointer) -> Int {
        var index = 0
        while index < bytes.count {
            switch part {
            case .payload:
                let step = min(payload, UInt64(bytes.count - index))
                payload -= step
                payloadBytes &+= step
                index += Int(step)
                if payload == 0 { part = .opcode }
            case .nothing:
                return index
            case .opcode, .length, .extendedLength, .mask:
                header(unsafe bytes[index])
                if isBroken { return index }
                index += 1
            }
        }
        return index
    }

    private mutating func header(_ byte: UInt8) {
        switch part {
        case .opcode:
            part = .length
        case .length:
            length(byte)
        case .extendedLength:
            payload = payload << 8 | UInt64(byte)
            rest -= 1
            if rest == 0 { begin(.mask, of: 4) }
        case .mask:
            rest -= 1
            if rest == 0 { part = payload == 0 ? .opcode : .payload }
        case .payload, .nothing:
            break
        }
    }

    private mutating func length(_ byte: UInt8) {
        guard byte & 0x80 != 0 else {
            part = .nothing
            return
        }
        payload = 0
        switch byte & 0x7F {
        case 126:
            begin(.extendedLength, of: 2)
        case 127:
            begin(.extendedLength, of: 8)
        case let short:
            payload = UInt64(short)
            begin(.mask, of: 4)
        }
    }

    private mutating func begin(_ part: Part, of bytes: UInt8) {
        self.part = part
        rest = bytes
    }
}
