package import Crypto

/// SHA-256 as hexadecimal digits.
package enum Checksum {
    /// The hash of bytes.
    package static func of(_ bytes: [UInt8]) -> String { SHA256.hash(data: bytes).hexadecimal }

    /// The hash of pieces, one after the other.
    package static func of(_ pieces: [[UInt8]]) -> String {
        var hash = SHA256()
        for piece in pieces { hash.update(data: piece) }
        return hash.finalize().hexadecimal
    }
}

extension Digest {
    /// As hexadecimal digits in lower case.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef")
        return String(flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
