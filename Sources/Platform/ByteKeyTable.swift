/// Numbers byte strings in the order in which they are first seen: 0, 1, 2, …
///
/// It is what a dictionary from `String` would be without the string: a look-up of a key that is there allocates
/// nothing and costs one hash and one comparison. Open addressing with linear probing, at most half full. The seeds
/// differ in every process, so that nobody can prepare keys that all fall together.
package struct ByteKeyTable: Sendable {
    /// A key: its hash, and where its bytes stand in `keyBytes`.
    private struct Entry {
        let hash: UInt64
        let start: Int
        let count: Int
    }

    /// Of each key the upper half of its hash and, in the lower half, its number plus 1; 0 where nothing is.
    private var slots: [UInt64]
    private var entries: [Entry] = []
    private var keyBytes: [UInt8] = []
    private let seeds: (UInt64, UInt64)
    /// The number of the key that was found last.
    private var recent = 0

    package init() {
        slots = Array(repeating: 0, count: 256)
        seeds = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max) | 1)
    }

    /// How many keys there are.
    package var count: Int { entries.count }
    /// How many bytes the keys have in all.
    package var byteCount: Int { keyBytes.count }

    /// The number of `key`; nil when it is not there. The key that was found last is looked at first.
    package mutating func index(ofKnown key: Span<UInt8>) -> Int? {
        if recent < entries.count, isKey(entries[recent], key) { return recent }
        guard let index = find(key, hash(key)).index else { return nil }
        recent = index
        return index
    }

    /// The number of `key`, and whether it was added by this call.
    package mutating func index(of key: Span<UInt8>) -> (index: Int, isNew: Bool) {
        let hash = hash(key)
        let (index, place) = find(key, hash)
        if let index { return (index, false) }
        return (add(key, hash: hash, at: place), true)
    }

    /// The bytes of key number `index`.
    package func key(at index: Int) -> ArraySlice<UInt8> {
        let entry = entries[index]
        return keyBytes[entry.start..<entry.start + entry.count]
    }

    /// Forgets every key; numbering starts again at 0.
    package mutating func removeAll() {
        self = ByteKeyTable()
    }

    private static let tagMask: UInt64 = 0xFFFF_FFFF_0000_0000

    /// The number of a key, or else the free place for it.
    @inline(__always)
    private func find(_ key: Span<UInt8>, _ hash: UInt64) -> (index: Int?, place: Int) {
        let mask = slots.count &- 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = slots[place]
            if slot == 0 { return (nil, place) }
            if (slot ^ hash) & Self.tagMask == 0 {
                let index = Int(truncatingIfNeeded: slot & ~Self.tagMask) &- 1
                if isKey(entries[index], key) { return (index, place) }
            }
            place = (place &+ 1) & mask
        }
    }

    @inline(__always)
    private func isKey(_ entry: Entry, _ key: Span<UInt8>) -> Bool {
        guard entry.count == key.count else { return false }
        return keyBytes.span.extracting(entry.start..<entry.start &+ entry.count).equals(key)
    }

    private mutating func add(_ key: Span<UInt8>, hash: UInt64, at place: Int) -> Int {
        entries.append(Entry(hash: hash, start: keyBytes.count, count: key.count))
        keyBytes.append(key)
        slots[place] = hash & Self.tagMask | UInt64(count)
        if count * 2 > slots.count { grow() }
        return count - 1
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 2)
        for (index, entry) in entries.enumerated() {
            var place = Int(truncatingIfNeeded: entry.hash) & (slots.count - 1)
            while slots[place] != 0 { place = (place + 1) & (slots.count - 1) }
            slots[place] = entry.hash & Self.tagMask | UInt64(index + 1)
        }
    }

    /// A multiply-and-fold hash, sixteen bytes a step and the last ones read once more where they do not fill a step
    /// (after Wang Yi's wyhash): each step folds the full 128-bit product, so every input bit reaches every output bit.
    @inline(__always)
    private func hash(_ key: Span<UInt8>) -> UInt64 {
        let count = key.count
        var state = seeds.0 ^ UInt64(count)
        guard count > 8 else { return Self.fold(Self.upToEight(key) ^ seeds.1, state) }
        return unsafe key.withUnsafeBytes { bytes in
            // Every load lies inside the bytes: the last sixteen overlap those before where they do not fill a step.
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

    /// Up to eight bytes as one number.
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
