/// Sorts whole numbers without comparing them: by eleven bits at a time, the lowest first.
enum RadixSort {
    private static let bits: UInt64 = 11
    private static let mask: UInt64 = 1 << bits - 1

    /// Sorts `numbers`, all of which are less than `limit`.
    static func sort(_ numbers: inout [UInt64], below limit: UInt64) {
        var target = [UInt64](repeating: 0, count: numbers.count)
        var shift: UInt64 = 0
        while shift < 64, (limit &- 1) >> shift > 0, limit > 0 {
            var starts = [Int](repeating: 0, count: 1 << Int(bits))
            for number in numbers { starts[Int(truncatingIfNeeded: number &>> shift & mask)] &+= 1 }
            var sum = 0
            for digit in starts.indices {
                (starts[digit], sum) = (sum, sum + starts[digit])
            }
            for number in numbers {
                let digit = Int(truncatingIfNeeded: number &>> shift & mask)
                target[starts[digit]] = number
                starts[digit] &+= 1
            }
            swap(&numbers, &target)
            shift += bits
        }
    }
}
