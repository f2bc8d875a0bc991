/// The ranks of elements of a list: 0 for the lowest value, 1 for the next higher value, and so on. Equal values have
/// equal ranks.
struct Ranks {
    private let ranks: [UInt32]
    /// The number of different values.
    let count: Int

    /// - Parameter indices: the indices of the elements that have a rank; nil for all elements.
    init(_ values: [some Comparable], at indices: [Int]? = nil) {
        var ranks = [UInt32](repeating: 0, count: values.count)
        let order = (indices ?? Array(values.indices)).sorted { values[$0] < values[$1] }
        var count = 0
        for (position, index) in order.enumerated() {
            if position == 0 || values[index] != values[order[position - 1]] { count += 1 }
            ranks[index] = UInt32(count - 1)
        }
        self.ranks = ranks
        self.count = count
    }

    /// Returns the rank of the element at an index.
    subscript(index: UInt32) -> UInt32 { ranks[Int(index)] }
}

/// A stable sort whose time is proportional to the number of values plus the number of ranks.
enum CountingSort {
    /// Returns values sorted by their rank.
    /// - Parameters:
    ///   - count: the number of ranks.
    ///   - rank: returns the rank of a value, from 0 to `count` − 1.
    static func sorted(_ values: [UInt32], ranks count: Int, by rank: (UInt32) -> UInt32) -> [UInt32] {
        var ends = [Int](repeating: 0, count: count)
        for value in values { ends[Int(rank(value))] += 1 }
        var start = 0
        for rank in ends.indices { (ends[rank], start) = (start, start + ends[rank]) }
        var sorted = [UInt32](repeating: 0, count: values.count)
        for value in values {
            let rank = Int(rank(value))
            sorted[ends[rank]] = value
            ends[rank] += 1
        }
        return sorted
    }

    /// Returns values sorted by the rank of the element whose index `index` returns for a value.
    static func sorted(_ values: [UInt32], by ranks: Ranks, of index: (UInt32) -> UInt32) -> [UInt32] {
        sorted(values, ranks: ranks.count) { ranks[index($0)] }
    }
}
