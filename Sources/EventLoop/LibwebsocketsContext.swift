import CEventLoop
import CLibuv
import CLibwebsockets

/// The loop's one libwebsockets context. Servers hang their virtual hosts into it.
@safe @LoopActor final class LibwebsocketsContext {
    private(set) var pointer: OpaquePointer?
    /// The library writes nil here when it has freed the context.
    private let slot: UnsafeMutablePointer<OpaquePointer?>
    private let foreignLoops: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    /// What virtual hosts were made with: the library reads it as long as the context lives, which is
    /// longer than the server.
    private var kept: [UnsafeMutableRawPointer] = unsafe []

    init?(loop: Loop) {
        unsafe slot = .allocate(capacity: 1)
        unsafe slot.initialize(to: nil)
        unsafe foreignLoops = .allocate(capacity: 1)
        unsafe foreignLoops.initialize(to: UnsafeMutableRawPointer(loop.uvLoop))

        lws_set_log_level(0, nil)
        var info = unsafe lws_context_creation_info()
        unsafe info.options =
            UInt64(LWS_SERVER_OPTION_EXPLICIT_VHOSTS)
            | UInt64(LWS_SERVER_OPTION_VALIDATE_UTF8)
            | UInt64(LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT)
        unsafe eventLoopUseLibuv(&info)
        unsafe info.port = CONTEXT_PORT_NO_LISTEN
        unsafe info.count_threads = 1
        unsafe info.foreign_loops = unsafe foreignLoops
        unsafe info.pcontext = unsafe slot
        // The library reads no head but the handshakes that we write, of a few hundred bytes.
        unsafe info.max_http_header_data2 = 1_024
        guard let context = unsafe lws_create_context(&info) else {
            unsafe slot.deallocate()
            unsafe foreignLoops.deallocate()
            return nil
        }
        unsafe pointer = unsafe context
    }

    /// Closes what is open and frees the context; the library needs the loop turned meanwhile.
    func destroy(turning turn: () -> Void) {
        guard let context = unsafe pointer else { return }
        unsafe pointer = nil
        unsafe slot.pointee = unsafe context
        unsafe lws_context_destroy(context)
        // Handles close over a few turns; the second call frees what the first one detached.
        for _ in 0..<Self.turnsToClose where unsafe slot.pointee != nil { turn() }
        if let rest = unsafe slot.pointee { unsafe lws_context_destroy(rest) }
        for _ in 0..<Self.turnsToClose { turn() }
        unsafe kept.forEach { unsafe $0.deallocate() }
        unsafe kept = []
    }

    /// Memory that is freed behind the context, with `count` values in it.
    func keep<Value: BitwiseCopyable>(
        _ value: Value, count: Int
    ) -> UnsafeMutablePointer<Value> {
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: MemoryLayout<Value>.stride * count, alignment: MemoryLayout<Value>.alignment)
        unsafe kept.append(memory)
        return unsafe memory.initializeMemory(as: Value.self, repeating: value, count: count)
    }

    /// A copy of `text` as C reads it, freed behind the context.
    func keep(_ text: String) -> UnsafeMutablePointer<CChar> {
        let characters = text.utf8CString
        let copy = unsafe keep(CChar(0), count: characters.count)
        for (index, character) in characters.enumerated() { unsafe copy[index] = character }
        return unsafe copy
    }

    /// libuv closes a handle one turn after it is asked to, and sockets close before the context's
    /// own handles do; a few more cost nothing.
    private static let turnsToClose = 8
}
