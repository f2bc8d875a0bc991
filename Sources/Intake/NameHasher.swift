import Core
private import Crypto
import SystemSupport

/// Hashes workspace and task names. A hash is the first 16 bytes of a name's HMAC-SHA256 under the local key, in
/// hexadecimal.
///
/// The hasher caches the hashes of recent names, because a stream has few different names. The cache is bounded and in
/// memory only.
struct NameHasher: Sendable {
    private let key: HashKey
    /// The key in the library's form. It is created for the first name, because most events of `nexus record` have no
    /// name.
    private lazy var symmetricKey = SymmetricKey(data: key.bytes)
    private var names = ByteKeyTable()
    private var hashes: [UInt8] = []

    init(key: HashKey) {
        self.key = key
    }

    /// Passes the hash of `name` to `use`.
    @inline(__always)
    mutating func hash(_ name: Span<UInt8>, _ use: (Span<UInt8>) -> Void) {
        let start = (names.index(ofKnown: name) ?? add(name)) * Limits.hashCharacters
        use(hashes.span.extracting(start..<start + Limits.hashCharacters))
    }

    private mutating func add(_ name: Span<UInt8>) -> Int {
        if names.count >= Limits.rememberedNames || names.byteCount >= Limits.rememberedTextBytes {
            names.removeAll()
            hashes.removeAll(keepingCapacity: true)
        }
        appendHash(of: name)
        return names.index(of: name).index
    }

    private mutating func appendHash(of name: Span<UInt8>) {
        var message: [UInt8] = []
        message.append(name)
        let code = HMAC<SHA256>.authenticationCode(for: message, using: symmetricKey)
        let digits = Array("0123456789abcdef".utf8)
        for byte in code.prefix(Limits.hashCharacters / 2) {
            hashes.append(digits[Int(byte >> 4)])
            hashes.append(digits[Int(byte & 15)])
        }
    }
}

extension HashKey {
    /// Returns the hash that events store for a workspace or task name, so that the user can ask for a report by name.
    package func hash(ofName name: String) -> String {
        var hasher = NameHasher(key: self)
        var text = ""
        let name = Array(name.utf8)
        hasher.hash(name.span) { hash in
            for index in 0..<hash.count { text.unicodeScalars.append(Unicode.Scalar(hash[index])) }
        }
        return text
    }
}
