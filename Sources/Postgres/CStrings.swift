/// A list of C strings ended by a null pointer, as libpq takes its settings.
struct CStrings {
    private let bytes: [CChar]
    private let offsets: [Int]

    init(_ strings: [String]) {
        var bytes: [CChar] = []
        var offsets: [Int] = []
        for string in strings {
            offsets.append(bytes.count)
            bytes.append(contentsOf: string.utf8CString)
        }
        self.bytes = bytes
        self.offsets = offsets
    }

    /// Lends the list; it is valid during the call alone.
    func withPointers<Answer>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Answer?
    ) -> Answer? {
        unsafe bytes.withUnsafeBufferPointer { bytes -> Answer? in
            guard let base = bytes.baseAddress else { return nil }
            let pointers: [UnsafePointer<CChar>?] =
                unsafe offsets.map { unsafe base + $0 } + [nil]
            return unsafe pointers.withUnsafeBufferPointer { pointers -> Answer? in
                guard let first = pointers.baseAddress else { return nil }
                return unsafe body(first)
            }
        }
    }
}
