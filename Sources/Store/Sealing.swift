import Crypto

/// Where a sealed value lies: bound into it, so that it opens nowhere else.
struct SealedPlace {
    /// Table and column.
    let column: SealedColumn
    let desk: Int64
    /// The row's id within the desk.
    let row: Int64

    /// `table.column`, a zero byte, desk and row as 8 bytes each, most significant first.
    var bytes: [UInt8] {
        var bytes = Array(column.rawValue.utf8)
        bytes.reserveCapacity(bytes.count + 17)
        bytes.append(0)
        bytes.appendBigEndian(desk)
        bytes.appendBigEndian(row)
        return bytes
    }
}

/// Every column that holds sealed values.
enum SealedColumn: String {
    case deskKey = "desk_keys.sealed_key"
    case customerKey = "customers.sealed_key"
    case customerAddress = "customers.sealed_address"
    case messageBody = "messages.sealed_body"
    case messageChangeBody = "message_changes.sealed_body"
    case quarantineBody = "quarantine.sealed_body"
    case keptEventBody = "kept_events.sealed_body"
    case bankReference = "bank_links.sealed_reference"
    case signInSecrets = "sign_ins.sealed_secrets"
}

/// A key that seals rows: a customer's, or the desk's own.
///
/// AES-256-GCM with a random nonce of 96 bits for each value: a key seals far fewer values than the
/// 2^32 up to which NIST SP 800-38D (§8.3) allows random nonces.
struct ContentKey {
    /// The key itself, kept beside `key` to be wrapped.
    private let raw: [UInt8]
    private let key: SymmetricKey

    private init(raw: [UInt8]) {
        self.raw = raw
        key = SymmetricKey(data: raw)
    }

    /// A new random key.
    static func mint() -> ContentKey {
        ContentKey(raw: randomBytes(WrappingKeys.keyBytes))
    }

    /// Nonce, ciphertext, tag.
    func seal(_ bytes: [UInt8], at place: SealedPlace) throws(StoreError) -> [UInt8] {
        try sealBytes(bytes, key, place)
    }

    /// What was sealed at this place.
    func open(_ sealed: [UInt8], at place: SealedPlace) throws(StoreError) -> [UInt8] {
        try openBytes(sealed, key, place)
    }

    /// This key under the current wrapping key, and that key's name.
    func wrapped(
        _ keys: WrappingKeys, at place: SealedPlace
    ) throws(StoreError) -> (name: [UInt8], sealed: [UInt8]) {
        (keys.current.name, try sealBytes(raw, keys.current.key, place))
    }

    /// The key that was wrapped at this place.
    static func unwrap(
        name: [UInt8], sealed: [UInt8], _ keys: WrappingKeys, at place: SealedPlace
    ) throws(StoreError) -> ContentKey {
        guard let wrapping = keys.named(name) else { throw .unreadable }
        let raw = try openBytes(sealed, wrapping.key, place)
        guard raw.count == WrappingKeys.keyBytes else { throw .unreadable }
        return ContentKey(raw: raw)
    }

    /// The key of the desk's digests.
    var digester: Digester { Digester(key: key) }
}

private func sealBytes(
    _ bytes: [UInt8], _ key: SymmetricKey, _ place: SealedPlace
) throws(StoreError) -> [UInt8] {
    guard let box = try? AES.GCM.seal(bytes, using: key, authenticating: place.bytes),
        let combined = box.combined
    else { throw .unreadable }
    return [UInt8](combined)
}

private func openBytes(
    _ sealed: [UInt8], _ key: SymmetricKey, _ place: SealedPlace
) throws(StoreError) -> [UInt8] {
    guard let box = try? AES.GCM.SealedBox(combined: sealed),
        let bytes = try? AES.GCM.open(box, using: key, authenticating: place.bytes)
    else { throw .unreadable }
    return [UInt8](bytes)
}

/// Bytes of the system's random number generator, which on Linux is `getrandom(2)`.
func randomBytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
}
