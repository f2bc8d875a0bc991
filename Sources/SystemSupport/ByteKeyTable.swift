/// Numbers byte strings in the order in which they are first seen: 0, 1, 2, …
///
/// Unlike a dictionary with `String` keys, it creates no strings. A look-up of a known key allocates nothing and costs
/// one hash and one comparison. The table uses open addressing with linear probing, and is at most half full. Every
/// table has random hash seeds, so an attacker cannot prepare keys that all collide.
package struct ByteKeyTable: Sendable {
    /// One entry for each key; 0 in a free slot. The upper half of an entry is the upper half of the key's hash. The
    /// lower half is the key's offset in `keys`, in units of eight bytes, plus 1.
    private var slots: [UInt64]
    /// The header and the bytes of every key, contiguous. After the access to a slot, a look-up therefore needs only
    /// one more memory access. Numbers are little-endian.
    ///
    ///     offset  size  what
    ///          0     4  the key's number
    ///          4     4  the length of the key in bytes
    ///          8        the bytes of the key, and zeros up to a multiple of eight
    private var keys: [UInt8] = []
    /// The offset of each key in `keys`, in units of eight bytes.
    private var places: [UInt32] = []
    private let seeds: (UInt64, UInt64)
    /// The offset in `keys` of the key that `index(ofKnown:)` found last, in units of eight bytes.
    private var recent = 0

    package init() {
        slots = Array(repeating: 0, count: 256)
        seeds = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max) | 1)
    }

    /// The number of keys.
    package var count: Int { places.count }
    /// The memory that the keys take with their headers, in bytes.
    package var byteCount: Int { keys.count }

    /// Returns the number of `key`; nil if the key is unknown. The key that this method found last is compared first.
    package mutating func index(ofKnown key: Span<UInt8>) -> Int? {
        if !places.isEmpty, let index = index(ofKeyAt: recent, if: key) { return index }
        guard let (index, place) = find(key, hash(key)).key else { return nil }
        recent = place
        return index
    }

    /// Returns the number of `key`, and whether this call added it.
    package mutating func index(of key: Span<UInt8>) -> (index: Int, isNew: Bool) {
        let hash = hash(key)
        let (known, slot) = find(key, hash)
        if let known { return (known.index, false) }
        return (add(key, hash: hash, in: slot), true)
    }

    /// Returns the bytes of key number `index`.
    package func key(at index: Int) -> ArraySlice<UInt8> {
        let start = Int(places[index]) * 8
        return keys[start + 8..<start + 8 + Int(keys.span.uint32(at: start + 4))]
    }

    /// Removes every key; numbering starts again at 0.
    package mutating func removeAll() {
        self = ByteKeyTable()
    }

    private static let tagMask: UInt64 = 0xFFFF_FFFF_0000_0000

    /// Returns the number, the offset and the slot of a known key. For an unknown key, returns nil and the free slot
    /// where the key belongs.
    @inline(__always)
    private func find(_ key: Span<UInt8>, _ hash: UInt64) -> (key: (index: Int, place: Int)?, slot: Int) {
        let mask = slots.count &- 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let entry = slots[slot]
            if entry == 0 { return (nil, slot) }
            if (entry ^ hash) & Self.tagMask == 0 {
                let place = Int(truncatingIfNeeded: entry & ~Self.tagMask) &- 1
                if let index = index(ofKeyAt: place, if: key) { return ((index, place), slot) }
            }
            slot = (slot &+ 1) & mask
        }
    }

    /// Returns the number of the key at the offset if that key equals `key`; otherwise nil.
    @inline(__always)
    private func index(ofKeyAt place: Int, if key: Span<UInt8>) -> Int? {
        let header = keys.span.uint64(at: place &* 8)
        guard Int(header >> 32) == key.count else { return nil }
        let start = place &* 8 &+ 8
        guard keys.span.extracting(start..<start &+ key.count).equals(key) else { return nil }
        return Int(header & ~Self.tagMask)
    }

    private mutating func add(_ key: Span<UInt8>, hash: UInt64, in slot: Int) -> Int {
        let index = count
        places.append(UInt32(keys.count / 8))
        keys.append(littleEndian: UInt32(index))
        keys.append(littleEndian: UInt32(key.count))
        keys.append(key)
        while keys.count % 8 != 0 { keys.append(0) }
        slots[slot] = hash & Self.tagMask | UInt64(places[index] + 1)
        if count * 2 > slots.count { grow() }
        return index
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 2)
        for (index, place) in places.enumerated() {
            let hash = hash(key(at: index).span)
            var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = hash & Self.tagMask | UInt64(place + 1)
        }
    }

    /// Returns a multiply-and-fold hash (after Wang Yi's wyhash) that reads sixteen bytes a step. If fewer bytes
    /// remain, the last step reads some earlier bytes again. Each step folds the full 128-bit product, so every input
    /// bit reaches every output bit.
    @inline(__always)
    private func hash(_ key: Span<UInt8>) -> UInt64 {
        let count = key.count
        var state = seeds.0 ^ UInt64(count)
        guard count > 8 else { return Self.fold(Self.upToEight(key) ^ seeds.1, state) }
        return unsafe key.withUnsafeBytes { bytes in
            // Every load is inside the bytes. If fewer than sixteen bytes remain, the last loads start earlier and
            // overlap bytes that were already read.
            @inline(__always) func number(at offset: Int) -> UInt64 {
                unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            }
            var offset = 0
            while offset &+ 16 < count {
                state = Self.fold(number(at: offset) ^ seeds.1, number(at: offset &+ 8) ^ state)
                offset &+= 16
            }
            return Self.fold(number(at: max(0, count &- 16)) ^ seeds.1, number(at: count &- 8) ^ state)
        }
    }

    /// Returns a key of at most eight bytes as one number.
    @inline(__always)
    private static func upToEight(_ key: Span<UInt8>) -> UInt64 {
        let count = key.count
        if count >= 4 { return UInt64(key.uint32(at: 0)) | UInt64(key.uint32(at: count &- 4)) << 32 }
        guard count > 0 else { return 0 }
        return UInt64(key[0]) | UInt64(key[count / 2]) << 8 | UInt64(key[count &- 1]) << 16
    }

    @inline(__always)
    private static func fold(_ one: UInt64, _ other: UInt64) -> UInt64 {
        let product = (one ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: other)
        return product.high ^ product.low
    }
}
