import CLibuv

/// Watches a descriptor that somebody else owns (libpq's socket, a listening socket).
///
/// The caller keeps the descriptor and must `stop()` the watch before closing it: a number that the
/// operating system gives to another file meanwhile would be watched in its place.
@safe @LoopActor public final class DescriptorWatch {
    private var handle: UnsafeMutablePointer<uv_poll_t>?
    /// Nil once stopped: it may hold whoever holds the watch.
    private var onReady: (@LoopActor (_ readable: Bool, _ writable: Bool) -> Void)?
    private var wanted: Int32 = 0
    private weak var loop: Loop?

    /// Watches `descriptor` for nothing yet; say what by `want`. `onReady` is called on each turn in
    /// which something wanted is possible (level-triggered); an error or hang-up of the descriptor
    /// is told as both readable and writable, so that the next read or write meets it. If the
    /// descriptor cannot be watched at all (it is not open, or a plain file), that is how it is told too.
    public init(
        loop: Loop, descriptor: Int32,
        onReady: @escaping @LoopActor (_ readable: Bool, _ writable: Bool) -> Void
    ) {
        self.onReady = onReady
        guard !loop.isClosed else { return }
        let handle = UnsafeMutablePointer<uv_poll_t>.allocate(capacity: 1)
        unsafe handle.initialize(to: uv_poll_t())
        guard unsafe uv_poll_init(loop.uvLoop, handle, descriptor) == 0 else {
            unsafe handle.deallocate()
            loop.afterThisTurn { onReady(true, true) }
            return
        }
        unsafe self.handle = unsafe handle
        // The loop's table keeps the watch as long as the handle is open.
        unsafe handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        loop.watches[ObjectIdentifier(self)] = self
        self.loop = loop
    }

    /// Says what to watch for from now on; neither is a pause.
    public func want(readable: Bool, writable: Bool) {
        guard let handle = unsafe handle else { return }
        let events =
            (readable ? Int32(UV_READABLE.rawValue) : 0)
            | (writable ? Int32(UV_WRITABLE.rawValue) : 0)
        guard events != wanted else { return }
        wanted = events
        if events == 0 {
            unsafe uv_poll_stop(handle)
        } else {
            unsafe uv_poll_start(handle, events, descriptorReady)
        }
    }

    /// Ends the watch; `onReady` is not called again. Harmless when it already ended.
    public func stop() {
        guard let handle = unsafe handle else { return }
        unsafe self.handle = nil
        onReady = nil
        loop?.watches[ObjectIdentifier(self)] = nil
        unsafe uv_poll_stop(handle)
        unsafe uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) {
            unsafe UnsafeMutableRawPointer($0)?.deallocate()
        }
    }

    fileprivate func ready(status: Int32, events: Int32) {
        if status < 0 {
            // libuv stopped the watch by itself; `want` must be able to start it again.
            wanted = 0
            onReady?(true, true)
            return
        }
        onReady?(
            events & Int32(UV_READABLE.rawValue) != 0, events & Int32(UV_WRITABLE.rawValue) != 0)
    }
}

private func descriptorReady(
    _ handle: UnsafeMutablePointer<uv_poll_t>?, _ status: Int32, _ events: Int32
) {
    guard let owner = unsafe handle?.pointee.data else { return }
    let watch = unsafe Unmanaged<DescriptorWatch>.fromOpaque(owner).takeUnretainedValue()
    LoopActor.assume { watch.ready(status: status, events: events) }
}
