import EventLoop
import Glibc

/// A WebSocket client that frames by hand, so that it can also do it wrong.
final class WebSocketPeer: Sendable {
    let raw: RawPeer

    static let upgrade = """
        GET /socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Protocol: desk.v1, ticket.abc\r\n\r\n
        """

    /// Connects and upgrades; what the server answered is returned beside.
    static func open(port: Int) -> (peer: WebSocketPeer, answer: String) {
        let peer = WebSocketPeer(port: port)
        peer.raw.write(upgrade)
        return (peer, peer.raw.read(until: "\r\n\r\n"))
    }

    init(port: Int) { raw = RawPeer(port: port) }

    /// A client frame, masked unless told otherwise (RFC 6455 §5.2).
    static func frame(
        _ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true, announces: Int? = nil,
        isMasked: Bool = true
    ) -> [UInt8] {
        let length = announces ?? payload.count
        let maskBit: UInt8 = isMasked ? 0x80 : 0
        var bytes: [UInt8] = [(isFinal ? 0x80 : 0) | opcode]
        if length < 126 {
            bytes.append(maskBit | UInt8(length))
        } else if length < 65_536 {
            bytes += [maskBit | 126, UInt8(length >> 8), UInt8(length & 255)]
        } else {
            bytes.append(maskBit | 127)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: length >> shift))
            }
        }
        guard isMasked else { return bytes + payload }
        let mask: [UInt8] = [0x12, 0x34, 0x56, 0x78]
        bytes += mask
        for (index, byte) in payload.enumerated() { bytes.append(byte ^ mask[index & 3]) }
        return bytes
    }

    func send(_ text: String) { raw.write(Self.frame(1, Array(text.utf8))) }

    /// Reads exactly so many bytes; nil if the stream ends before.
    private func exactly(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var offset = 0
        while offset < count {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe recv(
                    raw.descriptor, buffer.baseAddress.map { unsafe $0 + offset },
                    buffer.count - offset, 0)
            }
            if got <= 0 { return nil }
            offset += got
        }
        return bytes
    }

    /// The next frame; nil at the end.
    func frame() -> (opcode: UInt8, payload: [UInt8])? {
        guard let head = exactly(2) else { return nil }
        var length = Int(head[1] & 0x7F)
        if length == 126 {
            guard let more = exactly(2) else { return nil }
            length = more.reduce(0) { $0 << 8 | Int($1) }
        } else if length == 127 {
            guard let more = exactly(8) else { return nil }
            length = more.reduce(0) { $0 << 8 | Int($1) }
        }
        guard let payload = length == 0 ? [] : exactly(length) else { return nil }
        return (head[0] & 0x0F, payload)
    }

    /// Reads until the close frame and tells its code; 0 if the connection ended without one.
    func closeCode() -> Int {
        while let frame = frame() {
            if frame.opcode == 8 {
                return frame.payload.count >= 2
                    ? Int(frame.payload[0]) << 8 | Int(frame.payload[1]) : 1005
            }
        }
        return 0
    }

    func text() -> String? {
        while let frame = frame() {
            if frame.opcode == 1 { return String(decoding: frame.payload, as: UTF8.self) }
        }
        return nil
    }
}
