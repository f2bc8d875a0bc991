/// Numbers byte strings in the order in which they are first seen: 0, 1, 2, …
///
/// It is what a dictionary from `String` would be without the string: a look-up of a key that is there allocates
/// nothing and costs one hash and one comparison. Open addressing with linear probing, at most half full. The seed
/// differs in every process, so that nobody can prepare keys that all fall together.
package struct ByteKeyTable: Sendable {
    private var slots: [Int32]
    private var keyEnds: [Int] = []
    private var keyBytes: [UInt8] = []
    private var hashes: [UInt64] = []
    private let seed: UInt64
    /// The number of the key that was found last.
    private var recent = 0

    package init() {
        slots = Array(repeating: -1, count: 256)
        seed = UInt64.random(in: .min ... .max)
    }

    /// How many keys there are.
    package var count: Int { keyEnds.count }
    /// How many bytes the keys have in all.
    package var byteCount: Int { keyBytes.count }

    /// The number of `key`; nil when it is not there. The key that was found last is looked at first.
    package mutating func index(ofKnown key: Span<UInt8>) -> Int? {
        if recent < count, isKey(recent, key) { return recent }
        let hash = hash(key)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if hashes[index] == hash && isKey(index, key) {
                recent = index
                return index
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// The number of `key`, and whether it was added by this call.
    package mutating func index(of key: Span<UInt8>) -> (index: Int, isNew: Bool) {
        let hash = hash(key)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if hashes[index] == hash && isKey(index, key) { return (index, false) }
            slot = (slot + 1) & (slots.count - 1)
        }
        let index = count
        slots[slot] = Int32(index)
        hashes.append(hash)
        keyBytes.append(key)
        keyEnds.append(keyBytes.count)
        if count * 2 > slots.count { grow() }
        return (index, true)
    }

    /// The bytes of key number `index`.
    package func key(at index: Int) -> ArraySlice<UInt8> {
        keyBytes[(index == 0 ? 0 : keyEnds[index - 1])..<keyEnds[index]]
    }

    /// Forgets every key; numbering starts again at 0.
    package mutating func removeAll() {
        self = ByteKeyTable()
    }

    @inline(__always)
    private func isKey(_ index: Int, _ key: Span<UInt8>) -> Bool {
        let start = index == 0 ? 0 : keyEnds[index - 1]
        return keyBytes.span.extracting(start..<keyEnds[index]).equals(key)
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 2)
        for (index, hash) in hashes.enumerated() {
            var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(index)
        }
    }

    /// A multiply-and-fold hash, eight bytes a step: each step folds the full 128-bit product, so every input bit
    /// reaches every output bit.
    @inline(__always)
    private func hash(_ key: Span<UInt8>) -> UInt64 {
        let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15
        var state = seed ^ UInt64(key.count)
        var index = 0
        while index &+ 8 <= key.count {
            let product = (state ^ key.uint64(at: index)).multipliedFullWidth(by: multiplier)
            state = product.high ^ product.low
            index &+= 8
        }
        var tail: UInt64 = 0
        if key.count >= 8 {
            // Overlaps the bytes before; the count is part of the state, so that no two keys become one.
            tail = key.uint64(at: key.count &- 8)
        } else {
            while index < key.count {
                tail = tail << 8 | UInt64(key[index])
                index &+= 1
            }
        }
        let product = (state ^ tail ^ seed).multipliedFullWidth(by: multiplier | 1 << 62)
        return product.high ^ product.low
    }
}
