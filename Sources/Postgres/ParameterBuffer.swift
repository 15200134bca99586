/// The encoded values of the commands about to be sent, one after the other in one block of memory
/// that is used again for the next: no allocation per value and none per element of an array.
///
/// The formats are those of PostgreSQL's `*_send`/`*_recv` functions: integers most significant byte
/// first, arrays as `array_recv` in `arrayfuncs.c` reads them.
@safe final class ParameterBuffer {
    /// Where one value lies; `length` is -1 for NULL.
    struct Slot {
        let offset: Int
        let length: Int32
    }

    @safe private var memory: UnsafeMutableRawPointer
    private var capacity: Int
    /// Bytes in use.
    private(set) var count = 0
    /// The values of all commands since `reset()`, in order.
    private(set) var slots: [Slot] = []
    /// True as soon as something did not fit into `PostgresLimits.commandBytes`.
    private(set) var isTooLarge = false

    private static let initialCapacity = 64 * 1_024

    init() {
        capacity = Self.initialCapacity
        memory = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
    }

    deinit {
        unsafe memory.deallocate()
    }

    /// Forgets all values, and gives back what an unusually large command needed.
    func reset() {
        count = 0
        isTooLarge = false
        slots.removeAll(keepingCapacity: true)
        guard capacity > PostgresLimits.keptScratchBytes else { return }
        unsafe memory.deallocate()
        capacity = Self.initialCapacity
        memory = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
    }

    /// Gives the address of a slot's bytes, valid until the next `append` or `reset`; nil for NULL.
    func address(of slot: Slot) -> UnsafePointer<CChar>? {
        guard slot.length >= 0 else { return nil }
        return unsafe UnsafePointer(
            memory.advanced(by: slot.offset).assumingMemoryBound(to: CChar.self))
    }

    /// Encodes the values of one command.
    func append(_ values: [PostgresValue]) {
        for value in values {
            let start = count
            let isNull = !encode(value)
            if isTooLarge { return }
            slots.append(Slot(offset: start, length: isNull ? -1 : Int32(count - start)))
        }
    }

    /// Writes one value; false for NULL.
    private func encode(_ value: PostgresValue) -> Bool {
        switch value {
        case .null: return false
        case .bool(let value): writeOne(value ? 1 : 0 as UInt8)
        case .int4(let value): writeOne(value)
        case .int8(let value): writeOne(value)
        case .double(let value): writeOne(value.bitPattern)
        case .text(let value), .json(let value): writeOne(value)
        case .jsonb(let value): writeJSONB(value)
        case .bytea(let value): writeOne(value)
        case .timestamp(let value): writeOne(Timestamp.microseconds(fromMilliseconds: value))
        case .uuid(let value): writeOne(value)
        case .boolArray, .boolOptionalArray, .int4Array, .int4OptionalArray, .int8Array,
            .int8OptionalArray, .textArray, .textOptionalArray, .byteaArray, .byteaOptionalArray,
            .timestampArray, .timestampOptionalArray, .uuidArray, .uuidOptionalArray:
            encodeArray(value)
        }
        return true
    }

    private func encodeArray(_ value: PostgresValue) {
        switch value {
        case .boolArray(let all): write(all, TypeNumber.bool) { $0 ? 1 : 0 as UInt8 }
        case .boolOptionalArray(let all): write(all, TypeNumber.bool) { $0 ? 1 : 0 as UInt8 }
        case .int4Array(let all): write(all, TypeNumber.int4) { $0 }
        case .int4OptionalArray(let all): write(all, TypeNumber.int4) { $0 }
        case .int8Array(let all): write(all, TypeNumber.int8) { $0 }
        case .int8OptionalArray(let all): write(all, TypeNumber.int8) { $0 }
        case .textArray(let all): write(all, TypeNumber.text) { $0 }
        case .textOptionalArray(let all): write(all, TypeNumber.text) { $0 }
        case .byteaArray(let all): write(all, TypeNumber.bytea) { $0 }
        case .byteaOptionalArray(let all): write(all, TypeNumber.bytea) { $0 }
        case .timestampArray(let all):
            write(all, TypeNumber.timestamptz) { Timestamp.microseconds(fromMilliseconds: $0) }
        case .timestampOptionalArray(let all):
            write(all, TypeNumber.timestamptz) { Timestamp.microseconds(fromMilliseconds: $0) }
        case .uuidArray(let all): write(all, TypeNumber.uuid) { $0 }
        case .uuidOptionalArray(let all): write(all, TypeNumber.uuid) { $0 }
        case .null, .bool, .int4, .int8, .double, .text, .json, .jsonb, .bytea, .timestamp, .uuid:
            preconditionFailure("not an array")
        }
    }

    private func writeJSONB(_ text: String) {
        guard reserve(1 + text.utf8.count) else { return }
        // The version of the format, the only one there is (PostgreSQL sources, `jsonb_recv`).
        put(1 as UInt8)
        text.put(into: self)
    }

    private func writeOne(_ value: some BinaryEncodable) {
        guard reserve(value.encodedSize) else { return }
        value.put(into: self)
    }

    @inline(__always)
    private func write<Element, Encoded: BinaryEncodable>(
        _ elements: [Element], _ type: UInt32, _ encode: (Element) -> Encoded
    ) {
        var size = elements.count * 4
        for element in elements { size += encode(element).encodedSize }
        guard writeHeader(count: elements.count, size: size, hasNulls: false, type: type) else {
            return
        }
        for element in elements {
            let encoded = encode(element)
            put(UInt32(truncatingIfNeeded: encoded.encodedSize))
            encoded.put(into: self)
        }
    }

    @inline(__always)
    private func write<Element, Encoded: BinaryEncodable>(
        _ elements: [Element?], _ type: UInt32, _ encode: (Element) -> Encoded
    ) {
        var size = elements.count * 4
        var hasNulls = false
        for element in elements {
            if let element { size += encode(element).encodedSize } else { hasNulls = true }
        }
        guard writeHeader(count: elements.count, size: size, hasNulls: hasNulls, type: type) else {
            return
        }
        for element in elements {
            guard let element else {
                put(UInt32.max)
                continue
            }
            let encoded = encode(element)
            put(UInt32(truncatingIfNeeded: encoded.encodedSize))
            encoded.put(into: self)
        }
    }

    /// Dimensions, a flag for NULLs, the element type; then for one dimension its length and the
    /// number of its first element. An empty array has no dimension.
    private func writeHeader(count: Int, size: Int, hasNulls: Bool, type: UInt32) -> Bool {
        guard reserve(20 + size) else { return false }
        put(count == 0 ? 0 : 1 as UInt32)
        put(hasNulls ? 1 : 0 as UInt32)
        put(type)
        if count > 0 {
            put(UInt32(truncatingIfNeeded: count))
            put(1 as UInt32)
        }
        return true
    }

    /// Makes room; false, and never true again before `reset`, when the limit is passed.
    private func reserve(_ bytes: Int) -> Bool {
        guard !isTooLarge, count + bytes <= PostgresLimits.commandBytes else {
            isTooLarge = true
            return false
        }
        guard count + bytes > capacity else { return true }
        capacity = max(count + bytes, min(capacity * 2, PostgresLimits.commandBytes))
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
        unsafe larger.copyMemory(from: memory, byteCount: count)
        unsafe memory.deallocate()
        memory = unsafe larger
        return true
    }

    /// Writes an integer where `reserve` made room.
    @inline(__always)
    fileprivate func put<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number) {
        unsafe memory.storeBytes(of: number.bigEndian, toByteOffset: count, as: Number.self)
        count += MemoryLayout<Number>.size
    }

    /// Copies bytes where `reserve` made room.
    @inline(__always)
    fileprivate func put(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        unsafe memory.advanced(by: count).copyMemory(from: base, byteCount: bytes.count)
        count += bytes.count
    }
}

/// What has a binary form of a size known beforehand.
private protocol BinaryEncodable {
    var encodedSize: Int { get }
    func put(into buffer: ParameterBuffer)
}

extension BinaryEncodable where Self: FixedWidthInteger & BitwiseCopyable {
    @inline(__always) var encodedSize: Int { MemoryLayout<Self>.size }
    @inline(__always) func put(into buffer: ParameterBuffer) { buffer.put(self) }
}

extension UInt8: BinaryEncodable {}
extension Int32: BinaryEncodable {}
extension Int64: BinaryEncodable {}
extension UInt64: BinaryEncodable {}

extension String: BinaryEncodable {
    @inline(__always) fileprivate var encodedSize: Int { utf8.count }
    @inline(__always) fileprivate func put(into buffer: ParameterBuffer) {
        var text = self
        text.withUTF8 { unsafe buffer.put(UnsafeRawBufferPointer($0)) }
    }
}

extension [UInt8]: BinaryEncodable {
    @inline(__always) fileprivate var encodedSize: Int { count }
    @inline(__always) fileprivate func put(into buffer: ParameterBuffer) {
        unsafe withUnsafeBytes { unsafe buffer.put($0) }
    }
}

extension PostgresUUID: BinaryEncodable {
    @inline(__always) fileprivate var encodedSize: Int { 16 }
    @inline(__always) fileprivate func put(into buffer: ParameterBuffer) {
        buffer.put(high)
        buffer.put(low)
    }
}
