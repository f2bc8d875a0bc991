/// A key that `KeyNumbering` numbers.
protocol NumberedKey: Equatable, Sendable {
    /// Returns a hash of the whole key. The hash depends on the seed, so that no input can be prepared in which all
    /// keys have the same hash.
    func hash(seed: UInt64) -> UInt64
}

/// Returns a hash of a number and a seed. The 128-bit product of `value ^ seed` and `seed` is computed, and its two
/// halves are combined by XOR.
@inline(__always)
func mix(_ value: UInt64, _ seed: UInt64) -> UInt64 {
    let product = (value ^ seed).multipliedFullWidth(by: seed)
    return product.high ^ product.low
}

/// The seed of the hashes. It is odd and differs in every process.
private let keySeed = UInt64.random(in: .min ... .max) | 1

/// Numbers keys in the order in which they are first seen: 0, 1, 2, … A `Dictionary` is not used, because its hashes
/// would take several times as long as all other work of counting. The table uses open addressing with linear probing
/// and is at most half full.
struct KeyNumbering<Key: NumberedKey>: Sendable {
    private(set) var keys: [Key] = []
    /// The number of a key plus 1; 0 in a free slot.
    private var slots = [UInt32](repeating: 0, count: 64)
    private let seed = keySeed

    /// Returns the number of a key; a key that was not seen before gets the next number.
    @inline(__always)
    mutating func place(of key: Key) -> Int {
        let slot = slot(of: key)
        if slots[slot] > 0 { return Int(slots[slot]) &- 1 }
        keys.append(key)
        slots[slot] = UInt32(keys.count)
        if keys.count * 2 > slots.count { grow() }
        return keys.count - 1
    }

    mutating func removeAll() {
        guard !keys.isEmpty else { return }
        keys.removeAll(keepingCapacity: true)
        for slot in slots.indices { slots[slot] = 0 }
    }

    /// Returns the slot of a key; for a new key, the free slot to store it in.
    @inline(__always)
    private func slot(of key: Key) -> Int {
        let mask = slots.count &- 1
        var slot = Int(truncatingIfNeeded: key.hash(seed: seed)) & mask
        while slots[slot] > 0, keys[Int(slots[slot]) &- 1] != key { slot = (slot &+ 1) & mask }
        return slot
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 2)
        for (index, key) in keys.enumerated() { slots[slot(of: key)] = UInt32(index + 1) }
    }
}
