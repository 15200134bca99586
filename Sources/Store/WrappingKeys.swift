import Crypto
import FoundationEssentials

/// The keys that the operator keeps outside the database, and under which the keys in the database
/// are encrypted ("wrapped"). New keys are wrapped with the current one; the old ones still open
/// what was wrapped with them, until ``Store/rewrapKeys(limit:)`` has gone over it.
public struct WrappingKeys: Sendable {
    /// One of them.
    struct Key: Sendable {
        /// What the database calls it: the first 8 bytes of SHA-256 over a label and the key.
        let name: [UInt8]
        let key: SymmetricKey

        init(_ bytes: [UInt8]) {
            var hash = SHA256()
            hash.update(data: Array("ventanilla wrapping key".utf8))
            hash.update(data: bytes)
            name = Array(hash.finalize().prefix(8))
            key = SymmetricKey(data: bytes)
        }
    }

    /// Bytes of a key for AES-256.
    static let keyBytes = 32

    let current: Key
    private let old: [Key]

    /// Takes keys as they are, for example in a test; 32 bytes each.
    public init(current: [UInt8], old: [[UInt8]] = []) throws(StoreError) {
        guard ([current] + old).allSatisfy({ $0.count == Self.keyBytes }) else {
            throw .invalid(field: "wrappingKeys")
        }
        self.current = Key(current)
        self.old = old.map { Key($0) }
    }

    /// Reads keys from files, for example systemd credentials (`$CREDENTIALS_DIRECTORY/…`): each
    /// holds exactly 32 bytes, or their base64 with or without a line end. Others than owner and
    /// group may not access it, nor the group write it; the group may read, because service managers
    /// hand secrets over so (systemd.exec(5): an access list, which the mode shows as the group's).
    public init(currentFile: String, oldFiles: [String] = []) throws(StoreError) {
        var old: [[UInt8]] = []
        for path in oldFiles { old.append(try Self.read(path)) }
        try self.init(current: Self.read(currentFile), old: old)
    }

    /// The key that the database knows by this name.
    func named(_ name: [UInt8]) -> Key? {
        current.name == name ? current : old.first { $0.name == name }
    }

    private static func read(_ path: String) throws(StoreError) -> [UInt8] {
        let files = FileManager.default
        guard let attributes = try? files.attributesOfItem(atPath: path),
            let contents = files.contents(atPath: path)
        else { throw .file(path: path, reason: .unreadable) }
        // A plain integer, or a boxed one where the whole of Foundation is in the process: both print
        // as decimal digits.
        guard let permissions = attributes[.posixPermissions].flatMap({ Int("\($0)") }),
            permissions & 0o027 == 0
        else { throw .file(path: path, reason: .openToOthers) }
        if contents.count == keyBytes { return [UInt8](contents) }
        let text = contents.filter { byte in ![0x20, 0x0A, 0x0D, 0x09].contains(byte) }
        guard let decoded = Data(base64Encoded: Data(text)), decoded.count == keyBytes else {
            throw .file(path: path, reason: .notThirtyTwoBytes)
        }
        return [UInt8](decoded)
    }
}
