/// Frames of RFC 6455 as a client writes and reads them.
enum WebSocketFrames {
    static let text: UInt8 = 0x1
    static let close: UInt8 = 0x8
    static let ping: UInt8 = 0x9
    static let pong: UInt8 = 0xA

    /// A whole frame of a client: masked (RFC 6455 §5.3).
    static func masked(_ payload: some Collection<UInt8>, opcode: UInt8) -> [UInt8] {
        var frame: [UInt8] = [0x80 | opcode]
        let count = payload.count
        if count < 126 {
            frame.append(0x80 | UInt8(count))
        } else {
            frame.append(0x80 | 126)
            frame.append(UInt8(truncatingIfNeeded: count >> 8))
            frame.append(UInt8(truncatingIfNeeded: count))
        }
        let key = UInt32.random(in: .min ... .max)
        let mask = (0..<4).map { UInt8(truncatingIfNeeded: key >> ($0 * 8)) }
        frame.append(contentsOf: mask)
        for (index, byte) in payload.enumerated() { frame.append(byte ^ mask[index & 3]) }
        return frame
    }

    /// A frame of a server: its opcode and where its payload lies in what was read.
    struct Received {
        let opcode: UInt8
        let payload: Range<Int>
    }

    /// The frame that begins at `start`; nil while part of it is missing. The server under load
    /// writes whole messages as one frame and masks none (RFC 6455 §5.1).
    static func read(_ bytes: Span<UInt8>, at start: Int) -> Received? {
        guard start + 2 <= bytes.count else { return nil }
        var length = Int(bytes[start + 1] & 0x7F)
        var head = 2
        if length == 126 { head = 4 } else if length == 127 { head = 10 }
        guard start + head <= bytes.count else { return nil }
        if head > 2 {
            length = 0
            for index in (start + 2)..<(start + head) {
                length = (length & 0xFFFF_FFFF) << 8 | Int(bytes[index])
            }
        }
        let first = start + head
        guard first + length <= bytes.count else { return nil }
        return Received(opcode: bytes[start] & 0x0F, payload: first..<(first + length))
    }
}
