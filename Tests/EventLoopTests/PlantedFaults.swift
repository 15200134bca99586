import Glibc
import Testing

/// Faults that a sanitizer must report. Each runs only when the environment names it, which
/// `ops/test net-thread` and `net-address` do before anything else: a stage that would not see a fault
/// proves nothing by finding none.
@Suite struct PlantedFaults {
    private static func isPlanted(_ fault: String) -> Bool {
        guard let named = unsafe getenv("VENTANILLA_PLANTED_FAULT") else { return false }
        return unsafe String(cString: named) == fault
    }

    private final class Number: @unchecked Sendable {
        var value = 0
    }

    @Test(.enabled(if: isPlanted("data-race"))) func twoThreadsWriteOneNumber() async {
        let number = Number()
        // Long enough that the second thread starts before the first has ended.
        async let one: Void = blocking { for _ in 0..<1_000_000 { number.value += 1 } }
        async let two: Void = blocking { for _ in 0..<1_000_000 { number.value += 1 } }
        _ = await (one, two)
        #expect(number.value > 0)
    }

    @Test(.enabled(if: isPlanted("use-after-free"))) func memoryIsReadAfterItWasFreed() {
        let memory = UnsafeMutablePointer<Int>.allocate(capacity: 4)
        unsafe memory.initialize(repeating: 1, count: 4)
        unsafe memory.deallocate()
        unsafe #expect(memory[2] < Int.max)
    }

    @Test(.enabled(if: isPlanted("leak"))) func memoryIsForgotten() {
        for size in 1...100 { forget(size) }
    }

    @inline(never) private func forget(_ size: Int) {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size * 64, alignment: 1)
        unsafe memory.storeBytes(of: 1, as: UInt8.self)
    }
}
