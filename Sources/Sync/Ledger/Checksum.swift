import Crypto

/// SHA-256 as hexadecimal digits.
enum Checksum {
    static func of(_ bytes: [UInt8]) -> String { SHA256.hash(data: bytes).hexadecimal }

    /// Of pieces, one behind the other.
    static func of(_ pieces: [[UInt8]]) -> String {
        var hash = SHA256()
        for piece in pieces { hash.update(data: piece) }
        return hash.finalize().hexadecimal
    }
}
