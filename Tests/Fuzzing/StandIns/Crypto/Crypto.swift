/// Stands in for swift-crypto: the same calls over a hash that spreads its input and is no more than that.
package struct SHA256 {
    private var lanes: [UInt64] = [1, 2, 3, 4]

    package init() {}

    package mutating func update(data: some Sequence<UInt8>) {
        for byte in data {
            for index in lanes.indices {
                lanes[index] = (lanes[index] ^ UInt64(byte)) &* (0x0000_0100_0000_01B3 + UInt64(index) << 40)
            }
        }
    }

    package func finalize() -> Digest {
        Digest(bytes: lanes.flatMap { lane in (0..<8).map { UInt8(truncatingIfNeeded: lane >> (8 * $0)) } })
    }
}

/// The 32 bytes of a hash.
package struct Digest: Sequence {
    let bytes: [UInt8]

    package func makeIterator() -> IndexingIterator<[UInt8]> { bytes.makeIterator() }

    /// As hexadecimal digits in lower case.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}

package struct SymmetricKey: Sendable {
    let bytes: [UInt8]

    package init(data: [UInt8]) { bytes = data }
}

package enum HMAC<Hash> {
    package static func authenticationCode(for message: [UInt8], using key: SymmetricKey) -> Digest {
        var hash = SHA256()
        hash.update(data: key.bytes)
        hash.update(data: message)
        return hash.finalize()
    }
}
