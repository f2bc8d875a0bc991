import Platform

/// The checksum over the content of an LZ4 frame, XXH32 with the seed 0
/// (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md). liblz4 computes it only where it compresses a frame
/// on one thread.
struct XXH32 {
    private static let prime1: UInt32 = 2_654_435_761
    private static let prime2: UInt32 = 2_246_822_519
    private static let prime3: UInt32 = 3_266_489_917
    private static let prime4: UInt32 = 668_265_263
    private static let prime5: UInt32 = 374_761_393

    private var lanes: [4 of UInt32] = [prime1 &+ prime2, prime2, 0, 0 &- prime1]
    /// Bytes that do not fill a stripe yet: fewer than 16.
    private var rest: [UInt8] = []
    private var length = 0

    /// Adds bytes.
    mutating func update(_ bytes: Span<UInt8>) {
        length += bytes.count
        var start = 0
        if !rest.isEmpty {
            start = min(16 - rest.count, bytes.count)
            rest.append(bytes.extracting(0..<start))
            guard rest.count == 16 else { return }
            let stripe = rest
            _ = consume(stripe.span)
            rest.removeAll(keepingCapacity: true)
        }
        let behind = bytes.extracting(start..<bytes.count)
        rest.append(behind.extracting(consume(behind)..<behind.count))
    }

    /// Takes every whole stripe of 16 bytes; returns how many bytes that were.
    private mutating func consume(_ bytes: Span<UInt8>) -> Int {
        var (first, second, third, fourth) = (lanes[0], lanes[1], lanes[2], lanes[3])
        var offset = 0
        while offset &+ 16 <= bytes.count {
            first = Self.round(first, bytes.uint32(at: offset))
            second = Self.round(second, bytes.uint32(at: offset &+ 4))
            third = Self.round(third, bytes.uint32(at: offset &+ 8))
            fourth = Self.round(fourth, bytes.uint32(at: offset &+ 12))
            offset &+= 16
        }
        lanes = [first, second, third, fourth]
        return offset
    }

    @inline(__always)
    private static func round(_ lane: UInt32, _ word: UInt32) -> UInt32 {
        rotated(lane &+ word &* prime2, 13) &* prime1
    }

    @inline(__always)
    private static func rotated(_ word: UInt32, _ bits: UInt32) -> UInt32 { word &<< bits | word &>> (32 &- bits) }

    /// The checksum of all that was added.
    var value: UInt32 {
        var hash =
            length < 16
            ? Self.prime5
            : Self.rotated(lanes[0], 1) &+ Self.rotated(lanes[1], 7) &+ Self.rotated(lanes[2], 12)
                &+ Self.rotated(lanes[3], 18)
        hash &+= UInt32(truncatingIfNeeded: length)
        var offset = 0
        while offset + 4 <= rest.count {
            hash = Self.rotated(hash &+ rest.span.uint32(at: offset) &* Self.prime3, 17) &* Self.prime4
            offset += 4
        }
        for byte in rest[offset...] { hash = Self.rotated(hash &+ UInt32(byte) &* Self.prime5, 11) &* Self.prime1 }
        hash = (hash ^ hash >> 15) &* Self.prime2
        hash = (hash ^ hash >> 13) &* Self.prime3
        return hash ^ hash >> 16
    }
}
