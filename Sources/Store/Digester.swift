public import Desk

import struct Crypto.HMAC
import struct Crypto.SHA256
import struct Crypto.SymmetricKey

/// Makes the digests by which the desk recognises what it must not know: HMAC-SHA256 under the
/// desk's own key, cut to 16 bytes. Once that key is erased no digest confirms anything.
public struct Digester: Sendable {
    /// Keyed once: each digest continues from a copy, which saves the key's own two blocks.
    private let keyed: HMAC<SHA256>

    init(key: SymmetricKey) { keyed = HMAC(key: key) }

    /// The digest of these parts. `domain` says what they are, so that equal bytes of different
    /// meaning have different digests; each part is preceded by its length in 8 bytes, so that no
    /// two lists of parts read alike.
    public func digest(_ domain: String, _ parts: [UInt8]...) -> Digest {
        var message: [UInt8] = []
        message.reserveCapacity(parts.reduce(8 + domain.utf8.count) { $0 + 8 + $1.count })
        message.appendBigEndian(Int64(domain.utf8.count))
        message.append(contentsOf: domain.utf8)
        for part in parts {
            message.appendBigEndian(Int64(part.count))
            message.append(contentsOf: part)
        }
        var code = keyed
        code.update(data: message)
        return Digest(bytes: Array(code.finalize().prefix(16)))
    }
}

extension Digest {
    /// The digest of these 16 bytes.
    init(bytes: [UInt8]) {
        precondition(bytes.count == 16, "a digest is 16 bytes")
        var halves: (UInt64, UInt64) = (0, 0)
        for index in 0..<8 {
            halves.0 = halves.0 << 8 | UInt64(bytes[index])
            halves.1 = halves.1 << 8 | UInt64(bytes[index + 8])
        }
        self.init(high: halves.0, low: halves.1)
    }

    /// Its 16 bytes.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        bytes.appendBigEndian(Int64(bitPattern: high))
        bytes.appendBigEndian(Int64(bitPattern: low))
        return bytes
    }
}

extension [UInt8] {
    /// Appends a number, most significant byte first.
    mutating func appendBigEndian<Number: FixedWidthInteger>(_ number: Number) {
        var shift = Number.bitWidth
        while shift > 0 {
            shift -= 8
            append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}
