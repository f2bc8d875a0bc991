import Crypto
import Foundation

/// SHA-256 as text.
enum Digest {
    /// Of some bytes, in hexadecimal digits.
    static func sha256(_ bytes: [UInt8]) -> String { hexadecimal(SHA256.hash(data: bytes)) }

    /// Of pieces, one behind the other.
    static func sha256(_ pieces: [Data]) -> String {
        var hash = SHA256()
        for piece in pieces { hash.update(data: piece) }
        return hexadecimal(hash.finalize())
    }

    static func hexadecimal(_ digest: SHA256.Digest) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
