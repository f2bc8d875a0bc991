private import Crypto
import EventModel
import Platform

/// Turns workspace and task names into what is kept of them: the first 16 bytes of their HMAC-SHA256 under the local
/// key, in hexadecimal.
///
/// It remembers the hashes of recent names, in memory and bounded: a stream names the same few over and over.
struct NameHasher: Sendable {
    private let key: SymmetricKey
    private var names = ByteKeyTable()
    private var hashes: [UInt8] = []

    init(key: HashKey) {
        self.key = SymmetricKey(data: key.bytes)
    }

    /// Where in `hashText` the hash of `name` stands, until the next call.
    mutating func hash(_ name: Span<UInt8>) -> Range<Int> {
        let (index, isNew) = names.index(of: name)
        if isNew {
            guard index < Limits.rememberedNames else {
                names.removeAll()
                hashes.removeAll(keepingCapacity: true)
                return hash(name)
            }
            appendHash(of: name)
        }
        return index * Limits.hashCharacters..<(index + 1) * Limits.hashCharacters
    }

    /// Every hash that is remembered, one behind the other.
    var hashText: [UInt8] { hashes }

    private mutating func appendHash(of name: Span<UInt8>) {
        var message: [UInt8] = []
        message.append(name)
        let code = HMAC<SHA256>.authenticationCode(for: message, using: key)
        let digits = Array("0123456789abcdef".utf8)
        for byte in code.prefix(Limits.hashCharacters / 2) {
            hashes.append(digits[Int(byte >> 4)])
            hashes.append(digits[Int(byte & 15)])
        }
    }
}

extension HashKey {
    /// What is kept of the name of a workspace or a task, so that a report can be asked for by name.
    package func hash(ofName name: String) -> String {
        var hasher = NameHasher(key: self)
        let place = hasher.hash(Array(name.utf8).span)
        return String(decoding: hasher.hashText[place], as: UTF8.self)
    }
}
