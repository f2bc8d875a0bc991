/// Keys that were seen since the last transaction, numbered in the order in which they came. A dictionary's hash would cost
/// several times what the rest does. Open addressing with linear probing, at most half full.
struct RollupKeys {
    private(set) var keys: [RollupKey] = []
    /// The number of a key plus 1; 0 where nothing is.
    private var slots = [UInt32](repeating: 0, count: 64)
    /// Differs in every process, so that nobody can prepare keys that all fall together; odd.
    private let seed = UInt64.random(in: .min ... .max) | 1

    mutating func place(of key: RollupKey) -> Int {
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

    /// The slot of a key, or the free one for it.
    private func slot(of key: RollupKey) -> Int {
        let mask = slots.count &- 1
        let product = (key.value ^ seed).multipliedFullWidth(by: seed)
        var slot = Int(truncatingIfNeeded: product.high ^ product.low) & mask
        while slots[slot] > 0, keys[Int(slots[slot]) &- 1] != key { slot = (slot &+ 1) & mask }
        return slot
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 2)
        for (index, key) in keys.enumerated() { slots[slot(of: key)] = UInt32(index + 1) }
    }
}
