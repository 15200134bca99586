import CEventLoop

/// A text message to send: encoded once, shared by every socket it goes to.
public struct OutgoingFrame: Sendable {
    let storage: Storage

    /// The UTF-8 bytes of one message.
    public init(_ text: [UInt8]) {
        storage = Storage(text)
    }

    /// Payload bytes.
    public var count: Int { storage.count }

    /// The bytes with free room before them, into which libwebsockets writes each frame's header.
    /// The header of a server's frame depends on its length alone, so writing it again for the next
    /// socket changes nothing.
    @safe final class Storage: @unchecked Sendable {
        private let base: UnsafeMutableRawPointer
        let count: Int

        init(_ text: [UInt8]) {
            count = text.count
            unsafe base = .allocate(
                byteCount: Int(EVENT_LOOP_WRITE_HEADROOM) + max(1, text.count), alignment: 16)
            unsafe text.withUnsafeBytes { bytes in
                guard let first = bytes.baseAddress else { return }
                unsafe (base + Int(EVENT_LOOP_WRITE_HEADROOM)).copyMemory(
                    from: first, byteCount: bytes.count)
            }
        }

        /// The first payload byte. To be written through on the loop's thread alone.
        var payload: UnsafeMutablePointer<UInt8> {
            unsafe (base + Int(EVENT_LOOP_WRITE_HEADROOM)).assumingMemoryBound(to: UInt8.self)
        }

        deinit { unsafe base.deallocate() }
    }
}
